"""Deliveries: one post going to one account, and the one table of moves that its state can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from ttp.domain.action import WayOut
from ttp.domain.errors import InvalidTransition
from ttp.domain.publishing.attempt import Handle, Kind

NO_HANDLE: Handle = MappingProxyType({})
_REST = "the rest of the thread"
_KEPT = ("parts", "of", "keys", "tried_at")
"""Parts of a handle that are kept. The rest may contain an upload address, which is a secret."""
LOOK = "; look whether it is there: "
"""Between what happened and the address where a person finds out whether it is published, in an error's message."""
APPROVAL = "approval"
"""The `waiting_for` of a delivery that may be published only after approval."""


class DeliveryState(StrEnum):
    PENDING = "pending"  # waits for its time; the publisher's claim moves it out
    CLAIMED = "claimed"  # a worker does invisible steps; the worker moves it out, or the next publisher's recovery
    SENDING = "sending"  # an intent is committed; the worker moves it out, or the next publisher's recovery
    PROCESSING = "processing"  # the platform has it and works on it; the publisher asks until it is done
    RETRYING = "retrying"  # failed for a passing reason; the publisher claims it again at `next_at`
    RECONCILING = "reconciling"  # may or may not be published; look-ups move it out
    PUBLISHED = "published"  # final
    FAILED = "failed"  # a person's retry, new time or edit moves it out
    NEEDS_REVIEW = "needs_review"  # the platform cannot tell; only a person's resolve moves it out
    CANCELLED = "cancelled"  # does not count. Named again by an edit, the account gets a new delivery in its place


_S = DeliveryState
MOVES: Mapping[tuple[DeliveryState, DeliveryState], str] = MappingProxyType(
    {
        (_S.PENDING, _S.CLAIMED): "claim",
        (_S.RETRYING, _S.CLAIMED): "claim",
        (_S.PENDING, _S.FAILED): "too late, or the account is disabled or needs reconnecting",
        (_S.RETRYING, _S.FAILED): "too late, or the account is disabled or needs reconnecting",
        (_S.PENDING, _S.CANCELLED): "left out by an edit, or the account is removed",
        (_S.FAILED, _S.CANCELLED): "left out by an edit, or the account is removed",
        (_S.CLAIMED, _S.PENDING): "released, or the publisher died before an intent",
        (_S.CLAIMED, _S.RETRYING): "an invisible step failed for a temporary reason, or a thread was interrupted",
        (_S.CLAIMED, _S.FAILED): "content problem, dead token, or no tries left",
        (_S.CLAIMED, _S.SENDING): "intent committed",
        (_S.SENDING, _S.PUBLISHED): "done",
        (_S.SENDING, _S.PROCESSING): "accepted, the platform still works on it",
        (_S.SENDING, _S.RETRYING): "not done, temporary, tries left",
        (_S.SENDING, _S.CLAIMED): "not done and not ready yet, withdrawn unsent, or done with more parts of a thread",
        (_S.SENDING, _S.FAILED): "not done, final, or no tries left",
        (_S.SENDING, _S.RECONCILING): "unknown, the publisher died, or take-over",
        (_S.PENDING, _S.RECONCILING): "due at a take-over",
        (_S.CLAIMED, _S.RECONCILING): "take-over",
        (_S.RETRYING, _S.RECONCILING): "take-over",
        (_S.PROCESSING, _S.RECONCILING): "take-over",
        (_S.PENDING, _S.PUBLISHED): "its publisher had lost it, and reports late that it is live",
        (_S.CLAIMED, _S.PUBLISHED): "its publisher had lost it, and reports late that it is live",
        (_S.RETRYING, _S.PUBLISHED): "its publisher had lost it, and reports late that it is live",
        (_S.FAILED, _S.PUBLISHED): "its publisher had lost it, and reports late that it is live",
        (_S.CANCELLED, _S.PUBLISHED): "its publisher had lost it, and reports late that it is live",
        (_S.CANCELLED, _S.FAILED): "its publisher had lost it, and reports late that a part of the thread is live",
        (_S.PROCESSING, _S.PUBLISHED): "done",
        (_S.PROCESSING, _S.FAILED): "refused",
        (_S.PROCESSING, _S.RETRYING): "refused for a temporary reason",
        (_S.PROCESSING, _S.NEEDS_REVIEW): "past its deadline",
        (_S.RECONCILING, _S.PUBLISHED): "found",
        (_S.RECONCILING, _S.PROCESSING): "the platform still works on it",
        (_S.RECONCILING, _S.FAILED): "the platform says it failed",
        (_S.RECONCILING, _S.RETRYING): "proven absent, or found with more parts of a thread",
        (_S.RECONCILING, _S.NEEDS_REVIEW): "cannot be known",
        (_S.FAILED, _S.PENDING): "retry, or a new time",
        (_S.NEEDS_REVIEW, _S.PUBLISHED): "a person says it is live",
        (_S.NEEDS_REVIEW, _S.FAILED): "a person says it is not, or it is with more parts of a thread",
    }
)
"""(from, to) -> the event. Anything else raises InvalidTransition. docs/reference/state-machine.md is drawn from it."""
BUSY = frozenset({_S.CLAIMED, _S.SENDING})
"""States that occupy the account: one at a time."""
IN_FLIGHT = BUSY | {_S.PROCESSING, _S.RETRYING, _S.RECONCILING}
"""States in which the publisher continues by itself."""
ENDED = frozenset({_S.PUBLISHED, _S.FAILED, _S.NEEDS_REVIEW, _S.CANCELLED})
"""States that only a person can change."""


class DeliveryError(NamedTuple):
    """Why a delivery failed or waits, in the platform's words (cleaned) and ours. `hint`: what to do about it."""

    kind: Kind
    message: str
    code: str | None = None
    hint: WayOut | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post going to one account.

    `due_at`: its time. `next_at`: when the publisher acts on it next (None: never by itself). `tries`: tries that count
    against the limit; `attempts`: all that began. `note`: information about what is published. `taken_down_at`: when
    ttp deleted it on the platform. `approved_at`: when a person approved it. `fence`: raised by claims and take-overs;
    a publisher with a lower one has lost the delivery.

    Of a thread, `remote_id` and `url` are the first part's, known once that is published; `handle` holds `parts`, the
    ids of all published parts in order, and `of`, the planned number. Where the client chooses the keys of its posts,
    `handle` holds them as `keys`. These three are kept. `planned_parts`: the texts that go there in place
    of the post's own, one of which was split. From the first intent on they are frozen. `part_starts`: the index of the
    planned part that begins each part of the writer's.

    `langs`: the languages that the account had when the post was created; empty if it had none, None if unknown.
    `comment`: what the account replies to this post; it has `parent_id`, the id of this delivery, and its text as its
    only planned part. It has no time before this delivery is published.
    """

    account: str
    platform: str
    state: DeliveryState = DeliveryState.PENDING
    due_at: datetime | None = None
    next_at: datetime | None = None
    remote_id: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    tries: int = 0
    attempts: int = 0
    waiting_for: str | None = None
    waiting_until: datetime | None = None
    error: DeliveryError | None = None
    handle: Handle = field(default_factory=lambda: NO_HANDLE, repr=False)
    note: str | None = None
    taken_down_at: datetime | None = None
    approved_at: datetime | None = None
    id: int | None = None
    post_id: int | None = None
    account_id: int | None = None
    fence: int = 0
    planned_parts: tuple[str, ...] = ()
    parts_frozen: bool | None = None
    part_starts: tuple[int, ...] = ()
    langs: str | None = None
    parent_id: int | None = None
    comment: Delivery | None = None

    @property
    def is_comment(self) -> bool:
        """Whether it is a comment on a post, not a post."""
        return self.parent_id is not None

    @property
    def may_plan(self) -> bool:
        """Whether its parts may still be planned, also again."""
        return self.state in (_S.PENDING, _S.FAILED) and not self.parts_frozen and not self.parts

    @property
    def parts(self) -> tuple[str, ...]:
        """The ids of the parts of a thread that are published, in order; empty for anything but a thread."""
        return parts_of(self.handle)

    @property
    def is_live(self) -> bool:
        """Whether something of it is on the platform, as far as ttp knows."""
        return self.taken_down_at is None if self.state is _S.PUBLISHED else bool(self.parts)

    @property
    def so_far(self) -> str | None:
        """`2 of 5 parts are published: LINK`; None where no part of a thread is out."""
        if not self.parts:
            return None
        are = "is" if len(self.parts) == 1 else "are"
        return f"{len(self.parts)} of {self.handle.get('of')} parts {are} published: {self.url or self.remote_id}"

    @property
    def kept_handle(self) -> Handle:
        """What stays of the handle when no call is under way: the parts of a thread, the keys of its posts, and when a
        call in doubt was made."""
        return {name: self.handle[name] for name in _KEPT if name in self.handle}

    def sent_options(self, own: Mapping[str, str], account: Mapping[str, str], language: str) -> dict[str, str]:
        """Return the options with which it is published, by full name: those of the account with the post's `own` over
        them. The languages are `langs`, where they are known. `language`: the platform's option for them."""
        options = dict(account)
        if self.langs is not None:
            name = f"{self.platform}.{language}"
            options.pop(name, None)
            options |= {name: self.langs} if self.langs else {}
        return {**options, **own}

    # A person's moves.

    def schedule(self, at: datetime | None) -> Delivery:
        """Pending with a time (None: a draft's delivery); a failed one starts over with a full budget."""
        fresh = self._move(DeliveryState.PENDING) if self.state is DeliveryState.FAILED else self
        if fresh.state is not DeliveryState.PENDING:
            raise InvalidTransition(f"a {self.state} delivery takes no new time")
        return replace(fresh, due_at=at, next_at=at, tries=0, error=None, waiting_for=None, waiting_until=None)

    def cancel(self) -> Delivery:
        return self._move(DeliveryState.CANCELLED, next_at=None, comment=self.cancelled_comment)

    @property
    def cancelled_comment(self) -> Delivery | None:
        """Its comment, cancelled if it rests."""
        is_open = self.comment is not None and self.comment.state in (DeliveryState.PENDING, DeliveryState.FAILED)
        return self.comment.cancel() if self.comment and is_open else self.comment

    def resolved_failed(self, error: DeliveryError) -> Delivery:
        """Not live. The parts of a thread that are out stay known."""
        return replace(self.mark_failed(error), handle=self.kept_handle)

    def with_part(self, remote_id: str | None, url: str | None, handle: Handle) -> Delivery:
        """No move: one more part of a thread is out, and `handle` knows it."""
        first = not self.parts
        return replace(
            self,
            remote_id=remote_id if first else self.remote_id,
            url=url if first else self.url,
            handle=handle,
            error=None,
            tries=0,  # each part has its own tries
        )

    def taken_down(self, remote_id: str, at: datetime) -> Delivery:
        """Record that ttp deleted one of its posts on the platform; the state stays. Of a thread, earlier parts stay
        until they are deleted too. A half-published thread that is gone can start again."""
        parts = [part for part in self.parts if part != remote_id]
        if parts:
            return replace(self, handle={**self.handle, "parts": parts})
        if self.state is DeliveryState.PUBLISHED:
            comment = self.cancelled_comment
            return replace(self, taken_down_at=at, next_at=None, handle=NO_HANDLE, comment=comment)
        return replace(self, remote_id=None, url=None, handle=NO_HANDLE)

    # The publisher's moves.

    def claim(self) -> Delivery:
        return self._move(DeliveryState.CLAIMED, next_at=None, attempts=self.attempts + 1, fence=self.fence + 1)

    def release(self, now: datetime) -> Delivery:
        """Return it pending, due as before. A thread that has begun continues as soon as possible."""
        if self.parts:
            return self.going_on(now)
        return self._move(DeliveryState.PENDING, next_at=self.due_at)

    def mark_sending(self, handle: Handle | None = None) -> Delivery:
        """`handle`: what the call and its look-up use; None: as it was."""
        return self._move(
            DeliveryState.SENDING,
            handle=self.handle if handle is None else handle,
            parts_frozen=True if self.planned_parts else self.parts_frozen,
        )

    def withdraw(self) -> Delivery:
        """Return it claimed: the intent was not used, the platform was not ready, or the next part follows."""
        return self._move(DeliveryState.CLAIMED)

    def going_on(self, now: datetime) -> Delivery:
        """Return it retrying at once, without spending a try: the rest of a thread follows."""
        return self._move(DeliveryState.RETRYING, next_at=now, waiting_for=_REST, waiting_until=now)

    def mark_published(
        self, at: datetime, remote_id: str | None, url: str | None, *, id_at: datetime | None = None
    ) -> Delivery:
        """`id_at`: when to ask again for the public id, which comes later."""
        return self._move(
            DeliveryState.PUBLISHED,
            published_at=at,
            remote_id=remote_id,
            url=url,
            error=None,
            next_at=id_at,
            handle=self.handle if id_at is not None else self.kept_handle,
        )

    def identify(self, remote_id: str | None, url: str | None, *, id_at: datetime | None = None) -> Delivery:
        """Record the public id of a published delivery, or when to ask for it again; the state stays."""
        handle = self.handle if id_at is not None else self.kept_handle
        return replace(self, remote_id=remote_id or self.remote_id, url=url or self.url, next_at=id_at, handle=handle)

    def mark_processing(self, what: str, look_at: datetime, until: datetime | None) -> Delivery:
        return self._move(DeliveryState.PROCESSING, next_at=look_at, waiting_for=what, waiting_until=until)

    def mark_retrying(self, at: datetime, error: DeliveryError, *, spend: bool) -> Delivery:
        """Return it due for a claim at `at`. `spend`: this try counts; otherwise the platform asked for the wait."""
        waiting = "the next try" if spend else "the platform to accept it"
        return self._move(
            DeliveryState.RETRYING,
            next_at=at,
            error=error,
            tries=self.tries + spend,
            waiting_for=waiting,
            waiting_until=at,
        )

    def mark_reconciling(self, error: DeliveryError, look_at: datetime) -> Delivery:
        return self._move(
            DeliveryState.RECONCILING,
            next_at=look_at,
            error=error,
            waiting_for="a look-up of what the platform has",
        )

    def look_again(
        self, at: datetime, *, until: datetime | None = None, error: DeliveryError | None = None
    ) -> Delivery:
        """Set the next look-up; the state stays."""
        return replace(self, next_at=at, waiting_until=until or self.waiting_until, error=error or self.error)

    def mark_failed(self, error: DeliveryError) -> Delivery:
        """Return it failed: it is not live. Of a thread, the error says what is."""
        if self.so_far is not None:
            error = error._replace(message=f"{error.message}; {self.so_far}")
        return self._move(DeliveryState.FAILED, error=error, next_at=None)

    def mark_needs_review(self, error: DeliveryError) -> Delivery:
        """Return it for review: it may be live. Of a thread, the error says which part, and what is live."""
        if self.so_far is not None:
            doubt = f"part {len(self.parts) + 1} is in doubt"
            error = error._replace(message=f"{error.message}; {doubt}, {self.so_far}")
        return self._move(DeliveryState.NEEDS_REVIEW, error=error, next_at=None)

    def _move(self, to: DeliveryState, **changes: object) -> Delivery:
        if (self.state, to) not in MOVES:
            raise InvalidTransition(f"no move from {self.state} to {to}")
        return replace(self, **{"state": to, "waiting_for": None, "waiting_until": None, **changes})  # type: ignore[arg-type]


def parts_of(handle: Handle) -> tuple[str, ...]:
    """Return the ids of the published parts of a thread, in order; empty for other posts."""
    parts = handle.get("parts")
    return tuple(str(part) for part in parts) if isinstance(parts, list | tuple) else ()
