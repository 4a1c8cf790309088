"""TikTok: codes and tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.logins import HTTPS, LOOPBACK, VERIFIER, code

PAGE = "/v2/auth/authorize/"
APP = {"client_key": "sandboxtiktokkey", "client_secret": "sandbox-tiktok-secret"}


def exchanged(web: Web, given: str, **changes: Any) -> Any:
    form = {
        **APP,
        "code": given,
        "grant_type": "authorization_code",
        "redirect_uri": LOOPBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    data = {name: value for name, value in form.items() if value is not None}
    return web.post("/v2/oauth/token/", signed=False, data=data)


def test_a_code_becomes_tokens_with_the_granted_scopes(web: Web) -> None:
    tokens = exchanged(web, code(web, PAGE, "shop")).json()
    assert tokens["access_token"].startswith("act.")
    assert tokens["refresh_token"].startswith("rft.")
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (7200, 15552000)
    assert (tokens["scope"], tokens["token_type"]) == ("user.info.basic,video.publish", "Bearer")
    signed = {"Authorization": f"Bearer {tokens['access_token']}"}
    user = web.get("/v2/user/info/?fields=open_id,display_name", headers=signed).json()["data"]["user"]
    assert user == {"open_id": tokens["open_id"], "display_name": "shop"}
    assert web.get("/v2/user/info/?fields=username", headers=signed).json()["error"]["code"] == "scope_not_authorized"


def test_a_code_works_once(web: Web) -> None:
    given = code(web, PAGE)
    assert "access_token" in exchanged(web, given).json()
    assert exchanged(web, given).json()["error"] == "invalid_grant"
    late = code(web, PAGE)
    web.clock.tick(minutes=10)
    assert exchanged(web, late).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": VERIFIER + "x"}, "invalid_request"),
        ({"redirect_uri": HTTPS}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": None}, "invalid_request"),
        ({"code": "other"}, "invalid_grant"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"client_key": "other"}, "invalid_client"),
        ({"client_secret": None}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
    ],
)
def test_an_invalid_code_exchange_is_refused(web: Web, change: dict[str, Any], error: str) -> None:
    answer = exchanged(web, **{"given": code(web, PAGE), **change})
    assert answer.json()["error"] == error
    assert {"error_description", "log_id"} <= set(answer.json())


def test_a_web_app_exchanges_without_a_verifier(web: Web) -> None:
    given = code(web, PAGE, redirect_uri=HTTPS, code_challenge=None, code_challenge_method=None)
    assert "access_token" in exchanged(web, given, redirect_uri=HTTPS, code_verifier=None).json()


def test_a_revocation_is_answered_with_an_empty_object(tiktok: Web) -> None:
    answer = tiktok.post("/v2/oauth/revoke/", signed=False, data={**APP, "token": tiktok.token})
    assert (answer.status_code, answer.json()) == (200, {})
    dead = tiktok.get("/v2/user/info/?fields=open_id")
    assert (dead.status_code, dead.json()["error"]["code"]) == (401, "access_token_invalid")
    again = tiktok.post("/v2/oauth/revoke/", signed=False, data={**APP, "token": tiktok.token})
    assert again.json()["error"] == "invalid_request"
    assert tiktok.post("/v2/oauth/revoke/", signed=False, json={**APP, "token": "a"}).json()["error"]
