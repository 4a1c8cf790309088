"""Turn a reply into an outcome. The three functions are shared by all platforms.

A platform brings a `RefusalReader`: its table of definite refusals. Anything else proves nothing: a publishing call
becomes `Unknown`, an invisible step is repeated, and a look-up is unclear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ttp.domain.account import Account, Credentials, connect_action
from ttp.domain.action import Action, action
from ttp.domain.outcome import Kind, NotDone, Unclear, Unknown
from ttp.platforms.reply import Answer, ConnectionLost, NotSent, Reply

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
            refusal = judge(reply)
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
    """Return the command that renews an account's credentials, of the type it has now."""
    return connect_action(account.name, by_keys=credentials is not None and credentials.by_keys)


def lift_hint(account: Account) -> Action:
    """Return the command that ends an account's hold, for a person who fixed the cause."""
    return action("account enable", account.name)


def _unsent(reply: NotSent) -> NotDone:
    passing = reply.kind in (Kind.NETWORK, Kind.RATE_LIMIT)
    return NotDone(reply.kind, reply.message, passing=passing, retry_at=reply.retry_at, hint=reply.hint)
