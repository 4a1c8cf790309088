"""Finding one delivery among an account's own public videos, where its publish_id is lost. Pure; never asks TikTok."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from ttp.domain.attempt import Found
from ttp.domain.kinds import TikTokKind
from ttp.domain.options import PUBLIC
from ttp.domain.text_length import utf16_length
from ttp.platforms.client import Order
from ttp.platforms.reply import Answer, Reply, dig, number_id, web_address
from ttp.platforms.tiktok.errors import error_code
from ttp.platforms.tiktok.post import kind_of

PATH = "/v2/video/list/"
QUERY = {"fields": "id,create_time,title,video_description,share_url"}
BODY = {"max_count": 20}
_CUT = 150
"""Characters at which titles are cut in lists."""


def why_not(order: Order) -> str | None:
    """Why a post cannot be found in the list, whatever became of it; None where it can, once it is public."""
    kind = kind_of(order)
    if kind is not TikTokKind.VIDEO:
        return "TikTok lists no drafts" if kind.is_draft else "TikTok does not say whether it lists photos"
    if order.options.get("privacy_level") != PUBLIC:
        return "TikTok lists public videos only"
    return None if order.text.strip() else "a video without a title cannot be told from others"


def matches(reply: Reply, order: Order, since: datetime) -> tuple[Found, ...] | None:
    """The unbound videos of `reply` with the order's title, made at `since` or later; None where it is no list."""
    if not (isinstance(reply, Answer) and reply.is_success and error_code(reply) == "ok"):
        return None
    videos = reply.at("data", "videos")
    if not isinstance(videos, list):
        return None
    found = []
    for video in videos:
        video_id, made = number_id(dig(video, "id")), dig(video, "create_time")
        if video_id is None or not isinstance(made, int):
            return None
        titles = (dig(video, "title"), dig(video, "video_description"))
        named = any(isinstance(title, str) and _is_title_of(title, order.text) for title in titles)
        if named and video_id not in order.bound and made >= int(since.timestamp()):
            found.append(Found(video_id, web_address(dig(video, "share_url"))))
    return tuple(found)


def _is_title_of(listed: str, text: str) -> bool:
    listed, text = _plain(listed), _plain(text)
    if utf16_length(text) <= _CUT:
        return listed == text
    listed = listed.removesuffix("…").removesuffix("...").rstrip()
    # Cut by whatever TikTok takes for a character, which may be half of ours; spaces may have gone as well.
    return text.startswith(listed) and len(listed) >= _CUT // 2 - 10


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
