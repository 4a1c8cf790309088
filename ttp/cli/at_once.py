"""Commands that are called before Typer is imported, which takes longer than most of them.

A command whose words are all as they are declared is called straight away. On anything else (help, a name that does not
exist, a value that cannot be read) Typer is asked, which finds the words for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ttp.cli.capabilities import asking
from ttp.cli.command_table import BY_NAME
from ttp.cli.context import begin
from ttp.cli.declared import SEVERAL, Declared, Group, Option, declaration, parameters
from ttp.cli.errors import ended
from ttp.domain.errors import TtpError

if TYPE_CHECKING:
    from ttp.domain.time.clock import Clock


def answer(words: Sequence[str], clock: Clock | None) -> int | None:
    """The exit code of a command that was called; None where it is Typer's."""
    found = called(words)
    if found is None:
        return None
    path, command, values = found
    begin(clock)
    return ended(lambda: asking(path, command)(**values), words)


def called(words: Sequence[str]) -> tuple[str, Callable[..., Any], dict[str, Any]] | None:
    """The words of the command that is meant, its function, and what was typed for each of its parameters.

    None where there is any doubt.
    """
    path, *rest = words
    found = BY_NAME[path].load() if path in BY_NAME else None
    if isinstance(found, Group):
        if rest and rest[0] in found.commands:
            name, *rest = rest
            path, found = f"{path} {name}", found.commands[name]
        else:
            found = found.alone
    values = None if found is None else read(parameters(found), rest)
    return None if found is None or values is None else (path, found, values)


def read(taken: Sequence[inspect.Parameter], words: Sequence[str]) -> dict[str, Any] | None:
    """What was typed for each parameter; None where there is any doubt."""
    values = {one.name: one.default for one in taken}
    known = {one.name: declaration(one) for one in taken}
    options = {flag: name for name, (_, it) in known.items() if isinstance(it, Option) for flag in it.names}
    places = [name for name, (_, it) in known.items() if it is not None and not isinstance(it, Option)]
    given: dict[str, list[Any]] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
        if not word.startswith("-"):
            name, text = places[0] if places else "", word
        else:
            name = options.get(flag, "")
        kind, declared = known.get(name, (None, None))
        several = kind in SEVERAL
        if declared is None or (name in given and not several):
            return None
        if name in places and not several:
            places.remove(name)
        if kind is bool:
            value: Any = None if equals else True
        else:
            if flag == word and word.startswith("-"):
                text = next(rest, "-")
            value = _value(kind, declared, text)
        if value is None:
            return None
        given.setdefault(name, []).append(value)
    values |= {name: all_ if known[name][0] in SEVERAL else all_[0] for name, all_ in given.items()}
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
    if kind in (int, int | None):
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        return number if number >= 0 and declared.holds(number) else None
    return text if kind in (str, str | None, *SEVERAL) else None
