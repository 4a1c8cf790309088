"""Convert an image to a JPEG that a platform accepts. The only module that imports Pillow (extra `media`).

Images are untrusted: only the decoder of the detected type is used, and only after the pixels were counted. The same
image gives the same bytes with the same Pillow version. Only pixels are kept: no location, device or preview.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ttp.domain.media.image_fit import ImageForm, converted_size, crop_box, thumbnail_size
from ttp.domain.media.item import NAMES, MediaItem
from ttp.domain.text import clean_text

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 50_000_000
"""Maximum pixels in memory at once (200 MB in RGBA). For a JPEG, counted after it is read at a smaller scale."""
_QUALITIES = (92, 85, 75, 60)
_LEAST_SIDE = 1000
"""An image is not made narrower than this to meet a size limit."""
_DECODERS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
}


class CannotConvert(Exception):
    """Why an image cannot be converted, as a clause that follows "it cannot be converted: "."""


class Animated(CannotConvert):
    """It would lose what moves."""


class PillowMissing(Exception):
    """The extra `media` is not installed."""


def convert_to_jpeg(file: Path | BinaryIO, item: MediaItem, form: ImageForm, *, first_frame: bool = False) -> bytes:
    """Return the image in `file` as the JPEG that `form` describes. `first_frame`: also of an animated one. Raises
    CannotConvert, PillowMissing."""
    with _opened(file, item, first_frame=first_frame) as opened:
        whole = _upright_size(opened)
        cut = crop_box(*whole, form.aspects, item.focus) if form.aspects and item.focus else (*whole, 0, 0)
        wide, high, left, top = cut
        size = converted_size(wide, high, form)
        image = _read(opened, (size[0] * whole[0] // wide, size[1] * whole[1] // high))
        x, y = image.width / whole[0], image.height / whole[1]
        box = (left * x, top * y, (left + wide) * x, (top + high) * y)
        return _jpeg(_scaled(image, size, box), form)


def make_thumbnail(file: Path | BinaryIO, item: MediaItem) -> bytes:
    """Return the image in `file` as a small WebP that does not move. Raises CannotConvert, PillowMissing."""
    with _opened(file, item, first_frame=True) as opened:
        size = thumbnail_size(*_upright_size(opened))
        written = io.BytesIO()
        _scaled(_read(opened, size, coarse=True), size).save(written, "WEBP", quality=80)
        return written.getvalue()


@contextmanager
def _opened(file: Path | BinaryIO, item: MediaItem, *, first_frame: bool) -> Iterator[Image.Image]:
    """Yield an image whose pixels are not read yet. Raise PillowMissing, and CannotConvert for what fails within."""
    try:
        from PIL import Image

        if item.mime == "image/heic":
            from pillow_heif import register_heif_opener

            register_heif_opener(thumbnails=False)
    except ImportError:
        raise PillowMissing from None
    Image.MAX_IMAGE_PIXELS = None  # pixels are counted below, for each type while it is decoded
    try:
        with Image.open(file, formats=_DECODERS[item.mime]) as opened:
            if item.mime != "image/jpeg":
                _count(opened)  # before anything else, because reading more of the file decodes parts of it
                if not first_frame and getattr(opened, "is_animated", False):
                    raise Animated("it is animated (save it as MP4 instead)")
            yield opened
    except CannotConvert:
        raise
    except Exception as error:  # decoders raise many types for damaged data
        raise CannotConvert(
            clean_text(f"its {NAMES.get(item.mime, item.mime)} data cannot be read ({error})")
        ) from error


def _read(opened: Image.Image, size: tuple[int, int], *, coarse: bool = False) -> Image.Image:
    """Return the pixels, upright and in sRGB, of an image that is made as small as `size`. `coarse`: of pixels that are
    joined first, for a third of the memory."""
    _read_smaller(opened, size)
    _count(opened)
    times = min(opened.size) // min(size) // 2
    few = opened.reduce(times) if coarse and times > 1 and opened.mode in ("L", "RGB", "RGBA") else opened
    return _flat(_upright(few))


def _count(opened: Image.Image) -> None:
    """Refuse images with more pixels than fit in memory."""
    if opened.width * opened.height > MOST_PIXELS:
        size = f"{opened.width}x{opened.height}"
        raise CannotConvert(f"it is {size} pixels, and ttp reads {MOST_PIXELS // 1_000_000} million")


def _upright_size(opened: Image.Image) -> tuple[int, int]:
    turned = opened.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (opened.height, opened.width) if turned else opened.size


def _read_smaller(opened: Image.Image, size: tuple[int, int]) -> None:
    """Let a JPEG decode at 1/2, 1/4 or 1/8 scale if that is still large enough; other types cannot."""
    if not opened.info.get("progressive") and not opened.info.get("progression"):
        most = max(size) * 2
        opened.draft(None, (most, most))


def _upright(opened: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(opened)


def _flat(image: Image.Image) -> Image.Image:
    """Return the image in sRGB, on white."""
    from PIL import Image

    profile = image.info.get("icc_profile")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    if image.mode.startswith("I") or image.mode == "F":
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    if image.mode in ("LA", "RGBA"):
        image = image.convert("L" if image.mode == "LA" else "RGB")
    image = _in_srgb(image, profile)
    if alpha is None:
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _scaled(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    """Return the part `box` of an image, or all of it, in another size."""
    from PIL import Image

    return image.resize(size, Image.Resampling.LANCZOS, box)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image in RGB, converted from its colour profile to sRGB. An invalid profile is ignored."""
    from PIL import ImageCms

    if image.mode not in ("L", "RGB", "CMYK"):
        return image.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            made = None
        if made is not None:
            return made
    return image.convert("RGB")


def _jpeg(image: Image.Image, form: ImageForm) -> bytes:
    """Return the image as JPEG in the best quality that fits; scaled down if no quality fits and no width is set."""
    from PIL import Image, ImageFile

    bare = Image.new("RGB", image.size)
    bare.paste(image)
    # Pillow optimizes in one buffer, by default of a byte for each pixel; noise needs more.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 3 * image.width * image.height)
    for quality in _QUALITIES:
        written = io.BytesIO()
        bare.save(written, "JPEG", quality=quality, optimize=True, subsampling=0 if quality > 90 else 2)
        if written.tell() <= form.most_bytes:
            return written.getvalue()
    if form.widths is None and max(image.size) > _LEAST_SIDE:
        width, height = image.size
        return _jpeg(_scaled(image, (width * 3 // 4, height * 3 // 4)), form)
    raise CannotConvert("it is too large at every quality")
