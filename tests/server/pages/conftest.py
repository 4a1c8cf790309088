"""A person at the pages, in this process: a client that keeps cookies and reads the token of the session."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.conftest import Program
from tests.server.conftest import Api
from ttp.domain.server.api_token import TokenCapability
from ttp.server.pages.visit import COOKIE, csrf_token
from ttp.services.server.people import People

PUBLISH, APPROVE, DRAFT, READ = "publish", "approve", "draft", "read"


class Person:
    """Someone's browser without scripts."""

    def __init__(self, server: Api) -> None:
        self.server = server
        self.ttp: Program = server.ttp
        self.cookies: dict[str, str] = {}

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = dict(request.pop("headers", {}))
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = Api(self.ttp, self.server.app)(method, path, headers=headers, **request)
        self.cookies |= {name: value for name, value in answer.cookies.items() if value}
        return answer

    @property
    def csrf(self) -> str:
        return csrf_token(self.cookies[COOKIE])

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self("GET", path, **request)

    def sees(self, path: str, status: int = 200, **request: Any) -> str:
        """Open a page; its HTML."""
        answer = self.get(path, **request)
        assert answer.status_code == status, (answer.status_code, answer.headers.get("location"), answer.text)
        return answer.text

    def send(self, path: str, fields: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        """Send a form of this session."""
        return self("POST", path, data={"csrf": self.csrf, **(fields or {})}, **request)

    def does(self, path: str, fields: dict[str, Any] | None = None) -> str:
        """Send a form that must be accepted; the address of the next page."""
        answer = self.send(path, fields)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return answer.headers["location"]

    def log_in(self, name: str = "ann", *capabilities: str, accounts: Any = ()) -> Person:
        given = [TokenCapability(one) for one in capabilities or (PUBLISH, APPROVE)]
        secret = People(self.ttp.database, self.ttp.clock).create_link(name, given, accounts)
        answer = self("POST", f"/login/{secret}")
        assert answer.status_code == 303, answer.text
        return self


@pytest.fixture
def stranger(server: Api) -> Person:
    """Someone who is not logged in."""
    return Person(server)


@pytest.fixture
def ann(server: Api) -> Person:
    """Someone who may publish and approve."""
    return Person(server).log_in()


def inner(page: str) -> str:
    """The main part of a page, without tags."""
    return re.sub(r"<[^>]+>", " ", page.partition("<main")[2])
