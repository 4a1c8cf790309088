"""TikTok: direct posts by FILE_UPLOAD. `init` publishes nothing; the last byte of the upload does."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.answers import Key, breaches
from ttp.sandbox.media_facts import facts_of
from ttp.sandbox.state import DAY_MS, Account, Post, State, Upload
from ttp.sandbox.tiktok_front import checked_body, envelope, refusal

PUBLIC = "PUBLIC_TO_EVERYONE"
LEVELS = (PUBLIC, "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY")
OPTIONS = [PUBLIC, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
"""Privacy levels of a public account."""
MAX_SECONDS = 600
POSTS_A_DAY = 15
UPLOAD_MS = 3_600_000
"""How long an upload URL is good for."""
CHUNK = (5_242_880, 64_000_000)
"""Least and most bytes of a chunk, inside both readings of "5 to 64 MB"."""
LARGEST = 4_000_000_000
MOST_CHUNKS = 1000
TYPES = ("video/mp4", "video/quicktime", "video/webm")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_BODY = (Key("post_info", dict, required=True), Key("source_info", dict, required=True))
_POST_INFO = (
    Key("privacy_level", str, required=True, fits=LEVELS.__contains__),
    Key("title", str, fits=lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2 <= 2200),
    Key("disable_duet", bool),
    Key("disable_stitch", bool),
    Key("disable_comment", bool),
    Key("video_cover_timestamp_ms", int, fits=lambda n: n >= 0),
    Key("brand_content_toggle", bool),
    Key("brand_organic_toggle", bool),
    Key("is_aigc", bool),
)
_FILE = (
    Key("source", str, required=True),
    Key("video_size", int, required=True, fits=lambda n: 0 < n <= LARGEST),
    Key("chunk_size", int, required=True, fits=lambda n: n > 0),
    Key("total_chunk_count", int, required=True, fits=lambda n: 0 < n <= MOST_CHUNKS),
)


async def creator_info(state: State, account: Account, request: Request) -> Response:
    """What this creator may choose (`creator_info/query/`). Past the day's posts it is 200 with an error code."""
    await checked_body(state, request, (), optional=True)
    data = {
        "creator_avatar_url": "",
        "creator_username": account.handle,
        "creator_nickname": account.handle,
        "privacy_level_options": OPTIONS,
        "comment_disabled": False,
        "duet_disabled": False,
        "stitch_disabled": False,
        "max_video_post_duration_sec": MAX_SECONDS,
    }
    if _posted_out(state, account):
        return envelope(state, data, "spam_risk_too_many_posts", "Too many posts in the last 24 hours.")
    return envelope(state, data)


async def init_video(state: State, account: Account, request: Request) -> Response:
    """`POST /v2/post/publish/video/init/`: a publish_id and an upload URL of one hour."""
    body = await checked_body(state, request, _BODY)
    info, source = body["post_info"], body["source_info"]
    found = breaches(info, _POST_INFO, "post_info.")
    if source.get("source") == "PULL_FROM_URL" and not found:
        raise refusal(state, 403, "url_ownership_unverified", "The domain of the URL is not verified for this client.")
    if source.get("source") != "FILE_UPLOAD":
        found.append("source_info.source: value not allowed")
    found += breaches(source, _FILE, "source_info.") or _chunk_breaches(
        source["video_size"], source["chunk_size"], source["total_chunk_count"]
    )
    if found:
        raise refusal(state, 400, "invalid_params", "; ".join(found))
    if _posted_out(state, account):
        raise refusal(state, 403, "spam_risk_too_many_posts", "Too many posts in the last 24 hours.")
    if not account.audited and info["privacy_level"] != "SELF_ONLY":
        code = "unaudited_client_can_only_post_to_private_accounts"
        raise refusal(state, 403, code, "An unaudited client can post with SELF_ONLY only.")
    if info["privacy_level"] not in OPTIONS:
        raise refusal(
            state, 403, "privacy_level_option_mismatch", "The privacy level is none of the creator's options."
        )
    upload = Upload(
        f"v_pub_file~v2-1.{state.int64()}",
        account.id,
        token=secrets.token_urlsafe(24),
        title=info.get("title", ""),
        privacy=info["privacy_level"],
        made_ms=state.now_ms(),
        size=source["video_size"],
        chunk_size=source["chunk_size"],
        chunks=source["total_chunk_count"],
    )
    state.keep(upload)
    url = request.url.replace(path="/video/", query=f"upload_id={upload.id}&upload_token={upload.token}")
    return envelope(state, {"publish_id": upload.id, "upload_url": str(url)})


async def put_chunk(state: State, request: Request) -> Response:
    """`PUT upload_url`: the next chunk. 206 while more is wanted; the last one publishes and is answered with 201."""
    upload = state.uploads.get(request.query_params.get("upload_id", ""))
    if upload is None or request.query_params.get("upload_token") != upload.token:
        return Response(status_code=404)
    if state.now_ms() - upload.made_ms >= UPLOAD_MS:
        return Response(status_code=403)
    data = await request.body()
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
        _complete(state, upload, request.headers["content-type"])
        return _range(201, upload)
    state.keep(upload)
    return _range(206, upload)


async def fetch_status(state: State, account: Account, request: Request) -> Response:
    """`POST /v2/post/publish/status/fetch/`: how far a publication is. A public post's id comes later than its end."""
    body = await checked_body(state, request, (Key("publish_id", str, required=True),))
    upload = state.uploads.get(body["publish_id"])
    if upload is None:
        raise refusal(state, 400, "invalid_publish_id", "The publish_id does not exist.")
    if upload.account != account.id:
        code = "token_not_authorized_for_specified_publish_id"
        raise refusal(state, 403, code, "The publish_id belongs to another user.")
    since_done = -1 if upload.done_ms is None else state.now_ms() - upload.done_ms
    data: dict[str, Any] = {"uploaded_bytes": upload.received, "publicaly_available_post_id": []}
    if upload.done_ms is None or since_done < state.processing_s * 1000:
        data["status"] = "PROCESSING_UPLOAD"
    elif upload.fail_reason is not None:
        data |= {"status": "FAILED", "fail_reason": upload.fail_reason}
    else:
        data["status"] = "PUBLISH_COMPLETE"
        if upload.privacy == PUBLIC and upload.post_id and since_done >= state.moderation_s * 1000:
            data["publicaly_available_post_id"] = [int(upload.post_id)]
    return envelope(state, data)


def _complete(state: State, upload: Upload, content_type: str) -> None:
    """The last byte is there: it becomes a post, or fails for what the file is."""
    pieces = state.pieces.pop(upload.id)
    data = b"".join(pieces[first] for first in sorted(pieces))
    facts = facts_of(data)
    now = state.now_ms()
    if facts.mime != content_type or not facts.complete:
        state.keep(replace(upload, done_ms=now, fail_reason="file_format_check_failed"))
    elif (facts.duration_s or 0) > MAX_SECONDS:
        state.keep(replace(upload, done_ms=now, fail_reason="duration_check_failed"))
    else:
        post = Post(
            state.int64(),
            upload.account,
            upload.title,
            media=(hashlib.sha256(data).hexdigest(),),
            at_ms=now,
            kind=upload.privacy,
            duration_s=int(facts.duration_s or 0),
        )
        state.keep(post, replace(upload, done_ms=now, post_id=post.id))


def _chunk_breaches(size: int, chunk_size: int, chunks: int) -> list[str]:
    """What is wrong with a division into chunks: their number is the *floor* of size over chunk size."""
    least, most = CHUNK
    whole = chunks == 1 and chunk_size == size <= most
    if not whole and not least <= chunk_size <= most:
        return [f"source_info.chunk_size: must be {least} to {most}, or the whole file"]
    if chunks != size // chunk_size:
        return ["source_info.total_chunk_count: must be video_size divided by chunk_size, rounded down"]
    if chunks == 1 and size > most:
        return ["source_info.total_chunk_count: a file over 64 MB must be split"]
    return []


def _end_of_chunk(upload: Upload) -> int:
    """Where the chunk that starts at `received` ends: the last one takes the rest."""
    index = upload.received // upload.chunk_size
    return upload.size if index >= upload.chunks - 1 else (index + 1) * upload.chunk_size


def _range(status: int, upload: Upload) -> Response:
    received = f"0-{upload.received - 1}" if upload.received else "*"
    return Response(status_code=status, headers={"Content-Range": f"bytes {received}/{upload.size}"})


def _posted_out(state: State, account: Account) -> bool:
    since = state.now_ms() - DAY_MS
    made = sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since)
    return account.limited and made >= POSTS_A_DAY
