"""Read request bodies strictly, and refuse a request with an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


class RequestRefused(Exception):
    """The request is answered with `response` and has had no effect."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True, slots=True)
class BodyField:
    """One key that a JSON object may have: its type, and a condition on its value."""

    name: str
    kind: type
    required: bool = False
    fits: Callable[[Any], bool] = lambda value: True
    about: str = ""
    """What it does, for help."""


def validation_errors(value: object, known: Iterable[BodyField], where: str = "") -> list[str]:
    """Return every way in which `value` differs from an object of exactly these keys."""
    if not isinstance(value, dict):
        return [f"{where or 'body'}: must be an object"]
    allowed = {one.name: one for one in known}
    found = [f"{where}{name}: unknown key" for name in value if name not in allowed]
    for one in allowed.values():
        if one.name not in value:
            if one.required:
                found.append(f"{where}{one.name}: is required")
        elif type(value[one.name]) is not one.kind:  # a bool is not an integer here, as in JSON
            found.append(f"{where}{one.name}: must be {one.kind.__name__}")
        elif not one.fits(value[one.name]):
            found.append(f"{where}{one.name}: value not allowed")
    return found


def are_texts(values: list[Any]) -> bool:
    """Return whether all values are text."""
    return all(isinstance(value, str) for value in values)


def are_among(allowed: Iterable[str]) -> Callable[[list[Any]], bool]:
    """Return a condition on a list: texts of which each is allowed."""
    return lambda values: are_texts(values) and set(values) <= set(allowed)


async def json_body(request: Request) -> object:
    """Return the JSON body. ValueError if the content type or the text is not JSON, or a string is not Unicode."""
    if content_type(request) != "application/json":
        raise ValueError("Content-Type must be application/json")
    body: object = json.loads(await request.body())
    json.dumps(body, ensure_ascii=False).encode()  # an escaped lone surrogate has no encoding
    return body


async def form_body(request: Request) -> dict[str, str]:
    """Return the fields of a form as text."""
    return {name: str(value) for name, value in (await request.form()).multi_items()}


def content_type(request: Request) -> str:
    """Return the media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of an `Authorization: Bearer` header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
