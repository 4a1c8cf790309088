"""Small pictures of stored images, each made when it is first asked for and kept beside the copy of the image."""

from __future__ import annotations

import threading
from contextlib import suppress

from ttp.domain.errors import Busy, Damaged
from ttp.domain.media.item import MediaItem
from ttp.platforms.image_conversion import CannotConvert, PillowMissing, make_thumbnail
from ttp.store.home.media import MediaStore

FORM = "thumbnail"
"""The part of its file name that follows the digest. Cleanups remove it with the image, as any converted copy."""
_WAIT_S = 5.0
_making = threading.Lock()
"""One at a time: a page may ask for fifty, and each needs the memory of a whole image."""


def find_thumbnail(media: MediaStore, item: MediaItem) -> bytes | None:
    """Return an image's WebP; None if it has none, or none now: its copy cannot be had, or others are being made. An
    image that cannot be read is tried once: what is kept is empty then."""
    path = media.path(item.sha256, FORM)
    with suppress(OSError):
        return path.read_bytes() or None
    try:
        if not item.is_image or not media.has(item) or not _making.acquire(timeout=_WAIT_S):
            return None
    except (Busy, Damaged):  # of a bucket
        return None
    try:
        with suppress(OSError):
            return path.read_bytes() or None
        try:
            data = make_thumbnail(media.path(item.sha256), item)
        except PillowMissing:
            return None
        except CannotConvert:
            data = b""
        with suppress(Busy):
            media.store_converted(item.sha256, FORM, data)
        return data or None
    finally:
        _making.release()
