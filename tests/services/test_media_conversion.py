"""How the platforms get the images of a post: made once, found again, and never made from what is not there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest

from tests import media_bytes as made
from tests.pictures import noise, picture, saved, turned
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from ttp.domain.media.image_fit import EXTRA, ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.platforms.image_conversion import CannotConvert, PillowMissing
from ttp.sandbox.files import CLIP, PHOTO
from ttp.services.attachments.media import MediaConversion
from ttp.store.home.media import MediaStore

FORMS = {name: PLATFORMS.rules(name).image_form_for({}, {}) for name in PLATFORMS.names()}
INSTAGRAM, TIKTOK, X = (cast(ImageForm, FORMS[name]) for name in ("instagram", "tiktok", "x"))


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "home" / "media")


@pytest.fixture
def fitting(media: MediaStore) -> MediaConversion:
    return MediaConversion(media, Config())


def add(media: MediaStore, name: str, data: bytes) -> MediaItem:
    path = media.folder.parent.parent / name
    path.write_bytes(data)
    return media.add(path)


def test_an_image_is_made_once_for_each_platform_that_needs_it(
    media: MediaStore, fitting: MediaConversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = add(media, "a.png", picture())
    first = fitting.fits([item, item], [INSTAGRAM, TIKTOK, X])
    assert set(first) >= {(INSTAGRAM, item), (TIKTOK, item)}
    monkeypatch.setattr("ttp.services.attachments.media.convert_to_jpeg", None)
    assert fitting.fits([item], [INSTAGRAM, TIKTOK, X]) == first
    file = fitting.file(item, INSTAGRAM)
    assert file.path == media.path(item.sha256, "instagram")
    assert (file.origin, file.original_sha256, file.item.mime) == (item.sha256, item.sha256, "image/jpeg")


def test_what_fits_is_sent_as_it_is_and_so_is_all_that_is_no_image(media: MediaStore, fitting: MediaConversion) -> None:
    photo, clip = media.add(PHOTO), media.add(CLIP)
    for form in FORMS.values():
        for item in (photo, clip):
            file = fitting.file(item, form)
            assert (file.item, file.path, file.origin) == (item, media.path(item.sha256), None)
    assert {path.name for path in media.folder.iterdir()} == {photo.sha256, clip.sha256}


def test_an_image_is_shown_upright_whoever_turned_it(media: MediaStore, fitting: MediaConversion) -> None:
    from PIL import Image

    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png")):
        lying = add(media, f"lying.{suffix}", saved(Image.new("RGB", (900, 800), "red"), kind, exif=turned(6)))
        standing = add(media, f"standing.{suffix}", saved(Image.new("RGB", (800, 900), "red"), kind, exif=turned(6)))
        upright = add(media, f"upright.{suffix}", picture(kind, (900, 800)))
        fits = fitting.fits([lying, standing, upright], [INSTAGRAM])
        assert fits[INSTAGRAM, lying].shown == (800, 900)
        assert fits[INSTAGRAM, standing].shown == (900, 800)
        assert fits[INSTAGRAM, upright].shown == (900, 800)


def test_without_pillow_what_must_be_converted_is_refused_and_the_rest_sent_as_it_is(
    media: MediaStore, fitting: MediaConversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    png, wide = add(media, "a.png", picture()), add(media, "wide.jpg", picture("JPEG", (2000, 2000)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    fit = fitting.fits([png], [INSTAGRAM])[INSTAGRAM, png]
    assert fit.hint == EXTRA
    with pytest.raises(PillowMissing, match="it is PNG"):
        fitting.file(png, INSTAGRAM)
    assert fitting.file(wide, INSTAGRAM).item == wide
    assert fitting.file(png, X).item == png


def test_what_cannot_be_converted_is_refused_with_the_reason(media: MediaStore, fitting: MediaConversion) -> None:
    data = noise("PNG")
    half = add(media, "half.png", data[:3_000] + data[-12:])
    with pytest.raises(CannotConvert, match="PNG"):
        fitting.file(half, INSTAGRAM)


def test_what_is_gone_is_not_made_again(media: MediaStore, fitting: MediaConversion) -> None:
    png, photo = add(media, "a.png", picture()), media.add(PHOTO)
    for item in (png, photo):
        media.path(item.sha256).unlink()
    fits = fitting.fits([png, photo], [INSTAGRAM])
    assert all(fit.made is None for fit in fits.values())
    assert fitting.find_missing(Post("", media=(png, photo))) == [png, photo]
    with pytest.raises(FileNotFoundError):
        fitting.file(png, INSTAGRAM)


def test_a_copy_that_lost_bytes_is_not_looked_into(media: MediaStore, fitting: MediaConversion) -> None:
    photo = media.add(PHOTO)
    media.path(photo.sha256).write_bytes(b"\xff\xd8")
    assert fitting.fits([photo], [INSTAGRAM])[INSTAGRAM, photo].shown == (photo.width, photo.height)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_place_in_any_image_is_removed_for_a_platform_that_would_publish_it(
    media: MediaStore, fitting: MediaConversion, kind: str
) -> None:
    Image = pytest.importorskip("PIL.Image")
    exif = made.exif(place=True)[4:] + bytes(4)  # without the head of a JPEG's segment; no further table
    path = media.folder.parent.parent / f"a.{kind.lower()}"
    Image.new("RGB", (64, 48)).save(path, kind, exif=exif)
    item = media.add(path)
    sent = fitting.file(item, FORMS["bluesky"])
    assert (sent.item.mime, sent.origin) == ("image/jpeg", item.sha256)
    with Image.open(sent.path) as image:
        assert not image.getexif()
    assert fitting.file(item, X).origin is None
