"""From a reply to an outcome, in three readings that all platforms share.

A platform brings one `Judge`: its table of definite refusals. What is not in the table is never proof of anything: a
publishing call becomes `Unknown`, an invisible step is simply done again, a look-up could not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ttp.domain.account import Account, Credentials, connect_action
from ttp.domain.action import Action, action
from ttp.domain.outcome import Kind, NotDone, Unclear, Unknown
from ttp.platforms.reply import Answer, ConnectionLost, NotSent, Reply

RefusalReader: TypeAlias = Callable[[Answer], NotDone | None]
"""The refusal an answer is, by the platform's table; None where the answer is not on it."""

_NO_PROOF = frozenset({Kind.RATE_LIMIT, Kind.SERVER})
"""Kinds that say nothing about a publishing call: it may have been carried out all the same."""


def as_failure(reply: Reply, judge: RefusalReader, platform: str) -> NotDone:
    """Why an invisible step failed. What no table names is passing: the step may be repeated freely."""
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
    """What an answer other than success says of a publishing call: NotDone only where it is proof."""
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
    """Why a look-up could not tell."""
    failure = as_failure(reply, judge, platform)
    return Unclear(
        failure.kind, failure.message, final=final, look_at=failure.retry_at, http_status=failure.http_status
    )


def describe_unexpected(answer: Answer, platform: str) -> str:
    """An answer that is on no list, in one line."""
    excerpt = answer.excerpt()
    return f"{platform} answered {answer.status}" + (f": {excerpt}" if excerpt else "")


def reconnect_hint(account: Account, credentials: Credentials | None = None) -> Action:
    """The command that gives an account new credentials, of the sort that it has now."""
    return connect_action(account.name, by_keys=credentials is not None and credentials.by_keys)


def lift_hint(account: Account) -> Action:
    """The command that ends an account's hold, for a person who has done what it waits for."""
    return action("account enable", account.name)


def _unsent(reply: NotSent) -> NotDone:
    passing = reply.kind in (Kind.NETWORK, Kind.RATE_LIMIT)
    return NotDone(reply.kind, reply.message, passing=passing, retry_at=reply.retry_at, hint=reply.hint)
