"""The place of a photo in the EXIF data of a PNG or WebP."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import media_bytes as made
from ttp.domain.media.probe.images import has_location

TIFF = slice(10, None)
"""EXIF data without the JPEG segment around it, and without `Exif`."""


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def located(data: bytes, mime: str) -> bool:
    return has_location(lambda at, length: data[at : at + length], len(data), mime)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("place", [True, False])
def test_a_place_is_seen_in_a_png(order: str, *, place: bool) -> None:
    exif = made.exif(6, order, place=place)[TIFF]
    assert located(made.png(40, 30, made.chunk(b"eXIf", exif)), "image/png") is place
    assert located(made.png(40, 30, made.chunk(b"IDAT", b"x" * 99), made.chunk(b"eXIf", exif)), "image/png") is place


@pytest.mark.parametrize("before", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("place", [True, False])
def test_a_place_is_seen_in_a_webp(before: bytes, *, place: bool) -> None:
    exif = before + made.exif(6, place=place)[TIFF]
    assert located(webp((b"VP8X", bytes(10)), (b"VP8 ", b"odd"), (b"EXIF", exif)), "image/webp") is place


def test_an_image_without_exif_data_says_no_place() -> None:
    assert not located(made.png(), "image/png")
    assert not located(webp((b"VP8 ", b"pixels")), "image/webp")


def test_an_image_of_too_many_parts_is_not_read_to_its_end() -> None:
    exif = made.chunk(b"eXIf", made.exif(place=True)[TIFF])
    assert not located(made.png(40, 30, *[made.chunk(b"tEXt")] * 5001, exif), "image/png")


@given(st.binary(max_size=200), st.sampled_from(["image/png", "image/webp"]))
def test_anything_is_read_without_an_error(data: bytes, mime: str) -> None:
    assert located(data, mime) in (True, False)
