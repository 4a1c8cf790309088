"""Hostile addresses and forms, and people who are limited to accounts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.server.conftest import BASE, Api
from tests.server.pages.conftest import APPROVE, PUBLISH, Person
from tests.server.pages.test_calendar import account_named
from tests.server.pages.test_login import address, link, named
from ttp.domain.operations import OPERATIONS, OWN
from ttp.server.guard import SAFE_HEADERS
from ttp.server.pages.routes import PAGES
from ttp.server.pages.visit import Visit

LATER = "2098-01-06T09:30Z"
SECRET = "Not for you"
HUGE = "9" * 25
OF_POSTS = [page for page in PAGES if page.path.startswith("/posts/")]


@pytest.mark.parametrize("accounts", [("x/me",), ("x/me", "x/other")], ids=len)
def test_a_limited_person_neither_sees_nor_changes_other_posts(server: Api, accounts: tuple[str, ...]) -> None:
    server.ttp.post(SECRET, "--at", LATER, *(word for one in accounts for word in ("--to", one)))
    before = server.ttp.shown()
    dee = Person(server).log_in("dee", PUBLISH, APPROVE, accounts=[account_named(server, "x/other")])
    form = {"revision": "1", "date": "2098-01-07", "name": "bob", "change": "1", "account": "x/other", "found": "no"}
    form |= {"post": "1", "at": LATER, "tag": "a", "times": "mon 09:00", "repeat": "1"}
    for page in OF_POSTS:
        answer = dee.get(address(page)) if page.method == "GET" else dee.send(address(page), form)
        assert answer.status_code == (404 if OPERATIONS[page.operation].scope == OWN else 403), named(page)
        assert SECRET not in answer.text, named(page)
        assert server.ttp.shown() == before, named(page)


@pytest.mark.parametrize(
    "typed", [{"post_id": "1", "revision": "1"}, {"accounts": "x/me"}], ids=["another post", "another account"]
)
@pytest.mark.parametrize("path", ["/compose", "/compose/keep", "/compose/check"])
def test_the_fields_of_a_form_lead_to_no_other_account(server: Api, path: str, typed: dict[str, str]) -> None:
    server.ttp.post(SECRET, "--at", LATER, "--to", "x/me")
    before = server.ttp.shown()
    dee = Person(server).log_in("dee", PUBLISH, accounts=[account_named(server, "x/other")])
    answer = dee.send(path, {"content": "Hello", "do": "draft", **typed})
    assert SECRET not in answer.text
    assert server.ttp.count("post") == 1
    assert server.ttp.shown() == before


@pytest.mark.parametrize(
    "path",
    [f"/posts/{HUGE}", f"/posts/{HUGE}/edit", f"/posts/{HUGE}/delete", f"/posts/{HUGE}/move"],
)
def test_a_number_that_no_post_can_have_is_not_found(ann: Person, path: str) -> None:
    assert ann.get(path).status_code == 404


@pytest.mark.parametrize("charset", ["\0", "unicode_escape", "utf-7", "hex"])
def test_a_form_is_utf_8(ann: Person, charset: str) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}", "X-CSRF-Token": ann.csrf}
    body = b'--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n\\ud800\r\n--b--\r\n'
    assert ann("POST", "/compose/check", content=body, headers=headers).status_code == 400


def test_no_answer_may_be_framed_or_read_as_another_type(ann: Person) -> None:
    kept = "/static/pages.js"
    for path in (kept, "/static/none", "/nothing", "/queue/", "/v1/posts", "/healthz", "/openapi.json", "/mcp"):
        headers = ann.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers.get("cache-control") == ("no-cache" if path == kept else "no-store"), path


def test_a_refusal_of_the_guard_and_a_fault_have_these_headers_too(
    server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visit, "page", None)  # so that a page fails

    async def go(host: str) -> httpx.Response:
        transport = httpx.ASGITransport(server.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.get("/login", headers={"Host": host})

    for host, status in (("evil.example", 421), ("localhost", 500)):
        answer = asyncio.run(go(host))
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in SAFE_HEADERS} == SAFE_HEADERS


@pytest.mark.parametrize("path", ["//evil.example/queue/", "//evil.example/", "/\\evil.example/queue/"])
def test_no_address_leads_to_another_site(ann: Person, path: str) -> None:
    to = ann.get(f"http://127.0.0.1:8765{path}").headers.get("location", "/")
    assert to.startswith(("http://127.0.0.1:8765/", "/"))
    assert not to.startswith("//")


def test_of_two_logins_at_once_by_one_link_one_works(server: Api) -> None:
    people = [Person(server) for _ in range(6)]
    path = link(people[0])
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(lambda one: one("POST", path), people))
    assert sorted(one.status_code for one in answers).count(303) == 1
