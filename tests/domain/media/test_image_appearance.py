"""How a JPEG says that it is to be shown: turned, in which colours, alone or not; and the place of a photo."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import media_bytes as made
from tests.rows import each
from ttp.domain.media.probe import Flaw, UnusableMedia
from ttp.domain.media.probe.images import ImageAppearance, has_location, read_appearance


def look(data: bytes) -> ImageAppearance:
    return read_appearance(lambda at, length: data[at : at + length], len(data))


@each("order", ["little", "big"])
@each(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))])
def test_a_turned_jpeg_has_the_size_that_is_seen(order: str, orientation: int, size: tuple[int, int]) -> None:
    seen = look(made.jpeg(40, 30, made.exif(orientation, order)))
    assert (seen.width, seen.height) == size
    assert seen.turned == (orientation != 1)


@each(
    "before",
    [
        b"",
        made.exif(9),
        made.exif(6, kind=4),
        made.segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff"),
        made.segment(0xE1, b"Exif\0\0junk"),
        made.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        made.segment(0xE2, b"something else"),
        made.exif(),
    ],
)
def test_without_an_orientation_that_makes_sense_a_jpeg_stands_as_it_is_stored(before: bytes) -> None:
    assert look(made.jpeg(40, 30, before)) == ImageAppearance(40, 30)


@each("order", ["little", "big"])
@each("orientation", [None, 6])
def test_a_place_in_the_exif_data_is_seen(order: str, orientation: int | None) -> None:
    assert look(made.jpeg(40, 30, made.exif(orientation, order, place=True))).located
    assert not look(made.jpeg(40, 30, made.exif(orientation, order))).located


@each(
    ("name", "is_srgb"),
    [(b"desc\0\0\0\0\0\0\0\x12sRGB IEC61966-2.1", True), ("sRGB".encode("utf-16-be"), True), (b"Display P3", False)],
)
def test_a_colour_profile_is_told_by_its_own_name(name: bytes, is_srgb: bool) -> None:
    assert look(made.jpeg(40, 30, made.profile(name))).srgb is is_srgb


def test_a_profile_without_a_name_or_that_is_cut_off_is_not_taken_for_srgb() -> None:
    assert not look(made.jpeg(40, 30, made.profile(None))).srgb
    assert not look(made.jpeg(40, 30, made.segment(0xE2, b"ICC_PROFILE\0\x01\x01short"))).srgb
    assert not look(made.jpeg(40, 30, made.profile(b"sRGB", offset=60_000))).srgb


def test_printers_colours_and_several_pictures_are_told() -> None:
    assert look(made.jpeg(40, 30, channels=4)).cmyk
    assert not look(made.jpeg(40, 30, channels=3)).cmyk
    assert look(made.jpeg(40, 30, made.segment(0xE2, b"MPF\0rest"))).several


def test_only_the_first_frame_counts() -> None:
    assert look(made.jpeg(40, 30, made.frame(9, 8))) == ImageAppearance(9, 8)


def test_a_jpeg_without_a_frame_is_damaged() -> None:
    with pytest.raises(UnusableMedia) as caught:
        look(b"\xff\xd8" + made.segment(0xE0, b"JFIF\0") + b"\xff\xd9")
    assert caught.value.flaw is Flaw.DAMAGED


WHOLE = made.jpeg(40, 30, made.exif(6) + made.profile(b"sRGB") + made.segment(0xE2, b"MPF\0"), channels=4)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6), st.integers(0, 600))
def test_a_damaged_jpeg_is_read_or_refused_and_nothing_else(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at % len(data)] = value
    try:
        seen = look(bytes(data[:length]))
    except UnusableMedia:
        return
    assert seen.width >= 0
    assert struct.pack(">HH", seen.width, seen.height)


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
