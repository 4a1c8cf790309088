"""TikTok: what a body may contain, and what an account may post now."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.media import CannotFetch, fetch_url, read_facts
from ttp.sandbox.records import DAY_MS, HOUR_MS, SandboxPost
from ttp.sandbox.request_checks import BodyField, are_texts, validation_errors
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.records import (
    DRAFTS,
    INTERACTIONS,
    LEVELS,
    LIMITS,
    POSTS,
    PUBLIC,
    SELF_ONLY,
    TROUBLES,
    StoredUpload,
    TikTokAccount,
    TikTokSwitches,
    new_id,
)
from ttp.sandbox.tiktok.requests import envelope, read_body, refusal

CHUNK = (5_242_880, 64_000_000)
"""Least and most bytes of a chunk, inside both readings of "5 to 64 MB"."""
LAST_CHUNK = 128_000_000
LARGEST = 4_000_000_000
MOST_CHUNKS = 1000
MOST_PHOTOS = 35


def _at_most_units(units: int) -> Any:
    """Return a condition on a text: at most this many UTF-16 code units."""
    return lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2 <= units


_CHOICES = (
    BodyField("privacy_level", str, required=True, fits=LEVELS.__contains__),
    BodyField("disable_comment", bool),
    BodyField("brand_content_toggle", bool),
    BodyField("brand_organic_toggle", bool),
    BodyField("is_aigc", bool),
)
VIDEO_INFO = (
    *_CHOICES,
    BodyField("title", str, fits=_at_most_units(2200)),
    BodyField("disable_duet", bool),
    BodyField("disable_stitch", bool),
    BodyField("video_cover_timestamp_ms", int, fits=lambda n: n >= 0),
)
PHOTO_INFO = (
    *_CHOICES,
    BodyField("title", str, fits=_at_most_units(90)),
    BodyField("description", str, fits=_at_most_units(4000)),
    BodyField("auto_add_music", bool),
)
PHOTO_DRAFT_INFO = (BodyField("privacy_level", str, fits=LEVELS.__contains__), *PHOTO_INFO[1:])
VIDEO_BODY = (BodyField("post_info", dict, required=True), BodyField("source_info", dict, required=True))
INBOX_BODY = (BodyField("post_info", dict), BodyField("source_info", dict, required=True))
PHOTO_BODY = (
    *VIDEO_BODY,
    BodyField("media_type", str, required=True, fits=("PHOTO",).__contains__),
    BodyField("post_mode", str, required=True, fits=("DIRECT_POST", "MEDIA_UPLOAD").__contains__),
)
_FILE = (
    BodyField("source", str, required=True),
    BodyField("video_size", int, required=True, fits=lambda n: 0 < n <= LARGEST),
    BodyField("chunk_size", int, required=True, fits=lambda n: n > 0),
    BodyField("total_chunk_count", int, required=True, fits=lambda n: 0 < n <= MOST_CHUNKS),
)
_PULL = (BodyField("source", str, required=True), BodyField("video_url", str, required=True))
_PHOTOS = (
    BodyField("source", str, required=True, fits=("PULL_FROM_URL",).__contains__),
    BodyField("photo_images", list, required=True, fits=lambda urls: 1 <= len(urls) <= MOST_PHOTOS and are_texts(urls)),
    BodyField("photo_cover_index", int, required=True, fits=lambda n: n >= 0),
)


def source_errors(source: dict[str, Any]) -> list[str]:
    """Return what is wrong with the source of a video."""
    match source.get("source"):
        case "FILE_UPLOAD":
            return validation_errors(source, _FILE, "source_info.") or chunk_errors(
                source["video_size"], source["chunk_size"], source["total_chunk_count"]
            )
        case "PULL_FROM_URL":
            return validation_errors(source, _PULL, "source_info.")
        case _:
            return ["source_info.source: value not allowed"]


def photo_errors(source: dict[str, Any]) -> list[str]:
    """Return what is wrong with the photos of a post."""
    found = validation_errors(source, _PHOTOS, "source_info.")
    if not found and source["photo_cover_index"] >= len(source["photo_images"]):
        found = ["source_info.photo_cover_index: there is no such photo"]
    return found


def chunk_errors(size: int, chunk_size: int, chunks: int) -> list[str]:
    """Return what is wrong with a division into chunks. Their number is the *floor* of size over chunk size."""
    least, most = CHUNK
    whole = chunks == 1 and chunk_size == size <= most
    if not whole and not least <= chunk_size <= most:
        return [f"source_info.chunk_size: must be {least} to {most}, or the whole file"]
    if chunks != size // chunk_size:
        return ["source_info.total_chunk_count: must be video_size divided by chunk_size, rounded down"]
    if chunks == 1 and size > most:
        return ["source_info.total_chunk_count: a file over 64 MB must be split"]
    if size - (chunks - 1) * chunk_size > LAST_CHUNK:
        return ["source_info.chunk_size: the last chunk would be over 128 MB"]
    return []


def check_urls(state: State, urls: list[str]) -> None:
    """403 for a URL outside the prefixes verified for the app."""
    if not all(url.startswith(state.part(TikTokSwitches).verified_prefixes) for url in urls):
        raise refusal(state, 403, "url_ownership_unverified", "The URL is not verified for this client.")


def check_account(state: State, account: TikTokAccount, privacy: str | None) -> None:
    """Refuse a post that this account may not make now. `privacy`: None for a draft in the inbox."""
    if (found := TROUBLES.get(state.trouble_of(account))) is not None:
        raise refusal(state, found.status, found.code, found.message)
    if privacy is None:
        if has_used_drafts(state, account):
            text = "There may be at most 5 pending shares within any 24-hour period."
            raise refusal(state, 403, "spam_risk_too_many_pending_share", text)
        return
    if has_used_posts(state, account):
        raise refusal(state, 403, "spam_risk_too_many_posts", "Too many posts in the last 24 hours.")
    if not account.audited and (account.is_public or privacy != SELF_ONLY):
        code = "unaudited_client_can_only_post_to_private_accounts"
        raise refusal(state, 403, code, "An unaudited client can post to private accounts only, with SELF_ONLY.")
    if privacy not in account.privacy_levels:
        text = "The creator does not offer this privacy level."
        raise refusal(state, 403, "privacy_level_option_mismatch", text)


def has_used_posts(state: State, account: TikTokAccount) -> bool:
    """Return whether the day's posts are used up."""
    since = state.now_ms() - DAY_MS
    made = sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since)
    return made >= state.limit(POSTS, LIMITS[POSTS], account)


def has_used_drafts(state: State, account: TikTokAccount) -> bool:
    """Return whether too many drafts wait in the inbox."""
    since = state.now_ms() - DAY_MS
    drafts = (
        u for u in state.table(StoredUpload).values() if u.account == account.id and u.inbox and u.made_ms > since
    )
    pending = sum(1 for upload in drafts if upload.fail_reason is None)
    return pending >= state.limit(DRAFTS, LIMITS[DRAFTS], account)


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
    upload = state.table(StoredUpload).get(request.query_params.get("upload_id", ""))
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
        return _range_answer(416, upload)
    if last != _end_of_chunk(upload) - 1:
        return Response(status_code=400)
    state.pieces.setdefault(upload.id, {})[first] = data
    upload = replace(upload, received=last + 1)
    if upload.received == upload.size:
        pieces = state.pieces.pop(upload.id)
        finish_video(state, upload, b"".join(pieces[at] for at in sorted(pieces)), request.headers["content-type"])
        return _range_answer(201, upload)
    state.save(upload)
    return _range_answer(206, upload)


def finish_video(state: State, upload: StoredUpload, data: bytes, content_type: str | None = None) -> None:
    """Turn a complete video into a post or a draft, or fail."""
    facts = read_facts(data)
    account = state.account(TikTokAccount, upload.account)
    reason = None
    if facts.mime not in TYPES or facts.mime != (content_type or facts.mime) or not facts.complete:
        reason = "file_format_check_failed"
    elif not all(VIDEO_SIDES[0] <= side <= VIDEO_SIDES[1] for side in (facts.width, facts.height) if side):
        reason = "picture_size_check_failed"
    elif (facts.duration_s or 0) > account.max_video_s:
        reason = "duration_check_failed"
    upload = replace(upload, size=len(data), received=len(data))
    _finish_publication(state, upload, (hashlib.sha256(data).hexdigest(),), "video", reason, int(facts.duration_s or 0))


def finish_photos(state: State, upload: StoredUpload, photos: list[bytes] | None) -> None:
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
    _finish_publication(state, replace(upload, size=size, received=size), media, "image", reason)


def _finish_publication(
    state: State, upload: StoredUpload, media: tuple[str, ...], shape: str, reason: str | None, duration_s: int = 0
) -> None:
    """Save the end of a publication, with its post if it made one."""
    account = state.accounts[upload.account]
    ordered = state.trouble_of(account).removeprefix("fail:") if "fail:" in state.trouble_of(account) else None
    reason = reason or ordered
    now = state.now_ms()
    if reason is not None or upload.inbox:
        state.save(replace(upload, done_ms=now, fail_reason=reason))
        return
    post = SandboxPost(
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


def _end_of_chunk(upload: StoredUpload) -> int:
    """Return where the chunk that starts at `received` ends. The last one takes the rest."""
    index = upload.received // upload.chunk_size
    return upload.size if index >= upload.chunks - 1 else (index + 1) * upload.chunk_size


def _range_answer(status: int, upload: StoredUpload) -> Response:
    received = f"0-{upload.received - 1}" if upload.received else "*"
    return Response(status_code=status, headers={"Content-Range": f"bytes {received}/{upload.size}"})


async def init_video(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/video/init/`: a publish_id, and for an upload its URL of one hour."""
    body = await read_body(state, request, VIDEO_BODY)
    info, source = body["post_info"], body["source_info"]
    _refuse_invalid(state, validation_errors(info, VIDEO_INFO, "post_info.") + source_errors(source))
    return await _begin_video(state, account, request, source, info.get("title", ""), info["privacy_level"])


async def init_inbox(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/inbox/video/init/`: the same for a draft in the creator's inbox."""
    body = await read_body(state, request, INBOX_BODY)
    _refuse_invalid(state, source_errors(body["source_info"]))
    return await _begin_video(state, account, request, body["source_info"], "", None)


async def init_photos(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/content/init/`: photos from URLs, posted at once or sent to the inbox."""
    body = await read_body(state, request, PHOTO_BODY)
    info, source = body["post_info"], body["source_info"]
    draft = body["post_mode"] == "MEDIA_UPLOAD"
    found = validation_errors(info, PHOTO_DRAFT_INFO if draft else PHOTO_INFO, "post_info.")
    _refuse_invalid(state, found + photo_errors(source))
    scope = "video.upload" if draft else "video.publish"
    if scope not in account.scopes:
        raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize the scope {scope}.")
    urls: list[str] = source["photo_images"]
    check_urls(state, urls)
    check_account(state, account, None if draft else info["privacy_level"])
    text = "\n".join(filter(None, (info.get("title"), info.get("description"))))
    prefix = "p_inbox_url~v2" if draft else "p_pub_url~v2"
    upload = _new_upload(state, account, prefix, text, None if draft else info["privacy_level"])
    try:
        photos = [await fetch_url(url, LARGEST_PHOTO) for url in urls]
    except CannotFetch:
        finish_photos(state, upload, None)
    else:
        finish_photos(state, upload, photos)
    return envelope(state, {"publish_id": upload.id})


async def _begin_video(
    state: State, account: TikTokAccount, request: Request, source: dict[str, Any], title: str, privacy: str | None
) -> Response:
    """Begin the publication of a video. An upload waits for its bytes, a URL is fetched now."""
    kind = "inbox" if privacy is None else "pub"
    if source["source"] == "PULL_FROM_URL":
        check_urls(state, [source["video_url"]])
        check_account(state, account, privacy)
        upload = _new_upload(state, account, f"v_{kind}_url~v2", title, privacy)
        try:
            data = await fetch_url(source["video_url"], LARGEST)
        except CannotFetch:
            state.save(replace(upload, done_ms=state.now_ms(), fail_reason="video_pull_failed"))
        else:
            finish_video(state, upload, data)
        return envelope(state, {"publish_id": upload.id})
    check_account(state, account, privacy)
    upload = replace(
        _new_upload(state, account, f"v_{kind}_file~v2{'-1' if privacy else ''}", title, privacy),
        pulled=False,
        size=source["video_size"],
        chunk_size=source["chunk_size"],
        chunks=source["total_chunk_count"],
    )
    state.save(upload)
    url = request.url.replace(path="/video/", query=f"upload_id={upload.id}&upload_token={upload.token}")
    return envelope(state, {"publish_id": upload.id, "upload_url": str(url)})


def _new_upload(state: State, account: TikTokAccount, prefix: str, title: str, privacy: str | None) -> StoredUpload:
    return StoredUpload(
        f"{prefix}.{new_id(state)}",
        account.id,
        token=secrets.token_urlsafe(24),
        title=title,
        privacy=privacy or "",
        size=0,
        chunk_size=0,
        chunks=0,
        made_ms=state.now_ms(),
        pulled=True,
        inbox=privacy is None,
    )


def _refuse_invalid(state: State, found: list[str]) -> None:
    if found:
        raise refusal(state, 400, "invalid_params", "; ".join(found))


_PUBLISH_ID = (BodyField("publish_id", str, required=True),)


async def creator_info(state: State, account: TikTokAccount, request: Request) -> Response:
    """`creator_info/query/`: this creator's choices. Past the day's posts it is 200 with an error code."""
    await read_body(state, request, (), optional=True)
    data = {
        "creator_avatar_url": "",
        "creator_username": account.handle,
        "creator_nickname": account.handle,
        "privacy_level_options": list(account.privacy_levels),
        **{f"{what}_disabled": what in account.switched_off for what in INTERACTIONS},
        "max_video_post_duration_sec": account.max_video_s,
    }
    found = TROUBLES.get(state.trouble_of(account))
    if found is not None and found.creator_info:
        return envelope(state, data, found.code, found.message)
    if has_used_posts(state, account):
        return envelope(state, data, "spam_risk_too_many_posts", "Too many posts in the last 24 hours.")
    return envelope(state, data)


async def fetch_status(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/status/fetch/`: the status of a publication. A public post's id comes later."""
    upload = await _own_upload(state, account, request)
    since_done = -1 if upload.done_ms is None else state.now_ms() - upload.done_ms
    data: dict[str, Any] = {"uploaded_bytes": upload.received, "publicaly_available_post_id": []}
    if upload.pulled:
        data = {"downloaded_bytes": upload.received, "publicaly_available_post_id": []}
    if upload.done_ms is None or since_done < state.processing_s * 1000:
        data["status"] = "PROCESSING_DOWNLOAD" if upload.pulled else "PROCESSING_UPLOAD"
    elif upload.fail_reason is not None:
        data |= {"status": "FAILED", "fail_reason": upload.fail_reason}
    elif upload.inbox:
        data["status"] = "SEND_TO_USER_INBOX"
    else:
        data["status"] = "PUBLISH_COMPLETE"
        if upload.privacy == PUBLIC and upload.post_id and since_done >= state.part(TikTokSwitches).moderation_s * 1000:
            data["publicaly_available_post_id"] = [int(upload.post_id)]
    return envelope(state, data)


async def cancel(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/cancel/`: ends a download that is not through. An upload cannot be ended."""
    upload = await _own_upload(state, account, request)
    is_through = upload.done_ms is None or state.now_ms() - upload.done_ms >= state.processing_s * 1000
    if not upload.pulled or upload.fail_reason is not None or is_through:
        raise refusal(state, 400, "publish_not_cancellable", "The publish_id is in a final state, or an upload.")
    post = state.posts.get(upload.post_id or "")
    state.save(
        replace(upload, fail_reason="publish_cancelled"), *([] if post is None else [replace(post, deleted=True)])
    )
    return envelope(state, {})


async def _own_upload(state: State, account: TikTokAccount, request: Request) -> StoredUpload:
    """Return the publication that the body names."""
    body = await read_body(state, request, _PUBLISH_ID)
    upload = state.table(StoredUpload).get(body["publish_id"])
    if upload is None:
        raise refusal(state, 400, "invalid_publish_id", "The publish_id does not exist.")
    if upload.account != account.id:
        code = "token_not_authorized_for_specified_publish_id"
        raise refusal(state, 403, code, "The publish_id belongs to another user.")
    return upload
