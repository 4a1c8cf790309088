"""Logging in and out: links, cookies, tokens of forms, foreign sites."""

from __future__ import annotations

import re
from itertools import product

import pytest

from tests.server.conftest import BASE, Api
from tests.server.pages.conftest import APPROVE, DRAFT, READ, Person
from ttp.domain.server.api_token import TokenCapability
from ttp.server.pages.login import FREE_FAILURES, LONGEST_WAIT_S, Backoff
from ttp.server.pages.routes import PAGES
from ttp.server.pages.visit import COOKIE, SAFE_COOKIE, PageRoute
from ttp.services.server.people import People

NEW = "0" * 48


def named(page: PageRoute) -> str:
    return f"{page.method} {page.path}"


FORMS = [page for page in PAGES if page.method == "POST"]
GUARDED = [page for page in PAGES if page.needs]


def address(page: PageRoute) -> str:
    path = page.path.replace("{post_id:int}", "1").replace("{source_id:int}", "1").replace("{action}", "delete")
    path = path.replace("{platform}/{handle}", "x/me")
    return path.replace("{sha256}", "0" * 64).replace("{secret}", NEW)


def link(person: Person) -> str:
    people = People(person.ttp.database, person.ttp.clock)
    return f"/login/{people.create_link('ann', [TokenCapability.PUBLISH], [])}"


@pytest.fixture(autouse=True)
def post(server: Api) -> None:
    server.ttp.post("Hello", "--to", "x/me")


def test_opening_a_link_does_not_use_it_up_and_logging_in_does(stranger: Person, server: Api) -> None:
    path = link(stranger)
    for _ in range(3):  # a mail scanner, a preview, the person
        assert stranger.get(path).status_code == 200
        assert stranger("HEAD", path).status_code in (200, 405)
    assert stranger.cookies == {}
    answer = stranger("POST", path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/calendar")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert stranger.sees("/queue")
    other = Person(server)
    assert (other("POST", path).status_code, other.get(path).status_code, other.cookies) == (404, 404, {})


def test_a_session_is_new_at_each_login(stranger: Person) -> None:
    stranger.cookies = {COOKIE: NEW}
    stranger.log_in()
    first = stranger.cookies[COOKIE]
    assert first != NEW
    stranger.log_in()
    assert stranger.cookies[COOKIE] != first
    stranger.cookies = {COOKIE: first}
    assert stranger.get("/queue").status_code == 303


@pytest.mark.parametrize("everywhere", [False, True])
def test_logging_out_ends_one_session_or_all_of_the_person(server: Api, everywhere: bool) -> None:
    ann, phone, ben = Person(server).log_in(), Person(server).log_in(), Person(server).log_in("ben")
    cookie = ann.cookies
    assert ann.does("/logout", {"everywhere": "yes"} if everywhere else {}) == "/login"
    ann.cookies = cookie
    assert [one.get("/queue").status_code for one in (ann, phone, ben)] == [303, 303 if everywhere else 200, 200]


def test_each_page_needs_a_login(stranger: Person) -> None:
    for page in GUARDED:
        answer = stranger(page.method, address(page))
        expected = (303, "/login") if page.method == "GET" else (401, None)
        assert (answer.status_code, answer.headers.get("location")) == expected, named(page)


def test_each_form_needs_the_token_of_its_session(ann: Person) -> None:
    before = ann.ttp.shown(1)
    for page in [one for one in FORMS if one.needs and one.has_token]:
        for fields in ({"csrf": ""}, {"csrf": "0" * 64}, {}):
            assert ann("POST", address(page), data=fields).status_code == 403, named(page)
    assert ann.ttp.shown(1) == before
    assert ann.sees("/queue")


def test_a_foreign_origin_is_refused(ann: Person) -> None:
    before = ann.ttp.shown(1)
    for origin in ("https://evil.example", "http://127.0.0.1:1", "http://127.0.0.1:8765.evil"):
        assert ann.get("/queue", headers={"Origin": origin}).status_code == 403
    for page, origin in product(PAGES, ("https://evil.example", "null")):
        fields = {"csrf": ann.csrf} if page.method == "POST" else None
        answer = ann(page.method, address(page), data=fields, headers={"Origin": origin})
        is_shared = not page.has_token and origin == "null"  # by a phone: test_share has what comes of it
        assert answer.status_code == (200 if is_shared else 403), page
    assert ann.ttp.shown(1) == before
    assert ann.sees("/queue", headers={"Origin": "http://127.0.0.1:8765"})


def test_another_site_cannot_log_somebody_in(stranger: Person) -> None:
    assert stranger("POST", link(stranger), headers={"Origin": "https://evil.example"}).status_code == 403
    assert stranger.cookies == {}


@pytest.mark.parametrize("has", [READ, DRAFT, APPROVE, "publish"])
def test_each_form_needs_its_capability(server: Api, has: str) -> None:
    person = Person(server).log_in(has, has)
    pages = [one for one in GUARDED if one.needs != READ]
    for page in sorted(pages, key=lambda one: "delete" in one.path):
        answer = person.send(address(page)) if page.method == "POST" else person.get(address(page))
        assert (answer.status_code == 403) == (not TokenCapability(has).allows(page.needs)), (named(page), answer.text)


def test_every_page_forbids_frames_and_scripts_of_its_own(ann: Person) -> None:
    for page in PAGES:
        if page.method == "GET":
            answer = ann.get(address(page))
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
                assert "frame-ancestors 'none'" in policy
                assert not re.search(r"<script(?![^>]*src)|<style|\sstyle=|\son\w+=", answer.text)
                assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)
            assert answer.headers["referrer-policy"] == "same-origin"


def test_behind_tls_the_cookie_is_secure(ttp_over_tls: Person) -> None:
    answer = ttp_over_tls("POST", link(ttp_over_tls))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SAFE_COOKIE}=")
    assert "; secure" in cookie.lower()


@pytest.fixture
def ttp_over_tls(server: Api, monkeypatch: pytest.MonkeyPatch) -> Person:
    from ttp.cli.context import Context
    from ttp.server.app import build_app

    monkeypatch.setenv("TTP_SERVER__BASE_URL", "https://posts.example.org")
    return Person(Api(server.ttp, build_app(Context(server.ttp.clock).installation)))


def test_failed_logins_must_wait(stranger: Person) -> None:
    answers = [stranger("POST", f"/login/{NEW}").status_code for _ in range(FREE_FAILURES + 1)]
    assert answers == [404] * FREE_FAILURES + [429]
    assert stranger("POST", link(stranger)).status_code == 429


def test_each_failure_doubles_the_wait_up_to_a_minute() -> None:
    now = [1000.0]
    backoff = Backoff(lambda: now[0])
    waits = []
    for _ in range(FREE_FAILURES + 10):
        backoff.record_failure("a")
        waits.append(backoff.wait_s("a"))
    assert waits[: FREE_FAILURES - 1] == [0.0] * (FREE_FAILURES - 1)
    assert waits[FREE_FAILURES - 1 : FREE_FAILURES + 2] == [1.0, 2.0, 4.0]
    assert max(waits) == LONGEST_WAIT_S
    assert backoff.wait_s("b") == 0.0
    now[0] += LONGEST_WAIT_S
    assert backoff.wait_s("a") == 0.0
    backoff.forget("a")
    backoff.record_failure("a")
    assert backoff.wait_s("a") == 0.0


def test_a_command_prints_a_link(server: Api) -> None:
    ttp = server.ttp
    assert ttp("login-link", "ann", "--json").error["code"] == "not_found"
    (ttp.home / "server.address").write_text("http://127.0.0.1:8765")
    made = ttp.ok("login-link", "ann", "--capability", "draft,approve", "--account", "x/me", "--json").json
    assert (made["name"], made["capabilities"], made["accounts"]) == ("ann", ["draft", "approve"], ["x/me"])
    person = Person(server)
    assert person("POST", made["url"].removeprefix("http://127.0.0.1:8765")).status_code == 303
    assert person.sees("/posts/1")
    hidden = ttp.post("Hidden", "--to", "x/other")
    assert person.get(f"/posts/{hidden}").status_code == 404
    for action in ("delete", "undo", "approve"):
        assert person.send(f"/posts/{hidden}/{action}", {"change": "2"}).status_code == 404
    assert "Hidden" not in person.sees("/queue")


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nothing", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("/posts/x", "text/html", "text/html"),
        ("/static/nothing.js", "*/*", "application/problem+json"),
        ("/nothing", "*/*", "application/problem+json"),
        ("/nothing", "application/json", "application/problem+json"),
        ("/v1/nothing", "text/html", "application/problem+json"),
        ("/api/nothing", "text/html", "application/json"),
    ],
)
def test_an_unknown_address_is_a_page_for_browsers_and_json_for_clients(
    ann: Person, stranger: Person, path: str, accept: str, kind: str
) -> None:
    for person in (ann, stranger):
        answer = person.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, kind)
        if kind == "text/html":
            assert ("/calendar" in answer.text) is (person is ann)
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_address_is_escaped_in_the_page(stranger: Person) -> None:
    page = stranger.get("/<script>alert(1)</script>", headers={"Accept": "text/html"}).text
    assert "<script>alert" not in page


def test_a_form_of_another_person_names_who_is_logged_in_now(ann: Person) -> None:
    before, count = ann.csrf, ann.ttp.count("post")
    ann.log_in("ben")
    for headers in ({}, {"HX-Request": "true"}):
        answer = ann("POST", "/compose", data={"csrf": before, "content": "Hello"}, headers={"Origin": BASE, **headers})
        assert answer.status_code == 403
        assert "as ben" in answer.text
    assert ann.ttp.count("post") == count
