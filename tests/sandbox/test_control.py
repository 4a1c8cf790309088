"""The control paths: accounts, posts, faults."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.rows import each
from tests.sandbox.conftest import START, Web
from ttp.sandbox.stand_in import find_stand_ins

DEMOS = sorted(f"{one.name}/{one.demo_handle('127.0.0.1:8700')}" for one in find_stand_ins())
"""The accounts that are there at the start."""


def fault(web: Web, **order: Any) -> Any:
    return web.post("/_sandbox/faults", signed=False, json=order)


def test_each_platform_has_a_demo_account_with_credentials(web: Web) -> None:
    found = {one["account"]: one["credentials"] for one in web.get("/_sandbox/accounts").json()}
    assert [*found] == DEMOS
    assert found["x/demo"]["expiresAt"] == "2026-11-24T14:00:00.000Z"
    keys = {
        "bluesky/demo": {"accessToken", "refreshToken", "expiresAt", "userId"},
        "instagram/demo": {"accessToken", "expiresAt", "userId"},
        "mastodon/demo@127.0.0.1:8700": {"accessToken", "userId", "clientId", "clientSecret"},
        "tiktok/demo": {"accessToken", "refreshToken", "expiresAt", "userId", "clientId", "clientSecret"},
        "x/demo": {"accessToken", "refreshToken", "expiresAt", "userId", "clientId"},
    }
    assert {name: {*found[name]} for name in keys} == keys
    assert all({"accessToken", "userId"} <= held.keys() for held in found.values())


def test_posting_an_account_again_replaces_its_credentials(x: Web) -> None:
    again = x.account("x/demo")
    assert again.user_id == x.user_id
    assert x.get("/2/users/me").status_code == 401
    assert again.get("/2/users/me").status_code == 200
    assert len(x.get("/_sandbox/accounts").json()) == len(DEMOS)


def test_an_expired_refresh_token_needs_a_new_login_and_an_expired_access_token_a_refresh(x: Web) -> None:
    def refresh(web: Web) -> int:
        token = web.credentials["refreshToken"]
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": web.credentials["clientId"]}
        return web.post("/2/oauth2/token", signed=False, data=form).status_code

    access = x.account("x/demo", accessExpired=True)
    assert access.get("/2/users/me").status_code == 401
    assert refresh(access) == 200
    ended = x.account("x/demo", expired=True)
    assert ended.credentials["expiresAt"] < "2026-11-24T12:00"
    assert ended.get("/2/users/me").status_code == 401
    assert refresh(ended) == 400


def test_an_account_s_tokens_may_have_an_age(instagram: Web) -> None:
    old = instagram.account("instagram/demo", ageS=2 * 86400)
    assert old.get("/refresh_access_token?grant_type=ig_refresh_token").status_code == 200


@pytest.mark.parametrize(
    "order",
    [{}, {"account": "facebook/a"}, {"account": "x"}, {"account": "x/a", "expired": "yes"}, {"account": "x/a", "b": 1}],
)
def test_an_invalid_account_order_is_refused(web: Web, order: dict[str, Any]) -> None:
    assert web.post("/_sandbox/accounts", json=order).status_code == 400
    assert len(web.state.accounts) == len(DEMOS)


def test_posts_of_all_platforms_come_in_order(x: Web) -> None:
    other = x.account("x/shop")
    for web in (x, other, x):
        web.post("/2/tweets", json={"text": f"{len(x.posts())}"})
    assert [(p["account"], p["text"]) for p in x.posts()] == [("x/demo", "0"), ("x/shop", "1"), ("x/demo", "2")]


def test_every_answer_carries_the_date_of_the_sandboxes_clock(x: Web) -> None:
    x.clock.tick(days=400)
    for path in ("/2/users/me", "/v25.0/me", "/v2/user/info/", "/nothing", "/_sandbox/posts"):
        assert (parsedate_to_datetime(x.get(path).headers["date"]) - START).days == 400


def test_a_status_fault_answers_without_effect_for_its_requests_only(x: Web) -> None:
    fault(
        x,
        platform="x",
        method="POST",
        path="/2/tweets$",
        nth=2,
        times=2,
        do="status",
        status=503,
        body="<h1>down</h1>",
        headers={"Content-Type": "text/html", "Date": None},
    )
    answers = [x.post("/2/tweets", json={"text": str(n)}) for n in range(4)]
    assert [a.status_code for a in answers] == [201, 503, 503, 201]
    assert (answers[1].text, answers[1].headers["content-type"]) == ("<h1>down</h1>", "text/html")
    assert "date" not in answers[1].headers
    assert "date" in answers[3].headers
    assert [p["text"] for p in x.posts()] == ["0", "3"]


def test_a_status_fault_may_come_after_the_effect(x: Web) -> None:
    fault(x, path="/2/tweets$", do="status", status=500, effect=True, body="oops")
    assert x.post("/2/tweets", json={"text": "a"}).status_code == 500
    assert len(x.posts()) == 1


def test_a_body_fault_lets_the_request_have_its_effect(x: Web) -> None:
    fault(x, path="/2/tweets$", do="body", body='{"data":{"id":"12')
    answer = x.post("/2/tweets", json={"text": "a"})
    assert (answer.status_code, answer.text) == (201, '{"data":{"id":"12')
    assert "x-rate-limit-limit" in answer.headers
    assert len(x.posts()) == 1


def test_a_fault_may_match_a_query_and_skips_other_platforms(x: Web) -> None:
    fault(x, path=r"^/2/tweets\?ids=1$", do="status", status=500)
    fault(x, platform="tiktok", path=".*", do="status", status=500)
    assert x.get("/2/tweets?ids=2").status_code == 200
    assert x.get("/2/tweets?ids=1").status_code == 500
    assert x.get("/v2/user/info/").status_code == 500


def test_a_cut_without_a_socket_is_a_reset_connection(x: Web) -> None:
    fault(x, path="/2/tweets$", do="cut_after")
    with pytest.raises(ConnectionResetError):
        x.post("/2/tweets", json={"text": "a"})
    assert len(x.posts()) == 1
    assert x.post("/_sandbox/accounts", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


HERE = ["localhost", "localhost:8700", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8700"]
ELSEWHERE = [
    "evil.example:8700",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "user@localhost",
    "",
    "0.0.0.0:80",
]
ELSEWHERE += ["10.0.0.1:8700", "127.1", "localhost:8700/x", "[::2]", "[::1", "localhost:port", "a b"]


@pytest.mark.parametrize("host", HERE)
def test_a_loopback_host_is_accepted(x: Web, host: str) -> None:
    assert x.get("/_sandbox/posts", signed=False, headers={"Host": host}).status_code == 200


@each("host", ELSEWHERE)
def test_another_host_is_refused_without_effect(x: Web, host: str) -> None:
    assert x.get("/_sandbox/accounts", signed=False, headers={"Host": host}).status_code == 421
    assert x.post("/2/tweets", json={"text": "rebound"}, headers={"Host": host}).status_code == 421
    assert x.posts() == []


def test_faults_skip_the_control_paths_and_can_be_cleared(x: Web) -> None:
    fault(x, path="", times=1000, do="status", status=500)
    assert x.get("/2/users/me").status_code == 500
    assert x.posts() == []
    assert x.call("DELETE", "/_sandbox/faults").status_code == 200
    assert x.get("/2/users/me").status_code == 200


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"do": "explode"},
        {"do": "status"},
        {"do": "status", "status": 99},
        {"do": "cut_after", "path": "("},
        {"do": "cut_after", "effect": False},
        {"do": "hang", "nth": 0},
        {"do": "hang", "platform": "facebook"},
        {"do": "body", "headers": {"a": 1}},
        {"do": "body", "after": 1},
    ],
)
def test_an_invalid_fault_is_refused(web: Web, order: dict[str, Any]) -> None:
    assert fault(web, **order).status_code == 400
