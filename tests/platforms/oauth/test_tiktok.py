from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from tests.platforms.logins import APP, CODE, REDIRECT, VERIFIER, Played
from tests.platforms.stubs import Stub
from tests.rows import each
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.login import Grant, Identity
from ttp.platforms.testing import NOON

TOKEN = "https://open.tiktokapis.com/v2/oauth/token/"
KEYS = {"client_key": "the-client", "client_secret": "the-secret"}
REFRESH = {**KEYS, "grant_type": "refresh_token", "refresh_token": "old-refresh"}
ANSWER = {
    "access_token": "new-access",
    "expires_in": 7200,
    "open_id": "-000abc",
    "refresh_expires_in": 15552000,
    "refresh_token": "new-refresh",
    "scope": "user.info.basic,video.publish",
    "token_type": "Bearer",
}
GRANT = Grant(
    "new-access",
    issued_at=NOON,
    expires_at=NOON + timedelta(hours=2),
    refresh_token="new-refresh",
    refresh_expires_at=NOON + timedelta(days=180),
    scopes=("user.info.basic", "video.publish"),
)
INFO = "https://open.tiktokapis.com/v2/user/info/"
ASKED = {"fields": "open_id,username"}


def played(*stubs: Stub) -> Played:
    return Played("tiktok", *stubs)


def test_the_address_has_a_client_key_commas_and_a_challenge_in_hexadecimal() -> None:
    tiktok = played()
    challenge = tiktok.login.challenge(VERIFIER, REDIRECT)
    url = tiktok.login.authorize_url(
        APP, state="s", redirect_uri=REDIRECT, scopes=("user.info.basic", "video.publish"), challenge=challenge
    )
    assert url.startswith("https://www.tiktok.com/v2/auth/authorize/?")
    assert parse_qs(urlsplit(url).query, strict_parsing=True) == {
        "client_key": ["the-client"],
        "response_type": ["code"],
        "scope": ["user.info.basic,video.publish"],
        "redirect_uri": [REDIRECT],
        "state": ["s"],
        "code_challenge": [hashlib.sha256(VERIFIER.encode()).hexdigest()],
        "code_challenge_method": ["S256"],
    }


def test_a_web_app_has_no_challenge_and_sends_no_verifier() -> None:
    tiktok = played()
    redirect = "https://example.org/back"
    assert tiktok.login.challenge(VERIFIER, redirect) is None
    url = tiktok.login.authorize_url(APP, state="s", redirect_uri=redirect, scopes=("a",), challenge=None)
    assert "code_challenge" not in url
    form = {**KEYS, "grant_type": "authorization_code", "code": CODE, "redirect_uri": redirect}
    tiktok = played(Stub("POST", TOKEN, form=form, answer=ANSWER))
    assert tiktok.login.exchange(APP, code=CODE, verifier=None, redirect_uri=redirect) == GRANT


def test_a_code_is_exchanged_by_form_with_key_secret_and_verifier() -> None:
    form = {
        **KEYS,
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    assert played(Stub("POST", TOKEN, form=form, headers={"authorization": None}, answer=ANSWER)).exchange() == GRANT


def test_a_refresh_gives_a_new_pair_with_the_life_of_both() -> None:
    assert played(Stub("POST", TOKEN, form=REFRESH, answer=ANSWER)).refresh() == GRANT


@each("status", [200, 400, 401])
def test_an_answer_with_an_error_is_a_refusal_whatever_its_status(status: int) -> None:
    answer = {**ANSWER, "error": "invalid_grant", "error_description": "Refresh token is invalid.", "log_id": "2026"}
    refusal = played(Stub("POST", TOKEN, form=REFRESH, status=status, answer=answer)).refresh()
    assert refusal == NotDone(Kind.AUTH, refusal.message, code="invalid_grant", http_status=status)
    assert refusal.message.endswith(" invalid_grant: Refresh token is invalid.")


def test_the_person_is_told_by_open_id_and_username() -> None:
    answer = {"data": {"user": {"open_id": "-000abc", "username": "me"}}, "error": {"code": "ok", "message": ""}}
    stub = Stub("GET", INFO, query=ASKED, headers={"authorization": "Bearer new-access"}, answer=answer)
    assert played(stub).who() == (Identity("-000abc", "me", Grant("new-access", issued_at=NOON)),)


def test_a_person_who_kept_the_profile_to_themselves_is_refused_in_tiktoks_words() -> None:
    answer = {"data": {}, "error": {"code": "scope_not_authorized", "message": "The user did not authorize it."}}
    refusal = played(Stub("GET", INFO, query=ASKED, status=401, answer=answer)).who()
    assert "401: The user did not authorize it." in refusal.message


def test_revoking_sends_key_secret_and_token() -> None:
    stub = Stub("POST", "https://open.tiktokapis.com/v2/oauth/revoke/", form={**KEYS, "token": "old-access"}, answer={})
    assert played(stub).revoke() is None


def test_a_refused_revocation_says_why_though_its_status_is_200() -> None:
    stub = Stub(
        "POST",
        "https://open.tiktokapis.com/v2/oauth/revoke/",
        form={**KEYS, "token": "old-access"},
        answer={"error": "invalid_client"},
    )
    assert played(stub).revoke().code == "invalid_client"
