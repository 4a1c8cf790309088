"""The calendar: what it shows, and moving a post with its refusals and its undo."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.server.conftest import Api, server_of
from tests.server.pages.conftest import DRAFT, READ, Person, form_with, has_button, inner
from ttp.domain.account import Account
from ttp.store import accounts

EVIL = "<script>alert(1)</script>"
HUGE = "9" * 25


@pytest.fixture
def post(server: Api) -> int:
    return server.ttp.post(f"Hello {EVIL}", "--to", "x/me", "--at", "2098-01-06T09:30Z")


def moving(person: Person, **more: Any) -> dict[str, Any]:
    revision = str(person.ttp.sql("SELECT revision FROM post")[0][0])
    back = "/calendar?view=week&when=2098-W02"
    return {"revision": revision, "back_to": back, "tz": "UTC", "at": "2098-01-08 09:30", **more}


def cells(page: str) -> dict[str, str]:
    """The days of a month, or the last hour of each day of a week."""
    found = re.finditer(
        r'<li class="(?:cell|slot)[^>]*data-date="([\d-]+)".*?(?=<li class="(?:cell|slot)|</main>)', page, re.DOTALL
    )
    return {one[1]: one[0] for one in found}


def test_a_month_a_week_and_a_day_show_the_posts(ann: Person, post: int) -> None:
    month = cells(ann.sees("/calendar?when=2098-01"))
    assert (len(month), min(month), max(month)) == (35, "2097-12-30", "2098-02-02")
    assert [day for day, cell in month.items() if "/posts/1" in cell] == ["2098-01-06"]
    assert "&lt;script&gt;" in month["2098-01-06"]
    assert EVIL not in month["2098-01-06"]
    for address, days in (("view=week&when=2098-W02", 7), ("view=day&when=2098-01-06", 0)):
        page = ann.sees(f"/calendar?{address}")
        assert 'href="/posts/1"' in page
        assert len(cells(page)) == days
        assert EVIL not in page
    for address in ("when=2098-03", "view=week&when=2098-W03", "view=day&when=2098-01-07"):
        assert 'href="/posts/1"' not in ann.sees(f"/calendar?{address}")


def test_weeks_begin_on_sunday_if_set(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CALENDAR__WEEK_START", "sunday")
    ann = Person(server_of(server.ttp)).log_in()
    assert min(cells(ann.sees("/calendar?when=2098-01"))) == "2097-12-29"
    assert next(iter(cells(ann.sees("/calendar?view=week&when=2098-W02")))) == "2098-01-05"


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("view=week&when=2026-W49", ["30 Nov", "6 Dec 2026"]),
        ("view=week&when=2026-W53", ["28 Dec 2026", "3 Jan 2027"]),
        ("view=day&when=2026-11-30", ["Mon 30 November 2026"]),
    ],
)
def test_the_title_names_the_days(ann: Person, address: str, names: list[str]) -> None:
    title = re.search("<title>(.*?)</title>", ann.sees(f"/calendar?{address}"))
    assert title is not None
    assert all(name in title[1] for name in names)


def test_each_day_leads_to_compose(ann: Person, post: int) -> None:
    assert "/compose?at=2098-01-08%2009:00" in ann.sees("/calendar?when=2098-01")
    assert 'value="2098-01-08 09:00"' in ann.sees("/compose?at=2098-01-08%2009:00")


def test_a_day_without_a_post_says_so(ann: Person, post: int) -> None:
    month = cells(ann.sees("/calendar?when=2098-01"))
    assert "0 posts" in month["2098-01-07"]
    assert "1 post" in month["2098-01-06"]


def test_a_full_day_is_cut_and_leads_to_the_day(ann: Person) -> None:
    for number in range(9):
        ann.ttp.post(f"Number {number}", "--to", "x/me", "--at", f"2098-01-06T09:0{number}Z")
    cell = cells(ann.sees("/calendar?when=2098-01"))["2098-01-06"]
    assert cell.count('class="event ') == 4
    assert "5 more" in cell
    assert "/calendar?view=day&amp;when=2098-01-06" in cell
    for address in ("view=week&when=2098-W02", "view=day&when=2098-01-06"):
        assert len(set(re.findall(r'class="what" href="(/posts/\d+)"', ann.sees(f"/calendar?{address}")))) == 9


def test_what_repeats_and_slots_will_have_is_shown(ann: Person, post: int) -> None:
    ann.ttp.ok("slots", "add", "thu 15:00", "--account", "x/me")
    ann.ttp.ok("repeat", "add", "1", "--cron", "0 12 9 1 *")
    page = ann.sees("/calendar?view=week&when=2098-W02")
    assert "is-coming" in page
    assert "/compose?at=2098-01-09%2015:00" in page
    ann.ttp.post("Taken", "--to", "x/me", "--at", "2098-01-09T15:00Z")
    assert "/compose?at=2098-01-09%2015:00" not in ann.sees("/calendar?view=day&when=2098-01-09")


@pytest.mark.parametrize(
    "words", ["account=x/other", "tag=launch", "status=scheduled&account=x/other", "status=needs-you"]
)
def test_a_filter_stays_in_each_address(ann: Person, post: int, words: str) -> None:
    ann.ttp.post("Chosen", "--to", "x/other", "--at", "2098-01-07T09:30Z", "--tag", "launch")
    ann.ttp.bring(2, "failed", next_at=None, error=("content", "no")) if "needs" in words else None
    ann.ttp.ok("repeat", "add", "1", "--cron", "0 12 9 1 *")
    for view in ("", "view=week&", "view=day&"):
        page = ann.sees(f"/calendar?{view}when=2098-01-07&{words}")
        assert ("Chosen" in page, "Hello" in page, "is-coming" in page) == (True, False, False)
        links = re.findall(r'<a (?!class="chip")[^>]*href="(/calendar\?.*?)"', page)
        assert len(links) >= 6
        chosen = words.replace("/", "%2F").split("&")
        assert all(word in link for word in chosen for link in links)


def test_a_filter_that_means_nothing_is_told(ann: Person, post: int) -> None:
    page = ann.sees("/calendar?when=2098-01&account=x/none")
    assert "x/none" in inner(page)
    assert "/posts/1" in page


def test_the_state_of_a_post_is_its_own(ann: Person, post: int) -> None:
    ann.ttp.ok("pause", "--account", "x/me")
    assert "is-hold" in ann.sees("/calendar?when=2098-01")
    ann.ttp.bring(1, "failed", next_at=None, error=("content", "too long"))
    day = ann.sees("/calendar?view=day&when=2098-01-06")
    assert "is-failed" in day
    assert "too long" in day
    assert "/posts/1/retry" in day


@pytest.mark.parametrize("when", ["nonsense", "2098-13", EVIL])
@pytest.mark.parametrize("view", ["month", "week", "day"])
def test_another_range_is_told_and_the_calendar_stays(ann: Person, when: str, view: str) -> None:
    answer = ann.get("/calendar", params={"when": when, "view": view})
    assert answer.status_code == 400
    assert EVIL not in answer.text
    assert 'role="alert"' in answer.text
    assert "2026" in answer.text


def test_a_month_of_310_posts_is_small(ann: Person) -> None:
    ann.ttp.account("x/third")
    text = "A text of the usual length for a post, with a link and some words more about what it is for. " * 2
    rows = [
        f'"{text} {day} {hour}","x/me,x/other,x/third",2098-01-{day:02}T{hour}:30Z'
        for day in range(1, 32)
        for hour in range(10, 20)
    ]
    ann.ttp.ok("import", "-", "--partial", stdin="\n".join(["content,accounts,at", *rows]))
    for handle, platform in (("other", "bluesky"), ("third", "mastodon")):
        ann.ttp.sql("UPDATE account SET platform = ? WHERE handle = ?", platform, handle)
    page = ann.sees("/calendar?when=2098-01")
    assert "310 posts" in page
    assert len(page.encode()) < 150_000


def test_a_post_is_moved_and_the_move_undone_where_one_is(ann: Person, post: int) -> None:
    address = ann.does("/posts/1/move", moving(ann))
    assert address.startswith("/calendar?view=week&when=2098-W02&done=moved&post=1&change=")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-08T09:30:00Z"
    undo = form_with(ann.sees(address), "Undo")
    address = ann.does(undo.action, undo.pressed("Undo"))
    assert address == "/calendar?view=week&when=2098-W02&done=undo&post=1"
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"
    assert not has_button(ann.sees(address), "Undo")


def test_a_post_that_stays_where_it_is_has_no_move_to_undo(ann: Person, post: int) -> None:
    ann.does("/posts/1/move", moving(ann))
    address = ann.does("/posts/1/move", moving(ann))
    assert not has_button(ann.sees(address), "Undo")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-08T09:30:00Z"


def test_undo_takes_back_that_move_only(ann: Person, post: int) -> None:
    address = ann.does("/posts/1/move", moving(ann))
    undo = form_with(ann.sees(address), "Undo")
    ann.ttp.ok("edit", "1", "Theirs")
    assert not has_button(ann.sees(address), "Undo")
    refused = ann.does(undo.action, undo.pressed("Undo"))
    assert 'role="alert"' in ann.get(refused).text
    assert (ann.ttp.shown()["content"], ann.ttp.shown()["scheduledAt"]) == ("Theirs", "2098-01-08T09:30:00Z")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"at": "2020-01-01 09:30"}, 422),
        ({"at": "x"}, 422),
        ({"at": ""}, 400),
        ({"tz": "Gone/City"}, 422),
        ({"revision": "99"}, 412),
    ],
)
def test_a_refused_move_says_why_and_where_the_post_is_at_an_address_that_moves_nothing(
    ann: Person, post: int, wrong: Any, status: int
) -> None:
    address = ann.does("/posts/1/move", moving(ann, **wrong))
    assert address.startswith("/calendar?view=week&when=2098-W02&refused=1")
    for _ in range(2):
        answer = ann.get(address)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
        assert "Mon 6 Jan 2098 09:30" in inner(answer.text)
        assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"
    ann.ttp.sql("UPDATE post SET revision = 99 WHERE id = 1")
    ann.get(address)
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"


def test_a_draft_cannot_be_moved(ann: Person, post: int) -> None:
    ann.ttp.ok("unschedule", "1")
    assert ann.get(ann.does("/posts/1/move", moving(ann))).status_code == 409
    assert ann.get("/posts/1/move").status_code == 409


def test_the_page_of_a_move_offers_real_times(ann: Person, post: int) -> None:
    ann.ttp.ok("slots", "add", "thu 15:00", "--account", "x/me")
    page = ann.sees("/posts/1/move", headers={"Referer": "http://test/calendar?view=day&when=2098-01-06&done=moved"})
    times = re.findall(r'<button name="at" value="(.*?)"', page)
    assert times == ["2098-01-06 10:30", "2026-11-26 15:00", "2098-01-07 09:30", "2098-01-13 09:30"]
    form = form_with(page, "Move")
    address = ann.does(form.action, form.pressed("Move", at="2098-01-09T08:15"))
    assert address.startswith("/calendar?view=day&when=2098-01-06&done=moved&post=1&change=")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-09T08:15:00Z"


def test_a_form_of_an_earlier_login_comes_back_with_its_time(ann: Person, post: int) -> None:
    form = {**moving(ann, at="2098-01-09T08:15"), "csrf": "x"}
    answer = ann("POST", "/posts/1/move", data=form, headers={"Origin": "http://127.0.0.1:8765"})
    assert answer.status_code == 403
    again = form_with(answer.text, "Move")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"
    assert ann.does(again.action, again.pressed("Move")).startswith("/calendar?view=week&when=2098-W02&done=moved")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-09T08:15:00Z"


def test_a_move_is_in_the_zone_of_its_form(ann: Person, post: int) -> None:
    ann.does("/posts/1/move", moving(ann, tz="Asia/Tokyo"))
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-08T00:30:00Z"


@pytest.mark.parametrize("back", ["//evil.example/calendar", "https://evil.example", "/queue", "", EVIL])
def test_a_move_leads_to_the_calendar_only(ann: Person, post: int, back: str) -> None:
    assert ann.does("/posts/1/move", moving(ann, back_to=back)).startswith("/calendar?done=moved")


def test_an_address_invents_no_message(ann: Person, post: int) -> None:
    for words in ("done=moved&post=1&change=1", "done=moved&post=99", f"done=moved&post={HUGE}", f"refused={HUGE}"):
        assert not has_button(ann.get(f"/calendar?{words}").text, "Undo")
    assert ann.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"


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
