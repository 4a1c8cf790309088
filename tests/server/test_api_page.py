"""The page at /docs: complete, from this installation alone, and without inline scripts and styles."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.server.conftest import Api
from ttp.server.routes import ROUTES


class Page(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def text(server: Api) -> str:
    answer = server.get("/docs")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    return answer.text


def test_each_operation_can_be_sent(text: str) -> None:
    forms = {(one["data-method"], one["data-path"]) for one in Page(text).named("form")}
    assert forms == {(route.method, route.path.replace(":path", "")) for route in ROUTES}


def test_it_has_nothing_inline_and_nothing_from_elsewhere(server: Api, text: str) -> None:
    page = Page(text)
    assert page.named("style") == []
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], (tag, attributes)
        assert tag != "script" or attributes.get("src")
        address = attributes.get("src") or attributes.get("href")
        assert address is None or re.match("[#/][^/]|#$", address), address
        if address and address.startswith("/"):
            assert server.get(address).status_code == 200


def test_its_links_lead_somewhere(text: str) -> None:
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(one["href"])[1:] for one in page.named("a") if str(one["href"]).startswith("#")} <= set(map(str, ids))
