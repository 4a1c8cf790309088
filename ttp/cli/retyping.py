"""What was typed, typed again with one word of it mended: whole commands of hints that name a word alone."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.errors import Hint, TtpError

_LONGEST = 300
"""Characters of a command that is still read at a glance."""


def whole(error: TtpError, argv: Sequence[str]) -> TtpError:
    """The error, its hints as whole commands where the word that they stand for is found in `argv`."""
    error.hints = tuple(_whole(hint, argv) for hint in error.hints)
    return error


def _whole(hint: Hint, argv: Sequence[str]) -> Hint:
    import shlex

    if hint.instead is None:
        return hint
    words = _mended(argv, *hint.instead)
    typed = "" if words is None else shlex.join(["ttp", *words])
    fits = typed.isprintable() and 0 < len(typed) <= _LONGEST
    return Hint(hint.say, typed) if fits else hint


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
