"""`ttp __complete KIND [TYPED [MORE…]]`: the words for completion at TAB, one per line, with a tab and help.

`MORE` are the statuses of wanted posts, or of accounts: platforms, which are words too.

Answered before anything else is imported. It prints nothing on errors, because the user is typing. Its output has no
control characters, and scripts never evaluate it.
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


def complete(request: Sequence[str]) -> str:
    kind, typed, *more = [*request, "", ""][: max(2, len(request))]
    lines = []
    try:
        store = _words_file(data_folder(os.environ))
        platforms = [(word, "") for word in more if kind == "account" and word.startswith(typed)]
        if kind == "zone":
            suggestions = zones(typed)
        elif kind == "template":
            suggestions = templates(typed)
        elif os.path.isfile(store):  # SQLite would wait for a named pipe
            suggestions = complete_words(store, kind, typed, more)
        else:
            suggestions = iter(())
        for word, help in (*suggestions, *platforms):
            if word.isprintable():  # a word that cannot be shown cannot be typed either
                lines.append(f"{word}\t{_shown(help)}\n")
    except (sqlite3.Error, OSError, ValueError):
        return ""
    return "".join(lines)


def _words_file(folder: str) -> str:
    """Return the store, or the words of one in a server if they are newer: after a move the old store stays behind."""
    store, names = f"{folder}/ttp.db", f"{folder}/names.db"
    if os.path.isfile(names) and not (os.path.isfile(store) and os.path.getmtime(store) > os.path.getmtime(names)):
        return names
    return store


def zones(typed: str) -> Iterator[tuple[str, str]]:
    """Yield the timezones that begin with `typed`, from the list in the package tzdata."""
    lists = (f"{folder}/tzdata/zones" for folder in sys.path)
    with open(next(filter(os.path.exists, lists), os.devnull), encoding="ascii") as file:
        for line in file:
            if line.startswith(typed):
                yield line.strip(), ""


def templates(typed: str) -> Iterator[tuple[str, str]]:
    """Yield the templates and snippets of this machine whose names begin with `typed`, as `services.templates.files`
    finds them."""
    folders = (".ttp", f"{data_folder(os.environ)}/templates")
    files = {file for folder in filter(os.path.isdir, folders) for file in os.listdir(folder)}
    return ((file[:-3], "") for file in sorted(files) if file.endswith(".md") and file.startswith(typed))


def data_folder(environ: Mapping[str, str]) -> str:
    """Return the folder of the store, like `settings.home`, without its imports."""
    if environ.get("TTP_HOME"):
        return os.path.abspath(os.path.expanduser(environ["TTP_HOME"]))
    if environ.get("XDG_DATA_HOME", "").startswith("/"):
        return f"{environ['XDG_DATA_HOME']}/ttp"
    return os.path.expanduser("~/Library/Application Support/ttp" if sys.platform == "darwin" else "~/.local/share/ttp")


def _shown(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= LONGEST_HELP else f"{line[: LONGEST_HELP - 1]}…"
