"""Check-ups as data: the result of several remarks, and how an end date is described."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.rows import each
from ttp.domain.action import action
from ttp.domain.diagnostics import (
    Check,
    Checkup,
    Grade,
    Remark,
    combine_remarks,
    failure_remark,
    format_end,
    ok_remark,
    warning_remark,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_one_check_is_as_bad_as_its_worst_remark_and_says_that_first() -> None:
    found = combine_remarks(
        "x/me",
        [
            ok_remark("works"),
            warning_remark("ends soon", action("account connect", "x/me")),
            failure_remark("no credit"),
        ],
    )
    assert found == Check("x/me", Grade.FAIL, "no credit; ends soon; works", None, False)


def test_the_way_out_is_that_of_the_worst() -> None:
    assert combine_remarks("a", [warning_remark("old", "do this"), ok_remark("good")]).hint == "do this"
    assert (
        combine_remarks(
            "a", [failure_remark("bad"), failure_remark("worse", "do that"), warning_remark("old", "do this")]
        ).hint
        == "do that"
    )
    assert combine_remarks("a", [Remark(Grade.OK, "good", "nothing to do")]).hint == "nothing to do"


def test_a_check_is_a_reconnect_only_where_nothing_else_failed() -> None:
    dead = failure_remark("dead token", action("account connect", "x/me"), reconnect=True)
    assert combine_remarks("a", [dead, warning_remark("held")]).reconnect
    assert not combine_remarks("a", [dead, failure_remark("no credit")]).reconnect
    assert not combine_remarks("a", [ok_remark("good")]).reconnect


def test_a_check_up_counts_and_knows_whether_only_logins_are_missing() -> None:
    dead = combine_remarks("a", [failure_remark("dead", reconnect=True)])
    bad, good, old = (
        combine_remarks("b", [failure_remark("bad")]),
        combine_remarks("c", [ok_remark("good")]),
        combine_remarks("d", [warning_remark("old")]),
    )
    both = Checkup((dead, bad, good, old, good))
    assert [both.count(status) for status in (Grade.OK, Grade.WARN, Grade.FAIL)] == [2, 1, 2]
    assert not both.only_reconnects
    assert Checkup((dead, good, old)).only_reconnects
    assert not Checkup((good, old)).only_reconnects


@each(
    ("span", "told"),
    [
        (timedelta(days=49, hours=3), "12 Jan 2027 (in 49 d)"),
        (timedelta(days=-3), "21 Nov 2026 (3 d ago)"),
        (timedelta(hours=47), "in 1 d 23 h"),
        (timedelta(hours=-19), "19 h ago"),
        (timedelta(minutes=119), "in 1 h 59 min"),
        (timedelta(seconds=20), "in 20 s"),
    ],
)
def test_an_end_is_told_by_its_day_and_how_far_it_is(span: timedelta, told: str) -> None:
    assert format_end(NOW + span, NOW) == told
