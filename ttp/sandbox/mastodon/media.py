"""Mastodon: uploads, and their processing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.mastodon.records import Attachment, MastodonAccount, new_id, profile_of
from ttp.sandbox.mastodon.requests import no_such_route, refusal
from ttp.sandbox.media import mime_of, read_facts
from ttp.sandbox.state import State

_FOCUS = re.compile(r"-?[\d.]+,-?[\d.]+")
MOST_BYTES = {"image": 16_777_216, "video": 103_809_024, "audio": 103_809_024}
MIMES = ("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/quicktime")
AUDIO = ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/flac", "audio/wav")


async def upload(state: State, account: MastodonAccount, request: Request) -> Response:
    """`POST /api/v2/media`: 200 for an image, 202 for a video, which is processed for a while."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise refusal(422, "Validation failed: File can't be blank")
    async with request.form() as form:
        file, alt, focus = form.get("file"), form.get("description"), str(form.get("focus") or "")
        data = await file.read() if isinstance(file, UploadFile) and file.content_type else b""
        image = form.get("thumbnail")
        thumbnail = await image.read() if isinstance(image, UploadFile) else b""
    if not data:
        raise refusal(422, "Validation failed: File can't be blank")
    if thumbnail and not (mime_of(thumbnail) or "").startswith("image/"):
        raise refusal(422, "Validation failed: Thumbnail content type is invalid")
    if focus and not (_FOCUS.fullmatch(focus) and all(-1 <= float(one) <= 1 for one in focus.split(","))):
        raise refusal(422, "Validation failed: Focus is invalid")
    facts = read_facts(data)
    if facts.mime not in (*MIMES, *AUDIO):
        raise refusal(422, "Validation failed: File content type is invalid")
    kind = facts.mime.partition("/")[0]
    if len(data) > MOST_BYTES[kind]:
        raise refusal(422, f"Validation failed: File file size must be less than {MOST_BYTES[kind] >> 20} MB")
    if isinstance(alt, str) and len(alt) > 1500:
        raise refusal(422, "Validation failed: Description is too long (maximum is 1500 characters)")
    sha256, waits = hashlib.sha256(data).hexdigest(), kind != "image" and profile_of(state).media_status
    state.pictures.keep(sha256, data)
    made = Attachment(
        new_id(state),
        account.id,
        sha256,
        facts.mime,
        state.now_ms() + (int(state.processing_s * 1000) if waits else 0),
        alt=alt if isinstance(alt, str) else None,
        focus=focus,
        thumbnail=hashlib.sha256(thumbnail).hexdigest() if thumbnail else "",
        duration_s=facts.duration_s or 0,
        error="" if facts.complete else "Error processing thumbnail for uploaded media",
    )
    state.save(made)
    return JSONResponse(describe_upload(state, made), 202 if waits else 200)


async def status(state: State, account: MastodonAccount, request: Request) -> Response:
    """`GET /api/v1/media/{id}`: 206 while a file is processed."""
    if not profile_of(state).media_status:
        raise no_such_route()
    found = state.table(Attachment).get(request.path_params["id"])
    if found is None or found.account != account.id or found.post:
        raise refusal(404, "Record not found")
    if found.error and found.ready_ms <= state.now_ms():
        raise refusal(422, found.error)
    return JSONResponse(describe_upload(state, found), 200 if found.ready_ms <= state.now_ms() else 206)


def attach(state: State, account: MastodonAccount, ids: list[Any], post_id: str) -> list[Attachment]:
    """Return the uploads of a new post, which belong to it from now on."""
    profile, found = profile_of(state), []
    for one in ids:
        upload = state.table(Attachment).get(str(one))
        if upload is None or upload.account != account.id or (upload.post and profile.uses_media_once):
            raise refusal(profile.content_status, "Media not found or already attached to another post")
        if upload.ready_ms > state.now_ms():
            raise refusal(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        found.append(upload)
    alone = [upload for upload in found if not upload.mime.startswith("image/") or upload.mime == "image/gif"]
    if alone and len(found) > 1 and profile.software == "mastodon":
        raise refusal(422, "Validation failed: Cannot attach a video to a post that already contains images")
    state.save(*(replace(upload, post=post_id) for upload in found))
    return found


def describe_upload(state: State, upload: Attachment) -> dict[str, Any]:
    ready = upload.ready_ms <= state.now_ms()
    url = f"https://sandbox.test/media/{upload.id}" if ready else None
    return {
        "id": upload.id,
        "type": upload.mime.partition("/")[0] if upload.mime != "image/gif" else "gifv",
        "url": url,
        "preview_url": url,
        "description": upload.alt,
        "meta": {},
    }
