"""A person at the pages, in this process: a client that keeps cookies and reads the token of the session."""

from __future__ import annotations

import re
from html.parser import HTMLParser
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


class _Forms(HTMLParser):
    """Collects the forms of a page: where each is sent, its fields, and the buttons by what is written on them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._text: tuple[str, list[str]] | None = None
        self._button: tuple[dict[str, str | None], list[str]] | None = None
        self._select = ""
        self._is_chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", given.get("method") or "get"))
        elif not self.forms:
            return
        elif tag == "textarea":
            self._text = (name, [])
        elif tag == "button":
            self._button = (given, [])
        elif tag == "select":
            self._select = name
        elif tag == "option":
            self._is_chosen = "selected" in given
            if self._is_chosen and "value" in given:
                self.forms[-1].add(self._select, given["value"])
                self._is_chosen = False
        elif tag == "input" and name and _is_sent(given):
            self.forms[-1].add(name, given.get("value"))

    def handle_data(self, data: str) -> None:
        if self._is_chosen:
            self.forms[-1].add(self._select, data)
            self._is_chosen = False
        for taken in (self._text, self._button):
            if taken is not None:
                taken[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            name, text = self._text
            self.forms[-1].add(name, "".join(text))
            self.forms[-1].shown.append(name)
            self._text = None
        elif tag == "button" and self._button is not None:
            given, label = self._button
            pressed = {given["name"] or "": given.get("value") or ""} if "name" in given else {}
            self.forms[-1].buttons["".join(label)] = pressed
            self._button = None


def _is_sent(field: dict[str, str | None]) -> bool:
    return field.get("type") != "file" and (field.get("type") not in ("checkbox", "radio") or "checked" in field)


class Form:
    """A form of a page, as a browser would send it. `shown`: the names of its texts of several lines."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: dict[str, list[str]] = {}
        self.shown: list[str] = []
        self.buttons: dict[str, dict[str, str]] = {}

    def add(self, name: str, value: str | None) -> None:
        self.fields.setdefault(name, []).append(value or "")

    def pressed(self, label: str, **changed: Any) -> dict[str, Any]:
        """The fields that a press of a button sends."""
        return {**self.fields, **self.buttons[label], **changed}


def form_with(page: str, button: str) -> Form:
    """The form of a page that has a button."""
    parser = _Forms()
    parser.feed(page)
    return next(form for form in parser.forms if button in form.buttons)


def has_button(page: str, button: str) -> bool:
    parser = _Forms()
    parser.feed(page)
    return any(button in form.buttons for form in parser.forms)
