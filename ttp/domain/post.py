"""Posts: what the user wrote, once, for one or more accounts. Its status is a pure function of its deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from ttp.domain.action import action
from ttp.domain.delivery import APPROVAL, IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.errors import Hint, NotFound
from ttp.domain.media.item import MediaItem
from ttp.domain.media.place import place_of
from ttp.domain.platform import Facts

EMPTY: Mapping[str, str] = MappingProxyType({})
NO_ORIGIN: Mapping[str, object] = MappingProxyType({})


_CANCELLED = DeliveryState.CANCELLED


class PostStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    PARTIAL = "partial"

    @property
    def has_begun(self) -> bool:
        """Return whether publishing has begun, so that the content cannot change any more."""
        return self not in (PostStatus.DRAFT, PostStatus.SCHEDULED)


class ChosenBy(StrEnum):
    """How a post's time was chosen, where no person named it."""

    PLAN = "plan"
    EXPLORE = "explore"
    """To learn about an hour of which little is known, not because it is known to be good."""


class Rejection(NamedTuple):
    """A person's rejection of a post, and why."""

    at: datetime
    why: str | None = None


class Metrics(NamedTuple):
    """The newest numbers of a post on one account, or their sums. None: not known."""

    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    observed_at: datetime | None = None


EMPTY_METRICS: Mapping[str, Metrics] = MappingProxyType({})


def add_metrics(metrics: Iterable[Metrics]) -> Metrics:
    """Return the sums of the known numbers."""
    columns = zip(*(one[:4] for one in metrics), strict=True)
    sums = [sum(numbers) if (numbers := [n for n in column if n is not None]) else None for column in columns]
    return Metrics(*sums) if sums else Metrics(None, None, None, None)


_NEEDS = ("review", "reconnect", "retry", "approve")


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)  # its subclasses have theirs; each takes long
class PostFields:
    """What a post and its views have. `variants` are keyed by platform or account, `options` by `platform.name`.

    `thread`: the parts that follow the text, each a reply to the one before; platforms without threads do not get them.
    `split`: a text that is too long for an account becomes parts there; None where the account's own setting counts.
    `number_parts`: they end with their number, `1/3`. `utm`: links of the user's own hosts get UTM parameters.
    `comment`: what each account replies to its own post, `comment_after_s` later. `origin`: the template that made the
    texts, its version and its `vars`; empty without one.
    """

    content: str
    deliveries: tuple[Delivery, ...] = ()
    status: PostStatus = PostStatus.DRAFT
    scheduled_at: datetime | None = None
    published_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    max_lateness_s: float | None = None
    media: tuple[MediaItem, ...] = ()
    variants: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    thread: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    key: str | None = None
    key_digest: str | None = None
    chosen_by: ChosenBy | None = None
    rejection: Rejection | None = None
    split: bool | None = None
    number_parts: bool | None = None
    utm: bool | None = None
    comment: str | None = None
    comment_after_s: float | None = None
    cards: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Its link cards by address (see `cards`). The publisher fetches some: such a change is not a person's."""
    origin: Mapping[str, object] = field(default_factory=lambda: NO_ORIGIN)
    id: int | None = None
    revision: int = field(default=0, compare=False)
    """Raised by each change of the stored post."""

    @property
    def active(self) -> tuple[Delivery, ...]:
        """The deliveries that count: all but the cancelled ones."""
        return tuple([d for d in self.deliveries if d.state is not DeliveryState.CANCELLED])

    @property
    def comments(self) -> tuple[Delivery, ...]:
        """The comments on it that count."""
        return tuple([d.comment for d in self.deliveries if d.comment and d.comment.state is not _CANCELLED])

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple([d.account for d in self.active])

    @property
    def platforms(self) -> tuple[str, ...]:
        active = self.active
        return (active[0].platform,) if len(active) == 1 else tuple(sorted({d.platform for d in active}))

    @property
    def approved_at(self) -> datetime | None:
        """When a person approved all open deliveries; None if one is not approved."""
        active = self.active
        times = [d.approved_at for d in active if d.approved_at is not None]
        return max(times) if times and len(times) == len(active) else None

    @property
    def in_flight(self) -> bool:
        """A worker has a delivery or a comment of it, or the publisher will look at one again by itself."""
        return any(d.state in IN_FLIGHT for d in (*self.deliveries, *self.comments))

    @property
    def live(self) -> tuple[str, ...]:
        """URLs of the published deliveries, or accounts without a known URL."""
        there = (d for d in self.deliveries if d.state is DeliveryState.PUBLISHED and d.taken_down_at is None)
        return tuple(d.url or d.account for d in there)

    def text_for(self, account: str, platform: str) -> str:
        """Return the text that goes to one account: its variant, else its platform's, else the post's."""
        return self.variants.get(account) or self.variants.get(platform) or self.content

    def parts_for(self, delivery: Delivery, facts: Facts) -> tuple[str, ...]:
        """Return the texts that go to one account, in order: its planned parts, else the texts as written."""
        return delivery.planned_parts or self.written_parts(delivery.account, facts)

    def written_parts(self, account: str, facts: Facts) -> tuple[str, ...]:
        """Return the texts for one account as written: the text, and its thread if the platform has threads."""
        return (self.text_for(account, facts.name), *(self.thread if facts.max_parts > 1 else ()))

    def media_for(self, delivery: Delivery, facts: Facts) -> tuple[tuple[MediaItem, ...], ...]:
        """Return the media of each part that goes to one account, in order. Last come those that are left out there:
        the platform has no threads, or no part that far."""
        return self.media_in(delivery, len(self.parts_for(delivery, facts)))

    def media_in(self, delivery: Delivery, count: int) -> tuple[tuple[MediaItem, ...], ...]:
        """Return what `media_for` does, of a delivery with this number of parts. A comment has none."""
        parts: list[list[MediaItem]] = [[] for _ in range(count + 1)]
        for item in () if delivery.is_comment else self.media:
            if item.only in (None, delivery.platform, delivery.account):
                parts[min(place_of(item.part, delivery.part_starts, count), count)].append(item)
        return tuple(map(tuple, parts))

    def needs(self) -> tuple[str, ...]:
        """Return what a person must do: any of `review`, `reconnect`, `retry`, `approve`, in this order."""
        needs = set()
        for d in (*self.deliveries, *self.comments):
            if d.state is DeliveryState.NEEDS_REVIEW:
                needs.add("review")
            elif d.state is DeliveryState.FAILED:
                needs.add("reconnect" if d.error is not None and d.error.kind == "auth" else "retry")
            if d.waiting_for == APPROVAL:
                needs.add("approve")
        return tuple(name for name in _NEEDS if name in needs) if needs else ()


@dataclass(frozen=True, slots=True)
class Post(PostFields):
    """What the user wrote, as stored."""


def with_cards_of(post: Post, other: PostFields) -> Post:
    """Return the post with what `other` has of its link cards that are not fetched."""
    return replace(post, cards={url: one or other.cards.get(url, {}) for url, one in post.cards.items()})


def derive_status(states: Iterable[DeliveryState], *, has_time: bool) -> PostStatus:
    """Return the status that follows from the states of the deliveries that count. `has_time`: a pending delivery, or
    the post if it has none, has a time."""
    counted = [state for state in states if state is not DeliveryState.CANCELLED]
    if all(state is DeliveryState.PENDING for state in counted):
        return PostStatus.SCHEDULED if counted and has_time else PostStatus.DRAFT
    if any(state in IN_FLIGHT or state is DeliveryState.PENDING for state in counted):
        return PostStatus.PUBLISHING
    if all(state is DeliveryState.PUBLISHED for state in counted):
        return PostStatus.PUBLISHED
    if any(state in (DeliveryState.PUBLISHED, DeliveryState.NEEDS_REVIEW) for state in counted):
        return PostStatus.PARTIAL
    return PostStatus.FAILED


def published_at(deliveries: Iterable[Delivery]) -> datetime | None:
    """Return when the last delivery was published, once all that count are; None before."""
    counted = [d for d in deliveries if d.state is not DeliveryState.CANCELLED]
    times = [d.published_at for d in counted if d.state is DeliveryState.PUBLISHED and d.published_at is not None]
    return max(times) if times and len(times) == len(counted) else None


def calendar_time(post: PostFields) -> datetime:
    """Return a post's time, or its time of publication if it had none. It must have one of the two."""
    at = post.scheduled_at or post.published_at
    assert at is not None
    return at


# When it is refused.


def post_not_found(post_id: int) -> NotFound:
    return NotFound(f"no post {post_id}", Hint("see", action("list")))
