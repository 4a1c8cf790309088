"""Publishes with a program of the user's: one order for a post or a whole thread."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.diagnostics import ok_remark, warning_remark
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Finding,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Unclear,
    Unknown,
    Working,
)
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms.client import (
    NO_DELETION,
    AccountInfo,
    Checker,
    Deleted,
    LookupResult,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
)
from ttp.platforms.command.program import BadAnswer, CannotRun, ask, current_rules, program_of
from ttp.platforms.command.rules import number, rules_path, verbs_of
from ttp.platforms.media_host.availability import SUFFIXES
from ttp.platforms.reply import list_at

PREPARE, PUBLISH = "read the rules", "run the program"
KINDS = {
    one.value: one
    for one in (
        Kind.ACCOUNT,
        Kind.CONTENT,
        Kind.DUPLICATE,
        Kind.MEDIA,
        Kind.NETWORK,
        Kind.QUOTA,
        Kind.RATE_LIMIT,
        Kind.SERVER,
    )
}
"""What a program may say of a refusal. No `auth`: ttp has no token to renew."""
_PASSING = frozenset({Kind.NETWORK, Kind.RATE_LIMIT, Kind.SERVER})
_LONGEST_RETRY_S = 7 * 86_400


class CommandClient:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def close(self) -> None: ...

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        try:
            rules = current_rules(request.account)
        except CannotRun as why:
            raise StepFailed(PREPARE, NotDone(Kind.ACCOUNT, why.message, hint=why.hint)) from None
        if rules != request.account.server_info:
            yield StepDone(PREPARE, server_info=rules)
        handle = {**handle, "keys": [key_of(request)]}
        digest = fingerprint("RUN", request.account.server or "", _order(request, rules))
        return Ready(handle, self._clock.now(), PUBLISH, digest)

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        try:
            rules = current_rules(request.account)
            with ExitStack() as folders:
                answer = ask(request.account, rules, "publish", _order(request, rules, folders))
        except CannotRun as why:
            return NotDone(Kind.ACCOUNT, why.message, hint=why.hint)
        except BadAnswer as why:
            return Unknown(Kind.UNKNOWN, why.message)
        if "refused" in answer:
            return self._refusal(answer) or _odd(answer)
        remote_id = read_id(answer.get("id"))
        if remote_id is None:
            return _odd(answer)
        return Done(remote_id, read_url(answer), handle=_with_parts(request, handle, answer, rules))

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        return LookupResult(self._finding(request, handle, since), self._clock.now())

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        try:
            rules = current_rules(request.account)
            if "delete" not in verbs_of(rules):
                return NotDone(Kind.ACCOUNT, f"the program of {request.account.name} has no delete", NO_DELETION)
            answer = ask(request.account, rules, "delete", {"id": remote_id})
        except CannotRun as why:
            return NotDone(Kind.ACCOUNT, why.message, hint=why.hint)
        except BadAnswer as why:
            return NotDone(Kind.SERVER, why.message, passing=True)
        if answer.get("deleted") is True:
            return Deleted()
        refused = answer.get("refused")
        message = clean_text(refused) if isinstance(refused, str) else "the program does not say that it is deleted"
        return NotDone(Kind.CONTENT, message)

    def _finding(self, request: PublishRequest, handle: Handle, since: datetime) -> Finding:
        show = action("account show", request.account.name)
        try:
            rules = current_rules(request.account)
            if "lookup" not in verbs_of(rules):
                return Unclear(Kind.UNKNOWN, f"the program of {request.account.name} has no lookup", final=True)
            order = {**_order(request, rules), "since": format_time(since)}
            answer = ask(request.account, rules, "lookup", order)
        except (CannotRun, BadAnswer) as why:
            return Unclear(Kind.UNKNOWN, why.message)
        match answer.get("found"):
            case True if (remote_id := read_id(answer.get("id"))) is not None:
                parts = _with_parts(request, handle, answer, rules)
                return Found(remote_id, read_url(answer), handle=parts)
            case False if "id" not in answer:
                return Absent()
            case "later":
                return Working("the network to finish")
        return Unclear(Kind.UNKNOWN, _what(answer, show.args[0]))

    def _refusal(self, answer: Mapping[str, object]) -> NotDone | None:
        """Return what the program refused; None where the answer says more than that."""
        message, kind, wait = answer["refused"], answer.get("kind", "content"), answer.get("retryAfterS")
        if not isinstance(message, str) or kind not in KINDS or "id" in answer:
            return None
        retry_at = None
        if wait is not None:
            if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait <= _LONGEST_RETRY_S:
                return None
            retry_at = self._clock.now() + timedelta(seconds=wait)
        meaning = KINDS[str(kind)]
        passing = meaning in _PASSING or retry_at is not None
        return NotDone(meaning, clean_text(message) or "the program refused it", passing=passing, retry_at=retry_at)


def key_of(request: PublishRequest) -> str:
    """Return the key of a delivery: the same for each of its calls, and for no other delivery of any store."""
    return hashlib.sha256(f"command/{request.key_seed}".encode()).hexdigest()[:32]


def read_id(value: object) -> str | None:
    """Return an id that a program gave; None for what cannot be one."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and re.fullmatch(r"[!-~]{1,200}", text) else None


def read_url(answer: Mapping[str, object]) -> str | None:
    url = answer.get("url")
    good = isinstance(url, str) and re.fullmatch(r"https?://[!-~]{1,2000}", url)
    return str(url) if good else None


def format_time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _order(request: PublishRequest, rules: Mapping[str, object], folders: ExitStack | None = None) -> dict[str, object]:
    """Return the order for a delivery; with the paths of its media where there is a stack for their folder."""
    folder = None
    if folders is not None and request.media:
        folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="ttp-")))
    media = []
    for number_, file in enumerate(request.media, 1):
        item = file.item
        entry: dict[str, object] = {
            "name": item.name,
            "mime": item.mime,
            "bytes": item.bytes,
            "sha256": item.sha256,
            "width": item.width,
            "height": item.height,
            "durationMs": item.duration_ms,
            "alt": item.alt,
        }
        if folder is not None:
            link = folder / f"{number_}{SUFFIXES.get(item.mime, '')}"
            link.symlink_to(file.path.resolve())
            entry["path"] = str(link)
        media.append(entry)
    return {
        "key": key_of(request),
        "text": request.text,
        "thread": list(_thread(request, rules)),
        "media": media,
        "options": dict(request.options),
    }


def _thread(request: PublishRequest, rules: Mapping[str, object]) -> tuple[str, ...]:
    """Return the further parts of a thread, where the program takes threads."""
    return request.thread if number(rules, "thread_parts") > 1 else ()


def _with_parts(
    request: PublishRequest, handle: Handle, answer: Mapping[str, object], rules: Mapping[str, object]
) -> Handle | None:
    """Return the handle with the ids of all parts of a thread; None where the program does not name them all."""
    thread, ids = _thread(request, rules), [read_id(one) for one in list_at(answer.get("parts"))]
    if not thread or len(ids) != 1 + len(thread) or None in ids or len(set(ids)) != len(ids):
        return None
    return {**handle, "parts": ids, "of": len(ids)}


def _odd(answer: Mapping[str, object]) -> Unknown:
    return Unknown(Kind.UNKNOWN, _what(answer, "the program"))


def _what(answer: Mapping[str, object], who: str) -> str:
    return f"{who} answered what does not fit this order: {clean_text(str(dict(answer)))[:120]}"


class CommandCheck(Checker):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def close(self) -> None: ...

    def platform_at(self, account: Account) -> datetime | None:
        return self._clock.now()

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        try:
            rules = current_rules(account)
            path = rules_path(program_of(account))
        except CannotRun as why:
            return NotDone(Kind.ACCOUNT, why.message, hint=why.hint)
        verbs = verbs_of(rules)
        remarks = [ok_remark(f"the program can {', '.join(verbs)}")]
        if "lookup" not in verbs:
            message = "without lookup, a post whose result is lost waits for you (needs_review)"
            remarks.append(warning_remark(message, f'verbs = ["publish", "lookup"] in {path}'))
        return AccountInfo(None, None, tuple(remarks), server_info=rules)
