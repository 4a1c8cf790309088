"""Slots: the weekly times at which an account posts, and which instant is the next free one.

Pure: the instants of a slot come from `services.cron`, and what is taken is asked of the caller.
"""

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
    """One coming instant of a slot, and the posts that hold it: None for one that a repeat will create. `content`: the
    text of the first of them, where it was asked for."""

    at: datetime
    slot: Slot
    posts: tuple[int | None, ...] = ()
    content: str | None = None


def instants_in_all(streams: Sequence[Iterable[datetime]]) -> Iterator[datetime]:
    """Yield the instants that every one of the rising streams has, each once; nothing where there is no stream."""
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
    """Yield the instants that one of the rising streams has, in order, each once."""
    last: datetime | None = None
    for at in heapq.merge(*streams):
        if at != last:
            last = at
            yield at


def first_free(instants: Iterable[datetime], is_taken: Callable[[datetime], bool]) -> tuple[datetime | None, int]:
    """Return the first instant that is not taken, None where there is none; and how many were looked at."""
    looked = 0
    for at in instants:
        looked += 1
        if not is_taken(at):
            return at, looked
    return None, looked
