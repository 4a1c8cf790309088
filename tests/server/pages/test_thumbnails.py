"""Small pictures of stored files: made once, never by what is not a picture, and shown to people only."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.media_bytes import chunk, movie, png
from tests.pictures import picture, saved, turned
from tests.server.pages.conftest import Person
from ttp.platforms import image_conversion
from ttp.services.attachments import thumbnails

WEBP, TILE = "image/webp", "image/svg+xml"


def uploaded(person: Person, name: str, data: bytes) -> str:
    """Upload a file with the form of a post; its digest."""
    part = person("POST", "/compose/media", headers={"X-CSRF-Token": person.csrf}, files={"files": (name, data)})
    assert part.status_code == 200, part.text
    return part.text.partition('name="media" value="')[2].partition("/")[0]


def address(sha256: str) -> str:
    return f"/media/{sha256}/thumbnail"


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [
        ("a.jpg", picture("JPEG", (4000, 3000)), (426, 320)),
        ("tall.png", picture("PNG", (100, 9000)), (7, 640)),
        ("small.png", picture("PNG", (20, 10)), (20, 10)),
        ("turned.png", saved(Image.new("RGB", (4000, 2000)), "PNG", exif=turned(6)), (320, 640)),
        ("turned.jpg", saved(Image.new("RGB", (800, 400)), "JPEG", exif=turned(6)), (320, 640)),
        (
            "moves.gif",
            saved(Image.new("P", (640, 640)), "GIF", save_all=True, append_images=[Image.new("P", (640, 640), 1)]),
            (320, 320),
        ),
    ],
    ids=["large", "tall", "small", "large and turned", "turned", "moving"],
)
def test_a_picture_has_a_small_one_which_is_made_once(
    ann: Person, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, size: tuple[int, int]
) -> None:
    sha256 = uploaded(ann, name, data)
    answer = ann.get(address(sha256))
    assert (answer.headers["content-type"], Image.open(io.BytesIO(answer.content)).size) == (WEBP, size)
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    monkeypatch.setattr(thumbnails, "make_thumbnail", None)
    assert ann.get(address(sha256)).content == answer.content


def test_what_cannot_be_read_is_tried_once_and_shown_as_a_tile(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = uploaded(ann, "a.png", png(800, 600, chunk(b"IDAT", bytes(300_000))))
    vast = uploaded(ann, "b.png", png(9_000, 9_000, chunk(b"IDAT", bytes(300_001))))
    video = uploaded(ann, "c.mp4", movie())
    for sha256 in (damaged, vast, video):
        assert ann.get(address(sha256)).headers["content-type"] == TILE
    monkeypatch.setattr(thumbnails, "make_thumbnail", None)
    assert ann.get(address(damaged)).headers["content-type"] == TILE


@pytest.mark.parametrize(("data", "kind"), [(png(), "image/png"), (png(8, 6, chunk(b"IDAT", bytes(300_000))), TILE)])
def test_without_pillow_a_small_file_stands_for_itself(
    ann: Person, monkeypatch: pytest.MonkeyPatch, data: bytes, kind: str
) -> None:
    def missing(*_: object) -> bytes:
        raise image_conversion.PillowMissing

    monkeypatch.setattr(thumbnails, "make_thumbnail", missing)
    sha256 = uploaded(ann, "a.png", data)
    answer = ann.get(address(sha256))
    assert answer.headers["content-type"] == kind
    assert "immutable" not in answer.headers["cache-control"]
    monkeypatch.undo()
    assert not ann.ttp.home.joinpath("media", f"{sha256}.{thumbnails.FORM}").exists()


def test_one_is_made_at_a_time_and_none_waits_long(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = uploaded(ann, "a.png", picture("PNG"))
    monkeypatch.setattr(thumbnails, "_WAIT_S", 0.01)
    with thumbnails._making:
        assert ann.get(address(sha256)).headers["content-type"] == "image/png"
    assert ann.get(address(sha256)).headers["content-type"] == WEBP


def test_a_post_whose_copy_is_gone_has_a_tile(ann: Person, stranger: Person, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    ann.ttp.post("Hello", "--to", "x/me", "--media", str(file))
    sha256 = ann.ttp.shown()["media"][0]["sha256"]
    assert stranger.get(address(sha256)).status_code == 303
    ann.ttp.home.joinpath("media", sha256).unlink()
    assert ann.get(address(sha256)).headers["content-type"] == TILE
    for other in ("0" * 64, "ttp.db"):
        assert ann.get(address(other)).status_code == 404
