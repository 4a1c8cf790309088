"""Compare images with what a platform accepts, and choose their conversion. Pure; decodes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ttp.domain.media.item import NAMES, MediaItem

if TYPE_CHECKING:
    from ttp.domain.media.probe.images import ImageAppearance

EXTRA = "pip install 'ttp-cli[media]'"
"""The command that lets ttp convert images."""


@dataclass(frozen=True, slots=True)
class ImageForm:
    """What one platform's images may be. `name` is part of a converted copy's file name; `widths` (least, most) and
    `box` (longer and shorter side) in pixels; `without_location`: the platform would publish the place in a photo."""

    name: str
    mimes: tuple[str, ...]
    most_bytes: int
    widths: tuple[int, int] | None = None
    box: tuple[int, int] | None = None
    without_location: bool = False


@dataclass(frozen=True, slots=True)
class FitProblems:
    """Why an image does not fit. `must`: the platform would refuse it; `may`: it could look different there; neither:
    only its width differs, which the platform changes itself."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageFit:
    """One image as one platform gets it: converted (`made`), or unchanged (None).

    `shown`: its size as seen. `misfit`: problems of what is sent. `lacks`: the extra that would convert it is not
    installed; `failed`: why it could not be converted.
    """

    shown: tuple[int, int] | None = None
    made: MediaItem | None = None
    misfit: FitProblems | None = None
    lacks: bool = False
    failed: str | None = None

    def sent_item(self, item: MediaItem) -> MediaItem:
        """Return the item as sent. A converted copy has no URL."""
        if self.made is None:
            return item
        made = self.made
        item = replace(item, mime=made.mime, bytes=made.bytes, sha256=made.sha256, url=None)
        return replace(item, width=made.width, height=made.height)


ImageFits = Mapping[tuple[str, str], ImageFit]
"""ImageFits by platform and the image's SHA-256."""
NO_FITS: ImageFits = MappingProxyType({})


def find_misfit(item: MediaItem, look: ImageAppearance | None, form: ImageForm) -> FitProblems | None:
    """Return why an image must or should be converted; None if it is sent unchanged. `look`: how it is shown, if
    known."""
    must = []
    if item.mime not in form.mimes:
        must.append(f"it is {NAMES[item.mime]}")
    if item.bytes > form.most_bytes:
        must.append("its file is too large")
    if look is not None and look.cmyk:
        must.append("its colours are CMYK, for printing")
    width, height = (look.width, look.height) if look is not None else (item.width or 0, item.height or 0)
    if form.box is not None and (width, height) != _boxed(width, height, form.box):
        must.append("it has too many pixels")
    if form.without_location and look is not None and look.located:
        must.append("it says where it was taken, and everyone could read that")
    may = []
    if look is not None:
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
    if form.widths is not None:
        least, most = form.widths
        new_width = max(least, min(width, most))
        width, height = new_width, -(-height * new_width // width)
    return width, height


def crop_box(width: int, height: int, aspects: tuple[tuple[int, int], tuple[int, int]]) -> tuple[int, int, int, int]:
    """Return the largest box of an allowed shape in the middle of an image: width, height, left, top."""
    (low_w, low_h), (high_w, high_h) = aspects
    if width * low_h < height * low_w:
        fitting = max(1, width * low_h // low_w)
        return width, fitting, 0, (height - fitting) // 2
    fitting = min(width, max(1, height * high_w // high_h))
    return fitting, height, (width - fitting) // 2, 0


def _boxed(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the same shape within a box, in either orientation; never larger than the image."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= box[0] and shorter <= box[1]:
        return width, height
    if longer * box[1] >= shorter * box[0]:
        return max(1, width * box[0] // longer), max(1, height * box[0] // longer)
    return max(1, width * box[1] // shorter), max(1, height * box[1] // shorter)
