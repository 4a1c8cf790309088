"""Run one command for a token: the process that a server starts, `python -m ttp.cli.remote.child ORDER ANSWER`.

The two arguments are open files. ORDER has what to run as JSON; ANSWER gets the question, if the command asks one.
The caller's files are below one folder, each in the place that it has on the caller's machine.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ttp.cli import app, terminal
from ttp.cli.context import Context
from ttp.cli.main import take_credentials_key
from ttp.cli.remote.commands import FileUse, find_command, refuse_token
from ttp.domain.media.item import KEPT, is_web_address
from ttp.domain.media.place import PlacedName, split_name
from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.domain.time.clock import from_ms
from ttp.store.server.idempotency_keys import Reservation

if TYPE_CHECKING:
    from ttp.store.database import Database


@dataclass(frozen=True, slots=True)
class CallerFiles:
    """The caller's files. `root`: the folder that stands for `/` there; `cwd`: the caller's working directory;
    `paths`: the absolute paths of names as the caller's machine expands them (`~/a.jpg`)."""

    root: str
    cwd: str
    paths: Mapping[str, str]

    def place(self, name: str) -> str:
        """Return where a file that the caller named is here. It is below `root`, whatever the name is."""
        there = os.path.normpath(os.path.join(self.cwd, self.paths.get(name, name)))  # noqa: PTH118 (text to text)
        here = f"{self.root}/{there.lstrip('/')}"
        # A relative name is kept: messages show it as typed.
        as_typed = os.path.normpath(os.path.join(f"{self.root}{self.cwd}", name))  # noqa: PTH118
        return name if name[:1] not in ("/", "~") and as_typed == here else here


class TokenContext(Context):
    """One call of the program for a token: with its capability, its accounts, its name, and the caller's files."""

    def __init__(self, token: ApiToken, files: CallerFiles, request: Reservation | None = None) -> None:
        """`request`: the idempotency key of the command. Its lock is an open file of this process."""
        super().__init__(credentials_key=take_credentials_key())
        self.token = token
        self.caller = token.caller
        self._files = files
        self.caller_root = Path(files.root)
        self._request = request
        self._moved: dict[str, str] = {}

    def admit(self, path: str, names: Collection[str], values: dict[str, Any]) -> bool:
        command = find_command(path, values)
        refuse_token(self.token, path, names)
        for name, use in command.files.items():
            values[name] = self._placed(values.get(name), use)
        self.argv = [self._retyped(word) for word in self.argv]
        if self._request is not None and command.acts_outside(values):
            with self.database.writing():
                pass  # notes that it begins
            self.database = self.database.for_request(None)
        return False

    def _placed(self, value: Any, use: FileUse) -> Any:
        if isinstance(value, list | tuple):
            return [self._placed(one, use) for one in value]
        if not isinstance(value, str) or value in ("", "-"):
            return value
        name = split_name(value, self.platforms) if use is FileUse.MEDIA else PlacedName(value)
        if is_web_address(name.name) or name.name.startswith(KEPT):
            return value
        self._moved[value] = name.prefix + self._files.place(name.name)
        return self._moved[value]

    def _retyped(self, word: str) -> str:
        """Return a word that was typed with the place of the file that it names, as messages have it."""
        option, equals, name = word.partition("=")
        if equals and option.startswith("--") and name in self._moved:
            return f"{option}={self._moved[name]}"
        return self._moved.get(word, word)

    @cached_property
    def database(self) -> Database:
        return super().database.for_request(self._request)


class CallerStream(TextIOWrapper):
    """A stream that looks like the caller's."""

    def __init__(self, stream: BinaryIO, encoding: str, *, is_terminal: bool) -> None:
        super().__init__(stream, encoding=encoding, errors="backslashreplace", newline="\n")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


class Asker:
    """Answers yes/no questions as the caller did before; a new one ends the command, and goes to the caller."""

    def __init__(self, answers: Mapping[str, bool], to: BinaryIO) -> None:
        self._answers = answers
        self._to = to

    def __call__(self, question: str) -> bool:
        digest = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
        if digest in self._answers:
            return self._answers[digest]
        self._to.write(json.dumps(question).encode())
        self._to.flush()
        raise SystemExit


def run_order(order: Mapping[str, Any], answer: BinaryIO) -> int:
    """Run the command of an order, and return its exit code."""
    caller, token = order["terminal"], order["token"]
    os.chdir(f"{order['root']}{order['cwd']}")  # a relative name must not be one of this machine
    if caller["asks"]:
        terminal.ask_elsewhere = Asker(order["answers"], answer)
    request = Reservation(**order["request"]) if order["request"] else None
    context = TokenContext(token_of(token), CallerFiles(order["root"], order["cwd"], order["paths"]), request)
    return app.run(order["argv"], context)


def token_of(document: Mapping[str, Any]) -> ApiToken:
    """Return the token that an order is for."""
    return ApiToken(
        id=document["id"],
        name=document["name"],
        capability=TokenCapability(document["capability"]),
        created_at=from_ms(0),
        accounts=None if document["accounts"] is None else frozenset(document["accounts"]),
    )


def main() -> int:
    """Run the order of this process with the caller's terminal."""
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        order = json.load(file)
    caller = order["terminal"]
    sys.stdout = CallerStream(sys.stdout.buffer, caller["encoding"], is_terminal=caller["stdout"])
    sys.stderr = CallerStream(sys.stderr.buffer, caller["encoding"], is_terminal=caller["stderr"])
    with os.fdopen(int(sys.argv[2]), "wb") as answer:
        code = run_order(order, answer)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code


if __name__ == "__main__":
    gc.set_threshold(50_000)
    ended = main()
    gc.freeze()
    sys.exit(ended)
