"""A store that was copied or restored is refused. After a take-over no due post is published twice."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START, FakeClock
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import Bench, Crash
from tests.publisher.test_process import runner
from tests.store.stores import raw
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Phase,
    Refused,
    Unclear,
    Working,
)
from ttp.platforms.client import LookupResult, PublishRequest
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.process import PublisherProcess
from ttp.publisher.reconcile import TAKEN_OVER
from ttp.services.audit import audit
from ttp.store import claims
from ttp.store.machine.ownership import Machine, OwnedElsewhere

PI, LAPTOP = Machine("pi", "1" * 32), Machine("laptop", "2" * 32)
S = DeliveryState


def on(bench: Bench, machine: Machine, **more: object) -> PublisherProcess:
    return runner(bench, machine=lambda: machine, **more)


def published_by(bench: Bench, machine: Machine) -> None:
    """A run on that machine, which finds nothing to do."""
    on(bench, machine).run(Scope(Mode.ONCE), lambda event: None)


def take_over(bench: Bench, mode: Mode = Mode.UNTIL_IDLE) -> None:
    on(bench, LAPTOP).run(Scope(mode), bench.events.append, take_over=True)


@pytest.mark.sqlite("its file can be copied to another machine")
def test_another_machine_sends_nothing_and_writes_nothing(bench: Bench) -> None:
    published_by(bench, PI)
    bench.post()
    before = [list(bench.sql("SELECT * FROM store")[0]), (bench.database.home / "publisher.json").read_text()]
    for act in (
        lambda: on(bench, LAPTOP).run(Scope(Mode.LOOP), bench.events.append),
        on(bench, LAPTOP).refuse_elsewhere,
    ):
        with pytest.raises(OwnedElsewhere) as caught:
            act()
        assert [hint.way for hint in caught.value.hints] == [action("run", take_over=True)]
    with pytest.raises(OwnedElsewhere):
        on(bench, LAPTOP).publish(frozenset([1]), bench.events.append)
    assert bench.events == []
    assert [list(bench.sql("SELECT * FROM store")[0]), (bench.database.home / "publisher.json").read_text()] == before
    on(bench, PI).refuse_elsewhere()


@pytest.mark.sqlite("the store does not exist yet")
def test_without_a_store_nothing_is_refused(bench: Bench) -> None:
    for path in bench.database.home.glob("ttp.db*"):
        path.unlink()
    on(bench, LAPTOP).refuse_elsewhere()
    assert not bench.database.exists()


@pytest.mark.sqlite("its file can be copied to another machine")
def test_what_is_due_is_looked_up_and_what_is_due_later_is_sent_as_planned(bench: Bench) -> None:
    published_by(bench, PI)
    for name in ("x/a", "x/b", "x/c"):
        bench.account(name)
    bench.post("x/a", due=10.0)
    bench.post("x/b", due=20.0)
    bench.post("x/c", due=60.0)
    bench.clock.advance(30.0)
    bench.x.looks.extend([Found("11"), Absent()])
    bench.x.publishes.append(Done("33"))
    take_over(bench, Mode.ONCE)
    assert [(bench.delivery(post).state, bench.delivery(post).remote_id) for post in (1, 2, 3)] == [
        (S.PUBLISHED, "11"),
        (S.NEEDS_REVIEW, None),
        (S.PENDING, None),
    ]
    assert bench.told("delivery.reconciling", "delivery.published", "delivery.needs_review") == [
        "delivery.reconciling",
        "delivery.reconciling",
        "delivery.published",
        "delivery.needs_review",
    ]
    assert bench.told()[0] == "publisher.started"
    assert "publish" not in bench.x.names()
    bench.clock.advance(60.0)
    on(bench, LAPTOP).run(Scope(Mode.ONCE), bench.events.append)
    assert (bench.delivery(3).state, bench.delivery(3).remote_id) == (S.PUBLISHED, "33")
    with pytest.raises(OwnedElsewhere):
        on(bench, PI).refuse_elsewhere()


def test_the_look_up_begins_when_the_delivery_was_due(bench: Bench) -> None:
    asked = []
    bench.post(due=10.0)
    bench.clock.advance(3600.0)

    def look_up(order: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        asked.append(since)
        return LookupResult(Absent(), bench.clock.now())

    bench.x.look_up = look_up  # type: ignore[method-assign]  # the same, of a platform that notes it
    take_over(bench)
    assert asked == [START + timedelta(seconds=10)]
    (row,) = bench.attempts(1, Phase.PUBLISH)
    assert (row.step, row.outcome, row.code) == ("take over", "unknown", TAKEN_OVER)


@pytest.mark.sqlite("its file can be copied to another machine")
def test_a_publisher_whose_folder_is_replaced_by_a_copy_claims_nothing_more(bench: Bench) -> None:
    bench.post()
    bench.account("x/b")
    bench.post("x/b", due=10.0)
    home = bench.database.home

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        home.rename(home.with_name("moved"))
        shutil.copytree(home.with_name("moved"), home)
        return Done("1")

    bench.x.publishes.append(publish)
    with pytest.raises(OwnedElsewhere):
        on(bench, PI).run(Scope(Mode.LOOP, max_time=60.0), bench.events.append)
    shutil.rmtree(home)
    home.with_name("moved").rename(home)
    assert [(bench.delivery(post).state, bench.delivery(post).remote_id) for post in (1, 2)] == [
        (S.PUBLISHED, "1"),
        (S.PENDING, None),
    ]
    bench.clock.advance(10.0)
    bench.x.publishes.append(Done("2"))
    on(bench, PI).run(Scope(Mode.ONCE), bench.events.append)
    assert bench.delivery(2).remote_id == "2"


@pytest.mark.sqlite("its file can be put back")
def test_a_store_that_is_put_back_to_before_a_post_was_sent_sends_nothing(bench: Bench, tmp_path: Path) -> None:
    published_by(bench, PI)
    bench.post()
    kept = copy_of(bench, tmp_path)
    bench.x.publishes.append(Done("1"))
    on(bench, PI).run(Scope(Mode.ONCE), bench.events.append)
    assert bench.delivery().state is S.PUBLISHED
    with closing(sqlite3.connect(kept)) as copy, closing(bench.database.connect()) as db:
        copy.backup(raw(db))
    with pytest.raises(OwnedElsewhere) as caught:
        on(bench, PI).run(Scope(Mode.ONCE), bench.events.append)
    assert caught.value.flaw == "put_back"


def brought(bench: Bench, state: DeliveryState, **changes: object) -> None:
    """A post in that state, as another publisher left it."""
    bench.post()
    before = bench.delivery()
    with closing(bench.database.connect()) as db:
        claims.save_transition(db, before, replace(before, state=state, **changes), now=START)  # type: ignore[arg-type]  # fields


@pytest.mark.parametrize("state", [S.CLAIMED, S.SENDING, S.PROCESSING, S.RETRYING, S.RECONCILING])
@pytest.mark.parametrize(
    "finding",
    [
        Absent(),
        Absent(certain=True),
        Refused(NotDone(Kind.SERVER, "failed", passing=True)),
        Unclear(Kind.UNKNOWN, "two", final=True),
    ],
    ids=["absent", "certainly absent", "refused", "unclear"],
)
def test_deliveries_in_flight_are_never_sent_again(bench: Bench, state: DeliveryState, finding: Absent) -> None:
    brought(bench, state, next_at=START + timedelta(days=30))
    bench.x.looks.append(finding)
    take_over(bench)
    assert bench.delivery().state is S.NEEDS_REVIEW
    assert bench.x.names() == ["look_up", "close"]


def test_a_processing_delivery_is_waited_for(bench: Bench) -> None:
    brought(bench, S.RETRYING, next_at=START)
    bench.x.looks.extend([Working("moderation"), Found("5")])
    take_over(bench)
    assert (bench.delivery().state, bench.delivery().remote_id) == (S.PUBLISHED, "5")


def test_an_open_intent_is_closed_and_the_look_up_begins_with_it(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(lambda order, handle: bench.die())
    bench.run_and_die()
    bench.clock.advance(60.0)
    bench.x.looks.append(Found("7"))
    take_over(bench)
    assert bench.intents() == ["unknown", "unknown"]
    assert bench.delivery().state is S.PUBLISHED
    assert bench.attempts(1, Phase.PUBLISH)[1].platform_at == START


def test_every_part_of_a_thread_is_looked_up_and_none_is_sent(bench: Bench) -> None:
    bench.post(thread=("two", "three"))
    bench.x.looks.extend(
        [
            Found("1", more=True, handle={"parts": ["1"], "of": 3}),
            Found("2", more=True, handle={"parts": ["1", "2"], "of": 3}),
            Absent(),
        ]
    )
    take_over(bench)
    delivery = bench.delivery()
    assert (delivery.state, delivery.remote_id, delivery.parts) == (S.NEEDS_REVIEW, "1", ("1", "2"))
    assert "publish" not in bench.x.names()


def test_a_post_confirmed_as_absent_may_be_sent(bench: Bench) -> None:
    bench.post()
    bench.x.looks.append(Absent())
    take_over(bench)
    before = bench.delivery()
    assert before.error is not None
    with closing(bench.database.connect()) as db:
        failed = before.resolved_failed(before.error)
        claims.save_transition(db, before, failed, now=START)
        claims.save_transition(db, failed, failed.schedule(START), now=START)
    bench.x.publishes.append(Done("9"))
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert bench.delivery().remote_id == "9"


def test_a_clock_before_the_last_record_is_refused(bench: Bench) -> None:
    published_by(bench, PI)
    bench.post(due=-60.0)
    bench.clock.set(START - timedelta(minutes=5))
    with pytest.raises(Busy):
        take_over(bench)
    assert bench.delivery().state is S.PENDING
    bench.clock.set(START)
    bench.x.looks.append(Absent())
    take_over(bench)


def test_at_a_clock_a_little_before_the_last_record_what_was_due_by_then_is_looked_up(bench: Bench) -> None:
    published_by(bench, PI)
    for name, due in (("x/a", -2.0), ("x/b", 2.0)):
        bench.account(name)
        bench.post(name, due=due)
    bench.clock.set(START - timedelta(seconds=5))
    bench.x.looks.append(Absent())
    bench.x.publishes.append(Done("9"))
    on(bench, LAPTOP).run(Scope(Mode.LOOP, max_time=60.0), bench.events.append, take_over=True)
    assert [bench.delivery(post).state for post in (1, 2)] == [S.NEEDS_REVIEW, S.PUBLISHED]


def test_a_take_over_that_was_killed_is_completed_later(bench: Bench) -> None:
    published_by(bench, PI)
    bench.post()
    bench.x.looks.append(lambda order, handle: bench.die())
    with pytest.raises(Crash):
        take_over(bench)
    bench.dead = False
    on(bench, LAPTOP).refuse_elsewhere()
    bench.x.looks.append(Absent())
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert bench.delivery().state is S.NEEDS_REVIEW


# Any past of a store, whatever had been published since.


class Sites:
    """What the platform really has."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.posts: dict[str, str] = {}
        self.doubles: list[str] = []

    def publish(self, order: PublishRequest, handle: Handle) -> Outcome:
        if order.text in self.posts:
            self.doubles.append(order.text)
        self.posts[order.text] = f"r{len(self.posts)}"
        return Done(self.posts[order.text])

    def look_up(self, order: PublishRequest, handle: Handle) -> Found | Absent:
        found = self.posts.get(order.text)
        return Found(found) if found is not None else Absent()


@pytest.mark.sqlite("its file can be copied to another machine")
@given(
    dues=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    kept_at=st.integers(1, 300),
    went_on=st.integers(0, 300),
    lost=st.booleans(),
)
@examples(15)
def test_a_store_from_any_moment_never_publishes_a_post_twice(
    tmp_path_factory: pytest.TempPathFactory, dues: list[int], kept_at: int, went_on: int, lost: bool
) -> None:
    folder = tmp_path_factory.mktemp("sites")
    bench = Bench(folder / "home", FakeClock())
    sites = Sites(bench)
    for number, due in enumerate(dues):
        bench.account(f"x/a{number}")
        bench.post(f"x/a{number}", due=float(due), content=f"text {number}")
    bench.x.publish = sites.publish  # type: ignore[method-assign]  # the platform's own behaviour
    bench.x.always = sites.look_up
    loop: Callable[[float, Machine], object] = lambda seconds, machine: on(bench, machine).run(  # noqa: E731
        Scope(Mode.LOOP, max_time=seconds), bench.events.append
    )
    loop(float(kept_at), PI)
    kept = copy_of(bench, folder)
    if went_on:
        loop(float(went_on), PI)
    missing = set(list(sites.posts)[-1:]) if lost else set()
    hidden = {text: sites.posts.pop(text) for text in missing}
    for part in ("ttp.db-wal", "ttp.db-shm"):
        (bench.database.home / part).unlink(missing_ok=True)
    bench.database.path.write_bytes(kept.read_bytes())
    sites.posts, seen = {**sites.posts, **hidden}, dict(sites.posts)
    bench.x.always = lambda order, handle: Found(seen[order.text]) if order.text in seen else Absent()
    with pytest.raises(OwnedElsewhere):
        loop(1.0, LAPTOP)
    on(bench, LAPTOP).run(Scope(Mode.LOOP, max_time=700.0), bench.events.append, take_over=True)
    assert sites.doubles == []
    assert [check.breaches for check in audit(bench.database, PLATFORMS) if check.wrong] == []
    for number in range(len(dues)):
        delivery = bench.delivery(number + 1)
        text = f"text {number}"
        assert delivery.state in (S.PUBLISHED, S.NEEDS_REVIEW)
        assert delivery.state is S.NEEDS_REVIEW or delivery.remote_id == sites.posts[text]


def copy_of(bench: Bench, folder: Path) -> Path:
    kept = folder / "kept.db"
    with closing(bench.database.connect()) as db, closing(sqlite3.connect(kept)) as copy:
        raw(db).backup(copy)
    return kept
