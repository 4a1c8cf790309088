"""The history of one post in short: what people changed and what the publisher tried. Leaves out unknown events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import PostFields
from ttp.domain.publishing.attempt import Attempt, Kind, Phase

_WORDS: Mapping[str, str] = {
    "schedule": "scheduled",
    "unschedule": "unscheduled",
    "edit": "edited",
    "plan": "planned",
    "approve": "approved",
    "reject": "rejected",
    "sync": "edited by a file",
}
_UNTRIED = frozenset({Kind.MISSED, Kind.ACCOUNT})
"""Failures without a call to the platform."""
_SAME_MOMENT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """`by_publisher`: shown with seconds, because the result is visible to others."""

    what: str
    at: datetime
    by_publisher: bool = False


@dataclass(frozen=True, slots=True)
class PostHistory:
    """`events`: oldest first. `ended`: by their ids, when the deliveries and comments that failed or need review
    ended."""

    events: tuple[HistoryEvent, ...] = ()
    ended: Mapping[int | None, datetime] = field(default_factory=dict)


def post_history(post: PostFields, changes: Sequence[tuple[str, datetime]], attempts: Sequence[Attempt]) -> PostHistory:
    """Return a post's history from the commands that changed it and all steps of all tries, both oldest first."""
    rows = (*post.active, *post.comments)
    ended = {row.id: at for row in rows if (at := _ended(row, post, changes, attempts)) is not None}
    comments = {row.id for row in post.comments}
    attempts = [one for one in attempts if one.delivery_id not in comments]
    events = [*_changed(post, changes), *_tried(attempts), *_over(post, ended)]
    sent = [row.published_at for row in post.comments if row.published_at is not None]
    events += [HistoryEvent("commented", max(sent), by_publisher=True)] if sent else []
    return PostHistory(tuple(sorted(events, key=lambda one: one.at)), ended)


def _changed(post: PostFields, changes: Sequence[tuple[str, datetime]]) -> Iterator[HistoryEvent]:
    if post.created_at is not None:
        yield HistoryEvent("created", post.created_at)
    yield from (HistoryEvent(_WORDS[command], at) for command, at in changes if command in _WORDS)


def _tried(attempts: Sequence[Attempt]) -> Iterator[HistoryEvent]:
    """Yield the first call to a platform, and the start of the last of several tries."""
    tries = [one for one in attempts if one.phase in (Phase.PREPARE, Phase.PUBLISH)]
    if not tries:
        return
    yield HistoryEvent("publishing", tries[0].at, by_publisher=True)
    starts: dict[tuple[str, int], Attempt] = {}
    for one in tries:
        starts.setdefault((one.account, one.number), one)
    last = max(starts.values(), key=lambda one: one.at)
    if last.number > 1:
        yield HistoryEvent(f"try {last.number}", last.at, by_publisher=True)


def _over(post: PostFields, ended: Mapping[int | None, datetime]) -> Iterator[HistoryEvent]:
    """Yield when the last delivery ended and how; nothing while one is unfinished or its end is unknown."""
    times = [row.published_at or ended.get(row.id) for row in post.active]
    ends = [at for at in times if at is not None]
    if ends and len(ends) == len(times):
        review = any(row.state is DeliveryState.NEEDS_REVIEW for row in post.active)
        yield HistoryEvent("needs review" if review else post.status.value, max(ends), by_publisher=True)


def _ended(
    row: Delivery, post: PostFields, changes: Sequence[tuple[str, datetime]], attempts: Sequence[Attempt]
) -> datetime | None:
    """Return when a delivery failed, or came to need a person."""
    if row.state not in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW):
        return None
    untried = row.error is not None and row.error.kind in _UNTRIED
    steps = [] if untried else [one for one in attempts if one.delivery_id == row.id]
    if steps:
        return steps[-1].ended_at or steps[-1].at
    # It was refused without a call, which is the last thing that happened to the post, unless a person changed it.
    stored = post.updated_at
    touched = stored is None or any(at > stored - _SAME_MOMENT for _, at in changes)
    return None if touched else stored
