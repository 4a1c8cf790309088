"""Errors and problems as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.errors import Problem, TtpError


def error_json(what: TtpError, exit_code: int) -> Json:
    """Return the `{"error": …}` object for stderr."""
    error = error_fields(what)
    problems = error.pop("problems")
    return {"error": {**error, "exit": exit_code, "problems": problems}}


def error_fields(what: TtpError) -> Json:
    """Return the fields of an error. `hint` is the first hint; `message` includes the details."""
    return {
        "code": what.code,
        "message": " ".join((what.message, *map(str.strip, what.details))),
        "hint": next((hint.way for hint in what.hints), None),
        "problems": [problem_json(one) for one in what.problems],
    }


def problem_json(one: Problem) -> Json:
    return {"field": one.field, "account": one.account, "code": one.code, "message": one.message, "hint": one.hint}
