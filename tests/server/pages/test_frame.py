"""What surrounds every page: menu, counts, publisher, and the files of the pages."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.server.conftest import Api
from tests.server.pages.conftest import READ, Person
from ttp.domain.health import Overview
from ttp.server.pages.static import FOLDER, TYPES, static_address, static_files
from ttp.services.application import Installation


def installation(person: Person) -> Installation:
    found: Installation = person.server.app.state.installation
    return found


def test_the_menu_names_the_page_and_its_section(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me")
    for path, address, current in (("/queue", "/queue", "page"), ("/posts/1", "/posts", "true")):
        places = re.findall(rf'<a href="{address}" aria-current="(\w+)"', ann.sees(path))
        assert places == [current, current], path  # in the side bar, and in the bar of a phone


def test_a_person_sees_only_pages_that_they_may_open(stranger: Person) -> None:
    page = stranger.log_in("ben", READ).sees("/queue")
    assert ('href="/compose"' in page, 'href="/report"' in page) == (False, True)


@pytest.mark.parametrize(("approval", "unapproved"), [(False, 0), (True, 2)])
def test_counts_are_of_posts_that_wait_for_a_person(
    server: Api, monkeypatch: pytest.MonkeyPatch, approval: bool, unapproved: int
) -> None:
    if approval:
        server.set("publish.require_approval", "true")
    ttp, ann = server.ttp, Person(server).log_in()
    for text, accounts in (("Failed", "x/me"), ("Coming", "x/me"), ("Elsewhere", "x/me,x/other"), ("Gone", "x/me")):
        ttp.post(text, "--to", accounts, "--at", "2098-01-07T09:30Z")
    ttp.bring(1, "failed", next_at=None, error=("auth", "the login ended"))
    ttp.bring(4, "failed", next_at=None, error=("auth", "the login ended"))
    ttp.ok("delete", "4", "--yes")
    status, own = installation(ann).status, installation(ann)
    with own.database.reading() as db:
        assert db is not None
        me = frozenset(row["id"] for row in db.execute("SELECT id FROM account WHERE handle = 'me'"))
    overview = status.overview(None)
    assert (overview.troubled, overview.unapproved) == (1, unapproved)
    assert status.overview(me) == Overview(1, unapproved // 2)
    page = ann.sees("/accounts")
    assert len(re.findall(r'class="badge"[^>]*>1<', page)) == 2
    assert ("badge calm" in page) is approval


def test_the_publisher_is_red_only_while_posts_wait_for_it(ann: Person) -> None:
    """Beside the menu and on the page of the queue: they agree."""
    shown = re.compile(r'class="state ?(\w*)" id="publisher"|class="note (\w+)" role="(?:status|alert)"')
    assert shown.findall(ann.sees("/queue")) == [("calm", "")]
    ann.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-07T09:30Z")
    assert shown.findall(ann.sees("/queue")) == [("bad", ""), ("", "warn")]
    ann.ttp.ok("run", "--once")
    assert shown.findall(ann.sees("/queue")) == [("", "")]
    ann.ttp.clock.advance(timedelta(days=2).total_seconds())
    assert shown.findall(ann.sees("/queue")) == [("bad", ""), ("", "warn")]
    assert installation(ann).status.overview(None).next_due_at == datetime(2098, 1, 7, 9, 30, tzinfo=UTC)


def test_a_message_is_closed_by_a_link_to_the_page_without_it(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me")
    page = ann.sees("/posts?q=Hello&done=saved")
    close = r'href="([^"]+)" hx-get="([^"]+)" hx-target="#messages"'
    assert re.findall(close, page) == [("/posts?q=Hello", "/posts?q=Hello")]
    assert not re.search(close, ann.sees("/posts?q=Hello&done=nothing"))


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_a_file_is_kept_for_a_year_under_the_name_of_its_content(stranger: Person, name: str) -> None:
    whole = (FOLDER / name).read_bytes()
    answer = stranger.get(static_address(name), headers={"Accept-Encoding": "identity"})
    assert answer.content == whole
    assert answer.headers["content-type"] == TYPES[f".{name.rpartition('.')[2]}"]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    for address in (f"/static/{name}", f"/static/{name}?v=old"):
        asked = stranger.get(address)
        assert (asked.headers["cache-control"], asked.content) == ("no-cache", whole)  # httpx has decompressed it
        same = stranger.get(address, headers={"If-None-Match": asked.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")


def test_files_of_text_are_compressed_for_those_who_can_read_that(stranger: Person) -> None:
    file = static_files()["pages.css"]
    assert gzip.decompress(file.compressed) == file.content
    sent = stranger.get("/static/pages.css", headers={"Accept-Encoding": "br, gzip"})
    assert (sent.headers["content-encoding"], int(sent.headers["content-length"])) == ("gzip", len(file.compressed))


@pytest.mark.parametrize("path", ["/queue", "/docs", "/posts/99"])
def test_a_page_is_compressed_for_those_who_can_read_that(ann: Person, path: str) -> None:
    plain = ann.get(path, headers={"Accept-Encoding": "identity"})
    sent = ann.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert ("content-encoding" in plain.headers, sent.headers["content-encoding"]) == (False, "gzip")
    assert (sent.status_code, sent.content) == (plain.status_code, plain.content)
    assert int(sent.headers["content-length"]) < len(plain.content) / 2


def test_only_files_of_the_folder_are_sent(stranger: Person) -> None:
    for name in ("none.css", "..%2Fapp.py", "%2e%2e/app.py", "__init__.py"):
        assert stranger.get(f"/static/{name}").status_code == 404, name


def test_every_icon_that_a_page_names_exists() -> None:
    there = set(re.findall(r'<symbol id="([^"]+)"', (FOLDER / "icons.svg").read_text(encoding="utf-8")))
    named = {
        name
        for path in (FOLDER.parent / "templates").iterdir()
        for name in re.findall(r'icon\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert named - there == set()
    assert len(named) > 8


def test_the_first_steps_are_ticked_until_a_post_is_scheduled(server: Api) -> None:
    ttp, ann = server.ttp, Person(server).log_in()
    for name in ("x/me", "x/other"):
        ttp.ok("account", "remove", name, "--yes")
    steps = []
    for change in (None, ("account",), ("A draft",), ("Planned", "--at", "2098-01-07T09:30Z")):
        if change == ("account",):
            ttp.account("x/me")
        elif change:
            ttp.post(*change, "--to", "x/me")
        page = ann.sees("/calendar")
        steps.append(
            (
                page.count('class="start"'),
                page.count("nr done"),
                re.findall(r'class="card next"><span class="nr">(\d)', page),
            )
        )
    assert steps == [(1, 0, ["1"]), (1, 1, ["2"]), (1, 2, ["3"]), (0, 0, [])]
    assert 'class="start"' not in ann.sees("/calendar?view=month")


def test_who_may_not_compose_sees_the_calendar_at_once(stranger: Person) -> None:
    assert 'class="start"' not in stranger.log_in("ben", READ).sees("/calendar")


def test_what_a_page_loads_once_is_light() -> None:
    files = static_files()
    assert sum(len(files[name].compressed) for name in files if name.endswith((".css", ".js", ".svg"))) < 52_000
