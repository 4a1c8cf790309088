"""The result of one request, as plain data: an answer, nothing sent, or cut off. Knows no platform and no httpx."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from ttp.domain.action import WayOut
from ttp.domain.outcome import Kind
from ttp.domain.text import clean_text

_DAY_S = 86_400.0
ID_DIGITS = 20
"""Of the longest 64-bit number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` by lower-case name; `data` is the parsed JSON, None where the body is not JSON, was
    damaged or too long; `date` is the platform's clock. `secrets` never leave through `text_at`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    data: object = field(default=None, repr=False)
    body: str = field(default="", repr=False)
    date: datetime | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def value_at(self, *path: str) -> object:
        """The JSON value under `path`; None if there is no such value."""
        return value_at(self.data, *path)

    def text_at(self, *path: str) -> str:
        """The text under `path`, fit to be shown; an empty text if there is none to show."""
        value = self.value_at(*path)
        return clean_text(value, self.secrets) if isinstance(value, str) else ""

    def excerpt(self) -> str:
        """The beginning of the body, fit to be shown."""
        return clean_text(self.body[:200], self.secrets)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that no byte of the request left: no connection, no such URL, or our own refusal to send it.

    `retry_at`: when a limit of the platform resets that it would have broken.
    """

    message: str
    kind: Kind = Kind.NETWORK
    hint: WayOut | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The request may have arrived; no whole answer came back."""

    message: str


Reply: TypeAlias = Answer | NotSent | ConnectionLost


def value_at(value: object, *path: str) -> object:
    """The value under `path` in nested JSON objects; None if there is no such value."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def parse_numeric_id(value: object) -> str | None:
    """A numeric id as its digits, whether it came as a text or as a number; None for anything else.

    Ids are 64-bit numbers (X's specification: 1 to 19 digits): a longer one is no platform's, nor is 0.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        value = str(value) if value < 1 << 64 else None
    is_id = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= ID_DIGITS
    return str(value) if is_id and not str(value).startswith("0") else None


def parse_id(value: object) -> str | None:
    """As `number_id`, for an answer that says that something is published: there an id is a text, as documented."""
    return parse_numeric_id(value) if isinstance(value, str) else None


def parse_web_address(value: object) -> str | None:
    """`value` if it is an address that may be shown and stored; None for anything else."""
    if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) <= 500:
        return value if value.isascii() and value.isprintable() and " " not in value else None
    return None


def retry_after_s(answer: Answer) -> float | None:
    """The seconds of an answer's Retry-After header; None where it has none. No platform documents it, and what stands
    before a platform sends it."""
    told = answer.headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 12 else None


def add_seconds(now: datetime, seconds: float) -> datetime:
    """`seconds` after `now`, never sooner than one second nor later than a day: a platform's number is not trusted."""
    return now + timedelta(seconds=min(max(seconds, 1.0), _DAY_S))
