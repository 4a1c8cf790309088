"""`ttp list`, `show`, `log`, `status`: what they answer, in every format, and that they change nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Program, program
from tests.rows import each
from tests.store.stores import duplicate
from ttp.cli.errors import BY_CODE
from ttp.domain.post_fields import PLAIN

READ_ONLY = [
    ["list"],
    ["list", "--status", "draft", "--since", "7d", "--account", "x/me"],
    ["show", "1"],
    ["log", "1"],
    ["status"],
    ["account", "list"],
    ["metrics", "list"],
    ["optimal"],
    ["optimal", "next"],
    ["retry", "--failed", "--yes"],
    ["resolve", "1", "--account", "x/me", "--not-published"],
    ["account", "set", "x/me", "--tz", "UTC"],
    ["account", "remove", "x/me"],
    ["account", "check", "x/nobody"],
    ["create", "hi", "--to", "x/me"],
    ["create", "hi", "--at", "9am"],
    ["edit", "1", "x"],
    ["schedule", "1", "--at", "now"],
    ["unschedule", "1"],
    ["delete", "1"],
    ["undo"],
    ["history", "1"],
    ["pause", "--account", "x/nobody"],
    ["publish", "1"],
]


@each("argv", READ_ONLY)
def test_nothing_is_made_in_the_home_by_a_question(ttp: Program, argv: list[str]) -> None:
    ran = ttp(*argv)
    assert ran.code in (0, 2, 3)
    assert not ttp.home.exists()


ADD_SLOTS, IMPORT = "ttp slots add 'mon,wed,fri 09:00' --account x/me", "ttp metrics import FILE"
EMPTY: dict[str, tuple[object, str]] = {
    "list": ([], "ttp create"),
    "history": ([], ""),
    "undo --list": ([], ""),
    "calendar --week": (..., "ttp create"),
    "account list": ([], "ttp account connect x"),
    "account check": ({"checks": [], "ok": 0, "warnings": 0, "failures": 0}, "ttp account connect x"),
    "pause": ([], "ttp account connect x"),
    "resume": ([], ""),
    "slots list": ([], ADD_SLOTS),
    "slots preview": ([], ADD_SLOTS),
    "repeat list": ([], "ttp repeat ID 'mon 9:00'"),
    "metrics list": ([], IMPORT),
    "metrics summary": ([], IMPORT),
    "metrics pull": ([], "ttp account connect"),
    "retry --failed": ([], ""),
    "optimal": ({"success": True, "recommendations": []}, IMPORT),
    "optimal week": (..., IMPORT),
    "optimal heatmap": ({"success": True, "heatmaps": []}, IMPORT),
    "optimal explain 18": ({"success": True, "explanations": []}, IMPORT),
    "optimal backtest": ({"success": True, "backtests": []}, IMPORT),
}
"""What commands answer without a store: as JSON, and the command that a person is told."""


@each("command", EMPTY)
def test_without_a_store_an_answer_is_empty_and_says_how_to_begin(ttp: Program, command: str) -> None:
    empty, begin = EMPTY[command]
    answer = ttp.ok(*command.split(), "--json").json
    assert empty in (..., answer)
    assert begin in ttp.ok(*command.split(), "--format", "table").out
    assert not ttp.home.exists()


def test_without_metrics_there_is_no_next_hour(ttp: Program) -> None:
    assert ttp.ok("optimal", "next", "--json").json == {"success": True, "slot": None}


# List.


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1 scheduled later, 2 and 3 drafts, 4 scheduled sooner, 5 published, 6 needs review."""
    with program(tmp_path_factory.mktemp("filled"), FakeClock()) as ttp:
        for name in ("x/me", "x/shop", "ig/shop"):
            ttp.account(name)
        ttp.post("later roast", "--to", "x/me", "--at", "in 2d", "--tag", "a")
        ttp.post("draft one", "--to", "ig", "--tag", "a,b")
        ttp.post("draft two", "--key", "k")
        ttp.post("sooner", "--to", "x/shop", "--at", "in 1h")
        ttp.post("old", "--to", "x/me", "--at", "in 1m")
        ttp.bring(5, "published", published_at=START, remote_id="9", url="https://x.com/i/status/9")
        ttp.post("unsure", "--to", "x/me", "--at", "in 2m")
        ttp.bring(6, "needs_review", error=("unknown", "cut"))
    return ttp.home


@pytest.fixture
def posts(ttp: Program, filled: Path) -> Program:
    duplicate(filled, ttp.home)
    return ttp


def ids(ttp: Program, *argv: str) -> list[int]:
    return [int(line) for line in ttp.ok("list", "--ids", *argv).out.split()]


def test_the_list_is_what_comes_then_drafts_then_what_has_ended(posts: Program) -> None:
    assert ids(posts) == [4, 1, 2, 3, 6, 5]


@each(
    ("argv", "found"),
    [
        (["--status", "draft,scheduled"], [4, 1, 2, 3]),
        (["--status", "Draft"], [2, 3]),
        (["--status", "partial", "--status", "published"], [6, 5]),
        (["--platform", "ig"], [2]),
        (["--platform", "twitter"], [4, 1, 6, 5]),
        (["--account", "x/shop"], [4]),
        (["--account", "x/ME,x/shop"], [4, 1, 6, 5]),
        (["--tag", "a"], [1, 2]),
        (["--tag", "a,b"], [2]),
        (["--search", "ROAST"], [1]),
        (["--key", "k"], [3]),
        (["--key", "none"], []),
        (["--needs-you"], [6]),
        (["--since", "2026-11-24T13:00Z"], [4, 1]),
        (["--until", "2026-11-24T13:00Z"], [6, 5]),
        (["--since", "1h"], [4, 1, 6, 5]),
        (["--limit", "2"], [4, 1]),
        (["--limit", "0"], []),
        (["--after", "1"], [2, 3, 6, 5]),
        (["--after", "2", "--limit", "1"], [3]),
        (["--after", "5"], []),
    ],
)
def test_each_filter_leaves_what_it_names(posts: Program, argv: list[str], found: list[int]) -> None:
    assert ids(posts, *argv) == found


@pytest.mark.parametrize(
    ("argv", "code", "named"),
    [
        (["--status", "drfat"], "usage", "drfat"),
        (["--platform", "fb"], "usage", "fb"),
        (["--account", "x/nobody"], "not_found", "x/nobody"),
        (["--account", "x"], "ambiguous", "x/shop"),
        (["--since", "garbage"], "time", "garbage"),
        (["--after", "99"], "not_found", "99"),
        (["--after", "99999999999999999999"], "usage", "99999999999999999999"),
        (["--limit", "-1"], "usage", "--limit"),
        (["--limit", "9" * 30], "usage", "--limit"),
        (["--format", "xml"], "usage", "xml"),
        (["--color", "pink"], "usage", "--color"),
        (["--search", "\udcff"], "usage", "search"),
    ],
    ids=str,
)
def test_a_filter_that_means_nothing_is_refused(posts: Program, argv: list[str], code: str, named: str) -> None:
    ran = posts("list", *argv)
    assert (ran.code, ran.out) == (BY_CODE[code], "")
    assert named in ran.err


def test_what_fields_there_are_is_one_sentence_in_json(ttp: Program) -> None:
    said = json.loads(ttp("list", "--json", "--fields", "nope").err)["error"]["message"]
    assert ('"nope"' in said, " accounts " in said, "\n" in said, "  " in said) == (True, True, False, False)


def test_tsv_has_the_columns_of_the_contract_in_utc_without_colour(posts: Program) -> None:
    assert posts("list").rows[0] == ["4", "scheduled", "2026-11-24T13:00:00Z", "x/shop", "sooner"]
    assert posts("list", "--header").rows[0] == ["id", "status", "scheduledAt", "accounts", "content"]
    assert posts("list", "--color", "always").out == posts("list").out


def test_json_lines_are_one_post_a_line_and_json_is_one_array(posts: Program) -> None:
    lines = [json.loads(line) for line in posts("list", "--jsonl").out.splitlines()]
    assert lines == posts("list", "--json").json
    assert [line["id"] for line in lines] == [4, 1, 2, 3, 6, 5]


def test_fifty_are_drawn_on_a_terminal_with_the_command_for_more(ttp: Program) -> None:
    ttp.ok("create", "first")
    ttp.sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
        " INSERT INTO post (id, content, status, created_at, updated_at, variants, thread, options)"
        " SELECT i, 'post ' || i, status, created_at, updated_at, variants, thread, options FROM post, n"
    )
    for few in (["--search", "post 1"], ["--limit", "3"], ["--after", "10"]):
        assert "more:" not in ttp("list", "--format", "table", *few).out
    drawn = ttp("list", "--format", "table", "--status", "draft", "--search", "o").out.splitlines()
    assert drawn[-1] == "more:  ttp list --format table --status draft --search o --after 51"
    assert len([line for line in drawn if "  draft  " in line]) == 50
    assert len(ttp("list").rows) == 60
    assert len(ttp("list", "--format", "table", "--limit", "55").out.splitlines()) > 55


# Show and log.


def test_show_is_a_row_for_each_delivery(posts: Program) -> None:
    assert posts("show", "5").rows == [["x/me", "published", "2026-11-24T12:00:00Z", "https://x.com/i/status/9", ""]]
    assert posts("show", "6").rows == [["x/me", "needs_review", "", "", "cut"]]
    assert posts("show", "6", "--header").rows[0] == ["account", "state", "publishedAt", "url", "errorMessage"]


def test_show_in_json_has_every_key_of_the_contract(posts: Program) -> None:
    post = posts("show", "6", "--json").json
    assert list(post) == [
        *("id", "status", "content", "accounts", "platforms", "scheduledAt", "publishedAt", "createdAt", "updatedAt"),
        *(one.file for one in PLAIN),
        *("media", "cards", "variants", "thread", "tags", "options", "key", "origin", "chosenBy"),
        *("approvedAt", "rejection", "repeat", "needs", "asksFor", "warnings"),
        *("deliveries", "likes", "comments", "shares", "views"),
    ]
    (delivery,) = post["deliveries"]
    assert list(delivery) == [
        *("account", "platform", "state", "dueAt", "remoteId", "url", "publishedAt", "attempts", "nextAttemptAt"),
        *("waitingFor", "waitingUntil", "error", "note", "takenDownAt", "parts", "plannedParts", "langs", "metrics"),
        "comment",
    ]
    assert list(delivery["error"]) == ["kind", "code", "message", "hint"]
    assert post["needs"] == ["review"]


def test_a_picture_of_a_post_has_the_history_of_what_was_changed_and_not_taken_back(ttp: Program) -> None:
    ttp.account()
    post = ttp.post("hi", "--to", "x/me")
    ttp.clock.advance(minutes=1)
    ttp.ok("schedule", str(post), "--at", "today 18:00")
    ttp.clock.advance(minutes=1)
    ttp.ok("edit", str(post), "hello")
    drawn = ttp.ok("show", str(post), "--format", "table").out
    assert "\n\n  History  12:00 created  12:01 scheduled  12:02 edited\n" in drawn
    ttp.ok("undo")
    assert "  History  12:00 created  12:01 scheduled\n" in ttp.ok("show", str(post), "--format", "table").out
    assert "History" not in ttp.ok("show", str(post)).out


def test_log_tells_every_step_in_order(posts: Program) -> None:
    (delivery,) = posts.sql("SELECT id FROM delivery WHERE post_id = 6")[0]
    for step, outcome in (("upload", "done"), ("POST /2/tweets", "unknown")):
        posts.sql(
            "INSERT INTO attempt (delivery_id, number, step, phase, at, ended_at, outcome, kind, http_status, message)"
            " VALUES (?, 1, ?, 'prepare', 1795521600000, 1795521600500, ?, NULL, 200, ?)",
            delivery,
            step,
            outcome,
            "line one\ntwo",
        )
    rows = posts("log", "6").rows
    assert rows[0] == ["2026-11-24T12:00:00Z", "x/me", "upload", "done", "", "200", r"line one\ntwo"]
    assert [row[2] for row in rows] == ["upload", "POST /2/tweets"]
    assert list(posts("log", "6", "--json").json[0]) == [
        *("at", "account", "comment", "number", "step", "phase", "outcome", "kind", "httpStatus", "message", "endedAt")
    ]
    assert posts("log", "2").out == ""


def test_the_log_of_a_deleted_post_is_still_there(posts: Program) -> None:
    posts.sql(
        "INSERT INTO attempt (delivery_id, number, step, phase, at) SELECT id, 1, 'upload', 'prepare', 0 FROM delivery"
        " WHERE post_id = 2"
    )
    before = posts("log", "2").out
    posts.ok("delete", "2", "--yes")
    assert posts("show", "2").code == 3
    assert (posts("log", "2").code, posts("log", "2").out) == (0, before) != (0, "")


@pytest.mark.parametrize("command", ["show", "log"])
def test_an_unknown_number_is_exit_3_with_the_error_as_json(ttp: Program, command: str) -> None:
    ran = ttp(command, "99", "--json")
    assert (ran.code, ran.out) == (3, "")
    assert ran.error == {**ran.error, "code": "not_found", "hint": "ttp list", "exit": 3, "problems": []}


# Status.


def test_status_has_the_shape_of_the_contract(posts: Program) -> None:
    status = posts("status", "--json").json
    assert list(status) == [
        "publisher",
        "nextDueAt",
        "overdue",
        "waiting",
        "needs",
        "holds",
        "limits",
        "costs",
        "media",
        "blocked",
        "webhooks",
        "sources",
        "publishers",
        "notify",
        "logins",
    ]
    assert set(status["publisher"].values()) == {False, None}
    assert status["needs"] == {"review": 1, "reconnect": 0, "retry": 0}
    assert (status["nextDueAt"], status["waiting"], status["overdue"]) == ("2026-11-24T13:00:00Z", 2, 0)
    assert posts("status").rows[0] == ["publisher.running", "false"]


def test_status_is_exit_1_when_posts_are_overdue_and_nothing_runs(posts: Program) -> None:
    assert posts("status").code == 0
    posts.clock.advance(hours=1)
    ran = posts("status", "--json")
    assert (ran.code, ran.json["overdue"], ran.err) == (1, 1, "")


def test_status_tells_the_last_run(ttp: Program) -> None:
    ttp.account()
    ttp.ok("run", "--once")
    ttp.clock.advance(minutes=3)
    publisher = ttp("status", "--json").json["publisher"]
    assert (publisher["running"], publisher["mode"], publisher["lastRunAt"]) == (False, "once", "2026-11-24T12:00:00Z")
