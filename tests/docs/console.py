"""Runs the console blocks of a document, and tells where what they show is no longer what happens.

A block is fenced with ```console. `$ ` begins a command, `> ` continues it, everything else is its output. The blocks
run in bash, in a scratch folder, on a terminal of 80 columns without a keyboard: first those of the practice store
(`FIRST`), then those of every other document, each of which starts from there as if it were the only one.

They begin at `START`, whatever the day is: `ttp` and the sandbox have a `RunningClock` in common.
What differs from run to run is masked on both sides: times, days, durations, long ids, the width of gaps. A `…` in a
document stands for any text; alone on a line, for any lines. The sandbox's address in that first document, port
8700, is served on whatever port is free for as long as the blocks run, and so is port 8765, that of `ttp serve`. A
document with a line `<!-- needs: jq -->` is skipped where that program is missing.

    python -m tests.docs.console     writes into the documents what is printed now
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.clock import RunningClock
from tests.drift.terminal import on_a_terminal
from tests.free_port import free_port
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import running_sandbox

ROOT = Path(__file__).parents[2]
FIRST = "docs/tutorial/sandbox.md"
SANDBOX = "127.0.0.1:8700"
SERVER_PORT = "8765"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEEDS = re.compile(r"^<!-- needs: (\S+) -->$", re.MULTILINE)
_MARK = "=-=-= {} =-=-="
_FIRST_COPY = 'cp -r "$TTP_HOME" "$HOME/start"\n('
_END_OF_DOCUMENT = "{ kill $(jobs -p); wait; } 2> /dev/null\n)"
"""A server that a document left running would work in the next one's store: its folder is the same."""
_NEXT_COPY = """
rm -r "$TTP_HOME"; cp -r "$HOME/start" "$TTP_HOME"; rm -f "$TTP_HOME/publisher.mark"
python3 - << 'END'
import os, sqlite3
with sqlite3.connect(os.environ["TTP_HOME"] + "/ttp.db") as db:
    db.execute("UPDATE store SET mark = NULL")
END
("""
"""A new store for each document: a store that knows that it is a copy publishes nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a document, and the lines that the document says it prints."""

    typed: str
    shown: tuple[str, ...]


def commands(text: str) -> list[Command]:
    """The commands of all blocks of a document."""
    return [command for block in _BLOCK.finditer(text) for command in _of_block(block[1])]


def _of_block(block: str) -> Iterator[Command]:
    typed, shown = "", list[str]()
    for line in block.splitlines():
        if line.startswith("$ "):
            if typed:
                yield Command(typed, tuple(shown))
            typed, shown = line[2:], []
        elif line.startswith("> ") and not shown:
            typed += f"\n{line[2:]}"
        else:
            assert typed, f"a console block begins without a command: {line}"
            shown.append(line)
    yield Command(typed, tuple(shown))


def documents() -> list[str]:
    """The documents with console blocks, in the order in which they are run."""
    pages = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))]
    texts = {name: (ROOT / name).read_text() for name in pages}
    found = [name for name, text in texts.items() if commands(text) and all(map(shutil.which, _NEEDS.findall(text)))]
    return sorted(found, key=lambda name: name != FIRST)


def printed(pages: Sequence[str]) -> list[tuple[str, Command, list[str]]]:
    """Run the commands of documents, and before them those of the first, which all need; return each command, and the
    document it is in, with the lines it printed."""
    todo = [(name, command) for name in (FIRST, *pages) for command in commands((ROOT / name).read_text())]
    clock = RunningClock()
    # Not where TMPDIR says: lines that name a file wrap by the length of its path.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, _servers(Path(folder), clock) as ports:
        scratch = Path(folder)
        (scratch / ".session").write_text("\n".join(_session(todo, ports)) + "\n")
        with on_a_terminal(
            ["bash", "--norc", ".session"], cwd=scratch, env=_environment(scratch, clock, ports), types=False
        ) as terminal:
            shown = terminal.rest().replace("\r\n", "\n")
    for name, address in ports.items():
        room = " " * (len(address) - len(name))  # the columns of a table stay where they are
        shown = shown.replace(f"{address}  ", f"{name}{room}  ").replace(address, name)
    before, *pieces = re.split(rf"^{_MARK.format('[0-9]+')}\n", shown.replace(str(scratch), "~"), flags=re.MULTILINE)
    assert (before, len(pieces)) == ("", len(todo)), f"the session went astray:\n{shown}"
    return [(name, command, piece.splitlines()) for (name, command), piece in zip(todo, pieces, strict=True)]


def _session(todo: Sequence[tuple[str, Command]], ports: Mapping[str, str]) -> Iterator[str]:
    """The lines of the session: the first document, then every other one in a subshell and on a copy of its home."""
    for number, (name, command) in enumerate(todo):
        before = todo[number - 1][0] if number else name
        if before != name:
            yield _FIRST_COPY if before == FIRST else _END_OF_DOCUMENT + _NEXT_COPY
        typed = command.typed
        for shown, address in ports.items():
            typed = typed.replace(shown, address)
        # `$?` is kept for the command; the line break keeps here-documents whole.
        yield from (f"_code=$?; echo '{_MARK.format(number)}'; (exit $_code)", typed)
    yield _END_OF_DOCUMENT


@contextmanager
def _servers(scratch: Path, clock: RunningClock) -> Iterator[Mapping[str, str]]:
    """The sandbox with the folder `web`; what documents call its address, and where it really is."""
    (scratch / "web").mkdir()
    with running_sandbox(now=clock.now, media_dir=scratch / "web") as sandbox:
        yield {SANDBOX: sandbox.state.address, SERVER_PORT: str(free_port())}


def _environment(scratch: Path, clock: RunningClock, ports: Mapping[str, str]) -> dict[str, str]:
    """A newcomer's: a home that holds a photo and a clip, `ttp` of this interpreter on PATH, nothing else."""
    (scratch / "bin").mkdir()
    program = scratch / "bin" / "ttp"
    at = f"{clock.began} {ports[SANDBOX].rpartition(':')[2]}"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.docs.program {at} "$@"\n')
    program.chmod(0o755)
    python = scratch / "bin" / "python3"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (scratch / "photo.jpg").write_bytes(PHOTO.read_bytes())
    (scratch / "clip.mp4").write_bytes(CLIP.read_bytes())
    return {
        "PATH": f"{scratch / 'bin'}:/usr/bin:/bin",
        "HOME": str(scratch),
        "TTP_TZ": "Europe/Berlin",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }


_WEEKDAY, _MONTH = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)", r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ISO, _YEAR = r"\d{4}-\d\d-\d\d", rf"{_MONTH}( \d{{4}})?"
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z"), "<instant>"),
    (re.compile(rf"\b({_ISO}|today|{_WEEKDAY} {{1,2}}\d\d?\b(?!:)( {_YEAR})?|\d\d? {_YEAR})\b"), "<day>"),
    (re.compile(r"UTC[+-]\d\d:\d\d"), "<offset>"),
    # With the day where it is another one: the night, or UTC, may come between two times.
    (re.compile(rf"((<day>|{_WEEKDAY}) )?\b\d\d?:\d\d(:\d\d)?\b"), "<time>"),
    (re.compile(r"\bnow\b|(\bin )?\b\d+(\.\d+)? (s|min|h|d)\b( \d+ (s|min|h|d)\b)*( ago)?"), "<duration>"),
    (re.compile(r"\b\d{12}[0-9A-F]*|^ {20,}\d+$"), "<id>"),  # the end of one may be on the next line of a table
    (re.compile(r"/(p|reel)/[\w-]+"), "/<code>"),
    (re.compile(r"\S*…"), "…"),
    (re.compile(r" {2,}"), " "),
)


def masked(line: str) -> str:
    """The line with all that differs from run to run replaced by what it is."""
    for pattern, name in _MASKS:
        line = pattern.sub(name, line)
    return line.strip()


def same(shown: Sequence[str], happened: Sequence[str]) -> bool:
    """Whether what a document shows is what happened."""
    pattern = "".join(
        r"(.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in _comparable(shown)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _comparable(happened))) is not None


def _comparable(lines: Sequence[str]) -> list[str]:
    """The lines masked; the events of a publisher, which works on several accounts at once, in one order."""
    found: list[str] = []
    for is_event, group in groupby(map(masked, lines), key=lambda line: line.startswith("<time>")):
        some = list(group)
        found += sorted(some) if is_event else some
    return found


def renew() -> None:
    """Write into the documents what their commands print now, where that differs from what they show."""
    for name, command, lines in printed(documents()[1:]):
        if same(command.shown, lines):
            continue
        typed = "$ " + command.typed.replace("\n", "\n> ")
        before, after = ("\n".join([typed, *some]) + "\n" for some in (command.shown, map(str.rstrip, lines)))
        text = (ROOT / name).read_text()
        assert text.count(before) == 1, f"{name} has this more than once:\n{before}"
        (ROOT / name).write_text(text.replace(before, after))
        print(f"{name}: {typed}")


if __name__ == "__main__":
    renew()
