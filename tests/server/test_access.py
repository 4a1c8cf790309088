"""Tokens, capabilities and account limits for each route, and host names."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any

import httpx
import pytest
from starlette.routing import Route as StarletteRoute

from tests.conftest import Fill, Program
from tests.drift.operations_page import TOKENS, lets_in
from tests.rows import each
from tests.server.conftest import Api, server_of, two_accounts
from ttp.cli.context import Context
from ttp.domain.operations import OPERATIONS
from ttp.domain.server.api_token import ApiToken
from ttp.server.app import DOCS, build_app
from ttp.server.guard import AGENTS, MOST_BODY_BYTES, host_name
from ttp.server.pages.routes import PAGES
from ttp.server.pages.static import STATIC
from ttp.server.requests import Route
from ttp.server.routes import ROUTES

GUARDED = [route for route in ROUTES if route.needs]
BODIES: dict[str, Any] = {
    "create_post": {"content": "New"},
    "edit_post": {"content": "Better"},
    "schedule_post": {"at": "2098-01-01T09:00Z"},
    "submit_post": {"content": "New"},
    "move_account": {"accountId": "x/me", "groupName": ""},
    "presign_upload": {"filename": "a.jpg", "contentType": "image/jpeg", "size": 1},
    "confirm_upload": {"key": 32 * "0", "contentType": "image/jpeg", "size": 1},
    "upload_inline": {"filename": "a.jpg", "contentType": "image/jpeg", "dataBase64": ""},
    "submit_drafts": {"externalRef": "a", "variants": [{"platform": "x", "segments": ["a"]}]},
    "add_slots": {"accounts": ["x/me"], "times": "daily 09:00"},
    "begin_upload": {"name": "a.jpg", "bytes": 9},
    "add_repeat": {"post": 1, "cron": "0 9 * * 1"},
    "resolve_post": {"account": "x/me", "published": None},
}
PARTS = {"provider": "x", "slug:path": "a", "name:path": 64 * "0", "upload_id": 32 * "0"}
LIST = {"Accept": "application/json"}
"""Events come as a list, which ends."""


def send(api: Api, route: Route, post_id: int = 1) -> tuple[int, str | None]:
    """Send a request that is right; its status, and the code of its problem."""
    answer = request(api, route, post_id)
    return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None


def request(api: Api, route: Route, post_id: int) -> httpx.Response:
    parts = {
        "account:path": "x/me",
        "post_id": str(post_id),
        **dict.fromkeys(("slot_id", "repeat_id", "source_id"), "1"),
        **PARTS,
    }
    path = route.path
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", value)
    if route.name == "add_part":
        return api("PUT", f"{path}?offset=0", content=b"", headers={"Content-Type": "application/octet-stream"})
    if "requestBody" in route.described:
        return api(route.method, path, files={"file": ("a.csv", b"text\nHello\n")})
    return api(route.method, path, json=BODIES.get(route.name), headers=LIST)


@pytest.fixture
def server(fill: Fill) -> Api:
    return server_of(fill(some_posts))


def some_posts(ttp: Program) -> None:
    """A draft to x/me, one to x/other, a scheduled post to both, and a deleted one."""
    two_accounts(ttp)
    ttp.post("own", "--to", "x/me")
    ttp.post("draft", "--to", "x/other")
    ttp.post("planned", "--to", "x/me,x/other", "--at", "2098-01-01T09:00Z")
    ttp.post("deleted", "--to", "x/other")
    ttp.ok("delete", "4", "--yes")


SECRETS: dict[ApiToken, str] = {}


def posts_and_tokens(ttp: Program) -> None:
    some_posts(ttp)
    server = server_of(ttp)
    for token in TOKENS:
        accounts = () if token.accounts is None else ("x/me",)
        made = server.having(token.capability, *accounts, name=f"{token.capability}-{len(accounts)}")
        SECRETS[token] = str(made.token)


def test_each_route_lets_in_the_tokens_that_the_table_says(fill: Fill) -> None:
    server, wrong = server_of(fill(posts_and_tokens)), []
    for route in GUARDED:
        for token in TOKENS:
            status, code = send(Api(server.ttp, server.app, SECRETS[token]), route)
            is_let_in = lets_in(OPERATIONS[route.operation], token)
            if (status != 403, code != "not_allowed") != (is_let_in, is_let_in) or status not in route.statuses:
                wrong.append((route.name, token, status, code))
        shutil.rmtree(server.ttp.home)
        fill(posts_and_tokens)
    assert wrong == []


def test_each_address_of_the_server_is_in_a_table(server: Api) -> None:
    listed = {(one.method, one.path) for one in ROUTES} | {(one.method, one.path) for one in PAGES} | {("POST", AGENTS)}
    routes = [route for route in server.app.routes if isinstance(route, StarletteRoute)]
    served = {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}
    assert served - listed == {("GET", DOCS), ("GET", "/openapi.json"), ("GET", f"{STATIC}/{{name}}")}
    assert listed <= served


def test_each_route_needs_a_token(server: Api) -> None:
    revoked = server.having("publish")
    server.ttp.ok("token", "revoke", "publish")
    for route in GUARDED:
        for api in (server, Api(server.ttp, server.app, "ttp_" + 48 * "0"), revoked):
            assert (route, send(api, route)) == (route, (401, "unauthorized"))


@pytest.mark.parametrize("header", ["", "Bearer", "Basic ttp_1", "Bearer a b", "Bearer " + 5000 * "é"])
def test_a_wrong_authorization_header_is_refused(server: Api, header: str) -> None:
    answer = server.get("/v1/posts", headers={"Authorization": header.encode()})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="ttp"')


@pytest.mark.parametrize("route", [one for one in GUARDED if "{post_id}" in one.path], ids=lambda route: route.name)
def test_a_limited_token_cannot_tell_other_posts_from_missing_ones(server: Api, route: Route) -> None:
    """A post of another account, one that has a time, a deleted one, and one that never was."""
    limited = server.having("approve" if "approve" in route.needs[:1] else "publish", "x/me")
    before = [server.ttp.shown(post_id) for post_id in (2, 3)]
    problems = set()
    for post_id in (2, 3, 4, 9):
        answer = request(limited, route, post_id)
        assert answer.status_code == 404
        problems.add(re.sub(rf"\b{post_id}\b", "N", answer.text))
    assert len(problems) == 1
    assert [server.ttp.shown(post_id) for post_id in (2, 3)] == before
    assert send(limited, route, 1)[1] != "not_found"


def test_a_limited_token_sees_its_accounts_and_posts_only(server: Api) -> None:
    limited = server.having("publish", "x/me")
    assert [post["id"] for post in limited.ok("GET", "/v1/posts")] == [1]
    assert [one["account"] for one in limited.ok("GET", "/v1/accounts")] == ["x/me"]
    assert limited.ok("GET", "/v1/accounts/x/me")["account"] == "x/me"
    limited.refused("GET", "/v1/accounts/x/other", 404, "not_found")
    for post_id in (2, 3, 9):
        limited.refused("GET", f"/v1/posts?after={post_id}", 404, "not_found")
    limited.refused("GET", "/v1/status", 403, "not_allowed")
    limited.refused("POST", "/v1/posts", 404, "not_found", {"content": "Hi", "accounts": ["x/other"]})
    limited.refused("PATCH", "/v1/posts/1", 404, "not_found", {"accounts": ["x/other"]})
    assert limited.ok("POST", "/v1/posts", {"content": "Hi", "accounts": ["x"]})["accounts"] == ["x/me"]


def test_a_limited_token_cannot_find_a_post_by_its_key(server: Api) -> None:
    server.ttp.post("secret", "--to", "x/other", "--key", "k")
    body = {"content": "secret", "key": "k"}
    problem = server.having("publish", "x/me").refused("POST", "/v1/posts", 409, "conflict", body)
    assert "5" not in problem["detail"]


def test_a_token_that_writes_drafts_publishes_nothing(server: Api) -> None:
    drafts = server.having("draft")
    body = {"content": "Hi", "accounts": ["x/me"], "scheduledAt": "2098-01-01T09:00Z"}
    drafts.refused("POST", "/v1/posts", 403, "not_allowed", body)
    drafts.refused("PATCH", "/v1/posts/1", 403, "not_allowed", {"scheduledAt": "2098-01-01T09:00Z"})
    server.ttp.ok("schedule", "2", "--at", "2098-01-01T09:00Z")
    drafts.refused("PATCH", "/v1/posts/2", 403, "not_allowed", {"content": "Hi"})
    drafts.refused("DELETE", "/v1/posts/2", 403, "not_allowed")
    assert drafts.ok("PATCH", "/v1/posts/1", {"content": "Better"})["content"] == "Better"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "localhost.",
        "[::2]:8765",
        "127.0.0.1@evil",
        "127.0.0.1:8811@evil",
        "[::1]evil",
    ],
)
def test_a_foreign_host_is_refused_before_the_token(server: Api, host: str) -> None:
    for path in ("/healthz", "/v1/posts", "/openapi.json"):
        server.refused("GET", path, 421, "wrong_host", headers={"Host": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "LocalHost", "[::1]:8765", "[::1]"])
def test_names_of_this_machine_are_accepted(server: Api, host: str) -> None:
    assert server.get("/healthz", headers={"Host": host}).status_code == 200


def test_another_name_is_accepted_where_it_is_allowed(server: Api) -> None:
    named = Api(server.ttp, build_app(Context(server.ttp.clock).installation, ["ttp.example"]))
    assert named.get("/healthz", headers={"Host": "TTP.example:443"}).status_code == 200
    named.refused("GET", "/healthz", 421, "wrong_host", headers={"Host": "localhost"})


@each(("host", "name"), [("a:1", "a"), ("[::1]:5", "::1"), (" A ", "a"), ("[x", "x"), ("", "")])
def test_the_name_in_a_host(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("path", ["/v1/posts", "/v1/imports", "/v1/commands", "/mcp", "/login/0", "/api/posts"])
def test_a_body_that_is_cut_off_is_no_error_of_the_server(server: Api, path: str) -> None:
    messages = [{"type": "http.request", "body": b"--a\r\n", "more_body": True}, {"type": "http.disconnect"}]
    kind = b"multipart/form-data; boundary=a" if path in ("/v1/imports", "/v1/commands") else b"application/json"
    if path.startswith("/login"):
        kind = b"application/x-www-form-urlencoded"
    lines = {b"host": b"localhost", b"authorization": f"Bearer {server.having('publish').token}".encode()}
    lines |= {b"content-type": kind, b"accept": b"application/json, text/event-stream"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(lines.items()),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    asyncio.run(server.app(scope, receive, send))
    assert messages == []


def test_a_large_body_is_refused(server: Api) -> None:
    api = server.having("publish")
    large = b" " * (MOST_BODY_BYTES + 1)
    typed = {"Content-Type": "application/json"}
    api.refused("POST", "/v1/posts", 413, "too_large", content=large, headers=typed)
    api.refused("POST", "/v1/posts", 413, "too_large", content=b"{}", headers={**typed, "Content-Length": "9" * 30})

    async def parts() -> Any:
        for _ in range(5):
            yield large[: MOST_BODY_BYTES // 4]

    api.refused("POST", "/v1/posts", 413, "too_large", content=parts(), headers=typed)


def test_a_body_that_is_not_json_names_no_field(server: Api) -> None:
    typed = {"Content-Type": "application/json"}
    sent = {"content": b'{"content": }', "headers": typed}
    problem = server.having("publish").refused("POST", "/v1/posts", 400, "usage", **sent)
    assert [one["field"] for one in problem["problems"]] == [""]
    assert not problem["detail"].startswith("12")


def test_an_unknown_path_or_method_is_a_problem(server: Api) -> None:
    server.refused("GET", "/v1/nothing", 404, "not_found")
    server.refused("PUT", "/v1/posts", 405, "method")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/posts", {"GET", "POST"}),
        ("/v1/posts/1", {"GET", "PATCH", "DELETE"}),
        ("/v1/posts/1/publish", {"POST"}),
        (f"/v1/media/uploads/{'0' * 32}", {"GET", "PUT", "DELETE"}),
        ("/compose", {"GET", "HEAD", "POST"}),
        ("/mcp", {"POST"}),
    ],
)
def test_each_method_of_a_path_is_allowed(server: Api, path: str, methods: set[str]) -> None:
    for method in ("OPTIONS", "PUT", "TRACE"):
        if method not in methods:
            answer = server(method, path)
            assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods)
