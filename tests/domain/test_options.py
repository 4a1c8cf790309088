"""Platform options as they are typed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.account import Platform
from ttp.domain.errors import Hint, UsageError
from ttp.domain.options import OPTIONS, PRIVACY, parse_option


def refused(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_option(text)
    return caught.value


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_takes_each_of_its_values(name: str) -> None:
    assert len(OPTIONS[name].values) >= 2
    for value in OPTIONS[name].values:
        assert parse_option(f"{name}={value}") == (name, value)


def test_an_alias_of_the_platform_and_any_case_are_understood() -> None:
    assert parse_option(" tt.Privacy_Level = self_only ") == ("tiktok.privacy_level", "SELF_ONLY")
    assert parse_option("ig.share_to_feed=TRUE") == ("instagram.share_to_feed", "true")


def test_a_misspelt_option_is_refused_with_the_one_that_was_meant_and_all_there_are() -> None:
    error = refused("tiktok.privacy_levle=SELF_ONLY")
    assert error.message == 'no option "tiktok.privacy_levle"'
    assert error.hints == (Hint("did you mean", "tiktok.privacy_level"),)
    assert all(name in error.details[0] for name in OPTIONS)


def test_an_option_that_is_like_none_is_refused_without_a_guess() -> None:
    error = refused("colour=red")
    assert error.hints == ()
    assert "instagram.share_to_feed" in error.details[0]


def test_a_misspelt_value_is_refused_with_the_one_that_was_meant_and_all_there_are() -> None:
    error = refused("tiktok.privacy_level=SELFONLY")
    assert error.message == 'tiktok.privacy_level cannot be "SELFONLY"'
    assert error.hints == (Hint("did you mean", "tiktok.privacy_level=SELF_ONLY"),)
    assert error.details == (f"it is one of: {', '.join(PRIVACY.values)}",)


@pytest.mark.parametrize("text", ["tiktok.privacy_level", "tiktok.privacy_level="])
def test_an_option_without_a_value_is_refused_with_its_values(text: str) -> None:
    error = refused(text)
    assert "SELF_ONLY" in error.details[0]
    assert error.hints == ()


def test_every_option_belongs_to_a_platform() -> None:
    assert {option.platform for option in OPTIONS.values()} == {Platform.TIKTOK, Platform.INSTAGRAM}


@given(st.text(max_size=60))
def test_any_text_is_an_option_or_refused(text: str) -> None:
    with suppress(UsageError):
        name, value = parse_option(text)
        assert value in OPTIONS[name].values
