"""`ttp __complete KIND [TYPED [STATUS…]]`: the words that a completion script asks for at TAB, one a line, a tab before
each one's help.

Answered before anything else is imported. Whatever goes wrong it says nothing: a person who presses TAB is in the
middle of a line. No character of what it prints does anything to a terminal, and no script evaluates it.
"""

from __future__ import annotations

import os
import sqlite3
import sys

from ttp.store.completion_queries import complete_words

TYPE_CHECKING = False  # of `typing` (see `ttp.cli.main`)
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COMMAND = "__complete"
LONGEST_HELP = 60


def complete(asked: Sequence[str]) -> str:
    """The lines for what is asked."""
    kind, typed, *statuses = [*asked, "", ""][: max(2, len(asked))]
    lines = []
    try:
        store = f"{data_folder(os.environ)}/ttp.db"
        if kind != "zone" and not os.path.isfile(store):  # SQLite would wait for a named pipe
            return ""
        for word, help in zones(typed) if kind == "zone" else complete_words(store, kind, typed, statuses):
            if word.isprintable():  # what cannot be shown as it is cannot be typed either
                lines.append(f"{word}\t{_shown(help)}\n")
    except (sqlite3.Error, OSError, ValueError):
        return ""
    return "".join(lines)


def zones(typed: str) -> Iterator[tuple[str, str]]:
    """The time zones that begin as `typed`, from the list that the package tzdata brings."""
    lists = (f"{folder}/tzdata/zones" for folder in sys.path)
    with open(next(filter(os.path.exists, lists), os.devnull), encoding="ascii") as file:
        for line in file:
            if line.startswith(typed):
                yield line.strip(), ""


def data_folder(environ: Mapping[str, str]) -> str:
    """Where the store is: what `settings.home` says, without what that imports."""
    if environ.get("TTP_HOME"):
        return os.path.abspath(os.path.expanduser(environ["TTP_HOME"]))
    if environ.get("XDG_DATA_HOME", "").startswith("/"):
        return f"{environ['XDG_DATA_HOME']}/ttp"
    return os.path.expanduser("~/Library/Application Support/ttp" if sys.platform == "darwin" else "~/.local/share/ttp")


def _shown(text: str) -> str:
    """The first words of a text on one line."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= LONGEST_HELP else f"{line[: LONGEST_HELP - 1]}…"
