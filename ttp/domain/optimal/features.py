"""Make comparable rows of one account's samples: one per post, old enough, with local hour and weekday. The result does
not depend on the order of the samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import MAIN_COUNTS, Sample

NEWEST = 1000
"""The most posts that are used: older ones say little about next week."""
SETTLED_AFTER = timedelta(hours=48)
"""By then a post has over 80 % of the engagement it will ever have, on every platform."""
COMPARABLE_UNTIL = timedelta(days=14)
"""Later samples would favour old posts."""
FEWEST_SETTLED = 8
USUAL_OF_ZEROS = 20
"""Where the median engagement is at least this, a post without any like, comment and share was deleted, hidden or never
counted: a Poisson count of that mean is zero once in 10^8 times."""
FEW, MANY_VIEWS = 3, 10
"""Views are compared instead of engagement if the median engagement is below the first number and the median views are
at least this many times as high."""
VIEWS = "views"


class PostFeatures(NamedTuple):
    """One post: when it was published (in UTC, and on the account's wall clock) and what it collected."""

    published_at: datetime
    hour: int
    weekday: int
    """Monday is 0."""
    kind: str
    engagement: float
    """ln(1 + likes + comments + shares), or ln(1 + views) for an account that has only views."""
    remote_id: str = ""
    known: str = ""
    """Names of the known counts: posts with hidden likes are compared with each other."""


class ComparablePosts(NamedTuple):
    """The rows of an account, oldest first, and the number of posts that were left out as impossible zeros."""

    posts: tuple[PostFeatures, ...]
    left_out: int


def features(samples: Iterable[Sample], *, account: str, zone: ZoneInfo) -> tuple[PostFeatures, ...]:
    """Return the account's newest posts that are `SETTLED_AFTER` old, at most `NEWEST`, oldest first. Younger posts are
    included if fewer than `FEWEST_SETTLED`, or fewer than half of the posts, are old enough. Impossible zeros are left
    out (`USUAL_OF_ZEROS`)."""
    return comparable_posts(samples, account=account, zone=zone).posts


def comparable_posts(samples: Iterable[Sample], *, account: str, zone: ZoneInfo) -> ComparablePosts:
    """Return `features` and how many posts were left out as zeros."""
    by_post: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.account == account:
            by_post.setdefault(sample.remote_id, []).append(sample)
    posts = [_representative(of_one_post) for of_one_post in by_post.values()]
    settled = [post for post in posts if _age(post) >= SETTLED_AFTER]
    if len(settled) < max(FEWEST_SETTLED, len(posts) / 2):
        settled = posts
    newest = sorted(settled, key=lambda post: (post.published_at, post.remote_id))[-NEWEST:]
    engagements = [post.engagement for post in newest if post.engagement is not None]
    left_out = 0
    if engagements and median(engagements) >= USUAL_OF_ZEROS:
        kept = [post for post in newest if post.engagement != 0 or post.likes is None]
        newest, left_out = kept, len(newest) - len(kept)
    rows = tuple(
        PostFeatures(
            post.published_at, local.hour, local.weekday(), post.kind or "", math.log1p(count), post.remote_id, known
        )
        for post, (count, known) in zip(newest, _counts(newest), strict=True)
        if count is not None
        for local in (post.published_at.astimezone(zone),)
    )
    return ComparablePosts(rows, left_out)


def _age(sample: Sample) -> timedelta:
    return sample.observed_at - sample.published_at


def _representative(of_one_post: Sequence[Sample]) -> Sample:
    """Return the newest sample of 48 hours to 14 days of age, else the earliest later one, else the newest."""
    if len(of_one_post) == 1:
        return of_one_post[0]
    ordered = sorted(of_one_post, key=_order)
    settled = [sample for sample in ordered if _age(sample) >= SETTLED_AFTER]
    comparable = [sample for sample in settled if _age(sample) <= COMPARABLE_UNTIL]
    if comparable:
        return comparable[-1]
    return settled[0] if settled else ordered[-1]


def _order(sample: Sample) -> tuple[datetime, datetime, str, tuple[int, ...]]:
    """Order by time of observation; the rest makes ties independent of the order of rows."""
    counts = (sample.likes, sample.comments, sample.shares, sample.views)
    numbers = tuple(-1 if count is None else count for count in counts)
    return sample.observed_at, sample.published_at, sample.kind or "", numbers


def _counts(posts: Sequence[Sample]) -> list[tuple[int | None, str]]:
    """Return what each post collected (None if unknown), and the names of the counts behind it."""
    engagements = [post.engagement for post in posts]
    if _views_say_more(posts, engagements):
        return [(post.views, VIEWS) for post in posts]
    return [(engagement, _known(post)) for engagement, post in zip(engagements, posts, strict=True)]


def _views_say_more(posts: Sequence[Sample], engagements: Sequence[int | None]) -> bool:
    """Whether to compare posts by views: if engagement is zero, or small while views are many.

    Small counts are mostly noise: a post with 1 like and one with 2 hardly differ. Views must be known of half of the
    posts, because the others are left out.
    """
    views = [post.views for post in posts if post.views is not None]
    if not any(engagements):
        return any(views)
    if 2 * len(views) < len(posts):
        return False
    usual = median(engagement for engagement in engagements if engagement is not None)
    return usual < FEW and median(views) >= MANY_VIEWS * max(usual, 1)


def _known(sample: Sample) -> str:
    return " ".join(name for name in MAIN_COUNTS if getattr(sample, name) is not None)
