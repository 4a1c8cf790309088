"""`ttp slots`, `--at next-slot` and `--first`: which post has which slot, and the answer when all are full."""

from __future__ import annotations

import threading

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from ttp.cli.errors import BY_CODE

WED, THU, FRI = "2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z", "2026-11-27T08:00:00Z"
SAT = "2026-11-28T08:00:00Z"


@pytest.fixture
def daily(ttp: Program) -> Program:
    """One account, with a slot every day at 09:00 in Berlin."""
    ttp.account()
    ttp.ok("slots", "add", "daily 09:00", "--account", "x/me", "--tz", "Europe/Berlin")
    return ttp


def taken(ttp: Program, *texts: str) -> list[int]:
    return [ttp.post(text, "--to", "x", "--at", "next-slot") for text in texts]


def times(ttp: Program) -> dict[int, str]:
    return {post["id"]: post["scheduledAt"] for post in ttp.ok("list", "--json").json}


def test_a_slot_is_added_shown_with_its_next_time_and_removed(ttp: Program) -> None:
    ttp.account()
    added = ttp.ok(
        "slots", "add", "mon,wed 9am", "--account", "x/me", "--tz", "Europe/Berlin", "--name", "mornings", "--json"
    )

    slot = {
        "id": 1,
        "account": "x/me",
        "cron": "0 9 * * 1,3",
        "timezone": "Europe/Berlin",
        "name": "mornings",
        "nextAt": WED,
    }
    assert added.json == [slot]
    assert ttp.ok("slots", "list", "--json").json == [slot]
    assert ttp.ok("slots", "list").rows == [["1", "x/me", "0 9 * * 1,3", "Europe/Berlin", "mornings", WED]]
    assert ttp.ok("slots", "remove", "mornings", "--json").json == [{"id": 1, "removed": True}]
    assert ttp.ok("slots", "list").out == ""


def test_the_same_slot_again_adds_nothing_and_may_be_named(daily: Program) -> None:
    again = daily.ok(
        "slots", "add", "--cron", "0 9 * * *", "--account", "x", "--tz", "Europe/Berlin", "--name", "a", "--json"
    )

    assert [slot["name"] for slot in again.json] == ["a"]
    assert daily.count("slot") == 1


def test_the_zone_is_the_accounts_own_unless_another_is_given(ttp: Program) -> None:
    ttp.account()
    ttp.ok("account", "set", "x/me", "--tz", "America/New_York")
    ttp.ok("slots", "add", "daily 9am", "--account", "x/me")
    ttp.ok("slots", "add", "daily 9am", "--account", "x/me", "--tz", "Asia/Tokyo")

    assert [row[3] for row in ttp.ok("slots", "list").rows] == ["America/New_York", "Asia/Tokyo"]
    assert ttp("slots", "add", "daily 9am", "--account", "x/me", "--tz", "Nowhere").code == 2


def test_the_next_free_slot_is_taken_and_said_in_full(daily: Program) -> None:
    said = daily.ok("create", "one", "--to", "x", "--at", "next-slot", "--format", "table").out

    assert said == "Scheduled post 1 for Wed 25 Nov 2026 08:00 UTC (09:00 Berlin for x/me)\n"
    assert taken(daily, "two", "three") == [2, 3]
    assert times(daily) == {1: WED, 2: THU, 3: FRI}


def test_the_wall_clock_stays_over_the_change_of_clocks(daily: Program, clock: FakeClock) -> None:
    clock.advance(days=120)  # 24 March 2027; clocks change on the 28th
    posts = taken(daily, *"abcdef")

    assert [times(daily)[post][5:16] for post in posts] == [
        *("03-25T08:00", "03-26T08:00", "03-27T08:00"),
        *("03-28T07:00", "03-29T07:00", "03-30T07:00"),
    ]


@pytest.mark.parametrize("words", [("delete", "1"), ("unschedule", "1"), ("schedule", "1", "--at", "2026-12-24 10:00")])
def test_a_post_that_goes_away_frees_its_slot(daily: Program, words: tuple[str, ...]) -> None:
    taken(daily, "one", "two")
    daily.ok(*words)
    (third,) = taken(daily, "three")

    assert times(daily)[third] == WED


def test_a_post_that_stands_in_the_next_slot_stays_there(daily: Program) -> None:
    taken(daily, "one", "two")

    assert daily.ok("schedule", "1", "--at", "next-slot", "--json").json[0]["scheduledAt"] == WED
    assert daily.ok("edit", "2", "--at", "next-slot", "--json").json["scheduledAt"] == THU


def test_a_post_at_the_same_instant_by_hand_holds_the_slot(daily: Program) -> None:
    daily.post("by hand", "--to", "x", "--at", WED)
    (second,) = taken(daily, "two")

    assert times(daily)[second] == THU


def test_drafts_take_slots_in_the_order_given(daily: Program) -> None:
    for text in "abc":
        daily.post(text, "--to", "x")
    daily.ok("schedule", "3", "1", "2", "--at", "next-slot")

    assert times(daily) == {3: WED, 1: THU, 2: FRI}


def test_several_accounts_take_a_slot_that_all_have_and_that_is_free_for_all(daily: Program) -> None:
    daily.account("tiktok/me")
    daily.account("x/b")
    daily.ok("slots", "add", "thu,sat 09:00", "--account", "x/b", "--tz", "Europe/Berlin")
    daily.post("only one", "--to", "x/me", "--at", THU)
    both = daily.post("both", "--to", "x/me,x/b", "--at", "next-slot")

    assert times(daily)[both] == SAT


def test_what_has_no_slot_says_how_to_add_some(daily: Program) -> None:
    daily.account("x/b")
    ran = daily("create", "a", "--to", "x/me,x/b", "--at", "next-slot")

    assert ran.code == 2
    assert "ttp slots add 'mon,wed,fri 09:00' --account x/b" in ran.err
    assert daily.count("post") == 0


def test_accounts_whose_slots_never_meet_are_told_how_far_was_looked(daily: Program) -> None:
    daily.account("x/b")
    daily.ok("slots", "add", "daily 10:00", "--account", "x/b", "--tz", "Europe/Berlin")
    ran = daily("create", "a", "--to", "x/me,x/b", "--at", "next-slot")

    assert ran.code == 2
    assert "24 Nov 2027" in ran.err


def test_no_free_slot_within_the_horizon_says_how_far_was_looked(
    daily: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_SLOTS__HORIZON_S", str(2 * 86400))
    taken(daily, "one", "two")
    ran = daily("create", "three", "--to", "x", "--at", "next-slot")

    assert ran.code == 2
    assert all(fact in ran.err for fact in ("26 Nov 2026", "2 days", "slots.horizon_s"))
    assert "ttp slots preview --account x/me" in ran.err


def test_the_first_goes_in_front_and_the_others_move_along_to_the_gap(daily: Program) -> None:
    taken(daily, "one", "two")
    daily.post("later", "--to", "x", "--at", SAT)
    ran = daily.ok("create", "front", "--to", "x", "--at", "next-slot", "--first", "--json")

    assert times(daily) == {4: WED, 1: THU, 2: FRI, 3: SAT}
    moved = [line for line in ran.json["warnings"] if line.startswith("post ")]
    for line, post, at in zip(moved, (1, 2), ("Thu 26", "Fri 27"), strict=True):
        assert line.startswith(f"post {post} ")
        assert line.endswith(f" {at} Nov 2026 08:00 UTC (09:00 Berlin for x/me)")
        assert f"note: {line}" in ran.err


def test_a_post_of_the_row_goes_to_its_front_and_leaves_no_hole_filled_twice(daily: Program) -> None:
    taken(daily, "one", "two", "three")
    daily.ok("schedule", "3", "--at", "next-slot", "--first")

    assert times(daily) == {3: WED, 1: THU, 2: FRI}


def test_what_is_being_published_keeps_its_place(daily: Program) -> None:
    taken(daily, "one", "two")
    daily.bring(1, "claimed")
    front = daily.post("front", "--to", "x", "--at", "next-slot", "--first")

    assert times(daily) == {1: WED, front: THU, 2: FRI}


def test_who_cannot_move_along_is_named_and_nothing_is_changed(daily: Program) -> None:
    daily.account("x/b")
    daily.post("both", "--to", "x/me,x/b", "--at", WED)
    ran = daily("create", "front", "--to", "x/me", "--at", "next-slot", "--first")

    assert ran.code == 2
    assert "post 1" in ran.err
    assert times(daily) == {1: WED}


def test_first_is_for_one_post_and_for_slots(daily: Program) -> None:
    taken(daily, "one", "two")
    several = daily("schedule", "1", "2", "--at", "next-slot", "--first")
    elsewhere = daily("create", "a", "--to", "x", "--at", "9am", "--first")

    assert (several.code, elsewhere.code) == (2, 2)
    assert "ttp create a --to x --at next-slot --first" in elsewhere.err


def test_first_alone_means_the_next_slot(daily: Program) -> None:
    taken(daily, "one")
    front = daily.post("front", "--to", "x", "--first")

    assert times(daily) == {front: WED, 1: THU}


def test_the_preview_shows_who_holds_the_next_ten(daily: Program) -> None:
    taken(daily, "one")
    daily.post("there too", "--to", "x", "--at", WED)
    daily.ok("slots", "add", "wed 09:00", "--account", "x/me", "--tz", "Europe/Berlin")
    found = daily.ok("slots", "preview", "--json").json

    assert len(found) == 10
    assert found[0] == {
        "at": WED,
        "account": "x/me",
        "slot": 1,
        "name": None,
        "timezone": "Europe/Berlin",
        "post": 1,
        "posts": [1, 2],
        "content": "one",
    }
    assert found[1]["post"] is None
    assert daily.ok("slots", "preview", "--count", "1").rows == [[WED, "x/me", "1", "1", "one"]]


def test_pictures_show_the_time_on_the_slots_own_clock(daily: Program) -> None:
    taken(daily, "one")
    daily.ok("slots", "add", "mon 07:00", "--account", "x/me", "--tz", "Asia/Tokyo", "--name", "far")
    listed = daily.ok("slots", "list", "--format", "table").out
    preview = daily.ok("slots", "preview", "--format", "table").out

    assert "daily 09:00" in listed
    assert "mon 07:00" in listed
    assert "far" in listed
    assert "Wed 25 Nov 2026 09:00  in 20 h  Europe/Berlin" in preview
    assert "Mon 30 Nov 2026 07:00" in preview
    assert "free" in preview
    assert "  x/me     1 one\n" in preview


@pytest.mark.parametrize(
    ("words", "code"),
    [
        *((("add", "daily 9am"), "usage"), (("add", "--account", "x/me"), "usage")),
        (("add", "daily 9am", "--cron", "0 9 * * *", "--account", "x/me"), "usage"),
        *((("add", "daily 9", "--account", "x/me"), "usage"), (("remove", "7"), "not_found")),
        *((("add", "--cron", "0 9 * * * *", "--account", "x/me"), "usage"), (("remove", "1", "gone"), "not_found")),
        *((("add", "daily 9am", "--account", "x/me", "--name", "12"), "usage"),),
        (("add", "daily 9am", "--account", "x/nobody"), "not_found"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(daily: Program, words: tuple[str, ...], code: str) -> None:
    ran = daily("slots", *words, "--json")

    assert (ran.code, ran.error["code"]) == (BY_CODE[code], code)
    assert ran.error["hints"]
    assert daily.count("slot") == 1


def test_two_that_come_at_once_take_two_slots(daily: Program) -> None:
    """The slot is chosen before the transaction, and looked at again inside it."""
    from ttp.cli.context import Context
    from ttp.domain.post_edit import PostInput

    meet = threading.Barrier(2)
    found: list[str] = []

    def create() -> None:
        here, wanted = Context(daily.clock), PostInput(text="hi", to=("x",), at="next-slot")
        time = here.times.resolve("next-slot", here.posts.accounts_of_new(wanted))
        meet.wait()
        found.append(str(here.posts.create(wanted, time).post.scheduled_at))

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["2026-11-25 08:00:00+00:00", "2026-11-26 08:00:00+00:00"]
