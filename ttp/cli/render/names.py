"""How accounts are named where there is little room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from ttp.cli.render.width import columns
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
        short[name] = escape_text(_label(platform) + (f"/{tail}" if with_handle or platforms[platform] > 1 else ""))
    return short


def names_within(accounts: Iterable[str], most: int) -> Names:
    """Return the longest names of accounts of which none has more than `most` columns: the full ones, those with
    handles, or the shortest."""
    accounts = [*accounts]
    full = {name: escape_text(name) for name in accounts}
    for names in (full, short_names(accounts, with_handle=True)):
        if all(columns(name) <= most for name in names.values()):
            return names
    return short_names(accounts)


def names_in(posts: Iterable[PostFields], *, with_handle: bool = False) -> Names:
    """Return the short names of the accounts of posts."""
    return short_names((row.account for post in posts for row in post.active), with_handle=with_handle)
