"""The two media files of the sandbox, and reading the headers of media."""

from __future__ import annotations

from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.media import MediaFacts, mime_of, read_facts


def test_the_photo_fits_every_platform() -> None:
    assert read_facts(PHOTO.read_bytes()) == MediaFacts("image/jpeg", 720, 900)
    assert PHOTO.stat().st_size < 20_000


def test_the_clip_fits_every_platform() -> None:
    data = CLIP.read_bytes()
    facts = read_facts(data)
    assert facts.mime == "video/mp4"
    assert (facts.width, facts.height) == (540, 960)
    assert facts.duration_s is not None
    assert 3 <= facts.duration_s <= 10
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"elst" not in data
    assert 75_000 <= len(data) < 100_000  # LinkedIn takes no smaller video


def test_media_types_are_recognized_by_magic_bytes() -> None:
    assert mime_of(b"\x89PNG\r\n\x1a\n....") == "image/png"
    assert mime_of(b"GIF89a....") == "image/gif"
    assert mime_of(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert mime_of(b"\x1aE\xdf\xa3....") == "video/webm"
    assert mime_of(b"\0\0\0\x14ftypqt  ....") == "video/quicktime"
    assert mime_of(b"") is None


def test_broken_headers_give_no_facts() -> None:
    for length in range(200):
        read_facts(CLIP.read_bytes()[:length])
        assert read_facts(PHOTO.read_bytes()[:length]).width in (None, 720)
    assert read_facts(b"\0\0\0\x08ftypmp42" + b"\0\0\0\0free").duration_s is None
