"""Posts in the archive of an account's data that X sends: the zip with `data/tweets.js`.

Each file is an assignment, `window.YTD.tweets.part0 = [ … ]`. X counts likes and reposts there, and no replies. Replies
do not count as posts, as in `metrics`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ttp.domain.time.clock import utc_text
from ttp.platforms.reply import list_at, parse_instant, parse_numeric_id, value_at
from ttp.platforms.x.look_up import created_at, restore_text

FIRST_SNOWFLAKE = 1 << 35
"""Ids below, of posts before November 2010, do not tell the time."""
_POSTS = re.compile(r"data/tweets?(-part[0-9]+)?\.js")
_KINDS = {"photo": "image", "video": "video", "animated_gif": "video"}


class XArchive:
    account_file = "data/account.js"
    manifest_file = "data/manifest.js"

    def has_posts(self, name: str) -> bool:
        return _POSTS.fullmatch(name) is not None

    def owner(self, account: object) -> tuple[str, str] | None:
        of_only = next(iter(list_at(account)), None)
        handle, user_id = (value_at(of_only, "account", name) for name in ("username", "accountId"))
        return (handle, user_id) if isinstance(handle, str) and isinstance(user_id, str) else None

    def made_at(self, manifest: object) -> str | None:
        at = parse_instant(value_at(manifest, "archiveInfo", "generationDate"))
        return None if at is None else utc_text(at)

    def row(self, item: object) -> Mapping[str, object] | None:
        post = value_at(item, "tweet") or item
        post_id, text = parse_numeric_id(value_at(post, "id_str")), value_at(post, "full_text")
        if not isinstance(post, dict) or post_id is None or not isinstance(text, str):
            return {}
        if text.startswith("RT @") or post.get("in_reply_to_status_id_str") or post.get("in_reply_to_user_id_str"):
            return None
        listed = list_at(post, "extended_entities", "media") or list_at(post, "entities", "media")
        first = next(iter(listed), None)
        return {
            "remoteId": post_id,
            "publishedAt": utc_text(created_at(post_id)) if int(post_id) >= FIRST_SNOWFLAKE else "",
            "likes": post.get("favorite_count"),
            "shares": post.get("retweet_count"),
            "kind": "text" if first is None else _KINDS.get(str(value_at(first, "type")), ""),
            "text": restore_text(text, post).strip(),
        }
