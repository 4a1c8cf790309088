"""TikTok: how publications begin. An upload publishes with its last byte, pulled media at once."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.media import CannotFetch, fetch_url
from ttp.sandbox.request_checks import validation_errors
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.front import envelope, read_body, refusal
from ttp.sandbox.tiktok.records import TikTokAccount, Upload, new_id
from ttp.sandbox.tiktok.rules import (
    INBOX_BODY,
    LARGEST,
    PHOTO_BODY,
    PHOTO_DRAFT_INFO,
    PHOTO_INFO,
    VIDEO_BODY,
    VIDEO_INFO,
    check_account,
    check_urls,
    photo_errors,
    source_errors,
)
from ttp.sandbox.tiktok.upload import LARGEST_PHOTO, finish_photos, finish_video


async def init_video(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/video/init/`: a publish_id, and for an upload its URL of one hour."""
    body = await read_body(state, request, VIDEO_BODY)
    info, source = body["post_info"], body["source_info"]
    _refuse(state, validation_errors(info, VIDEO_INFO, "post_info.") + source_errors(source))
    return await _begin(state, account, request, source, info.get("title", ""), info["privacy_level"])


async def init_inbox(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/inbox/video/init/`: the same for a draft in the creator's inbox."""
    body = await read_body(state, request, INBOX_BODY)
    _refuse(state, source_errors(body["source_info"]))
    return await _begin(state, account, request, body["source_info"], "", None)


async def init_photos(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/post/publish/content/init/`: photos from URLs, posted at once or sent to the inbox."""
    body = await read_body(state, request, PHOTO_BODY)
    info, source = body["post_info"], body["source_info"]
    draft = body["post_mode"] == "MEDIA_UPLOAD"
    found = validation_errors(info, PHOTO_DRAFT_INFO if draft else PHOTO_INFO, "post_info.")
    _refuse(state, found + photo_errors(source))
    scope = "video.upload" if draft else "video.publish"
    if scope not in account.scopes:
        raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize the scope {scope}.")
    urls: list[str] = source["photo_images"]
    check_urls(state, urls)
    check_account(state, account, None if draft else info["privacy_level"])
    text = "\n".join(filter(None, (info.get("title"), info.get("description"))))
    prefix = "p_inbox_url~v2" if draft else "p_pub_url~v2"
    upload = _upload(state, account, prefix, text, None if draft else info["privacy_level"])
    try:
        photos = [await fetch_url(url, LARGEST_PHOTO) for url in urls]
    except CannotFetch:
        finish_photos(state, upload, None)
    else:
        finish_photos(state, upload, photos)
    return envelope(state, {"publish_id": upload.id})


async def _begin(
    state: State, account: TikTokAccount, request: Request, source: dict[str, Any], title: str, privacy: str | None
) -> Response:
    """Begin the publication of a video. An upload waits for its bytes, a URL is fetched now."""
    kind = "inbox" if privacy is None else "pub"
    if source["source"] == "PULL_FROM_URL":
        check_urls(state, [source["video_url"]])
        check_account(state, account, privacy)
        upload = _upload(state, account, f"v_{kind}_url~v2", title, privacy)
        try:
            data = await fetch_url(source["video_url"], LARGEST)
        except CannotFetch:
            state.save(replace(upload, done_ms=state.now_ms(), fail_reason="video_pull_failed"))
        else:
            finish_video(state, upload, data)
        return envelope(state, {"publish_id": upload.id})
    check_account(state, account, privacy)
    upload = replace(
        _upload(state, account, f"v_{kind}_file~v2{'-1' if privacy else ''}", title, privacy),
        pulled=False,
        size=source["video_size"],
        chunk_size=source["chunk_size"],
        chunks=source["total_chunk_count"],
    )
    state.save(upload)
    url = request.url.replace(path="/video/", query=f"upload_id={upload.id}&upload_token={upload.token}")
    return envelope(state, {"publish_id": upload.id, "upload_url": str(url)})


def _upload(state: State, account: TikTokAccount, prefix: str, title: str, privacy: str | None) -> Upload:
    return Upload(
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


def _refuse(state: State, found: list[str]) -> None:
    if found:
        raise refusal(state, 400, "invalid_params", "; ".join(found))
