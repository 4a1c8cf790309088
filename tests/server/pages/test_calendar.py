"""The calendar: what it shows, and moving a post with its refusals and its undo."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.server.conftest import Api
from tests.server.pages.conftest import DRAFT, READ, Person
from ttp.domain.account import Account
from ttp.store import accounts

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def post(server: Api) -> int:
    return server.ttp.post(f"Hello {EVIL}", "--to", "x/me", "--at", "2098-01-06T09:30Z")


def moving(person: Person, **more: Any) -> dict[str, Any]:
    revision = str(person.ttp.sql("SELECT revision FROM post")[0][0])
    return {"revision": revision, "view": "month", "when": "2098-01", "date": "2098-01-08", "hour": "", **more}


def cells(page: str) -> dict[str, str]:
    return {found[1]: found[0] for found in re.finditer(r'<td data-date="([\d-]+)".*?</td>', page, re.DOTALL)}


def test_a_month_and_a_week_show_the_posts(ann: Person, post: int) -> None:
    month = cells(ann.sees("/calendar?when=2098-01"))
    assert len(month) == 31
    assert [day for day, cell in month.items() if "/posts/1" in cell] == ["2098-01-06"]
    assert "&lt;script&gt;" in month["2098-01-06"]
    assert EVIL not in month["2098-01-06"]
    week = ann.sees("/calendar?view=week&when=2098-W02")
    assert "/posts/1" in week
    assert len(cells(week)) == 7
    assert "/posts/1" not in ann.sees("/calendar?when=2098-02")


def test_each_day_leads_to_compose(ann: Person, post: int) -> None:
    assert "/compose?at=2098-01-08%2009:00" in ann.sees("/calendar?when=2098-01")
    assert 'value="2098-01-08 09:00"' in ann.sees("/compose?at=2098-01-08%2009:00")


def test_a_full_day_is_cut(ann: Person) -> None:
    for number in range(9):
        ann.ttp.post(f"Number {number}", "--to", "x/me", "--at", f"2098-01-06T09:0{number}Z")
    cell = cells(ann.sees("/calendar?when=2098-01"))["2098-01-06"]
    assert cell.count("/posts/") == 6
    assert "view=week&amp;when=2098-W02" in cell
    assert (
        ann.sees("/calendar?view=week&when=2098-W02").count('href="/posts/') == 2 * 9
    )  # in the hours, and by day for phones


@pytest.mark.parametrize("when", ["nonsense", "2098-13", EVIL])
def test_another_range_is_refused(ann: Person, when: str) -> None:
    answer = ann.get("/calendar", params={"when": when})
    assert answer.status_code == 400
    assert EVIL not in answer.text


def test_a_post_is_moved_and_the_move_undone(ann: Person, post: int) -> None:
    address = ann.does("/posts/1/move", moving(ann))
    assert address == "/calendar?view=month&when=2098-01&done=moved&post=1"
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-08T09:30:00Z"
    change = re.search(r'name="change" value="(\d+)"', ann.sees(address))
    assert change is not None
    ann.does("/posts/1/undo", {"change": change[1]})
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"


def test_in_a_week_it_gets_another_hour(ann: Person, post: int) -> None:
    ann.does("/posts/1/move", moving(ann, view="week", when="2098-W02", hour="17"))
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-08T17:30:00Z"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"date": "2020-01-01"}, 422),
        ({"date": "x"}, 400),
        ({"hour": "25"}, 400),
        ({"revision": "99"}, 412),
    ],
)
def test_a_refused_move_says_why_on_the_calendar(ann: Person, post: int, wrong: Any, status: int) -> None:
    answer = ann.send("/posts/1/move", moving(ann, **wrong))
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "/posts/1" in cells(answer.text)["2098-01-06"]
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"


def test_a_draft_cannot_be_moved(ann: Person, post: int) -> None:
    ann.ttp.ok("unschedule", "1")
    assert ann.send("/posts/1/move", moving(ann)).status_code == 409


def test_who_cannot_schedule_drags_nothing(server: Api, post: int) -> None:
    assert "draggable" not in Person(server).log_in("ben", DRAFT).sees("/calendar?when=2098-01")
    assert "/compose" not in Person(server).log_in("cy", READ).sees("/calendar?when=2098-01")


def test_a_limited_person_sees_their_accounts_only(server: Api, post: int) -> None:
    server.ttp.post("Hidden", "--to", "x/other", "--at", "2098-01-07T09:30Z")
    page = (
        Person(server).log_in("dee", "publish", accounts=[account_named(server, "x/me")]).sees("/calendar?when=2098-01")
    )
    assert "/posts/1" in page
    assert "Hidden" not in page


def test_best_free_hours_are_marked(ann: Person, tmp_path: Any) -> None:
    rows = ["remoteId,publishedAt,likes,comments,shares,views"] + [
        f"{month}{day:02}{hour:02},2026-{month:02}-{day:02}T{hour:02}:00Z,{200 if hour == 12 else 5},0,0,900"
        for month in (9, 10)
        for day in range(1, 29)
        for hour in (8, 12, 18)
    ]
    file = tmp_path / "numbers.csv"
    file.write_text("\n".join(rows))
    ann.ttp.ok("metrics", "import", str(file), "--account", "x/me")
    assert "★" in ann.sees("/calendar?view=week&when=next")


def account_named(server: Api, name: str) -> Account:
    with server.ttp.database.reading() as db:
        assert db is not None
        return next(one for one in accounts.accounts(db) if one.name == name)
