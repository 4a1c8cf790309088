"""The page at /docs: the OpenAPI document for people, with forms that send requests. Nothing comes from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ttp.server.pages.rendering import HEADERS, render

_SAMPLES: Mapping[str, Any] = {
    "string": "",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "object": {},
}


def api_page(request: Request) -> HTMLResponse:
    """Return the page. It needs no token, and neither does the document that it shows."""
    whole = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "id": operation["operationId"],
                    "about": operation.get("description", ""),
                    "capability": operation.get("x-capability"),
                    "limited": operation.get("x-limited"),
                    "parameters": operation.get("parameters", []),
                    "body": _body(operation, whole["components"]["schemas"]),
                    "answers": operation["responses"],
                }
            )
    values = {"person": None, "csrf": "", "done": "", "groups": groups, "schemas": whole["components"]["schemas"]}
    return HTMLResponse(render("api.html", {**values, "version": whole["info"]["version"]}), headers=HEADERS)


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the media type of what is sent, its schema, and for JSON an example with what is needed."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        return {"kind": kind, "schema": schema, "example": _example(schema, schemas)}
    return None


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    named = next((one for one in [schema, *schema.get("anyOf", [])] if "$ref" in one), None)
    if named is None:
        return "{}"
    found = schemas[named["$ref"].rpartition("/")[2]]
    needed = {name: _sample(found["properties"][name]) for name in found.get("required", [])}
    return json.dumps(needed, indent=2)


def _sample(schema: Mapping[str, Any]) -> Any:
    return _SAMPLES.get(schema.get("type", ""))
