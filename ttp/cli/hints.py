"""An error as a person reads it: what happened, then one way out a line, the commands aligned."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from ttp.cli.escape import escape_text
from ttp.domain.action import WayOut
from ttp.domain.errors import Hint, TtpError

_LABEL = 15
"""Columns of a hint's label, so that the hints of short and of long labels mostly line up."""


def error_lines(error: TtpError) -> Iterator[str]:
    """The sentence, its details, the problems it does not tell itself, and the ways out with their commands aligned."""
    yield f"ttp: error: {escape_text(error.message)}"
    for detail in error.details:
        yield f"  {escape_text(detail)}"
    hints = list(error.hints)
    for problem in error.problems:
        if problem.warning:  # beside the point: what is refused has to be mended anyhow
            continue
        if problem.message != error.message:
            whose = f"{problem.account}: " if problem.account and problem.account not in problem.message else ""
            yield f"  {escape_text(whose + problem.message)}"
        if problem.hint and all(problem.hint != hint.way for hint in hints):
            hints.append(Hint("try", problem.hint))
    label = max((len(escape_text(hint.label)) + 3 for hint in hints), default=0)
    for hint in hints:
        yield f"  {escape_text(hint.label) + ':':<{max(label, _LABEL)}}{escape_text(command_text(hint.way))}"


def command_text(way: WayOut) -> str:
    """Return what to type: an action as a command of ttp, other words as they are."""
    if isinstance(way, str):
        return way
    options = [word for name, value in way.options for word in (f"--{name}", value) if word is not None]
    dashed = any(arg.startswith("-") and arg != "-" for arg in way.args)
    words = [*options, "--", *way.args] if dashed else [*way.args, *options]
    return quote_command("ttp", *way.name.split(), *words)


def quote_command(*words: str) -> str:
    """Words as they are typed in a shell; what would not show as it is becomes an escape in $'…'."""
    return " ".join(shlex.quote(word) if word.isprintable() else _escaped(word) for word in words)


def _escaped(word: str) -> str:
    signs = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\t": r"\t"}
    return "$'" + "".join(signs.get(c) or (c if c.isprintable() else _code(c)) for c in word) + "'"


def _code(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 0x80 else f"\\U{ord(sign):08x}"


def option_words(options: Mapping[str, Sequence[str] | str | None]) -> list[str]:
    """Options as they were typed, for a command that is to be typed again."""
    given = {flag: [value] if isinstance(value, str) else value or () for flag, value in options.items()}
    return [word for flag, values in given.items() for value in values for word in (flag, value)]


_LONGEST = 300
"""Characters of a command that is still read at a glance."""


def with_replaced_words(error: TtpError, argv: Sequence[str]) -> TtpError:
    """Return the error, its hints that replace a word of what was typed as the whole command."""
    error.hints = tuple(_as_command(hint, argv) for hint in error.hints)
    return error


def _as_command(hint: Hint, argv: Sequence[str]) -> Hint:
    words = None if hint.instead is None else _replaced(argv, *hint.instead)
    typed = "" if words is None else shlex.join(["ttp", *words])
    return Hint(hint.label, typed) if typed.isprintable() and 0 < len(typed) <= _LONGEST else hint


def _replaced(argv: Sequence[str], wrong: str, meant: str) -> list[str] | None:
    """`argv` with the last word that is or has `wrong` replaced, `meant` added where nothing is wrong; None without."""
    ends = argv.index("--") if "--" in argv else len(argv)
    if not wrong:
        return [*argv[:ends], meant, *argv[ends:]]
    for place in range(ends - 1, -1, -1):
        word = _replace_in(argv[place], wrong, meant)
        if word is not None:
            return [*argv[:place], word, *argv[place + 1 :]]
    return None


def _replace_in(word: str, wrong: str, meant: str) -> str | None:
    """A word with `wrong` replaced: all of it, a part between commas, or what stands before or behind a `=`."""
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
    behind = _replace_in(tail, wrong, meant)
    return None if behind is None else f"{head}={behind}"
