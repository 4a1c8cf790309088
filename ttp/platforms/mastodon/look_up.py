"""Finding one part of a delivery among the account's own posts, as the server lists them. Pure; asks nothing. See
docs/reference/platforms/mastodon.md, section 7."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ttp.domain.publishing.outcome import Handle
from ttp.platforms.client import Part
from ttp.platforms.mastodon.media import media_ids
from ttp.platforms.mastodon.options import chosen_of, split_poll
from ttp.platforms.mastodon.request_body import parent_of
from ttp.platforms.mastodon.server import Software
from ttp.platforms.reply import Reply, list_at, parse_instant, value_at

PAGE, MOST_PAGES = 40, 10
EARLY = timedelta(seconds=60)
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^>]*>", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ListedStatus:
    id: str
    url: str | None
    created_at: datetime
    parent: str | None
    media: tuple[str, ...]
    has_poll: bool
    is_edited: bool
    data: Mapping[str, object]


def read_page(reply: Reply) -> tuple[ListedStatus, ...] | None:
    """Return the listed posts; None unless every entry can be read, because only a clean page shows absence."""
    listed = reply.success_at()
    if not isinstance(listed, list):
        return None
    statuses = [read_status(item) for item in listed]
    return None if None in statuses else tuple(filter(None, statuses))


def read_status(item: object) -> ListedStatus | None:
    status_id, at = value_at(item, "id"), parse_instant(value_at(item, "created_at"), UTC)
    url = value_at(item, "url")
    if not isinstance(item, dict) or not isinstance(status_id, str) or not status_id or at is None:
        return None
    parent = value_at(item, "in_reply_to_id")
    return ListedStatus(
        status_id,
        url if isinstance(url, str) else None,
        at,
        parent if isinstance(parent, str) else None,
        tuple(str(value_at(one, "id")) for one in list_at(item, "media_attachments")),
        isinstance(value_at(item, "poll"), dict),
        value_at(item, "edited_at") is not None,
        item,
    )


def candidates(
    statuses: Sequence[ListedStatus], part: Part, handle: Handle, start: datetime, software: Software
) -> list[ListedStatus]:
    """Return the posts that can be this part, but for their text: not another delivery's, not older than the call, a
    reply to the same post, with as many media and as many polls. Uploads whose ids are kept decide alone."""
    request = part.request
    used_ids, parent = {*request.bound, *part.published_ids}, parent_of(part, handle)
    has_poll = part.number == 1 and bool(split_poll(chosen_of(request).word("poll")))
    ids = media_ids(handle)[: len(request.media)]
    possible = [
        status
        for status in statuses
        if status.id not in used_ids
        and status.created_at >= start
        and not isinstance(status.data.get("reblog"), dict)
        and status.parent == parent
        and len(status.media) == len(request.media)
        and (status.has_poll or not has_poll)
    ]
    if has_ids(part, handle, software):
        return [status for status in possible if sorted(status.media) == sorted(ids)]
    return possible


def has_ids(part: Part, handle: Handle, software: Software) -> bool:
    """Whether the ids of the uploads tell the post, whatever its text became."""
    return bool(part.request.media) and software.keeps_media_ids and len(media_ids(handle)) >= len(part.request.media)


def is_same_source(part: Part, text: str, warning: str) -> bool:
    """Whether the text that was sent is the text that the server keeps."""
    sent_warning = plain(chosen_of(part.request).word("spoiler_text") or "")
    sent = plain(part.request.text) or (sent_warning if not part.request.media else "")
    return plain(text) in (sent, plain(part.request.text)) and plain(warning) == sent_warning


def is_same_content(part: Part, status: ListedStatus) -> bool:
    """Whether the text that was sent is what the post shows, where the server does not give its source."""
    shown = status.data.get("content")
    if not isinstance(shown, str):
        return False
    return _squeezed(content_text(shown)) == _squeezed(plain(part.request.text))


def content_text(shown: str) -> str:
    """Return the text of a post's HTML."""
    return plain(html.unescape(_TAG.sub("", _BREAK.sub("\n", shown))))


def plain(text: str) -> str:
    """Return a text for comparing: NFC, `\\n` between lines, nothing around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def _squeezed(text: str) -> str:
    return _SPACES.sub("", text)
