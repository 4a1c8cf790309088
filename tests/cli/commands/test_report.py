"""`ttp report`: periods, groups, formats, and posts that ttp published itself."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.conftest import Program

HEADER = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views,kind,text"
HOSTILE = "<script>alert(1)</script> | [x](y) \x1b[31m"


@pytest.fixture
def measured(ttp: Program) -> Program:
    """An account with a post a day for 90 days; those at 18:00 collect more."""
    ttp.account("x/me")
    rows = []
    for day in range(1, 91):
        hour = 18 if day % 2 else 13
        at = (ttp.clock.now() - timedelta(days=day)).replace(hour=hour)
        observed = min(at + timedelta(days=5), ttp.clock.now())
        likes = 40 if hour == 18 else 10
        rows.append(
            f"x/me,{day},{at:%Y-%m-%dT%H:%MZ},{observed:%Y-%m-%dT%H:%MZ},{likes},0,0,{likes * 20},text,Text {day}"
        )
    ttp.ok("metrics", "import", "-", stdin="\n".join([HEADER, *rows]) + "\n")
    return ttp


def test_a_report_compares_thirty_days_with_the_thirty_before(measured: Program) -> None:
    report = measured.ok("report", "--json").json
    assert report["from"] == "2026-10-25T12:00:00Z"
    assert report["before"]["to"] == report["from"]
    assert (report["totals"]["posts"], report["before"]["posts"]) == (30, 30)
    assert report["totals"]["medianEngagement"] == 25.0
    assert report["change"]["posts"] == 0.0
    assert len(report["posts"]) == 30


def test_each_post_is_compared_with_what_its_hour_brings(measured: Program) -> None:
    posts = {post["remoteId"]: post for post in measured.ok("report", "--json").json["posts"]}
    assert posts["11"]["usual"] > 2 * posts["12"]["usual"]
    assert abs(posts["11"]["difference"]) < 0.2
    assert posts["1"]["difference"] is None  # not yet two days old
    assert posts["11"]["measure"] == "engagement"


@pytest.mark.parametrize(
    ("argv", "start", "end", "before"),
    [
        (("2026-10",), "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-09-01T00:00:00Z"),
        (("prev",), "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-09-01T00:00:00Z"),
        (("--month",), "2026-11-01T00:00:00Z", "2026-11-24T12:00:00Z", "2026-10-01T00:00:00Z"),
        (("--week",), "2026-11-23T00:00:00Z", "2026-11-24T12:00:00Z", "2026-11-16T00:00:00Z"),
        (("2026-W40",), "2026-09-28T00:00:00Z", "2026-10-05T00:00:00Z", "2026-09-21T00:00:00Z"),
        (("--since", "7d"), "2026-11-17T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-10T12:00:00Z"),
        (("2026-10", "--tz", "Asia/Tokyo"), "2026-09-30T15:00:00Z", "2026-10-31T15:00:00Z", "2026-08-31T15:00:00Z"),
    ],
)
def test_a_period_and_the_one_before(
    measured: Program, argv: tuple[str, ...], start: str, end: str, before: str
) -> None:
    report = measured.ok("report", *argv, "--json").json
    assert (report["from"], report["to"], report["before"]["from"]) == (start, end, before)


def test_the_present_month_is_compared_with_as_much_of_the_last(measured: Program) -> None:
    report = measured.ok("report", "--month", "--json").json
    assert report["before"]["to"] == "2026-10-24T12:00:00Z"


@pytest.mark.parametrize(
    "argv",
    [
        ("next",),
        ("--by", "colour"),
        ("--format", "xls"),
        ("prev", "--since", "7d"),
        ("--since", "7d", "--until", "20d"),
        ("--tz", "Mars"),
    ],
)
def test_bad_input_is_refused_with_a_way_out(measured: Program, argv: tuple[str, ...]) -> None:
    ran = measured("report", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) >= 2


@pytest.mark.parametrize(
    ("when", "hints"), [("2026-13", []), ("2026-00", ["2026-01"]), ("soon", ["2026-11", "2026-W48"])]
)
def test_no_days_to_come_are_suggested(measured: Program, when: str, hints: list[str]) -> None:
    assert measured("report", when, "--json").error["hints"] == [f"ttp report {one} --json" for one in hints]


def test_groups_by_account_and_hour(measured: Program) -> None:
    groups = measured.ok("report", "--by", "account,hour", "--json").json["groups"]
    assert [(group["by"], group["value"]) for group in groups] == [
        ("account", "x/me"),
        ("hour", "13:00"),
        ("hour", "18:00"),
    ]


def test_a_post_of_ttp_has_its_number_its_text_and_its_tags(measured: Program) -> None:
    post = measured.post("For all", "--text", "x=For X", "--to", "x/me", "--tag", "launch")
    at = measured.clock.now() - timedelta(days=3)
    measured.bring(post, "published", remote_id="3", published_at=at, url="https://x.com/i/status/3")
    report = measured.ok("report", "--by", "tag", "--json").json
    (found,) = [one for one in report["posts"] if one["remoteId"] == "3"]
    assert (found["id"], found["text"], found["tags"]) == (post, "For X", ["launch"])
    assert found["url"] == "https://x.com/i/status/3"
    assert [group["value"] for group in report["groups"]] == ["-", "launch"]


def test_every_format_has_every_post_and_nothing_foreign_acts(measured: Program) -> None:
    rows = io.StringIO()
    csv.writer(rows).writerow(
        ["x/me", "hostile", "2026-11-20T10:00Z", "2026-11-24T10:00Z", 900, 1, 1, 1, "text", HOSTILE]
    )
    measured.ok("metrics", "import", "-", stdin=f"{HEADER}\n{rows.getvalue()}")
    table = list(csv.DictReader(io.StringIO(measured.ok("report", "--format", "csv").out)))
    assert len(table) == 31
    assert len(measured.ok("report").out.splitlines()) == 31
    page = measured.ok("report", "--format", "html").out
    names = _tags(page)
    assert "script" not in names
    assert "svg" in names
    assert "http" not in page.replace("https://", "http://").replace("http://www.w3.org", "")
    markdown = measured.ok("report", "--format", "md").out
    assert "<script" not in markdown.replace("\\<script", "")
    assert "\x1b" not in page + markdown + measured.ok("report", "--format", "table").out


def _tags(page: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.add(tag)

    Reader().feed(page)
    return found


def test_nothing_measured_is_said_in_every_format(ttp: Program) -> None:
    assert ttp.ok("report", "--json").json["posts"] == []
    for format_ in ("table", "md", "html"):
        assert ttp.ok("report", "--format", format_).out
    ran = ttp.ok("report")
    assert (ran.out, bool(ran.err)) == ("", True)
    assert not (ttp.home / "ttp.db").exists()


def test_an_account_with_views_alone_is_compared_by_views(ttp: Program) -> None:
    ttp.account("x/me")
    rows = [
        f"x/me,{day},{ttp.clock.now() - timedelta(days=day):%Y-%m-%dT%H:%MZ},,0,0,0,{100 + day % 5},text,"
        for day in range(3, 40)
    ]
    ttp.ok("metrics", "import", "-", stdin="\n".join([HEADER, *rows]) + "\n")
    post = ttp.ok("report", "--json").json["posts"][0]
    assert post["measure"] == "views"
    assert 80 < post["usual"] < 120
    assert json.dumps(post)
    assert "views" in ttp.ok("report", "--format", "md").out


def test_of_a_few_posts_none_is_usual(ttp: Program) -> None:
    ttp.account("x/me")
    at = [ttp.clock.now() - timedelta(days=day) for day in range(5, 12)]
    rows = [f"x/me,{number},{one:%Y-%m-%dT%H:%MZ},,4,0,0,9,text," for number, one in enumerate(at)]
    ttp.ok("metrics", "import", "-", stdin="\n".join([HEADER, *rows]) + "\n")
    posts = ttp.ok("report", "--json").json["posts"]
    assert {(post["usual"], post["measure"], post["difference"]) for post in posts} == {(None, None, None)}
