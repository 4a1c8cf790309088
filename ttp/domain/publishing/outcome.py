"""Outcomes of a call to a platform.

A publishing call has exactly three outcomes: `Done`, `NotDone`, `Unknown`. Only `NotDone` proves that nothing was
published. `Unknown` is never sent again without a look-up, whose answer is a `Finding`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ttp.domain.action import WayOut
from ttp.domain.delivery import parts_of
from ttp.domain.publishing.attempt import Attempt, Handle, Kind, Phase

__all__ = [
    "Absent",
    "Attempt",
    "Done",
    "Finding",
    "Found",
    "Handle",
    "Kind",
    "NotDone",
    "Outcome",
    "Phase",
    "Refused",
    "Unclear",
    "Unknown",
    "Working",
    "parts_of",
]


@dataclass(frozen=True, slots=True)
class Done:
    """The platform has it. `processing`: accepted, but still in work (its status must be asked).

    `handle`: what its look-ups or the next part need, if the answer has news (None: keep it). `more`: it was one part
    of a thread, and others follow. `note`: what a person should know of what is published.
    """

    remote_id: str | None = None
    url: str | None = None
    processing: bool = False
    http_status: int | None = None
    handle: Handle | None = None
    more: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """Proof that nothing was published: no byte was sent, or a refusal from a definite list in the platform's format.

    `passing`: worth another try. `not_ready`: the same call may be repeated soon (Instagram 9007). `retry_at`: the
    platform's time for the next try, which then does not count as one. `hold`: the whole account waits until then, or
    for a day.
    """

    kind: Kind
    message: str
    code: str | None = None
    http_status: int | None = None
    passing: bool = False
    not_ready: bool = False
    retry_at: datetime | None = None
    hold: bool = False
    hint: WayOut | None = None
    handle: Handle | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """May or may not be published. `look_at`: no look-up before this instant (a rate limit's reset). `handle`: what its
    look-ups need, if the answer has news (None: keep it). `page`: where a person sees it; they are asked at once,
    because no look-up can tell."""

    kind: Kind
    message: str
    code: str | None = None
    http_status: int | None = None
    look_at: datetime | None = None
    handle: Handle | None = None
    page: str | None = None


Outcome: TypeAlias = Done | NotDone | Unknown


@dataclass(frozen=True, slots=True)
class Found:
    """The look-up found it: it is published. `remote_id` None: certain, but without a known id.

    `id_later`: the public id and URL may come later and are worth asking for. `note`: information for a person. `more`:
    it is one part of a thread, and others follow; `handle`: what they need (None: keep the present one).
    """

    remote_id: str | None
    url: str | None = None
    id_later: bool = False
    note: str | None = None
    more: bool = False
    handle: Handle | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """The platform has it and is not finished."""

    what: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform says that publishing failed for good."""

    outcome: NotDone


@dataclass(frozen=True, slots=True)
class Absent:
    """A clean look-up that did not find it. `certain`: authoritative, without a settle window. `handle`: what the next
    try needs (None: keep the present one). `refusal`: why it is not sent again once its absence is proven."""

    certain: bool = False
    handle: Handle | None = None
    refusal: NotDone | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """The look-up could not decide. `final`: it never will (two matches); a person must look at `links`."""

    kind: Kind
    message: str
    final: bool = False
    links: tuple[str, ...] = ()
    look_at: datetime | None = None
    http_status: int | None = None


Finding: TypeAlias = Found | Working | Refused | Absent | Unclear
