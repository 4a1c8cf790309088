"""TikTok: the choices of a creator and the status of a publication."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.front import envelope, read_body, refusal
from ttp.sandbox.tiktok.records import INTERACTIONS, PUBLIC, TROUBLES, TikTokAccount, TikTokSwitches, Upload
from ttp.sandbox.tiktok.rules import has_used_posts

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


async def _own_upload(state: State, account: TikTokAccount, request: Request) -> Upload:
    """Return the publication that the body names."""
    body = await read_body(state, request, _PUBLISH_ID)
    upload = state.table(Upload).get(body["publish_id"])
    if upload is None:
        raise refusal(state, 400, "invalid_publish_id", "The publish_id does not exist.")
    if upload.account != account.id:
        code = "token_not_authorized_for_specified_publish_id"
        raise refusal(state, 403, code, "The publish_id belongs to another user.")
    return upload
