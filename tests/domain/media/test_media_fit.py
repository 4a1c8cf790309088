"""Which images are converted for which platform, and into what."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.media.image_fit import FitProblems, ImageFit, ImageForm, converted_size, crop_box, find_misfit
from ttp.domain.media.item import MediaItem, is_web_address
from ttp.domain.media.probe.images import ImageAppearance

BLUESKY, INSTAGRAM, TIKTOK = (
    cast(ImageForm, PLATFORMS.rules(name).image_form) for name in ("bluesky", "instagram", "tiktok")
)
PHOTO = MediaItem("photo.jpg", "image/jpeg", 100_000, "ab" * 32, 1080, 1350, url="https://a.example/photo.jpg")
SEEN = ImageAppearance(1080, 1350)
ASPECTS = ((4, 5), (191, 100))


def test_a_jpeg_that_fits_is_sent_byte_for_byte() -> None:
    assert find_misfit(PHOTO, SEEN, INSTAGRAM) is None
    assert find_misfit(PHOTO, SEEN, TIKTOK) is None
    assert find_misfit(replace(PHOTO, mime="image/webp"), None, TIKTOK) is None
    assert find_misfit(replace(PHOTO, width=None, height=None), None, INSTAGRAM) is None


@each(
    ("item", "look", "wrong"),
    [
        (replace(PHOTO, mime="image/png"), None, FitProblems(must=("it is PNG",))),
        (replace(PHOTO, bytes=9_000_000), SEEN, FitProblems(must=("its file is too large",))),
        (PHOTO, replace(SEEN, cmyk=True, srgb=False), FitProblems(must=("its colours are CMYK, for printing",))),
        (PHOTO, replace(SEEN, turned=True), FitProblems(may=("it is turned by its EXIF data",))),
        (PHOTO, replace(SEEN, srgb=False), FitProblems(may=("its colours are not sRGB",))),
        (PHOTO, replace(SEEN, several=True), FitProblems(may=("it holds several pictures (MPO)",))),
        (PHOTO, replace(SEEN, width=1441), FitProblems()),
        (PHOTO, replace(SEEN, width=319), FitProblems()),
        (replace(PHOTO, focus="0.5,0.5"), SEEN, None),
        (replace(PHOTO, focus="0.5,0.5"), replace(SEEN, height=2000), FitProblems(must=("it has another shape",))),
    ],
)
def test_what_instagram_refuses_must_be_converted_and_what_it_could_show_otherwise_may_be(
    item: MediaItem, look: ImageAppearance | None, wrong: FitProblems | None
) -> None:
    assert find_misfit(item, look, INSTAGRAM) == wrong


def test_tiktok_must_have_no_more_pixels_than_1080p_in_either_direction() -> None:
    for width, height in ((1921, 1080), (1080, 1921), (1081, 1081)):
        wrong = find_misfit(replace(PHOTO, width=width, height=height), ImageAppearance(width, height), TIKTOK)
        assert wrong == FitProblems(must=("it has too many pixels",))


def test_a_photo_that_says_where_it_was_taken_is_converted_for_a_platform_that_would_publish_that() -> None:
    wrong = find_misfit(PHOTO, replace(SEEN, located=True), BLUESKY)
    assert wrong is not None
    assert len(wrong.must) == 1
    assert find_misfit(PHOTO, replace(SEEN, located=True), BLUESKY._replace(without_location=None)) == FitProblems(
        may=wrong.must
    )
    assert find_misfit(PHOTO, SEEN, BLUESKY) is None
    assert find_misfit(PHOTO, replace(SEEN, located=True), INSTAGRAM) is None


@each(
    ("size", "made"),
    [((4000, 3000), (1440, 1080)), ((100, 100), (320, 320)), ((1080, 1350), (1080, 1350)), ((3820, 2000), (1440, 754))],
)
def test_instagrams_widths_are_320_to_1440(size: tuple[int, int], made: tuple[int, int]) -> None:
    assert converted_size(*size, INSTAGRAM) == made


@each(("size", "made"), [((4000, 3000), (1440, 1080)), ((1000, 9600), (200, 1920)), ((9, 90_000), (1, 1920))])
def test_tiktoks_photos_are_made_to_fit_into_1080p(size: tuple[int, int], made: tuple[int, int]) -> None:
    assert converted_size(*size, TIKTOK) == made


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_scaling_never_takes_a_shape_out_of_instagrams_range(width: int, height: int) -> None:
    def fits(wide: int, high: int) -> bool:
        return wide * 5 >= high * 4 and wide * 100 <= high * 191

    if fits(width, height):
        assert fits(*converted_size(width, height, INSTAGRAM))


@given(st.integers(2, 20_000), st.integers(2, 20_000))
def test_the_crop_is_inside_the_image_and_of_a_shape_that_instagram_takes(width: int, height: int) -> None:
    wide, high, left, top = crop_box(width, height, ASPECTS)
    assert 0 <= left <= width - wide
    assert 0 <= top <= height - high
    assert wide * 5 >= high * 4 or high == 1
    assert wide * 100 <= high * 191 or wide == 1


def test_the_crop_is_in_the_middle() -> None:
    assert crop_box(1000, 3000, ASPECTS) == (1000, 1250, 0, 875)
    assert crop_box(4000, 1000, ASPECTS) == (1910, 1000, 1045, 0)


def test_a_converted_copy_has_its_own_facts_and_no_address() -> None:
    made = MediaItem("x", "image/jpeg", 5, "cd" * 32, 320, 400)
    sent = ImageFit(made=made).sent_item(replace(PHOTO, alt="A cup"))
    assert (sent.name, sent.alt, sent.url) == ("photo.jpg", "A cup", None)
    assert (sent.mime, sent.bytes, sent.sha256, sent.width, sent.height) == ("image/jpeg", 5, "cd" * 32, 320, 400)
    assert ImageFit().sent_item(PHOTO) is PHOTO


def test_a_web_address_is_told_from_a_path() -> None:
    assert is_web_address("https://a.example/b.jpg")
    assert is_web_address("HTTP://a.example")
    assert not is_web_address("https.jpg")
