"""Posts over HTTP."""

from __future__ import annotations

from tests.server.conftest import Api


def test_smoke(api: Api) -> None:
    made = api.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/me"], "scheduledAt": "2098-01-01T09:00Z"})
    print(made)
    print(api.get("/v1/posts").text, api.get("/openapi.json").text)
    assert api.ok("GET", "/v1/posts/1") == {**made, "warnings": []}
