"""Add the media that were given for a post, with what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from ttp.domain.account import Account
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput, with_media_texts
from ttp.domain.post_fields import MEDIA

if TYPE_CHECKING:
    from ttp.services.attachments.media import RowMedia


def with_media(
    rows: Callable[[], RowMedia],
    wanted: PostInput,
    names: Sequence[str] | None,
    platforms: Collection[str],
    accounts: Sequence[Account],
    before: Post | None = None,
) -> tuple[PostInput, tuple[MediaItem, ...] | None]:
    """Return the input with what is said of its media as posts have it, and the media of these names with that; None
    without names. Empty names are skipped. `before`: a post whose media are not fetched again. Raise NotFound,
    UsageError, Busy."""
    filled = [name for name in names or () if name]
    if not filled and not any(getattr(wanted, one.name) for one in MEDIA):
        return wanted, None if names is None else ()
    media = rows()
    wanted = media.with_texts(wanted, platforms, accounts)
    if names is None:
        return wanted, None
    return wanted, with_media_texts(media.items(filled, before, platforms, accounts), wanted)
