"""Answers in JSON, and the schemas of those that only the HTTP API has. `ttp.views.answers` has the others."""

from __future__ import annotations

import json
from typing import Any, Literal

from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from ttp.views.answers import ActionAnswer, MediaAnswer
from ttp.views.errors import json_value

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"), default=json_value
)


class JsonAnswer(JSONResponse):
    """JSON of views, in which actions are objects."""

    def render(self, content: Any) -> bytes:
        return _ENCODER.encode(content).encode()


class ProblemItem(TypedDict):
    field: str
    account: str | None
    code: str
    message: str
    hint: ActionAnswer | str | None


class ProblemAnswer(TypedDict):
    """Problem details (RFC 9457). `code` is stable; `detail` is for people. `action`: what to do, null where that needs
    a choice; `actions`: all that help."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[ProblemItem]
    action: ActionAnswer | str | None
    actions: list[ActionAnswer | str]


class UploadAnswer(TypedDict):
    """An upload in parts. `id`: null in a dry run; `media`: what it became, once all its bytes have arrived."""

    id: str | None
    name: str
    bytes: int
    received: int
    media: MediaAnswer | None


class RemovedUploadAnswer(TypedDict):
    id: str
    removed: Literal[True]


class HealthAnswer(TypedDict):
    ok: bool
