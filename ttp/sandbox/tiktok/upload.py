"""TikTok: receiving bytes in chunks and in order, and finishing a publication."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.media import read_facts
from ttp.sandbox.records import HOUR_MS, Post
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.records import SELF_ONLY, TikTokAccount, Upload, new_id

UPLOAD_MS = HOUR_MS
"""How long an upload URL works."""
TYPES = ("video/mp4", "video/quicktime", "video/webm")
LARGEST_PHOTO = 20_000_000
VIDEO_SIDES = (360, 4096)
"""Least and most pixels of each side of a video."""
PHOTO_SIDES = (1080, 1920)
"""Pixels of the shorter and the longer side of "1080p"."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


async def put_chunk(state: State, request: Request) -> Response:
    """`PUT upload_url`: the next chunk. 206 until the last one, which publishes and gets 201."""
    data = await request.body()  # first: another call may bring the same chunk while this one's arrives
    upload = state.table(Upload).get(request.query_params.get("upload_id", ""))
    if upload is None or request.query_params.get("upload_token") != upload.token:
        return Response(status_code=404)
    if state.now_ms() - upload.made_ms >= UPLOAD_MS:
        return Response(status_code=403)
    span = _RANGE.fullmatch(request.headers.get("content-range", ""))
    length = request.headers.get("content-length", "")
    typed = request.headers.get("content-type") in TYPES and "authorization" not in request.headers
    if span is None or not typed or length != str(len(data)):
        return Response(status_code=400)
    first, last, size = map(int, span.groups())
    if size != upload.size or last - first + 1 != len(data):
        return Response(status_code=400)
    if first != upload.received:
        return _range(416, upload)
    if last != _end_of_chunk(upload) - 1:
        return Response(status_code=400)
    state.pieces.setdefault(upload.id, {})[first] = data
    upload = replace(upload, received=last + 1)
    if upload.received == upload.size:
        pieces = state.pieces.pop(upload.id)
        finish_video(state, upload, b"".join(pieces[at] for at in sorted(pieces)), request.headers["content-type"])
        return _range(201, upload)
    state.save(upload)
    return _range(206, upload)


def finish_video(state: State, upload: Upload, data: bytes, content_type: str | None = None) -> None:
    """Turn a complete video into a post or a draft, or fail."""
    facts = read_facts(data)
    account = state.accounts[upload.account]
    assert isinstance(account, TikTokAccount)
    reason = None
    if facts.mime not in TYPES or facts.mime != (content_type or facts.mime) or not facts.complete:
        reason = "file_format_check_failed"
    elif not all(VIDEO_SIDES[0] <= side <= VIDEO_SIDES[1] for side in (facts.width, facts.height) if side):
        reason = "picture_size_check_failed"
    elif (facts.duration_s or 0) > account.max_video_s:
        reason = "duration_check_failed"
    upload = replace(upload, size=len(data), received=len(data))
    _finish(state, upload, (hashlib.sha256(data).hexdigest(),), "video", reason, int(facts.duration_s or 0))


def finish_photos(state: State, upload: Upload, photos: list[bytes] | None) -> None:
    """Turn photos into a post or a draft, or fail. None: one could not be fetched."""
    reason = "photo_pull_failed" if photos is None else None
    for data in photos or []:
        facts = read_facts(data)
        sides = sorted((facts.width or 0, facts.height or 0))
        if facts.mime not in ("image/jpeg", "image/webp") or len(data) > LARGEST_PHOTO:
            reason = reason or "file_format_check_failed"
        elif sides[0] > PHOTO_SIDES[0] or sides[1] > PHOTO_SIDES[1]:
            reason = reason or "picture_size_check_failed"
        state.pictures.keep(hashlib.sha256(data).hexdigest(), data)
    size = sum(map(len, photos or []))
    media = tuple(hashlib.sha256(data).hexdigest() for data in photos or [])
    _finish(state, replace(upload, size=size, received=size), media, "image", reason)


def _finish(
    state: State, upload: Upload, media: tuple[str, ...], shape: str, reason: str | None, duration_s: int = 0
) -> None:
    """Save the end of a publication, with its post if it made one."""
    account = state.accounts[upload.account]
    ordered = state.trouble_of(account).removeprefix("fail:") if "fail:" in state.trouble_of(account) else None
    reason = reason or ordered
    now = state.now_ms()
    if reason is not None or upload.inbox:
        state.save(replace(upload, done_ms=now, fail_reason=reason))
        return
    post = Post(
        new_id(state),
        upload.account,
        upload.title,
        media=media,
        at_ms=now,
        kind=upload.privacy,
        private=upload.privacy == SELF_ONLY,
        duration_s=duration_s,
        shapes=(shape,) * len(media),
    )
    state.save(post, replace(upload, done_ms=now, post_id=post.id))


def _end_of_chunk(upload: Upload) -> int:
    """Return where the chunk that starts at `received` ends. The last one takes the rest."""
    index = upload.received // upload.chunk_size
    return upload.size if index >= upload.chunks - 1 else (index + 1) * upload.chunk_size


def _range(status: int, upload: Upload) -> Response:
    received = f"0-{upload.received - 1}" if upload.received else "*"
    return Response(status_code=status, headers={"Content-Range": f"bytes {received}/{upload.size}"})
