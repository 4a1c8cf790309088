"""A time that is refused, before it is known how the corrected command looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from ttp.domain.errors import TimeRefused


@dataclass(frozen=True, slots=True)
class InZone:
    """A text to be read in another zone than the command's; it is suggested as ISO text with its offset."""

    text: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way out: a label, and texts of which the first that can be read is suggested. It may turn out to be none."""

    say: str
    texts: Sequence[str | InZone]


class TimeProblem(Exception):
    """What is wrong with a time, and the ways out. `forms` points to the list of all forms as well."""

    def __init__(
        self,
        message: str,
        *ways: Suggestion,
        kind: type[TimeRefused] = TimeRefused,
        details: Sequence[str] = (),
        forms: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.ways = ways
        self.kind = kind
        self.details = tuple(details)
        self.forms = forms


def suggest(*texts: str | InZone) -> Suggestion:
    """The usual way out."""
    return Suggestion("did you mean", texts)


def quote(text: str) -> str:
    """The text as messages quote it: one line, not endless."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
