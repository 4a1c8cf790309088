"""Keeping tokens alive: when they are renewed, by whom, and what a crash, a refusal and another process leave."""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.services.logins import Shop
from ttp.domain.action import action
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.services.connecting.tokens import TokenRevoked, TokenUnavailable
from ttp.store.home.locks import TokenLocked, token_lock

REFUSED = NotDone(Kind.AUTH, "X answered invalid_grant", code="invalid_grant", http_status=400)
BUSY = NotDone(Kind.SERVER, "X answered 503", code="503", http_status=503, passing=True)


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def shop(tmp_path: Path, clock: FakeClock) -> Shop:
    made = Shop(tmp_path / "home", clock)
    made.add()
    return made


def test_a_young_token_is_used_as_it_is_without_a_lock(shop: Shop) -> None:
    shop.clock.advance(minutes=95)
    with token_lock(shop.home, "x/me", patience_s=0):
        assert shop.tokens.fresh("x/me").access_token == "access-0"
    assert shop.x.asked == []


def test_after_four_fifths_of_its_life_a_token_is_renewed_and_stored_before_it_is_used(shop: Shop) -> None:
    shop.clock.advance(minutes=96)
    shop.x.answers = [shop.grant(1, scopes=("write", "offline"))]
    fresh = shop.tokens.fresh("x/me")
    assert (fresh.access_token, fresh.refresh_token) == ("access-1", "refresh-1")
    assert shop.credentials.get("x/me") == fresh
    assert [sent.refresh_token for sent in shop.x.asked] == ["refresh-0"]
    assert fresh.client_secret == "the-secret"
    assert shop.account().scopes == ("write", "offline")


def test_the_next_renewal_sends_the_new_refresh_token(shop: Shop) -> None:
    for number in (1, 2, 3):
        shop.clock.advance(minutes=100)
        shop.x.answers = [shop.grant(number)]
        assert shop.tokens.fresh("x/me").access_token == f"access-{number}"
    assert [sent.refresh_token for sent in shop.x.asked] == ["refresh-0", "refresh-1", "refresh-2"]


def test_an_empty_refresh_token_never_overwrites_the_one_there_is(shop: Shop) -> None:
    shop.clock.advance(hours=2)
    shop.x.answers = [shop.grant(1, refresh_token=None)]
    assert shop.tokens.fresh("x/me").refresh_token == "refresh-0"
    stored = shop.credentials.get("x/me")
    assert stored is not None
    assert (stored.access_token, stored.refresh_token) == ("access-1", "refresh-0")


def test_an_accounts_end_is_the_refresh_tokens_where_that_is_known(shop: Shop) -> None:
    shop.clock.advance(hours=2)
    end = shop.clock.now() + timedelta(days=180)
    shop.x.answers = [shop.grant(1, refresh_expires_at=end)]
    shop.tokens.fresh("x/me")
    assert shop.account().expires_at == end


def test_instagrams_token_is_renewed_by_the_timer_at_half_time_and_not_before_a_day(shop: Shop) -> None:
    instagram = shop.logins["instagram"]
    shop.add("instagram/shop", life=timedelta(days=60), refresh_token=None)
    shop.clock.advance(days=29)
    shop.x.answers = [BUSY]
    shop.tokens.refresh_due(shop.clock.now())
    assert instagram.asked == []
    shop.clock.advance(days=1)
    instagram.answers = [shop.grant(1, refresh_token=None, life=timedelta(days=60))]
    shop.x.answers = [shop.grant(1)]
    done = shop.tokens.refresh_due(shop.clock.now())
    assert [renewal.account for renewal in done] == ["instagram/shop", "x/me"]
    assert shop.tokens.fresh("instagram/shop").access_token == "access-1"
    assert shop.account("instagram/shop").expires_at == shop.clock.now() + timedelta(days=60)


def test_a_passing_failure_leaves_a_living_token_in_use_and_is_not_repeated_at_once(shop: Shop) -> None:
    shop.clock.advance(minutes=96)
    shop.x.answers = [BUSY]
    assert shop.tokens.fresh("x/me").access_token == "access-0"
    assert shop.tokens.fresh("x/me").access_token == "access-0"
    assert len(shop.x.asked) == 1
    shop.clock.advance(minutes=5)
    shop.x.answers = [shop.grant(1)]
    assert shop.tokens.fresh("x/me").access_token == "access-1"


def test_a_passing_failure_of_a_token_that_has_ended_delays(shop: Shop) -> None:
    shop.clock.advance(hours=3)
    shop.x.answers = [BUSY, BUSY, shop.grant(1)]
    for _ in range(2):
        with pytest.raises(TokenUnavailable) as delayed:
            shop.tokens.fresh("x/me")
        assert delayed.value.outcome == BUSY
    assert not shop.account().needs_reconnect
    assert shop.tokens.fresh("x/me").access_token == "access-1"


def test_a_refused_renewal_marks_the_account_and_is_not_tried_again(shop: Shop) -> None:
    shop.clock.advance(minutes=96)
    shop.x.answers = [REFUSED]
    with pytest.raises(TokenRevoked, match="invalid_grant") as dead:
        shop.tokens.fresh("x/me")
    assert dead.value.code == "reconnect"
    assert dead.value.hints[0].way == action("account connect", "x/me")
    assert (dead.value.outcome.kind, dead.value.outcome.passing) == (Kind.AUTH, False)
    assert shop.account().needs_reconnect
    with pytest.raises(TokenRevoked):
        shop.new_tokens().fresh("x/me")
    assert shop.tokens.refresh_due(shop.clock.now()) == []
    assert len(shop.x.asked) == 1


def test_a_refused_renewal_holds_nobody_else_up(shop: Shop) -> None:
    shop.add("tiktok/me")
    shop.clock.advance(minutes=96)
    shop.x.answers = [REFUSED]
    shop.logins["tiktok"].answers = [shop.grant(1)]
    failed, done = sorted(shop.tokens.refresh_due(shop.clock.now()), key=lambda renewal: renewal.error is None)
    assert (failed.account, type(failed.error)) == ("x/me", TokenRevoked)
    assert done.account == "tiktok/me"


def test_an_account_without_credentials_is_not_connected(shop: Shop) -> None:
    shop.credentials.remove("x/me")
    with pytest.raises(TokenRevoked, match="x/me"):
        shop.tokens.fresh("x/me")
    with pytest.raises(TokenRevoked, match="x/nobody"):
        shop.tokens.fresh("x/nobody")


def test_credentials_of_another_host_are_never_sent(shop: Shop) -> None:
    shop.add("x/rehearsal", host="127.0.0.1")
    shop.clock.advance(hours=3)
    with pytest.raises(UsageError, match=r"127\.0\.0\.1"):
        shop.tokens.fresh("x/rehearsal")
    assert shop.x.asked == []


def test_a_token_whose_end_is_unknown_is_used_until_it_is_refused(shop: Shop) -> None:
    shop.add("x/old", expires_at=None, issued_at=None)
    shop.clock.advance(days=400)
    held = shop.tokens.fresh("x/old")
    assert shop.x.asked == []
    shop.x.answers = [shop.grant(1)]
    assert shop.tokens.replace_refused("x/old", held).access_token == "access-1"


def test_a_token_that_was_refused_is_renewed_once_however_many_complain(shop: Shop) -> None:
    refused = shop.tokens.fresh("x/me")
    shop.x.answers = [shop.grant(1)]
    given = [shop.new_tokens().replace_refused("x/me", refused).access_token for _ in range(5)]
    assert given == ["access-1"] * 5
    assert len(shop.x.asked) == 1


def test_a_refused_token_that_cannot_be_renewed_is_dead(shop: Shop) -> None:
    shop.x.can_renew = False
    with pytest.raises(TokenRevoked):
        shop.tokens.replace_refused("x/me", shop.tokens.fresh("x/me"))
    assert shop.account().needs_reconnect


def test_refused_keys_of_oauth_1_are_given_anew_by_adding_them(shop: Shop) -> None:
    shop.add("x/keys", token_secret="s3cret", refresh_token=None, expires_at=None)
    for _ in range(2):
        with pytest.raises(TokenRevoked) as dead:
            shop.tokens.replace_refused("x/keys", shop.tokens.fresh("x/keys"))
        assert dead.value.hints[0].way == dead.value.outcome.hint == action("account add", "x/keys", credentials="FILE")
    assert "s3cret" not in repr(dead.value.outcome)


def test_a_refused_token_whose_renewal_is_refused_in_other_words_is_dead_too(shop: Shop) -> None:
    shop.x.answers = [NotDone(Kind.CONTENT, "(#100) too young", passing=True)]
    with pytest.raises(TokenRevoked, match="too young"):
        shop.tokens.replace_refused("x/me", shop.tokens.fresh("x/me"))


def test_a_refusal_says_nothing_of_a_token_that_is_too_young_to_be_renewed(shop: Shop) -> None:
    """It may be a missing permission: asking for a renewal would be refused, and end the account."""
    shop.add("instagram/me", life=timedelta(days=60), refresh_token=None)
    held, may_replace = shop.tokens.fresh("instagram/me"), []
    for hours in (0, 23, 2):
        shop.clock.advance(hours=hours)
        may_replace.append(shop.tokens.may_replace("instagram/me", held, REFUSED))
    assert may_replace == [False, False, True]


def test_a_token_that_ends_and_cannot_be_renewed_is_used_to_its_end_and_then_dead(shop: Shop) -> None:
    shop.x.can_renew = False
    shop.clock.advance(minutes=119)
    assert shop.tokens.fresh("x/me").access_token == "access-0"
    shop.clock.advance(minutes=1)
    with pytest.raises(TokenRevoked):
        shop.tokens.fresh("x/me")


def test_while_a_token_is_in_hand_nobody_renews_it(shop: Shop) -> None:
    with shop.tokens.lock_token("x/me") as token:
        shop.clock.advance(minutes=100)
        assert shop.new_tokens().refresh_due(shop.clock.now()) == []
        assert token.credentials.access_token == "access-0"
    shop.x.answers = [shop.grant(1)]
    (renewal,) = shop.new_tokens().refresh_due(shop.clock.now())
    assert renewal.error is None


def test_a_token_that_is_due_and_in_another_hand_is_used_while_it_lives(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.tokens, "_patience_s", lambda: 0.0)
    shop.clock.advance(minutes=100)
    with token_lock(shop.home, "x/me", patience_s=0):
        assert shop.tokens.fresh("x/me").access_token == "access-0"
        shop.clock.advance(minutes=20)
        with pytest.raises(TokenUnavailable, match="x/me"):
            shop.tokens.fresh("x/me")
        with pytest.raises(TokenLocked), shop.tokens.lock_token("x/me"):
            pass


def test_a_token_is_renewed_when_it_is_taken_in_hand_and_again_when_it_is_refused(shop: Shop) -> None:
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1), shop.grant(2)]
    with shop.tokens.lock_token("x/me") as token:
        assert token.credentials.access_token == "access-1"
        assert token.renew().access_token == "access-2"
        assert token.credentials.access_token == "access-2"
    assert [sent.refresh_token for sent in shop.x.asked] == ["refresh-0", "refresh-1"]


def test_many_threads_that_need_a_token_at_once_ask_for_one(shop: Shop) -> None:
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    given: list[str] = []

    def need() -> None:
        given.append(shop.tokens.fresh("x/me").access_token)

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == ["access-1"] * 8


@pytest.mark.sqlite("the note of a renewal is a file, and in PostgreSQL a row")
def test_a_note_of_the_renewal_is_on_disk_before_the_token_is_sent_and_gone_after(shop: Shop) -> None:
    seen: list[str] = []
    note = shop.home / "tokens" / "x-me.json"
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    shop.x.before_answer = lambda: seen.append(note.read_text())
    shop.tokens.fresh("x/me")
    assert json.loads(seen[0])["at"] == shop.clock.now().isoformat()
    assert "refresh-0" not in seen[0]
    assert not note.exists()


def test_a_death_between_the_answer_and_storing_it_is_noticed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    with monkeypatch.context() as patch:
        patch.setattr(shop.credentials, "put", die)
        with pytest.raises(Killed):
            shop.tokens.fresh("x/me")
    shop.x.answers = [REFUSED]
    with pytest.raises(TokenRevoked, match="13:40"):
        shop.new_tokens().fresh("x/me")
    assert shop.account().needs_reconnect


def test_a_death_before_the_request_costs_nothing(shop: Shop) -> None:
    def die() -> None:
        raise Killed

    shop.clock.advance(minutes=100)
    shop.x.before_answer = die
    with pytest.raises(Killed):
        shop.tokens.fresh("x/me")
    shop.x.before_answer = lambda: None
    shop.x.answers = [shop.grant(1)]
    assert shop.new_tokens().fresh("x/me").access_token == "access-1"


def test_a_note_of_another_token_or_a_damaged_one_says_nothing(shop: Shop) -> None:
    shop.clock.advance(minutes=100)
    for text in ('{"token": "another", "at": "2026-11-24T12:00:00+00:00"}', "{", "[]"):
        (shop.home / "tokens").mkdir(mode=0o700, exist_ok=True)
        (shop.home / "tokens" / "x-me.json").write_text(text)
        shop.add()
        shop.clock.advance(minutes=100)
        shop.x.answers = [REFUSED]
        with pytest.raises(TokenRevoked) as dead:
            shop.tokens.fresh("x/me")
        assert "got no answer" not in str(dead.value)


@pytest.mark.sqlite("the note of a renewal is a file, and in PostgreSQL a row")
def test_a_disk_that_takes_no_note_keeps_the_token(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.clock.advance(minutes=100)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TtpError, match="no room left"):
            shop.tokens.fresh("x/me")
    assert shop.x.asked == []


def test_what_is_written_beside_the_store_is_its_owners_alone(shop: Shop) -> None:
    modes: list[int] = []
    shop.x.before_answer = lambda: modes.extend(
        stat.S_IMODE(path.stat().st_mode) for path in [shop.home / "tokens", *(shop.home / "tokens").iterdir()]
    )
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    shop.tokens.fresh("x/me")
    assert modes[0] == 0o700
    assert set(modes[1:]) == {0o600}


def test_the_handles_case_makes_no_second_token(shop: Shop) -> None:
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    assert shop.tokens.fresh("X/ME").access_token == "access-1"
    assert shop.tokens.fresh("x/me").access_token == "access-1"


def test_no_store_has_no_token_that_is_due(tmp_path: Path, clock: FakeClock) -> None:
    empty = Shop(tmp_path / "nothing", clock)
    assert empty.tokens.refresh_due(clock.now()) == []
    assert not (tmp_path / "nothing").exists()


def test_dead_credentials_are_replaced_by_connecting_in_between(shop: Shop) -> None:
    """Another process connects the account again while this one waits for the lock."""
    refused = shop.tokens.fresh("x/me")
    newer = replace(refused, access_token="access-9")
    shop.credentials.put("x/me", newer)
    assert shop.tokens.replace_refused("x/me", refused).access_token == "access-9"
    assert shop.x.asked == []
