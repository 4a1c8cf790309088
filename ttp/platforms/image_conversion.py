"""Converting an image into a JPEG that a platform takes. The only module that imports Pillow (the extra `media`).

The bytes are the work of strangers: only the decoder of the kind that the bytes have is let near them, and only once
their pixels have been counted. The same image gives the same bytes with the same Pillow. Nothing of the original but
its pixels is kept: no place, no device, no preview.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.image_fit import ImageForm, converted_size
from ttp.domain.media import NAMES, MediaItem
from ttp.domain.text import clean_text

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 50_000_000
"""Most pixels that are held in memory at once (200 MB in RGBA). Of a JPEG, after it was read at a smaller scale."""
_QUALITIES = (92, 85, 75, 60)
_LEAST_SIDE = 1000
"""An image is not made smaller than this to fit into a number of bytes."""
_DECODERS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/gif": ("GIF",), "image/webp": ("WEBP",)}


class CannotConvert(Exception):
    """Why an image cannot be converted, as a clause that goes on from "it cannot be converted: "."""


class PillowMissing(Exception):
    """The extra `media` is not installed."""


def convert_to_jpeg(path: Path, item: MediaItem, form: ImageForm) -> bytes:
    """The JPEG that `form` takes, made of the image in `path`: upright, in sRGB, on white where it lets through.

    Raises CannotConvert; NoPillow.
    """
    try:
        from PIL import Image
    except ImportError:
        raise PillowMissing from None
    Image.MAX_IMAGE_PIXELS = None  # counted here, for each kind as it is decoded
    try:
        with Image.open(path, formats=_DECODERS[item.mime]) as opened:
            if item.mime != "image/jpeg":
                _count(opened)  # first of all: to look for more in them, Pillow decodes some
                _refuse_what_moves(opened)
            wanted = converted_size(*_upright_size(opened), form)
            _read_smaller(opened, wanted)
            _count(opened)
            return _jpeg(_flat(_upright(opened)).resize(wanted, Image.Resampling.LANCZOS), form)
    except CannotConvert:
        raise
    except Exception as error:  # whatever a decoder trips over: the bytes cannot be used
        raise CannotConvert(clean_text(f"its {NAMES[item.mime]} data cannot be read ({error})")) from error


def _count(opened: Image.Image) -> None:
    """Refuse more pixels than are held in memory."""
    if opened.width * opened.height > MOST_PIXELS:
        size = f"{opened.width}x{opened.height}"
        raise CannotConvert(f"it is {size} pixels, and ttp reads {MOST_PIXELS // 1_000_000} million")


def _refuse_what_moves(opened: Image.Image) -> None:
    if getattr(opened, "is_animated", False):
        raise CannotConvert("it moves, and only still images are taken (save it as MP4)")


def _upright_size(opened: Image.Image) -> tuple[int, int]:
    turned = opened.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (opened.height, opened.width) if turned else opened.size


def _read_smaller(opened: Image.Image, wanted: tuple[int, int]) -> None:
    """Let a JPEG be decoded at a half, a quarter or an eighth where that is still large enough; no other kind can."""
    if not opened.info.get("progressive") and not opened.info.get("progression"):
        most = max(wanted) * 2
        opened.draft(None, (most, most))


def _upright(opened: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(opened)


def _flat(image: Image.Image) -> Image.Image:
    """The image in sRGB, on white."""
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


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The image in RGB, its colours changed from its profile's to sRGB's. A profile that makes no sense is ignored."""
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
    """The image as JPEG, as good as the form has room for; smaller where no quality makes it fit and the form names no
    width."""
    from PIL import Image

    bare = Image.new("RGB", image.size)
    bare.paste(image)
    for quality in _QUALITIES:
        written = io.BytesIO()
        bare.save(written, "JPEG", quality=quality, optimize=True, subsampling=0 if quality > 90 else 2)
        if written.tell() <= form.most_bytes:
            return written.getvalue()
    if form.widths is None and max(image.size) > _LEAST_SIDE:
        width, height = image.size
        return _jpeg(image.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.LANCZOS), form)
    raise CannotConvert("it stays too large whatever its quality")
