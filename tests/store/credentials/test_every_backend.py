"""What holds wherever tokens are kept: one suite that every backend passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START
from tests.store.backends import Open, place, scribble
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.store.credentials import BrokenEntry

FULL = Credentials(
    "s3cret-a",
    "api.x.com",
    "s3cret-r",
    START + timedelta(hours=2),
    "12",
    "app",
    "s3cret-c",
    issued_at=START,
    refresh_expires_at=START + timedelta(days=180),
)
KEYS = Credentials("s3cret-a", "api.x.com", client_id="key", client_secret="s3cret-k", token_secret="s3cret-t")


@pytest.fixture(params=["file", "keyring", "command", "store"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "the home"


@pytest.fixture
def opened(kind: str, home: Path) -> Iterator[Open]:
    with place(kind, home) as opened:
        yield opened


def test_what_is_put_comes_back_in_any_case_of_the_name(opened: Open) -> None:
    opened().put("x/Me", FULL)
    opened().put("x/keys", KEYS)
    assert opened().get("X/mE") == FULL
    assert opened().get("x/keys") == KEYS


def test_what_was_never_put_is_none(opened: Open) -> None:
    assert opened().get("x/me") is None


def test_a_second_set_takes_the_place_of_the_first(opened: Open) -> None:
    opened().put("x/me", FULL)
    opened().put("x/me", replace(FULL, refresh_token=None))
    assert opened().get("x/me") == replace(FULL, refresh_token=None)


def test_what_is_removed_is_gone_and_removing_nothing_is_fine(opened: Open) -> None:
    store = opened()
    store.put("x/me", FULL)
    store.put("x/other", KEYS)
    store.remove("X/Me")
    store.remove("x/me")
    assert (store.get("x/me"), store.get("x/other")) == (None, KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "s3cret",
        "{}",
        "[]",
        '{"accessToken": 7}',
        '{"accessToken": "s3cret", "expiresAt": "soon"}',
        '{"accessToken": "s3cret", "expiresAt": "2026-11-24T12:00:00"}',
    ],
    ids=range(6),
)
def test_an_entry_that_cannot_be_read_is_told_without_showing_it_and_harms_no_other(
    opened: Open, kind: str, home: Path, text: str
) -> None:
    store = opened()
    store.put("x/me", FULL)
    scribble(kind, home, "x/broken", text)
    with pytest.raises(BrokenEntry, match="x/broken") as broken:
        store.get("x/broken")
    assert broken.value.hints[0].way == action("account connect", "x/broken")
    assert "s3cret" not in repr(broken.value)
    assert store.get("x/me") == FULL
    store.put("x/broken", KEYS)
    assert store.get("x/broken") == KEYS


def test_a_check_names_the_place_and_shows_nothing_of_what_is_there(opened: Open) -> None:
    opened().put("x/me", FULL)
    said = opened().check()
    assert said
    assert "s3cret" not in said
    assert opened().get("x/me") == FULL
