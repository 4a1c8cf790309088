"""What was typed of a post, and the judgement of the platforms' rules over it: shared by creating and editing.

Never opens the store: the accounts are given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from ttp.domain.account import Account, find_account
from ttp.domain.action import WayOut
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.platform import PlatformFacts


@dataclass(frozen=True, slots=True)
class PostInput:
    """What was given of a post. None: not given; an empty tuple or text: given, and to be emptied."""

    text: str | None = None
    kept: bool = False
    """The text came from stdin or an editor, and must survive any mistake in the rest."""
    to: tuple[str, ...] | None = None
    at: str | None = None
    first: bool = False
    """In front of the posts that stand in its slot, which move along."""
    tz: str | None = None
    media: tuple[str, ...] | None = None
    alts: tuple[str, ...] | None = None
    thread: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    max_lateness_s: float | None = None
    key: str | None = None
    edited: bool = False
    """From an editor, which showed the post: media that it has are not fetched again."""
    dropped: tuple[str, ...] = ()
    """What the post is to have no more: `at`, `max_lateness_s`."""


def check_variants(
    variants: Mapping[str, str], accounts: Sequence[Account], platforms: PlatformFacts
) -> dict[str, str]:
    """Variants keyed by platform or account name, spelled in full. Raises UsageError for a key that is neither."""
    spelled = {}
    for key, text in variants.items():
        if "/" in key:
            spelled[find_account(key, accounts, platforms).name] = text
        else:
            spelled[platforms.find(key).name] = text
    return spelled


def request_fingerprint(wanted: PostInput, media: Sequence[str], platforms: PlatformFacts) -> str:
    """Return what makes two requests of one key the same: text, accounts, options, time as given, and `media`: the
    digests of their files."""
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
"""A text, a number, a list or a mapping, as the format has it."""


KEPT = "sha256:"
"""What the name of a media item begins with whose bytes are in the store: `sha256:DIGEST/NAME`."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why one row cannot be taken: the field, what is wrong with it, and what to write instead (if it is known)."""

    field: str
    problem: str
    fix: WayOut | None = None


class RowReader:
    """The fields of one row, each read by its reader; what cannot be read becomes a fault."""

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
    """Return a refusal as the fault of a field."""
    said = " ".join((error.message, *error.details))
    return FieldError(field, said, next((hint.way for hint in error.hints), None))
