"""The stand-in of Threads refuses what Threads refuses, and leaves Instagram's paths to Instagram."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Web
from ttp.sandbox.records import DAY_MS


@pytest.fixture
def threads(web: Web) -> Web:
    return web.account("threads/demo")


def create(web: Web, **params: str) -> Any:
    return web.post("/v1.0/me/threads", data={"media_type": "TEXT", "text": "Hi", **params})


def code_of(answer: Any) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


@pytest.mark.parametrize(
    "params",
    [
        {"text": "a" * 501},
        {"text": "a" * 497 + "\U0001f600"},
        {"text": ""},
        {"text": " ".join(f"https://example.com/{n}" for n in range(6))},
        {"media_type": "IMAGE", "image_url": "http://127.0.0.1:9/a.jpg", "link_attachment": "https://example.com"},
        {"topic_tag": "a.b"},
        {"topic_tag": "a&b"},
        {"topic_tag": "a" * 51},
        {"reply_control": "nobody"},
        {"poll_attachment": '{"option_a":"Yes"}'},
        {"poll_attachment": '{"option_a":"Yes","option_b":"aaaaaaaaaaaaaaaaaaaaaaaaaa"}'},
        {"is_spoiler_media": "true"},
        {"auto_publish_text": "true"},
        {"auto_publish_text": "false"},
        {"media_type": "REELS"},
        {"media_type": "CAROUSEL", "children": "1"},
        {"media_type": "CAROUSEL", "children": ",".join(map(str, range(21)))},
        {"is_carousel_item": "true"},
    ],
    ids=str,
)
def test_a_container_that_threads_does_not_take_is_refused(threads: Web, params: dict[str, str]) -> None:
    assert code_of(create(threads, **params))[0] == 100


def test_media_that_cannot_be_fetched_are_refused_or_shown_as_an_error(threads: Web) -> None:
    image = create(threads, media_type="IMAGE", image_url="http://127.0.0.1:9/a.jpg")
    assert code_of(image) == (9004, 2207052)
    video = create(threads, media_type="VIDEO", video_url="http://127.0.0.1:9/a.mp4").json()["id"]
    threads.clock.tick(seconds=5)
    status = threads.get(f"/v1.0/{video}", params={"fields": "status,error_message"}).json()
    assert status == {"id": video, "status": "ERROR", "error_message": "FAILED_DOWNLOADING_VIDEO"}


def test_a_container_is_published_once_and_expires_after_a_day(threads: Web) -> None:
    first, second = (create(threads).json()["id"] for _ in range(2))
    assert code_of(threads.get(f"/v1.0/{first}", params={"fields": "status_code"}))[0] == 100
    media = threads.post("/v1.0/me/threads_publish", data={"creation_id": first}).json()["id"]
    assert code_of(threads.post("/v1.0/me/threads_publish", data={"creation_id": first})) == (24, 4279009)
    assert code_of(threads.get(f"/v1.0/{media}", params={"fields": "status"}))[0] == 100
    threads.clock.tick(hours=25)
    states = [threads.get(f"/v1.0/{one}", params={"fields": "status"}).json()["status"] for one in (first, second)]
    assert states == ["PUBLISHED", "EXPIRED"]
    assert code_of(threads.post("/v1.0/me/threads_publish", data={"creation_id": second})) == (24, 4279009)
    assert len(threads.posts()) == 1


def test_posts_replies_and_deletions_have_quotas_of_their_own(threads: Web) -> None:
    threads.set(limits={"threads posts a day": 1, "threads replies a day": 1, "threads deletions a day": 1})
    first = _publish(threads).json()["id"]
    assert code_of(_publish(threads)) == (4, None)
    reply = _publish(threads, reply_to_id=first).json()["id"]
    assert code_of(_publish(threads, reply_to_id=first)) == (4, None)
    (quota,) = threads.get(
        "/v1.0/me/threads_publishing_limit", params={"fields": "quota_usage,config,reply_quota_usage"}
    ).json()["data"]
    assert quota["quota_usage"] == quota["reply_quota_usage"] == 1
    assert quota["config"] == {"quota_total": 1, "quota_duration": DAY_MS // 1000}
    assert threads.call("DELETE", f"/v1.0/{reply}").json() == {"success": True, "deleted_id": reply}
    assert code_of(threads.call("DELETE", f"/v1.0/{first}")) == (4, None)


def _publish(web: Web, **params: str) -> Any:
    return web.post("/v1.0/me/threads_publish", data={"creation_id": create(web, **params).json()["id"]})


def test_lists_are_apart_and_begin_where_they_are_asked_to(threads: Web) -> None:
    first = _publish(threads).json()["id"]
    threads.clock.tick(seconds=10)
    reply = _publish(threads, reply_to_id=first).json()["id"]
    fields = {"fields": "id,replied_to"}
    (listed,) = threads.get("/v1.0/me/replies", params=fields).json()["data"]
    assert listed == {"id": reply, "replied_to": {"id": first}}
    assert code_of(threads.get("/v1.0/me/threads", params=fields))[0] == 100
    since = {"since": str(int(threads.clock().timestamp()) - 5)}
    assert threads.get("/v1.0/me/threads", params=since).json()["data"] == []
    assert code_of(threads.get("/v1.0/me/threads", params={"since": "1688540399"}))[0] == 100


def test_instagram_keeps_its_paths(web: Web, threads: Web) -> None:
    shop = web.account("instagram/shop")
    assert shop.get("/v25.0/me", params={"fields": "username"}).json()["username"] == "shop"
    assert code_of(shop.get("/v1.0/me"))[0] == 190
    refresh = {"grant_type": "ig_refresh_token", "access_token": shop.token}
    web.clock.tick(days=2)
    assert "access_token" in web.get("/refresh_access_token", signed=False, params=refresh).json()
    own = {"grant_type": "th_refresh_token", "access_token": threads.token}
    assert "permissions" not in web.get("/refresh_access_token", signed=False, params=own).json()
