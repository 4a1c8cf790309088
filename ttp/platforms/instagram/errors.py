"""Instagram's refusals in one table: subcode, then code -> kind and advice. Never decides about retries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from ttp.domain.account import Account
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.instagram.usage import HOUR_S, seconds_until_regained
from ttp.platforms.reply import Answer, Reply, add_seconds, reconnect_hint

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class InstagramErrorRow:
    """What a code means. `wait_s`: until the next try. `hold`: for the whole account. `advice`: for the user."""

    kind: Kind
    passing: bool = False
    wait_s: float | None = None
    hold: bool = False
    not_ready: bool = False
    advice: str = ""


_CONTENT = InstagramErrorRow(Kind.CONTENT)
_MEDIA = InstagramErrorRow(Kind.MEDIA)
_MEDIA_AGAIN = InstagramErrorRow(Kind.MEDIA, passing=True)
_MEDIA_URL = InstagramErrorRow(
    Kind.MEDIA, passing=True, advice="Instagram must be able to fetch the media's URL and find media there"
)
_ACCOUNT = InstagramErrorRow(Kind.ACCOUNT)
_RESTRICTED = InstagramErrorRow(Kind.ACCOUNT, advice="open the Instagram app and do what it asks there")
_AUTH = InstagramErrorRow(Kind.AUTH)
_SCOPE = InstagramErrorRow(Kind.AUTH, advice="the account must be connected again with the permission to publish")
_SERVER = InstagramErrorRow(Kind.SERVER, passing=True)
_THROTTLED = InstagramErrorRow(Kind.RATE_LIMIT, passing=True)
_BLOCKED = InstagramErrorRow(Kind.ACCOUNT, passing=True, wait_s=_DAY_S, hold=True)
_QUOTA = InstagramErrorRow(Kind.QUOTA, passing=True, wait_s=HOUR_S, hold=True)
_NOT_READY = InstagramErrorRow(Kind.MEDIA, passing=True, not_ready=True)
FETCH_FAILED = 2207052
GONE = frozenset({33, 2207006, 2207008})
"""Subcodes of a container that does not exist, yet or any more."""
SUBCODES: Mapping[int, InstagramErrorRow] = MappingProxyType(
    {
        33: _ACCOUNT,
        2207001: _SERVER,
        2207003: _MEDIA_AGAIN,
        2207004: _MEDIA,
        2207005: _MEDIA,
        2207006: _MEDIA,
        2207008: _MEDIA_AGAIN,
        2207009: _MEDIA,
        2207010: _CONTENT,
        2207020: _MEDIA_AGAIN,
        2207023: _CONTENT,
        2207026: _MEDIA,
        2207027: _NOT_READY,
        2207028: _CONTENT,
        2207032: _MEDIA_AGAIN,
        2207035: _CONTENT,
        2207036: _CONTENT,
        2207037: _CONTENT,
        2207040: _CONTENT,
        2207042: _QUOTA,
        2207050: _RESTRICTED,
        2207051: _RESTRICTED,
        FETCH_FAILED: _MEDIA_URL,
        2207053: _MEDIA_AGAIN,
        2207057: _CONTENT,
        2207073: _CONTENT,
        2207077: _MEDIA_URL,
        2207081: _CONTENT,
        2207082: _MEDIA_AGAIN,
    }
)
"""See docs/reference/platforms/instagram.md, section 6. The quota covers the last 24 hours: try every hour."""
CODES: Mapping[int, InstagramErrorRow] = MappingProxyType(
    {
        -2: _MEDIA_AGAIN,
        -1: _SERVER,
        1: _SERVER,
        2: _SERVER,
        3: _SCOPE,
        4: _THROTTLED,
        9: _QUOTA,
        10: _SCOPE,
        17: _THROTTLED,
        24: _MEDIA,
        25: _RESTRICTED,
        32: _THROTTLED,
        100: _CONTENT,
        102: _AUTH,
        190: _AUTH,
        **dict.fromkeys(range(200, 300), _SCOPE),
        341: _BLOCKED,
        352: _MEDIA,
        368: _BLOCKED,
        506: InstagramErrorRow(Kind.DUPLICATE),
        613: _THROTTLED,
        9004: _MEDIA_URL,
        9007: _NOT_READY,
        36000: _MEDIA,
        36001: _MEDIA,
        36003: _MEDIA,
        36004: _CONTENT,
        80001: _THROTTLED,
        80002: _THROTTLED,
    }
)
"""Meaning of a code if its subcode is missing or not in SUBCODES."""
_IN_TEXT = re.compile(r"\b2207\d{3}\b")


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return the refusal of an answer; None if it matches no row or is not in Instagram's own format."""
    code, subcode = answer.value_at("error", "code"), answer.value_at("error", "error_subcode")
    if not isinstance(code, int):
        return None
    row = _row(code, subcode)
    if row is None:
        if answer.value_at("error", "is_transient") is not True:
            return None
        row = _SERVER
    wait_s = seconds_until_regained(answer) if row is _THROTTLED else row.wait_s
    named = f"{code}/{subcode}" if isinstance(subcode, int) else str(code)
    return NotDone(
        row.kind,
        _message(answer, named, row.advice),
        code=named,
        http_status=answer.status,
        passing=row.passing or answer.value_at("error", "is_transient") is True,
        not_ready=row.not_ready,
        retry_at=None if wait_s is None else add_seconds(now, wait_s),
        hold=row.hold,
        hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
    )


def is_throttled(answer: Answer) -> bool:
    """Whether the account makes too many calls."""
    code = answer.value_at("error", "code")
    return isinstance(code, int) and _row(code, answer.value_at("error", "error_subcode")) is _THROTTLED


def _row(code: int, subcode: object) -> InstagramErrorRow | None:
    return (SUBCODES.get(subcode) if isinstance(subcode, int) else None) or CODES.get(code)


def _message(answer: Answer, code: str, advice: str) -> str:
    """Return Instagram's message, the code, the trace id that its support asks for, and the advice."""
    words = answer.text_at("error", "error_user_msg") or answer.text_at("error", "message") or "no reason given"
    trace = answer.text_at("error", "fbtrace_id")[:60]
    sentence = f"{words} ({code}{f', fbtrace_id {trace}' if trace else ''})"
    return f"{sentence}: {advice}" if advice else sentence


def was_not_fetched(failure: NotDone) -> bool:
    """Whether the media URL could not be fetched, or is not media: worth one more try."""
    code, _, subcode = (failure.code or "").partition("/")
    return code in ("9004", str(FETCH_FAILED)) or subcode == str(FETCH_FAILED)


def is_gone(answer: Reply) -> bool:
    """Whether the answer says that the container does not exist, yet or any more."""
    subcode = answer.value_at("error", "error_subcode")
    return isinstance(subcode, int) and subcode in GONE


def container_failure(status: str) -> NotDone:
    """Return why a container ended in ERROR: its `status` text has the reason, and often a subcode of the table."""
    match = _IN_TEXT.search(status)
    row = SUBCODES.get(int(match[0]), _MEDIA) if match else _MEDIA
    failure = NotDone(Kind.MEDIA, clean_text(status) or "Instagram could not process the media", passing=row.passing)
    return replace(failure, code=match[0]) if match else failure


NO_USER_ID = "the credentials have no userId (with Facebook Login: the Instagram account's id)"
"""With Facebook Login `/me` is the person, so it cannot tell the professional account's id."""


def unwrap(reply: Reply) -> Reply:
    """Return the answer without the one-element list that Meta documents around some answers, and mostly omits."""
    match reply.value_at("data"):
        case [dict() as only] if isinstance(reply, Answer):
            return replace(reply, data=only)
        case _:
            return reply
