"""Reading an account's own media or stories, and finding one delivery among them. Pure; never asks Instagram."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from ttp.domain.attempt import Found
from ttp.platforms.client import Order
from ttp.platforms.reply import Answer, Reply, dig, number_id, web_address

QUERY = {"fields": "id,caption,timestamp,permalink", "limit": "50"}
_BEFORE = timedelta(seconds=60)


def matches(reply: Reply, order: Order, since: datetime, *, by_text: bool) -> tuple[Found, ...] | None:
    """The unbound media of `reply` made at most a minute before `since` or later; `by_text`: with the order's caption.

    None where the reply is not a whole list: only that can show that something is not there.
    """
    if not (isinstance(reply, Answer) and reply.is_success):
        return None
    listed = reply.at("data")
    if not isinstance(listed, list):
        return None
    found = []
    for item in listed:
        media_id, at = number_id(dig(item, "id")), _instant(dig(item, "timestamp"))
        if media_id is None or at is None:
            return None
        same = not by_text or _plain(str(dig(item, "caption") or "")) == _plain(order.text)
        if media_id not in order.bound and at >= since - _BEFORE and same:
            found.append(Found(media_id, web_address(dig(item, "permalink"))))
    return tuple(found)


def _instant(text: object) -> datetime | None:
    """The instant of `2019-09-26T22:36:43+0000`."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


def _plain(caption: str) -> str:
    return unicodedata.normalize("NFC", caption.replace("\r\n", "\n").strip())
