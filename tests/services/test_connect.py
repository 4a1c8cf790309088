"""Connecting: who it is, what is kept of an account that exists, and that a refusal leaves everything as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.platforms.factories import PLATFORMS
from tests.services.logins import APP, Shop
from tests.settings import Config
from tests.store.stores import store_at
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Ambiguous, NotAllowed, StateRefused, TtpError, UsageError
from ttp.domain.post import Post
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.login import App, Identity
from ttp.platforms.oauth.callback import Code, Denied
from ttp.services.connecting.connect import AccountConnector, ConnectResult, KnownIdentity, PendingLogin
from ttp.store import accounts, posts

REDIRECT = "http://127.0.0.1:8722/callback"


@pytest.fixture
def shop(tmp_path: Path, clock: FakeClock) -> Shop:
    return Shop(tmp_path / "home", clock)


def people(shop: Shop, *names: tuple[str, str], platform: str = "x") -> None:
    """Whoever logs in next: pairs of id and handle."""
    grant = shop.grant(0)
    shop.logins[platform].people = tuple(Identity(user_id, handle, grant) for user_id, handle in names)


def begin(shop: Shop, name: str = "x", app: App = APP) -> PendingLogin:
    return shop.connect_at(name).begin(name, app, redirect_uri=REDIRECT)


def connect(shop: Shop, name: str = "x", *, app: App = APP, number: int = 1, **grant: object) -> ConnectResult:
    """A whole login as `people` say, with the pair of that number."""
    pending = begin(shop, name, app)
    shop.logins[pending.platform].answers = [shop.grant(number, **grant)]  # type: ignore[arg-type]  # fields by name
    return shop.connect_at(pending.name).finish(pending, Code("the-code"))


def test_a_login_begins_with_its_own_state_verifier_and_the_needed_scopes(shop: Shop) -> None:
    one, other = begin(shop), begin(shop, "x/me")
    assert one.state != other.state
    assert one.verifier != other.verifier
    assert (
        one.url == f"https://page.example/?the-client&{one.state}&{REDIRECT}&write,offline&challenge-of-{one.verifier}"
    )
    assert (one.name, other.name) == ("x", "x/me")


def test_other_scopes_may_be_asked_for(shop: Shop) -> None:
    pending = shop.connect_at("x").begin("x", APP, redirect_uri=REDIRECT, scopes=("read",))
    assert "&read&" in pending.url


@pytest.mark.parametrize(("name", "asked"), [("x", True), ("x/ME", True), ("x/other", False)])
def test_an_extra_scope_that_an_account_has_is_asked_for_again(shop: Shop, name: str, asked: bool) -> None:
    people(shop, ("1", "me"))
    connect(shop, scopes=("write", "comment", "public"))
    assert ("&write,offline,comment&" if asked else "&write,offline&") in begin(shop, name).url


def test_a_pending_login_shows_no_secret(shop: Shop) -> None:
    pending = begin(shop)
    assert "the-secret" not in repr(pending)
    assert pending.verifier is not None
    assert f"'{pending.verifier}'" not in repr(pending)


def test_an_app_without_the_secret_that_its_platform_wants_is_refused(shop: Shop) -> None:
    with pytest.raises(UsageError):
        begin(shop, "tiktok", App("the-client"))


def test_a_new_account_is_named_by_the_platform_and_stored_with_its_tokens(shop: Shop) -> None:
    people(shop, ("7", "me"))
    done = connect(shop, scopes=("write", "offline"))
    assert done.account == shop.account("x/me")
    assert (done.again, done.missing, done.failed) == (False, (), 0)
    assert done.account.connected
    assert (done.account.user_id, done.account.scopes) == ("7", ("write", "offline"))
    assert shop.credentials.get("x/me") == Credentials(
        "access-1",
        host="api.x.com",
        refresh_token="refresh-1",
        expires_at=shop.clock.now() + timedelta(hours=2),
        user_id="7",
        client_id="the-client",
        client_secret="the-secret",
        issued_at=shop.clock.now(),
    )


def test_the_code_is_exchanged_with_the_verifier_and_redirect_of_its_own_login(shop: Shop) -> None:
    people(shop, ("7", "me"))
    pending = begin(shop)
    shop.x.answers = [shop.grant(1)]
    shop.connect_at(pending.name).finish(pending, Code("the-code"))
    assert shop.x.exchanged == [(APP, "the-code", pending.verifier, REDIRECT)]


def test_scopes_that_were_not_granted_are_named(shop: Shop) -> None:
    people(shop, ("7", "me"))
    assert connect(shop, scopes=("write",)).missing == ("offline",)


def test_scopes_that_the_platform_does_not_tell_are_not_called_missing(shop: Shop) -> None:
    people(shop, ("7", "me"))
    assert connect(shop, scopes=()).missing == ()


def test_connecting_again_keeps_id_zone_and_options_and_clears_the_need(shop: Shop) -> None:
    before = shop.add(user_id="7")
    with shop.database.writing() as db:
        changed = replace(before, needs_reconnect=True, timezone="Europe/Berlin", options={"x.reply_settings": "a"})
        accounts.save(db, changed, now=shop.clock.now())
    people(shop, ("7", "me"))
    done = connect(shop, "x/me")
    assert done.again
    assert done.account == replace(
        changed, needs_reconnect=False, expires_at=shop.clock.now() + timedelta(hours=2), user_id="7"
    )
    assert shop.tokens.fresh("x/me").access_token == "access-1"


def test_connecting_again_without_a_refresh_token_keeps_the_one_of_the_same_app(shop: Shop) -> None:
    shop.add(user_id="7")
    people(shop, ("7", "me"))
    connect(shop, refresh_token=None)
    held = shop.credentials.get("x/me")
    assert held is not None
    assert (held.access_token, held.refresh_token) == ("access-1", "refresh-0")


@pytest.mark.parametrize("before", [{"client_id": "another"}, {"host": "127.0.0.1"}, {"token_secret": "signing"}])
def test_a_refresh_token_of_another_app_or_host_is_not_kept(shop: Shop, before: dict[str, Any]) -> None:
    shop.add(user_id="7", **before)
    people(shop, ("7", "me"))
    connect(shop, refresh_token=None)
    held = shop.credentials.get("x/me")
    assert held is not None
    assert held.refresh_token is None
    assert held.token_secret is None


def test_someone_else_is_refused_by_id_and_nothing_changes(shop: Shop) -> None:
    before, held = shop.add(user_id="7"), shop.credentials.get("x/me")
    people(shop, ("8", "other"))
    with pytest.raises(UsageError, match="x/other") as refused:
        connect(shop, "x/me")
    assert refused.value.hints[0].way == action("account connect", "x/other")
    assert shop.account() == before
    assert shop.credentials.get("x/me") == held


def test_a_handle_that_has_changed_hands_is_refused(shop: Shop) -> None:
    shop.add(user_id="7")
    people(shop, ("8", "me"))
    for name in ("x", "x/me"):
        with pytest.raises(UsageError, match="x/me"):
            connect(shop, name)


def test_a_person_with_a_new_handle_keeps_their_account(shop: Shop) -> None:
    before = shop.add(user_id="7")
    people(shop, ("7", "renamed"))
    for name in ("x", "x/me"):
        done = connect(shop, name)
        assert done.again
        assert (done.account.id, done.account.handle) == (before.id, "me")


def test_an_account_connected_by_its_new_handle_is_renamed_once_that_is_wanted(shop: Shop) -> None:
    before, held = shop.add(user_id="7"), shop.credentials.get("x/me")
    people(shop, ("7", "renamed"))
    with pytest.raises(KnownIdentity) as known:
        connect(shop, "x/renamed")
    assert (shop.account(), shop.credentials.get("x/me")) == (before, held)
    done = shop.connect_at("x").rename(known.value)
    assert (done.account.id, done.account.name, done.renamed) == (before.id, "x/renamed", "x/me")
    assert done.account == shop.account("x/renamed")
    moved = shop.credentials.get("x/renamed")
    assert moved is not None
    assert moved.access_token == "access-1"
    assert shop.credentials.get("x/me") is None


@pytest.mark.parametrize(
    ("state", "comment"), [(None, None), ("claimed", None), ("reconciling", None), ("published", "claimed")]
)
def test_an_account_is_not_renamed_to_a_removed_one_nor_while_it_publishes(
    shop: Shop, state: str | None, comment: str | None
) -> None:
    before, held = shop.add(user_id="7"), shop.credentials.get("x/me")
    people(shop, ("7", "renamed"))
    with pytest.raises(KnownIdentity) as known:
        connect(shop, "x/renamed")
    with shop.database.writing() as db:
        if state is None:
            accounts.save(db, Account("x", "renamed"), now=shop.clock.now(), removed=True)
        else:
            delivery = Delivery("x/me", "x", DeliveryState(state), account_id=before.id)
            if comment is not None:
                reply = replace(delivery, state=DeliveryState(comment), parent_id=0, planned_parts=("More",))
                delivery = replace(delivery, published_at=shop.clock.now(), comment=reply)
            posts.insert(db, Post("Hello", (delivery,), created_at=shop.clock.now(), updated_at=shop.clock.now()), None)
    with pytest.raises(StateRefused):
        shop.connect_at("x").rename(known.value)
    assert (shop.account(), shop.credentials.get("x/me")) == (before, held)
    assert shop.credentials.get("x/renamed") is None


def test_an_account_without_an_id_is_recognised_by_its_handle_in_any_case(shop: Shop) -> None:
    before = shop.add()
    people(shop, ("7", "Me"))
    done = connect(shop)
    assert (done.account.id, done.account.user_id) == (before.id, "7")
    people(shop, ("8", "other"))
    with pytest.raises(UsageError, match="x/me"):
        connect(shop, "x/me")


@pytest.mark.sqlite("no file is made before there is something to store")
def test_a_named_account_that_does_not_exist_must_be_who_logs_in(shop: Shop) -> None:
    people(shop, ("7", "me"))
    with pytest.raises(UsageError, match="x/you"):
        connect(shop, "x/you")
    assert not shop.database.exists()
    assert connect(shop, "x/ME").account.name == "x/me"


def test_tiktoks_ids_say_nothing_once_the_app_is_another(shop: Shop) -> None:
    shop.add("tiktok/me", user_id="-000a", client_id="old-app")
    people(shop, ("-000b", "me"), platform="tiktok")
    assert connect(shop, "tiktok/me").account.user_id == "-000b"
    people(shop, ("-000c", "me"), platform="tiktok")
    with pytest.raises(UsageError, match="tiktok/me"):
        connect(shop, "tiktok/me")


def test_a_login_that_is_good_for_several_accounts_asks_which(shop: Shop) -> None:
    people(shop, ("7", "one"), ("8", "two"), platform="instagram")
    with pytest.raises(Ambiguous, match="one, two") as asked:
        connect(shop, "instagram")
    assert [hint.way for hint in asked.value.hints] == [
        action("account connect", "instagram/one"),
        action("account connect", "instagram/two"),
    ]
    assert connect(shop, "instagram/two").account.user_id == "8"


def test_a_removed_account_comes_back_with_its_id(shop: Shop) -> None:
    before = shop.add(user_id="7")
    with shop.database.writing() as db:
        accounts.save(db, replace(before, connected=False), now=shop.clock.now(), removed=True)
    people(shop, ("7", "me"))
    done = connect(shop)
    assert not done.again
    assert done.account.id == before.id


@pytest.mark.sqlite("no file is made before there is something to store")
def test_a_no_is_told_in_the_platforms_words(shop: Shop) -> None:
    with pytest.raises(NotAllowed, match="access_denied") as no:
        shop.connect_at("x").finish(begin(shop, "x/me"), Denied("access_denied", "The user said no"))
    assert no.value.hints[0].way == action("account connect", "x/me")
    assert not shop.database.exists()


@pytest.mark.sqlite("no file is made before there is something to store")
@pytest.mark.parametrize(("passing", "error"), [(True, TtpError), (False, NotAllowed)])
def test_a_code_that_is_not_taken_stores_nothing(shop: Shop, passing: bool, error: type[TtpError]) -> None:
    pending = begin(shop)
    shop.x.answers = [NotDone(Kind.AUTH, "X answered invalid_request", passing=passing)]
    with pytest.raises(TtpError, match="invalid_request") as refused:
        shop.connect_at(pending.name).finish(pending, Code("the-code"))
    assert type(refused.value) is error
    assert not shop.database.exists()
    assert not (shop.home / "credentials.json").exists()


@pytest.mark.sqlite("no file is made before there is something to store")
def test_a_platform_that_does_not_say_who_it_is_stores_nothing(shop: Shop) -> None:
    shop.x.people = NotDone(Kind.AUTH, "X did not say whose account it is (403)")
    with pytest.raises(NotAllowed):
        connect(shop)
    assert not shop.database.exists()


def test_a_handle_that_is_none_is_refused(shop: Shop) -> None:
    people(shop, ("7", "../../etc"))
    with pytest.raises(UsageError):
        connect(shop)


def test_deliveries_that_failed_for_the_token_are_counted(shop: Shop) -> None:
    account = shop.add(user_id="7")
    assert account.id is not None
    with shop.database.reading() as db:
        assert db is not None
        for number, (kind, state) in enumerate([("auth", "failed"), ("media", "failed"), ("auth", "published")], 1):
            db.execute(
                "INSERT INTO post (id, content, status, created_at, updated_at, variants, thread, options)"
                " VALUES (?, 'text', 'failed', 0, 0, '{}', '[]', '{}')",
                (number,),
            )
            db.execute(
                "INSERT INTO delivery (post_id, account_id, state, error_kind, tries, attempts, handle)"
                " VALUES (?, ?, ?, ?, 0, 0, '{}')",
                (number, account.id, state, kind),
            )
    people(shop, ("7", "me"))
    assert connect(shop).failed == 1


def test_the_app_of_an_account_is_known_for_the_next_one(shop: Shop) -> None:
    assert shop.connect_at("x").known_app("x") is None
    shop.add("x/me")
    shop.add("x/rehearsal", host="127.0.0.1", client_id="rehearsal", client_secret="r")
    shop.add("x/keys", client_id="api-key", client_secret="k", token_secret="signing")
    shop.add("x/zoe", client_id="another", client_secret="z")
    assert shop.connect_at("x").known_app("x") == APP
    assert shop.connect_at("x/ZOE").known_app("x/ZOE") == App("another", "z")
    assert shop.connect_at("x/new").known_app("x/new") == APP
    assert shop.connect_at("tiktok").known_app("tiktok") is None


def test_where_the_settings_name_an_app_no_other_one_is_taken(shop: Shop) -> None:
    shop.add("x/me")
    shop.add("x/zoe", client_id="another", client_secret="z")
    for client_id, app in (("another", App("another", "z")), ("third", None)):
        config = Config({"platforms.x.client_id": client_id})
        service = AccountConnector(shop.database, shop.credentials, shop.x, config, shop.clock, PLATFORMS)
        assert service.known_app("x/me") == app


def test_metrics_accounts_become_connected_ones(shop: Shop, clock: FakeClock) -> None:
    with store_at(shop.home).writing() as db:
        accounts.save(db, Account("x", "me"), now=clock.now())
    people(shop, ("7", "me"))
    done = connect(shop, "x/me")
    assert done.again
    assert done.account.connected
