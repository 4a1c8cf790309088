"""What a request can have beside its method, address, query and headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict


class Parts(TypedDict, total=False):
    """A request's body: `json`, or `form` fields with or without one multipart `file` (field name, bytes), or
    `content`. `patience`: seconds to wait for the answer where that is less than usual."""

    json: object
    form: Mapping[str, str] | None
    file: tuple[str, bytes] | None
    content: bytes | Iterable[bytes] | None
    uploading: bool
    patience: float | None
