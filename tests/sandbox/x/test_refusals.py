"""X: reply settings, limits of the app, uploads in one request, ordered refusals."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.x.uploads import appended, initialized, uploaded
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.x.records import TROUBLES


def said(x: Web, text: str = "a", **body: Any) -> Any:
    return x.post("/2/tweets", json={"text": text, **body})


def read(x: Web, post_id: str, **params: str) -> Any:
    return x.get("/2/tweets", params={"ids": post_id, **params}).json()


def gif(width: int = 10, height: int = 10) -> bytes:
    return b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\0\0\0;"


@pytest.mark.parametrize(
    "body",
    [
        {"geo": {"place_id": "1"}},
        {"quote_tweet_id": "1", "media": {"media_ids": ["1"]}},
        {"quote_tweet_id": "a"},
        {"nullcast": True},
    ],
)
def test_an_unknown_body_field_is_refused(x: Web, body: dict[str, Any]) -> None:
    assert said(x, **body).status_code == 400
    assert x.posts() == []


def test_declarations_and_reply_settings_are_read_back(x: Web) -> None:
    made = said(x, made_with_ai=True, paid_partnership=True, reply_settings="verified").json()["data"]["id"]
    fields = "paid_partnership,reply_settings,lang,edit_controls"
    (post,) = read(x, made, **{"post.fields": fields})["data"]
    assert (post["paid_partnership"], post["reply_settings"]) == (True, "verified")
    page = x.get("/_sandbox/posts?view=page").json()[0]
    assert page["facts"][:2] == ["made with ai", "paid partnership"]


@pytest.mark.parametrize(("setting", "status"), [("mentionedUsers", 201), ("following", 403), ("subscribers", 403)])
def test_reply_settings_hold_for_others_and_not_for_the_author(x: Web, setting: str, status: int) -> None:
    other = x.account("x/other")
    made = said(x, "hey @other", reply_settings=setting).json()["data"]["id"]
    assert said(other, "hi", reply={"in_reply_to_tweet_id": made}).status_code == status
    assert said(x, "more", reply={"in_reply_to_tweet_id": made}).status_code == 201


def test_an_image_goes_up_in_one_request_as_a_file_or_as_base64(x: Web) -> None:
    data = PHOTO.read_bytes()
    form = x.post("/2/media/upload", files={"media": ("a", data)}, data={"media_category": "tweet_image"})
    text = x.post("/2/media/upload", json={"media": base64.b64encode(data).decode(), "media_category": "tweet_image"})
    for answer in (form, text):
        made = answer.json()["data"]
        assert (made["size"], "processing_info" in made) == (len(data), False)
        assert said(x, media={"media_ids": [made["id"]]}).status_code == 201


def test_an_upload_in_one_request_is_an_image_of_the_right_kind_and_size(x: Web) -> None:
    def status(data: bytes | None, **form: str) -> int:
        files = {"media": ("a", data)} if data is not None else {"other": ("a", b"b")}
        return x.post("/2/media/upload", files=files, data=form).status_code

    photo = PHOTO.read_bytes()
    assert status(photo, media_category="tweet_gif") == 400
    assert status(photo, media_category="tweet_video") == 400
    assert status(CLIP.read_bytes(), media_category="tweet_image") == 400
    assert status(photo) == 400
    assert status(None, media_category="tweet_image") == 400
    assert status(photo, media_category="tweet_image", extra="1") == 400
    assert status(photo + bytes(5 * 1024 * 1024), media_category="tweet_image") == 400
    body = {"media": "***", "media_category": "tweet_image"}
    assert x.post("/2/media/upload", json=body).status_code == 400


def test_a_gif_is_processed_and_cannot_be_mixed(x: Web) -> None:
    def made(data: bytes) -> str:
        media_id: str = initialized(
            x, media_type="image/gif", media_category="tweet_gif", total_bytes=len(data)
        ).json()["data"]["id"]
        appended(x, media_id, 0, data)
        assert x.post(f"/2/media/upload/{media_id}/finalize").json()["data"]["processing_info"]["state"] == "pending"
        return media_id

    small, large = made(gif()), made(gif(1281, 10))
    assert said(x, media={"media_ids": [small]}).status_code == 400
    x.clock.tick(seconds=1)
    assert said(x, media={"media_ids": [large]}).status_code == 400
    assert said(x, media={"media_ids": [small, uploaded(x)]}).status_code == 400
    post = said(x, media={"media_ids": [small]}).json()["data"]["id"]
    params = {"expansions": "attachments.media_keys", "media.fields": "width,height,public_metrics"}
    (media,) = read(x, post, **params)["includes"]["media"]
    assert (media["type"], media["width"], media["height"]) == ("animated_gif", 10, 10)
    assert media["public_metrics"] == {"view_count": 0}


def test_long_text_and_long_videos_are_for_premium(x: Web) -> None:
    x.set(x_video_s=3)
    video = uploaded(x, "clip.mp4")
    x.clock.tick(seconds=1)
    refused = said(x, media={"media_ids": [video]})
    assert (refused.status_code, "not allowed to post a video longer" in refused.text) == (403, True)
    assert said(x, "a" * 281).status_code == 400
    x = x.account("x/demo", premium=True)
    assert said(x, media={"media_ids": [video]}).status_code == 201
    made = said(x, "a" * 25_000).json()["data"]["id"]
    assert said(x, "a" * 25_001).status_code == 400
    assert len(read(x, made, **{"post.fields": "note_post"})["data"][0]["note_post"]["text"]) == 25_000


@pytest.mark.parametrize("name", TROUBLES)
def test_every_ordered_refusal_is_answered_as_documented(x: Web, name: str) -> None:
    known = TROUBLES[name]
    assert x.account("x/demo", keepTokens=True, trouble=name).credentials == x.credentials
    answer = said(x)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (known.status, known.status)
    assert (body["title"], body["detail"]) == (known.title, known.detail)
    assert body["type"].rpartition("/")[2] == known.kind.rpartition("/")[2]
    assert (x.get("/2/users/me").status_code != 200) is known.all_calls
    x.account("x/demo", keepTokens=True, trouble="")
    assert said(x).status_code == 201


def test_a_refusal_can_be_ordered_for_a_whole_platform(x: Web) -> None:
    x.state.trouble = {"x": "usage_cap"}
    answer = x.account("x/other").get("/2/users/me")
    assert (answer.status_code, answer.json()["period"]) == (429, "Monthly")


def test_the_daily_limit_of_the_app_is_in_headers_and_resets(x: Web) -> None:
    x.state.limits = {"x posts a day": 2}
    first, _, third = (said(x, text) for text in "abc")
    assert first.headers["x-app-limit-24hour-limit"] == "2"
    assert first.headers["x-app-limit-24hour-remaining"] == "1"
    assert first.headers["x-user-limit-24hour-reset"] == first.headers["x-app-limit-24hour-reset"]
    assert (third.status_code, third.headers["x-app-limit-24hour-remaining"]) == (429, "0")
    assert third.headers["x-rate-limit-remaining"] == "97"
    x.clock.tick(hours=24)
    assert said(x.account("x/demo"), "d").status_code == 201


def test_limits_may_be_lower(x: Web) -> None:
    x.state.limits = {"GET /2/users/me": 2}
    answers = [x.get("/2/users/me") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[0].headers["x-rate-limit-limit"] == "2"
    assert x.account("x/other").get("/2/users/me").status_code == 200
