"""TikTok: photos, pulled videos, drafts, creator choices, metrics, ordered refusals."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Host, Web
from tests.sandbox.tiktok.test_videos import DATA, INIT, code_of, init, posted, put, source, status
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.tiktok.records import FAILURES, TROUBLES

PHOTOS = "/v2/post/publish/content/init/"
INBOX = "/v2/post/publish/inbox/video/init/"
CREATOR = "/v2/post/publish/creator_info/query/"


def photos(web: Web, urls: list[str], mode: str = "DIRECT_POST", index: int | None = 0, **info: Any) -> Any:
    origin: dict[str, Any] = {"source": "PULL_FROM_URL", "photo_images": urls}
    if index is not None:
        origin["photo_cover_index"] = index
    body = {
        "media_type": "PHOTO",
        "post_mode": mode,
        "post_info": {"privacy_level": "PUBLIC_TO_EVERYONE", "title": "Hello", **info},
        "source_info": origin,
    }
    return web.post(PHOTOS, json=body)


def pull(url: str) -> dict[str, str]:
    return {"source": "PULL_FROM_URL", "video_url": url}


def ended(web: Web, answer: Any) -> Any:
    """How a publication ended, a second later."""
    web.clock.tick(seconds=1)
    return status(web, answer.json()["data"]["publish_id"])


def sized(width: int, height: int) -> bytes:
    data = PHOTO.read_bytes()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2) + width.to_bytes(2) + data[at + 4 :]


def test_photos_are_pulled_for_real_and_posted_from_init(tiktok: Web, host: Host) -> None:
    url = f"{host.url}/photo.jpg"
    answer = photos(tiktok, [url, url], index=1, description="More", auto_add_music=True, is_aigc=True)
    publish_id = answer.json()["data"]["publish_id"]
    assert publish_id.startswith("p_pub_url~v2.")
    assert "upload_url" not in answer.json()["data"]
    first = status(tiktok, publish_id)
    assert (first["status"], first["downloaded_bytes"]) == ("PROCESSING_DOWNLOAD", 2 * len(PHOTO.read_bytes()))
    assert ended(tiktok, answer)["status"] == "PUBLISH_COMPLETE"
    (post,) = tiktok.posts()
    assert post["text"] == "Hello\nMore"
    assert post["media"] == [hashlib.sha256(PHOTO.read_bytes()).hexdigest()] * 2
    tiktok.clock.tick(seconds=9)
    assert status(tiktok, publish_id)["publicaly_available_post_id"] == [int(post["id"])]
    assert tiktok.post("/v2/video/list/?fields=id").json()["data"]["videos"] == []


@pytest.mark.parametrize(
    ("mode", "index", "info"),
    [
        ("LATER", 0, {}),
        ("DIRECT_POST", None, {}),
        ("MEDIA_UPLOAD", None, {}),
        ("DIRECT_POST", 1, {}),
        ("DIRECT_POST", -1, {}),
        ("DIRECT_POST", 0, {"title": "a" * 91}),
        ("DIRECT_POST", 0, {"title": "👍" * 46}),
        ("DIRECT_POST", 0, {"description": "a" * 4001}),
        ("DIRECT_POST", 0, {"disable_duet": True}),
        ("DIRECT_POST", 0, {"privacy_level": "EVERYONE"}),
    ],
)
def test_invalid_photo_requests_are_refused(
    tiktok: Web, host: Host, mode: str, index: int | None, info: dict[str, Any]
) -> None:
    answer = photos(tiktok, [f"{host.url}/photo.jpg"], mode, index, **info)
    assert code_of(answer) == (400, "invalid_params")


@pytest.mark.parametrize("count", [0, 36])
def test_a_photo_post_has_1_to_35_photos(tiktok: Web, host: Host, count: int) -> None:
    assert code_of(photos(tiktok, [f"{host.url}/photo.jpg"] * count)) == (400, "invalid_params")


@pytest.mark.parametrize(
    ("data", "size", "reason"),
    [
        (None, 0, "photo_pull_failed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), 0, "file_format_check_failed"),
        (CLIP.read_bytes(), 0, "file_format_check_failed"),
        (sized(1081, 1200), 0, "picture_size_check_failed"),
        (sized(700, 1921), 0, "picture_size_check_failed"),
        (PHOTO.read_bytes(), 20_000_001, "file_format_check_failed"),
    ],
)
def test_a_photo_that_cannot_be_posted_fails_afterwards(
    tiktok: Web, host: Host, data: bytes | None, size: int, reason: str
) -> None:
    if data is not None:
        host.files["/other.jpg"] = data.ljust(size, b"\0")
    answer = photos(tiktok, [f"{host.url}/photo.jpg", f"{host.url}/other.jpg"])
    assert code_of(answer) == (200, "ok")
    assert (ended(tiktok, answer)["status"], ended(tiktok, answer)["fail_reason"]) == ("FAILED", reason)
    assert tiktok.posts() == []


def test_a_photo_of_1080p_fits(tiktok: Web, host: Host) -> None:
    host.files["/full.jpg"] = sized(1080, 1920)
    assert ended(tiktok, photos(tiktok, [f"{host.url}/full.jpg"]))["status"] == "PUBLISH_COMPLETE"


def test_a_download_may_be_cancelled_until_it_is_through(tiktok: Web, host: Host) -> None:
    wanted = [
        init(tiktok, file=pull(f"{host.url}/clip.mp4")).json()["data"],
        photos(tiktok, [f"{host.url}/photo.jpg"]).json()["data"],
    ]
    assert code_of(tiktok.post("/v2/post/publish/cancel/", json=wanted[0])) == (200, "ok")
    assert code_of(tiktok.post("/v2/post/publish/cancel/", json=wanted[0])) == (400, "publish_not_cancellable")
    tiktok.clock.tick(seconds=9)
    assert code_of(tiktok.post("/v2/post/publish/cancel/", json=wanted[1])) == (400, "publish_not_cancellable")
    assert code_of(tiktok.post("/v2/post/publish/cancel/", json={"publish_id": "v"})) == (400, "invalid_publish_id")
    assert [status(tiktok, one["publish_id"]).get("fail_reason") for one in wanted] == ["publish_cancelled", None]
    assert len(tiktok.posts()) == 1


def test_a_video_may_be_pulled(tiktok: Web, host: Host) -> None:
    answer = init(tiktok, file=pull(f"{host.url}/clip.mp4"))
    data = answer.json()["data"]
    assert set(data) == {"publish_id"}
    assert data["publish_id"].startswith("v_pub_url~v2.")
    assert ended(tiktok, answer)["status"] == "PUBLISH_COMPLETE"
    assert tiktok.posts()[0]["media"] == [hashlib.sha256(DATA).hexdigest()]
    assert code_of(init(tiktok, file={**pull("a"), "video_size": 1})) == (400, "invalid_params")
    lost = init(tiktok, file=pull(f"{host.url}/moved"))
    assert ended(tiktok, lost)["fail_reason"] == "video_pull_failed"
    wrong = init(tiktok, file=pull(f"{host.url}/photo.jpg"))
    assert ended(tiktok, wrong)["fail_reason"] == "file_format_check_failed"


def test_urls_must_begin_with_a_verified_prefix(tiktok: Web, host: Host) -> None:
    tiktok.set(verified_prefixes=[f"{host.url}/mine/"])
    host.files["/mine/clip.mp4"] = DATA
    assert code_of(init(tiktok, file=pull(f"{host.url}/clip.mp4"))) == (403, "url_ownership_unverified")
    assert code_of(init(tiktok, file=pull(f"{host.url}/mine/clip.mp4"))) == (200, "ok")
    assert code_of(photos(tiktok, [f"{host.url}/photo.jpg"])) == (403, "url_ownership_unverified")


def test_drafts_end_in_the_inbox_and_are_not_public(tiktok: Web, host: Host) -> None:
    data = tiktok.post(INBOX, json={"source_info": source()}).json()["data"]
    assert data["publish_id"].startswith("v_inbox_file~v2.")
    assert put(tiktok, data["upload_url"], DATA, 0, len(DATA)).status_code == 201
    pulled = tiktok.post(INBOX, json={"source_info": pull(f"{host.url}/clip.mp4")})
    assert pulled.json()["data"]["publish_id"].startswith("v_inbox_url~v2.")
    drawn = photos(tiktok, [f"{host.url}/photo.jpg"], "MEDIA_UPLOAD")
    tiktok.clock.tick(seconds=1)
    for answer in (data["publish_id"], *(a.json()["data"]["publish_id"] for a in (pulled, drawn))):
        assert status(tiktok, answer)["status"] == "SEND_TO_USER_INBOX"
    assert tiktok.posts() == []


def test_five_drafts_wait_at_most(tiktok: Web, host: Host) -> None:
    answers = [tiktok.post(INBOX, json={"source_info": source()}) for _ in range(6)]
    assert [code_of(a)[1] for a in answers] == ["ok"] * 5 + ["spam_risk_too_many_pending_share"]
    assert code_of(photos(tiktok, [f"{host.url}/photo.jpg"], "MEDIA_UPLOAD"))[0] == 403
    assert code_of(init(tiktok)) == (200, "ok")
    tiktok.clock.tick(hours=24)
    again = tiktok.account("tiktok/demo").post(INBOX, json={"source_info": source()})
    assert again.json()["error"]["code"] == "ok"


def test_drafts_and_posts_have_their_own_scopes(tiktok: Web, host: Host) -> None:
    url = [f"{host.url}/photo.jpg"]
    drafts = tiktok.account("tiktok/demo", scopes=["video.upload"])
    assert code_of(drafts.post(INBOX, json={"source_info": source()})) == (200, "ok")
    assert code_of(photos(drafts, url, "MEDIA_UPLOAD")) == (200, "ok")
    assert code_of(photos(drafts, url)) == (401, "scope_not_authorized")
    assert code_of(init(drafts)) == (401, "scope_not_authorized")
    posts = tiktok.account("tiktok/demo", scopes=["video.publish"])
    assert code_of(photos(posts, url)) == (200, "ok")
    assert code_of(posts.post(INBOX, json={"source_info": source()})) == (401, "scope_not_authorized")
    assert code_of(photos(posts, url, "MEDIA_UPLOAD")) == (401, "scope_not_authorized")


def test_creator_info_lists_the_account_s_choices(tiktok: Web) -> None:
    choices = {"privacyLevels": ["FOLLOWER_OF_CREATOR", "SELF_ONLY"], "switchedOff": ["duet"], "maxVideoS": 3}
    tiktok = tiktok.account("tiktok/demo", **choices)
    data = tiktok.post(CREATOR).json()["data"]
    assert data["privacy_level_options"] == choices["privacyLevels"]
    assert (data["comment_disabled"], data["duet_disabled"], data["stitch_disabled"]) == (False, True, False)
    assert data["max_video_post_duration_sec"] == 3
    assert code_of(init(tiktok)) == (403, "privacy_level_option_mismatch")
    publish_id = posted(tiktok, privacy_level="FOLLOWER_OF_CREATOR")
    tiktok.clock.tick(seconds=1)
    assert status(tiktok, publish_id)["fail_reason"] == "duration_check_failed"


@pytest.mark.parametrize("name", TROUBLES)
def test_every_ordered_refusal_is_answered_at_init(tiktok: Web, host: Host, name: str) -> None:
    known = TROUBLES[name]
    tiktok.account("tiktok/demo", keepTokens=True, trouble=name)
    expected = (known.status, known.code)
    assert code_of(init(tiktok)) == expected
    assert code_of(init(tiktok, file=pull(f"{host.url}/clip.mp4"))) == expected
    assert code_of(photos(tiktok, [f"{host.url}/photo.jpg"])) == expected
    assert code_of(tiktok.post(INBOX, json={"source_info": source()})) == expected
    assert code_of(tiktok.post(CREATOR)) == (200, known.code if known.creator_info else "ok")
    tiktok.account("tiktok/demo", keepTokens=True, trouble="")
    assert code_of(init(tiktok)) == (200, "ok")


@pytest.mark.parametrize("reason", FAILURES)
def test_every_fail_reason_can_be_ordered(tiktok: Web, reason: str) -> None:
    tiktok.state.trouble = {"tiktok": f"fail:{reason}"}
    publish_id = posted(tiktok)
    tiktok.clock.tick(seconds=1)
    answer = status(tiktok, publish_id)
    assert (answer["status"], answer["fail_reason"]) == ("FAILED", reason)
    assert tiktok.posts() == []


def test_limits_may_be_lower(tiktok: Web) -> None:
    tiktok.state.limits = {f"POST {INIT}": 1, "tiktok posts a day": 1}
    posted(tiktok)
    assert code_of(init(tiktok)) == (429, "rate_limit_exceeded")
    tiktok.clock.tick(minutes=1)
    assert code_of(init(tiktok)) == (403, "spam_risk_too_many_posts")


def test_numbers_grow_in_the_list_and_the_query(tiktok: Web) -> None:
    posted(tiktok, title="A" * 200)
    fields = "?fields=id,title,video_description,like_count,comment_count,share_count,view_count,embed_link"
    tiktok.clock.tick(seconds=10)
    (early,) = tiktok.post(f"/v2/video/list/{fields}").json()["data"]["videos"]
    tiktok.clock.tick(hours=1)
    wanted = {"filters": {"video_ids": [early["id"]]}}
    (late,) = tiktok.post(f"/v2/video/query/{fields}", json=wanted).json()["data"]["videos"]
    assert late["view_count"] > early["view_count"]
    assert late["view_count"] > late["like_count"] > 0
    assert late["title"] == late["video_description"] == "A" * 150
    user = tiktok.get("/v2/user/info/?fields=likes_count,follower_count").json()["data"]["user"]
    assert user == {"likes_count": late["like_count"], "follower_count": 1200}


def test_two_concurrent_last_chunks_publish_once(tiktok: Web) -> None:
    begun = init(tiktok).json()["data"]
    size, url = len(DATA), begun["upload_url"]
    headers = {
        "Content-Type": "video/mp4",
        "Content-Range": f"bytes 0-{size - 1}/{size}",
        "Content-Length": str(size),
    }

    async def both() -> list[int]:
        first_is_there = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield DATA[:1000]
            await first_is_there.wait()
            yield DATA[1000:]

        async with httpx.AsyncClient(transport=httpx.ASGITransport(tiktok.app)) as client:
            slow = asyncio.create_task(client.put(url, content=slowly(), headers=headers))
            await asyncio.sleep(0)
            quick = await client.put(url, content=DATA, headers=headers)
            first_is_there.set()
            return [quick.status_code, (await slow).status_code]

    assert asyncio.run(both()) == [201, 416]
    assert len(tiktok.posts()) == 1
    tiktok.clock.tick(minutes=5)
    assert status(tiktok, begun["publish_id"])["status"] == "PUBLISH_COMPLETE"
