"""The result of one request as plain data (an answer, nothing sent, or a lost connection), and what it proves.

A platform brings a `RefusalReader`: its table of definite refusals. Anything else proves nothing: a publishing call
becomes `Unknown`, an invisible step is repeated, and a look-up is unclear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from ttp.domain.account import Account, Credentials, connect_action
from ttp.domain.action import Action, WayOut, action
from ttp.domain.publishing.outcome import Kind, NotDone, Unclear, Unknown
from ttp.domain.text import clean_text
from ttp.domain.time import clock
from ttp.platforms.addresses import split_address

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

    def success_at(self, *path: str) -> object:
        """Return the JSON value under `path` in a success; None if it does not exist, or after a failure."""
        return self.value_at(*path) if self.is_success else None

    def text_at(self, *path: str) -> str:
        """Return the text under `path`, safe to print; empty without one."""
        value = self.value_at(*path)
        return clean_text(value, self.secrets) if isinstance(value, str) else ""

    def excerpt(self) -> str:
        """Return the beginning of the body, safe to print."""
        return clean_text(self.body[:200], self.secrets)


class _NoAnswer:
    """What a reply without an answer says to a question about the answer: nothing."""

    __slots__ = ()
    status: ClassVar[None] = None
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    data: ClassVar[None] = None
    date: ClassVar[None] = None
    is_success: ClassVar[bool] = False

    def value_at(self, *path: str) -> object:
        return None

    success_at = value_at

    def text_at(self, *path: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class NotSent(_NoAnswer):
    """Proof that no byte of the request was sent: no connection, an invalid URL, or refused by ttp. `retry_at`: reset
    of the rate limit that the call would have exceeded."""

    message: str
    kind: Kind = Kind.NETWORK
    hint: WayOut | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionLost(_NoAnswer):
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


def list_at(value: object, *path: str) -> list[object]:
    """Return the list under `path` in nested JSON objects; empty if there is none."""
    items = value_at(value, *path)
    return list(items) if isinstance(items, list | tuple) else []


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
        return value if split_address(value) is not None else None
    return None


def parse_instant(text: object, naive: tzinfo | None = None) -> datetime | None:
    """Return a time in ISO 8601 as `ttp.domain.time.clock` does, in whole milliseconds."""
    at = clock.parse_instant(text, naive)
    return None if at is None else at - timedelta(microseconds=at.microsecond % 1000)


def retry_after_s(answer: Reply) -> float | None:
    """Return the seconds of the Retry-After header, which proxies send and no platform documents; None without."""
    told = answer.headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 12 else None


def add_seconds(now: datetime, seconds: float) -> datetime:
    """Return `now` plus `seconds`, limited to between a second and a day: a platform's number is not trusted."""
    return now + timedelta(seconds=min(max(seconds, 1.0), _DAY_S))


RefusalReader: TypeAlias = Callable[[Answer], NotDone | None]
"""Returns the refusal that an answer matches in the platform's table; None if it matches none."""

_NO_PROOF = frozenset({Kind.RATE_LIMIT, Kind.SERVER})
"""Kinds that prove nothing about a publishing call: it may have succeeded."""


def as_failure(reply: Reply, judge: RefusalReader, platform: str) -> NotDone:
    """Return why an invisible step failed. Anything outside the table is passing, so the step is repeated."""
    match reply:
        case NotSent():
            return _unsent(reply)
        case ConnectionLost(message):
            return NotDone(Kind.NETWORK, message, passing=True)
        case Answer():
            return judge(reply) or NotDone(
                Kind.SERVER,
                describe_unexpected(reply, platform),
                http_status=reply.status,
                code=str(reply.status),
                passing=True,
            )


def as_outcome(reply: Reply, judge: RefusalReader, platform: str) -> NotDone | Unknown:
    """Return the outcome of an unsuccessful publishing call: NotDone only if that is proven."""
    match reply:
        case NotSent():
            return _unsent(reply)
        case ConnectionLost(message):
            return Unknown(Kind.NETWORK, message)
        case Answer():
            # A server error proves nothing, whatever it says.
            refusal = None if reply.status >= 500 else judge(reply)
            if refusal is None:
                return Unknown(
                    Kind.SERVER, describe_unexpected(reply, platform), code=str(reply.status), http_status=reply.status
                )
            if refusal.kind in _NO_PROOF or reply.status == 429:
                return Unknown(refusal.kind, refusal.message, refusal.code, refusal.http_status, refusal.retry_at)
            return refusal


def as_unclear(reply: Reply, judge: RefusalReader, platform: str, *, final: bool = False) -> Unclear:
    """Return why a look-up is unclear."""
    failure = as_failure(reply, judge, platform)
    return Unclear(
        failure.kind, failure.message, final=final, look_at=failure.retry_at, http_status=failure.http_status
    )


def describe_unexpected(answer: Answer, platform: str) -> str:
    """Describe an answer that matches no table, in one line."""
    excerpt = answer.excerpt()
    return f"{platform} answered {answer.status}" + (f": {excerpt}" if excerpt else "")


def reconnect_hint(account: Account, credentials: Credentials | None = None) -> Action:
    """Return the command that renews an account's credentials, of the type it has now: `account connect`, or `account
    add` for user keys and for a platform without a login."""
    return connect_action(account.name, by_keys=credentials is not None and credentials.by_keys)


def lift_hint(account: Account) -> Action:
    """Return the command that ends an account's hold, for a person who fixed the cause."""
    return action("account enable", account.name)


def _unsent(reply: NotSent) -> NotDone:
    passing = reply.kind in (Kind.NETWORK, Kind.RATE_LIMIT)
    return NotDone(reply.kind, reply.message, passing=passing, retry_at=reply.retry_at, hint=reply.hint)
