"""Real images for tests, drawn when they are needed."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from PIL import Image, ImageCms

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@cache
def picture(
    kind: str = "PNG", size: tuple[int, int] = (800, 800), mode: str = "RGB", color: Any = RED, **how: Any
) -> bytes:
    """A plain image as a file of `kind`; `how`: as Pillow's save takes it."""
    return saved(Image.new(mode, size, color), kind, **how)


def huge_png() -> bytes:
    """A PNG whose head says that it has 3.6 billion pixels."""
    return picture("PNG").replace(b"IHDR" + picture("PNG")[16:24], b"IHDR" + (60_000).to_bytes(4, "big") * 2)


@cache
def noise(kind: str = "PNG", size: tuple[int, int] = (800, 800), **how: Any) -> bytes:
    """An image that does not compress."""
    return saved(Image.effect_noise(size, 90).convert("RGB"), kind, **how)


def halves(size: tuple[int, int], left: Any, right: Any) -> Image.Image:
    """An image of two colours side by side."""
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    if kind == "PNG":
        how = {"compress_level": 1, **how}  # the usual one takes a second for a large image
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def turned(orientation: int) -> Image.Exif:
    """EXIF data with an orientation, and a place that must not be published."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def swapped_profile() -> bytes:
    """A colour profile in which red is what sRGB calls green, and the other way round."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(data[128:132]), 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    data[red : red + 4], data[green : green + 4] = data[green : green + 4], data[red : red + 4]
    return bytes(data).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
