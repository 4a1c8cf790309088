"""The errors that ttp reports to a person.

    TtpError
    ├── UsageError         usage        the command line or a file is invalid
    │   └── PlatformDisabled
    ├── NotFound           not_found    no such post, account or file
    ├── Ambiguous          ambiguous    the input has several meanings
    ├── ContentRefused     content      a platform would refuse the post
    ├── TimeRefused        time         the time cannot be read
    │   ├── PastTime       past         it has passed
    │   └── SkippedTime    dst          daylight saving skips it
    ├── Conflict           conflict     another post or change conflicts
    ├── Stale              stale        the post was changed since it was read
    ├── StateRefused       state        the post's state does not allow it
    ├── ReconnectNeeded    reconnect    the account's token no longer works
    ├── Busy               busy         the store or the publisher's lock is held, read-only or full
    │   ├── ClocksDiffer
    │   └── SlowClock
    ├── Damaged            damaged      the store cannot be read
    ├── NewerStore         newer_store  a later ttp wrote it
    ├── OlderStore         older_store  a ttp from before the first release, or another build, wrote it
    ├── NotAllowed         not_allowed  not here
    ├── PartlyFailed       partial      a part of the work failed
    └── Bug                internal     a bug
        └── InvalidTransition

A message says what happened in one line. A hint is an action, which each interface renders in its own form.
`ttp.views.errors` has the exit code and the HTTP status of each code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from ttp.domain.action import WayOut, action, has_example

Label: TypeAlias = Literal["try", "then", "fix", "see", "draft"]
"""`then`: the second of two commands. `draft`: what a person may do instead, which publishes nothing. Programs do not
get a `draft`: they did not ask for one."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One way out: a label and what to do. `replaces`: the typed word (none: ""), and the one for it that makes
    what was typed a command that works, which the command line types whole; of several, the option comes once for each.
    `sure`: False for an example, and for one of several readings whose others are not offered."""

    label: Label
    way: WayOut
    replaces: tuple[str, ...] | None = None
    sure: bool = True


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
    hint: WayOut | None = None
    warning: bool = False


class TtpError(Exception):
    """An error with a one-line message, ways out, and a stable code."""

    code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *hints: Hint,
        problems: Iterable[Problem] = (),
        details: Iterable[str] = (),
        flaw: str = "",
    ) -> None:
        """`flaw`: a word for what is wrong, such as `unknown_word`, where one code stands for much."""
        super().__init__(message)
        self.flaw = flaw
        self.message = message
        self.hints = hints
        self.problems = tuple(problems)
        self.details = tuple(details)
        """Further lines shown under the message, before the hints (a list of fields, the reason of a gap)."""

    @property
    def way(self) -> WayOut | None:
        """The first hint, for a program that follows it unread. None where only the caller can choose: what was typed
        has several readings, several hints change something, or a word of it stands for another, as FILE does."""
        if not self.hints or not self.hints[0].sure or has_example(self.hints[0].way):
            return None
        first = self.hints[0]
        others = (hint for hint in self.hints if hint.label == first.label and hint.way != first.way)
        return first.way if first.label == "see" or not any(others) else None


NO_TEXT = "no_text"
"""What is wrong with a post that has neither text nor media (`TtpError.flaw`)."""
NO_DATA = "no_data"
"""What is wrong with a best hour of accounts whose posts have no metrics."""


class UsageError(TtpError):
    """The command line or a file is invalid. Nothing was done. The hint shows the right form."""

    code = "usage"


class PlatformDisabled(UsageError):
    """The platform is not enabled, or its package is gone. Enable it in `platforms.enabled`, or install it."""


class NotFound(TtpError):
    """The post, account, file or slot does not exist. Nothing was done. The hint lists existing ones."""

    code = "not_found"


class Ambiguous(TtpError):
    """The input has several meanings, and ttp does not guess. Nothing was done. Choose one of the hints."""

    code = "ambiguous"


class ContentRefused(TtpError):
    """A platform would refuse the post, so it cannot be scheduled. Change it, or keep it as a draft."""

    code = "content"


class TimeRefused(TtpError):
    """The time is invalid or ambiguous. Nothing was done. `ttp help time` lists all forms."""

    code = "time"


class PastTime(TimeRefused):
    """The time has passed. Nothing was done. Give a later one, or `now`."""

    code = "past"


class SkippedTime(TimeRefused):
    """Daylight saving skips this time. Nothing was done. Choose an earlier or a later one."""

    code = "dst"


class Conflict(TtpError):
    """Another post or another change conflicts with this one. Nothing was overwritten."""

    code = "conflict"


class Stale(TtpError):
    """The post was changed since the revision that the request names. Nothing was overwritten. Read it again."""

    code = "stale"


class StateRefused(TtpError):
    """The state of the post does not allow this. Nothing was done. `ttp show ID` says what is possible."""

    code = "state"


class ReconnectNeeded(TtpError):
    """The account's token no longer works. Run `ttp account connect ACCOUNT`, then try again."""

    code = "reconnect"


class Busy(TtpError):
    """The store is locked by another program or cannot be written. Nothing is lost. Fix the cause and try again."""

    code = "busy"


class SlowClock(Busy):
    """The clock shows `now`, earlier than `known`, the last recorded event. Nothing is published until it is right."""

    def __init__(self, now: datetime, latest: datetime) -> None:
        here, then = (f"{at.astimezone():%d %b %Y %H:%M}" for at in (now, latest))
        super().__init__(
            f"the clock shows {here}, earlier than the last record of the store, {then}: nothing is published before it"
            " is set, or until --trust-clock says that it is right",
            Hint("see", "date"),
            Hint("fix", action("run", trust_clock=True)),
        )
        self.latest = latest


class ClocksDiffer(Busy):
    """The clock of this machine, at `here`, differs from that of the store's server, at `there`: publishing goes by the
    server's, and people read and write times of this one. Nothing is published from here until it is right."""

    def __init__(self, here: datetime, there: datetime) -> None:
        super().__init__(
            f"the clock of this machine says {here:%d %b %H:%M:%S} UTC and the one of the database"
            f" {there:%d %b %H:%M:%S} UTC: nothing is published from here",
            Hint("see", "date"),
        )


class Damaged(TtpError):
    """One of ttp's files is damaged. Nothing is published or replaced. The hints say how to recover it."""

    code = "damaged"


class NewerStore(TtpError):
    """The store was written by a newer ttp. Nothing was changed. Upgrade ttp."""

    code = "newer_store"


class OlderStore(TtpError):
    """The store needs an upgrade that this ttp cannot make, and is unchanged: it is from before the first release, or
    another build wrote it. The message says which version can read it."""

    code = "older_store"


class NotAllowed(TtpError):
    """This is not allowed here, by TTP_CAPABILITY or by approval, or something is not installed."""

    code = "not_allowed"


class PartlyFailed(TtpError):
    """A part of the work failed. The output lists both parts."""

    code = "partial"


class Bug(TtpError):
    """A bug in ttp, or in a program that it starts. Nothing is lost. `TTP_DEBUG=1` shows the traceback."""

    code = "internal"


class InvalidTransition(Bug):
    """A delivery was asked for a transition that `delivery.MOVES` does not have."""


def describe_fault(fault: BaseException) -> str:
    """Return `a fault of ttp: KeyError in loop.py, line 7`: the place alone, because the text may hold secrets."""
    import traceback  # here: errors are imported by every command
    from pathlib import Path

    place = traceback.extract_tb(fault.__traceback__)[-1]
    return f"a fault of ttp: {type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
