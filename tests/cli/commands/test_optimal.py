"""`ttp optimal` and `week`, `heatmap`, `explain`, `backtest`: shapes, exit codes and files, from no post to many."""

from __future__ import annotations

import random
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.clock import FakeClock
from tests.conftest import Program, program
from tests.store.stores import duplicate

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SIZES = (0, 1, 5, 30, 64, 500)
SUBCOMMANDS = ("week", "heatmap", "explain 18", "explain 'Tue 18'", "backtest")
HEAD = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views,kind,text\n"


def history(account: str, posts: int, hours: tuple[int, ...] = (7, 9, 12, 15, 18, 21, 23)) -> str:
    """A CSV of posts, a day each and two on some; those at 18:00 UTC do better."""
    dice, rows = random.Random(posts), []
    for number in range(posts):
        day = datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=number * 2 // 3)
        at = day.replace(hour=dice.choice(hours), minute=number % 60)
        likes = round(dice.lognormvariate(4, 0.4) * (2 if at.hour == 18 else 1))
        kind = ("image", "video")[number % 2]
        text = f"{account},p{number},{at:%Y-%m-%dT%H:%MZ},{at + timedelta(days=3):%Y-%m-%dT%H:%MZ}"
        rows.append(f"{text},{likes},5,2,1000,{kind},Cup {number}\n")
    return HEAD + "".join(rows)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with accounts of every size: x/p0, x/p1, … and ig/shop in Berlin."""
    with program(tmp_path_factory.mktemp("optimal"), FakeClock()) as ttp:
        ttp.ok("account", "add", "x/p0")
        for posts in SIZES[1:]:
            ttp.ok("metrics", "import", "-", stdin=history(f"x/p{posts}", posts))
        ttp.ok("metrics", "import", "-", stdin=history("ig/shop", 64))
        ttp.ok("account", "set", "ig/shop", "--tz", "Europe/Berlin")
        yield ttp.home


@pytest.fixture
def known(ttp: Program, measured: Path) -> Program:
    duplicate(measured, ttp.home)
    return ttp


@pytest.mark.parametrize("posts", [*SIZES[:-1], pytest.param(SIZES[-1], marks=pytest.mark.slow)])
def test_every_answer_is_sensible_whatever_the_number_of_posts(known: Program, posts: int) -> None:
    for command in ("", *SUBCOMMANDS):
        argv = [word.strip("'") for word in command.split(" ", 1)]
        words = ["optimal", *filter(None, argv), "--account", f"x/p{posts}"]
        table, json = known.ok(*words, "--format", "table"), known.ok(*words, "--json")
        assert table.err == "", command
        assert json.json["success"] is True, command
        assert ("ttp metrics import FILE" in table.out) == (posts == 0), command
        if posts == 0 and command:
            tsv = known.ok(*words)
            assert tsv.out == ""
            assert "ttp metrics import FILE" in tsv.err


# optimal


def test_the_picture_has_the_zone_the_slot_and_the_way_to_take_it(known: Program) -> None:
    text = known("optimal", "--account", "ig/shop", "--format", "table").out
    assert "instagram/shop   64 posts, 9 Oct to 20 Nov 2026   hours in Europe/Berlin\n" in text
    assert "Use it:  ttp create TEXT --to instagram/shop --at optimal" in text
    assert "No zone is set" not in text
    known.post("a", "--to", "ig/shop")
    known.post("b", "--to", "ig/shop")
    text = known("optimal", "--account", "ig/shop", "--format", "table").out
    assert "Use it:  ttp schedule 1 --at optimal      A week:  ttp plan --drafts --week\n" in text
    slot = known("optimal", "next", "--account", "ig/shop", "--json").json["slot"]
    assert f"{datetime.fromisoformat(slot['at']):%H:%M} UTC" in text


def test_a_draft_for_several_accounts_is_not_offered_to_one(known: Program) -> None:
    known.post("a", "--to", "ig/shop", "--to", "x/p64")
    assert "ttp schedule" not in known("optimal", "--account", "ig/shop", "--format", "table").out


def test_the_zone_that_was_taken_is_told_where_none_is_known(known: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("optimal", "--account", "x/p64", "--format", "table")
    fix = "ttp account set x/p64 --tz ZONE"
    assert fix not in known(*asked).out
    monkeypatch.setenv("TTP_TZ", "")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    text = known(*asked).out
    assert "hours in Asia/Tokyo" in text
    assert fix in text
    assert fix not in known(*asked, "--tz", "UTC").out
    assert fix in known("optimal", "heatmap", *asked[1:]).out


@pytest.mark.parametrize("words", [["--tz", "UTC"], ["--json"], ["--account", "x/p64", "--account", "ig"]])
def test_options_before_a_subcommand_are_refused_with_all_of_it_in_order(known: Program, words: list[str]) -> None:
    ran = known("optimal", *words, "explain", "Tue 18", "--limit", "3")
    order = f"ttp optimal explain 'Tue 18' --limit 3 {' '.join(words)}"
    assert (ran.code, ran.out) == (2, "")
    assert order in ran.err
    assert known("optimal", "explain", "Tue 18", "--limit", "3", *words).code == 0


def test_an_unknown_subcommand_is_refused_with_the_nearest(known: Program) -> None:
    ran = known("optimal", "heatmp", "--json")
    assert (ran.code, ran.error["hint"]) == (2, "ttp optimal heatmap --json")


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_accounts_platforms_and_zones_are_checked(known: Program, command: str) -> None:
    words = ["optimal", *(word.strip("'") for word in command.split(" ", 1))]
    assert known(*words, "--account", "x/nobody").code == 3
    assert known(*words, "--account", "x/p5", "--tz", "Mars").code == 2
    assert known(*words, "--platform", "myspace").code == 2
    assert known(*words, "--platform", "ig", "--json").code == 0


# week


def test_a_week_has_the_shape_of_the_contract(known: Program) -> None:
    answer = known("optimal", "week", "--account", "ig/shop", "--json").json
    assert list(answer) == ["success", "schedule"]
    assert [day["day"] for day in answer["schedule"]] == DAYS
    for day in answer["schedule"]:
        assert list(day) == ["day", "slots"]
        assert sorted(slot["hour"] for slot in day["slots"]) == list(range(24))
    slots = known("optimal", "--account", "ig/shop", "--all", "--json").json["recommendation"]["slots"]
    uplifts = {(slot["day"], slot["hour"]): slot["uplift"] for slot in slots}
    for day in answer["schedule"]:
        of_day = [uplifts[day["day"], slot["hour"]] for slot in day["slots"]]
        assert of_day == sorted(of_day, reverse=True)
        assert all(list(slot) == ["hour", "score"] for slot in day["slots"])


def test_a_week_in_tsv_is_day_hour_and_score(known: Program) -> None:
    rows = known("optimal", "week", "--account", "ig/shop", "--header").rows
    assert rows[0] == ["day", "hour", "score"]
    assert len(rows) == 169
    assert [row[0] for row in rows[1:26]] == ["Monday"] * 24 + ["Tuesday"]
    slots = known("optimal", "--account", "ig/shop", "--all", "--json").json["recommendation"]["slots"]
    assert {(s["day"], str(s["hour"]), str(s["score"])) for s in slots} == {tuple(row) for row in rows[1:]}


def test_a_week_without_data_has_seven_days_all_the_same(known: Program) -> None:
    answer = known("optimal", "week", "--account", "x/p0", "--json").json
    assert answer["schedule"] == [{"day": day, "slots": []} for day in DAYS]


def test_a_week_of_several_accounts_is_theirs_together(known: Program) -> None:
    ran = known("optimal", "week", "--account", "ig/shop,x/p64,x/p0", "--format", "table")
    assert ran.out.startswith("instagram/shop, x/p64   hours in Europe/Berlin\n")
    answer = known("optimal", "week", "--account", "ig/shop,x/p64", "--json").json
    assert len(answer["schedule"]) == 7


# heatmap


def test_a_heat_map_in_json_has_all_slots_with_the_ten_best(known: Program) -> None:
    answer = known("optimal", "heatmap", "--account", "ig/shop", "--json").json
    assert list(answer) == ["success", "heatmaps", "heatmap"]
    found = answer["heatmap"]
    assert list(found) == ["account", "platform", "timezone", "from", "to", "dataPoints", "signal", "slots"]
    assert list(found["slots"][0]) == ["day", "hour", "score", "uplift", "low", "high", "dataPoints", "best"]
    assert [len(found["slots"]), sum(slot["best"] for slot in found["slots"])] == [168, 10]
    assert list(known("optimal", "heatmap", "--platform", "x", "--json").json) == ["success", "heatmaps"]


def test_a_heat_map_in_tsv_is_a_row_per_slot(known: Program) -> None:
    rows = known("optimal", "heatmap", "--account", "ig/shop", "--header").rows
    assert rows[0] == ["day", "hour", "score", "uplift", "dataPoints"]
    assert [row[:2] for row in (rows[1], rows[168])] == [["Monday", "0"], ["Sunday", "23"]]


def test_pictures_are_files_with_ordinary_modes_and_replace_themselves_alone(known: Program, tmp_path: Path) -> None:
    svg, html, other = tmp_path / "a.svg", tmp_path / "a.html", tmp_path / "history.csv"
    words = ("optimal", "heatmap", "--account", "ig/shop")
    ran = known(*words, "--svg", str(svg), "--html", str(html), "--format", "table")
    assert (ran.code, ran.out) == (0, f"Wrote {svg} and {html}.\n")
    plain = tmp_path / "plain"
    plain.touch()
    assert {stat.S_IMODE(file.stat().st_mode) for file in (svg, html)} == {stat.S_IMODE(plain.stat().st_mode)}
    assert Xml.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 (ttp wrote it)
    assert html.read_text().startswith("<!DOCTYPE html>")
    before = svg.read_text()
    assert known(*words, "--svg", str(svg), "--tz", "Asia/Tokyo").out == ""
    assert svg.read_text() != before
    assert known(*words, "--svg", str(plain)).code == 0
    other.write_text("account,likes\n")
    for option in ("--svg", "--html"):
        ran = known(*words, option, str(other))
        assert (ran.code, ran.out, other.read_text()) == (2, "", "account,likes\n")
    assert known(*words, "--html", str(svg)).code == 2


def test_a_picture_on_stdout_is_all_that_is_there(known: Program, tmp_path: Path) -> None:
    words = ("optimal", "heatmap", "--account", "ig/shop")
    Xml.fromstring(known(*words, "--svg", "-", "--json").out)  # noqa: S314 (ttp wrote it)
    assert known(*words, "--html", "-").out.endswith("</html>\n")
    assert known(*words, "--svg", str(tmp_path / "a.svg"), "--json").json["success"] is True
    ran = known(*words, "--svg", "-", "--html", "-")
    assert (ran.code, ran.out) == (2, "")


def test_a_picture_that_cannot_be_written_says_why(known: Program, tmp_path: Path) -> None:
    ran = known("optimal", "heatmap", "--svg", str(tmp_path / "no" / "a.svg"))
    assert (ran.code, f"mkdir -p {tmp_path / 'no'}" in ran.err) == (3, True)
    ran = known("optimal", "heatmap", "--svg", str(tmp_path))
    assert ran.code == 2


# explain


def test_an_explanation_has_the_documented_shape(known: Program) -> None:
    answer = known("optimal", "explain", "18", "--account", "x/p64", "--json").json
    assert list(answer) == ["success", "explanations", "explanation"]
    found = answer["explanation"]
    assert list(found) == [
        *("account", "platform", "timezone", "day", "hour", "score", "uplift", "low", "high", "dataPoints"),
        *("rank", "raw", "adjusted", "nearby", "posts", "factors"),
    ]
    assert (found["day"], found["hour"], found["dataPoints"]) == (None, 18, len(found["posts"]))
    assert found["raw"] > 0.2
    post = found["posts"][0]
    assert list(post) == [
        *("publishedAt", "remoteId", "kind", "text", "engagement", "trend", "kindEffect", "outlier", "adjusted")
    ]
    made = (1 + post["trend"]) * (1 + post["kindEffect"]) * (1 + post["outlier"]) * (1 + post["adjusted"])
    assert made == pytest.approx(1 + post["engagement"], rel=0.01)
    told = known("optimal", "--account", "x/p64", "--all", "--json").json["recommendation"]["hours"][18]
    assert {name: found[name] for name in told} == told


@pytest.mark.parametrize(
    ("words", "day", "hour"),
    [
        (["18"], None, 18),
        (["18:00"], None, 18),
        (["06"], None, 6),
        (["6pm"], None, 18),
        (["12 am"], None, 0),
        (["12pm"], None, 12),
        (["0"], None, 0),
        (["Tue"], "Tuesday", None),
        (["thurs"], "Thursday", None),
        (["Tue 18"], "Tuesday", 18),
        (["tuesday", "6pm"], "Tuesday", 18),
        (["SUN", "23:00"], "Sunday", 23),
    ],
)
def test_hours_days_and_slots_are_understood(
    known: Program, words: list[str], day: str | None, hour: int | None
) -> None:
    found = known("optimal", "explain", *words, "--account", "x/p5", "--json").json["explanation"]
    assert (found["day"], found["hour"]) == (day, hour)


@pytest.mark.parametrize("words", [["24"], ["18:30"], ["13pm"], ["0am"], ["T"], ["Tu 25"], ["noon"], [""], ["1", "2"]])
def test_what_is_no_hour_and_no_slot_is_refused_with_what_to_type(known: Program, words: list[str]) -> None:
    ran = known("optimal", "explain", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "ttp optimal explain 'Tue 18'" in ran.err


def test_an_explanation_in_tsv_is_a_row_per_post_up_to_the_limit(known: Program) -> None:
    rows = known("optimal", "explain", "18", "--account", "x/p64", "--header", "--limit", "2").rows
    assert rows[0] == [*("publishedAt", "remoteId", "kind", "engagement", "trend", "kindEffect", "outlier", "adjusted")]
    assert len(rows) == 3
    answer = known("optimal", "explain", "18", "--account", "x/p64", "--limit", "2", "--json").json
    assert [row[1] for row in rows[1:]] == [post["remoteId"] for post in answer["explanation"]["posts"]]


def test_an_explanation_shows_the_texts_of_posts(known: Program) -> None:
    assert "Cup " in known("optimal", "explain", "18", "--account", "x/p64", "--format", "table").out


def test_without_posts_there_is_no_explanation(known: Program) -> None:
    assert known("optimal", "explain", "18", "--account", "x/p0", "--json").json == {
        "success": True,
        "explanations": [],
    }


# backtest


def test_a_backtest_has_the_documented_shape(known: Program) -> None:
    answer = known("optimal", "backtest", "--account", "x/p500", "--json").json
    assert list(answer) == ["success", "backtests", "backtest"]
    found = answer["backtest"]
    assert list(found) == [
        *("account", "platform", "timezone", "from", "to", "dataPoints", "heldOut", "inBestHours"),
        *("recommended", "meanPerHour", "difference", "factors"),
    ]
    assert (found["dataPoints"], found["heldOut"]) == (500, 250)
    assert list(found["recommended"]) == ["lift", "low", "high"]
    assert found["recommended"]["low"] > 0


def test_a_backtest_in_tsv_is_a_row_per_comparison(known: Program) -> None:
    rows = known("optimal", "backtest", "--account", "x/p500,x/p5", "--header").rows
    assert rows[0] == ["account", "what", "lift", "low", "high"]
    assert [row[:2] for row in rows[1:]] == [["x/p500", what] for what in ("recommended", "meanPerHour", "difference")]


def test_too_few_posts_are_said_to_be(known: Program) -> None:
    found = known("optimal", "backtest", "--account", "x/p30", "--json").json["backtest"]
    assert (found["dataPoints"], found["heldOut"], found["recommended"]) == (30, 0, None)
