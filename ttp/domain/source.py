"""Sources: feeds and releases whose items become posts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.grammar import AfterDuration, ChosenTime, parse_time

MAX_NEW = 5
"""Items that become posts of one poll; more are held."""
EVERY, LEAST, MOST_EVERY = timedelta(hours=1), timedelta(minutes=15), timedelta(days=7)
"""Between two polls: the default, and the least and the most that may be set."""
LONGEST = timedelta(hours=24)
"""The longest wait after a failure, or that a server asks for."""
MAX_AGE = timedelta(days=7)
NOTIFY_AFTER = timedelta(hours=72)
"""How long a source fails before a person hears of it: channels that live answer 404 for days."""
KEPT_FOR = timedelta(days=400)
"""How long the keys of an item are kept once its feed does not have it, or its source is removed."""
MOST_ITEMS = 5_000
"""Items of one source that are kept."""
JITTER = 0.1
MOVED_AFTER, MOVED_TIMES = timedelta(hours=24), 3
"""A redirect that lasts so long and was seen so often is stored: captive portals send some, too."""


class ItemState(StrEnum):
    SEEN = "seen"  # it was there before, is too old, or was skipped
    FILTERED = "filtered"
    HELD = "held"  # too many were new at once: a person decides
    CREATED = "created"  # it became a post
    ALIAS = "alias"  # a known item under a new name


OPEN = (ItemState.HELD, ItemState.SEEN, ItemState.FILTERED)
"""Items that can still become posts."""


@dataclass(frozen=True, slots=True)
class Source:
    """`url`: as it was given; `address`: where it is read. `accounts`: ids. `schedule`: `next-slot`, `optimal` or `in
    10m`; None: its posts are drafts. `failing_at`: since when every poll failed. `moved_to`: the target of a lasting
    redirect, seen `moves` times since `moved_at`. `renames`: polls in a row with new ids for known items."""

    url: str
    accounts: tuple[int, ...]
    name: str = ""
    address: str = ""
    format: str | None = None
    template: str | None = None
    schedule: str | None = None
    max_new: int = MAX_NEW
    every_s: int = int(EVERY.total_seconds())
    max_age_s: int = int(MAX_AGE.total_seconds())
    categories: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    prereleases: bool = False
    with_media: bool = False
    key_mode: str = "auto"
    private: bool = False
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    moved_to: str | None = None
    moved_at: datetime | None = None
    moves: int = 0
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    next_poll_at: datetime | None = None
    polls: int = 0
    ok_at: datetime | None = None
    failures: int = 0
    failing_at: datetime | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    renames: int = 0
    paused_at: datetime | None = None
    gone_at: datetime | None = None
    removed_at: datetime | None = None
    id: int | None = None

    def is_due(self, now: datetime) -> bool:
        return self.paused_at is None and self.next_poll_at is not None and self.next_poll_at <= now

    @property
    def state(self) -> str:
        """`paused`, `gone`, `new` (never read), `failing` or `ok`."""
        if self.paused_at is not None:
            return "paused"
        if self.gone_at is not None:
            return "gone"
        return "failing" if self.failures else "new" if self.ok_at is None else "ok"


@dataclass(frozen=True, slots=True)
class SourceItem:
    """`seen_at`: when the feed had it last. `problem`: why its post is a draft although its source gives times.
    `content`: what a post is made of; empty once it is a post, or gone from the feed."""

    source_id: int
    k1: str
    k2: str | None
    k3: str | None
    k4: str | None
    first_seen_at: datetime
    seen_at: datetime
    state: ItemState
    link: str | None = None
    title: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    post_id: int | None = None
    posted_at: datetime | None = None
    problem: str | None = None
    content: Mapping[str, object] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source, the names of its accounts, and how many of its items are in each state."""

    source: Source
    accounts: tuple[str, ...]
    counts: Mapping[ItemState, int]


def trouble(source: Source, held: int, now: datetime) -> tuple[str, str] | None:
    """Return the event and the sentence about what a person must decide; None if nothing."""
    if source.gone_at is not None:
        return "source.gone", f"{source.name} is gone and is not read any more: {source.error}"
    if source.failing_at is not None and source.paused_at is None and now - source.failing_at >= NOTIFY_AFTER:
        return "source.failed", f"{source.name} could not be read for 3 days: {source.error}"
    if held:
        items = "1 new item" if held == 1 else f"{held} new items"
        return "source.held", f"{items} of {source.name} {'is' if held == 1 else 'are'} held"
    return None


def parse_schedule(text: str) -> str:
    """Return when posts of a source are published. Raise UsageError for a time that means another one each day."""
    typed = parse_time(text)
    if isinstance(typed, ChosenTime | AfterDuration):
        return text
    ways = (Hint("try", other_options(at=one)) for one in ("next-slot", "in 10m"))
    raise UsageError(f'"{text}" is not a time of sources: each item needs its own', *ways)


def after_success(
    source: Source, now: datetime, jitter: float, *, at_least_s: float | None, moved_to: str | None
) -> Source:
    """Return a source after a poll that was answered. `jitter`: from -1 to 1; `at_least_s`: how long the server wants
    it to wait; `moved_to`: the target of a lasting redirect."""
    wait_s = min(max(source.every_s, at_least_s or 0), max(LONGEST.total_seconds(), source.every_s))
    source = _moved(source, moved_to, now)
    return replace(
        source,
        next_poll_at=now + timedelta(seconds=wait_s * (1 + JITTER * jitter)),
        ok_at=now,
        failures=0,
        failing_at=None,
        gone_at=None,
        error=None,
        polls=source.polls + 1,
    )


def after_failure(source: Source, now: datetime, jitter: float, error: str, retry_after_s: float | None) -> Source:
    """Return a source after a poll that failed: the wait doubles each time, to a day at most."""
    longest_s = LONGEST.total_seconds()
    wait_s = min(source.every_s * 2.0 ** min(source.failures + 1, 10), max(longest_s, source.every_s))
    wait_s *= 1 + JITTER * jitter
    if retry_after_s is not None:
        wait_s = max(min(retry_after_s, longest_s), source.every_s)
    return replace(
        source,
        next_poll_at=now + timedelta(seconds=wait_s),
        failures=source.failures + 1,
        failing_at=source.failing_at or now,
        gone_at=None,
        error=error,
        polls=source.polls + 1,
    )


def after_end(source: Source, now: datetime, error: str) -> Source:
    """Return a source whose server says that it is gone for good."""
    return replace(source, next_poll_at=None, gone_at=now, error=error, polls=source.polls + 1)


def _moved(source: Source, target: str | None, now: datetime) -> Source:
    """Return the source with what is known of its redirect; at a new address once that has lasted."""
    if target is None or target == source.address:
        return replace(source, moved_to=None, moved_at=None, moves=0)
    if target != source.moved_to or source.moved_at is None:
        return replace(source, moved_to=target, moved_at=now, moves=1)
    if source.moves + 1 >= MOVED_TIMES and now - source.moved_at >= MOVED_AFTER:
        return replace(source, address=target, moved_to=None, moved_at=None, moves=0)
    return replace(source, moves=source.moves + 1)
