"""`ttp metrics import, list` and `ttp optimal, optimal next`: counts, exit codes and shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Program

HEAD = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views\n"
ROW = "x/me,1,2026-11-01T10:00Z,2026-11-02T10:00Z,1,2,3,40\n"
COUNTS = ("read", "inserted", "updated", "unchanged")


def imported(ttp: Program, text: str, *more: str) -> tuple[int, list[int], int]:
    """Exit code, the four counts, and how many rows were rejected."""
    ran = ttp("metrics", "import", "-", "--json", *more, stdin=text)
    return ran.code, [ran.json[name] for name in COUNTS], len(ran.json["rejected"])


def history(account: str, posts: int = 60) -> str:
    """A CSV of daily posts at changing hours; those at 18:00 do far better."""
    start = datetime(2026, 9, 1, tzinfo=UTC)
    rows = []
    for day in range(posts):
        hour = (8, 12, 18)[day % 3]
        at = start + timedelta(days=day, hours=hour)
        likes = 200 if hour == 18 else 20
        rows.append(f"{account},{account[-1]}{day},{at:%Y-%m-%dT%H:%MZ},{at:%Y-%m-%dT23:59Z},{likes},5,2,1000")
    return HEAD + "\n".join(rows) + "\n"


# Import and list.


def test_rows_are_new_then_unchanged_then_updated(ttp: Program) -> None:
    assert imported(ttp, HEAD + ROW) == (0, [1, 1, 0, 0], 0)
    assert imported(ttp, HEAD + ROW) == (0, [1, 0, 0, 1], 0)
    assert imported(ttp, HEAD + ROW.replace(",40", ",50")) == (0, [1, 0, 1, 0], 0)
    assert imported(ttp, HEAD + ROW.replace("11-02", "11-03")) == (0, [1, 1, 0, 0], 0)
    assert ttp.count("sample") == 2


def test_without_a_time_a_row_is_a_sample_of_now_unless_it_says_what_the_newest_said(ttp: Program) -> None:
    text = (HEAD + ROW).replace("2026-11-02T10:00Z", "")
    assert imported(ttp, text) == (0, [1, 1, 0, 0], 0)
    ttp.clock.advance(hours=1)
    assert imported(ttp, text) == (0, [1, 0, 0, 1], 0)
    assert imported(ttp, text.replace(",40", ",41")) == (0, [1, 1, 0, 0], 0)
    assert [one["observedAt"] for one in ttp("metrics", "list", "--json").json][-1] == "2026-11-24T13:00:00Z"


def test_a_bad_row_rejects_itself_and_the_exit_code_says_so(ttp: Program) -> None:
    ran = ttp("metrics", "import", "-", "--json", stdin=HEAD + "bad\n" + ROW + ROW.replace(",40", ",many"))
    assert ran.code == 6
    assert [one["row"] for one in ran.json["rejected"]] == [2, 4]
    assert ran.json["inserted"] == 1
    assert ran.err.count("note: row") == 2
    assert ttp("metrics", "import", "-", "-q", stdin=HEAD + "bad\n").err == ""


def test_files_that_are_none(ttp: Program, tmp_path: Path) -> None:
    assert ttp("metrics", "import", str(tmp_path / "none.csv")).code == 3
    assert ttp("metrics", "import", str(tmp_path)).code == 2
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    assert ttp("metrics", "import", str(tmp_path / "a.csv")).code == 2


def test_a_dry_run_counts_what_would_change(ttp: Program) -> None:
    imported(ttp, HEAD + ROW)
    before = ttp("metrics", "list", "--json").json
    rows = ROW + ROW.replace("x/me", "ig/new") + ROW.replace("x/me", "x/other")
    assert imported(ttp, HEAD + rows, "--dry-run") == (0, [3, 2, 0, 1], 0)
    assert ttp("metrics", "list", "--json").json == before
    assert [row[0] for row in ttp("account", "list").rows] == ["x/me"]


def test_accounts_that_are_new_are_made_and_not_connected(ttp: Program) -> None:
    ttp.account("x/me")
    imported(ttp, HEAD + ROW + ROW.replace("x/me", "ig/new"))
    assert [row[:2] for row in ttp("account", "list").rows] == [["instagram/new", "false"], ["x/me", "true"]]


def test_a_time_without_an_offset_needs_a_zone(ttp: Program) -> None:
    text = (HEAD + ROW).replace("11-01T10:00Z", "11-01 10:00")
    assert imported(ttp, text)[0] == 6
    assert imported(ttp, text, "--tz", "Europe/Berlin")[0] == 0
    assert ttp("metrics", "list", "--fields", "publishedAt").out == "2026-11-01T09:00:00Z\n"
    assert ttp("metrics", "import", "-", "--tz", "Mars", stdin=text).code == 2


def test_samples_are_listed_with_the_columns_of_the_contract(ttp: Program) -> None:
    imported(ttp, HEAD + ROW)
    assert ttp("metrics", "list", "--header").rows == [
        ["account", "remoteId", "publishedAt", "observedAt", "likes", "comments", "shares", "views"],
        ["x/me", "1", "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z", "1", "2", "3", "40"],
    ]
    assert ttp("metrics", "list", "--limit", "0").out == ""
    assert ttp("metrics", "list", "--account", "x/nobody").code == 3


# Optimal.


@pytest.fixture
def known(ttp: Program) -> Program:
    """x/me with sixty samples, ig/shop with as many, x/none without any."""
    for name in ("x/me", "ig/shop"):
        assert imported(ttp, history(name))[0] == 0
    ttp.ok("account", "add", "x/none")
    return ttp


def test_a_recommendation_has_the_shape_of_the_contract(known: Program) -> None:
    answer = known("optimal", "--account", "x/me", "--tz", "Europe/Berlin", "--json").json
    assert list(answer) == ["success", "recommendations", "recommendation"]
    told = answer["recommendation"]
    assert answer["recommendations"] == [told]
    assert list(told) == [
        *("account", "platform", "timezone", "from", "to", "bestHours", "bestDays", "dataPoints", "signal"),
        *("evidence", "daysFirst", "leftOut", "onlineFollowers", "factors", "noFactors"),
    ]
    assert (told["account"], told["timezone"], told["dataPoints"]) == ("x/me", "Europe/Berlin", 60)
    assert len(told["bestHours"]) == 5
    assert len(told["bestDays"]) == 3
    assert list(told["bestHours"][0]) == ["hour", "score", "uplift", "low", "high", "dataPoints"]
    assert list(told["bestDays"][0]) == ["day", "score", "uplift", "low", "high", "dataPoints"]
    assert told["signal"] in ("thin", "ok")
    assert {19, 20} <= {best["hour"] for best in told["bestHours"]}  # 18:00 UTC, in summer and in winter time


def test_all_adds_every_hour_day_and_slot(known: Program) -> None:
    told = known("optimal", "--account", "x/me", "--all", "--json").json["recommendation"]
    assert [one["hour"] for one in told["hours"]] == list(range(24))
    assert [told["days"][0]["day"], len(told["days"]), len(told["slots"])] == ["Monday", 7, 168]
    assert list(told["slots"][0]) == ["day", "hour", "score", "uplift", "low", "high", "dataPoints"]


def test_every_account_is_recommended_for_or_those_of_a_platform(known: Program) -> None:
    def names(*argv: str) -> list[str]:
        return [one["account"] for one in known("optimal", "--json", *argv).json["recommendations"]]

    assert names() == ["instagram/shop", "x/me", "x/none"]
    assert names("--platform", "twitter") == ["x/me", "x/none"]
    assert names("--account", "x/me,ig") == ["x/me", "instagram/shop"]
    assert known("optimal", "--account", "x/nobody").code == 3
    assert known("optimal", "--tz", "Mars").code == 2


def test_tsv_is_the_hours_and_then_the_days(known: Program) -> None:
    rows = known("optimal", "--account", "x/me", "--header").rows
    assert rows[0] == ["what", "value", "score", "uplift", "dataPoints"]
    assert [row[0] for row in rows[1:]] == ["hour"] * 5 + ["day"] * 3
    assert rows[1][1] == "18"


def test_the_next_slot_is_ahead_and_keeps_its_distance_to_posts(known: Program) -> None:
    answer = known("optimal", "next", "--account", "x/me", "--json").json
    assert list(answer) == ["success", "slot"]
    assert list(answer["slot"]) == ["at", "day", "hour", "score", "uplift", "why", "later"]
    first = answer["slot"]["at"]
    assert first > "2026-11-24T12:10:00Z"
    post = known("create", "hi", "--to", "x/me", "--at", "optimal", "--json").json
    assert post["scheduledAt"] == first
    assert known("optimal", "next", "--account", "x/me").rows[0][0] > first
    counted = known("optimal", "next", "--account", "x/me", "--count", "3", "--json").json
    assert list(counted) == ["success", "slot", "slots"]
    assert len({slot["at"] for slot in counted["slots"]}) == 3


def test_several_posts_get_a_best_slot_each(known: Program) -> None:
    for text in "abcde":
        known.post(text, "--to", "x/me")
    known.ok("schedule", "5", "--at", "in 20d")
    posts = known("schedule", "1-4", "--at", "optimal", "--json").json
    times = sorted(datetime.fromisoformat(post["scheduledAt"]) for post in posts)
    assert min(after - before for before, after in pairwise(times)) >= timedelta(hours=1)


def test_without_data_the_next_slot_is_null_or_the_command_that_gets_some(known: Program) -> None:
    ran = known("optimal", "next", "--account", "x/none", "--json")
    assert (ran.code, ran.json) == (0, {"success": True, "slot": None})
    ran = known("optimal", "next", "--account", "x/none")
    assert (ran.code, ran.out, "ttp metrics import FILE" in ran.err) == (2, "", True)
    ran = known("create", "hi", "--to", "x/none", "--at", "optimal", "--json")
    assert (ran.code, ran.error["hints"][0], known.count("post")) == (2, "ttp metrics import FILE", 0)


@pytest.mark.parametrize(
    ("argv", "order"),
    [
        (["--account", "x/me", "next"], "ttp optimal next --account x/me"),
        (["--json", "--tz", "UTC", "next"], "ttp optimal next --tz UTC --json"),
        (["--account", "x/me", "--account", "ig", "next"], "ttp optimal next --account x/me --account ig"),
    ],
)
def test_options_before_next_are_refused_with_the_right_order(known: Program, argv: list[str], order: str) -> None:
    ran = known("optimal", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert order in ran.err
    assert known(*order.split()[1:]).code == 0


def test_a_published_post_is_shown_with_its_newest_numbers(ttp: Program) -> None:
    ttp.account("x/me")
    post = ttp.post("Hello", "--to", "x/me", "--at", "2026-12-01 09:00")
    assert "Metrics" not in ttp.ok("show", str(post), "--format", "table").out
    ttp.bring(post, "published", remote_id="1")
    imported(ttp, HEAD + ROW + ROW.replace(",3,40", ",3,1050").replace("11-02T", "11-03T"))
    shown = ttp.ok("show", str(post), "--format", "table").out
    assert "x/me  1 like  2 comments  3 shares  1,050 views" in shown
    assert ttp.ok("list", "--fields", "likes,comments,shares,views").out == "1\t2\t3\t1050\n"
    assert ttp.ok("list", "--fields", "id,views", "--json").json == [{"id": post, "views": 1050}]
    [row] = ttp.shown(post)["deliveries"]
    assert row["metrics"].items() >= {"likes": 1, "comments": 2, "shares": 3, "views": 1050}.items()


def test_the_numbers_of_a_post_are_the_sums_of_its_accounts(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    post = ttp.post("Hello", "--to", "x/me,x/shop", "--at", "2026-12-01 09:00")
    ttp.bring(post, "published", "x/me", remote_id="1")
    ttp.bring(post, "published", "x/shop", remote_id="1")
    imported(ttp, HEAD + ROW + ROW.replace("x/me", "x/shop").replace(",3,40", ",,"))
    shown = ttp.shown(post)
    assert [shown[name] for name in ("likes", "comments", "shares", "views")] == [2, 4, 3, 40]
    assert [row["metrics"]["views"] for row in shown["deliveries"]] == [40, None]
    assert ttp.shown(ttp.post("New", "--to", "x/me"))["likes"] is None
