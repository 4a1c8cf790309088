"""`ttp doctor` and `ttp account check` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.cli.errors import command_text, fit_install_commands
from ttp.cli.render.labels import plural
from ttp.cli.render.page import Page, Style
from ttp.cli.render.spec import view_spec
from ttp.cli.render.width import columns, cut, pad, wrap
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.diagnostics import Check, Checkup, Grade
from ttp.views import status as status_module

_WORDS: dict[Grade, tuple[str, Style]] = {
    Grade.OK: ("ok", "green"),
    Grade.WARN: ("WARN", "magenta"),
    Grade.FAIL: ("FAIL", "red"),
}
_STATUS = 8
_LONGEST_NAME = 26


def render_checks(checks: Sequence[Check], page: Page) -> Iterator[str]:
    """Draw the checks, each with its fix, and count them. Commands are never broken."""
    widest = max((columns(escape_text(check.name)) for check in checks), default=0)
    name = min(widest, _LONGEST_NAME, page.width // 3)
    indent = _STATUS + name + 2
    for check in checks:
        word, style = _WORDS[check.status]
        first, *more = wrap(escape_line(check.message), page.width - indent)
        head = f"  {page.paint(word, style)}{' ' * (_STATUS - 2 - len(word))}"
        yield f"{head}{pad(cut(escape_text(check.name), name), name)}  {first}"
        yield from (" " * indent + line for line in more)
        if check.hint is not None:
            yield f"{' ' * indent}fix: {escape_text(fit_install_commands(command_text(check.hint)))}"
    checkup = Checkup(tuple(checks))
    ok, warnings, failures = (checkup.count(status) for status in Grade)
    yield ""
    yield f"{ok} ok, {plural(warnings, 'warning')}, {plural(failures, 'failure')}"


CHECKS_SPEC = view_spec(status_module.check_json, ("status", "name", "message"), render_checks)
"""`ttp doctor` and `ttp account check`, whose JSON also counts all checks."""
