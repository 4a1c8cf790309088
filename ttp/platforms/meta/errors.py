"""Refusals of Meta's Graph API as tables: subcode, then code -> kind and advice. Never decides about retries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.meta.usage import seconds_until_regained
from ttp.platforms.reply import Answer, Reply, add_seconds, reconnect_hint

_DAY_S = 86_400.0


CONTENT = ErrorRow(Kind.CONTENT)
MEDIA = ErrorRow(Kind.MEDIA)
AUTH = ErrorRow(Kind.AUTH)
SCOPE = ErrorRow(Kind.AUTH, advice="the account must be connected again with the permission to publish")
SERVER = ErrorRow(Kind.SERVER, passing=True)
THROTTLED = ErrorRow(Kind.RATE_LIMIT, passing=True)
BLOCKED = ErrorRow(Kind.ACCOUNT, passing=True, wait_s=_DAY_S, hold=True)
NOT_READY = ErrorRow(Kind.MEDIA, passing=True, not_ready=True)
CODES: Mapping[int, ErrorRow] = {
    1: SERVER,
    2: SERVER,
    3: SCOPE,
    4: THROTTLED,
    10: SCOPE,
    17: THROTTLED,
    32: THROTTLED,
    100: CONTENT,
    102: AUTH,
    190: AUTH,
    **dict.fromkeys(range(200, 300), SCOPE),
    341: BLOCKED,
    368: BLOCKED,
    506: ErrorRow(Kind.DUPLICATE),
    613: THROTTLED,
}
"""Codes that mean the same on all of Meta's platforms."""

DEAD_TOKEN = ("190", "102")
"""Codes of a token that does not work any more, with any subcode."""


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The refusals of one platform. `codes`: of an answer whose subcode is missing or not in `subcodes`. `gone`:
    subcodes of a container that does not exist, yet or any more. `unfetched`: codes and subcodes of a media URL that
    could not be fetched, or is not media: worth one more try."""

    subcodes: Mapping[int, ErrorRow]
    codes: Mapping[int, ErrorRow]
    gone: frozenset[int]
    unfetched: frozenset[int] = frozenset()

    def refusal(self, answer: Answer, account: Account, now: datetime) -> NotDone | None:
        """Return the refusal of an answer; None if it matches no row or is not in the Graph API's format."""
        code, subcode = answer.value_at("error", "code"), answer.value_at("error", "error_subcode")
        if not isinstance(code, int):
            return None
        row = self._row(code, subcode)
        if row is None:
            if answer.value_at("error", "is_transient") is not True:
                return None
            row = SERVER
        wait_s = seconds_until_regained(answer) if row is THROTTLED else row.wait_s
        named = f"{code}/{subcode}" if isinstance(subcode, int) else str(code)
        failure = row.not_done(
            _message(answer, named, row.advice),
            named,
            answer.status,
            retry_at=None if wait_s is None else add_seconds(now, wait_s),
            hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
        )
        return replace(failure, passing=row.passing or answer.value_at("error", "is_transient") is True)

    def is_throttled(self, answer: Answer) -> bool:
        """Whether the account makes too many calls."""
        code = answer.value_at("error", "code")
        return isinstance(code, int) and self._row(code, answer.value_at("error", "error_subcode")) is THROTTLED

    def is_gone(self, answer: Reply) -> bool:
        """Whether the answer says that the container does not exist, yet or any more."""
        subcode = answer.value_at("error", "error_subcode")
        return isinstance(subcode, int) and subcode in self.gone

    def is_gone_code(self, code: str | None) -> bool:
        """Whether the code of a failure says so."""
        return (code or "").partition("/")[2] in map(str, self.gone)

    def was_not_fetched(self, failure: NotDone) -> bool:
        """Whether a media URL could not be fetched."""
        return not {*(failure.code or "").split("/")}.isdisjoint(map(str, self.unfetched))

    def _row(self, code: int, subcode: object) -> ErrorRow | None:
        return (self.subcodes.get(subcode) if isinstance(subcode, int) else None) or self.codes.get(code)


def _message(answer: Answer, code: str, advice: str) -> str:
    """Return Meta's message, the code, the trace id that its support asks for, and the advice."""
    words = answer.text_at("error", "error_user_msg") or answer.text_at("error", "message") or "no reason given"
    trace = answer.text_at("error", "fbtrace_id")[:60]
    sentence = f"{words} ({code}{f', fbtrace_id {trace}' if trace else ''})"
    return f"{sentence}: {advice}" if advice else sentence


def with_scopes(failure: NotDone, account: Account, scopes: Sequence[str], what: str) -> NotDone:
    """Return a refusal for a missing permission, the last of `scopes`, with the command that asks for them; any other
    as it is. `what` needs it: `to delete posts`."""
    if failure.kind is not Kind.AUTH or failure.code is None or failure.code.startswith(DEAD_TOKEN):
        return failure
    hint = action("account connect", account.name, scopes=",".join(dict.fromkeys(scopes)))
    return replace(failure, message=f"{failure.message}: {scopes[-1]} is needed {what}", hint=hint)


def unwrap(reply: Reply) -> Reply:
    """Return the answer without the one-element list that Meta documents around some answers, and mostly omits."""
    match reply.value_at("data"):
        case [dict() as only] if isinstance(reply, Answer):
            return replace(reply, data=only)
        case _:
            return reply
