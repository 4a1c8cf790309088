"""Whether a file of a folder says already what a post is, however it is written. Then an export leaves it as it is.

What counts is what a sync would read in it: `to: x` and `to: [x/me]` are the same where there is one account, and an
instant is the same in UTC and on a clock in Zurich.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from ttp.domain.account import Account
from ttp.domain.errors import TtpError
from ttp.domain.media import MediaItem
from ttp.domain.post import Post
from ttp.services.drafting import check_variants
from ttp.services.files.fields import KEPT, Entry
from ttp.services.files.folder import File
from ttp.services.files.source import of_markdown
from ttp.services.names import resolve_accounts
from ttp.services.row_media import beside

Instant = Callable[[str, str | None, Sequence[Account]], datetime | None]
"""The instant of a time as a file has it, in a zone, for some accounts; None where it leaves the choice to ttp."""


class Likeness:
    def __init__(self, folder: Path, known: Sequence[Account], instant: Instant) -> None:
        self._folder = folder
        self._known = known
        self._instant = instant

    def same(self, file: File, post: Post, *, begun: bool) -> bool:
        """Whether a file says what the post says. `begun`: it has begun to go out, and the file must say how far."""
        entry = of_markdown(file)
        if entry is None or entry.faults or entry.ended != begun:
            return False
        if begun and (file.fields or {}).get("status") != post.status.value:
            return False
        typed = entry.typed
        try:
            accounts = resolve_accounts(typed.to or (), self._known)
            return (
                (typed.text or "") == post.content
                and {account.name for account in accounts} == set(post.accounts)
                and self._same_time(entry, post, accounts)
                and {k: v for k, v in check_variants(typed.variants, self._known).items() if v} == dict(post.variants)
                and (typed.thread or ()) == post.thread
                and tuple(dict.fromkeys(typed.tags or ())) == post.tags
                and dict(typed.options) == dict(post.options)
                and typed.max_lateness_s == post.max_lateness_s
                and self._same_media(typed.media or (), typed.alts or (), post.media)
            )
        except TtpError:
            return False

    def _same_time(self, entry: Entry, post: Post, accounts: Sequence[Account]) -> bool:
        text = entry.typed.at
        if text is None or not text.strip():
            return post.scheduled_at is None
        return post.scheduled_at is not None and self._instant(text, entry.typed.tz, accounts) in (
            None,
            post.scheduled_at,
        )

    def _same_media(self, names: Sequence[str], alts: Sequence[str], items: Sequence[MediaItem]) -> bool:
        told = [alts[place] if place < len(alts) else "" for place in range(len(items))]
        return (
            len(names) == len(items)
            and told == [item.alt or "" for item in items]
            and all(self._is(name, item) for name, item in zip(names, items, strict=True))
        )

    def _is(self, name: str, item: MediaItem) -> bool:
        if item.url is not None:
            return name == item.url
        if name.startswith(KEPT):
            return name.removeprefix(KEPT).partition("/")[0] == item.sha256
        path = beside(self._folder, name)
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == item.sha256
