"""Images made into the JPEG that a platform takes: what they look like then, and what is not let near a decoder."""

from __future__ import annotations

import builtins
import hashlib
import random
import struct
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests import media_bytes as made
from tests.examples import examples
from tests.pictures import BLUE, GREEN, RED, halves, noise, opened, picture, saved, swapped_profile, turned
from tests.platforms.factories import PLATFORMS
from ttp.domain.media.item import MediaItem
from ttp.domain.media.probe import UnusableMedia, read_facts
from ttp.platforms.image_conversion import CannotConvert, PillowMissing, convert_to_jpeg

INSTAGRAM, TIKTOK = "instagram", "tiktok"
WHITE = (255, 255, 255)
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

FORMS = {name: form for name in PLATFORMS.names() if (form := PLATFORMS.rules(name).image_form)}


def make(folder: Path, data: bytes, platform: str = INSTAGRAM) -> bytes:
    path = folder / "image"
    path.write_bytes(data)
    facts = read_facts(lambda at, length: data[at : at + length], len(data))
    item = MediaItem("image", facts.mime, len(data), hashlib.sha256(data).hexdigest(), facts.width, facts.height)
    return convert_to_jpeg(path, item, FORMS[platform])


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(CannotConvert) as caught:
        make(folder, data)
    return str(caught.value)


def is_near(pixel: Any, color: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(pixel, color, strict=True))


@pytest.mark.parametrize(
    ("draw", "color"),
    [
        (partial(picture, "PNG"), RED),
        (partial(picture, "WEBP", lossless=True), RED),
        (partial(picture, "GIF", mode="P", color=0), (0, 0, 0)),
        (partial(picture, "PNG", mode="RGBA", color=(*RED, 0)), WHITE),
        (partial(picture, "PNG", mode="RGBA", color=(*RED, 128)), (255, 127, 127)),
        (partial(picture, "PNG", mode="LA", color=(0, 0)), WHITE),
        (partial(picture, "PNG", mode="1", color=1), WHITE),
        (partial(picture, "PNG", mode="I;16", color=65_535), WHITE),
        (partial(picture, "PNG", mode="P", color=0, transparency=0), WHITE),
        (partial(picture, "JPEG", mode="CMYK", color=(0, 255, 255, 0)), RED),
        (partial(picture, "JPEG", mode="L", color=255), WHITE),
        (partial(picture, "PNG", icc_profile=swapped_profile()), GREEN),
        (partial(picture, "PNG", mode="RGBA", color=(*RED, 255), icc_profile=swapped_profile()), GREEN),
        (partial(picture, "JPEG", icc_profile=b"no profile"), RED),
        (partial(picture, "JPEG", icc_profile=LAB), RED),
    ],
)  # fmt: skip
def test_any_still_image_becomes_a_jpeg_in_rgb_that_looks_the_same(
    tmp_path: Path, draw: Callable[[], bytes], color: tuple[int, int, int]
) -> None:
    image = opened(make(tmp_path, draw()))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (800, 800))
    assert is_near(image.getpixel((400, 400)), color)
    assert "icc_profile" not in image.info


@pytest.mark.parametrize(("kind", "left"), [("JPEG", RED), ("PNG", RED), ("WEBP", RED)])
def test_a_converted_image_is_upright_and_has_no_metadata(tmp_path: Path, kind: str, left: Any) -> None:
    # Orientation 3: upside down, so that left and right are exchanged.
    image = opened(make(tmp_path, saved(halves((800, 600), left, BLUE), kind, exif=turned(3))))
    assert is_near(image.getpixel((100, 300)), BLUE)
    assert is_near(image.getpixel((700, 300)), left)
    assert not image.getexif()
    on_its_side = opened(make(tmp_path, saved(halves((800, 600), left, BLUE), kind, exif=turned(6))))
    assert on_its_side.size == (600, 800)


@pytest.mark.parametrize(
    ("size", "platform", "becomes"),
    [
        ((1600, 1200), INSTAGRAM, (1440, 1080)),
        ((100, 125), INSTAGRAM, (320, 400)),
        ((2000, 1500), TIKTOK, (1440, 1080)),
        ((100, 100), TIKTOK, (100, 100)),
    ],
)
def test_it_has_the_pixels_that_the_platform_takes(
    tmp_path: Path, size: tuple[int, int], platform: str, becomes: tuple[int, int]
) -> None:
    for kind in ("JPEG", "PNG"):
        assert opened(make(tmp_path, picture(kind, size), platform)).size == becomes


def test_the_same_image_gives_the_same_bytes(tmp_path: Path) -> None:
    data = noise("PNG", (900, 900))
    assert make(tmp_path, data) == make(tmp_path, data)


def test_a_too_large_image_is_saved_in_lower_quality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = noise("PNG", (400, 400))
    best = len(make(tmp_path, data))
    form = FORMS[INSTAGRAM]
    smaller = type(form)(form.name, form.mimes, best * 2 // 3, form.widths)
    monkeypatch.setattr("tests.platforms.test_image_conversion.FORMS", {INSTAGRAM: smaller})
    assert len(make(tmp_path, data)) <= best * 2 // 3
    fewer = type(form)(form.name, form.mimes, 100)
    monkeypatch.setattr("tests.platforms.test_image_conversion.FORMS", {INSTAGRAM: fewer})
    assert refused(tmp_path, data) == "it is too large at every quality"


def test_an_image_with_more_bytes_than_pixels_is_converted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = saved(Image.frombytes("RGB", (700, 700), random.Random(1).randbytes(3 * 700**2)), "PNG")
    for platform in FORMS:
        assert opened(make(tmp_path, data, platform)).format == "JPEG"
    assert capfd.readouterr().err == ""


def test_an_image_that_no_quality_makes_small_enough_is_made_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(Image.effect_noise((1600, 1200), 90).convert("RGB"), "JPEG", quality=95)
    form = FORMS["bluesky"]
    tight = type(form)(form.name, form.mimes, 400_000, box=form.box)
    monkeypatch.setattr("tests.platforms.test_image_conversion.FORMS", {INSTAGRAM: tight})
    smaller = opened(make(tmp_path, data))
    assert smaller.size in ((1200, 900), (900, 675))


def test_a_converted_photo_has_no_location(tmp_path: Path) -> None:
    place = Image.Exif()
    place[0x8825] = {1: "N", 2: (48.0, 12.0, 1.0)}
    data = saved(Image.new("RGB", (60, 40), RED), "JPEG", exif=place)
    assert opened(data).getexif().get_ifd(0x8825)
    assert not opened(make(tmp_path, data, "bluesky")).getexif().get_ifd(0x8825)


def test_an_animation_is_refused_with_the_way_out(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (400, 400), color) for color in (RED, GREEN)]
    for kind in ("GIF", "PNG", "WEBP"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert refused(tmp_path, data) == "it is animated (save it as MP4 instead)"


def test_pixels_are_counted_before_they_are_decoded(tmp_path: Path) -> None:
    bomb = made.png(7_100, 7_100, made.chunk(b"IDAT", zlib.compress(bytes(1_000_000))))
    begun = time.thread_time()
    assert refused(tmp_path, bomb) == "it is 7100x7100 pixels, and ttp reads 50 million"
    assert time.thread_time() - begun < 10


def test_a_large_jpeg_is_decoded_at_a_smaller_scale_and_a_progressive_one_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progressive = picture("JPEG", (720, 720), progressive=True)  # refused for what its header says
    large = progressive.replace(struct.pack(">HH", 720, 720), struct.pack(">HH", 7_200, 7_200))
    assert "7200x7200 pixels" in refused(tmp_path, large)
    monkeypatch.setattr("ttp.platforms.image_conversion.MOST_PIXELS", 10_000_000)
    assert opened(make(tmp_path, picture("JPEG", (5_760, 5_760)))).size == (1440, 1440)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_an_image_that_is_cut_off_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    data = bytearray(noise(kind, (500, 500)))
    end = 12 if kind == "PNG" else 2
    data[2_000 : len(data) - end] = bytes(len(data) - end - 2_000)
    why = refused(tmp_path, bytes(data))
    assert kind in why


def test_only_the_decoder_of_its_own_kind_is_let_near_an_image(tmp_path: Path) -> None:
    disguised = tmp_path / "a.jpg"
    disguised.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    item = MediaItem("a.jpg", "image/jpeg", 24, "ab" * 32, 800, 800)
    with pytest.raises(CannotConvert, match="JPEG"):
        convert_to_jpeg(disguised, item, FORMS[INSTAGRAM])


def test_without_pillow_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "PIL":
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PillowMissing):
        make(tmp_path, made.png())


@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), min_size=1, max_size=8),
)
@examples(60)
def test_damaged_images_are_converted_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(noise(kind, (64, 64)))
    for at, value in changes:
        data[at % len(data)] = value
    with suppress(UnusableMedia, CannotConvert):
        assert make(tmp_path_factory.getbasetemp(), bytes(data)).startswith(b"\xff\xd8")


def test_a_heic_photo_is_upright_in_srgb_and_without_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    photo = saved(halves((640, 400), RED, BLUE), "HEIF", exif=turned(6).tobytes(), icc_profile=swapped_profile())
    for platform in FORMS:
        image = opened(make(tmp_path, photo, platform))
        assert image.height > image.width
        assert not image.getexif()
        assert is_near(image.convert("RGB").getpixel((image.width // 2, 10)), GREEN)
    assert "HEIC" in refused(tmp_path, photo[: -len(photo) // 4])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PillowMissing):
        make(tmp_path, photo)
