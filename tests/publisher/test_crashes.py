"""Recovery of the deliveries of a publisher that was killed."""

from __future__ import annotations

import gc
from threading import Event

import pytest

from tests.publisher.bench import Bench, Unscripted
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, NotDone, Outcome
from ttp.platforms.client import PublishRequest, StepDone, Wait
from ttp.publisher.loop import Mode
from ttp.store.dialect import StoreError


def killed(bench: Bench) -> Outcome:
    bench.die()


def test_a_claimed_delivery_of_a_dead_publisher_is_published_once(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.extend([[StepDone("upload", handle={"media": "m"}), bench.die], []])
    bench.x.publishes.append(Done("1"))
    bench.run_and_die()
    assert bench.delivery().state is DeliveryState.CLAIMED
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert bench.delivery().attempts == 2
    assert bench.x.calls[-1].handle == {"media": "m"}
    assert bench.told("delivery.reconciling") == []


def test_an_open_intent_of_a_dead_publisher_is_looked_up_first(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(lambda order, handle: killed(bench))
    bench.run_and_die()
    assert bench.delivery().state is DeliveryState.SENDING
    assert bench.intents() == [None]
    bench.x.looks.append(Found("9"))
    bench.events.clear()
    bench.run()
    assert bench.delivery().remote_id == "9"
    assert bench.intents() == ["unknown"]
    assert bench.told()[:4] == [
        "publisher.started",
        "delivery.reconciling",
        "delivery.published",
        "post.finished",
    ]
    assert bench.x.times("publish") == [0.0]


def test_an_open_intent_whose_post_is_absent_is_sent_once_more_after_the_window(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([lambda order, handle: killed(bench), Done("2")])
    bench.run_and_die()
    bench.clock.advance(60.0)
    bench.x.always = Absent()
    bench.run()
    assert bench.intents() == ["unknown", "done"]
    assert bench.x.times("publish")[1] >= 900.0


def test_a_publisher_that_dies_between_the_answer_and_its_commit_is_settled_by_a_look(bench: Bench) -> None:
    bench.post()

    def answer(order: PublishRequest, handle: Handle) -> Outcome:
        bench.dead = True
        return Done("1")

    bench.x.publishes.append(answer)
    bench.run_and_die()
    bench.x.looks.append(Found("1"))
    bench.run()
    assert (bench.delivery().state, bench.delivery().remote_id) == (DeliveryState.PUBLISHED, "1")


def test_a_delivery_that_waited_for_its_container_continues_there(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.extend(
        [[StepDone("create", handle={"container": "c"}), Wait(5.0, "Instagram is processing the media")], []]
    )
    bench.x.publishes.append(Done("1"))
    bench.at(1.0, bench.die)
    bench.run_and_die()
    bench.run()
    assert [(call.name, call.handle) for call in bench.x.calls] == [
        ("prepare", {}),
        ("prepare", {"container": "c"}),
        ("publish", {"container": "c"}),
    ]


def test_an_error_in_one_job_keeps_the_outcome_of_another(bench: Bench) -> None:
    """The publisher ends by it, but only once the call that is under way has come back and is on disk."""
    bench.account("tiktok/me")
    bench.post("x/me")
    other = bench.post("tiktok/me")
    under_way, broken = Event(), Event()

    def slow(order: PublishRequest, handle: Handle) -> Outcome:
        under_way.set()
        assert broken.wait(60)
        return Done("2")

    def break_off() -> None:
        assert under_way.wait(60)
        broken.set()
        raise Unscripted("a fault of the publisher itself")

    bench.clients["tiktok"].publishes.append(slow)
    bench.x.prepares.append([break_off])
    bench.threads = True
    with pytest.raises(Unscripted):
        bench.run()
    assert bench.delivery(other).state is DeliveryState.PUBLISHED
    assert bench.delivery(1).state is DeliveryState.CLAIMED


def test_an_outcome_that_cannot_be_stored_leaves_the_intent_open(bench: Bench) -> None:
    bench.post()

    def fill(order: PublishRequest, handle: Handle) -> Outcome:
        if bench.database.has_files:
            bench.sql("CREATE TRIGGER broken BEFORE UPDATE ON delivery BEGIN SELECT count(*) FROM no_such_table; END")
        else:
            bench.sql("ALTER TABLE delivery ADD CONSTRAINT broken CHECK (1 / (attempts - attempts) > 0) NOT VALID")
        return Done("1")

    bench.x.publishes.append(fill)
    with pytest.raises(StoreError):
        bench.run()
    assert bench.intents() == [None]
    bench.sql("DROP TRIGGER broken" if bench.database.has_files else "ALTER TABLE delivery DROP CONSTRAINT broken")
    bench.x.looks.append(Found("1"))
    bench.run()
    assert bench.delivery().remote_id == "1"


@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.LOOP])
def test_a_second_publisher_after_a_clean_stop_finds_nothing_to_take_over(bench: Bench, mode: Mode) -> None:
    bench.post()
    bench.x.publishes.append(NotDone(Kind.NETWORK, "no route", passing=True))
    if mode is Mode.LOOP:
        bench.stop_at(5.0)
    assert bench.run(mode)
    assert bench.delivery().state is DeliveryState.RETRYING
    bench.events.clear()
    bench.clock.advance(60.0)
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert "delivery.reconciling" not in bench.told()
    assert bench.intents() == ["not_done", "done"]


def test_a_discarded_publisher_stores_nothing(bench: Bench) -> None:
    """The interpreter closes what is left of it at its end, when nothing can be stored any more."""
    bench.post()
    bench.x.prepares.append([Wait(60.0, "container")])
    bench.at(1.0, bench.die)
    bench.run_and_die()
    bench.dead = False
    gc.collect()
    assert bench.delivery().state is DeliveryState.CLAIMED
