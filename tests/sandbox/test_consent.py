"""The authorization pages: what they show, and what the app gets back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rows import each
from tests.sandbox.conftest import Web
from tests.sandbox.logins import HTTPS, LOOPBACK, PAGES, opened, returned

EVERY = pytest.mark.parametrize("path", PAGES)


@EVERY
def test_a_page_asks_before_anything_is_granted(web: Web, path: str) -> None:
    answer = opened(web, path)
    assert answer.status_code == 200
    assert 'value="approve">Approve<' in answer.text
    assert 'value="deny">Deny<' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert web.state.login_codes == {}


@EVERY
def test_approving_redirects_with_a_code_and_the_state(web: Web, path: str) -> None:
    form = {"sandbox": "approve", "sandbox_account": "shop"}
    answer = web.post(path, signed=False, params=PAGES[path], data=form)
    back = returned(answer)
    assert back["state"] == "opaque"
    assert back["code"] in web.state.login_codes
    assert answer.headers["location"].startswith(PAGES[path]["redirect_uri"])
    assert any(name.endswith("/shop") for name in web.state.accounts)


@EVERY
def test_denying_redirects_with_an_error_and_the_state(web: Web, path: str) -> None:
    answer = web.post(path, signed=False, params=PAGES[path], data={"sandbox": "deny"})
    back = returned(answer)
    assert (back["error"], back["state"]) == ("access_denied", "opaque")
    assert "code" not in back
    assert web.state.login_codes == {}


@EVERY
def test_auto_approve_is_overridden_by_the_request(web: Web, path: str) -> None:
    web.state.auto_approve = True
    assert "code" in returned(opened(web, path))
    assert opened(web, path, sandbox="ask").status_code == 200
    assert returned(opened(web, path, sandbox="deny"))["error"] == "access_denied"


@EVERY
@pytest.mark.parametrize("name", ["client", "redirect_uri", "scope"])
def test_an_incomplete_request_gets_a_page_and_no_redirect(web: Web, path: str, name: str) -> None:
    missing = {"client_key" if "client_key" in PAGES[path] else "client_id" if name == "client" else name: None}
    for change in (missing, {"invented": "1"}, {"sandbox_account": "no handle"}):
        answer = opened(web, path, sandbox="approve", **change)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "location" not in answer.headers


@each(
    ("path", "address", "fine"),
    [
        ("/i/oauth2/authorize", LOOPBACK, True),
        ("/i/oauth2/authorize", HTTPS, True),
        ("/i/oauth2/authorize", "http://localhost:8765/callback", False),
        ("/i/oauth2/authorize", "https://localhost/callback", False),
        ("/i/oauth2/authorize", "http://192.168.0.1/callback", False),
        ("/i/oauth2/authorize", "http://127.0.0.1.example.com/callback", False),
        ("/i/oauth2/authorize", "http://user@127.0.0.1/callback", False),
        ("/i/oauth2/authorize", "http://127.0.0.1:99999/callback", False),
        ("/i/oauth2/authorize", "app://callback", False),
        ("/v2/auth/authorize/", LOOPBACK, True),
        ("/v2/auth/authorize/", "http://localhost:8765/callback", True),
        ("/v2/auth/authorize/", "http://127.0.0.1/callback", False),
        ("/v2/auth/authorize/", HTTPS, True),
        ("/oauth/authorize", HTTPS, True),
        ("/oauth/authorize", "https://localhost/callback", True),
        ("/oauth/authorize", "https://user@localhost/callback", False),
        ("/oauth/authorize", "http://localhost/callback", False),
        ("/oauth/authorize", LOOPBACK, False),
        ("/oauth/authorize", HTTPS + "#x", False),
        ("/v25.0/dialog/oauth", HTTPS, True),
        ("/v25.0/dialog/oauth", "https://localhost/callback", True),
        ("/v25.0/dialog/oauth", LOOPBACK, False),
    ],
)
def test_each_platform_has_its_own_redirect_rule(web: Web, path: str, address: str, fine: bool) -> None:
    assert opened(web, path, sandbox="approve", redirect_uri=address).status_code == (302 if fine else 400)


def test_registered_redirects_are_compared_exactly(web: Web) -> None:
    app = {"platform": "x", "clientId": "mine", "redirects": [LOOPBACK]}
    assert web.post("/_sandbox/apps", signed=False, json=app).status_code == 201
    path = "/i/oauth2/authorize"
    assert opened(web, path, sandbox="approve", client_id="mine").status_code == 302
    for other in (LOOPBACK + "/", LOOPBACK.replace("8765", "8766"), HTTPS):
        assert opened(web, path, sandbox="approve", client_id="mine", redirect_uri=other).status_code == 400


@each(
    ("path", "change"),
    [
        ("/i/oauth2/authorize", {"code_challenge": None}),
        ("/i/oauth2/authorize", {"code_challenge": "short"}),
        ("/i/oauth2/authorize", {"code_challenge_method": "S512"}),
        ("/i/oauth2/authorize", {"response_type": "token"}),
        ("/i/oauth2/authorize", {"state": "s" * 501}),
        ("/i/oauth2/authorize", {"state": None}),
        ("/i/oauth2/authorize", {"scope": "tweet.read,tweet.write"}),
        ("/i/oauth2/authorize", {"client_id": "sandboxtiktokkey"}),
        ("/v2/auth/authorize/", {"code_challenge": None}),
        ("/v2/auth/authorize/", {"code_challenge": PAGES["/i/oauth2/authorize"]["code_challenge"]}),
        ("/v2/auth/authorize/", {"code_challenge_method": "plain"}),
        ("/v2/auth/authorize/", {"response_type": "token"}),
        ("/v2/auth/authorize/", {"scope": "user.info.basic video.publish"}),
        ("/v2/auth/authorize/", {"client_key": "sandbox-x-client"}),
        ("/oauth/authorize", {"scope": "business_basic"}),
        ("/oauth/authorize", {"response_type": "token"}),
        ("/oauth/authorize", {"client_id": "170200000000002"}),
        ("/v25.0/dialog/oauth", {"scope": "instagram_everything"}),
        ("/v25.0/dialog/oauth", {"response_type": "token"}),
        ("/v25.0/dialog/oauth", {"client_id": "170100000000001"}),
    ],
)
def test_an_invalid_request_is_refused(web: Web, path: str, change: dict[str, Any]) -> None:
    assert opened(web, path, sandbox="approve", **change).status_code == 400


def test_a_repeated_parameter_is_refused(web: Web) -> None:
    pairs = [*PAGES["/i/oauth2/authorize"].items(), ("state", "other")]
    assert web.get("/i/oauth2/authorize", signed=False, params=pairs).status_code == 400


def test_a_web_app_of_tiktok_needs_no_pkce(web: Web) -> None:
    change = {"redirect_uri": HTTPS, "code_challenge": None, "code_challenge_method": None}
    assert "code" in returned(opened(web, "/v2/auth/authorize/", sandbox="approve", **change))


def test_the_redirect_differs_by_platform(web: Web) -> None:
    def location(path: str, sandbox: str = "approve") -> str:
        return str(opened(web, path, sandbox=sandbox).headers["location"])

    assert location("/oauth/authorize").endswith("#_")
    assert "#" not in location("/oauth/authorize", "deny")
    assert "error_reason=user_denied" in location("/oauth/authorize", "deny")
    assert "scopes=user.info.basic%2Cvideo.publish" in location("/v2/auth/authorize/")
    assert "error_description=" in location("/v2/auth/authorize/", "deny")
    assert "error_code=200" in location("/v25.0/dialog/oauth", "deny")
    assert "%2A1%21" in location("/v2/auth/authorize/")


def test_nothing_from_the_request_becomes_markup(web: Web) -> None:
    answer = opened(web, "/i/oauth2/authorize", redirect_uri=HTTPS + '?"><script>alert(1)</script>')
    assert answer.status_code == 200
    assert "<script" not in answer.text
    refused = opened(web, "/i/oauth2/authorize", **{"<script>": "1"})
    assert "<script" not in refused.text
