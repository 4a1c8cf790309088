"""Instagram on Facebook Login: bytes uploaded to the address of a container."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.instagram.test_containers import V, code_of, created, published
from ttp.sandbox.files import CLIP

DATA = CLIP.read_bytes()


@pytest.fixture
def shop(web: Web) -> Web:
    return web.account("instagram/shop", login="facebook")


def begun(shop: Web, **params: Any) -> tuple[str, str]:
    answer = created(shop, **{"media_type": "REELS", "upload_type": "resumable", "caption": "up", **params}).json()
    return answer["id"], answer["uri"]


def sent(shop: Web, uri: str, data: bytes = DATA, start: int = 0, **headers: str) -> Any:
    given = {
        "Authorization": f"OAuth {shop.token}",
        "offset": str(start),
        "file_size": str(len(DATA)),
        **headers,
    }
    return shop.post(uri, signed=False, content=data, headers=given)


def fault_of(answer: Any) -> str:
    assert answer.status_code == 400
    assert set(answer.json()["debug_info"]) == {"retriable", "type", "message"}
    return str(answer.json()["debug_info"]["type"])


def video_status(shop: Web, container: str) -> Any:
    return shop.get(f"{V}/{container}?fields=video_status,status_code").json()


def test_bytes_are_uploaded_processed_and_published(shop: Web) -> None:
    container, uri = begun(shop)
    assert uri == f"http://127.0.0.1:8700/ig-api-upload/v25.0/{container}"
    assert video_status(shop, container)["video_status"]["uploading_phase"]["status"] == "not_started"
    assert code_of(published(shop, container)) == (400, 9007, 2207027)
    answer = sent(shop, uri)
    assert answer.json()["success"] is True
    told = video_status(shop, container)
    assert told["video_status"]["uploading_phase"] == {"status": "complete", "bytes_transferred": len(DATA)}
    assert told["status_code"] == "IN_PROGRESS"
    shop.clock.tick(seconds=1)
    assert video_status(shop, container)["video_status"]["processing_phase"]["status"] == "complete"
    assert published(shop, container).status_code == 200
    assert shop.posts()[0]["media"] == [hashlib.sha256(DATA).hexdigest()]


def test_an_interrupted_upload_continues_where_it_stopped(shop: Web) -> None:
    container, uri = begun(shop)
    part = sent(shop, uri, DATA[:5000])
    assert fault_of(part) == "PartialRequestError"
    assert part.json()["debug_info"]["retriable"] is True
    assert video_status(shop, container)["video_status"]["uploading_phase"]["bytes_transferred"] == 5000
    assert fault_of(sent(shop, uri)) == "OffsetInvalidError"
    assert sent(shop, uri, DATA[5000:], 5000).json()["success"] is True
    shop.clock.tick(seconds=1)
    assert published(shop, container).status_code == 200
    assert shop.posts()[0]["media"] == [hashlib.sha256(DATA).hexdigest()]


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({"offset": "one"}, DATA),
        ({"file_size": ""}, DATA),
        ({"file_size": "0"}, b""),
        ({"file_size": str(301 * 1024 * 1024)}, DATA),
        ({}, DATA + b"more"),
    ],
)
def test_an_invalid_upload_is_refused(shop: Web, headers: dict[str, str], data: bytes) -> None:
    _, uri = begun(shop)
    assert fault_of(sent(shop, uri, data, 0, **headers)) == "ProcessingFailedError"


def test_an_upload_needs_the_owner_and_an_open_container(shop: Web) -> None:
    container, uri = begun(shop)
    assert sent(shop, uri, Authorization=f"Bearer {shop.token}").json()["error"]["code"] == 2500
    assert sent(shop, uri, Authorization="OAuth nothing").json()["error"]["code"] == 190
    other = shop.account("instagram/other", login="facebook")
    assert fault_of(sent(other, uri)) == "NotFoundError"
    assert sent(shop, uri).status_code == 200
    assert fault_of(sent(shop, uri)) == "NotFoundError"
    assert fault_of(sent(shop, uri.replace(container, "17000000000000000"))) == "NotFoundError"


def test_bytes_that_are_not_a_video_end_in_error(shop: Web) -> None:
    container, uri = begun(shop)
    assert sent(shop, uri, b"x" * len(DATA)).status_code == 200
    shop.clock.tick(seconds=1)
    told = video_status(shop, container)
    assert (told["status_code"], told["video_status"]["processing_phase"]["status"]) == ("ERROR", "error")


def test_an_open_upload_expires_with_its_container(shop: Web) -> None:
    container, uri = begun(shop)
    shop.clock.tick(hours=24)
    assert video_status(shop, container)["status_code"] == "EXPIRED"
    assert fault_of(sent(shop, uri)) == "NotFoundError"


@pytest.mark.parametrize(
    "params",
    [
        {"upload_type": "other"},
        {"media_type": "IMAGE"},
        {"media_type": "CAROUSEL"},
        {"video_url": "http://127.0.0.1:1/a.mp4"},
    ],
)
def test_only_videos_without_a_url_are_uploaded(shop: Web, params: dict[str, str]) -> None:
    given = {"media_type": "REELS", "upload_type": "resumable", **params}
    assert code_of(created(shop, **given)) == (400, 100, None)


def test_instagram_login_uploads_nothing(instagram: Web) -> None:
    answer = created(instagram, media_type="REELS", upload_type="resumable")
    assert code_of(answer) == (400, 100, None)
