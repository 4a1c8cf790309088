"""Publishing with required approval: which posts wait, how long, and what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import people
from tests.clock import START
from tests.publisher.bench import Bench
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Done, Kind
from ttp.publisher.loop import Mode
from ttp.publisher.watch import PostWatch

HOUR = 3600.0
PUBLISHED, FAILED, PENDING = DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.PENDING


@pytest.fixture
def strict(tmp_path: Path) -> Bench:
    """A publisher that asks for approval."""
    return Bench(tmp_path / "home", publish__require_approval=True)


def approve(bench: Bench, *ids: int) -> None:
    people.approvals_of(people.posts_of(bench.database, bench.clock, bench.config)).approve(ids)
    bench.be_heard()


def notes(bench: Bench) -> list[str | None]:
    return [event.message for event in bench.events if event.kind == "approval"]


@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.UNTIL_IDLE])
def test_a_short_run_skips_unapproved_posts_reports_them_and_ends(strict: Bench, mode: Mode) -> None:
    strict.post(due=-1.0)
    strict.post()
    strict.post(due=HOUR)
    strict.run(mode)
    assert strict.x.calls == []
    assert [strict.delivery(i).state for i in (1, 2, 3)] == [PENDING] * 3
    assert notes(strict) == ["posts 1 2 waiting for approval"]
    assert strict.seconds == 0.0
    strict.run(mode)
    assert len(strict.naps) <= 1


def test_approved_posts_overtake_unapproved_ones(strict: Bench) -> None:
    strict.post(due=-2.0)
    strict.post(due=-1.0)
    approve(strict, 2)
    strict.x.publishes.append(Done("1"))
    strict.run(Mode.ONCE)
    assert [strict.delivery(i).state for i in (1, 2)] == [PENDING, PUBLISHED]


def test_a_loop_publishes_a_post_once_it_is_approved(strict: Bench) -> None:
    strict.post()
    strict.at(100.0, lambda: approve(strict, 1))
    strict.x.publishes.append(Done("1"))
    strict.stop_at(200.0)
    strict.run(Mode.LOOP)
    (sent,) = strict.x.times("publish")
    assert 100.0 <= sent <= 101.0


def test_a_loop_does_not_spin_on_unapproved_posts(strict: Bench, tmp_path: Path) -> None:
    idle = Bench(tmp_path / "idle")
    for number in range(3):
        strict.post(due=-float(number))
    strict.post(due=300.0)
    for one in (idle, strict):
        one.stop_at(HOUR)
        one.run(Mode.LOOP)
    assert len(strict.naps) <= len(idle.naps) + 5
    assert notes(strict) == [
        "posts 1 2 3 waiting for approval",
        "post 4 waiting for approval",
    ]


def test_an_unapproved_post_that_is_too_late_is_missed_with_the_reason(strict: Bench) -> None:
    strict.post(due=-6 * HOUR - 1)
    strict.post(due=-6 * HOUR)
    strict.post(due=-2 * HOUR, max_lateness_s=HOUR)
    strict.run(Mode.ONCE)
    assert [strict.delivery(i).state for i in (1, 2, 3)] == [FAILED, PENDING, FAILED]
    for post_id, limit in ((1, "6 h"), (3, "1 h")):
        error = strict.error(post_id)
        assert error.kind is Kind.MISSED
        assert limit in error.message
        assert error.hint == action("approve", post_id)


def test_an_approved_post_that_is_too_late_is_missed(strict: Bench) -> None:
    strict.post(due=-7 * HOUR)
    approve(strict, 1)
    strict.run(Mode.ONCE)
    error = strict.error()
    assert (", first publisher " in error.message, error.hint) == (True, action("retry", 1))


def test_a_late_approval_within_the_limit_publishes_the_post_late(strict: Bench) -> None:
    strict.post(due=-5 * HOUR)
    approve(strict, 1)
    strict.x.publishes.append(Done("1"))
    strict.run()
    assert strict.delivery().state is PUBLISHED


def test_following_a_post_ends_when_its_approval_is_withdrawn(strict: Bench) -> None:
    strict.post()
    strict.run(Mode.PUBLISH, only=[1])
    assert strict.delivery().state is PENDING
    for approved in (False, True):
        watch = PostWatch(strict.database, frozenset([1]), strict.events.append, strict.clock, approved=approved)
        assert watch.look() is approved


def test_a_later_occurrence_replaces_an_approved_one_only_when_approved(strict: Bench) -> None:
    for due in (-200.0, -10.0):
        strict.post(due=due)
    strict.sql(
        "INSERT INTO recurrence (cron, timezone, pool, texts, created_at, paused_at) VALUES ('', '', 't', '[]', 0, 0)"
    )
    strict.sql("INSERT INTO occurrence SELECT 1, due_at, 'made', post_id, NULL FROM delivery")
    approve(strict, 1)
    strict.x.publishes.append(Done("1"))
    strict.run(Mode.ONCE)
    assert [strict.delivery(i).state for i in (1, 2)] == [PUBLISHED, PENDING]


def test_a_delivery_started_before_the_setting_waits_before_its_retry(strict: Bench) -> None:
    strict.post()
    strict.sql("UPDATE delivery SET state = 'retrying', attempts = 1")
    strict.sql("UPDATE post SET status = 'publishing'")
    strict.run(Mode.UNTIL_IDLE)
    assert strict.seconds < 1.0
    approve(strict, 1)
    strict.x.publishes.append(Done("1"))
    strict.run(Mode.UNTIL_IDLE)
    assert strict.delivery().approved_at == START
    assert strict.delivery().state is PUBLISHED
