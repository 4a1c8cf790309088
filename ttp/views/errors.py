"""Errors and problems as JSON objects, and the table of error codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from ttp.domain.action import Action, OtherOptions
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.errors import Problem, TtpError


CODES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "usage": (2, 400),
        "ambiguous": (2, 400),
        "content": (2, 422),
        "time": (2, 422),
        "past": (2, 422),
        "dst": (2, 422),
        "conflict": (2, 409),
        "stale": (2, 412),
        "state": (2, 409),
        "not_found": (3, 404),
        "reconnect": (4, 409),
        "busy": (5, 503),
        "damaged": (5, 503),
        "newer_store": (5, 503),
        "older_store": (5, 503),
        "partial": (6, 500),
        "not_allowed": (7, 403),
        "internal": (1, 500),
    }
)
"""The exit code of the command line and the HTTP status of each code of `ttp.domain.errors`. Neither ever changes."""


MOST_PROBLEMS = 20
"""Problems, and details, in the answer of an error, however many mistakes were sent."""


def shown_problems(what: TtpError) -> tuple[Problem, ...]:
    """Return the problems that an answer has. `error_fields` says how many more there are."""
    return what.problems[:MOST_PROBLEMS]


def error_json(what: TtpError, exit_code: int) -> Json:
    """Return the `{"error": …}` object for stderr."""
    error = error_fields(what)
    problems = error.pop("problems")
    return {"error": {**error, "exit": exit_code, "problems": problems}}


def error_fields(what: TtpError) -> dict[str, object]:
    """Return the fields of an error. `hint` is the one to follow unread, `hints` all that do what was asked; `message`
    includes the details."""
    details = [line.strip() for line in what.details[:MOST_PROBLEMS]]
    more = max(len(what.problems), len(what.details)) - MOST_PROBLEMS
    if more > 0:
        details.append(f"({more} more problems are not listed)")
    return {
        "code": what.code,
        "message": _sentences(what.message, *details),
        "hint": what.way,
        "hints": [hint.way for hint in what.hints if hint.label != "draft"],
        "problems": [problem_json(one) for one in shown_problems(what)],
    }


def _sentences(*texts: str) -> str:
    """Join texts, with a stop between two that lack one."""
    joined = ""
    for text in filter(None, texts):
        stop = "" if not joined or joined[-1] in ".:;,!?" or text[0] == "(" else "." if text[0].isupper() else ";"
        joined = f"{joined}{stop} {text}" if joined else text
    return joined


def problem_json(one: Problem) -> Json:
    return {"field": one.field, "account": one.account, "code": one.code, "message": one.message, "hint": one.hint}


def action_json(way: Action | OtherOptions) -> Json:
    """Return a way out. `name`: the command that helps; null for the same request with other `options`, where null
    leaves one out."""
    if isinstance(way, OtherOptions):
        options: Json = {name: list(one) if isinstance(one, tuple) else one for name, one in way.options}
        return {"name": None, "args": [], "options": options}
    return {"name": way.name, "args": list(way.args), "options": _options(way)}


def json_value(value: object) -> object:
    """Return the JSON form of what views leave to their readers: actions and instants."""
    if isinstance(value, Action | OtherOptions):
        return action_json(value)
    if isinstance(value, datetime):
        return format_json_instant(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _options(way: Action) -> Json:
    """Return the options by name: true for a switch, a list for one that comes several times."""
    by_name: dict[str, list[object]] = {}
    for name, value in way.options:
        by_name.setdefault(name, []).append(True if value is None else value)
    return {name: values[0] if len(values) == 1 else values for name, values in by_name.items()}
