"""The input for creating or editing a post, its fingerprint, and errors of its fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from ttp.domain.account import Account, find_account
from ttp.domain.action import OtherOptions, WayOut, action, as_fields
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.platform import PlatformFacts


@dataclass(frozen=True, slots=True)
class PostInput:
    """What was given for a post. None: not given; an empty tuple or text: given, to be emptied."""

    text: str | None = None
    kept: bool = False
    """The text came from stdin or an editor, and must survive any mistake in the rest."""
    to: tuple[str, ...] | None = None
    at: str | None = None
    first: bool = False
    """Put it in front of the posts in its slot, which move back."""
    tz: str | None = None
    media: tuple[str, ...] | None = None
    alts: tuple[str, ...] | None = None
    thread: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    variants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    max_lateness_s: float | None = None
    key: str | None = None
    edited: bool = False
    """From an editor, which showed the post: media that it has are not fetched again."""
    dropped: tuple[str, ...] = ()
    """Fields to remove from the post: `at`, `max_lateness_s`."""


def edits_of_draft(hints: Iterable[Hint], post_id: int | None, wanted: PostInput | None = None) -> tuple[Hint, ...]:
    """Return the hints of a refused request whose text is kept as a draft: a change becomes an edit of that draft, with
    the rest of what was `wanted`. A draft has no key, and no time to leave out."""
    found = []
    for hint in hints:
        if not isinstance(hint.way, OtherOptions):
            found.append(hint)
            continue
        other = dict(hint.way.options)
        if wanted and wanted.first and other.get("at"):
            found.append(Hint(hint.label, action("schedule", post_id, **other, first=True)))
        elif "key" not in other and other.get("at", "") is not None:
            given = _fields_of(wanted) if wanted else {}
            found.append(Hint(hint.label, action("edit", post_id, **{**given, **other})))
    return tuple(found)


def _fields_of(wanted: PostInput) -> dict[str, object]:
    """Return what is wanted of a post as options of an action, without its time."""
    return {
        "to": ",".join(wanted.to) if wanted.to else None,
        "media": wanted.media,
        "alt": wanted.alts,
        "text": [f"{key}={text}" for key, text in wanted.variants.items()],
        "set": [f"{key}={value}" for key, value in wanted.options.items()],
        "thread": wanted.thread,
        "tag": wanted.tags,
    }


def check_variants(
    variants: Mapping[str, str], accounts: Sequence[Account], platforms: PlatformFacts
) -> dict[str, str]:
    """Return variants keyed by full platform or account names. Raises UsageError for other keys."""
    spelled = {}
    for key, text in variants.items():
        if "/" in key:
            spelled[find_account(key, accounts, platforms).name] = text
        else:
            spelled[platforms.find(key).name] = text
    return spelled


def request_fingerprint(wanted: PostInput, media: Sequence[str], platforms: PlatformFacts) -> str:
    """Return what makes two requests with one key the same. `media`: the digests of their files."""
    parts = {
        "text": wanted.text,
        "to": sorted({_account_text(name, platforms) for name in wanted.to or ()}),
        "at": wanted.at,
        "tz": wanted.tz,
        "media": list(media),
        "alts": list(wanted.alts or ()),
        "tags": list(wanted.tags or ()),
        "variants": dict(wanted.variants),
        "options": dict(wanted.options),
        "max_late": wanted.max_lateness_s,
    }
    if wanted.thread:
        parts["thread"] = list(wanted.thread)  # only where there is one: keys that are in use stay what they are
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _account_text(name: str, platforms: PlatformFacts) -> str:
    head, slash, handle = name.strip().partition("/")
    try:
        platform = platforms.find(head).name
    except UsageError:
        platform = head.lower()
    return f"{platform}{slash}{handle.removeprefix('@').lower()}"


T = TypeVar("T")
Value: TypeAlias = object
"""A text, number, list or mapping, as the format has it."""
KEPT = "sha256:"
"""Prefix of the name of a media item that is stored already: `sha256:DIGEST/NAME`."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a row is refused: the field, the problem, and what to write instead, if known."""

    field: str
    problem: str
    fix: WayOut | None = None


class RowReader:
    """Reads the fields of one row and collects errors."""

    def __init__(self, row: Mapping[str, Value]) -> None:
        self._row = row
        self.faults: list[FieldError] = []

    def read(self, field: str, how: Callable[[Value], T], otherwise: T) -> T:
        value = self._row.get(field)
        if value is None or value == "":
            return otherwise
        try:
            return how(value)
        except TtpError as error:
            self.faults.append(to_field_error(field, error))
            return otherwise


def to_field_error(field: str, error: TtpError) -> FieldError:
    said = " ".join((error.message, *error.details))
    return FieldError(field, said, as_fields(next((hint.way for hint in error.hints), None)))
