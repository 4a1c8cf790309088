from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from ttp.domain.account import Credentials, is_alive, refresh_due_at, works_until

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def token(life: timedelta | None, *, issued: datetime | None = NOON) -> Credentials:
    return Credentials("t", issued_at=issued, expires_at=None if life is None else NOON + life)


@pytest.mark.parametrize("platform", ["x", "tiktok"])
def test_tokens_of_x_and_tiktok_are_renewed_after_four_fifths_of_their_life(platform: str) -> None:
    assert refresh_due_at(PLATFORMS.facts(platform), token(timedelta(hours=2))) == NOON + timedelta(minutes=96)
    assert refresh_due_at(PLATFORMS.facts(platform), token(timedelta(minutes=10))) == NOON + timedelta(minutes=8)


def test_instagrams_are_renewed_at_half_time() -> None:
    assert refresh_due_at(PLATFORMS.facts("instagram"), token(timedelta(days=60))) == NOON + timedelta(days=30)


def test_instagrams_are_not_renewed_before_they_are_a_day_old() -> None:
    assert refresh_due_at(PLATFORMS.facts("instagram"), token(timedelta(days=1, hours=1))) == NOON + timedelta(hours=24)


def test_a_token_whose_beginning_is_unknown_had_the_usual_life() -> None:
    unknown = token(timedelta(minutes=30), issued=None)
    assert refresh_due_at(PLATFORMS.facts("x"), unknown) == NOON + timedelta(minutes=6)


def test_a_token_whose_end_is_unknown_is_never_due_and_alive() -> None:
    assert refresh_due_at(PLATFORMS.facts("x"), token(None)) is None
    assert is_alive(token(None), NOON)


def test_a_token_is_not_used_in_its_last_half_minute() -> None:
    assert is_alive(token(timedelta(seconds=31)), NOON)
    assert not is_alive(token(timedelta(seconds=30)), NOON)


def test_an_account_works_until_what_renews_it_ends() -> None:
    later = NOON + timedelta(days=180)
    pair = Credentials("t", refresh_token="r", expires_at=NOON, refresh_expires_at=later)
    assert works_until(pair) == later
    assert works_until(Credentials("t", refresh_token="r", expires_at=NOON)) == NOON
    assert works_until(Credentials("t")) is None
    assert works_until(Credentials("t", expires_at=NOON)) == NOON


@given(st.sampled_from(list(PLATFORMS.names())), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_token_is_due_before_it_ends_or_can_be_renewed_at_all(platform: str, life: timedelta) -> None:
    due = refresh_due_at(PLATFORMS.facts(platform), token(life))
    assert due is not None
    assert due >= NOON
    if platform != "instagram" or life > timedelta(hours=24):
        assert due <= NOON + life
