"""Repeats and the publisher: each occurrence is published once at its wall time, without a burst after a pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import Bench
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Done, Kind
from ttp.domain.recurrence import Recurrence
from ttp.publisher.loop import Mode
from ttp.services.repeats import Occurrences, Repeats

pytestmark = pytest.mark.usefixtures("a_day_passes")

HOUR = 3600.0


def begin(bench: Bench, cron: str, zone: str = "UTC", **fields: object) -> int:
    """A recurrence of a draft; its id."""
    post = bench.post(content="again")
    bench.sql("UPDATE delivery SET due_at = NULL, next_at = NULL WHERE post_id = ?", post)
    bench.sql("UPDATE post SET scheduled_at = NULL, status = 'draft' WHERE id = ?", post)
    posts = people.posts_of(bench.database, bench.clock, bench.config)
    wanted = Recurrence(cron, zone, post_id=post, **fields)  # type: ignore[arg-type]  # fields by name
    begun = Repeats(posts, Occurrences(bench.database, bench.clock, bench.config, PLATFORMS)).begin(wanted)
    return begun.tally.recurrence.id or 0


def done(bench: Bench, most: int) -> None:
    """The platform takes so many posts."""
    bench.x.publishes.extend(Done(str(1000 + number)) for number in range(most))


def published(bench: Bench) -> list[datetime]:
    rows = bench.sql("SELECT published_at FROM delivery WHERE state = 'published' ORDER BY published_at")
    return [datetime.fromtimestamp(row["published_at"] / 1000, UTC) for row in rows]


def states(bench: Bench) -> list[str]:
    return [row["state"] for row in bench.sql("SELECT state FROM occurrence ORDER BY at")]


def test_each_occurrence_is_published_once_at_its_wall_time_across_a_dst_change(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", FakeClock(datetime(2027, 3, 25, 12, tzinfo=UTC)))
    begin(bench, "30 2 * * *", "Europe/Berlin", count=6)
    done(bench, 6)
    while soon := bench.sql("SELECT min(next_at) AS at FROM delivery WHERE state = 'pending'")[0]["at"]:
        bench.clock.advance((datetime.fromtimestamp(soon / 1000, UTC) - bench.clock.now()).total_seconds())
        bench.run(Mode.ONCE)

    assert [at.isoformat()[5:16] for at in published(bench)] == [
        *("03-26T01:30", "03-27T01:30", "03-28T01:00", "03-29T00:30", "03-30T00:30", "03-31T00:30"),
    ]
    assert states(bench) == ["made"] * 6


def test_the_publisher_creates_occurrences_while_it_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", repeat__ahead_s=HOUR)
    begin(bench, "0 * * * *")
    done(bench, 5)
    assert len(states(bench)) == 1
    bench.stop_at(5 * HOUR + 60)
    bench.run(Mode.LOOP)

    assert len(published(bench)) == 5
    assert 6 <= len(states(bench)) <= 7


def test_after_a_pause_the_last_occurrence_is_published_late_and_the_others_are_missed(tmp_path: Path) -> None:
    """All were created in advance."""
    bench = Bench(tmp_path / "home")
    begin(bench, "0 * * * *", count=10)
    done(bench, 1)
    bench.clock.advance(hours=4, minutes=30)
    bench.run(Mode.ONCE)

    found = [bench.delivery(post) for post in range(2, 7)]
    assert [d.state for d in found] == [
        *[DeliveryState.FAILED] * 3,
        DeliveryState.PUBLISHED,
        DeliveryState.PENDING,
    ]
    error = found[0].error
    assert error is not None
    assert error.kind is Kind.MISSED
    assert "repeat 1" in error.message


def test_after_a_long_pause_uncreated_occurrences_are_missed_and_reported(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", repeat__ahead_s=HOUR)
    begin(bench, "0 * * * *", count=500)
    done(bench, 1)
    bench.clock.advance(hours=100, minutes=30)
    bench.run(Mode.ONCE)

    assert len(published(bench)) == 1
    assert states(bench).count("missed") == 98  # of 100: the first one was made, and missed by its post
    assert bench.delivery(2).state is DeliveryState.FAILED
    said = [event.message for event in bench.events if event.kind == "repeats"]
    assert [message.startswith("repeat 1: 98 ") for message in map(str, said)] == [True]


def test_an_occurrence_delayed_by_a_hold_is_not_replaced(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__min_gap_s=2 * HOUR)
    begin(bench, "0 * * * *", count=3)
    done(bench, 3)
    bench.stop_at(7 * HOUR)
    bench.run(Mode.LOOP)

    assert [(at - START) / timedelta(hours=1) for at in published(bench)] == [1, 3, 5]


def test_a_moved_occurrence_is_not_replaced(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    begin(bench, "0 * * * *", count=3)
    done(bench, 2)
    bench.sql("UPDATE delivery SET due_at = due_at + 60000, next_at = next_at + 60000 WHERE post_id = 2")
    bench.clock.advance(hours=3, minutes=30)
    bench.run(Mode.UNTIL_IDLE)

    assert [bench.delivery(post).state for post in (2, 3, 4)] == [
        DeliveryState.PUBLISHED,
        DeliveryState.FAILED,
        DeliveryState.PUBLISHED,
    ]


def test_concurrent_runs_create_each_occurrence_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", repeat__ahead_s=HOUR)
    begin(bench, "0 * * * *")
    bench.clock.advance(hours=3)
    one, two = (Occurrences(bench.database, bench.clock, bench.config, PLATFORMS) for _ in range(2))
    first, second = one.make(1), two.make(1)

    assert (len(first.made), len(second.made)) == (2, 0)
    with pytest.raises(Exception, match=r"(?i)unique"):
        bench.sql("INSERT INTO occurrence (recurrence_id, at, state) SELECT recurrence_id, at, 'made' FROM occurrence")


@pytest.mark.sqlite("its columns take values of any type")
def test_an_unreadable_pattern_does_not_block_others(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", repeat__ahead_s=HOUR)
    begin(bench, "0 * * * *")
    begin(bench, "0 * * * *", "Europe/Berlin")
    bench.sql("UPDATE post SET created_at = 'never' WHERE id = 1")
    bench.clock.advance(hours=1)

    Occurrences(bench.database, bench.clock, bench.config, PLATFORMS).make_due()

    made = bench.sql("SELECT recurrence_id, count(*) AS many FROM occurrence GROUP BY 1")
    assert [row["many"] for row in made] == [1, 2]
