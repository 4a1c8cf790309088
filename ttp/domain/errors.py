"""Everything that ttp tells a person went wrong.

    TtpError
    ├── UsageError         usage        what was typed cannot be read
    ├── NotFound           not_found    no such post, account or file
    ├── Ambiguous          ambiguous    it could mean several things
    ├── ContentRefused     content      a platform would refuse the post
    ├── TimeRefused        time         the time cannot be read
    │   ├── PastTime       past         it has passed
    │   └── SkippedTime    dst          the clocks jump over it
    ├── Conflict           conflict     the key is taken by another post
    ├── StateRefused       state        not in this state
    ├── ReconnectNeeded    reconnect    the account's token no longer works
    ├── Busy               busy         the store or the publisher's lock is held, read-only or full
    │   └── SlowClock
    ├── Damaged            damaged      the store cannot be read
    ├── NewerStore         newer_store  a later ttp wrote it
    ├── OlderStore         older_store  a ttp from before the first release wrote it
    ├── NotAllowed         not_allowed  not here
    ├── PartlyFailed       partial      a part of the work failed
    └── Bug                internal     ours
        └── InvalidTransition

A message says what happened in one line. A hint is one whole command to type. `ttp.cli.exit_codes` maps the
codes to exit codes; nothing below `cli` knows about those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class OtherTime:
    """The same request with another time, and zone if one was named; on `draft`, if the text was saved as one."""

    at: str
    tz: str | None = None
    draft: int | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """One way out: `say` is the label ("did you mean"), `type` the command or text to type.

    `instead`: the word that was typed (none: ""), and the one for it that makes what was typed a command that works;
    the command line knows the rest of it, and types all of it.
    """

    say: str
    type: str
    instead: tuple[str, str] | None = None
    other_time: OtherTime | None = None
    """What to ask for instead; each interface writes it in its own form."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of a rule, found before anything is saved as scheduled.

    `field` is the post's JSON key (`content`, `media`, `options`, `accounts`); `account` is `platform/handle` or
    None where it holds for the whole post; `warning` problems never refuse.
    """

    field: str
    code: str
    message: str
    account: str | None = None
    hint: str | None = None
    warning: bool = False


class TtpError(Exception):
    """An error with a one-line message, ways out, and a stable code."""

    code: ClassVar[str] = "internal"

    def __init__(
        self, message: str, *hints: Hint, problems: Iterable[Problem] = (), details: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints
        self.problems = tuple(problems)
        self.details = tuple(details)
        """Further lines shown under the message, before the hints (a list of fields, the reason of a gap)."""


class UsageError(TtpError):
    """What was typed, or a file that was given, cannot be read as it is. Nothing was done: type it as the hint says."""

    code = "usage"


class PlatformDisabled(UsageError):
    """The platform is not enabled, or its package is gone. Enable it in `platforms.enabled`, or install it."""


class NotFound(TtpError):
    """There is no such post, account, file or slot. Nothing was done: the hint lists those that there are."""

    code = "not_found"


class Ambiguous(TtpError):
    """It could mean several things, and ttp does not guess. Nothing was done: type the one that you mean."""

    code = "ambiguous"


class ContentRefused(TtpError):
    """A platform would refuse the post as it is, so it gets no time. Change it, or keep it as a draft."""

    code = "content"


class TimeRefused(TtpError):
    """The time cannot be read, or could be several. Nothing was done: `ttp help time` has all forms."""

    code = "time"


class PastTime(TimeRefused):
    """The time has passed. Nothing was done: give one that is to come, or `now`."""

    code = "past"


class SkippedTime(TimeRefused):
    """The clocks go forward over that time. Nothing was done: take one before or after."""

    code = "dst"


class Conflict(TtpError):
    """Something else has been there first: another post, or another change. Nothing was overwritten."""

    code = "conflict"


class StateRefused(TtpError):
    """The post is not in a state in which that can be done. Nothing was done: `ttp show ID` tells what can."""

    code = "state"


class ReconnectNeeded(TtpError):
    """The platform no longer takes the account's token: `ttp account connect ACCOUNT`, then go on."""

    code = "reconnect"


class Busy(TtpError):
    """Another program holds the store, or it cannot be written. Nothing is lost: mend what it says, and try again."""

    code = "busy"


class SlowClock(Busy):
    """The clock stands at `now`, before `known`, when something has happened: nothing is published by such a clock."""

    def __init__(self, now: datetime, known: datetime) -> None:
        here, then = (f"{at.astimezone():%d %b %Y %H:%M}" for at in (now, known))
        super().__init__(
            f"the clock stands at {here}, before the last record of the store, {then}: nothing is published",
            Hint("set it, and look at it", "date"),
            Hint("if it is right, and was ahead before", "ttp run --trust-clock"),
        )


class Damaged(TtpError):
    """A file of ttp's cannot be read. Nothing is published, nothing is made anew: the hints say how to get it back."""

    code = "damaged"


class NewerStore(TtpError):
    """A later ttp wrote the store, and this one does not touch it: upgrade."""

    code = "newer_store"


class OlderStore(TtpError):
    """A ttp from before the first release wrote the store. Nothing was changed: the message names the version that
    brings it up to date."""

    code = "older_store"


class NotAllowed(TtpError):
    """It may not be done here: by TTP_CAPABILITY, by approval, or because something is not installed."""

    code = "not_allowed"


class PartlyFailed(TtpError):
    """A part of the work was done and a part was not; both are told."""

    code = "partial"


class Bug(TtpError):
    """A fault of ttp's own, or of a program that it starts. Nothing is lost; `TTP_DEBUG=1` shows where it is."""

    code = "internal"


class InvalidTransition(Bug):
    """A delivery was asked to make a move that `delivery.MOVES` does not have."""
