"""Instagram on both logins: codes, short and long tokens, revocation."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.logins import HTTPS, code

PAGE, DIALOG = "/oauth/authorize", "/v25.0/dialog/oauth"
APP = {"client_id": "170100000000001", "client_secret": "sandbox-instagram-secret"}
FACEBOOK = {"client_id": "170200000000002", "client_secret": "sandbox-facebook-secret"}


def error_of(answer: Any) -> tuple[int, int | None]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]["code"], answer.json()["error"].get("error_subcode")


def short(web: Web, given: str, **changes: Any) -> Any:
    form = {**APP, "grant_type": "authorization_code", "redirect_uri": HTTPS, "code": given, **changes}
    data = {name: value for name, value in form.items() if value is not None}
    return web.post("/oauth/access_token", signed=False, data=data)


def long(web: Web, token: str, **changes: str) -> Any:
    params = {"grant_type": "ig_exchange_token", "client_secret": APP["client_secret"], "access_token": token}
    return web.get("/access_token", signed=False, params={**params, **changes})


def user(web: Web, given: str, **changes: Any) -> Any:
    params = {**FACEBOOK, "redirect_uri": HTTPS, "code": given, **changes}
    return web.get("/v25.0/oauth/access_token", signed=False, params=params)


def test_a_code_becomes_a_token_of_an_hour_and_that_one_of_sixty_days(web: Web) -> None:
    first = short(web, code(web, PAGE, "shop")).json()
    assert first["user_id"] == int(web.state.accounts["instagram/shop"].user_id)
    assert first["permissions"] == ["instagram_business_basic", "instagram_business_content_publish"]
    assert web.get(f"/me?access_token={first['access_token']}", signed=False).status_code == 200
    second = long(web, first["access_token"]).json()
    assert (second["token_type"], second["expires_in"]) == ("bearer", 60 * 86400)
    assert error_of(long(web, second["access_token"])) == (100, None)
    web.clock.tick(days=59)
    assert web.get(f"/me?access_token={second['access_token']}", signed=False).status_code == 200


def test_the_answers_may_have_the_documented_shape(web: Web) -> None:
    web.set(flat_tokens=False)
    (first,) = short(web, code(web, PAGE)).json()["data"]
    assert first["permissions"] == "instagram_business_basic,instagram_business_content_publish"
    assert type(first["user_id"]) is str
    answer = web.get(f"/me?fields=user_id&access_token={first['access_token']}", signed=False).json()
    assert answer["data"][0]["user_id"] == first["user_id"]


def test_a_short_token_ends_after_an_hour_and_cannot_be_refreshed(web: Web) -> None:
    token = short(web, code(web, PAGE)).json()["access_token"]
    refresh = f"/refresh_access_token?grant_type=ig_refresh_token&access_token={token}"
    assert error_of(web.get(refresh, signed=False)) == (100, None)
    web.clock.tick(hours=1)
    assert error_of(long(web, token)) == (190, 463)


def test_a_code_works_once_and_for_an_hour(web: Web) -> None:
    given = code(web, PAGE)
    assert short(web, given).status_code == 200
    again = short(web, given)
    assert (again.status_code, again.json()) == (
        400,
        {
            "error_type": "OAuthException",
            "code": 400,
            "error_message": "Matching code was not found or was already used",
        },
    )
    late = code(web, PAGE)
    web.clock.tick(hours=1)
    assert short(web, late).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"client_secret": "guess"},
        {"client_id": "1"},
        {"client_id": FACEBOOK["client_id"]},
        {"redirect_uri": HTTPS + "/"},
        {"grant_type": "password"},
        {"code": None},
        {"redirect_uri": None},
    ],
)
def test_an_invalid_code_exchange_is_refused(web: Web, change: dict[str, Any]) -> None:
    answer = short(web, **{"given": code(web, PAGE), **change})
    assert answer.status_code == 400
    assert answer.json()["error_type"] == "OAuthException"


def test_the_fragment_of_the_redirect_is_not_part_of_the_code(web: Web) -> None:
    assert short(web, code(web, PAGE) + "#_").status_code == 400


def test_a_long_token_needs_the_secret_and_the_right_grant(web: Web) -> None:
    token = short(web, code(web, PAGE)).json()["access_token"]
    assert error_of(long(web, token, client_secret="guess")) == (1, None)
    assert error_of(long(web, token, grant_type="ig_refresh_token")) == (100, None)
    assert web.post("/oauth/access_token", signed=False, json={**APP, "code": "a"}).status_code == 400


def test_facebook_login_gives_a_user_token_and_the_page_behind_the_account(web: Web) -> None:
    answer = user(web, code(web, DIALOG, "shop")).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    exchange = {**FACEBOOK, "grant_type": "fb_exchange_token", "fb_exchange_token": answer["access_token"]}
    answer = web.get("/v25.0/oauth/access_token", signed=False, params=exchange).json()
    assert answer["expires_in"] == 60 * 86400
    fields = "id,name,access_token,instagram_business_account{id,username}"
    (page,) = web.get(
        "/v25.0/me/accounts", signed=False, params={"fields": fields, "access_token": answer["access_token"]}
    ).json()["data"]
    account = page["instagram_business_account"]
    assert account["username"] == "shop"
    for token in (answer["access_token"], page["access_token"]):
        reply = web.get(f"/v25.0/{account['id']}?fields=username&access_token={token}", signed=False).json()
        assert reply == {"id": account["id"], "username": "shop"}
    web.clock.tick(days=61)
    ended = web.get(f"/v25.0/me?access_token={answer['access_token']}", signed=False)
    assert error_of(ended) == (190, 463)
    assert web.get(f"/v25.0/{account['id']}?access_token={page['access_token']}", signed=False).status_code == 200


@pytest.mark.parametrize(
    ("change", "code_and_subcode"),
    [
        ({"client_secret": "guess"}, (1, None)),
        ({"client_id": APP["client_id"]}, (101, None)),
        ({"redirect_uri": HTTPS + "/"}, (100, 36008)),
        ({"code": "other"}, (100, 36009)),
        ({"grant_type": "password"}, (100, None)),
        ({"grant_type": "fb_exchange_token"}, (190, 467)),
    ],
)
def test_facebooks_exchange_has_graph_errors(
    web: Web, change: dict[str, Any], code_and_subcode: tuple[int, int | None]
) -> None:
    assert error_of(user(web, **{"given": code(web, DIALOG), **change})) == code_and_subcode


def test_a_code_of_facebook_works_once_and_for_ten_minutes(web: Web) -> None:
    given = code(web, DIALOG)
    assert user(web, given).status_code == 200
    assert error_of(user(web, given)) == (100, 36009)
    late = code(web, DIALOG)
    web.clock.tick(minutes=10)
    assert error_of(user(web, late)) == (100, 36007)


def test_a_token_can_be_inspected_and_revoked(web: Web) -> None:
    shop = web.account("instagram/shop", login="facebook")
    app = web.get("/oauth/access_token", signed=False, params={**FACEBOOK, "grant_type": "client_credentials"}).json()

    def looked(token: str) -> Any:
        params = {"input_token": token, "access_token": app["access_token"]}
        return web.get("/v25.0/debug_token", signed=False, params=params).json()["data"]

    told = looked(shop.token)
    assert (told["is_valid"], told["app_id"], told["type"]) == (True, FACEBOOK["client_id"], "USER")
    assert "instagram_content_publish" in told["scopes"]
    assert looked("nothing")["is_valid"] is False
    granted = shop.get("/v25.0/me/permissions").json()["data"]
    assert {"permission": "instagram_basic", "status": "granted"} in granted
    assert shop.call("DELETE", "/v25.0/me/permissions").json() == {"success": True}
    assert error_of(shop.get("/v25.0/me")) == (190, 458)
    assert looked(shop.token)["is_valid"] is False
    refused = web.get("/debug_token", signed=False, params={"input_token": shop.token, "access_token": "guess"})
    assert error_of(refused) == (190, None)


def test_instagram_login_has_no_pages_and_nothing_to_revoke(instagram: Web) -> None:
    assert error_of(instagram.get("/v25.0/me/accounts"))[0] in (10, 100)
    assert error_of(instagram.call("DELETE", "/v25.0/me/permissions")) == (100, 33)


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_a_token_can_be_dead_for_every_documented_reason(instagram: Web, subcode: int) -> None:
    dead = instagram.account("instagram/demo", dead=subcode)
    assert error_of(dead.get("/me")) == (190, subcode)
    assert instagram.account("instagram/demo", dead=0).get("/me").status_code == 200


def test_a_proof_of_the_apps_secret_must_be_right(instagram: Web) -> None:
    proof = hmac.new(APP["client_secret"].encode(), instagram.token.encode(), hashlib.sha256).hexdigest()
    assert instagram.get(f"/me?appsecret_proof={proof}").status_code == 200
    assert error_of(instagram.get("/me?appsecret_proof=00")) == (100, None)
