"""Which posts a command is about: the filters of `ttp list`, for every command that takes them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.params import split_list
from ttp.cli.times import quoted
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.domain.post import PostStatus
    from ttp.store.reads import PostFilter

Statuses = Annotated[list[str] | None, Option("--status", metavar="A,B", help="Only these statuses.")]
WithTags = Annotated[list[str] | None, Option("--tag", metavar="TAG", help="Only with this tag.")]
Since = Annotated[str | None, Option("--since", metavar="TIME", help="Due from then on: 7d, a date.")]
Until = Annotated[str | None, Option("--until", metavar="TIME", help="Due before then.")]
Search = Annotated[str | None, Option("--search", metavar="TEXT", help="Only with this in the text.")]
OfKey = Annotated[str | None, Option("--key", metavar="KEY", help="Only the post of this key.")]
NeedsYou = Annotated[bool, Option("--needs-you", help="Only what waits for a person.")]


def post_filter(
    command: str,
    *,
    status: list[str] | None = None,
    platform: list[str] | None = None,
    account: list[str] | None = None,
    tag: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    search: str | None = None,
    key: str | None = None,
    needs_you: bool = False,
    limit: int | None = None,
    after: int | None = None,
) -> PostFilter:
    """What was typed, as the store understands it. UsageError or NotFound for what is none; hints name `command`."""
    from ttp.domain.account import platform_named
    from ttp.store.reads import PostFilter

    return PostFilter(
        statuses=tuple(_status(name) for name in split_list(status) or ()),
        platforms=tuple(platform_named(name) for name in split_list(platform) or ()),
        accounts=tuple(a.id or 0 for a in context().look.named(split_list(account) or ())),
        tags=split_list(tag) or (),
        since=_bound(command, "--since", since),
        until=_bound(command, "--until", until),
        search=search,
        key=key,
        needs_you=needs_you,
        limit=limit,
        after=after,
    )


def _status(name: str) -> PostStatus:
    from ttp.domain.post import PostStatus

    try:
        return PostStatus(name.lower())
    except ValueError:
        from difflib import get_close_matches

        found = get_close_matches(name.lower(), list(PostStatus), 1)
        near = [Hint("did you mean", f"--status {one}", (name, str(one))) for one in found]
        raise UsageError(f'no status "{name}"', *near, Hint("the statuses", ", ".join(PostStatus))) from None


def _bound(command: str, option: str, text: str | None) -> datetime | None:
    """The instant that a list begins or ends with."""
    if text is None:
        return None
    from ttp.domain.time.resolve import resolve_bound

    here = context()
    return resolve_bound(
        text, now=here.now(), zone=here.zone, retype=lambda other: quoted("ttp", command, option, other)
    )
