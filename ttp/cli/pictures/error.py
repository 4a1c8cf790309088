"""An error as a person reads it: what happened, then one way out a line, the commands aligned."""

from __future__ import annotations

from collections.abc import Iterator

from ttp.cli.clean import safe
from ttp.domain.errors import Hint, TtpError

_LABEL = 15
"""Columns of a hint's label, so that the hints of short and of long labels mostly line up."""


def error_lines(error: TtpError) -> Iterator[str]:
    """The sentence, its details, the problems it does not tell itself, and the ways out with their commands aligned."""
    yield f"ttp: error: {safe(error.message)}"
    for detail in error.details:
        yield f"  {safe(detail)}"
    hints = list(error.hints)
    for problem in error.problems:
        if problem.warning:  # beside the point: what is refused has to be mended anyhow
            continue
        if problem.message != error.message:
            whose = f"{problem.account}: " if problem.account and problem.account not in problem.message else ""
            yield f"  {safe(whose + problem.message)}"
        if problem.hint and all(problem.hint != hint.type for hint in hints):
            hints.append(Hint("try", problem.hint))
    label = max((len(safe(hint.say)) + 3 for hint in hints), default=0)
    for hint in hints:
        yield f"  {safe(hint.say) + ':':<{max(label, _LABEL)}}{safe(hint.type)}"
