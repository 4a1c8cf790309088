"""Rules for every stand-in: what it must declare, and that only its own folder mentions its platform."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute

import ttp.sandbox
from tests.drift.test_platform_names import WORDS
from tests.rows import each
from tests.sandbox.conftest import Web
from ttp.sandbox.consent import LoginPage, authorization_route, is_https
from ttp.sandbox.meta.records import MetaAccount
from ttp.sandbox.meta.requests import SandboxGraph
from ttp.sandbox.meta.tokens import TokenEndpoints
from ttp.sandbox.records import LoginCode, SandboxApp
from ttp.sandbox.stand_in import SandboxPlatform, find_stand_ins, platform_of

ROOT = Path(ttp.sandbox.__file__).parent
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/stand_in.py"))
SHARED = sorted(ROOT.glob("*.py"))


def imported(path: Path) -> set[str]:
    """The names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def named(path: Path) -> set[str]:
    """The platforms whose names are texts or names in a file's code."""
    names = {name for one in find_stand_ins() if one.name not in WORDS for name in (one.name, one.title)}
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        text = node.value if isinstance(node, ast.Constant) else node.id if isinstance(node, ast.Name) else None
        if isinstance(text, str):
            found |= {text} & names
            found |= {name for name in names if len(name) > 1 and name.lower() in text.lower()}
    return found


def test_every_folder_with_a_stand_in_is_found_and_instagrams_paths_come_last() -> None:
    assert sorted(one.name for one in find_stand_ins()) == FOLDERS
    assert find_stand_ins()[-1].name == "instagram"


@each("one", find_stand_ins())
def test_stand_ins_share_no_apps_records_fields_or_limits(one: SandboxPlatform) -> None:
    assert {app.platform for app in one.apps} <= {one.name}
    assert {app.login for app in one.apps} == (set(one.logins) or {""} if one.apps else set())
    others = [other for other in find_stand_ins() if other is not one]
    for other in others:
        assert not {kind.__name__ for kind in one.records} & {kind.__name__ for kind in other.records}
        assert not {field.name for field in one.account_fields} & {field.name for field in other.account_fields}
        assert not set(one.limits) & set(other.limits)


def test_a_path_belongs_to_one_platform_and_control_paths_to_none() -> None:
    paths = {"/2/tweets": "x", "/v2/post/publish/video/init/": "tiktok", "/v25.0/me": "instagram", "/video/": "tiktok"}
    for path, name in paths.items():
        assert (one := platform_of(path)) is not None
        assert one.name == name
    assert platform_of("/_sandbox/posts") is None


def test_two_platforms_may_have_the_same_login_path(web: Web) -> None:
    pages = {
        name: LoginPage(
            platform=name,
            required=("client_id", "redirect_uri"),
            optional=("scope",),
            scopes=("read", name),
            may_redirect=is_https,
            code_ms=1000,
            denied={"error": f"denied by {name}"},
        )
        for name in ("one", "two")
    }
    for name in pages:
        web.state.save(SandboxApp(f"app-of-{name}", name))
    app = Starlette(routes=[authorization_route(web.state, "/oauth/authorize", page) for page in pages.values()])

    async def denied(client: str) -> str:
        query = {"client_id": client, "redirect_uri": "https://app.example/", "scope": "read", "sandbox": "deny"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client_:
            answer = await client_.get("/oauth/authorize", params=query)
        return parse_qs(urlsplit(answer.headers["location"]).query)["error"][0]

    assert asyncio.run(denied("app-of-one")) == "denied by one"
    assert asyncio.run(denied("app-of-two")) == "denied by two"


class NumberedAccount(MetaAccount):
    def new_tokens(self) -> dict[str, str | None]:
        return {"access_token": f"{self.platform}-{self.short}"}


class OneAccount(NumberedAccount): ...


class TwoAccount(NumberedAccount): ...


def test_two_platforms_of_meta_may_have_the_same_token_paths(web: Web) -> None:
    routes: list[BaseRoute] = []
    for name, kind in (("one", OneAccount), ("two", TwoAccount)):
        code = LoginCode(name, f"app-of-{name}", f"{name}/demo", "https://a", (), web.state.now_ms() + 60_000)
        web.state.save(SandboxApp(code.app, name, "hush", login=name), kind(code.account, "17", login=name))
        web.state.login_codes[name] = code
        graph = SandboxGraph(name, name, kind, {name: {"basic": "basic"}}, (f"{name} calls", 9), 27, {})
        web.state.save(replace(web.state.accounts[code.account], scopes=("basic",)))
        routes += TokenEndpoints(graph, name, name, lambda account, code: account, lambda state: True).routes(web.state)
    app = Starlette(routes=routes)

    async def tokens(name: str) -> list[str]:
        app_of = {"client_secret": "hush", "client_id": f"app-of-{name}"}
        form = {**app_of, "grant_type": "authorization_code", "redirect_uri": "https://a", "code": name}
        query = {"grant_type": f"{name}_exchange_token", "client_secret": "hush", "access_token": f"{name}-True"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            short = await client.post("/oauth/access_token", data=form)
            long = await client.get("/access_token", params=query)
        return [short.json()["access_token"], long.json()["access_token"]]

    for name in ("two", "one"):
        assert asyncio.run(tokens(name)) == [f"{name}-True", f"{name}-False"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_stand_in_imports_another(folder: str) -> None:
    others = tuple(f"ttp.sandbox.{other}." for other in FOLDERS if other != folder)
    found = {name for path in (ROOT / folder).glob("*.py") for name in imported(path)}
    assert [name for name in found if f"{name}.".startswith(others)] == []


@each("path", SHARED)
def test_shared_code_mentions_no_platform(path: Path) -> None:
    assert named(path) == set()
