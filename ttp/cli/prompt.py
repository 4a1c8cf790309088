"""Asking a person yes or no, where there is one; elsewhere saying what to type instead."""

from __future__ import annotations

import os
import sys

from ttp.cli.escape import escape_text
from ttp.cli.output import Output
from ttp.domain.errors import Hint, UsageError


def confirm(
    out: Output, question: str, *, yes: bool, no_input: bool, refusal: str, again: str, ask_anyway: bool = True
) -> bool:
    """Whether to go on. On a terminal asks (unless `ask_anyway` is False); elsewhere `yes` decides.

    UsageError (`refusal`, and the command `again`) where nobody can be asked and `yes` was not said.
    """
    if is_interactive() and not no_input and ask_anyway:
        print(escape_text(question), "[y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 (a prompt is no output)
        said = ""
        try:
            said = sys.stdin.readline()
        finally:
            if not said.endswith("\n"):  # Ctrl-C, Ctrl-D: what comes next begins a line of its own
                print(file=sys.stderr, flush=True)  # noqa: T201
        return said.strip().lower() in ("y", "yes")
    if not yes:
        raise UsageError(f"{refusal} and there is no terminal to ask on", Hint("try", again))
    return True


def is_interactive() -> bool:
    """Whether there is a person to ask: stdin and stderr are terminals, and nobody said not to."""
    if os.environ.get("TTP_NO_INPUT"):
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
