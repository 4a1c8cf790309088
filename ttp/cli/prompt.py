"""Yes/no questions on a terminal. Without one, the error names the command that needs no question."""

from __future__ import annotations

import os
import sys

from ttp.cli.escape import escape_text
from ttp.cli.output import Output, wrap_for
from ttp.domain.errors import Hint, UsageError


def confirm(
    out: Output, question: str, *, yes: bool, no_input: bool, refusal: str, again: str, ask_anyway: bool = True
) -> bool:
    """Return whether to go on. Asks on a terminal (unless `ask_anyway` is False); elsewhere `yes` decides.

    A no is confirmed on stderr. Raises UsageError (`refusal` needs confirmation, `again` gives it) without a terminal
    and without `yes`.
    """
    if is_interactive() and not no_input and ask_anyway:
        lines = [part for line in question.split("\n") for part in wrap_for(sys.stderr, escape_text(line))]
        print(*lines, sep="\n", end=" [y/N] ", file=sys.stderr, flush=True)  # noqa: T201 (a prompt is no output)
        said = ""
        try:
            said = sys.stdin.readline()
        finally:
            if not said.endswith("\n"):  # Ctrl-C, Ctrl-D: start a new line
                print(file=sys.stderr, flush=True)  # noqa: T201
        if said.strip().lower() in ("y", "yes"):
            return True
        out.write_stderr("Cancelled. Nothing was changed.")
        return False
    if not yes:
        raise UsageError(f"{refusal} needs confirmation", Hint("try", again))
    return True


def is_interactive() -> bool:
    """Return whether a person can be asked: stdin and stderr are terminals, and TTP_NO_INPUT is not set."""
    if os.environ.get("TTP_NO_INPUT"):
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
