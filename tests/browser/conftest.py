"""The pages in a real browser: a server in this process, and the system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Program
from tests.server.conftest import serving
from ttp.cli.context import Context
from ttp.domain.server.api_token import TokenCapability
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.x import records as x_records
from ttp.server.app import build_app
from ttp.services.server.people import People
from ttp.store.database import Database

PATIENCE_S = 120.0
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, which all tests of a process share."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments, timeout=PATIENCE_S * 1000)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Site:
    """A running server and who visits it."""

    ttp: Program
    url: str
    chromium: Any

    @contextmanager
    def visit(
        self,
        *,
        scripts: bool = True,
        width: int = 1280,
        height: int = 900,
        touch: bool = False,
        dark: bool = False,
        also: str | None = None,
        timezone: str = "UTC",
    ) -> Iterator[Any]:
        """Open a browser with its own cookies; its page. Errors of scripts and requests to elsewhere fail the test.

        `also`: another site that the person goes to.
        """
        allowed = (self.url,) if also is None else (self.url, also)
        context = self.chromium.new_context(
            base_url=self.url,
            java_script_enabled=scripts,
            viewport={"width": width, "height": height},
            has_touch=touch,
            color_scheme="dark" if dark else "light",
            timezone_id=timezone,
        )
        wrong: list[str] = []
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda asked: None if asked.url.startswith(allowed) else wrong.append(asked.url))
        try:
            yield page
        finally:
            context.close()
        assert wrong == []

    @contextmanager
    def person(self, name: str = "ann", capability: str = "publish,approve", **how: Any) -> Iterator[Any]:
        """Open a browser and log in by a link."""
        with self.visit(**how) as page:
            page.goto(self.link(name, capability))
            page.click("main button")
            page.wait_for_url("**/calendar")
            yield page

    def link(self, name: str, capability: str) -> str:
        capabilities = [TokenCapability(one) for one in capability.split(",")]
        secret = People(Database(self.ttp.home), self.ttp.clock).create_link(name, capabilities, [])
        return f"{self.url}/login/{secret}"


@pytest.fixture
def site(ttp: Program, chromium: Any) -> Iterator[Site]:
    """The server on a store with the accounts x/me and x/other."""
    with running(ttp, chromium) as found:
        yield found


@pytest.fixture
def approving_site(ttp: Program, chromium: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The same, where posts need approval."""
    monkeypatch.setenv("TTP_PUBLISH__REQUIRE_APPROVAL", "true")
    with running(ttp, chromium) as found:
        yield found


@pytest.fixture
def connecting_site(
    ttp: Program, chromium: Any, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox
) -> Iterator[Site]:
    """The same, where X is the sandbox."""
    shared_sandbox.reset(now=ttp.clock.now)
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", shared_sandbox.url)
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_ID", x_records.PUBLIC.id)
    with running(ttp, chromium) as found:
        yield found


@contextmanager
def running(ttp: Program, chromium: Any) -> Iterator[Site]:
    ttp.account("x/me")
    ttp.account("x/other")
    with serving(build_app(Context(ttp.clock).installation)) as url:
        yield Site(ttp, url, chromium)
