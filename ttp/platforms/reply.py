"""The result of one request as plain data: an answer, nothing sent, or a lost connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

from ttp.domain.action import WayOut
from ttp.domain.outcome import Kind
from ttp.domain.text import clean_text

_DAY_S = 86_400.0
ID_DIGITS = 20
"""Digits of the longest 64-bit number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. `headers`: by lower-case name. `data`: the parsed JSON; None if the body is not JSON, damaged
    or too long. `date`: the platform's clock. `text_at` never shows `secrets`."""

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
        """Return the JSON value under `path`; None if it does not exist."""
        return value_at(self.data, *path)

    def text_at(self, *path: str) -> str:
        """Return the text under `path`, safe to print; empty without one."""
        value = self.value_at(*path)
        return clean_text(value, self.secrets) if isinstance(value, str) else ""

    def excerpt(self) -> str:
        """Return the beginning of the body, safe to print."""
        return clean_text(self.body[:200], self.secrets)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that no byte of the request was sent: no connection, an invalid URL, or refused by ttp. `retry_at`: reset
    of the rate limit that the call would have exceeded."""

    message: str
    kind: Kind = Kind.NETWORK
    hint: WayOut | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """No complete answer came back. The request may have arrived."""

    message: str


Reply: TypeAlias = Answer | NotSent | ConnectionLost


def value_at(value: object, *path: str) -> object:
    """Return the value under `path` in nested JSON objects; None if it does not exist."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def parse_numeric_id(value: object) -> str | None:
    """Return a numeric id, sent as text or number, as digits; None for anything else. Ids are positive 64-bit numbers
    (X's specification: 1 to 19 digits)."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        value = str(value) if value < 1 << 64 else None
    is_id = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= ID_DIGITS
    return str(value) if is_id and not str(value).startswith("0") else None


def parse_id(value: object) -> str | None:
    """Return a numeric id sent as text, as documented for answers that confirm a publication; None otherwise."""
    return parse_numeric_id(value) if isinstance(value, str) else None


def parse_web_address(value: object) -> str | None:
    """Return `value` if it is an address that is safe to print and store; None otherwise."""
    if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) <= 500:
        return value if value.isascii() and value.isprintable() and " " not in value else None
    return None


def parse_instant(text: object, naive: tzinfo | None = None) -> datetime | None:
    """Return a time in ISO 8601 in UTC and whole milliseconds; None for anything else. `naive`: the zone of one without
    an offset, which is refused without it."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        if found is None or (found.utcoffset() is None and naive is None):
            return None
        at = (found if found.utcoffset() is not None else found.replace(tzinfo=naive)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at - timedelta(microseconds=at.microsecond % 1000)


def retry_after_s(answer: Answer) -> float | None:
    """Return the seconds of the Retry-After header, which proxies send and no platform documents; None without."""
    told = answer.headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 12 else None


def add_seconds(now: datetime, seconds: float) -> datetime:
    """Return `now` plus `seconds`, limited to between a second and a day: a platform's number is not trusted."""
    return now + timedelta(seconds=min(max(seconds, 1.0), _DAY_S))
