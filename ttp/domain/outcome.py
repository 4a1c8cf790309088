"""Attempts: what became of a call to a platform.

Three outcomes of a publishing call, and no fourth: `Done`, `NotDone`, `Unknown`. Only `NotDone` is proof that nothing
was published; `Unknown` is never sent again without a look-up, whose answer is a `Finding`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ttp.domain.action import WayOut
from ttp.domain.attempt import Attempt, Handle, Kind, Phase, parts_of

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
    """The platform has it. `processing`: accepted, and the platform still works on it (its status must be asked).

    `handle`: what its look-ups, or the next part, start from, where the answer told more than was known before (None:
    keep it). `more`: it was one part of a thread, and further parts follow.
    """

    remote_id: str | None = None
    url: str | None = None
    processing: bool = False
    http_status: int | None = None
    handle: Handle | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class NotDone:
    """Proof that nothing was published: no byte left, or a refusal in the platform's own format on a definite list.

    `passing`: worth another try. `not_ready`: the same call may be made again soon (Instagram 9007). `retry_at`: the
    platform's own time for the next try; such a wait spends no try. `hold`: the whole account waits until then.
    `handle`: what the next try starts from (None: keep the one there is).
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
    """May or may not be published. `look_at`: no look-up before this instant (a rate limit's reset)."""

    kind: Kind
    message: str
    code: str | None = None
    http_status: int | None = None
    look_at: datetime | None = None


Outcome: TypeAlias = Done | NotDone | Unknown


@dataclass(frozen=True, slots=True)
class Found:
    """The look-up found it: it is published. `remote_id` None: certain, but the id could not be told.

    `id_later`: what is known is the platform's handle; the public id and URL may come later and are worth asking for.
    `note`: what a person should know of it, in a line. `more`: it is one part of a thread, and further parts follow;
    `handle`: what they start from (None: keep the one there is).
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
    """The platform says that it failed and will not appear."""

    outcome: NotDone


@dataclass(frozen=True, slots=True)
class Absent:
    """A clean look that did not find it. `certain`: authoritative, no settle window is needed.

    `handle`: what the next try starts from (None: keep the one there is).
    """

    certain: bool = False
    handle: Handle | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """The look-up could not tell. `final`: it never will (two matches); a person must look at `links`."""

    kind: Kind
    message: str
    final: bool = False
    links: tuple[str, ...] = ()
    look_at: datetime | None = None
    http_status: int | None = None


Finding: TypeAlias = Found | Working | Refused | Absent | Unclear
