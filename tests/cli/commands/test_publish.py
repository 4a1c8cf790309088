"""`ttp publish`, `retry`, `resolve`, `run`: what they queue, what they refuse, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Program, program
from tests.store.stores import duplicate

CUT: dict[str, Any] = {"error": ("network", "cut")}
DONE: dict[str, Any] = {"published_at": START}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1 partial (x/a published, x/b failed), 2 failed everywhere, 3 needs review on x/a, 4 published, 5 a draft."""
    with program(tmp_path_factory.mktemp("filled"), FakeClock()) as ttp:
        for name in ("x/a", "x/b", "tt/c"):
            ttp.account(name)
        for text in ("one", "two", "three", "four"):
            ttp.post(text, "--to", "x/a,x/b", "--at", "in 1m")
        ttp.bring(1, "published", "x/a", **DONE, remote_id="11")
        ttp.bring(1, "failed", "x/b", **CUT)
        ttp.bring(2, "failed", **CUT)
        ttp.bring(3, "published", "x/b", **DONE)
        ttp.bring(3, "needs_review", "x/a", error=("unknown", "cut"))
        ttp.bring(4, "published", **DONE)
        ttp.sql("UPDATE post SET status = 'partial' WHERE id IN (1, 3)")
        ttp.post("five", "--to", "x/a")
    return ttp.home


@pytest.fixture
def mixed(ttp: Program, filled: Path) -> Program:
    """The program an hour after those posts were due."""
    duplicate(filled, ttp.home)
    ttp.clock.advance(hours=1)
    return ttp


def states(ttp: Program, post: int) -> list[str]:
    return [d["state"] for d in ttp.shown(post)["deliveries"]]


# Retry.


def test_a_retry_touches_failed_deliveries_only_and_makes_them_due_now(mixed: Program) -> None:
    ran = mixed("retry", "1", "--no-wait", "--json")
    assert ran.code == 0
    (post,) = ran.json
    published, retried = post["deliveries"]
    assert (published["state"], published["remoteId"]) == ("published", "11")
    assert (retried["state"], retried["dueAt"], retried["error"]) == ("pending", "2026-11-24T13:00:00Z", None)


def test_a_retry_can_be_for_one_account(mixed: Program) -> None:
    assert mixed("retry", "2", "--account", "x/b", "--no-wait").out == "2\n"
    assert states(mixed, 2) == ["failed", "pending"]
    ran = mixed("retry", "1", "--account", "x/a", "--no-wait", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "state", "ttp show 1")
    assert mixed("retry", "1", "--account", "x/nobody", "--no-wait").code == 3


def test_a_retry_of_what_may_be_live_is_refused_with_the_reason_and_the_commands(mixed: Program) -> None:
    ran = mixed("retry", "3")
    assert ran.code == 2
    assert "ttp resolve 3 --account x/a --published URL" in ran.err
    assert "ttp resolve 3 --account x/a --not-published" in ran.err
    assert states(mixed, 3) == ["needs_review", "published"]


def test_of_several_posts_each_is_retried_for_itself(mixed: Program) -> None:
    ran = mixed("retry", "1-5", "--no-wait", "--json")
    assert (ran.code, [post["id"] for post in ran.json]) == (6, [1, 2])
    refused = [json.loads(line)["error"] for line in ran.err.splitlines() if line.startswith("{")]
    assert [(one["code"], one["hints"][0].partition(" --")[0]) for one in refused] == [
        ("state", "ttp resolve 3"),
        ("state", "ttp show 4"),
        ("state", "ttp show 5"),
    ]
    assert mixed("retry", "1-5", "--no-wait").code == 2


def test_failed_lists_what_it_would_retry_and_asks_for_yes(mixed: Program) -> None:
    ran = mixed("retry", "--failed", "--platform", "x", "--no-wait")
    assert (ran.code, ran.out) == (2, "")
    assert "  1  x/a, x/b  one\n" in ran.err
    assert "  2  x/a, x/b  two\n" in ran.err
    assert "try: ttp retry --failed --platform x --no-wait --yes" in ran.err
    assert states(mixed, 2) == ["failed", "failed"]
    assert sorted(mixed("retry", "--failed", "--yes", "--no-wait").out.split()) == ["1", "2"]


@pytest.mark.parametrize(
    ("filters", "retried"),
    [
        (["--account", "x/b"], [["published", "pending"], ["failed", "pending"]]),
        (["--account", "x/a"], [["published", "failed"], ["pending", "failed"]]),
        (["--account", "x/a", "--platform", "tiktok"], [["published", "failed"], ["failed", "failed"]]),
        (["--platform", "tt"], [["published", "failed"], ["failed", "failed"]]),
        (["--platform", "x"], [["published", "pending"], ["pending", "pending"]]),
        (["--since", "30m"], [["published", "failed"], ["failed", "failed"]]),
        (["--since", "2h"], [["published", "pending"], ["pending", "pending"]]),
    ],
    ids=str,
)
def test_filters_of_failed_meet(mixed: Program, filters: list[str], retried: list[list[str]]) -> None:
    mixed.ok("retry", "--failed", "--yes", "--no-wait", *filters)
    assert [states(mixed, 1), states(mixed, 2)] == retried


@pytest.mark.parametrize(
    ("argv", "code", "names"),
    [
        (["retry"], "usage", "--failed"),
        (["retry", "1", "--failed"], "usage", "--failed"),
        (["retry", "1", "--since", "7d"], "usage", "--since"),
        (["retry", "--failed", "--since", "soon"], "time", '"soon"'),
        (["retry", "--failed", "--platform", "fb"], "usage", '"fb"'),
        (["run", "--once", "--until-idle"], "usage", "--until-idle"),
        (["run", "--once", "--max-time", "30"], "time", "ttp run --once --max-time 30m --json"),
        (["run", "--max-time", "5s"], "usage", "--max-time"),
    ],
    ids=str,
)
def test_options_that_do_not_go_together_are_refused(mixed: Program, argv: list[str], code: str, names: str) -> None:
    ran = mixed(*argv, "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", code)
    assert names in f"{ran.error['message']} {ran.error['hints']}"
    assert states(mixed, 2) == ["failed", "failed"]


# Publish.


@pytest.mark.parametrize(
    ("argv", "again"),
    [
        (("5",), "ttp publish 5 --json --yes"),
        (("5", "--no-wait"), "ttp publish 5 --no-wait --json --yes"),
        (("5-6", "--no-input"), "ttp publish 5-6 --json --yes"),
    ],
)
@pytest.mark.parametrize("no_input", ["", "1"])
def test_publish_without_a_terminal_needs_yes(
    mixed: Program, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], again: str, no_input: str
) -> None:
    monkeypatch.setenv("TTP_NO_INPUT", no_input)
    mixed.post("A draft", "--to", "x/a")
    before = [mixed.shown(5), mixed.shown(6)]
    ran = mixed("publish", *argv, "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "usage", again)
    assert [mixed.shown(5), mixed.shown(6)] == before


def test_publish_makes_pending_deliveries_due_now(mixed: Program) -> None:
    (post,) = mixed("publish", "5", "--yes", "--no-wait", "--json").json
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2026-11-24T13:00:00Z")
    (warning,) = post["warnings"]
    assert "fix: ttp run" in warning


@pytest.mark.parametrize(
    ("post", "hint"),
    [(2, "ttp retry 2"), (3, None), (4, "ttp show 4")],
)
def test_publish_never_sends_again_what_has_been_tried(mixed: Program, post: int, hint: str | None) -> None:
    before = mixed.shown(post)
    ran = mixed("publish", str(post), "--yes", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "state", hint)
    assert mixed.shown(post) == before


def test_publish_refuses_what_a_platform_would_and_a_post_without_accounts(ttp: Program) -> None:
    ttp.account()
    ttp.post("a" * 281, "--to", "x")
    ttp.post("nowhere")
    assert ttp("publish", "1", "--yes", "--json").error["code"] == "content"
    for yes in ([], ["--yes"]):  # it is not asked about first
        assert ttp("publish", "2", *yes, "--json").error["hint"] == "ttp edit 2 --to x/me"
    assert [ttp.shown(i)["status"] for i in (1, 2)] == ["draft", "draft"]


def test_credentials_of_another_host_are_refused_with_both_names(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", "http://127.0.0.1:8700")
    ttp.account()
    ttp.post("Hello", "--to", "x")
    monkeypatch.delenv("TTP_PLATFORMS__X__BASE_URL")
    ran = ttp("publish", "1", "--yes", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "TTP_PLATFORMS__X__BASE_URL" in ran.error["message"]
    assert ttp.shown()["status"] == "draft"
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", "http://localhost:9")
    assert ttp("publish", "1", "--yes", "--no-wait").code == 0


def test_a_broken_entry_of_one_account_keeps_no_other_from_being_queued(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("x/other")
    file = ttp.home / "credentials.json"
    data = json.loads(file.read_text())
    data["accounts"]["x/me"] = "s3cret"
    file.write_text(json.dumps(data))
    ttp.post("Hello", "--to", "x/me,x/other")
    assert ttp("publish", "1", "--yes", "--no-wait").code == 0
    assert ttp.shown()["status"] in ("scheduled", "publishing")


def test_publish_follows_to_the_end_and_tells_an_account_to_reconnect(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ttp.post("Hello", "--to", "x")
    ran = ttp("publish", "1", "--yes", "--json")
    assert ran.code == 4
    (post,) = ran.json
    assert (post["status"], post["needs"]) == ("failed", ["reconnect"])
    assert post["deliveries"][0]["error"]["hint"] == "ttp account connect x/me"


def test_publish_tells_what_happens_line_by_line(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ttp.post("Hello", "--to", "x")
    lines = ttp("publish", "1", "--yes", "--jsonl").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [(e["event"], e.get("post"), e.get("account")) for e in events if e.get("post")] == [
        ("delivery.failed", 1, "x/me"),
        ("post.finished", 1, None),
    ]
    ttp.post("Again", "--to", "x")
    ran = ttp("publish", "2", "--yes")
    assert (ran.out, states(ttp, 2)) == ("2\n", ["failed"])


def test_a_followed_post_is_a_row_in_a_pipe_and_what_happens_is_beside_it(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ttp.post("Hello", "--to", "x")
    ran = ttp("publish", "1", "--yes", "--header", "--fields", "id,status")
    assert (ran.code, ran.out) == (4, "id\tstatus\n1\tfailed\n")
    assert [line.split()[1:] for line in ran.err.splitlines()][-1] == ["1", "FAILED"]
    again = ttp("retry", "1", "--quiet")
    assert (again.code, again.out, len(again.err.splitlines())) == (4, "1\n", 1)
    shown = ttp("retry", "1", "--format", "table")
    assert (shown.err, shown.out.splitlines()[-1].split()[1:]) == ("", ["1", "FAILED"])


def test_the_fields_of_events_and_of_the_tally_can_be_picked(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ttp.post("Hello", "--to", "x")
    lines = ttp("publish", "1", "--yes", "--jsonl", "--fields", "event,post").out.splitlines()
    assert [json.loads(line) for line in lines][:2] == [
        {"event": "publisher.started", "post": None},
        {"event": "delivery.failed", "post": 1},
    ]
    assert ttp("publish", "1", "--jsonl", "--fields", "id").code == 2
    assert ttp("run", "--once", "--header", "--fields", "published,failed").out == "published\tfailed\n0\t0\n"
    for argv in (["--once"], ["--until-idle", "--json"], ["--once", "--jsonl"]):
        ran = ttp("run", *argv, "--fields", "nope")
        assert (ran.code, ran.out, "nope" in ran.err) == (2, "", True)


# Run.


def test_a_run_once_tallies_what_it_did(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ttp.account("x/late")
    ttp.post("a", "--to", "x/me", "--at", "in 1m")
    ttp.post("b", "--to", "x/late", "--at", "in 1m")
    assert ttp("run", "--once", "--json").json == {
        **dict.fromkeys(("claimed", "published", "failed", "retrying", "needsReview", "missed", "waiting"), 0),
        "posts": [],
    }
    ttp.clock.advance(hours=7)
    ran = ttp("run", "--once", "--json")
    assert ran.code == 6
    tally = ran.json
    assert [post["id"] for post in tally.pop("posts")] == [1, 2]
    assert tally["failed"] + tally["missed"] == 2
    assert tally["published"] == 0


def test_a_run_that_finds_nothing_due_is_silent(ttp: Program) -> None:
    ttp.account()
    ran = ttp("run", "--once")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


# Resolve.


def test_a_person_settles_what_may_be_live(mixed: Program) -> None:
    address = "https://x.com/a/status/1890000000000000000?s=20"
    post = mixed("resolve", "3", "--account", "x/a", "--published", address, "--json").json
    assert post["status"] == "published"
    assert (post["deliveries"][0]["remoteId"], post["deliveries"][0]["url"]) == ("1890000000000000000", address)
    assert mixed("retry", "3", "--no-wait").code == 2


def test_what_is_not_live_is_failed_and_then_can_be_retried(mixed: Program) -> None:
    post = mixed("resolve", "3", "--not-published", "--json").json  # of the one account that needs a review
    assert (post["status"], post["deliveries"][0]["state"]) == ("partial", "failed")
    assert post["deliveries"][0]["error"]["hint"] == "ttp retry 3 --account x/a"
    assert mixed("retry", "3", "--account", "x/a", "--no-wait").out == "3\n"
    assert states(mixed, 3) == ["pending", "published"]


@pytest.mark.parametrize(
    ("said", "outcome", "message"),
    [
        (
            ["--published", "https://x.com/a/status/1890000000000000000"],
            "found",
            "https://x.com/a/status/1890000000000000000",
        ),
        (["--not-published"], "absent", ""),
    ],
)
def test_what_a_person_said_is_in_the_log(mixed: Program, said: list[str], outcome: str, message: str) -> None:
    before = len(mixed("log", "3").rows)
    mixed.ok("resolve", "3", "--account", "x/a", *said)
    *_, last = mixed("log", "3").rows
    assert len(mixed("log", "3").rows) == before + 1
    assert last[1:] == ["x/a", "a person looked", outcome, "", "", message]


def test_a_remote_post_belongs_to_one_delivery(mixed: Program) -> None:
    ran = mixed("resolve", "3", "--account", "x/a", "--published", "11", "--json")
    assert (ran.code, ran.error["code"]) == (2, "conflict")
    assert states(mixed, 3) == ["needs_review", "published"]


@pytest.mark.parametrize(
    ("argv", "code", "names"),
    [
        (["3", "--account", "x/a"], "usage", "--not-published"),
        (["3", "--account", "x/a", "--published", "1", "--not-published"], "usage", "--not-published"),
        (["1", "--not-published"], "usage", "--account x/a"),
        (["3", "--account", "x/b", "--not-published"], "state", "x/b"),
        (["3", "--account", "tt", "--not-published"], "not_found", "tiktok/c"),
        (["3", "--account", "x/z", "--not-published"], "not_found", "x/z"),
        (["3", "--account", "", "--not-published"], "usage", '""'),
        (["9", "--account", "x/a", "--not-published"], "not_found", "9"),
        (["3", "--account", "x/a", "--published", ""], "usage", "--published URL"),
        (["3", "--account", "x/a", "--published", "garbage"], "usage", '"garbage"'),
        (["3", "--account", "x/a", "--published", "https://x.com/a"], "usage", "--published ID"),
        (["3", "--account", "x/a", "--published", "http://x.com/a/status/1"], "usage", "--published URL"),
    ],
    ids=str,
)
def test_a_word_that_settles_nothing_is_refused(mixed: Program, argv: list[str], code: str, names: str) -> None:
    ran = mixed("resolve", *argv, "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (3 if code == "not_found" else 2, "", code)
    assert names in f"{ran.error['message']} {ran.error['hints']}"
    assert states(mixed, 3) == ["needs_review", "published"]
