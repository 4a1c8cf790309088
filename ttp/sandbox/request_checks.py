"""Small things every platform's front uses: a refusal that carries its answer, and reading JSON bodies strictly."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """The request is answered with `response` and has had no effect."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True, slots=True)
class Key:
    """One key that a JSON object may have: its type, and what its value must satisfy."""

    name: str
    kind: type
    required: bool = False
    fits: Callable[[Any], bool] = lambda value: True


def breaches(value: object, keys: Iterable[Key], where: str = "") -> list[str]:
    """Every way in which `value` is not an object of exactly these keys, in words; empty when it is."""
    if not isinstance(value, dict):
        return [f"{where or 'body'}: must be an object"]
    allowed = {key.name: key for key in keys}
    found = [f"{where}{name}: unknown key" for name in value if name not in allowed]
    for key in allowed.values():
        if key.name not in value:
            if key.required:
                found.append(f"{where}{key.name}: is required")
        elif type(value[key.name]) is not key.kind:  # a bool is no integer here, as in JSON
            found.append(f"{where}{key.name}: must be {key.kind.__name__}")
        elif not key.fits(value[key.name]):
            found.append(f"{where}{key.name}: value not allowed")
    return found


async def json_body(request: Request) -> object:
    """The JSON body. ValueError if the content type or the text is not JSON, or a string in it is no Unicode text."""
    if content_type(request) != "application/json":
        raise ValueError("Content-Type must be application/json")
    body: object = json.loads(await request.body())
    json.dumps(body, ensure_ascii=False).encode()  # an escaped lone surrogate has no encoding
    return body


def content_type(request: Request) -> str:
    """The media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
