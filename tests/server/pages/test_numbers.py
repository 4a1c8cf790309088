"""Best times, the report and the accounts: the numbers of the commands, for one's own accounts, escaped."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.server.conftest import Api
from tests.server.pages.conftest import READ, Person
from tests.server.pages.test_calendar import account_named
from ttp.domain.optimal.factors import Silence
from ttp.views.factors import silence_words

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def numbers(server: Api, tmp_path: Any) -> None:
    rows = [
        f"{month}{day:02}{hour:02},2026-{month:02}-{day:02}T{hour:02}:00Z,{200 if hour == 12 else 5},0,0,900,{EVIL}"
        for month in (9, 10, 11)
        for day in range(1, 24)
        for hour in (8, 12, 18)
    ]
    file = tmp_path / "numbers.csv"
    file.write_text("\n".join(["remoteId,publishedAt,likes,comments,shares,views,text", *rows]))
    server.ttp.ok("metrics", "import", str(file), "--account", "x/me")


@pytest.mark.parametrize(
    "path", ["/best-times", "/report", "/accounts", "/approvals", "/queue", "/calendar", "/sources"]
)
def test_a_page_is_shown_without_any_data(ann: Person, path: str) -> None:
    assert "<h1>" in ann.sees(path)


def test_the_best_hour_is_the_one_of_the_command(ann: Person, numbers: None) -> None:
    recommendation = ann.ttp.ok("optimal", "--account", "x/me", "--json").json["recommendation"]
    best = recommendation["bestHours"][0]["hour"]
    page = ann.sees("/best-times")
    assert next(iter(silence_words(Silence(recommendation["noFactors"])))) in page
    assert f"<strong>{best:02}:00</strong>" in page
    day = recommendation["bestDays"][0]
    slots = ann.ttp.ok("optimal", "heatmap", "--account", "x/me", "--json").json["heatmap"]["slots"]
    peak = max(slots, key=lambda slot: slot["uplift"])
    assert ('id="peak"' in page) == (peak["hour"] != best), "the sentence says where the map differs from it"
    assert (day["uplift"] < 0.03, f"<strong>{day['day']}</strong>" in page) == (True, False)


def test_the_week_has_the_numbers_and_the_ten_best_hours_of_the_command(ann: Person, numbers: None) -> None:
    slots = ann.ttp.ok("optimal", "heatmap", "--account", "x/me", "--json").json["heatmap"]["slots"]
    cells = re.findall(r'role="cell" class="c\d( star| never|)"[^>]*>([+-]?\d+)', ann.sees("/best-times"))
    assert [int(number) for _, number in cells] == [pytest.approx(100 * slot["uplift"], abs=0.51) for slot in slots]
    kinds = [" star" if slot["best"] else "" if slot["dataPoints"] else " never" for slot in slots]
    assert [kind for kind, _ in cells] == kinds
    assert (kinds.count(" star"), len(kinds)) == (10, 168)


def test_the_accounts_are_links_and_the_first_one_with_numbers_is_shown(ann: Person, numbers: None) -> None:
    ann.ttp.account("x/a-first-one")
    for path, account, has_numbers in (
        ("/best-times", "me", True),
        ("/best-times?account=x/me", "me", True),
        ("/best-times?account=x/other", "other", False),
    ):
        page = ann.sees(path)
        assert re.findall(r'account=x/([\w-]+)" aria-current', page) == [account]
        assert ('role="table"' in page, "none-yet" in page) == (has_numbers, not has_numbers)
    assert ann.get("/best-times?account=x/none").status_code == 404


def test_the_report_has_the_totals_of_the_command(ann: Person, numbers: None) -> None:
    totals = ann.ttp.ok("report", "2026-10", "--json").json["totals"]
    page = ann.sees("/report?when=2026-10")
    assert f"{totals['likes']:,}" in page
    assert "&lt;script&gt;" in page
    assert EVIL not in page
    assert "/report?when=2026-09" in page


def test_the_report_names_what_brought_more(ann: Person) -> None:
    rows = [
        f"x/me,{day},2026-09-{day:02}T{hour}:00Z,2026-10-09T12:00Z,{100 * (1 + 2 * (day % 2)) + hour},5,5,,{kind}\n"
        for day in range(1, 31)
        for hour, kind in ((12 + day % 5, ("text", "video")[day % 2]),)
    ]
    head = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views,kind\n"
    ann.ttp.ok("metrics", "import", "-", stdin=head + "".join(rows))
    (line,) = ann.ttp.ok("report", "2026-09", "--json").json["factors"]
    assert (line["kind"], line["text"] in ann.sees("/report?when=2026-09")) == ("video", True)
    table = ann.ttp.ok("report", "2026-09", "--format", "table").out
    assert f"(+{line['low'] * 100:.0f} to +{line['high'] * 100:.0f})" in table


def test_the_chart_has_a_bar_for_each_day_and_the_time_before(ann: Person, numbers: None) -> None:
    posts = ann.ttp.ok("report", "2026-10", "--json").json["posts"]
    chart = ann.sees("/report?when=2026-10").partition('class="chart large"')[2].partition("</svg>")[0]
    bars = re.findall(r"<title>(\d+ \w+): ([\d,]+), ([\d,]+) before</title>", chart)
    assert len(bars) + chart.count("31 Oct: ") == 31  # September has no 31st
    assert bars[0][0] == "1 Oct"
    assert sum(int(value.replace(",", "")) for _, value, _ in bars) == sum(post["engagement"] for post in posts)
    assert chart.count('class="before"') == 1


def test_the_report_of_an_account_a_tag_and_a_time(ann: Person, numbers: None) -> None:
    post = ann.ttp.post("Ours", "--to", "x/me", "--tag", "launch")
    ann.ttp.bring(
        post, "published", remote_id="100112", published_at=ann.ttp.clock.now(), url="https://x.com/i/status/1"
    )
    posts = re.compile(r"<dt>Posts</dt><dd>(\d+) ")
    found = {
        query: posts.findall(ann.sees(f"/report?when=2026-10{query}"))
        for query in (
            "",
            "&account=x/me",
            "&account=x/other",
            "&tag=launch",
            "&tag=none",
            "&since=2026-10-02&until=2026-10-03",
        )
    }
    assert list(found.values()) == [["69"], ["69"], [], ["1"], [], ["3"]]
    page = ann.sees("/report?when=2026-10&account=x/me&tag=launch")
    assert 'href="/report?account=x%2Fme&amp;tag=launch&amp;when=2026-09"' in page


@pytest.mark.parametrize("when", ["x", EVIL, "2099-01"])
def test_another_time_is_refused_and_the_report_stays(ann: Person, when: str) -> None:
    answer = ann.get("/report", params={"when": when})
    assert answer.status_code == 400
    assert EVIL not in answer.text
    assert 'role="alert"' in answer.text


def test_accounts_show_what_is_wrong_with_them(ann: Person) -> None:
    ann.ttp.sql("UPDATE account SET needs_reconnect = true, hold_reason = ?, hold_until = 4e12 WHERE id = 1", EVIL)
    page = ann.sees("/accounts")
    assert 'name="handle" value="me"' in page
    assert "ttp account connect x/other" not in page
    assert EVIL not in page


def test_a_limited_person_sees_their_accounts_only(server: Api, numbers: None) -> None:
    person = Person(server).log_in("dee", READ, accounts=[account_named(server, "x/other")])
    for path in ("/accounts", "/best-times", "/report?when=2026-10"):
        assert "x/me" not in person.sees(path)
