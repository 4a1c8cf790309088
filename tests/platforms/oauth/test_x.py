from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.logins import APP, CODE, OLD, PUBLIC, REDIRECT, VERIFIER, Played
from tests.platforms.stubs import Stub
from tests.rows import each
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.login import UNKNOWN_APP, App, Grant, Identity
from ttp.platforms.oauth import code_login
from ttp.platforms.testing import NOON

TOKEN = "https://api.x.com/2/oauth2/token"
BASIC = {"authorization": "Basic " + base64.b64encode(b"the-client:the-secret").decode()}
ANSWER = {
    "token_type": "bearer",
    "expires_in": 7200,
    "access_token": "new-access",
    "scope": "tweet.read tweet.write users.read media.write offline.access",
    "refresh_token": "new-refresh",
}
GRANT = Grant(
    "new-access",
    issued_at=NOON,
    expires_at=NOON + timedelta(hours=2),
    refresh_token="new-refresh",
    scopes=("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
)
REFRESH = {"grant_type": "refresh_token", "refresh_token": "old-refresh"}
EXCHANGE = {"grant_type": "authorization_code", "code": CODE, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}


def played(*stubs: Stub) -> Played:
    return Played("x", *stubs)


def token(form: dict[str, str], **more: object) -> Stub:
    return Stub("POST", TOKEN, form=form, headers=BASIC, **more)  # type: ignore[arg-type]  # fields by name


def test_the_address_asks_for_the_needed_scopes_with_state_and_challenge() -> None:
    x = played()
    challenge = x.login.challenge(VERIFIER, REDIRECT)
    url = x.login.authorize_url(
        APP, state="the state", redirect_uri=REDIRECT, scopes=x.login.scopes, challenge=challenge
    )
    split = urlsplit(url)
    assert f"{split.scheme}://{split.netloc}{split.path}" == "https://x.com/i/oauth2/authorize"
    expected = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    assert parse_qs(split.query, strict_parsing=True) == {
        "response_type": ["code"],
        "client_id": ["the-client"],
        "redirect_uri": [REDIRECT],
        "scope": ["tweet.read tweet.write users.read media.write offline.access"],
        "state": ["the state"],
        "code_challenge": [expected],
        "code_challenge_method": ["S256"],
    }
    assert "+" not in split.query
    assert "the-secret" not in url


def test_a_public_client_names_itself_in_the_form_and_sends_no_authorization() -> None:
    stub = Stub(
        "POST", TOKEN, form={**EXCHANGE, "client_id": "the-client"}, headers={"authorization": None}, answer=ANSWER
    )
    assert played(stub).exchange(PUBLIC) == GRANT


def test_a_confidential_client_proves_itself_by_basic_alone() -> None:
    assert played(token(EXCHANGE, answer=ANSWER)).exchange() == GRANT


def test_basic_credentials_are_form_encoded_before_they_are_joined() -> None:
    pair = base64.b64encode(b"a%3Ab:s%2F%25").decode()
    stub = Stub("POST", TOKEN, form=EXCHANGE, headers={"authorization": f"Basic {pair}"}, answer=ANSWER)
    assert played(stub).exchange(App("a:b", "s/%")) == GRANT


def test_a_refresh_sends_the_old_refresh_token_and_gives_the_new_pair() -> None:
    assert played(token(REFRESH, answer=ANSWER)).refresh() == GRANT


def test_a_refresh_of_a_public_client_names_it() -> None:
    stub = Stub("POST", TOKEN, form={**REFRESH, "client_id": "the-client"}, answer=ANSWER)
    assert played(stub).refresh(replace(OLD, client_secret=None)) == GRANT


def test_an_answer_without_a_refresh_token_has_none() -> None:
    granted = played(token(REFRESH, answer={"access_token": "new-access", "expires_in": 7200})).refresh()
    assert granted == Grant("new-access", issued_at=NOON, expires_at=NOON + timedelta(hours=2))


def test_the_same_tokens_may_be_issued_again() -> None:
    old, same = "old-access-" + "a" * 40, "old-refresh-" + "r" * 40
    answer = {"access_token": old, "refresh_token": same, "expires_in": 7200}
    stub = token({**REFRESH, "refresh_token": same}, answer=answer)
    granted = played(stub).login.refresh(replace(OLD, access_token=old, refresh_token=same))
    assert isinstance(granted, Grant)
    assert (granted.access_token, granted.refresh_token) == (old, same)


def test_what_a_success_holds_besides_is_not_read() -> None:
    """New tokens count, because the old refresh token is used up; and RFC 7009 gives an answer's body no meaning."""
    both = {**ANSWER, "error": "something"}
    assert played(token(REFRESH, answer=both)).refresh() == GRANT
    revoke = Stub("POST", "https://api.x.com/2/oauth2/revoke", form={"token": "old-refresh"}, answer=both)
    assert played(revoke).revoke() is None


@each("life", [None, 0, -1, True, "soon", 1e300, [7200]])
def test_an_implausible_token_life_is_ignored(life: object) -> None:
    granted = played(token(REFRESH, answer={"access_token": "new-access", "expires_in": life})).refresh()
    assert granted == Grant("new-access", issued_at=NOON)


@each(
    ("status", "error"),
    [
        (400, "invalid_request"),
        (400, "invalid_grant"),
        (401, "unauthorized_client"),
        (401, "invalid_client"),
        (200, "invalid_grant"),
    ],
)
def test_an_oauth_error_is_final_and_in_the_platforms_words(status: int, error: str) -> None:
    answer = {"error": error, "error_description": "Value passed for the token was invalid."}
    refusal = played(token(REFRESH, status=status, answer=answer)).refresh()
    said = f"X answered {error}: Value passed for the token was invalid."
    assert refusal == NotDone(Kind.AUTH, said, code=error, http_status=status)


@each(
    ("status", "answer"),
    [
        (500, {"error": "invalid_grant"}),
        (503, None),
        (502, {"title": "Service Unavailable"}),
        (400, {"title": "Bad Request"}),
        (403, None),
        (302, None),
        (200, {}),
        (200, {"access_token": ""}),
        (200, {"access_token": "two words"}),
        (200, {"access_token": 7}),
        (200, ["new-access"]),
        (400, {"error": "temporarily_unavailable"}),
        (400, {"error": {"code": 3}}),
    ],
)
def test_any_other_answer_may_pass(status: int, answer: object) -> None:
    refusal = played(token(REFRESH, status=status, answer=answer)).refresh()
    assert (refusal.passing, refusal.kind, refusal.http_status) == (True, Kind.SERVER, status)


def test_a_rate_limit_may_pass() -> None:
    refusal = played(token(REFRESH, status=429, answer={"title": "Too Many Requests"})).refresh()
    assert (refusal.passing, refusal.kind) == (True, Kind.RATE_LIMIT)


@each("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
def test_a_network_that_fails_may_pass(failure: Exception) -> None:
    refusal = played(token(REFRESH, fails=failure)).refresh()
    assert (refusal.passing, refusal.kind) == (True, Kind.NETWORK)


def test_a_damaged_answer_with_tokens_in_it_is_not_quoted() -> None:
    raw = b'{"token_type":"bearer","access_token":"new-access","refresh_token":"new-refresh"'
    assert "new-" not in played(token(REFRESH, raw=raw)).refresh().message


def test_a_refused_token_that_the_platform_quotes_is_not_shown() -> None:
    answer = {"error": "invalid_grant", "error_description": "no: old-refresh, the-secret, old-access"}
    refusal = played(token(REFRESH, status=400, answer=answer)).refresh()
    assert refusal.message.endswith(" invalid_grant: no: [secret], [secret], [secret]")


def test_an_error_of_html_and_control_characters_becomes_one_line() -> None:
    answer = {"error": "invalid_grant", "error_description": "<p>\x1b[31m\n" + "x" * 60_000}
    message = played(token(REFRESH, status=400, answer=answer)).refresh().message
    assert "\x1b" not in message
    assert "\n" not in message
    assert len(message) < 400


def test_the_person_is_told_by_id_and_name() -> None:
    me = Stub(
        "GET",
        "https://api.x.com/2/users/me",
        headers={"authorization": "Bearer new-access"},
        answer={"data": {"id": "2244994945", "name": "Me", "username": "me"}},
    )
    assert played(me).who() == (Identity("2244994945", "me", Grant("new-access", issued_at=NOON)),)


@each("answer", [{}, {"data": {"id": "me"}}, {"data": {"id": "7", "username": 7}}, None])
def test_a_person_without_id_or_name_is_refused(answer: object) -> None:
    assert played(Stub("GET", "https://api.x.com/2/users/me", answer=answer)).who().kind is Kind.AUTH


def test_revoking_sends_the_refresh_token() -> None:
    stub = Stub(
        "POST",
        "https://api.x.com/2/oauth2/revoke",
        form={"token": "old-refresh"},
        headers=BASIC,
        answer={"revoked": True},
    )
    assert played(stub).revoke() is None


def test_a_refused_revocation_says_why() -> None:
    stub = Stub("POST", "https://api.x.com/2/oauth2/revoke", form={"token": "old-refresh"}, status=401)
    assert played(stub).revoke().http_status == 401


def test_a_token_of_an_app_that_is_not_known_is_not_sent_anywhere() -> None:
    assert played().revoke(replace(OLD, client_id=None)) is UNKNOWN_APP


def test_user_keys_of_oauth_1_are_neither_renewed_nor_revoked() -> None:
    keys = replace(OLD, token_secret="signing-secret")
    x = played()
    assert not x.login.renews(keys)
    assert x.revoke(keys).kind is Kind.ACCOUNT


def test_without_a_refresh_token_nothing_is_renewed() -> None:
    assert not played().login.renews(replace(OLD, refresh_token=None))
    assert played().login.renews(OLD)


def test_every_login_has_its_own_state_and_verifier() -> None:
    made = [(code_login.new_state(), code_login.new_verifier()) for _ in range(200)]
    assert len({state for state, _ in made}) == len({verifier for _, verifier in made}) == 200
    unreserved = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    for state, verifier in made:
        assert set(state + verifier) <= unreserved
        assert len(state) >= 22  # 128 bits of base64
        assert 43 <= len(verifier) <= 128


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", min_size=43, max_size=128))
def test_the_challenge_is_the_one_of_rfc_7636(verifier: str) -> None:
    challenge = code_login.s256(verifier)
    assert base64.urlsafe_b64decode(challenge + "=") == hashlib.sha256(verifier.encode()).digest()
    assert len(challenge) == 43


def test_the_challenge_of_the_example_in_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_login.s256(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
