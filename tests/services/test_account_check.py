"""Checking accounts: which token is asked with, what marks an account, whose it is, and how each result is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.platforms.factories import PLATFORMS
from tests.services.logins import Shop
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.diagnostics import Check, Grade, warning_remark
from ttp.domain.errors import Busy, ReconnectNeeded, StateRefused, TtpError
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import AccountInfo
from ttp.platforms.login import Login
from ttp.platforms.platform import Runtime
from ttp.services.connecting.account_check import SET_CLOCK, AccountCheck
from ttp.store import accounts
from ttp.store.home.locks import token_lock

ME = AccountInfo("42", "me")
DEAD = NotDone(Kind.AUTH, "401 Unauthorized", code="401", http_status=401, hint=action("account connect", "x/me"))
REFUSED = NotDone(Kind.AUTH, "X answered invalid_grant", code="invalid_grant", http_status=400)


def login_of(platform: str, server: str | None = None) -> Login:
    """The platform's own, which knows its scopes."""
    login = PLATFORMS.facts(platform).login(Runtime(Config(), FakeClock()))
    assert login is not None
    return login


@dataclass
class FakeChecker:
    """A platform that answers as told; `asked` is each account and token that it was asked with."""

    platform: str = "x"
    answers: list[AccountInfo | NotDone] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    clock: datetime | None = None
    closed: int = 0

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        self.asked.append((account.name, credentials.access_token))
        return self.answers.pop(0)

    def option_values(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        return ()

    def platform_at(self, account: Account) -> datetime | None:
        return self.clock

    def close(self) -> None:
        self.closed += 1


@dataclass
class Bench:
    shop: Shop
    checker: FakeChecker

    def check(self, *names: str) -> list[Check]:
        found = [self.shop.account(name) for name in names or ("x/me",)]
        return list(self.service().accounts(found).checks)

    def one(self, *answers: AccountInfo | NotDone) -> Check:
        self.checker.answers = list(answers)
        (check,) = self.check()
        return check

    def service(self) -> AccountCheck:
        shop = self.shop
        return AccountCheck(
            shop.database, shop.tokens, lambda _: self.checker, login_of, shop.config, shop.clock, PLATFORMS
        )

    def mark(self, name: str = "x/me", **fields: object) -> None:
        with self.shop.database.writing() as db:
            account = replace(self.shop.account(name), **fields)  # type: ignore[arg-type]  # fields by name
            accounts.save(db, account, now=self.shop.clock.now())


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Bench:
    shop = Shop(tmp_path / "home", clock)
    shop.add(user_id="42")
    return Bench(shop, FakeChecker())


def test_a_token_that_works_is_told_with_what_the_platform_said(bench: Bench) -> None:
    bench.mark(scopes=login_of("x").scopes)
    check = bench.one(replace(ME, remarks=(warning_remark("9 of 75 left", "wait"),)))
    assert (check.name, check.status, check.hint) == ("x/me", Grade.WARN, "wait")
    assert all(word in check.message for word in ("9 of 75 left", "2 h"))
    assert bench.checker.asked == [("x/me", "access-0")]
    assert bench.checker.closed == 1


def test_a_token_that_is_due_is_renewed_before_anybody_is_asked(bench: Bench) -> None:
    bench.shop.clock.advance(minutes=100)
    bench.shop.x.answers = [bench.shop.grant(1, scopes=login_of("x").scopes)]
    assert bench.one(ME).status is Grade.OK
    assert bench.checker.asked == [("x/me", "access-1")]
    assert bench.shop.account().scopes == login_of("x").scopes


def test_a_refused_token_is_renewed_once_and_asked_with_again(bench: Bench) -> None:
    bench.shop.x.answers = [bench.shop.grant(1)]
    assert bench.one(DEAD, ME).status is Grade.OK
    assert [token for _, token in bench.checker.asked] == ["access-0", "access-1"]
    assert not bench.shop.account().needs_reconnect


def test_a_token_that_is_refused_after_its_renewal_marks_the_account(bench: Bench) -> None:
    bench.shop.x.answers = [bench.shop.grant(1)]
    check = bench.one(DEAD, DEAD)
    assert (check.status, check.reconnect, check.hint) == (Grade.FAIL, True, action("account connect", "x/me"))
    assert check.message.endswith("401 Unauthorized")
    assert bench.shop.account().needs_reconnect


def test_a_renewal_that_is_refused_marks_the_account(bench: Bench) -> None:
    bench.shop.x.answers = [REFUSED]
    check = bench.one(DEAD)
    assert ("invalid_grant" in check.message, check.reconnect) == (True, True)
    assert bench.shop.account().needs_reconnect
    (again,) = bench.check()
    assert again.reconnect
    assert len(bench.checker.asked) == 1


def test_a_token_that_nothing_renews_marks_the_account_at_once(bench: Bench) -> None:
    bench.shop.x.can_renew = False
    assert bench.one(DEAD).reconnect
    assert bench.shop.account().needs_reconnect


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (NotDone(Kind.QUOTA, "402 credits depleted", passing=True, hint=action("account enable", "x/me")), Grade.FAIL),
        (NotDone(Kind.NETWORK, "no connection", passing=True), Grade.FAIL),
        (NotDone(Kind.ACCOUNT, "403 suspended", http_status=403), Grade.FAIL),
        (NotDone(Kind.RATE_LIMIT, "a limit is used up", passing=True), Grade.WARN),
    ],
)
def test_what_says_nothing_of_the_token_marks_no_account(bench: Bench, outcome: NotDone, status: Grade) -> None:
    check = bench.one(outcome)
    assert (check.status, check.reconnect, check.message, check.hint) == (status, False, outcome.message, outcome.hint)
    assert not bench.shop.account().needs_reconnect
    assert bench.shop.x.asked == []


def test_a_renewal_that_cannot_be_made_now_is_a_failure_and_no_reconnect(bench: Bench) -> None:
    bench.shop.clock.advance(hours=3)
    bench.shop.x.answers = [NotDone(Kind.SERVER, "X answered 503", passing=True)]
    check = bench.one()
    assert (check.status, check.reconnect) == (Grade.FAIL, False)
    assert "X answered 503" in check.message


def test_a_token_that_another_process_has_in_hand_is_left_alone(bench: Bench) -> None:
    bench.shop.config = Config({"http.connect_timeout_s": 0.0, "http.read_timeout_s": 0.0})
    bench.shop.tokens = bench.shop.new_tokens()
    bench.shop.tokens._patience_s = lambda: 0.0  # type: ignore[method-assign]  # a test does not wait
    with token_lock(bench.shop.home, "x/me", patience_s=0):
        check = bench.one(DEAD)
    assert (check.status, check.hint) == (Grade.WARN, action("status"))
    assert not bench.shop.account().needs_reconnect


def test_an_account_that_cannot_publish_is_told_without_a_question(bench: Bench) -> None:
    bench.mark(connected=False, enabled=False)
    check = bench.one()
    assert (check.status, check.hint) == (Grade.WARN, action("account enable", "x/me"))
    assert bench.checker.asked == []


def test_a_hold_is_told_and_the_question_is_asked_all_the_same(bench: Bench) -> None:
    bench.mark(hold_until=bench.shop.clock.now() + timedelta(hours=3), hold_reason="no credit")
    check = bench.one(ME)
    assert check.status is Grade.WARN
    assert all(word in check.message for word in ("3 h", "no credit"))
    bench.mark(hold_until=bench.shop.clock.now())
    assert bench.one(ME).status is Grade.OK


# Whose it is.


@pytest.mark.parametrize(
    ("known", "seen", "status", "named"),
    [
        ("42", AccountInfo("42", "ME"), Grade.OK, ""),
        ("42", AccountInfo("42", "new-name"), Grade.WARN, "new-name"),
        ("42", AccountInfo("42", None), Grade.OK, ""),
        ("42", AccountInfo("43", "me"), Grade.FAIL, "x/me"),
        ("42", AccountInfo("43", None), Grade.FAIL, "43"),
        (None, AccountInfo("43", "me"), Grade.OK, ""),
        (None, AccountInfo("43", "other"), Grade.FAIL, "x/other"),
        (None, AccountInfo("43", None), Grade.OK, ""),
        ("42", AccountInfo(None, "me"), Grade.OK, ""),
    ],
)
def test_the_token_must_be_the_accounts_own(
    bench: Bench, known: str | None, seen: AccountInfo, status: Grade, named: str
) -> None:
    bench.mark(user_id=known)
    check = bench.one(seen)
    assert (check.status, check.reconnect) == (status, status is Grade.FAIL)
    assert named in check.message


def test_tiktoks_id_of_another_app_is_no_other_person(bench: Bench) -> None:
    bench.shop.add("tiktok/me", user_id="of-the-old-app")
    bench.checker.platform = "tiktok"
    bench.checker.answers = [AccountInfo("of-the-new-app", "me"), AccountInfo("of-the-new-app", "other")]
    first, second = bench.check("tiktok/me", "tiktok/me")
    assert (first.status, second.status) == (Grade.OK, Grade.FAIL)


# Permissions.


@pytest.mark.parametrize(
    ("granted", "status", "missing"),
    [
        ((), Grade.OK, ""),
        (login_of("x").scopes, Grade.OK, ""),
        (("tweet.read", "tweet.write", "users.read"), Grade.WARN, "media.write, offline.access"),
        (("tweet.read", "users.read"), Grade.FAIL, "tweet.write"),
    ],
)
def test_what_was_granted_is_held_against_what_is_needed(
    bench: Bench, granted: tuple[str, ...], status: Grade, missing: str
) -> None:
    bench.mark(scopes=granted)
    check = bench.one(ME)
    assert (check.status, missing in check.message) == (status, True)
    assert check.hint == (None if status is Grade.OK else action("account connect", "x/me"))


def test_what_the_platform_says_was_granted_counts_more_than_what_is_stored(bench: Bench) -> None:
    bench.mark(scopes=login_of("x").scopes)
    assert bench.one(replace(ME, scopes=("tweet.read",))).status is Grade.FAIL


def test_an_inbox_account_of_tiktok_does_with_uploading(bench: Bench) -> None:
    bench.shop.add("tiktok/me")
    scopes = tuple(scope for scope in login_of("tiktok").scopes if scope != "video.publish")
    bench.mark("tiktok/me", scopes=scopes)
    bench.checker.answers = [AccountInfo(None, "me"), AccountInfo(None, "me")]
    assert bench.check("tiktok/me")[0].status is Grade.FAIL
    bench.mark("tiktok/me", options={"tiktok.mode": "inbox"})
    assert bench.check("tiktok/me")[0].status is Grade.WARN


# Until when.

Fields = Callable[[datetime], dict[str, object]]


@pytest.mark.parametrize(
    ("fields", "status", "until"),
    [
        (lambda now: {"token_secret": "secret"}, Grade.OK, "keys"),
        (lambda now: {"expires_at": None}, Grade.OK, "refreshed"),
        (
            lambda now: {"refresh_expires_at": now + timedelta(days=60)},
            Grade.OK,
            "23 Jan 2027 (in 60 d)",
        ),
        (
            lambda now: {"refresh_expires_at": now + timedelta(days=6)},
            Grade.WARN,
            "30 Nov 2026",
        ),
        (lambda now: {"refresh_expires_at": now}, Grade.FAIL, "expired now"),
        (lambda now: {"refresh_token": None}, Grade.WARN, "in 2 h"),
        (lambda now: {"refresh_token": None, "expires_at": None}, Grade.OK, ""),
    ],
)
def test_until_when_it_works_is_told(
    tmp_path: Path, clock: FakeClock, fields: Fields, status: Grade, until: str
) -> None:
    shop = Shop(tmp_path / "home", clock)
    given = fields(clock.now())
    life = {"life": timedelta(hours=2)}
    shop.add(user_id="42", **{**life, **given})  # type: ignore[arg-type]  # fields by name
    bench = Bench(shop, FakeChecker())
    shop.x.can_renew = given.get("refresh_token", "") is not None
    check = bench.one(ME)
    assert (check.status, until in check.message) == (status, True), check


@pytest.mark.parametrize(
    ("left", "status", "until"),
    [
        (timedelta(days=50), Grade.OK, "13 Jan 2027 (in 50 d)"),
        (timedelta(days=5), Grade.WARN, "29 Nov 2026 (in 5 d)"),
    ],
)
def test_instagrams_token_renews_itself_only_while_it_lives(
    bench: Bench, left: timedelta, status: Grade, until: str
) -> None:
    now = bench.shop.clock.now()
    bench.shop.add("instagram/me", life=left, issued_at=now, refresh_token=None)
    bench.checker.answers = [AccountInfo(None, "me")]
    (check,) = bench.check("instagram/me")
    assert (check.status, until in check.message) == (status, True), check


# Clocks.


@pytest.mark.parametrize(
    ("ahead", "status", "by"),
    [
        (timedelta(seconds=2), Grade.OK, ""),
        (timedelta(seconds=90), Grade.WARN, "90 s ahead"),
        (timedelta(seconds=-90), Grade.WARN, "90 s behind"),
        (timedelta(minutes=-20), Grade.FAIL, "20 min behind"),
    ],
)
def test_the_platforms_clock_is_held_against_ours(bench: Bench, ahead: timedelta, status: Grade, by: str) -> None:
    bench.checker.answers, bench.checker.clock = [ME], bench.shop.clock.now() - ahead
    account, clock = bench.service().with_clocks([bench.shop.account()], "account.")
    assert (account.name, clock.name) == ("account.x/me", "clock.x")
    assert (clock.status, by in clock.message) == (status, True)
    assert clock.hint == (None if status is Grade.OK else SET_CLOCK)


def test_a_platform_that_told_no_time_has_no_clock(bench: Bench) -> None:
    bench.checker.answers = [ME]
    (account,) = bench.service().with_clocks([bench.shop.account()], "")
    assert account.name == "x/me"


@dataclass
class SettingsReader(FakeChecker):
    """A platform that also says what the account may choose."""

    settings: list[Mapping[str, object] | NotDone] = field(default_factory=list)

    def posting_settings(self, account: Account, credentials: Credentials) -> Mapping[str, object] | NotDone:
        return self.settings.pop(0)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NotDone(Kind.AUTH, "the app was removed"), ReconnectNeeded),
        (NotDone(Kind.RATE_LIMIT, "too many requests", passing=True), Busy),
        (NotDone(Kind.CONTENT, "no creator"), StateRefused),
    ],
)
def test_why_the_settings_for_posting_are_not_known_is_an_error(
    bench: Bench, answer: NotDone, kind: type[TtpError]
) -> None:
    checker = bench.checker = SettingsReader(settings=[answer, {"privacy": ["SELF_ONLY"]}])
    with pytest.raises(kind):
        bench.service().posting_settings(bench.shop.account("x/me"))
    assert bench.service().posting_settings(bench.shop.account("x/me")) == {"privacy": ["SELF_ONLY"]}
    assert checker.closed == 2


def test_a_platform_without_settings_for_posting_has_none(bench: Bench) -> None:
    assert bench.service().posting_settings(bench.shop.account("x/me")) == {}
    bench.mark(connected=False)
    with pytest.raises(StateRefused):
        bench.service().posting_settings(bench.shop.account("x/me"))
