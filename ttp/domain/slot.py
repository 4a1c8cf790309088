"""Slots: the weekly times at which an account posts, and the next free instant. Pure: the instants of a slot come from
`services.cron`; the caller knows which are occupied."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """A posting time of one account: `cron` on the wall clocks of `timezone`, an IANA name."""

    account: str
    cron: str
    timezone: str
    name: str | None = None
    id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class SlotInstant:
    """One coming instant of a slot and its posts; None stands for one that a repeat will create. `content`: the text of
    the first post, if requested."""

    at: datetime
    slot: Slot
    posts: tuple[int | None, ...] = ()
    content: str | None = None


def instants_in_all(streams: Sequence[Iterable[datetime]]) -> Iterator[datetime]:
    """Yield the instants that all of the ascending streams have, each once; nothing without streams."""
    lines = [iter(stream) for stream in streams]
    heads = [next(line, None) for line in lines]
    while heads and all(head is not None for head in heads):
        known = [head for head in heads if head is not None]
        latest = max(known)
        if min(known) == latest:
            yield latest
        heads = [
            next(line, None) if head < latest or min(known) == latest else head
            for line, head in zip(lines, known, strict=True)
        ]


def instants_in_any(streams: Iterable[Iterable[datetime]]) -> Iterator[datetime]:
    """Yield the instants of any of the ascending streams in order, each once."""
    last: datetime | None = None
    for at in heapq.merge(*streams):
        if at != last:
            last = at
            yield at


def first_free(instants: Iterable[datetime], is_taken: Callable[[datetime], bool]) -> tuple[datetime | None, int]:
    """Return the first free instant (or None), and how many were examined."""
    looked = 0
    for at in instants:
        looked += 1
        if not is_taken(at):
            return at, looked
    return None, looked
