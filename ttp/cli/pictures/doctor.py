"""`ttp doctor` and `ttp account check` on a terminal: a line for each check, and under it what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.cells import columns, cut, pad, wrap
from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.page import Page, Style
from ttp.domain.checkup import Check, Checkup, Grade

_WORDS: dict[Grade, tuple[str, Style]] = {
    Grade.OK: ("ok", "green"),
    Grade.WARN: ("WARN", "magenta"),
    Grade.FAIL: ("FAIL", "red"),
}
_STATUS = 8
_LONGEST_NAME = 26


def doctor_picture(checks: Sequence[Check], page: Page) -> Iterator[str]:
    """The checks in their order, and how many there are of each sort. A command is never broken over two lines."""
    widest = max((columns(safe(check.name)) for check in checks), default=0)
    name = min(widest, _LONGEST_NAME, page.width // 3)
    left = _STATUS + name + 2
    for check in checks:
        word, style = _WORDS[check.status]
        first, *more = wrap(one_line(check.message), page.width - left)
        head = f"  {page.paint(word, style)}{' ' * (_STATUS - 2 - len(word))}"
        yield f"{head}{pad(cut(safe(check.name), name), name)}  {first}"
        yield from (" " * left + line for line in more)
        if check.hint is not None:
            yield f"{' ' * left}fix:  {safe(check.hint)}"
    found = Checkup(tuple(checks))
    ok, warnings, failures = (found.count(status) for status in Grade)
    yield ""
    yield f"{ok} ok, {plural(warnings, 'warning')}, {plural(failures, 'failure')}"
