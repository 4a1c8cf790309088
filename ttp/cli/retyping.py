"""What was typed, typed again with one word of it mended: whole commands of hints that name a word or options alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ttp.domain.errors import Hint, Problem, TtpError

LEAVE_OUT = "leave out "
"""How a hint begins that names an option to be left out."""
_LONGEST = 300
"""Characters of a command that is still read at a glance."""


def whole(error: TtpError, argv: Sequence[str]) -> TtpError:
    """The error, its hints as whole commands where the word that they stand for is found in `argv`."""
    error.hints = tuple(_whole(hint, argv) for hint in error.hints)
    error.problems = tuple(_mendable(problem, argv) for problem in error.problems)
    return error


def _mendable(problem: Problem, argv: Sequence[str]) -> Problem:
    hint = problem.hint
    return problem if hint is None else replace(problem, hint=_whole(Hint("", hint), argv).type)


def _whole(hint: Hint, argv: Sequence[str]) -> Hint:
    import shlex

    words = _with_options(argv, hint.type) if hint.instead is None else _mended(argv, *hint.instead)
    typed = "" if words is None else shlex.join(["ttp", *words])
    fits = typed.isprintable() and 0 < len(typed) <= _LONGEST
    return Hint(hint.say, typed) if fits else hint


def _with_options(argv: Sequence[str], said: str) -> list[str] | None:
    """`argv` with the options of `--until DATE` in the place of those it has, or without that of `leave out --at`.
    None where `said` is something else, or where the command has no such options."""
    import shlex

    leaving = said.startswith(LEAVE_OUT)
    if not leaving and not said.startswith("--"):
        return None
    more = shlex.split(said.removeprefix(LEAVE_OUT))
    values = _values(argv)
    names = {word for word in more if word.startswith("--")}
    if not names <= values.keys():
        return None
    ends = argv.index("--") if "--" in argv else len(argv)
    kept: list[str] = []
    skip = 0
    for word in argv[:ends]:
        name, equals, _ = word.partition("=")
        if skip:
            skip -= 1
        elif name in names:
            skip = 0 if equals else values[name]
        else:
            kept.append(word)
    if leaving:
        return [*kept, *argv[ends:]] if len(kept) < ends else None
    return [*kept, *more, *argv[ends:]]


def _values(argv: Sequence[str]) -> dict[str, int]:
    """The options of the command that `argv` calls, and how many words each takes; none of one that must be given."""
    from ttp.cli.tree import FirstImplied, root

    command: Any = root()
    for word in argv:
        if (get := getattr(command, "get_command", None)) is None:
            break
        found = get(None, word)
        if found is None and isinstance(command, FirstImplied):
            found = get(None, next(iter(command.commands)))
        if found is None:
            break
        command = found
    optional = [one for one in command.params if one.param_type_name == "option" and not one.required]
    return {name: 0 if one.is_flag else one.nargs for one in optional for name in one.opts}


def _mended(argv: Sequence[str], wrong: str, meant: str) -> list[str] | None:
    """`argv` with the last word that is or has `wrong` mended, `meant` added where nothing is wrong; None without."""
    ends = argv.index("--") if "--" in argv else len(argv)
    if not wrong:
        return [*argv[:ends], meant, *argv[ends:]]
    for place in range(ends - 1, -1, -1):
        word = _put(argv[place], wrong, meant)
        if word is not None:
            return [*argv[:place], word, *argv[place + 1 :]]
    return None


def _put(word: str, wrong: str, meant: str) -> str | None:
    """A word with `wrong` mended: all of it, a part between commas, or what stands before or behind a `=`."""
    if word == wrong:
        return meant
    parts = word.split(",")
    if len(parts) > 1 and wrong in [part.strip() for part in parts]:
        return ",".join(meant if part.strip() == wrong else part for part in parts)
    head, equals, tail = word.partition("=")
    if not equals:
        return None
    if head == wrong:
        return f"{meant}={tail}"
    behind = _put(tail, wrong, meant)
    return None if behind is None else f"{head}={behind}"
