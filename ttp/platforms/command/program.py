"""Talk with a program of the user's: one JSON order on stdin, one JSON answer on stdout."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ttp.domain.account import Account
from ttp.domain.action import WayOut, action
from ttp.domain.text import clean_text, storable
from ttp.platforms.command.rules import BadRules, number, read_rules, rules_path
from ttp.platforms.user_program import NotStarted, ProgramEnded, run

_MOST_OUTPUT = 1_000_000
_LONGEST_SHOWN = 80


class CannotRun(Exception):
    """The program was not run. `hint`: the fix."""

    def __init__(self, message: str, hint: WayOut) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadAnswer(Exception):
    """The program was run, and what it did is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def program_of(account: Account) -> Path:
    """Return the path of an account's program. Raises CannotRun."""
    if not account.server or not account.server.startswith("file:///"):
        raise CannotRun(f"{account.name} has no program", action("account add", account.name, program="PATH"))
    return Path(unquote(urlsplit(account.server).path))


def current_rules(account: Account) -> dict[str, object]:
    """Ask an account's program for its present rules, where it can be run. Raises CannotRun."""
    program = program_of(account)
    if not program.is_file():
        raise CannotRun(f"there is no program {program}", action("account add", account.name, program="PATH"))
    if not os.access(program, os.X_OK):
        raise CannotRun(f"{program} is not executable", f"chmod +x {program}")
    try:
        return read_rules(program)
    except BadRules as error:
        raise CannotRun(clean_text(str(error)), f"$EDITOR {rules_path(program)}") from None


def ask(account: Account, rules: Mapping[str, object], verb: str, order: Mapping[str, object]) -> Mapping[str, object]:
    """Run the account's program for one order, and return its answer. Raises CannotRun, BadAnswer."""
    program = program_of(account)
    whole = {"version": 1, "verb": verb, "account": account.name, **order}
    limit_s = number(rules, "timeout_s")
    try:
        ran = run(
            [str(program)],
            given=json.dumps(whole).encode("ascii") + b"\n",
            limit_s=limit_s,
            cap=_MOST_OUTPUT,
            cwd=program.parent,
        )
    except NotStarted as error:
        raise _cannot_start(program, account, error) from None
    except ProgramEnded as error:
        raise BadAnswer(f"{program.name} {error} ({rules_path(program).name}: timeout_s)") from None
    if ran.code:
        message = clean_text(ran.err.decode("utf-8", "replace").strip().rpartition("\n")[2])
        raise BadAnswer(f"{program.name} {_ending(ran.code)}: {message or 'it says nothing on stderr'}")
    try:
        answer = storable(json.loads(ran.out))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        shown = clean_text(ran.out[: 4 * _LONGEST_SHOWN].decode("utf-8", "replace"))[:_LONGEST_SHOWN]
        raise BadAnswer(f"{program.name} must print one JSON object, and printed {shown or 'nothing'}")
    return answer


def _cannot_start(program: Path, account: Account, error: NotStarted) -> CannotRun:
    if error.number == errno.ENOEXEC or (error.number == errno.ENOENT and program.is_file()):
        what = f"{program} cannot be started: its first line must name its interpreter"
        return CannotRun(what, "#!/usr/bin/env python3")
    if error.number == errno.EACCES:
        return CannotRun(f"{program} is not executable", f"chmod +x {program}")
    fix = action("account add", account.name, program="PATH")
    return CannotRun(f"{program} cannot be started: {error}", fix)


def _ending(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
