"""Stored images and videos, and their thumbnails, as a browser may show them."""

from __future__ import annotations

import re

from starlette.responses import FileResponse, Response

from ttp.domain.errors import NotFound
from ttp.domain.media.item import AUDIO, VIDEOS, MediaItem
from ttp.server.pages.rendering import HEADERS
from ttp.server.pages.visit import Visit
from ttp.services.attachments.thumbnails import find_thumbnail
from ttp.store import queries

_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", *sorted(VIDEOS | AUDIO))
_SMALL_BYTES = 300_000
"""An image up to this size is sent in place of a missing thumbnail."""
# A sandbox: whatever a file holds, it runs nothing.
_HEADERS = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private"}
_FOR_A_YEAR = "private, max-age=31536000, immutable"
_FOR_A_WHILE = "private, max-age=600"
_TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="-20 -20 64 64">'
    '<path fill="none" stroke="#80868e" stroke-width="1.5" stroke-linejoin="round" d="{}"/></svg>'
)
_SHAPES = {
    "image": "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15 8.5v1",
    "video": "M4 5h16v14H4zM10 9l5 3-5 3z",
    "audio": "M9 17.5a2.5 2 0 1 1-5 0 2.5 2 0 1 1 5 0V6l10-2v11.500a2.500 2 0 1 1-5 0 2.500 2 0 1 1 5 0",
}
"""The drawing of a file without a picture, on 24 by 24."""


def show_media(visit: Visit, *, small: bool = False) -> Response:
    """Return the stored file of the address, or its thumbnail. Raise NotFound."""
    sha256 = str(visit.request.path_params["sha256"])
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise NotFound("there is no such image")
    media = visit.installation.media
    with visit.installation.database.reading() as db:
        item = queries.media_item(db, sha256) if db else None
    item = item or media.find_stored(sha256, sha256)  # the picture of a link card, or an upload
    if item is not None and small:
        return _thumbnail(visit, item)
    if item is None or item.mime not in _SHOWN or not media.has(item):
        raise NotFound("there is no such image")
    return FileResponse(media.path(sha256), media_type=item.mime, headers=_HEADERS)


def _thumbnail(visit: Visit, item: MediaItem) -> Response:
    media = visit.installation.media
    if data := find_thumbnail(media, item):
        return Response(data, media_type="image/webp", headers={**_HEADERS, "Cache-Control": _FOR_A_YEAR})
    headers = {**_HEADERS, "Cache-Control": _FOR_A_WHILE}
    if item.is_image and item.mime in _SHOWN and item.bytes <= _SMALL_BYTES and media.is_cached(item):
        return FileResponse(media.path(item.sha256), media_type=item.mime, headers=headers)
    tile = _TILE.format(_SHAPES[item.mime.partition("/")[0]])
    return Response(tile, media_type="image/svg+xml", headers=headers)
