"""Read request bodies strictly, and refuse a request with an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response


class RequestRefused(Exception):
    """The request is answered with `response` and has had no effect."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


Refusal: TypeAlias = Callable[[str], RequestRefused]
"""Makes a refusal of a message."""


@dataclass(frozen=True, slots=True)
class BodyField:
    """One key that a JSON object may have: its type, and a condition on its value."""

    name: str
    kind: type
    required: bool = False
    fits: Callable[[Any], bool] = lambda value: True
    about: str = ""
    """What it does, for help."""
    sets: str = ""
    """The field of a record that gets the value, if that is all it does."""


def validation_errors(value: object, known: Iterable[BodyField] | None, where: str = "") -> list[str]:
    """Return every way in which `value` differs from an object of exactly these keys; None: of any keys."""
    if not isinstance(value, dict):
        return [f"{where or 'body'}: must be an object"]
    if known is None:
        return []
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
    return all(isinstance(value, str) for value in values)


def are_among(allowed: Iterable[str]) -> Callable[[list[Any]], bool]:
    """Return a condition on a list: texts of which each is allowed."""
    return lambda values: are_texts(values) and set(values) <= set(allowed)


async def json_body(request: Request, refusal: Refusal, known: Iterable[BodyField] | None = None) -> dict[str, Any]:
    """Return the JSON body, an object of exactly these keys if any are given. Raises what `refusal` makes of a message
    if the content type, the text, a key or a value is wrong."""
    if content_type(request) != "application/json":
        raise refusal("Content-Type must be application/json")
    try:
        body: Any = json.loads(await request.body())
        json.dumps(body, ensure_ascii=False).encode()  # an escaped lone surrogate has no encoding
    except ValueError as error:
        raise refusal(str(error)) from None
    check_object(body, known, refusal)
    return dict(body)


def check_object(value: object, known: Iterable[BodyField] | None, refusal: Refusal, where: str = "") -> None:
    """Raise a refusal unless `value` is an object, of exactly these keys if any are given."""
    if found := validation_errors(value, known, where):
        raise refusal("; ".join(found))


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
