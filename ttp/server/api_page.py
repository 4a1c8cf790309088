"""The page at /docs: the OpenAPI document for people, with forms that send requests. All of it is from here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.server.pages.rendering import page_answer

_SAMPLES: Mapping[str, Any] = {
    "string": "",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "object": {},
}


def api_page(request: Request) -> Response:
    """Return the page. It needs no token, and neither does the document that it shows."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
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
                    "body": _body(operation, document["components"]["schemas"]),
                    "answers": operation["responses"],
                }
            )
    values = {"person": None, "csrf": "", "done": "", "groups": groups, "schemas": document["components"]["schemas"]}
    return page_answer(request, "api.html", {**values, "version": document["info"]["version"]})


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the media type of a body, its schema, and for JSON an example with the required fields."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        return {"kind": kind, "schema": schema, "example": _example(schema, schemas)}
    return None


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    reference = next((one["$ref"] for one in [schema, *schema.get("anyOf", [])] if "$ref" in one), None)
    if reference is None:
        return "{}"
    model = schemas[reference.rpartition("/")[2]]
    fields = {name: model["properties"][name] for name in model.get("required", [])}
    return json.dumps({name: _SAMPLES.get(field.get("type", "")) for name, field in fields.items()}, indent=2)
