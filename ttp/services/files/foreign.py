"""The sheets that other programs take for bulk scheduling, recognised by their headers. Sources: docs/bulk.md.

Owns which of their columns mean which field, and how they write dates. A sheet names no accounts of ttp: `--to` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ttp.domain.errors import Hint, UsageError
from ttp.services.files.fields import Value, plain

LINK = "link"
"""A field of their own: an address that goes behind the text, unless the text has it already."""
DATES = ("dmy", "mdy")


@dataclass(frozen=True, slots=True)
class Program:
    """One program's sheet: fields by the plain names of its columns, and those of them that every such sheet has."""

    name: str
    columns: Mapping[str, str]
    marks: frozenset[str]
    ignored: tuple[str, ...] = ()

    def field(self, column: str) -> str | None:
        return self.columns.get(plain(column))


PROGRAMS = (
    Program(
        "Publer",
        {
            "date": "scheduledAt",
            "date-intl.formatorprompt": "scheduledAt",
            "dateintl.formatorprompt": "scheduledAt",
            "text": "content",
            "message": "content",
            "link": LINK,
            "link(s)": LINK,
            "mediaurl": "media",
            "mediaurl(s)": "media",
            "media(s)": "media",
            "label": "tags",
            "label(s)": "tags",
            "labels": "tags",
            "alttext": "alt",
            "alttext(s)": "alt",
        },
        frozenset({"mediaurl(s)", "link(s)"}),
    ),
    Program(
        "Buffer",
        {"text": "content", "imageurl": "media", "tags": "tags", "postingtime": "scheduledAt"},
        frozenset({"text", "postingtime"}),
    ),
    Program(
        "Hootsuite",
        {
            "date": "scheduledAt",
            "dateandtime": "scheduledAt",
            "datetime": "scheduledAt",
            "message": "content",
            "link": LINK,
            "url": LINK,
            "imageurl": "media",
        },
        frozenset({"message", "link"}),
    ),
)
_DAY_FIRST_OR_MONTH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d\d(?!\d))(.*)", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)", re.DOTALL)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::\d\d)?\s*([ap]m)?", re.IGNORECASE)


def recognised(header: list[str]) -> Program | None:
    """Whose sheet has this header; None for ttp's own and for those that nobody knows."""
    names = {plain(name) for name in header}
    return next((program for program in PROGRAMS if program.marks <= names), None)


def row(row: Mapping[str, Value], program: Program | None, dates: str | None) -> dict[str, Value]:
    """The fields of a row: its link behind its text, its date as ttp reads it, its media one a line. UsageError for a
    date that could mean two days."""
    fields = dict(row)
    link, text = str(fields.pop(LINK, "") or "").strip(), str(fields.get("content") or "")
    if link and link not in text:
        fields["content"] = f"{text}\n\n{link}" if text.strip() else link
    if program is not None and isinstance(media := fields.get("media"), str):
        fields["media"] = [part.strip() for part in re.split(r"[\n,|]+\s*(?=https?:|$)", media) if part.strip()]
    if isinstance(at := fields.get("scheduledAt"), str) and at.strip():
        fields["scheduledAt"] = date_text(at.strip(), dates)
    return fields


def date_text(text: str, dates: str | None) -> str:
    """A date with slashes as `2026-12-01 09:00`; everything else as it is. `dates`: dmy or mdy, which the file does
    not say by itself. UsageError."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, rest = found.groups()
    elif found := _DAY_FIRST_OR_MONTH.fullmatch(text):
        first, second, year, rest = found.groups()
        if dates is None:
            other = "mdy" if int(second) > 12 else "dmy"
            sure = int(first) > 12 or int(second) > 12
            said = "does not say by itself what is day and what is month" if sure else "could mean two days"
            raise UsageError(
                f'"{text}" {said}', Hint("say which the file means, day or month first", f"--dates {other}")
            )
        day, month = (first, second) if dates == "dmy" else (second, first)
        year = year if len(year) > 2 else f"20{year}"  # as spreadsheets shorten it
    else:
        return text
    return f"{year}-{int(month):02}-{int(day):02}{_clock(rest)}"


def _clock(rest: str) -> str:
    """` 09:00` of ` 9:00 AM`; what is no time stays, and is refused as one."""
    found = _CLOCK.fullmatch(rest.strip())
    if found is None:
        return rest
    hour, minute, half = int(found[1]), found[2], (found[3] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f" {hour:02}:{minute}"
