"""Tokens of the HTTP API: created once, stored as a digest, revoked, expired, limited to accounts."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.rows import each
from tests.store.stores import store_at
from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.services.server.api_tokens import ApiTokens

READ, DRAFT, PUBLISH, APPROVE = TokenCapability


@pytest.fixture
def tokens(ttp: Program, clock: FakeClock) -> ApiTokens:
    ttp.account("x/me")
    ttp.account("x/other")
    return ApiTokens(store_at(ttp.home), clock)


def found(tokens: ApiTokens, secret: str | None) -> ApiToken:
    token = tokens.find(secret or "")
    assert token is not None
    return token


@each(("has", "needs"), list(product(TokenCapability, repeat=2)))
def test_what_a_capability_allows(has: TokenCapability, needs: TokenCapability) -> None:
    ladder = [READ, DRAFT, PUBLISH]
    if has in ladder and needs in ladder:
        assert has.allows(needs) == (ladder.index(has) >= ladder.index(needs))
    else:
        assert has.allows(needs) == (has is APPROVE and needs in (READ, APPROVE))


def test_a_token_is_printed_once_and_never_stored(ttp: Program, tokens: ApiTokens) -> None:
    made = ttp.ok("token", "create", "ann", "--capability", "draft", "--json").json
    assert len(made["token"]) == 52
    assert made["token"].startswith("ttp_")
    assert ttp.ok("token", "create", "bob", "--capability", "read").out.strip().startswith("ttp_")
    (row,) = ttp.sql("SELECT * FROM token WHERE name = 'ann'")
    assert made["token"] not in map(str, row)
    assert "token" not in ttp.ok("token", "list", "--json").json[0]
    assert found(tokens, made["token"]).capability is DRAFT


@pytest.mark.parametrize("secret", ["", "ttp_", "ttp_" + 48 * "0", "ttp_" + 48 * "é", 48 * "0", "ttp_" + 1000 * "0"])
def test_what_is_not_a_token_is_not_found(tokens: ApiTokens, secret: str) -> None:
    tokens.create("ann", READ, (), None)
    assert tokens.find(secret) is None


def test_a_revoked_token_is_refused(ttp: Program, tokens: ApiTokens) -> None:
    secret = tokens.create("ann", READ, (), None).secret
    ttp.ok("token", "revoke", "ann")
    assert tokens.find(secret or "") is None
    assert ttp("token", "revoke", "ann", "--json").error["code"] == "not_found"
    assert ttp.ok("token", "list", "--json").json[0]["revokedAt"] is not None


def test_an_expired_token_is_refused(tokens: ApiTokens, clock: FakeClock) -> None:
    secret = tokens.create("ann", READ, (), timedelta(days=90)).secret
    clock.set(clock.now() + timedelta(days=89))
    assert found(tokens, secret).name == "ann"
    clock.set(clock.now() + timedelta(days=1))
    assert tokens.find(secret or "") is None


def test_of_several_tokens_of_a_name_one_is_revoked_by_its_id(ttp: Program, tokens: ApiTokens) -> None:
    secrets = [tokens.create("ann", READ, (), None).secret for _ in range(2)]
    assert ttp("token", "revoke", "ann", "--json").error["code"] == "ambiguous"
    ttp.ok("token", "revoke", "2")
    assert [tokens.find(secret or "") is not None for secret in secrets] == [True, False]
    ttp.ok("token", "revoke", "ann")
    assert tokens.find(secrets[0] or "") is None


def test_the_last_use_is_recorded_now_and_then(tokens: ApiTokens, clock: FakeClock) -> None:
    secret, first = tokens.create("ann", READ, (), None).secret, clock.now()
    found(tokens, secret)
    clock.set(first + timedelta(seconds=59))
    found(tokens, secret)
    assert tokens.all()[0].token.last_used_at == first
    clock.set(first + timedelta(seconds=60))
    found(tokens, secret)
    assert tokens.all()[0].token.last_used_at == first + timedelta(seconds=60)


def test_a_token_may_be_limited_to_accounts(ttp: Program, tokens: ApiTokens) -> None:
    made = ttp.ok("token", "create", "ann", "--capability", "draft", "--account", "x/me", "--json").json
    assert made["accounts"] == ["x/me"]
    assert found(tokens, made["token"]).accounts == frozenset({1})
    ttp.ok("account", "remove", "x/me")
    assert tokens.all()[0].accounts == ("x/me",)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("", "--capability", "read"), "usage"),
        (("a b", "--capability", "read"), "usage"),
        ((61 * "a", "--capability", "read"), "usage"),
        (("ann", "--capability", "all"), "usage"),
        (("ann",), "usage"),
        (("ann", "--capability", "read", "--account", "x/nobody"), "not_found"),
        (("ann", "--capability", "read", "--expires", "soon"), "time"),
        (("ann", "--capability", "read", "--expires", "0d"), "usage"),
    ],
)
def test_a_token_that_cannot_be_is_refused(ttp: Program, tokens: ApiTokens, argv: tuple[str, ...], code: str) -> None:
    assert ttp("token", "create", *argv, "--json").error["code"] == code
    assert tokens.all() == []
