"""How accounts are named where there is little room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from ttp.cli.render.width import columns, cut
from ttp.cli.terminal import escape_text

if TYPE_CHECKING:
    from ttp.domain.post import PostFields


@cache
def _label(platform: str) -> str:
    """Return the short name of a platform."""
    from ttp.platforms.registry import Registry

    return Registry().label(platform)


Names = Mapping[str, str]
"""Accounts as a page names them, by their full names."""


def short_names(accounts: Iterable[str], *, with_handle: bool = False) -> Names:
    """Return the shortest name of each account that means no other one of them: `ig`, `ig/shop` or, for two shops on
    different servers, `mastodon/shop@example.org`. `with_handle`: not `ig`."""
    names = {name: name.partition("/") for name in accounts}
    platforms = Counter(platform for platform, _, _ in names.values())
    users = Counter((platform, handle.partition("@")[0]) for platform, _, handle in names.values())
    short = {}
    for name, (platform, _, handle) in names.items():
        user = handle.partition("@")[0]
        tail = user if users[platform, user] == 1 else handle
        short[name] = escape_text(
            _label(platform) + (f"/{tail}" if tail and (with_handle or platforms[platform] > 1) else "")
        )
    return short


def names_within(accounts: Iterable[str], most: int) -> Names:
    """Return the longest names of accounts of which none has more than `most` columns: the full ones, those with
    handles, the shortest, or beginnings of these."""
    accounts = [*accounts]
    full = {name: escape_text(name) for name in accounts}
    for names in (full, short_names(accounts, with_handle=True)):
        if all(columns(name) <= most for name in names.values()):
            return names
    return _beginnings(short_names(accounts), most)


def names_in(posts: Iterable[PostFields], room: int = 0, *, with_handle: bool = False, between: int = 1) -> Names:
    """Return the short names of the accounts of posts. Where those of one post need more than `room` columns, with
    `between` for each to part them, it returns the shortest or their beginnings; 0: there is room."""
    rows = [[row.account for row in post.active] for post in posts]
    accounts = [name for row in rows for name in row]
    for names in (short_names(accounts, with_handle=with_handle), short_names(accounts)):
        if not room or all(sum(columns(names[name]) + between for name in row) <= room + 1 for row in rows):
            return names
    # Of more accounts than beginnings fit for, `joined_names` counts the last ones.
    shares = [share for row in rows if row and (share := (room + 1) // len(row) - between) >= _LEAST]
    return _beginnings(names, min(shares, default=room))


def joined_names(names: Sequence[str], room: int, gap: str = " ") -> str:
    """Return names in one cell, as many as fit, and how many more there are: `x/me ig +2`."""
    for shown in range(len(names), 0, -1):
        text = gap.join([*names[:shown], *([f"+{len(names) - shown}"] if shown < len(names) else [])])
        if columns(text) <= room:
            return text
    return gap.join(names[:1])


_LEAST, _LEAST_HANDLE = 6, 3
"""Columns of a name, and characters of its handle, that its beginning has at least."""


def _beginnings(names: Names, most: int) -> Names:
    """Return names that are cut to `most` columns, but not so short that one could mean another account."""
    return {account: _beginning(name, names.values(), max(most, _LEAST)) for account, name in names.items()}


def _beginning(name: str, every: Iterable[str], most: int) -> str:
    if columns(name) <= most:
        return name
    others = [other for other in every if other != name]
    ends = range(name.find("/") + 1 + _LEAST_HANDLE, len(name))
    least = next((end for end in ends if not any(other.startswith(name[:end]) for other in others)), len(name))
    return cut(name, max(most, columns(name[:least]) + 1))
