"""Instagram: containers, publishing, reads, tokens."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.rows import each
from tests.sandbox.conftest import Host, Web
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.instagram.records import StoredContainer

V = "/v25.0"


def created(web: Web, **params: Any) -> Any:
    return web.post(f"{V}/{web.user_id}/media", data=params)


def published(web: Web, container: str) -> Any:
    return web.post(f"{V}/{web.user_id}/media_publish", data={"creation_id": container})


def code_of(answer: Any) -> tuple[int, int, int | None]:
    error = answer.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= error.keys()
    return answer.status_code, error["code"], error.get("error_subcode")


def status_of(web: Web, container: str) -> str:
    status: str = web.get(f"{V}/{container}?fields=status_code,status").json()["status_code"]
    return status


def image(web: Web, host: Host, **params: Any) -> str:
    """A finished image container."""
    answer = created(web, image_url=f"{host.url}/photo.jpg", **params)
    assert answer.status_code == 200, answer.text
    web.clock.tick(seconds=1)
    return str(answer.json()["id"])


def reel(web: Web, host: Host, **params: Any) -> Any:
    return created(web, media_type="REELS", video_url=f"{host.url}/clip.mp4", **params)


def test_an_image_is_fetched_processed_and_published_once(instagram: Web, host: Host) -> None:
    container = created(instagram, image_url=f"{host.url}/photo.jpg", caption="Hi", alt_text="A gradient").json()["id"]
    assert len(container) == 17
    assert container.isdecimal()
    assert status_of(instagram, container) == "IN_PROGRESS"
    assert code_of(published(instagram, container)) == (400, 9007, 2207027)
    instagram.clock.tick(seconds=1)
    assert status_of(instagram, container) == "FINISHED"
    media = published(instagram, container).json()["id"]
    assert (len(media), media != container) == (17, True)
    assert status_of(instagram, container) == "PUBLISHED"
    assert code_of(published(instagram, container)) == (400, 24, 2207006)
    assert instagram.posts() == [
        {
            "platform": "instagram",
            "account": "instagram/demo",
            "id": media,
            "text": "Hi",
            "media": [hashlib.sha256(PHOTO.read_bytes()).hexdigest()],
            "at": "2026-11-24T12:00:01.000Z",
            "parent": None,
        }
    ]


def test_a_reel_is_fetched_and_processed(instagram: Web, host: Host) -> None:
    container = reel(
        instagram, host, caption="c", share_to_feed="true", thumb_offset="500", cover_url=f"{host.url}/photo.jpg"
    ).json()["id"]
    instagram.clock.tick(seconds=0.9)
    assert status_of(instagram, container) == "IN_PROGRESS"
    instagram.clock.tick(seconds=0.1)
    media = published(instagram, container).json()["id"]
    fields = "media_type,media_product_type,permalink,timestamp,caption"
    answer = instagram.get(f"{V}/{media}?fields={fields}").json()
    assert answer.pop("permalink").startswith("https://www.instagram.com/reel/")
    assert answer == {
        "id": media,
        "media_type": "VIDEO",
        "media_product_type": "REELS",
        "timestamp": "2026-11-24T12:00:01+0000",
        "caption": "c",
    }
    assert instagram.posts()[0]["media"] == [hashlib.sha256(CLIP.read_bytes()).hexdigest()]


@each(
    ("params", "code", "subcode"),
    [
        ({}, 100, None),
        ({"media_type": "PHOTO"}, 100, 2207023),
        ({"media_type": "VIDEO", "video_url": "CLIP"}, 100, 2207023),
        ({"media_type": "REELS", "image_url": "PHOTO"}, 100, None),
        ({"media_type": "REELS", "video_url": "CLIP", "alt_text": "a"}, 100, None),
        ({"image_url": "PHOTO", "video_url": "CLIP"}, 100, None),
        ({"image_url": "PHOTO", "share_to_feed": "true"}, 100, None),
        ({"image_url": "PHOTO", "scheduled_publish_time": "1"}, 100, None),
        ({"image_url": "PHOTO", "caption": "a" * 2201}, 36004, 2207010),
        ({"image_url": "PHOTO", "caption": "👍" * 1101}, 36004, 2207010),
        ({"image_url": "PHOTO", "caption": "#a " * 31}, 100, 2207040),
        ({"image_url": "PHOTO", "alt_text": "a" * 1001}, 100, None),
        ({"image_url": "PHOTO", "is_ai_generated": "maybe"}, 100, None),
        ({"image_url": "PHOTO", "is_carousel_item": "true", "caption": "a"}, 100, None),
        ({"media_type": "REELS", "video_url": "CLIP", "thumb_offset": "-1"}, 1, 2207057),
        ({"media_type": "REELS", "video_url": "CLIP", "share_to_feed": "1"}, 100, None),
        ({"media_type": "CAROUSEL", "children": "1"}, 100, 2207028),
        ({"media_type": "CAROUSEL", "children": "1,2"}, 24, 2207006),
        ({"image_url": "HOST/missing.jpg"}, 9004, 2207052),
        ({"image_url": "HOST/moved"}, 9004, 2207052),
        ({"image_url": "https://example.com/a.jpg"}, 9004, 2207052),
        ({"image_url": "http://127.0.0.1:1/a.jpg"}, 9004, 2207052),
        ({"image_url": "photo.jpg"}, 9004, 2207052),
        ({"image_url": "HOST/tall.jpg"}, 36003, 2207009),
        ({"image_url": "HOST/big.jpg"}, 36000, 2207004),
        ({"image_url": "CLIP"}, 36001, 2207005),
        ({"image_url": "HOST/cut.jpg"}, 36001, 2207005),
    ],
)
def test_a_container_that_instagram_would_refuse_is_refused(
    instagram: Web, host: Host, params: dict[str, str], code: int, subcode: int | None
) -> None:
    photo = PHOTO.read_bytes()
    frame = photo.index(b"\xff\xc0")
    host.files["/tall.jpg"] = photo[: frame + 5] + (1800).to_bytes(2, "big") + photo[frame + 7 :]
    host.files["/big.jpg"] = photo + b"\0" * (8 * 1024 * 1024)
    host.files["/cut.jpg"] = photo[:10]
    names = {"PHOTO": f"{host.url}/photo.jpg", "CLIP": f"{host.url}/clip.mp4"}
    given = {k: names.get(v, v.replace("HOST", host.url)) for k, v in params.items()}
    assert code_of(created(instagram, **given)) == (400, code, subcode)
    assert instagram.state.table(StoredContainer) == {}


@pytest.mark.parametrize("bad", ["missing.mp4", "photo.jpg", "short.mp4", "cut.mp4"])
def test_a_video_that_cannot_be_published_ends_in_error(instagram: Web, host: Host, bad: str) -> None:
    clip = CLIP.read_bytes()
    header = clip.index(b"mvhd") + 4
    host.files["/short.mp4"] = clip[: header + 16] + (1).to_bytes(4, "big") + clip[header + 20 :]
    host.files["/cut.mp4"] = clip[:40]
    container = created(instagram, media_type="REELS", video_url=f"{host.url}/{bad}").json()["id"]
    instagram.clock.tick(seconds=1)
    answer = instagram.get(f"{V}/{container}?fields=status_code,status").json()
    assert answer["status_code"] == "ERROR"
    assert answer["status"].startswith("Error: ")
    assert code_of(published(instagram, container)) == (400, 9007, 2207027)


def test_a_container_lives_for_a_day(instagram: Web, host: Host) -> None:
    container = image(instagram, host)
    instagram.clock.tick(hours=24)
    assert status_of(instagram, container) == "EXPIRED"
    assert code_of(published(instagram, container)) == (400, 24, 2207008)
    assert instagram.posts() == []


def test_containers_and_accounts_of_others_do_not_exist(instagram: Web, host: Host) -> None:
    container = image(instagram, host)
    other = instagram.account("instagram/other")
    assert code_of(other.get(f"{V}/{container}?fields=status_code")) == (400, 100, 33)
    assert code_of(published(other, container)) == (400, 24, 2207006)
    assert code_of(other.post(f"{V}/{instagram.user_id}/media_publish", data={"creation_id": container}))[1] == 100
    assert code_of(other.get(f"{V}/{instagram.user_id}/media")) == (400, 100, 33)
    assert code_of(published(instagram, "17999999999999999")) == (400, 24, 2207006)
    assert code_of(instagram.post(f"{V}/me/media_publish")) == (400, 100, None)


def test_the_quota_of_a_day_holds_at_publishing(instagram: Web, host: Host) -> None:
    limit = f"{V}/{instagram.user_id}/content_publishing_limit?fields=quota_usage,config"
    containers = [image(instagram, host) for _ in range(51)]
    answers = [published(instagram, container) for container in containers]
    assert {a.status_code for a in answers[:50]} == {200}
    assert code_of(answers[50]) == (400, 9, 2207042)
    config = {"quota_total": 50, "quota_duration": 86400}
    assert instagram.get(limit).json() == {"data": [{"quota_usage": 50, "config": config}]}
    assert status_of(instagram, containers[50]) == "FINISHED"


def test_an_unlimited_account_has_a_higher_daily_quota(web: Web, host: Host) -> None:
    web.state.limits = {"instagram posts a day": 1, "instagram calls a day": 3}
    shop = web.account("instagram/shop", unlimited=True)
    answers = [published(shop, image(shop, host)) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    limit = shop.get(f"{V}/{shop.user_id}/content_publishing_limit?fields=quota_usage,config")
    (told,) = limit.json()["data"]
    assert told["quota_usage"] < told["config"]["quota_total"]
    assert json.loads(limit.headers["x-app-usage"])["call_count"] == 0


def test_parameters_and_token_may_come_in_query_form_or_json(instagram: Web, host: Host) -> None:
    params = {"image_url": f"{host.url}/photo.jpg", "access_token": instagram.token}
    path = f"{V}/{instagram.user_id}/media"
    assert instagram.post(path, signed=False, params=params).status_code == 200
    assert instagram.post(path, signed=False, data=params).status_code == 200
    assert instagram.post(path, signed=False, json={**params, "is_ai_generated": True}).status_code == 200
    broken = {"Content-Type": "application/json"}
    assert code_of(instagram.post(path, content=b"{", headers=broken)) == (400, 100, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("caption", 5),
        ("caption", None),
        ("caption", ["a"]),
        ("image_url", {"url": "http://127.0.0.1/photo.jpg"}),
        ("is_ai_generated", 1),
        ("is_ai_generated", "true"),
        ("user_tags", {"username": "friend", "x": 0.5, "y": 0.5}),
        ("collaborators", 7),
        ("alt_text", True),
        ("location_id", 213385402),
    ],
)
def test_a_json_body_with_a_value_of_the_wrong_type_is_refused(
    instagram: Web, host: Host, name: str, value: object
) -> None:
    params = {"image_url": f"{host.url}/photo.jpg", name: value}
    assert code_of(instagram.post(f"{V}/{instagram.user_id}/media", json=params)) == (400, 100, None)


def test_a_json_body_may_have_lists_and_objects(instagram: Web, host: Host) -> None:
    tag = {"username": "friend", "x": 0.5, "y": 0.5}
    params = {"image_url": f"{host.url}/photo.jpg", "user_tags": [tag], "collaborators": ["another"]}
    assert instagram.post(f"{V}/{instagram.user_id}/media", json=params).status_code == 200


def test_a_carousel_takes_finished_items_and_counts_as_one(instagram: Web, host: Host) -> None:
    items = [image(instagram, host, is_carousel_item="true")]
    video = created(instagram, media_type="VIDEO", video_url=f"{host.url}/clip.mp4", is_carousel_item="true")
    items.append(video.json()["id"])
    body = {"media_type": "CAROUSEL", "children": ",".join(items), "caption": "two"}
    assert code_of(created(instagram, **body)) == (400, 9007, 2207027)
    instagram.clock.tick(seconds=1)
    assert code_of(published(instagram, items[0])) == (400, 24, 2207006)
    assert code_of(created(instagram, **{**body, "children": '["1"'})) == (400, 100, None)
    parent = created(instagram, **{**body, "children": f'["{items[0]}", "{items[1]}"]'}).json()["id"]
    instagram.clock.tick(seconds=1)
    media = published(instagram, parent).json()["id"]
    assert len(instagram.posts()[0]["media"]) == 2
    assert instagram.get(f"{V}/{media}?fields=media_type").json()["media_type"] == "CAROUSEL_ALBUM"


def test_a_video_story_is_processed_like_a_reel(instagram: Web, host: Host) -> None:
    story = created(instagram, media_type="STORIES", video_url=f"{host.url}/clip.mp4").json()["id"]
    assert status_of(instagram, story) == "IN_PROGRESS"
    instagram.clock.tick(seconds=1)
    media = published(instagram, story).json()["id"]
    permalink = instagram.get(f"{V}/{media}?fields=permalink").json()["permalink"]
    assert permalink.startswith("https://www.instagram.com/stories/demo/")


def test_a_story_ignores_its_caption_and_is_not_in_the_list(instagram: Web, host: Host) -> None:
    story = created(instagram, media_type="STORIES", image_url=f"{host.url}/photo.jpg", caption="gone").json()["id"]
    instagram.clock.tick(seconds=1)
    assert published(instagram, story).status_code == 200
    assert instagram.posts()[0]["text"] == ""
    assert instagram.get(f"{V}/me/media").json() == {"data": []}


def test_the_list_is_newest_first_with_cursors(instagram: Web, host: Host) -> None:
    ids = [published(instagram, image(instagram, host, caption=str(n))).json()["id"] for n in range(3)]
    path = f"{V}/{instagram.user_id}/media"
    first = instagram.get(path, params={"fields": "caption,timestamp", "limit": "2"}).json()
    assert [m["caption"] for m in first["data"]] == ["2", "1"]
    second = instagram.get(first["paging"]["next"]).json()
    assert [m["id"] for m in second["data"]] == ids[:1]
    assert "next" not in second["paging"]
    for bad in ({"limit": "0"}, {"after": "x"}, {"fields": "shares"}, {"pretty": "1"}, {"limit": "few"}):
        assert code_of(instagram.get(path, params=bad))[:2] == (400, 100)


def test_me_and_the_account_have_the_requested_fields(instagram: Web) -> None:
    answer = instagram.get("/me?fields=user_id,username,account_type").json()
    assert (answer["user_id"], answer["username"], answer["account_type"]) == (instagram.user_id, "demo", "BUSINESS")
    assert answer["id"] != instagram.user_id
    assert instagram.get(f"{V}/me?fields=user_id").json()["user_id"] == instagram.user_id
    # Meta's own SDK goes on with the id that a node answers, so it must be one for paths.
    assert instagram.get(f"{V}/{instagram.user_id}").json() == {"id": instagram.user_id}
    assert code_of(instagram.get(f"{V}/17000000000000000")) == (400, 100, 33)
    assert "x-app-usage" in instagram.get("/me").headers


def test_missing_unknown_and_expired_tokens_get_different_errors(instagram: Web) -> None:
    assert code_of(instagram.get(f"{V}/me", signed=False)) == (400, 2500, None)
    assert code_of(instagram.get(f"{V}/me", headers={"Authorization": "Bearer nothing"})) == (400, 190, 467)
    instagram.clock.tick(days=60)
    assert code_of(instagram.get(f"{V}/me")) == (400, 190, 463)


def test_publishing_needs_its_permission(instagram: Web, host: Host) -> None:
    reader = instagram.account("instagram/demo", scopes=["instagram_business_basic"])
    assert code_of(created(reader, image_url=f"{host.url}/photo.jpg")) == (400, 10, None)


@pytest.mark.parametrize("path", ["/v28.0/me", "/v25/me", "/25.0/me", "/v25.0/me/photos", "/v25.1/me"])
def test_unknown_versions_and_paths_are_refused(instagram: Web, path: str) -> None:
    assert instagram.get(path).status_code in (400, 404)


def test_older_versions_are_served(instagram: Web) -> None:
    assert instagram.get("/v19.0/me").status_code == 200


def test_a_published_post_cannot_be_deleted(instagram: Web, host: Host) -> None:
    media = published(instagram, image(instagram, host)).json()["id"]
    assert instagram.call("DELETE", f"{V}/{media}").status_code == 400
    assert len(instagram.posts()) == 1


def test_a_token_is_refreshed_after_a_day_and_not_before(instagram: Web) -> None:
    path = "/refresh_access_token?grant_type=ig_refresh_token"
    assert code_of(instagram.get(path)) == (400, 100, None)
    instagram.clock.tick(hours=24)
    assert code_of(instagram.get("/refresh_access_token?grant_type=other")) == (400, 100, None)
    answer = instagram.get(f"{path}&access_token={instagram.token}", signed=False).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 60 * 86400)
    assert code_of(instagram.get("/me")) == (400, 190, 467)
    assert instagram.get(f"/me?access_token={answer['access_token']}", signed=False).status_code == 200


@pytest.mark.slow
def test_four_hundred_containers_are_enough_for_a_day(instagram: Web, host: Host) -> None:
    def broken() -> Any:
        return created(instagram, media_type="REELS", video_url="http://127.0.0.1:1/none.mp4")

    assert {broken().status_code for _ in range(400)} == {200}
    assert code_of(broken()) == (400, 4, None)


def test_a_post_of_one_item_has_no_children(instagram: Web, host: Host) -> None:
    made = published(instagram, image(instagram, host)).json()["id"]
    assert instagram.get(f"{V}/{made}/children").json() == {"data": []}
