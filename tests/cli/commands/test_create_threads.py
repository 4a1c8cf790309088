"""Threads and prices on the command line: `--thread`, what is said of it, and what X will charge."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Program
from tests.platforms.factories import PLATFORMS

LINK = "see https://example.com/menu"


@pytest.fixture
def me(ttp: Program) -> Program:
    ttp.account("x/me")
    ttp.account("instagram/me")
    return ttp


def half_out(ttp: Program, state: str) -> None:
    """A thread of three of which two parts are published."""
    ttp.ok("create", "One", "--thread", "Two", "--thread", "Three", "--to", "x/me", "--at", "in 1h")
    handle = {"parts": ["5", "6"], "of": 3}
    url = "https://x.com/i/status/5"
    ttp.bring(1, state, handle=handle, remote_id="5", url=url, error=("content", "403 no"), next_at=None)


def test_the_parts_of_a_thread_are_stored_in_order(me: Program) -> None:
    made = me.ok("create", "One", "--thread", "Two, or 2", "--thread", "Three", "--to", "x/me", "--json").json
    assert made["thread"] == ["Two, or 2", "Three"]
    assert made["warnings"] == []


def test_an_edit_replaces_the_thread_whole_and_an_empty_text_empties_it(me: Program) -> None:
    me.post("One", "--thread", "Two", "--to", "x/me")
    assert me.ok("edit", "1", "Another one", "--json").json["thread"] == ["Two"]
    assert me.ok("edit", "1", "--thread", "A", "--thread", "B", "--json").json["thread"] == ["A", "B"]
    assert me.ok("edit", "1", "--thread", "", "--json").json["thread"] == []


@pytest.mark.parametrize("parts", [["", "Three"], ["Two", ""], ["", ""]])
def test_an_empty_part_is_refused_a_time_by_its_number(me: Program, parts: list[str]) -> None:
    words = [word for part in parts for word in ("--thread", part)]
    refused = me("create", "One", *words, "--to", "x/me", "--at", "in 1h", "--json")
    assert refused.code == 2
    problem = refused.error["problems"][0]
    assert (problem["field"], str(parts.index("") + 2) in problem["message"]) == ("thread", True)
    assert me.ok("create", "One", *words, "--to", "x/me", "--json").json["thread"] == parts


def test_a_corrected_command_keeps_the_thread(me: Program) -> None:
    refused = me("create", "One", "--thread", "Part two", "--to", "x/me", "--at", "tomorrow", "--json")
    assert "--thread 'Part two'" in refused.error["hint"]


def test_the_same_key_with_another_thread_is_a_conflict(me: Program) -> None:
    me.post("One", "--thread", "Two", "--to", "x/me", "--key", "k")
    assert me.ok("create", "One", "--thread", "Two", "--to", "x/me", "--key", "k", "--json").json["replayed"] is True
    assert me("create", "One", "--thread", "2", "--to", "x/me", "--key", "k", "--json").error["code"] == "conflict"
    assert me("create", "One", "--to", "x/me", "--key", "k", "--json").error["code"] == "conflict"


def test_a_key_of_a_post_without_a_thread_is_what_it_was_before_threads() -> None:
    from ttp.domain.post_edit import PostInput, request_fingerprint

    assert request_fingerprint(PostInput(text="hi"), (), PLATFORMS) == request_fingerprint(
        PostInput(text="hi", thread=()), (), PLATFORMS
    )


def test_which_platforms_get_the_thread_is_said(me: Program) -> None:
    both = me.ok("create", "One", "--thread", "Two", "--to", "x/me,instagram/me", "--json").json
    assert any("instagram/me" in warning for warning in both["warnings"])
    alone = me("create", "One", "--thread", "Two", "--to", "instagram/me", "--at", "in 1h", "--json")
    assert "thread_nowhere" in [problem["code"] for problem in alone.error["problems"]]


def test_show_numbers_the_parts_and_tells_where_a_retry_goes_on(me: Program) -> None:
    half_out(me, "failed")
    shown = me.ok("show", "1", "--format", "table").out
    assert "Thread      2. Two\n              3. Three\n" in shown
    assert "ttp retry 1\n" in shown
    assert "part 3 of 3 on x/me" in shown
    assert me.shown()["deliveries"][0]["url"] == "https://x.com/i/status/5"


def test_show_tells_how_far_a_thread_is_that_is_under_way(me: Program) -> None:
    half_out(me, "retrying")
    shown = me.ok("show", "1", "--format", "table").out
    assert "2 of 3" in shown
    assert "https://x.com/i/status/5" in shown


def test_a_part_in_doubt_that_is_live_ends_the_thread_where_it_was_the_last(me: Program) -> None:
    half_out(me, "needs_review")
    found = "https://x.com/me/status/7"
    said = me.ok("resolve", "1", "--account", "x/me", "--published", found, "--format", "table").out
    assert said == "Post 1 for x/me is published.\n"
    assert me.shown()["deliveries"][0]["remoteId"] == "5"


def test_a_part_in_doubt_that_is_live_leaves_the_rest_to_a_retry(me: Program) -> None:
    half_out(me, "needs_review")
    me.sql("UPDATE delivery SET handle = ?", json.dumps({"parts": ["5"], "of": 3}))
    me.ok("resolve", "1", "--account", "x/me", "--published", "6")
    (delivery,) = me.shown()["deliveries"]
    assert (delivery["state"], delivery["error"]["hint"]) == ("failed", "ttp retry 1 --account x/me")


def test_a_link_is_told_with_its_price_before_it_gets_a_time(me: Program) -> None:
    draft = me.ok("create", LINK, "--to", "x/me", "--json")
    assert (draft.json["warnings"], draft.err) == ([], "")
    for argv in (["schedule", "1", "--at", "in 1h"], ["edit", "1", "--at", "in 2h"]):
        ran = me.ok(*argv, "--json")
        shown = ran.json[0] if isinstance(ran.json, list) else ran.json
        assert any("$0.20" in warning for warning in shown["warnings"])
        assert "$0.20" in ran.err
    made = me.ok("create", "One", "--thread", LINK, "--to", "x/me", "--at", "in 1h", "--json").json
    assert any("$0.215" in warning for warning in made["warnings"])


def test_a_post_without_a_link_says_nothing_of_its_price(me: Program) -> None:
    assert "$" not in me.ok("create", "Hello. 3.5 kg", "--to", "x/me", "--at", "in 1h").err


def test_publishing_a_draft_at_once_says_its_price_too(me: Program) -> None:
    me.post(LINK, "--to", "x/me")
    assert "$0.20" in me.ok("publish", "1", "--no-wait", "--yes").err


def test_status_sums_up_what_x_will_charge(me: Program) -> None:
    assert me.ok("status", "--json").json["costs"] == {"x": {"posts": 0, "usd": 0.0, "more": False}}
    assert "costs" not in me.ok("status", "--format", "table").out
    me.post("Hello", "--to", "x/me", "--at", "in 1h")
    me.post("One", "--thread", LINK, "--to", "x/me", "--at", "in 2h")
    me.post("a draft", "--to", "x/me")
    assert me.ok("status", "--json").json["costs"] == {"x": {"posts": 2, "usd": 0.23, "more": False}}
    assert "$0.23" in me.ok("status", "--format", "table").out


def test_status_sums_up_no_more_than_it_can_at_once(me: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.services.status.MOST_PRICED", 1)
    me.account("x/other")
    me.post("Hello", "--to", "x/me", "--at", "in 2h")
    me.post(LINK, "--to", "x/other", "--at", "in 1h")
    assert me.ok("status", "--json").json["costs"] == {"x": {"posts": 1, "usd": 0.2, "more": True}}
    assert "$0.20" in me.ok("status", "--format", "table").out


def test_the_log_tells_parts_apart_where_there_is_little_room(me: Program) -> None:
    half_out(me, "failed")
    me.sql(
        "INSERT INTO attempt (delivery_id, number, step, phase, at, outcome)"
        " VALUES (1, 1, 'POST /2/tweets (part 2 of 3)', 'publish', 0, 'done')"
    )
    assert "part 2 of 3: POST" in me.ok("log", "1", "--format", "table").out
    assert me.ok("log", "1", "--json").json[0]["step"] == "POST /2/tweets (part 2 of 3)"
