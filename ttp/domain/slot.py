"""Slots: the weekly times at which an account posts, and the next free instant. Pure: the instants of a slot come from
`services.recurrence_rules`; the caller knows which are occupied."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby


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
    """Yield the instants that all of the ascending streams have, each of which ends; nothing without streams."""
    for at, same in groupby(heapq.merge(*streams)):
        if len(list(same)) == len(streams):
            yield at


def instants_in_any(streams: Iterable[Iterable[datetime]]) -> Iterator[datetime]:
    """Yield the instants of any of the ascending streams in order, each once."""
    return (at for at, _ in groupby(heapq.merge(*streams)))


def first_free(instants: Iterable[datetime], is_taken: Callable[[datetime], bool]) -> tuple[datetime | None, int]:
    """Return the first free instant (or None), and how many were examined."""
    looked = 0
    for at in instants:
        looked += 1
        if not is_taken(at):
            return at, looked
    return None, looked
