"""Samples: likes, comments, shares and views of one published post at one time. Parses one row of ttp's own metrics
format, and refuses a row with an ambiguous cell. Reads no files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from ttp.domain.account import parse_account_name
from ttp.domain.errors import UsageError
from ttp.domain.platform import PlatformFacts
from ttp.domain.time.clock import to_ms

MAIN_COUNTS = ("likes", "comments", "shares", "views")
"""What is counted of a post everywhere; every other list of counts is made of this or checked against it."""
COUNTS = (*MAIN_COUNTS, "saves", "reach")
REQUIRED_COLUMNS = ("account", "remoteId", "publishedAt", *MAIN_COUNTS)
OPTIONAL_COLUMNS = ("observedAt", *COUNTS[len(MAIN_COUNTS) :], "kind", "text")
COLUMNS = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
KINDS = ("text", "image", "video", "carousel")

LARGEST_COUNT = 2**53
"""A JSON reader with numbers as doubles cannot hold larger counts exactly."""
LONGEST_ID = 255
FIRST_YEAR = 2006
"""No platform has older posts: X, the oldest, began in 2006. Catches times of zero since 1970."""

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_ROUNDED_ID = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")
_SHOWN = 40


def sum_known(*counts: int | None) -> int | None:
    """Return the sum of the known counts; None if none is known."""
    numbers = [one for one in counts if one is not None]
    return sum(numbers) if numbers else None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one post had collected at `observed_at`. None: unknown, not zero."""

    account: str
    remote_id: str
    published_at: datetime
    observed_at: datetime
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None
    saves: int | None = None
    reach: int | None = None
    kind: str | None = None
    """One of `KINDS`, if known."""
    text: str | None = None
    dated: bool = field(default=True, compare=False)
    """False if the source does not say when it was read, so `observed_at` is the time of the import."""

    @property
    def engagement(self) -> int | None:
        """Likes, comments and shares; None if no count is known."""
        return sum_known(self.likes, self.comments, self.shares)


@dataclass(frozen=True, slots=True)
class Total:
    """Totals of an account's stored samples: the sums of its posts' newest samples, and when posts were published and
    last read. Sums: None if unknown for all posts."""

    account: str
    posts: int
    samples: int
    first_at: datetime | None
    last_at: datetime | None
    observed_at: datetime | None
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    saves: int | None
    reach: int | None


Count: TypeAlias = int | None
Row: TypeAlias = tuple[str, int, int, Count, Count, Count, Count, Count, Count, str | None, str | None]
"""A sample of a known account as a tuple, which a million of them need for speed: remote id, observed and published (ms
since 1970), likes, comments, shares, views, saves, reach, kind, text."""


def row_of(sample: Sample) -> Row:
    """Return the sample as a tuple, without its account."""
    return (
        sample.remote_id,
        to_ms(sample.observed_at),
        to_ms(sample.published_at),
        sample.likes,
        sample.comments,
        sample.shares,
        sample.views,
        sample.saves,
        sample.reach,
        sample.kind,
        sample.text,
    )


def parse_row(
    row: Mapping[str, str], platforms: PlatformFacts, *, now: datetime, zone: ZoneInfo | None = None
) -> Sample:
    """Parse one row of ttp's own format. UsageError with the reason if a cell is wrong.

    `zone` is for times without an offset, which are refused without it. In a repeated hour the first pass counts.
    Instants are cut to milliseconds, as in the store.
    """
    account = _account(row.get("account", "").strip(), platforms)
    remote_id = _remote_id(row.get("remoteId", "").strip())
    published_at = _instant("publishedAt", row.get("publishedAt", "").strip(), now, zone)
    observed = row.get("observedAt", "").strip()
    observed_at = _instant("observedAt", observed, now, zone) if observed else _to_the_ms(now)
    if observed_at < published_at:
        raise UsageError("observedAt is before publishedAt", flaw="observed_first")
    main = {name: _count(name, row) for name in MAIN_COUNTS}
    if all(count is None for count in main.values()):
        raise UsageError("likes, comments, shares and views are all empty", flaw="no_count")
    return Sample(
        account=account,
        remote_id=remote_id,
        published_at=published_at,
        observed_at=observed_at,
        **main,
        saves=_count("saves", row),
        reach=_count("reach", row),
        kind=_kind(row.get("kind", "").strip().lower()),
        text=row.get("text") or None,
        dated=bool(observed),
    )


@lru_cache(maxsize=256)
def _account(text: str, platforms: PlatformFacts) -> str:
    """Return the canonical account name; cached, because a file has few accounts and many rows."""
    if not text:
        raise UsageError("account is empty", flaw="empty")
    platform, handle = parse_account_name(text, platforms)
    return f"{platform}/{handle}"


def _remote_id(text: str) -> str:
    if not text:
        raise UsageError("remoteId is empty", flaw="empty")
    if _ROUNDED_ID.fullmatch(text):
        # 17-digit ids opened in a spreadsheet come back as 1.79E+16: many posts would become one.
        raise UsageError(
            f"remoteId {_quoted(text)} was rounded by a spreadsheet; export that column as text", flaw="rounded"
        )
    if len(text) > LONGEST_ID:
        raise UsageError(f"remoteId is longer than {LONGEST_ID} characters", flaw="long_id")
    if not text.isprintable() or " " in text:
        raise UsageError(f"remoteId {_quoted(text)} has a space or control character", flaw="characters")
    return text


def _instant(name: str, text: str, now: datetime, zone: ZoneInfo | None) -> datetime:
    if not text:
        raise UsageError(f"{name} is empty", flaw="empty")
    if not _TIME.fullmatch(text):
        raise UsageError(f"{name} {_quoted(text)} is not a time like 2026-12-01T09:00:00Z", flaw="not_a_time")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name} {_quoted(text)} does not exist", flaw="no_such_time") from None
    if instant.year < FIRST_YEAR:
        raise UsageError(f"{name} {_quoted(text)} is before {FIRST_YEAR}", flaw="too_early")
    if instant.tzinfo is None:
        if zone is None:
            raise UsageError(f"{name} {_quoted(text)} has no offset; name the file's zone with --tz", flaw="no_offset")
        wall, instant = instant, instant.replace(tzinfo=zone)
        if instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
            raise UsageError(
                f"{name} {_quoted(text)} does not exist in {zone.key}: the clocks jump over it", flaw="skipped"
            )
    if instant > now:
        raise UsageError(f"{name} {_quoted(text)} is in the future", flaw="future")
    return _to_the_ms(instant)


def _to_the_ms(instant: datetime) -> datetime:
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _count(name: str, row: Mapping[str, str]) -> int | None:
    """Parse a count; None for an empty cell. Accepts `12.0`, because spreadsheets with gaps write whole numbers so."""
    text = row.get(name, "").strip()
    if not text:
        return None
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise UsageError(f"{name} {_quoted(text)} is not a whole number", flaw="not_a_number")
    # 17 digits are more than any valid count has, and int() refuses thousands of them.
    digits = whole[1].lstrip("+-0")
    value = int(digits[:17] or "0")
    if value > 0 and whole[1].startswith("-"):
        raise UsageError(f"{name} {_quoted(text)} is negative", flaw="negative")
    if value > LARGEST_COUNT:
        raise UsageError(f"{name} {_quoted(text)} is too large to be a count", flaw="too_large")
    return value


def _kind(text: str) -> str | None:
    if text and text not in KINDS:
        raise UsageError(f"kind {_quoted(text)} is not one of {', '.join(KINDS)}", flaw="kind")
    return text or None


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'


@dataclass(frozen=True, slots=True)
class OnlineDay:
    """One day: its end and the names of its hours are the platform's own text, in a zone that it may not tell."""

    ends: str
    hours: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OnlineFollowers:
    """Followers online at each hour, on average of some days. `first` and `last`: the ends of the days."""

    days: int
    first: str
    last: str
    hours: tuple[tuple[str, float], ...]
    """Hour and average, in the order of the clock."""

    @property
    def best(self) -> list[tuple[str, float]]:
        """The hours with the most followers first."""
        return sorted(self.hours, key=lambda one: -one[1])


def average_online(days: Iterable[OnlineDay]) -> OnlineFollowers | None:
    """Return the averages of these days, oldest first; None without any. An hour that a day lacks is not counted."""
    with_hours = [day for day in days if day.hours]
    if not with_hours:
        return None
    counts: dict[str, list[int]] = {}
    for day in with_hours:
        for hour, count in day.hours.items():
            counts.setdefault(hour, []).append(count)
    hours = sorted(counts, key=lambda hour: (len(hour), hour))
    averages = tuple((hour, sum(counts[hour]) / len(counts[hour])) for hour in hours)
    return OnlineFollowers(len(with_hours), with_hours[0].ends, with_hours[-1].ends, averages)
