"""Deliveries whose time passed while nothing ran: missed, or late with a gap."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.publisher.bench import Bench
from tests.settings import Config
from tests.store.stores import transaction
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.publishing.outcome import Absent, Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.platforms.client import PublishRequest
from ttp.publisher import expiry
from ttp.publisher.delivery_context import apply_outcome_to_account
from ttp.publisher.loop import Mode

HOUR = 3600.0
PUBLISHED, FAILED, PENDING = DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.PENDING


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages show local times."""
    monkeypatch.setitem(os.environ, "TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def message(bench: Bench, post_id: int = 1) -> str:
    error = bench.error(post_id)
    assert error.kind is Kind.MISSED
    return error.message


def times(message: str) -> list[str]:
    """The dates, times of day and hours that a message names."""
    return re.findall(r"\d+ [A-Z][a-z]{2}|\d\d:\d\d|\d+ (?:h|min)\b", message)


def test_a_post_that_is_too_late_is_missed_and_says_since_when(tmp_path: Path) -> None:
    due = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    bench = Bench(tmp_path / "home", FakeClock(datetime(2026, 11, 24, 8, 10, tzinfo=UTC)))
    post = bench.post(due=(due - START).total_seconds(), created_at=due)
    bench.sql("UPDATE account SET created_at = 0")
    bench.run()
    assert times(message(bench)) == ["18:00", "08:10", "6 h"]
    error = bench.error()
    assert error.hint == action("retry", post)
    assert bench.whole(post).status is PostStatus.FAILED
    assert bench.x.calls == []
    assert bench.told("delivery.failed", "post.finished") == ["delivery.failed", "post.finished"]


def test_the_clock_is_that_of_the_account(bench: Bench) -> None:
    bench.post(due=-6 * HOUR - 60.0)
    bench.sql("UPDATE account SET timezone = 'Europe/Berlin'")
    bench.run()
    assert times(message(bench)) == ["06:59", "05:59", "13:00", "6 h"]


def test_an_invalid_timezone_is_ignored(bench: Bench) -> None:
    bench.post(due=-6 * HOUR - 60.0)
    bench.sql("UPDATE account SET timezone = x'00'")
    bench.run()
    assert times(message(bench)) == ["05:59", "12:00", "6 h"]


def test_a_post_that_is_days_late_is_missed_with_both_dates(bench: Bench) -> None:
    bench.post(due=-48 * HOUR - 60.0)
    bench.run()
    assert times(message(bench)) == ["22 Nov", "11:59", "24 Nov", "12:00", "6 h"]


@pytest.mark.parametrize(
    ("limit", "late", "state", "shown"),
    [(60.0, 61.0, FAILED, "1 min"), (90.0, 100.0, FAILED, "1 min 30 s"), (100 * HOUR, 99 * HOUR, PUBLISHED, "")],
)
def test_a_post_s_own_limit_wins(bench: Bench, limit: float, late: float, state: DeliveryState, shown: str) -> None:
    bench.post(due=-late, max_lateness_s=limit)
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.delivery().state is state
    assert not shown or message(bench).endswith(f" {shown})")


def test_a_retry_that_has_become_too_late_keeps_what_went_wrong(bench: Bench) -> None:
    bench.post(due=-6 * HOUR + 5)
    bench.x.publishes.append(NotDone(Kind.NETWORK, "cut off", passing=True))
    bench.run()
    assert times(message(bench)) == ["06:00", "12:00", "6 h"]
    assert message(bench).endswith("cut off")
    assert bench.x.times("publish") == [0.0]


SLOW_DOWN = NotDone(Kind.RATE_LIMIT, "429 slow down", passing=True, retry_at=START.replace(hour=13, minute=30))


def test_the_time_that_a_platform_asked_for_is_not_lateness(bench: Bench) -> None:
    bench.post(due=-5 * HOUR)
    bench.x.publishes.extend([SLOW_DOWN, Done("1")])
    bench.run()
    assert bench.delivery().state is PUBLISHED
    assert bench.x.times("publish") == [0.0, 1.5 * HOUR]


def test_a_post_s_own_limit_holds_whatever_the_platform_asks_for(bench: Bench) -> None:
    bench.post(max_lateness_s=600.0)
    bench.x.publishes.append(SLOW_DOWN)
    bench.run()
    assert times(message(bench)) == ["12:00", "13:30", "10 min"]
    assert message(bench).endswith("429 slow down")


QUOTA = NotDone(Kind.QUOTA, "no credit", passing=True, retry_at=START.replace(hour=20), hold=True)


@pytest.mark.usefixtures("a_day_passes")
def test_posts_delayed_by_a_hold_are_not_missed(bench: Bench) -> None:
    for i in range(3):
        bench.post(due=float(i))
    bench.x.publishes.extend([QUOTA, *(Done(str(i)) for i in range(3))])
    bench.run()
    assert [bench.delivery(i).state for i in (1, 2, 3)] == [PUBLISHED] * 3
    assert bench.x.times("publish") == [0.0, 8 * HOUR, 8 * HOUR, 8 * HOUR + 60], "the late ones with their gap"


def test_posts_delayed_by_a_hold_are_missed_if_no_publisher_runs_after_it(bench: Bench) -> None:
    for _ in range(2):
        bench.post()
    bench.x.publishes.append(QUOTA)
    bench.run(Mode.ONCE)
    bench.clock.advance(14 * HOUR + 1)
    bench.run(Mode.ONCE)
    assert [bench.delivery(i).state for i in (1, 2)] == [FAILED] * 2
    assert times(message(bench, 2)) == ["12:00", "20:00", "02:00", "6 h"]


@pytest.mark.usefixtures("a_day_passes")
def test_a_temporary_failure_after_a_hold_does_not_fail_the_post(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([QUOTA, NotDone(Kind.NETWORK, "cut off", passing=True), Done("1")])
    bench.run()
    assert bench.delivery().state is PUBLISHED


@pytest.mark.usefixtures("a_day_passes")
def test_a_call_that_met_a_limit_holds_the_account_until_it_resets(bench: Bench) -> None:
    for _ in range(2):
        bench.post()
    reset = START + timedelta(hours=7)
    bench.x.publishes.extend([Unknown(Kind.RATE_LIMIT, "429", look_at=reset), Done("1"), Done("2")])
    bench.x.always = Absent()
    bench.run()
    assert [bench.delivery(i).state for i in (1, 2)] == [PUBLISHED] * 2
    assert (bench.account_now("x/me").hold_until, bench.account_now("x/me").hold_reason) == (reset, "429")
    assert [at >= 7 * HOUR for at in bench.x.times("publish")] == [False, True, True]
    assert bench.x.times("look_up")[0] == 7 * HOUR


def test_a_shorter_hold_does_not_end_a_longer_one(bench: Bench) -> None:
    bench.account("x/you")
    for until, reason in ((20, "long"), (13, "short")):
        bench.post("x/you", due=-1.0)
        hold = NotDone(Kind.QUOTA, reason, passing=True, retry_at=START.replace(hour=until), hold=True)
        with transaction(bench.database) as db:
            apply_outcome_to_account(bench.account_now("x/you"), hold, START)(db)
    held = bench.account_now("x/you")
    assert (held.hold_until, held.hold_reason) == (START.replace(hour=20), "long")


def test_a_block_without_a_time_holds_the_account_for_a_day_and_fails_the_post(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(NotDone(Kind.ACCOUNT, "suspected spam", hold=True))
    bench.run()
    assert bench.delivery().state is DeliveryState.FAILED
    assert bench.account_now("x/me").hold_until == bench.clock.now() + timedelta(days=1)


def test_any_number_of_late_posts_is_missed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "MOST", 3)
    posts = [bench.post(due=-7 * HOUR + i) for i in range(8)]
    bench.run()
    assert [bench.delivery(i).state for i in posts] == [FAILED] * 8
    assert bench.x.calls == []


def test_a_post_that_becomes_due_does_not_wait_behind_late_posts(bench: Bench) -> None:
    for i in range(3):
        bench.post(due=-HOUR + i)
    punctual = bench.post(due=30.0)
    bench.x.publishes.extend(Done(str(i)) for i in range(4))
    bench.run()
    assert [(c.delivery, c.at) for c in bench.x.calls if c.name == "publish"] == [
        (1, 0.0),
        (punctual, 30.0),
        (2, 60.0),
        (3, 120.0),
    ]


def test_under_a_backlog_a_punctual_post_is_published_at_its_time_and_late_ones_go_on(bench: Bench) -> None:
    bench.config = Config({"publish.concurrency": 4})
    names = [f"x/a{i}" for i in range(12)]
    for i, name in enumerate(names):
        bench.account(name)
        bench.post(name, due=-HOUR + i)
    bench.account("x/you")
    punctual = [bench.post(name, due=0.0) for name in ["x/you", *names[:5]]]
    order: list[int] = []

    def publish(asked: PublishRequest, handle: Handle) -> Outcome:
        order.append(asked.delivery_id)
        return Done(str(asked.delivery_id))

    bench.x.publishes.extend([publish] * 18)
    bench.run()
    late = [i for i in range(1, 19) if i not in punctual]
    assert sorted(order) == sorted([*punctual, *late])
    firsts = order[:8]
    assert {*punctual} <= {*firsts}, "six punctual ones need two rounds of three places"
    assert [i for i in firsts if i in late] != [], "late ones keep the fourth place"


def test_missed_posts_of_others_are_not_touched_by_a_publisher_of_some(bench: Bench) -> None:
    mine, missed = bench.post(), bench.post(due=-10 * HOUR)
    bench.x.publishes.append(Done("1"))
    bench.run(Mode.PUBLISH, only=[mine])
    assert (bench.delivery(mine).state, bench.delivery(missed).state) == (PUBLISHED, PENDING)
    assert {event.post for event in bench.events} == {mine, None}


def test_a_publisher_of_some_misses_its_own(bench: Bench) -> None:
    bench.post(due=-10 * HOUR)
    bench.run(Mode.PUBLISH, only=[1])
    assert bench.delivery().state is FAILED


@pytest.mark.parametrize(
    ("fields", "kind", "fix"),
    [
        ({"enabled": False}, Kind.ACCOUNT, "account enable"),
        ({"connected": False}, Kind.AUTH, "account connect"),
        ({"needs_reconnect": True}, Kind.AUTH, "account connect"),
    ],
)
def test_due_posts_of_an_account_that_cannot_publish_fail_with_a_fix(
    bench: Bench, fields: dict[str, bool], kind: Kind, fix: str
) -> None:
    bench.account("x/off", **fields)
    bench.post("x/off")
    bench.post("x/off", due=HOUR)
    bench.stop_at(10.0)
    bench.run(Mode.LOOP)
    error = bench.error(1)
    assert (error.kind, error.hint) == (kind, action(fix, "x/off"))
    assert bench.delivery(2).state is PENDING


def test_an_account_that_cannot_publish_fails_its_post_at_its_time_also_beside_other_work(bench: Bench) -> None:
    bench.account("x/off", enabled=False)
    bench.post("x/me", due=9.9)
    bench.post("x/off", due=10.0)
    bench.x.publishes.append(Done("1"))
    bench.stop_at(20.0)
    bench.run(Mode.LOOP)
    (failed,) = [event for event in bench.events if event.event == "delivery.failed"]
    assert 10.0 <= (failed.at - START).total_seconds() <= 11.0


def test_a_post_is_finished_once_and_only_when_all_its_deliveries_are(bench: Bench) -> None:
    bench.account("x/off", enabled=False)
    bench.account("x/also-off", enabled=False)
    bench.post("x/me", "x/off", "x/also-off")
    bench.x.publishes.append(Done("1"))
    bench.run()
    finished = [event for event in bench.events if event.event == "post.finished"]
    assert [event.kind for event in finished] == ["partial"]
