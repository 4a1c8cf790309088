"""Looks at an account's program and its rules, without running it."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import ok_remark, warning_remark
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import AccountInfo
from ttp.platforms.command.program import CannotRun, current_rules, program_of
from ttp.platforms.command.rules import rules_path, verbs_of


class CommandCheck:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def close(self) -> None: ...

    def platform_at(self, account: Account) -> datetime | None:
        return self._clock.now()

    def offered(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        return ()

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        try:
            rules = current_rules(account)
            path = rules_path(program_of(account))
        except CannotRun as why:
            return NotDone(Kind.ACCOUNT, why.message, hint=why.hint)
        verbs = verbs_of(rules)
        remarks = [ok_remark(f"the program can {', '.join(verbs)}")]
        if "lookup" not in verbs:
            said = "without lookup, a post whose result is lost waits for you (needs_review)"
            remarks.append(warning_remark(said, f'verbs = ["publish", "lookup"] in {path}'))
        return AccountInfo(None, None, tuple(remarks), server_info=rules)
