"""Posts of real accounts, read from a folder next to the checkout. The data cannot be published with the project.

CSV files, gzipped: `account, platform, published_at (UTC), kind, likes, comments, shares, views, tz`.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.features import PostFeatures

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
SETTLED = timedelta(days=7)
"""Age of the counts. The files do not say when they were read, only that it was long after publishing."""


class Page(NamedTuple):
    account: str
    zone: ZoneInfo
    samples: list[Sample]
    """Oldest post first."""


class Window(NamedTuple):
    """A part of an account's history: the known posts and the posts that followed."""

    known: Sequence[Sample]
    held_out: Sequence[Sample]


class Lift(NamedTuple):
    """The log gain of posts in the chosen hours or slots over the others, and the number of the former."""

    gain: float
    inside: int


def pages(folder: Path = FOLDER) -> list[Page]:
    """Return the posts of every account; an empty list if the folder does not exist."""
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                sample = _sample(row, number)
                samples[sample.account, row["tz"]].append(sample)
    return [
        Page(account, ZoneInfo(zone), sorted(of_account, key=lambda sample: sample.published_at))
        for (account, zone), of_account in samples.items()
    ]


def is_held_out(page: Page) -> bool:
    """Whether a page is in the half on which no choice has been made since 27 November 2026."""
    return crc32(page.account.encode()) % 2 == 1


def windows(page: Page, known: int, most: int = 12) -> Iterator[Window]:
    """Yield at most `most` windows of `known` posts with the posts that followed: half as many, at least 200."""
    step = max(200, known // 2)
    starts = range(0, len(page.samples) - known - 99, step)
    for start in starts[:: max(1, -(-len(starts) // most))]:
        edge = start + known
        yield Window(page.samples[start:edge], page.samples[edge : edge + step])


def _sample(row: Mapping[str, str], number: int) -> Sample:
    at = datetime.fromisoformat(row["published_at"])
    likes, comments, shares, views = (int(row[name] or 0) for name in ("likes", "comments", "shares", "views"))
    account = f"{row['platform']}/{row['account']}"
    return Sample(account, f"p{number}", at, at + SETTLED, likes, comments, shares, views, kind=row["kind"] or None)


def lift(held_out: Sequence[PostFeatures], chosen: Set[int], place: str) -> Lift | None:
    """Return the gain of later posts in the chosen hours or slots, relative to posts of the same kind.

    None if all or none of the posts are in them. `place`: `hour` or `slot`.
    """
    by_kind: dict[str, list[float]] = defaultdict(list)
    for post in held_out:
        by_kind[post.kind].append(post.engagement)
    usual = {kind: math.fsum(of_kind) / len(of_kind) for kind, of_kind in by_kind.items()}
    inside: list[float] = []
    outside: list[float] = []
    for post in held_out:
        at = post.hour if place == "hour" else 24 * post.weekday + post.hour
        (inside if at in chosen else outside).append(post.engagement - usual[post.kind])
    if not inside or not outside:
        return None
    return Lift(math.fsum(inside) / len(inside) - math.fsum(outside) / len(outside), len(inside))
