"""An unreadable row blocks its own post only, and is reported."""

from __future__ import annotations

import pytest

from tests.publisher.bench import Bench
from tests.publisher.test_process import runner
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.event import Event, IdleReason
from ttp.domain.publishing.outcome import Done, Found, Handle, Kind, Outcome, Unknown
from ttp.platforms.client import PublishRequest
from ttp.publisher.loop import Mode, Scope
from ttp.store.home import locks
from ttp.store.row_mapper import CorruptRow

S = DeliveryState


def run(bench: Bench, mode: Mode = Mode.UNTIL_IDLE) -> None:
    runner(bench).run(Scope(mode), bench.events.append)


def notes(bench: Bench) -> list[Event]:
    return [event for event in bench.events if event.kind == IdleReason.UNREADABLE]


def states(bench: Bench) -> list[str]:
    return [row["state"] for row in bench.sql("SELECT state FROM delivery ORDER BY id")]


def of_any_type(damage: str) -> object:
    return pytest.param(damage, marks=pytest.mark.sqlite("its columns take values of any type"), id=damage)


POST = (
    "UPDATE post SET variants = '{' WHERE id = 1",
    "UPDATE post SET variants = '[]' WHERE id = 1",
    """UPDATE post SET options = '{"x.reply": 5}' WHERE id = 1""",
    "UPDATE post SET thread = '{}' WHERE id = 1",
    "UPDATE post SET thread = '[5]' WHERE id = 1",
    of_any_type("UPDATE post SET created_at = 'yesterday' WHERE id = 1"),
    "UPDATE post SET scheduled_at = 1000000000000000000 WHERE id = 1",
    of_any_type("UPDATE post SET max_lateness_s = 'long' WHERE id = 1"),
    "UPDATE delivery SET handle = 'none' WHERE id = 1",
    "UPDATE delivery SET handle = '[]' WHERE id = 1",
    "UPDATE delivery SET error_kind = 'odd' WHERE id = 1",
    of_any_type("UPDATE delivery SET due_at = 'noon' WHERE id = 1"),
    of_any_type("UPDATE delivery SET tries = 'many', due_at = 1000000000000000000 WHERE id = 1"),
)


@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.UNTIL_IDLE])
@pytest.mark.parametrize("damage", POST)
def test_an_unreadable_post_is_skipped_and_the_rest_is_published(bench: Bench, damage: str, mode: Mode) -> None:
    bench.account("x/other")
    bench.post("x/me")
    bench.post("x/me")
    bench.post("x/other")
    bench.sql(damage)
    before = [tuple(row) for row in bench.sql("SELECT * FROM delivery WHERE id = 1")]
    bench.x.publishes.extend([Done("1"), Done("2")])
    run(bench, mode)
    assert states(bench) == ["pending", "published", "published"]
    assert [tuple(row) for row in bench.sql("SELECT * FROM delivery WHERE id = 1")] == before
    (note,) = notes(bench)
    assert note.message is not None
    holder = locks.read_holder(bench.database.home)
    assert holder is not None
    assert [f"skipped: {why}" for why in holder.left] == [note.message]


@pytest.mark.sqlite("its columns take values of any type")
def test_an_unknown_state_or_time_is_never_due(bench: Bench) -> None:
    for _ in range(3):
        bench.post("x/me")
    bench.sql("UPDATE delivery SET state = 'odd' WHERE id = 1")
    bench.sql("UPDATE delivery SET next_at = 'soon' WHERE id = 2")
    bench.sql("UPDATE delivery SET next_at = 1000000000000000000 WHERE id = 3")
    bench.post("x/me", due=10.0)
    bench.x.publishes.append(Done("1"))
    runner(bench).run(Scope(Mode.LOOP, max_time=20.0), bench.events.append)
    assert states(bench) == ["odd", "pending", "pending", "published"]


def test_an_unreadable_post_is_skipped_for_all_its_accounts(bench: Bench) -> None:
    bench.account("x/other")
    bench.post("x/me", "x/other")
    bench.post("x/other")
    bench.sql("UPDATE delivery SET state = 'odd' WHERE id = 1")
    bench.x.publishes.append(Done("1"))
    run(bench)
    assert states(bench) == ["odd", "pending", "published"]
    assert len(notes(bench)) == 1


@pytest.mark.parametrize("damage", ["scopes = 'x'", "options = '5'", of_any_type("hold_until = 'never'")])
def test_an_unreadable_account_is_skipped(bench: Bench, damage: str) -> None:
    bench.account("x/other")
    bench.post("x/me")
    bench.post("x/other")
    bench.sql(f"UPDATE account SET {damage} WHERE handle = 'me'")
    bench.x.publishes.append(Done("1"))
    run(bench)
    assert states(bench) == ["pending", "published"]


@pytest.mark.parametrize(
    "damage", ["UPDATE delivery SET handle = 'x' WHERE id = 1", "UPDATE attempt SET phase = 'publish', kind = 'odd'"]
)
def test_a_dead_publisher_s_deliveries_are_recovered_except_unreadable_ones(bench: Bench, damage: str) -> None:
    bench.account("x/other")
    bench.post("x/me")
    bench.x.publishes.append(lambda order, handle: bench.die())
    bench.run_and_die()
    bench.sql(damage)
    bench.post("x/me")
    bench.post("x/other")
    bench.dead = False
    bench.x.publishes.extend([Done("1"), Done("2")])
    run(bench)
    assert states(bench) == ["sending", "published", "published"]
    bench.sql("UPDATE delivery SET handle = '{}'")
    bench.sql("UPDATE attempt SET kind = NULL")
    bench.x.looks.append(Found("3"))
    run(bench)
    assert states(bench) == ["published"] * 3, "once it is fixed, it is looked up"


def test_a_look_up_with_an_unreadable_history_is_skipped(bench: Bench) -> None:
    bench.post("x/me")
    bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
    bench.run(Mode.LOOP, max_time=1.0)
    bench.sql("UPDATE attempt SET phase = 'odd' WHERE phase = 'prepare'")
    bench.sql("UPDATE attempt SET kind = 'odd' WHERE phase = 'publish'")
    bench.post("x/me")
    bench.x.publishes.append(Done("1"))
    bench.clock.advance(5.0)
    run(bench)
    assert states(bench) == ["reconciling", "published"]
    assert len(notes(bench)) == 1


def test_nothing_is_bound_while_another_delivery_s_ids_are_unreadable(bench: Bench) -> None:
    bench.post("x/me")
    bench.post("x/me", due=1.0)
    bench.x.publishes.extend([Done("1"), Unknown(Kind.NETWORK, "cut")])

    def damage() -> None:
        bench.sql("UPDATE delivery SET handle = 'x' WHERE id = 1")

    bench.on("delivery.reconciling", damage)
    bench.run()
    assert bench.x.names().count("look_up") == 0
    assert states(bench) == ["published", "needs_review"]


def test_an_outcome_is_kept_if_its_post_becomes_unreadable(bench: Bench) -> None:
    bench.account("x/other")
    bench.post("x/me", "x/other")
    bench.sql("UPDATE delivery SET next_at = next_at + 1000 WHERE id = 2")

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.sql("UPDATE delivery SET state = 'odd' WHERE id = 2")
        return Done("1")

    bench.x.publishes.append(publish)
    run(bench, Mode.ONCE)
    assert states(bench) == ["sending", "odd"]
    run(bench, Mode.ONCE)
    bench.sql("UPDATE delivery SET state = 'pending' WHERE id = 2")
    bench.x.publishes.append(Done("2"))
    run(bench)
    assert states(bench) == ["published"] * 2
    assert bench.x.names().count("publish") == 2
    assert bench.x.names().count("look_up") == 0


def test_the_row_is_named_and_its_contents_are_not_shown_at_length() -> None:
    row = CorruptRow("delivery", 7, post_id=3, why="x")
    assert all(said in row.message for said in ("7", "delivery", "post 3", "x"))
    assert row.hints[0].way == action("doctor")
