"""X: media uploads in chunks or at once, their processing, and alt text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.media import mime_of, read_facts
from ttp.sandbox.records import DAY_MS
from ttp.sandbox.request_checks import BodyField, check_object, content_type, json_body
from ttp.sandbox.state import State
from ttp.sandbox.x.records import XAccount, XMedia, new_id
from ttp.sandbox.x.requests import invalid, not_found, problem

MB = 1024 * 1024
MOST_BYTES = {"tweet_image": 5 * MB, "tweet_gif": 15 * MB, "tweet_video": 8192 * MB, "amplify_video": 8192 * MB}
"""The documents of September 2026 allow 8 GB of video; those of August 512 MB."""
SHORTEST_S = 0.5
"""Shortest video, in seconds."""
LARGEST_GIF = (1280, 1080)
PREFIX = {"tweet_image": "3", "tweet_gif": "16", "tweet_video": "7", "amplify_video": "7"}
TYPES = {
    "tweet_image": ("image/jpeg", "image/png", "image/webp", "image/gif"),
    "tweet_gif": ("image/gif",),
    "tweet_video": ("video/mp4", "video/quicktime", "video/webm"),
    "amplify_video": ("video/mp4", "video/quicktime", "video/webm"),
}
LARGEST_SEGMENT = 5 * MB
_ID = re.compile(r"[0-9]{1,19}")
_INITIALIZE = (
    BodyField("media_type", str, required=True),
    BodyField("media_category", str, required=True, fits=MOST_BYTES.__contains__),
    BodyField("total_bytes", int, required=True, fits=lambda n: n > 0),
    BodyField("shared", bool),
    BodyField("additional_owners", list, fits=lambda ids: all(isinstance(i, str) and _ID.fullmatch(i) for i in ids)),
)
_ONE_SHOT = (
    BodyField("media", str, required=True),
    BodyField("media_category", str, required=True, fits=("tweet_image", "tweet_gif").__contains__),
    BodyField("media_type", str, fits={mime for types in TYPES.values() for mime in types}.__contains__),
    BodyField("additional_owners", str),
)
_SEGMENT = (
    BodyField("media", str, required=True),
    BodyField("segment_index", int, required=True, fits=range(1000).__contains__),
)
_METADATA = (
    BodyField("id", str, required=True, fits=lambda text: bool(_ID.fullmatch(text))),
    BodyField("metadata", dict, required=True),
)
_ALT_TEXT = (BodyField("text", str, required=True, fits=lambda text: 1 <= len(text) <= 1000),)


async def initialize(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/media/upload/initialize`: opens an upload session of a day."""
    body = await json_body(request, invalid, _INITIALIZE)
    category, media_type, total = body["media_category"], body["media_type"], body["total_bytes"]
    if media_type not in TYPES[category]:
        raise invalid(f"media_type {media_type} does not go with {category}", media_type=media_type)
    if total > MOST_BYTES[category]:
        raise invalid(f"total_bytes is over {MOST_BYTES[category]} for {category}", total_bytes=total)
    media = _start_upload(state, account, media_type, category, total)
    return JSONResponse({"data": {"id": media.id, "media_key": media.media_key, "expires_after_secs": DAY_MS // 1000}})


async def upload(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/media/upload`: an image or a GIF in one request, as multipart or as JSON with base64."""
    if request.query_params:
        raise invalid("Query parameters are not allowed for this request.")
    parts = await _read_parts(request, _ONE_SHOT)
    category, data = parts["media_category"], parts["media"]
    mime = mime_of(data)
    if mime not in TYPES[category]:
        raise invalid(f"The file does not fit {category}.", media_category=category)
    if len(data) > MOST_BYTES[category]:
        raise invalid(f"The file is over {MOST_BYTES[category]} bytes.", media_category=category)
    return _render_upload(state, _store_bytes(state, _start_upload(state, account, mime, category, len(data)), data))


async def append(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/media/upload/{id}/append`: one segment, as multipart or as JSON with base64. May be repeated."""
    media = _find_upload(state, account, request.path_params["id"])
    parts = await _read_parts(request, _SEGMENT)
    index, data = parts["segment_index"], parts["media"]
    if media.finalized_ms is not None:
        raise invalid("The upload has been finalized.", id=media.id)
    if not 1 <= len(data) <= LARGEST_SEGMENT:
        raise invalid(f"media: a segment has 1 to {LARGEST_SEGMENT} bytes", segment_index=index)
    state.pieces.setdefault(media.id, {})[index] = data
    return JSONResponse({"data": {"expires_at": media.expires_ms // 1000}})


async def finalize(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/media/upload/{id}/finalize`: joins the segments. Videos and GIFs are then processed."""
    if await request.body():
        raise invalid("A body is not allowed for this request.")
    media = _find_upload(state, account, request.path_params["id"])
    if media.finalized_ms is not None:
        return _render_upload(state, media)
    pieces = state.pieces.get(media.id, {})
    if sorted(pieces) != list(range(len(pieces))):
        raise invalid("Segments do not add up to provided total file size: one is missing.", id=media.id)
    data = b"".join(pieces[index] for index in range(len(pieces)))
    if len(data) != media.total_bytes:
        raise invalid("Segments do not add up to provided total file size.", total_bytes=media.total_bytes)
    media = _store_bytes(state, media, data)
    state.pieces.pop(media.id, None)
    return _render_upload(state, media)


async def status(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/media/upload?command=STATUS&media_id=`: the state of the processing."""
    params = dict(request.query_params)
    if not {"media_id"} <= set(params) <= {"command", "media_id"} or params.get("command", "STATUS") != "STATUS":
        raise invalid("The query parameters are command=STATUS and media_id", **params)
    media = _find_upload(state, account, params["media_id"])
    if media.finalized_ms is None:
        raise invalid("The upload has not been finalized.", media_id=media.id)
    return _render_upload(state, media)


async def metadata(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/media/metadata`: sets the alt text of an upload."""
    body = await json_body(request, invalid, _METADATA)
    check_object(body["metadata"], (BodyField("alt_text", dict, required=True),), invalid, "metadata.")
    check_object(body["metadata"]["alt_text"], _ALT_TEXT, invalid, "metadata.alt_text.")
    media = replace(_find_upload(state, account, body["id"]), alt=body["metadata"]["alt_text"]["text"])
    state.save(media)
    return JSONResponse({"data": {"id": media.id, "associated_metadata": body["metadata"]}})


def _start_upload(state: State, account: XAccount, media_type: str, category: str, total: int) -> XMedia:
    """Save a new upload that lives for a day."""
    made, ends = new_id(state), state.now_ms() + DAY_MS
    media = XMedia(made, account.id, f"{PREFIX[category]}_{made}", media_type, category, total, expires_ms=ends)
    state.save(media)
    return media


def _store_bytes(state: State, media: XMedia, data: bytes) -> XMedia:
    """Save the upload with its bytes. 400 for a bad image; a bad video or GIF fails in processing."""
    facts = read_facts(data)
    fits = facts.mime == media.media_type and facts.complete
    if facts.duration_s is not None:
        fits = fits and facts.duration_s >= SHORTEST_S
    if media.category == "tweet_gif":
        fits = fits and (facts.width or 0) <= LARGEST_GIF[0] and (facts.height or 0) <= LARGEST_GIF[1]
    is_image = media.category == "tweet_image"
    if is_image and not fits:
        raise invalid(f"The file is not valid {media.media_type}.", id=media.id)
    now = state.now_ms()
    media = replace(
        media,
        sha256=hashlib.sha256(data).hexdigest(),
        finalized_ms=now,
        processed_ms=now if is_image else now + int(state.processing_s * 1000),
        error=None if fits else "InvalidMedia",
        duration_s=facts.duration_s or 0,
        width=facts.width,
        height=facts.height,
    )
    state.save(media)
    state.pictures.keep(media.sha256 or "", data)
    return media


def _render_upload(state: State, media: XMedia) -> JSONResponse:
    now = state.now_ms()
    data: dict[str, Any] = {
        "id": media.id,
        "media_key": media.media_key,
        "size": media.total_bytes,
        "expires_after_secs": (media.expires_ms - now) // 1000,
    }
    if media.category != "tweet_image":
        data["processing_info"] = _render_processing(media, now)
    return JSONResponse({"data": data})


def _render_processing(media: XMedia, now: int) -> dict[str, Any]:
    assert media.finalized_ms is not None
    assert media.processed_ms is not None
    if now >= media.processed_ms:
        if media.error:
            error = {"code": 1, "name": media.error, "message": "The file could not be read as a video."}
            return {"state": "failed", "progress_percent": 0, "error": error}
        return {"state": "succeeded", "progress_percent": 100}
    percent = 100 * (now - media.finalized_ms) // (media.processed_ms - media.finalized_ms)
    return {"state": "pending" if percent < 50 else "in_progress", "check_after_secs": 1, "progress_percent": percent}


def _find_upload(state: State, account: XAccount, media_id: str) -> XMedia:
    if not _ID.fullmatch(media_id):
        raise invalid(f"The media id [{media_id}] is not valid", id=media_id)
    media = state.table(XMedia).get(media_id)
    if media is None or media.account != account.id or media.expires_ms <= state.now_ms():
        entry = not_found("media", media_id)
        raise problem(404, "Not Found Error", entry["detail"], "resource-not-found", errors=[entry])
    return media


async def _read_parts(request: Request, known: Sequence[BodyField]) -> dict[str, Any]:
    """Return the parts of an upload, with `media` as bytes: from multipart with a file, or from JSON with base64."""
    if content_type(request) != "multipart/form-data":
        body = await json_body(request, invalid, known)
        try:
            return {**body, "media": base64.b64decode(body["media"], validate=True)}
        except binascii.Error:
            raise invalid("media: is not base64") from None
    form = await request.form(max_part_size=2 * MOST_BYTES["tweet_gif"])
    parts: dict[str, Any] = dict(form.multi_items())
    media = parts.get("media")
    data = await media.read() if isinstance(media, UploadFile) else None
    await form.close()
    if data is None:
        raise invalid("media: must be a file")
    if str(parts.get("segment_index")).isdecimal():
        parts["segment_index"] = int(parts["segment_index"])
    check_object({**parts, "media": ""}, known, invalid)
    return {**parts, "media": data}
