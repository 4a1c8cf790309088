"""Names of accounts and platforms, which hosts count as one, and how long tokens live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.account import (
    Account,
    Credentials,
    connect_action,
    find_account,
    host_mismatch,
    is_alive,
    is_loopback,
    parse_account_name,
    refresh_due_at,
    resolve_accounts,
    same_host,
    works_until,
)
from ttp.domain.action import Action, action
from ttp.domain.errors import Ambiguous, TtpError, UsageError


@each(
    ("typed", "platform"),
    [
        ("x", "x"),
        ("twitter", "x"),
        ("ig", "instagram"),
        ("instagram", "instagram"),
        ("tt", "tiktok"),
        ("tiktok", "tiktok"),
        (" Twitter ", "x"),
        ("IG", "instagram"),
    ],
)
def test_platforms_have_aliases_in_any_case(typed: str, platform: str) -> None:
    assert PLATFORMS.find(typed).name == platform


def test_every_platform_can_be_typed_as_it_is_shown() -> None:
    for platform in PLATFORMS.names():
        assert PLATFORMS.find(platform).name == platform
        assert PLATFORMS.find(PLATFORMS.label(platform)).name == platform
        assert str(PLATFORMS.facts(platform)) == platform


@pytest.mark.parametrize("typed", ["", "facebook", "x/me", "insta"])
def test_an_unknown_platform_is_refused_with_the_names(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        PLATFORMS.find(typed)
    assert "instagram (ig)" in caught.value.message


@each(
    ("typed", "named"),
    [
        ("x/me", ("x", "me")),
        ("ig/@the.shop", ("instagram", "the.shop")),
        (" tt/Roast-ery_1 ", ("tiktok", "Roast-ery_1")),
        ("twitter/_", ("x", "_")),
        ("x/" + "a" * 64, ("x", "a" * 64)),
    ],
)
def test_an_account_is_platform_slash_handle(typed: str, named: tuple[str, str]) -> None:
    assert parse_account_name(typed, PLATFORMS) == named


@each("typed", ["me", "", "x", "@me", "x:me"])
def test_a_name_without_a_slash_is_no_account(typed: str) -> None:
    with pytest.raises(UsageError):
        parse_account_name(typed, PLATFORMS)


@each(
    "handle", ["", "@", "@@me", "-me", ".me", "me you", "me/you", "m\u00e9", "a" * 65, "me\n\n;", "$(x)", "me\x1b[1m"]
)
def test_a_handle_never_holds_what_a_shell_or_a_terminal_would_act_on(handle: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_account_name(f"x/{handle}", PLATFORMS)
    assert caught.value.hints[0].way == "x/HANDLE"


def test_an_unknown_platform_of_an_account_is_told_as_such() -> None:
    with pytest.raises(UsageError, match='"myspace"'):
        parse_account_name("myspace/tom", PLATFORMS)


@given(st.data(), st.sampled_from(PLATFORMS.names()))
def test_a_name_that_is_shown_can_be_typed(data: st.DataObject, platform: str) -> None:
    handle = data.draw(
        st.from_regex(PLATFORMS.facts(platform).handle, fullmatch=True, alphabet=st.characters(codec="ascii"))
    )
    assert parse_account_name(Account(platform, handle).name, PLATFORMS) == (platform, handle)


LOOPBACK = ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]"]
OUTSIDE = ["api.x.com", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", "1127.0.0.1", "::2", ""]


@each("host", LOOPBACK)
def test_this_machine_is_loopback_by_every_name(host: str) -> None:
    assert is_loopback(host)


@each("host", OUTSIDE)
def test_another_machine_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_hosts_are_the_same_if_equal_or_both_loopback() -> None:
    for one, other in product(LOOPBACK, LOOPBACK):
        assert same_host(one, other)
    for one, other in product(OUTSIDE, [*LOOPBACK, *OUTSIDE]):
        assert same_host(one, other) is same_host(other, one) is (one == other)
    assert same_host("API.X.com", "api.x.com")


@each(
    ("held", "said", "way_out"),
    [
        ("", None, None),
        ("API.x.com", None, None),
        ("127.0.0.1", "TTP_PLATFORMS__X__BASE_URL", action("help", "sandbox")),
        ("api.example", "api.example", action("account connect", "x/me")),
    ],
)
def test_credentials_of_another_host_name_the_way_out(held: str, said: str | None, way_out: Action | None) -> None:
    wrong = host_mismatch(Account("x", "me"), Credentials("t", held), "api.x.com")
    assert (wrong and wrong.hints[0].way) == way_out
    assert said is None or (wrong is not None and said in wrong.message)


def test_credentials_never_show_a_secret() -> None:
    held = Credentials("s3cret-a", "api.x.com", "s3cret-r", client_id="app", client_secret="s3cret-c")
    for text in (repr(held), str(held), f"{held}"):
        assert "s3cret" not in text
        assert "api.x.com" in text


def test_new_credentials_come_by_connecting_and_keys_of_oauth_1_by_adding() -> None:
    assert connect_action("x/me") == action("account connect", "x/me")
    assert connect_action("notify/phone") == action("notify add", "phone")
    assert connect_action("x/me", by_keys=True) == action("account add", "x/me", credentials="FILE")
    assert [Credentials("t").by_keys, Credentials("t", token_secret="s").by_keys] == [False, True]


def account(name: str, *, connected: bool = True, enabled: bool = True) -> Account:
    platform, _, handle = name.partition("/")
    return Account(platform, handle, connected=connected, enabled=enabled)


@each(
    ("known", "meant"),
    [
        ([account("x/me")], "x/me"),
        ([account("x/me", connected=False)], "x/me"),
        ([account("x/me"), account("x/analytics", connected=False)], "x/me"),
        ([account("x/me"), account("instagram/me")], "x/me"),
    ],
)
def test_a_platform_means_its_only_account_or_its_only_connected_one(known: list[Account], meant: str) -> None:
    assert find_account("x", known, PLATFORMS).name == meant
    assert [one.name for one in resolve_accounts(["twitter", "x"], known, PLATFORMS)] == [meant]


@each(
    ("known", "code"),
    [
        ([], "usage"),
        ([account("x/me", enabled=False)], "usage"),
        ([account("x/me"), account("x/you")], "ambiguous"),
        ([account("x/me", connected=False), account("x/you", connected=False)], "ambiguous"),
    ],
)
def test_a_platform_without_one_enabled_account_is_refused(known: list[Account], code: str) -> None:
    with pytest.raises(TtpError) as refused:
        resolve_accounts(["x"], known, PLATFORMS)
    assert refused.value.code == code


def test_a_disabled_account_is_found_by_its_platform_to_be_enabled_again() -> None:
    assert find_account("x", [account("x/me", enabled=False)], PLATFORMS).name == "x/me"


def test_all_is_no_account_and_is_answered_with_the_connected_ones() -> None:
    accounts = [account("x/me"), account("x/off", connected=False), account("mastodon/me@example.org")]
    with pytest.raises(UsageError) as refused:
        resolve_accounts(["All"], accounts, PLATFORMS)
    assert [hint.way for hint in refused.value.hints] == ["x/me,mastodon/me@example.org"]


def test_a_handle_that_a_platform_does_not_have_is_refused_with_one_that_it_has() -> None:
    with pytest.raises(UsageError) as caught:
        parse_account_name("mastodon/me", PLATFORMS)
    assert caught.value.hints[0].way == "mastodon/me@example.org"


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
    facts = PLATFORMS.facts(platform)
    due = refresh_due_at(facts, token(life))
    assert due is not None
    assert due >= NOON
    if life >= facts.renew_after:
        assert due <= NOON + life


def test_a_name_without_its_server_means_the_only_account_of_that_user() -> None:
    accounts = [account(f"mastodon/{one}") for one in ("me@one.example", "shop@one.example", "shop@two.example")]

    assert find_account("masto/Me", accounts, PLATFORMS).name == "mastodon/me@one.example"
    assert find_account("mastodon/shop@two.example", accounts, PLATFORMS).name == "mastodon/shop@two.example"
    with pytest.raises(Ambiguous) as refused:
        resolve_accounts(["masto/shop"], accounts, PLATFORMS)
    assert [hint.way for hint in refused.value.hints] == [one.name for one in accounts[1:]]
    with pytest.raises(UsageError):
        find_account("masto/sho", accounts, PLATFORMS)
