"""X: codes and tokens."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.logins import LOOPBACK, VERIFIER, code

PAGE = "/i/oauth2/authorize"
PAIR = {"Authorization": "Basic " + b64encode(b"sandbox-x-confidential:sandbox-x-secret").decode()}


def exchanged(web: Web, given: str, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    form = {
        "grant_type": "authorization_code",
        "code": given,
        "redirect_uri": LOOPBACK,
        "code_verifier": VERIFIER,
        "client_id": "sandbox-x-client",
        **changes,
    }
    data = {name: value for name, value in form.items() if value is not None}
    return web.post("/2/oauth2/token", signed=False, data=data, headers=headers or {})


def test_a_code_becomes_tokens_that_work_and_rotate(web: Web) -> None:
    tokens = exchanged(web, code(web, PAGE, "shop")).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 7200)
    assert tokens["scope"] == "tweet.read tweet.write users.read media.write offline.access"
    signed = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert web.get("/2/users/me", headers=signed).json()["data"]["username"] == "shop"
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": "sandbox-x-client",
    }
    assert web.post("/2/oauth2/token", signed=False, data=form).json()["refresh_token"] != tokens["refresh_token"]
    assert web.post("/2/oauth2/token", signed=False, data=form).status_code == 400


def test_a_code_works_once_and_for_thirty_seconds(web: Web) -> None:
    given = code(web, PAGE)
    assert exchanged(web, given).status_code == 200
    again = exchanged(web, given)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    late = code(web, PAGE)
    web.clock.tick(seconds=30)
    assert exchanged(web, late).status_code == 400
    in_time = code(web, PAGE)
    web.clock.tick(seconds=29.9)
    assert exchanged(web, in_time).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"code_verifier": VERIFIER + "x"}, 400),
        ({"code_verifier": "short"}, 400),
        ({"code_verifier": None}, 400),
        ({"redirect_uri": LOOPBACK + "/"}, 400),
        ({"redirect_uri": None}, 400),
        ({"code": "nothing"}, 400),
        ({"code": None}, 400),
        ({"client_id": None}, 401),
        ({"client_id": "other"}, 401),
        ({"client_id": "sandbox-x-confidential"}, 401),
        ({"grant_type": "password"}, 400),
        ({"grant_type": None}, 400),
    ],
)
def test_an_invalid_code_exchange_is_refused(web: Web, change: dict[str, Any], status: int) -> None:
    answer = exchanged(web, **{"given": code(web, PAGE), **change})
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "error_description"}


def test_a_plain_challenge_is_the_verifier_itself(web: Web) -> None:
    given = code(web, PAGE, code_challenge=VERIFIER, code_challenge_method="plain")
    assert exchanged(web, given).status_code == 200


def test_a_confidential_client_uses_basic_authentication(web: Web) -> None:
    def given() -> str:
        return code(web, PAGE, client_id="sandbox-x-confidential")

    assert exchanged(web, given(), client_id="sandbox-x-confidential").status_code == 401
    wrong = {"Authorization": "Basic " + b64encode(b"sandbox-x-confidential:guess").decode()}
    assert exchanged(web, given(), headers=wrong, client_id=None).status_code == 401
    assert exchanged(web, given(), headers={"Authorization": "Basic ***"}, client_id=None).status_code == 401
    assert exchanged(web, given(), headers=PAIR, client_id=None).status_code == 200
    assert exchanged(web, code(web, PAGE), headers=PAIR, client_id=None).status_code == 400


def test_without_offline_access_there_is_no_refresh_token(web: Web) -> None:
    answer = exchanged(web, code(web, PAGE, scope="tweet.read users.read")).json()
    assert "refresh_token" not in answer
    assert answer["scope"] == "tweet.read users.read"


def test_a_second_login_keeps_the_user_id(web: Web) -> None:
    before = web.state.accounts["x/demo"].user_id
    exchanged(web, code(web, PAGE))
    assert web.state.accounts["x/demo"].user_id == before


def test_a_revocation_ends_both_tokens_and_may_be_repeated(x: Web) -> None:
    form = {"token": x.token, "client_id": "sandbox-x-client"}
    for _ in range(2):
        assert x.post("/2/oauth2/revoke", signed=False, data=form).json() == {"revoked": True}
    assert x.get("/2/users/me").status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": x.credentials["refreshToken"], **form}
    assert x.post("/2/oauth2/token", signed=False, data=refresh).status_code == 400
    assert x.post("/2/oauth2/revoke", signed=False, data={"client_id": "sandbox-x-client"}).status_code == 400
    assert x.post("/2/oauth2/revoke", signed=False, data={"token": "a"}).status_code == 401


def test_an_app_only_token_is_refused_on_user_endpoints(x: Web) -> None:
    answer = x.get("/2/users/me", headers={"Authorization": "Bearer sandbox-x-app-only"})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/unsupported-authentication")
