"""The control paths for settings, apps and past posts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Web
from ttp.sandbox.control import control_help, switch_names
from ttp.sandbox.stand_in import find_stand_ins


def set_(web: Web, order: object) -> Any:
    return web.post("/_sandbox/settings", signed=False, json=order)


def past(web: Web, **order: Any) -> Any:
    body = {"account": "x/demo", "text": "Then", "at": "2026-11-20T18:00:00+01:00", **order}
    return web.post("/_sandbox/posts", signed=False, json=body)


def test_every_switch_is_listed_and_can_be_set(web: Web) -> None:
    before = web.get("/_sandbox/settings").json()
    assert list(before) == list(switch_names())
    change = {
        "processing_s": 3,
        "auto_approve": True,
        "access_s": 1.5,
        "verified_prefixes": ["http://127.0.0.1:9/"],
        "limits": {"POST /2/tweets": 3},
        "trouble": {"instagram": "spam"},
    }
    assert set_(web, change).json() == {**before, **change}
    assert set_(web, {"access_s": None}).json()["access_s"] is None


@pytest.mark.parametrize(
    "order",
    [
        {"speed": 1},
        {"processing_s": "1"},
        {"processing_s": -1},
        {"processing_s": True},
        {"processing_s": None},
        {"auto_approve": 1},
        {"limits": {"POST /2/tweets": "3"}},
        {"limits": {"POST /2/twoots": 3}},
        {"limits": []},
        {"trouble": {"instagram": "usage_cap"}},
        {"trouble": {"facebook": "spam"}},
        {"verified_prefixes": [1]},
        {"lag_s": 5, "speed": 1},
        ["lag_s"],
    ],
)
def test_an_invalid_setting_is_refused_and_nothing_is_set(web: Web, order: object) -> None:
    before = web.get("/_sandbox/settings").json()
    assert set_(web, order).status_code == 400
    assert web.get("/_sandbox/settings").json() == before


def test_apps_are_listed_and_added(web: Web) -> None:
    apps = web.get("/_sandbox/apps").json()
    known = [app for one in find_stand_ins() for app in one.apps]
    assert [(a["platform"], a["login"]) for a in apps] == [(app.platform, app.login or None) for app in known]
    assert ("instagram", "facebook") in {(app.platform, app.login) for app in known}
    mine = {"platform": "tiktok", "clientId": "mine", "clientSecret": "hush"}
    assert web.post("/_sandbox/apps", json=mine).json() == {**mine, "login": None, "redirects": []}
    assert len(web.get("/_sandbox/apps").json()) == len(known) + 1
    assert web.post("/_sandbox/apps", json={"platform": "tiktok"}).status_code == 400


def test_past_posts_are_ordered_by_time(x: Web) -> None:
    x.post("/2/tweets", json={"text": "Now"})
    made = past(x).json()
    assert (made["at"], made["text"]) == ("2026-11-20T17:00:00.000Z", "Then")
    assert (int(made["id"]) >> 22) + 1288834974657 == 1795194000000
    assert [post["text"] for post in x.posts()] == ["Then", "Now"]
    listed = x.get(f"/2/users/{x.user_id}/tweets?post.fields=public_metrics").json()["data"]
    assert [post["text"] for post in listed] == ["Now", "Then"]
    assert listed[1]["public_metrics"]["like_count"] > 0


def test_every_platform_lists_past_posts(instagram: Web, tiktok: Web) -> None:
    instagram = instagram.account("instagram/demo")
    for kind in ("IMAGE", "REELS"):
        assert past(instagram, account="instagram/demo", kind=kind).status_code == 201
    fields = "media_type,media_product_type,timestamp"
    media = instagram.get("/v25.0/me/media", params={"fields": fields}).json()["data"]
    assert {m["media_product_type"] for m in media} == {"FEED", "REELS"}
    assert media[0]["timestamp"] == "2026-11-20T17:00:00+0000"
    past(tiktok, account="tiktok/demo")
    (video,) = tiktok.account("tiktok/demo").post("/v2/video/list/?fields=id,create_time").json()["data"]["videos"]
    assert video["create_time"] == 1795194000


@pytest.mark.parametrize(
    "order",
    [
        {"account": "x/nobody"},
        {"at": "2026-11-20T18:00:00"},
        {"at": "2027-11-20T18:00:00Z"},
        {"at": "then"},
        {"kind": "REEL"},
        {"text": 1},
    ],
)
def test_an_invalid_past_post_is_refused(web: Web, order: dict[str, Any]) -> None:
    assert past(web, **order).status_code == 400
    assert web.posts() == []


@pytest.mark.parametrize(
    "order",
    [
        {"trouble": "bad luck"},
        {"dead": 1},
        {"login": "google"},
        {"privacyLevels": ["EVERYONE"]},
        {"switchedOff": ["likes"]},
        {"maxVideoS": 0},
        {"followers": -1},
    ],
)
def test_an_unknown_refusal_cannot_be_ordered(web: Web, order: dict[str, Any]) -> None:
    assert web.post("/_sandbox/accounts", json={"account": "x/a", **order}).status_code == 400


def test_tokens_may_be_kept(x: Web) -> None:
    again = x.account("x/demo", keepTokens=True, followers=7)
    assert again.credentials == x.credentials
    assert x.get("/2/users/me?user.fields=public_metrics").json()["data"]["public_metrics"]["followers_count"] == 7


def test_a_short_token_may_be_ordered(instagram: Web) -> None:
    short = instagram.account("instagram/demo", short=True)
    assert short.credentials["expiresAt"] == "2026-11-24T13:00:00.000Z"


def test_limits_and_refusals_are_listed(web: Web) -> None:
    web.state.limits = {"POST /2/tweets": 3}
    most = {name: number for one in find_stand_ins() for name, number in one.limits.items()}
    assert web.get("/_sandbox/limits").json() == {**most, "POST /2/tweets": 3}
    assert web.get("/_sandbox/troubles").json() == {one.name: list(one.troubles) for one in find_stand_ins()}


def test_the_help_lists_every_switch_app_and_path(web: Web) -> None:
    text = web.get("/_sandbox/help").text
    assert text == control_help()
    for name in (*switch_names(), *web.state.apps, "/_sandbox/faults", "/_sandbox/troubles", "sandbox=approve"):
        assert name in text


def test_requests_are_listed_without_queries(x: Web) -> None:
    x.get("/2/users/me?user.fields=name")
    x.get("/2/users/me", signed=False)
    x.post("/_sandbox/faults", json={"do": "status", "status": 503, "path": "/2/tweets$"})
    x.post("/2/tweets", json={"text": "a"})
    told = x.get("/_sandbox/requests").json()
    assert told == [
        {"method": "GET", "path": "/2/users/me", "status": 200},
        {"method": "GET", "path": "/2/users/me", "status": 401},
        {"method": "POST", "path": "/2/tweets", "status": 503},
    ]
    assert x.call("DELETE", "/_sandbox/requests").json() == x.get("/_sandbox/requests").json() == []


def test_access_tokens_may_live_shorter_and_expire(x: Web) -> None:
    x.state.access_s = 5
    short = x.account("x/demo")
    assert short.credentials["expiresAt"] == "2026-11-24T12:00:05.000Z"
    assert short.get("/2/users/me").status_code == 200
    short.account("x/demo", keepTokens=True, accessExpired=True)
    assert short.get("/2/users/me").status_code == 401
    form = {"grant_type": "refresh_token", "client_id": short.credentials["clientId"]}
    form["refresh_token"] = short.credentials["refreshToken"]
    assert short.post("/2/oauth2/token", signed=False, data=form).json()["expires_in"] == 5
