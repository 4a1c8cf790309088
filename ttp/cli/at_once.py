"""Questions that are answered before Typer is imported, which takes longer than the answer.

A command that is listed here and whose words are all as they are declared is called straight away. On anything else
(help, a name that does not exist, a value that cannot be read) Typer is asked, which finds the words for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttp.cli.capabilities import asking
from ttp.cli.context import begin
from ttp.cli.declared import Declared, Option, declaration, parameters
from ttp.cli.ending import ended
from ttp.domain.errors import TtpError

if TYPE_CHECKING:
    from ttp.domain.clock import Clock

COMMANDS = {
    "list": ("look", "list_"),
    "show": ("look", "show"),
    "log": ("look", "log"),
    "status": ("look", "status"),
    "account list": ("look", "accounts"),
    "account show": ("look", "account"),
    "calendar": ("calendar", "calendar"),
    "optimal next": ("best_hours", "next_"),
    "optimal week": ("week", "week"),
    "optimal": ("best_hours", "best"),
}
"""Modules of `ttp.cli` and functions in them, by what is typed; the longer words first."""


def command_of(name: str) -> Callable[..., Any]:
    """The function that a name stands for."""
    module, function = COMMANDS[name]
    command: Callable[..., Any] = getattr(import_module(f"ttp.cli.{module}"), function)
    return command


def answer(words: Sequence[str], clock: Clock | None) -> int | None:
    """The exit code of a question that was answered; None where it is Typer's."""
    name = next((name for name in COMMANDS if words[: name.count(" ") + 1] == name.split()), None)
    if name is None:
        return None
    command = command_of(name)
    values = read(parameters(command), words[name.count(" ") + 1 :])
    if values is None:
        return None
    begin(clock)
    return ended(lambda: asking(name, command)(**values), words)


def read(taken: Sequence[inspect.Parameter], words: Sequence[str]) -> dict[str, Any] | None:
    """What was typed for each parameter; None where there is any doubt."""
    values = {one.name: one.default for one in taken}
    known = {one.name: declaration(one) for one in taken}
    options = {flag: name for name, (_, it) in known.items() if isinstance(it, Option) for flag in it.names}
    places = [name for name, (_, it) in known.items() if it is not None and not isinstance(it, Option)]
    given: set[str] = set()
    rest = iter(words)
    for word in rest:
        flag, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
        if not word.startswith("-"):
            name, text = places.pop(0) if places else "", word
        else:
            name = options.get(flag, "")
        kind, declared = known.get(name, (None, None))
        if declared is None or (name in given and kind != list[str] | None):
            return None
        if kind is bool:
            value: Any = None if equals else True
        else:
            if flag == word and word.startswith("-"):
                text = next(rest, "-")
            value = _value(kind, declared, text)
        if value is None:
            return None
        values[name] = [*(values[name] or ()), value] if kind == list[str] | None else value
        given.add(name)
    return None if any(value is inspect.Parameter.empty for value in values.values()) else values


def _value(kind: Any, declared: Declared, text: str) -> Any:
    """A word as what it is declared to be; None where there is any doubt."""
    if text.startswith("-"):  # perhaps an option, where a value was forgotten
        return None
    if declared.parser is not None:
        try:
            return declared.parser(text)
        except TtpError:
            return None
    if kind == int | None:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        return number if number >= 0 and declared.holds(number) else None
    return text if kind in (str, str | None, list[str] | None) else None
