"""Compare images with what a platform accepts, and choose their conversion. Pure; decodes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isqrt
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ttp.domain.action import WayOut
from ttp.domain.media.item import NAMES, MediaItem

if TYPE_CHECKING:
    from ttp.domain.media.probe.images import ImageAppearance

Aspects: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""The lowest and the highest width:height, as numbers to multiply with."""
THUMBNAIL_SIDE = 320
"""The shorter side of a thumbnail, in pixels."""
EXTRA = "pip install 'ttp-cli[media]'"
"""The command that lets ttp convert images."""


class ImageForm(NamedTuple):
    """What one platform's images may be. `name` is part of a converted copy's file name; `widths` (least, most),
    `box` (longer and shorter side) and `area` in pixels; `aspects` are width:height (lowest, highest), to which an
    image with a focus is cropped. `without_location`: the platform would publish the place in a photo; None: it may;
    `any_look`: it turns images and their colours itself; `as_is`: types that are never converted; `moves`: an animated
    one becomes a video."""

    name: str
    mimes: tuple[str, ...]
    most_bytes: int
    widths: tuple[int, int] | None = None
    box: tuple[int, int] | None = None
    without_location: bool | None = False
    area: int | None = None
    aspects: Aspects | None = None
    any_look: bool = False
    as_is: tuple[str, ...] = ()
    moves: bool = False

    def copy_name(self, item: MediaItem) -> str:
        """Return the part of a converted copy's file name that says for what it was made."""
        limits = "" if self.area is None else f"-{self.most_bytes}-{self.area}"
        cut = f"-{item.focus.replace(',', '-')}" if self.aspects and item.focus else ""
        return f"{self.name}{limits}{cut}"


class FitProblems(NamedTuple):
    """Why an image does not fit. `must`: the platform would refuse it; `may`: it could look different there; neither:
    only its width differs, which the platform changes itself."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


class ImageFit(NamedTuple):
    """One image as one platform gets it: converted (`made`), or unchanged (None).

    `shown`: its size as seen. `misfit`: problems of what is sent; `failed`: why it could not be converted. `hint`: what
    lets ttp convert it, such as EXTRA.
    """

    shown: tuple[int, int] | None = None
    made: MediaItem | None = None
    misfit: FitProblems | None = None
    failed: str | None = None
    cropped: bool = False
    hint: WayOut | None = None

    def sent_item(self, item: MediaItem) -> MediaItem:
        """Return the item as sent. A converted copy has no URL."""
        if self.made is None:
            return item
        return replace(self.made, name=item.name, **item.said)


class SentMedia(NamedTuple):
    """A media item and what is sent: a converted copy or the item itself. `cropped`: to the shape that the platform
    needs, around its focus."""

    item: MediaItem
    sent: MediaItem
    converted: bool
    cropped: bool = False


ImageFits = Mapping[tuple[ImageForm, MediaItem], ImageFit]
"""How images are sent, by the form that a platform needs."""
NO_FITS: ImageFits = MappingProxyType({})


def find_misfit(item: MediaItem, look: ImageAppearance | None, form: ImageForm) -> FitProblems | None:
    """Return why an image must or should be converted; None if it is sent unchanged. `look`: how it is shown, if
    known."""
    must, may = list[str](), list[str]()
    if item.mime not in form.mimes:
        must.append(f"it is {NAMES[item.mime]}")
    if item.bytes > form.most_bytes:
        must.append("its file is too large")
    if look is not None and look.cmyk and not form.any_look:
        must.append("its colours are CMYK, for printing")
    width, height = (look.width, look.height) if look is not None else (item.width or 0, item.height or 0)
    if (form.box is not None and (width, height) != _boxed(width, height, form.box)) or (
        form.area is not None and width * height > form.area
    ):
        must.append("it has too many pixels")
    if (
        item.focus
        and width
        and height
        and form.aspects
        and crop_box(width, height, form.aspects)[:2] != (width, height)
    ):
        must.append("it has another shape")
    if form.without_location is not False and look is not None and look.located:
        (must if form.without_location else may).append("it contains its location, which everyone could read")
    if look is not None and not form.any_look:
        if look.turned:
            may.append("it is turned by its EXIF data")
        if not look.srgb and not look.cmyk:
            may.append("its colours are not sRGB")
        if look.several:
            may.append("it holds several pictures (MPO)")
    scaled = form.widths is not None and width > 0 and not form.widths[0] <= width <= form.widths[1]
    return FitProblems(tuple(must), tuple(may)) if must or may or scaled else None


def converted_size(width: int, height: int, form: ImageForm) -> tuple[int, int]:
    """Return the size of a converted copy. Heights are rounded up, so that shapes within 4:5 and 1.91:1 stay there."""
    if form.box is not None:
        width, height = _boxed(width, height, form.box)
    if form.area is not None and width * height > form.area:
        longer = isqrt(form.area * max(width, height) // min(width, height))
        width, height = _boxed(width, height, (longer, longer))
    if form.widths is not None:
        least, most = form.widths
        new_width = max(least, min(width, most))
        width, height = new_width, -(-height * new_width // width)
    return width, height


def thumbnail_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of an image's thumbnail: each crop of usual shape has THUMBNAIL_SIDE pixels."""
    return _boxed(width, height, (2 * THUMBNAIL_SIDE, THUMBNAIL_SIDE))


def crop_box(width: int, height: int, aspects: Aspects, focus: str | None = None) -> tuple[int, int, int, int]:
    """Return the largest box of an allowed shape in an image: width, height, left, top. Its middle is as near to the
    focus as there is room, else in the image's middle."""
    x, y = map(float, focus.split(",")) if focus else (0.5, 0.5)
    (low_w, low_h), (high_w, high_h) = aspects
    if width * low_h < height * low_w:
        fitting = max(1, width * low_h // low_w)
        return width, fitting, 0, _start(height, fitting, y)
    fitting = min(width, max(1, height * high_w // high_h))
    return fitting, height, _start(width, fitting, x), 0


def _start(length: int, part: int, focus: float) -> int:
    """Return where a part of a side begins whose middle is as near to the focus as there is room."""
    return min(max(int(length * focus - part / 2), 0), length - part)


def _boxed(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the same shape within a box, in either orientation; never larger than the image."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= box[0] and shorter <= box[1]:
        return width, height
    if longer * box[1] >= shorter * box[0]:
        return max(1, width * box[0] // longer), max(1, height * box[0] // longer)
    return max(1, width * box[1] // shorter), max(1, height * box[1] // shorter)
