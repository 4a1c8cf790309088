"""The HTTP status of each error code, and errors as problem details (RFC 9457) or in the form of TimeToPost's API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

from ttp.domain.action import OtherOptions, WayOut
from ttp.domain.errors import Hint, NotFound, Problem, TtpError
from ttp.server.answers import JsonAnswer
from ttp.views.errors import CODES, error_fields, problem_json, shown_problems

BY_CODE: Mapping[str, int] = {
    **{code: status for code, (_, status) in CODES.items()},
    "unauthorized": 401,
    "method": 405,
    "timeout": 408,
    "key_in_use": 409,
    "too_large": 413,
    "media_type": 415,
    "wrong_host": 421,
    "key_reused": 422,
    "unknown": 409,
    "unsupported": 501,
}
"""The status of every code: those of `ttp.domain.errors`, and those that only HTTP has."""
MEDIA_TYPE = "application/problem+json"
TIMETOPOST = "/api/"
"""Paths of the API that is compatible with TimeToPost's; its errors have another form."""
_RETRY_AFTER = {"busy": "5", "key_in_use": "1"}


class Unauthorized(TtpError):
    """The request has no token, or one that does not work."""

    code = "unauthorized"


class WrongMethod(TtpError):
    """The path does not have this method."""

    code = "method"


class SlowRequest(TtpError):
    """The body did not arrive in time."""

    code = "timeout"


class KeyInUse(TtpError):
    """The first request with this idempotency key is still running."""

    code = "key_in_use"


class KeyReused(TtpError):
    """The idempotency key belongs to another request."""

    code = "key_reused"


class OutcomeUnknown(TtpError):
    """The first request with this idempotency key has no answer, as when the server was killed, and may be done. It is
    not done again: look, then send another key, or free this one with `ttp token release`."""

    code = "unknown"


class TooLarge(TtpError):
    """The body is too large."""

    code = "too_large"


class WrongMediaType(TtpError):
    """The body is not JSON."""

    code = "media_type"


class WrongHost(TtpError):
    """The Host header names another server."""

    code = "wrong_host"


class Unsupported(TtpError):
    """TimeToPost's API has this, and ttp does not."""

    code = "unsupported"


class InvalidRequest(TtpError):
    """The request has unknown or invalid fields."""

    code: ClassVar[str] = "usage"


def status_of(error: TtpError) -> int:
    return BY_CODE.get(error.code, 500)


_PRODUCTS = frozenset({"shorts", "personas", "build-in-public", "autoseo", "keywords", "sources", "dm-funnels"})
"""Parts of TimeToPost's API that are about more than posts."""


def nothing_at(path: str) -> TtpError:
    """Return the error for a path without a route."""
    if path.startswith(TIMETOPOST) and path.split("/")[2] in _PRODUCTS:
        return Unsupported(f"ttp has nothing like {path} of TimeToPost")
    return NotFound(f"there is nothing at {path}")


def hide_home(error: TtpError, home: Path) -> None:
    """Leave only the names of files in TTP_HOME in an error, and drop hints with their paths: clients need not know
    them, and can do nothing there."""

    def names(text: str) -> str:
        return text.replace(f"{home}/", "").replace(str(home), "TTP_HOME")

    error.message, error.details = names(error.message), tuple(map(names, error.details))
    error.hints = tuple(hint for hint in error.hints if str(home) not in str(hint.way))


def error_answer(error: TtpError, path: str) -> JsonAnswer:
    """Return the answer for an error at a path, in the form of its API."""
    if not path.startswith(TIMETOPOST):
        return problem_answer(error)
    fields = error_fields(error)
    content = {
        "success": False,
        "error": fields["message"],
        "code": error.code,
        "problems": fields["problems"],
        "action": fields["hint"],
        "actions": fields["hints"],
    }
    return JsonAnswer(content, status_of(error), headers=_headers(error))


def problem_answer(error: TtpError) -> JsonAnswer:
    status = status_of(error)
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error_fields(error)["message"],
        "code": error.code,
        "problems": [{**problem_json(one), "hint": _without_dashes(one.hint)} for one in shown_problems(error)],
        "action": _without_dashes(error.way),
        "actions": [_without_dashes(hint.way) for hint in error.hints],
    }
    return JsonAnswer(content, status, headers=_headers(error), media_type=MEDIA_TYPE)


def _headers(error: TtpError) -> dict[str, str]:
    headers = {"WWW-Authenticate": 'Bearer realm="ttp"'} if error.code == Unauthorized.code else {}
    if error.code in _RETRY_AFTER:
        headers["Retry-After"] = _RETRY_AFTER[error.code]
    return headers


def _without_dashes(way: WayOut | None) -> WayOut | None:
    """Return a way out that is written as options to type, `--media FILE`, as other options of the request."""
    if not isinstance(way, str) or not way.startswith("--"):
        return way
    name, _, value = way.removeprefix("--").partition(" ")
    return OtherOptions(((name, value.strip("'\"") or True),))


def invalid_request(faults: Sequence[Mapping[str, Any]]) -> InvalidRequest:
    """Return the error for a request that pydantic refused. `faults`: its errors."""
    problems = tuple(Problem(_field(fault), "usage", _sentence(fault)) for fault in faults)
    first = problems[0]
    named = f"{first.field}: " if first.field else ""
    return InvalidRequest(f"{named}{first.message}", problems=problems)


def _field(fault: Mapping[str, Any]) -> str:
    """Return the name of a field or a parameter, without the part of the request that has it."""
    # What is not JSON has no fields; its place is the number of a character.
    return "" if fault["type"] == "json_invalid" else ".".join(map(str, list(fault["loc"])[1:]))


def _sentence(fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "there is no such field"
        case "missing":
            return "this field is missing"
        case "json_invalid":
            return "the body is not JSON"
        case _:
            message = str(fault["msg"])
            return message[:1].lower() + message[1:]


def unknown_parameter(name: str, known: Iterable[str]) -> InvalidRequest:
    """Return the error for a query parameter that the route does not have."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, 1)
    message = f'there is no query parameter "{name}"' + (f"; it has {', '.join(names)}" if names else "")
    hints = [Hint("try", near[0])] if near else []
    return InvalidRequest(message, *hints, problems=(Problem(name, "usage", "there is no such parameter"),))
