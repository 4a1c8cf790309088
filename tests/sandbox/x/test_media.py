"""X: uploads in chunks, processing, alt text."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.x.uploads import appended, initialized, uploaded
from ttp.sandbox.files import CLIP, PHOTO


def test_an_upload_session_has_an_id_and_a_key_and_lasts_a_day(x: Web) -> None:
    data = initialized(x).json()["data"]
    assert data == {"id": data["id"], "media_key": f"3_{data['id']}", "expires_after_secs": 86400}


@pytest.mark.parametrize(
    "change",
    [
        {"total_bytes": "12"},
        {"total_bytes": 0},
        {"total_bytes": True},
        {"total_bytes": 6 * 1024 * 1024},
        {"media_category": "photo"},
        {"media_category": "tweet_video"},
        {"media_type": "image/heic"},
        {"command": "INIT"},
    ],
)
def test_an_invalid_upload_session_is_refused(x: Web, change: dict[str, Any]) -> None:
    assert initialized(x, **change).status_code == 400


def test_the_old_form_upload_is_gone(x: Web) -> None:
    assert x.post("/2/media/upload?command=INIT", data={"total_bytes": "1"}).status_code == 400


def test_segments_may_repeat_and_come_in_any_order(x: Web) -> None:
    data = PHOTO.read_bytes()
    media_id = initialized(x).json()["data"]["id"]
    assert appended(x, media_id, 1, data[4000:]).json()["data"]["expires_at"] == int(x.clock().timestamp()) + 86400
    assert appended(x, media_id, 0, b"wrong").status_code == 200
    as_json = {"media": base64.b64encode(data[:4000]).decode(), "segment_index": 0}
    assert x.post(f"/2/media/upload/{media_id}/append", json=as_json).status_code == 200
    answer = x.post(f"/2/media/upload/{media_id}/finalize").json()["data"]
    assert answer["size"] == len(data)
    assert "processing_info" not in answer
    x.post("/2/tweets", json={"media": {"media_ids": [media_id]}})
    assert x.posts()[0]["media"] == [hashlib.sha256(data).hexdigest()]


@pytest.mark.parametrize("index", [-1, 1000, "one", ""])
def test_a_segment_index_out_of_range_is_refused(x: Web, index: object) -> None:
    assert appended(x, initialized(x).json()["data"]["id"], index, b"a").status_code == 400


def test_a_segment_is_a_file_of_at_most_five_megabytes_with_an_index(x: Web) -> None:
    path = f"/2/media/upload/{initialized(x).json()['data']['id']}/append"
    assert x.post(path, files={"media": ("blob", b"a" * (5 * 1024 * 1024 + 1))}, data={"segment_index": "0"}).is_error
    assert x.post(path, files={"media": ("blob", b"a")}).status_code == 400
    assert x.post(path, data={"media": "a", "segment_index": "0"}).status_code == 400
    extra = {"segment_index": "0", "media_id": "1"}
    assert x.post(path, files={"media": ("blob", b"a")}, data=extra).status_code == 400
    assert x.post(path, json={"media": "***", "segment_index": 0}).status_code == 400
    assert x.post(path, json={"media": "YQ==", "segment_index": "0"}).status_code == 400


def test_finalizing_finds_a_missing_segment_or_byte(x: Web) -> None:
    data = PHOTO.read_bytes()
    for pieces in ({0: data[:10], 2: data[10:]}, {0: data[:-1]}, {}):
        media_id = initialized(x).json()["data"]["id"]
        for index, piece in pieces.items():
            appended(x, media_id, index, piece)
        assert x.post(f"/2/media/upload/{media_id}/finalize").status_code == 400


def test_an_image_can_be_uploaded_in_one_request_as_the_official_sdk_does(x: Web) -> None:
    body = {"media": base64.b64encode(PHOTO.read_bytes()).decode(), "media_category": "tweet_image"}
    for media_type in ("image/jpeg", None):
        given = body if media_type is None else {**body, "media_type": media_type}
        assert x.post("/2/media/upload", json=given).json()["data"]["media_key"].startswith("3_")
    assert x.post("/2/media/upload", json={**body, "media_type": "image/heic"}).status_code == 400
    assert x.post("/2/media/upload", json={**body, "type": "image/jpeg"}).status_code == 400


def test_finalizing_refuses_a_body_and_ends_appending(x: Web) -> None:
    media_id = uploaded(x, finalize=False)
    assert x.post(f"/2/media/upload/{media_id}/finalize", json={}).status_code == 400
    assert x.post(f"/2/media/upload/{media_id}/finalize").status_code == 200
    assert x.post(f"/2/media/upload/{media_id}/finalize").status_code == 200
    assert appended(x, media_id, 1, b"a").status_code == 400


def test_a_video_is_pending_then_in_progress_then_succeeded(x: Web) -> None:
    media_id = uploaded(x, "clip.mp4")

    def state() -> Any:
        return x.get(f"/2/media/upload?command=STATUS&media_id={media_id}").json()["data"]["processing_info"]

    assert state() == {"state": "pending", "check_after_secs": 1, "progress_percent": 0}
    x.clock.tick(seconds=0.6)
    assert state()["state"] == "in_progress"
    x.clock.tick(seconds=0.4)
    assert state() == {"state": "succeeded", "progress_percent": 100}


def test_an_invalid_video_fails_in_processing_and_an_invalid_image_at_once(x: Web) -> None:
    video = initialized(x, "clip.mp4", total_bytes=12).json()["data"]["id"]
    appended(x, video, 0, b"no video" + b"data")
    assert x.post(f"/2/media/upload/{video}/finalize").status_code == 200
    x.clock.tick(seconds=1)
    info = x.get(f"/2/media/upload?command=STATUS&media_id={video}").json()["data"]["processing_info"]
    assert (info["state"], info["error"]["name"]) == ("failed", "InvalidMedia")
    assert x.post("/2/tweets", json={"media": {"media_ids": [video]}}).status_code == 400
    image = initialized(x, total_bytes=3).json()["data"]["id"]
    appended(x, image, 0, b"png")
    assert x.post(f"/2/media/upload/{image}/finalize").status_code == 400


def test_a_video_without_its_index_fails_in_processing(x: Web) -> None:
    data = CLIP.read_bytes()[:32]
    video = initialized(x, "clip.mp4", total_bytes=len(data)).json()["data"]["id"]
    appended(x, video, 0, data)
    x.post(f"/2/media/upload/{video}/finalize")
    x.clock.tick(seconds=1)
    answer = x.get(f"/2/media/upload?command=STATUS&media_id={video}").json()
    assert answer["data"]["processing_info"]["state"] == "failed"


def test_status_has_two_parameters_and_only_shows_own_media(x: Web) -> None:
    media_id = uploaded(x, "clip.mp4")
    path = "/2/media/upload?command=STATUS&media_id="
    assert x.get("/2/media/upload?media_id=" + media_id).status_code == 200
    assert x.get("/2/media/upload?command=STATUS").status_code == 400
    assert x.get(path.replace("STATUS", "INIT") + media_id).status_code == 400
    assert x.get(path + media_id + "&extra=1").status_code == 400
    assert x.get(path + f"7_{media_id}").status_code == 400
    assert x.get(path + "12").status_code == 404
    assert x.account("x/other").get(path + media_id).status_code == 404


def test_alt_text_is_kept_and_shown_with_the_post(x: Web) -> None:
    media_id = uploaded(x)
    body = {"id": media_id, "metadata": {"alt_text": {"text": "A grey gradient"}}}
    assert x.post("/2/media/metadata", json=body).json()["data"]["associated_metadata"] == body["metadata"]
    made = x.post("/2/tweets", json={"media": {"media_ids": [media_id]}}).json()["data"]["id"]
    query = f"ids={made}&expansions=attachments.media_keys&media.fields=alt_text"
    assert x.get(f"/2/tweets?{query}").json()["includes"]["media"] == [
        {"media_key": f"3_{media_id}", "type": "photo", "alt_text": "A grey gradient"}
    ]


@pytest.mark.parametrize(
    "metadata", [{}, {"alt_text": "a"}, {"alt_text": {"text": ""}}, {"alt_text": {"text": "a" * 1001}}, {"alt": {}}]
)
def test_invalid_metadata_is_refused(x: Web, metadata: object) -> None:
    assert x.post("/2/media/metadata", json={"id": uploaded(x), "metadata": metadata}).status_code == 400
