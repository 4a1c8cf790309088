"""Uploading to X in tests."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import Web
from ttp.sandbox.files import CLIP, PHOTO

KINDS = {"photo.jpg": ("image/jpeg", "tweet_image", PHOTO), "clip.mp4": ("video/mp4", "tweet_video", CLIP)}


def initialized(x: Web, name: str = "photo.jpg", **changes: Any) -> Any:
    media_type, category, path = KINDS[name]
    body = {"media_type": media_type, "media_category": category, "total_bytes": path.stat().st_size, **changes}
    return x.post("/2/media/upload/initialize", json=body)


def appended(x: Web, media_id: str, index: object, data: bytes) -> Any:
    return x.post(
        f"/2/media/upload/{media_id}/append", files={"media": ("blob", data)}, data={"segment_index": str(index)}
    )


def uploaded(x: Web, name: str = "photo.jpg", finalize: bool = True) -> str:
    """A media id, with all its bytes appended."""
    media_id: str = initialized(x, name).json()["data"]["id"]
    assert appended(x, media_id, 0, KINDS[name][2].read_bytes()).status_code == 200
    if finalize:
        assert x.post(f"/2/media/upload/{media_id}/finalize").status_code == 200
    return media_id
