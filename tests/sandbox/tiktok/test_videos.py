"""TikTok: direct posts by upload, status, lists, tokens."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from ttp.sandbox.files import CLIP

DATA = CLIP.read_bytes()
MB = 1_000_000
INIT = "/v2/post/publish/video/init/"
LEAST = 5_242_880


def source(size: int = len(DATA), chunk: int | None = None, count: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": size if chunk is None else chunk,
        "total_chunk_count": count,
        **changes,
    }


def init(web: Web, info: dict[str, Any] | None = None, file: dict[str, Any] | None = None) -> Any:
    body = {
        "post_info": {"privacy_level": "PUBLIC_TO_EVERYONE", "title": "Hello", **(info or {})},
        "source_info": source() if file is None else file,
    }
    return web.post(INIT, json=body)


def put(web: Web, url: str, data: bytes, first: int, size: int, **headers: str) -> Any:
    span = f"bytes {first}-{first + len(data) - 1}/{size}"
    given = {"Content-Type": "video/mp4", "Content-Range": span, **headers}
    return web.call("PUT", url, signed=False, content=data, headers=given)


def status(web: Web, publish_id: str) -> Any:
    return web.post("/v2/post/publish/status/fetch/", json={"publish_id": publish_id}).json()["data"]


def posted(web: Web, **info: Any) -> str:
    """A publish_id whose bytes have all arrived."""
    data = init(web, info).json()["data"]
    assert put(web, data["upload_url"], DATA, 0, len(DATA)).status_code == 201
    return str(data["publish_id"])


def code_of(answer: Any) -> tuple[int, str]:
    assert answer.json()["error"]["log_id"].startswith("20261124")
    return answer.status_code, answer.json()["error"]["code"]


def test_creator_info_names_the_privacy_levels(tiktok: Web) -> None:
    answer = tiktok.post("/v2/post/publish/creator_info/query/")
    assert code_of(answer) == (200, "ok")
    data = answer.json()["data"]
    assert data["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert data["max_video_post_duration_sec"] == 600


def test_the_last_byte_publishes_and_the_post_id_follows(tiktok: Web) -> None:
    data = init(tiktok).json()["data"]
    publish_id, url = data["publish_id"], data["upload_url"]
    assert publish_id.startswith("v_pub_file~v2-1.")
    assert len(publish_id) <= 64
    assert len(url) <= 256
    assert status(tiktok, publish_id) == {
        "status": "PROCESSING_UPLOAD",
        "uploaded_bytes": 0,
        "publicaly_available_post_id": [],
    }
    assert tiktok.posts() == []
    last = put(tiktok, url, DATA, 0, len(DATA))
    assert (last.status_code, last.headers["content-range"]) == (201, f"bytes 0-{len(DATA) - 1}/{len(DATA)}")
    (post,) = tiktok.posts()
    assert (post["text"], post["media"]) == ("Hello", [hashlib.sha256(DATA).hexdigest()])
    assert status(tiktok, publish_id)["status"] == "PROCESSING_UPLOAD"
    assert status(tiktok, publish_id)["uploaded_bytes"] == len(DATA)
    tiktok.clock.tick(seconds=1)
    assert status(tiktok, publish_id)["status"] == "PUBLISH_COMPLETE"
    assert status(tiktok, publish_id)["publicaly_available_post_id"] == []
    tiktok.clock.tick(seconds=1)
    (number,) = status(tiktok, publish_id)["publicaly_available_post_id"]
    assert type(number) is int
    assert 2**53 < number < 2**63
    assert str(number) == post["id"]


def test_a_private_post_never_gets_a_public_id(tiktok: Web) -> None:
    publish_id = posted(tiktok, privacy_level="SELF_ONLY")
    tiktok.clock.tick(hours=1)
    assert status(tiktok, publish_id)["status"] == "PUBLISH_COMPLETE"
    assert status(tiktok, publish_id)["publicaly_available_post_id"] == []


@pytest.mark.parametrize(
    ("size", "chunk", "count", "fine"),
    [
        (4 * MB, 4 * MB, 1, True),
        (4 * MB, 2 * MB, 2, False),
        (4 * MB, LEAST, 1, False),
        (20 * MB, 20 * MB, 1, True),
        (64 * MB, 64 * MB, 1, True),
        (65 * MB, 65 * MB, 1, False),
        (65 * MB, 60 * MB, 1, False),
        (100 * MB, 10 * MB, 10, True),
        (101 * MB, 10 * MB, 10, True),
        (101 * MB, 10 * MB, 11, False),
        (109 * MB, 10 * MB, 9, False),
        (100 * MB, 64 * MB + 1, 1, False),
        (100 * MB, 4 * MB, 25, False),
        (8 * MB, LEAST, 1, True),
        (4001 * MB, 64 * MB, 62, False),
        (0, 0, 0, False),
    ],
)
def test_chunks_are_counted_by_rounding_down(tiktok: Web, size: int, chunk: int, count: int, fine: bool) -> None:
    expected = (200, "ok") if fine else (400, "invalid_params")
    assert code_of(init(tiktok, file=source(size, chunk, count))) == expected


@pytest.mark.parametrize(
    ("info", "file"),
    [
        ({"privacy_level": None}, None),
        ({"privacy_level": "EVERYONE"}, None),
        ({"title": "a" * 2201}, None),
        ({"title": "👍" * 1101}, None),
        ({"description": "a"}, None),
        ({"disable_duet": "false"}, None),
        ({"video_cover_timestamp_ms": 1.5}, None),
        ({}, source(video_size="10")),
        ({}, source(total_chunk_count=True)),
        ({}, source(name="clip.mp4")),
        ({}, {"source": "FILE_UPLOAD"}),
        ({}, {**source(), "source": "FILE"}),
    ],
)
def test_an_invalid_body_is_refused(tiktok: Web, info: dict[str, Any], file: dict[str, Any] | None) -> None:
    assert code_of(init(tiktok, info, file)) == (400, "invalid_params")


def test_a_privacy_level_is_required_and_must_be_offered(tiktok: Web) -> None:
    body = {"post_info": {"title": "a"}, "source_info": source()}
    assert code_of(tiktok.post(INIT, json=body)) == (400, "invalid_params")
    answer = init(tiktok, {"privacy_level": "FOLLOWER_OF_CREATOR"})
    assert code_of(answer) == (403, "privacy_level_option_mismatch")


@pytest.mark.parametrize("level", ["PUBLIC_TO_EVERYONE", "SELF_ONLY"])
def test_an_unaudited_client_cannot_post_to_a_public_account(tiktok: Web, level: str) -> None:
    account = tiktok.account("tiktok/demo", unaudited=True)
    refused = (403, "unaudited_client_can_only_post_to_private_accounts")
    assert code_of(init(account, {"privacy_level": level})) == refused


def test_an_unaudited_client_posts_to_a_private_account_with_self_only(tiktok: Web) -> None:
    account = tiktok.account("tiktok/demo", unaudited=True, privacyLevels=["FOLLOWER_OF_CREATOR", "SELF_ONLY"])
    refused = (403, "unaudited_client_can_only_post_to_private_accounts")
    assert code_of(init(account, {"privacy_level": "FOLLOWER_OF_CREATOR"})) == refused
    assert code_of(init(account, {"privacy_level": "SELF_ONLY"})) == (200, "ok")


def test_a_url_of_an_unverified_domain_is_refused(tiktok: Web) -> None:
    file = {"source": "PULL_FROM_URL", "video_url": "https://example.com/a.mp4"}
    assert code_of(init(tiktok, file=file)) == (403, "url_ownership_unverified")


def test_chunks_come_in_order_and_a_wrong_range_gets_the_right_one(tiktok: Web) -> None:
    size = 2 * LEAST + 10
    whole = DATA + b"\0" * (size - len(DATA))
    data = init(tiktok, file=source(size, LEAST, 2)).json()["data"]
    url, publish_id = data["upload_url"], data["publish_id"]
    early = put(tiktok, url, whole[LEAST:], LEAST, size)
    assert (early.status_code, early.headers["content-range"]) == (416, f"bytes */{size}")
    assert put(tiktok, url, whole[: LEAST - 1], 0, size).status_code == 400
    first = put(tiktok, url, whole[:LEAST], 0, size)
    assert (first.status_code, first.headers["content-range"]) == (206, f"bytes 0-{LEAST - 1}/{size}")
    assert status(tiktok, publish_id)["uploaded_bytes"] == LEAST
    again = put(tiktok, url, whole[:LEAST], 0, size)
    assert (again.status_code, again.headers["content-range"]) == (416, f"bytes 0-{LEAST - 1}/{size}")
    assert put(tiktok, url, whole[LEAST:-10], LEAST, size).status_code == 400
    assert tiktok.posts() == []
    assert put(tiktok, url, whole[LEAST:], LEAST, size).status_code == 201
    assert put(tiktok, url, whole[LEAST:], LEAST, size).status_code == 416
    assert [p["media"] for p in tiktok.posts()] == [[hashlib.sha256(whole).hexdigest()]]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": ""},
        {"Content-Range": ""},
        {"Content-Range": f"bytes 0-{len(DATA) - 1}/*"},
        {"Content-Range": f"0-{len(DATA) - 1}/{len(DATA)}"},
        {"Content-Range": f"bytes 0-{len(DATA)}/{len(DATA)}"},
        {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA) + 1}"},
        {"Authorization": "Bearer act.x"},
    ],
)
def test_a_chunk_with_bad_headers_is_400_and_publishes_nothing(tiktok: Web, headers: dict[str, str]) -> None:
    url = init(tiktok).json()["data"]["upload_url"]
    assert put(tiktok, url, DATA, 0, len(DATA), **headers).status_code == 400
    assert tiktok.posts() == []


def test_an_upload_url_works_for_an_hour(tiktok: Web) -> None:
    url = init(tiktok).json()["data"]["upload_url"]
    assert put(tiktok, url + "x", DATA, 0, len(DATA)).status_code == 404
    assert put(tiktok, "/video/?upload_id=1&upload_token=2", DATA, 0, len(DATA)).status_code == 404
    tiktok.clock.tick(hours=1)
    assert put(tiktok, url, DATA, 0, len(DATA)).status_code == 403
    assert tiktok.posts() == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no video at all", "file_format_check_failed"),
        (DATA[:40], "file_format_check_failed"),
        (DATA.replace((540 << 16).to_bytes(4), (359 << 16).to_bytes(4), 1), "picture_size_check_failed"),
        (
            DATA.replace(b"mvhd" + bytes(12) + bytes([0, 0, 3, 232]), b"mvhd" + bytes(15) + b"\1"),
            "duration_check_failed",
        ),
    ],
)
def test_an_invalid_video_fails_after_the_upload(tiktok: Web, data: bytes, reason: str) -> None:
    made = init(tiktok, file=source(len(data))).json()["data"]
    assert put(tiktok, made["upload_url"], data, 0, len(data)).status_code == 201
    tiktok.clock.tick(seconds=1)
    answer = status(tiktok, made["publish_id"])
    assert (answer["status"], answer["fail_reason"]) == ("FAILED", reason)
    assert tiktok.posts() == []


def test_a_publish_id_must_exist_and_belong_to_the_account(tiktok: Web) -> None:
    path = "/v2/post/publish/status/fetch/"
    publish_id = posted(tiktok)
    assert code_of(tiktok.post(path, json={"publish_id": "v_pub_file~v2-1.1"})) == (400, "invalid_publish_id")
    assert code_of(tiktok.post(path, json={"publish_id": 1})) == (400, "invalid_params")
    other = tiktok.account("tiktok/other").post(path, json={"publish_id": publish_id})
    assert code_of(other) == (403, "token_not_authorized_for_specified_publish_id")


def test_every_path_ends_with_a_slash(tiktok: Web) -> None:
    for path in (INIT, "/v2/post/publish/creator_info/query/", "/v2/oauth/token/", "/v2/video/list/"):
        assert tiktok.post(path.rstrip("/")).status_code == 404
    assert tiktok.get("/v2/user/info?fields=open_id").status_code == 404


def test_limits_per_minute_and_per_day(tiktok: Web) -> None:
    assert [code_of(init(tiktok))[1] for _ in range(7)] == ["ok"] * 6 + ["rate_limit_exceeded"]
    for _ in range(15):
        tiktok.clock.tick(minutes=1)
        posted(tiktok)
    tiktok.clock.tick(minutes=1)
    assert code_of(init(tiktok)) == (403, "spam_risk_too_many_posts")
    answer = tiktok.post("/v2/post/publish/creator_info/query/")
    assert code_of(answer) == (200, "spam_risk_too_many_posts")


def test_dead_tokens_and_missing_scopes_are_401(tiktok: Web) -> None:
    assert code_of(tiktok.post(INIT, signed=False, json={})) == (401, "access_token_invalid")
    limited = tiktok.account("tiktok/demo", scopes=["user.info.basic"])
    assert code_of(tiktok.post(INIT, json={})) == (401, "access_token_invalid")
    assert code_of(init(limited)) == (401, "scope_not_authorized")
    info = "/v2/user/info/?fields="
    assert limited.get(info + "open_id").json()["data"]["user"] == {"open_id": limited.user_id}
    assert code_of(limited.get(info + "open_id,username")) == (401, "scope_not_authorized")
    limited.clock.tick(hours=2)
    assert code_of(limited.get(info + "open_id")) == (401, "access_token_invalid")


def test_the_list_shows_public_videos_page_by_page(tiktok: Web) -> None:
    for number in range(3):
        posted(tiktok, title=str(number) * 200)
        tiktok.clock.tick(seconds=10)
    posted(tiktok, privacy_level="SELF_ONLY")
    tiktok.clock.tick(seconds=10)
    path = "/v2/video/list/?fields=id,create_time,title,duration,share_url"
    first = tiktok.post(path, json={"max_count": 2}).json()["data"]
    assert [v["title"] for v in first["videos"]] == ["2" * 150, "1" * 150]
    assert first["has_more"] is True
    assert first["cursor"] == 1000 * first["videos"][-1]["create_time"]
    assert first["videos"][0]["duration"] == 4
    second = tiktok.post(path, json={"cursor": first["cursor"]}).json()["data"]
    assert ([v["title"][0] for v in second["videos"]], second["has_more"]) == (["0"], False)
    wanted = {"filters": {"video_ids": [first["videos"][0]["id"], "7000000000000000000"]}}
    found = tiktok.post("/v2/video/query/?fields=id", json=wanted).json()["data"]["videos"]
    assert found == [{"id": first["videos"][0]["id"]}]
    assert tiktok.get("/v2/user/info/?fields=video_count").json()["data"]["user"] == {"video_count": 3}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/video/list/", {}),
        ("/v2/video/list/?fields=id,nothing", {}),
        ("/v2/video/list/?fields=id", {"max_count": 21}),
        ("/v2/video/list/?fields=id", {"cursor": "1"}),
        ("/v2/video/query/?fields=id", {"filters": {"video_ids": [7]}}),
        ("/v2/video/query/?fields=id", {"video_ids": ["7"]}),
        ("/v2/video/query/?fields=id", {"filters": {"video_ids": ["7"] * 21}}),
    ],
)
def test_an_invalid_list_request_is_refused(tiktok: Web, path: str, body: dict[str, Any]) -> None:
    assert code_of(tiktok.post(path, json=body)) == (400, "invalid_params")


def test_a_refresh_is_a_form_and_rotates_both_tokens(tiktok: Web) -> None:
    form = {
        "client_key": tiktok.credentials["clientId"],
        "client_secret": tiktok.credentials["clientSecret"],
        "grant_type": "refresh_token",
        "refresh_token": tiktok.credentials["refreshToken"],
    }

    def refreshed(**request: Any) -> Any:
        return tiktok.post("/v2/oauth/token/", signed=False, **request).json()

    assert refreshed(json=form)["error"] == "invalid_request"
    assert refreshed(data={**form, "client_secret": "x"})["error"] == "invalid_client"
    assert refreshed(data={**form, "grant_type": "client_credentials"})["error"] == "invalid_request"
    new = refreshed(data=form)
    assert (new["expires_in"], new["refresh_expires_in"], new["open_id"]) == (7200, 15552000, tiktok.user_id)
    assert refreshed(data=form)["error"] == "invalid_grant"
    assert code_of(init(tiktok)) == (401, "access_token_invalid")
    tiktok.clock.tick(days=180)
    assert refreshed(data={**form, "refresh_token": new["refresh_token"]})["error"] == "invalid_grant"
