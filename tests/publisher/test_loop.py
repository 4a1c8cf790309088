"""The publisher's loop: when it wakes, what it claims, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Lock
from typing import Any

import pytest

from tests.clock import START
from tests.publisher.bench import Bench, calls_of
from tests.settings import Config
from ttp.domain.delivery import DeliveryState
from ttp.domain.event import Event as Reported
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, NotDone, Outcome, Unknown, Working
from ttp.platforms.client import PublishRequest, Wait
from ttp.publisher import loop
from ttp.publisher.loop import Mode

PENDING, CLAIMED, PUBLISHED, RETRYING, RECONCILING = (
    DeliveryState.PENDING,
    DeliveryState.CLAIMED,
    DeliveryState.PUBLISHED,
    DeliveryState.RETRYING,
    DeliveryState.RECONCILING,
)
CUT = Unknown(Kind.NETWORK, "cut")
PASSING = NotDone(Kind.NETWORK, "no route", passing=True)


def due_now(bench: Bench, post_id: int) -> Any:
    """What another process does for `ttp publish`."""
    ms = int(bench.clock.now().timestamp() * 1000)
    return lambda: bench.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE post_id = ?", ms, ms, post_id)


def test_the_loop_wakes_exactly_at_the_next_due_time(bench: Bench) -> None:
    for second in (3.25, 47.125, 1234.5):
        bench.post(due=second)
    bench.x.publishes.extend([Done("1"), Done("2"), Done("3")])
    bench.stop_at(2000.0)
    bench.run(Mode.LOOP)
    assert bench.x.times("publish") == [3.25, 47.125, 1234.5]


def test_the_loop_polls_the_store_once_a_second_and_the_clock_twice_a_minute(bench: Bench) -> None:
    bench.stop_at(60.0)
    bench.run(Mode.LOOP)
    assert {length for _, length in bench.naps} <= {1.0, 0.0}
    assert len(bench.naps) <= 64


def test_a_poll_interval_of_zero_does_not_spin(bench: Bench) -> None:
    bench.config = Config({"publish.poll_s": 0.0})
    bench.stop_at(10.0)
    bench.run(Mode.LOOP)
    assert len(bench.naps) <= 420


def test_another_process_s_write_wakes_the_loop_within_a_second(bench: Bench) -> None:
    post = bench.post(due=10_000.0)
    bench.x.publishes.append(Done("1"))
    bench.at(17.4, lambda: due_now(bench, post)())
    bench.stop_at(25.0)
    bench.run(Mode.LOOP)
    (at,) = bench.x.times("publish")
    assert 17.4 <= at <= 18.4


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_corrected_clock_is_noticed_at_the_next_poll(bench: Bench) -> None:
    bench.post(due=7200.0)
    bench.x.publishes.append(Done("1"))
    bench.at(5.0, lambda: bench.clock.set(START + timedelta(seconds=7300)))
    bench.stop_at(7400.0)
    bench.run(Mode.LOOP)
    (at,) = bench.x.times("publish")
    assert at <= 7300.0 + 30.0


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_clock_that_jumps_back_sends_nothing_twice_and_nothing_early(bench: Bench) -> None:
    bench.post(due=1.0)
    bench.post(due=60.0)
    bench.x.publishes.extend([Done("1"), Done("2")])
    bench.at(2.0, lambda: bench.clock.set(START - timedelta(hours=1)))
    bench.stop_at(61.0)
    bench.run(Mode.LOOP)
    assert bench.x.times("publish") == [1.0, 60.0]


def test_an_account_sends_one_delivery_at_a_time_and_does_not_delay_others(bench: Bench) -> None:
    bench.account("instagram/me")
    bench.post("instagram/me")
    bench.post("instagram/me", due=1.0)
    bench.post("x/me", due=2.0)
    instagram = bench.clients["instagram"]
    instagram.prepares.append(
        [Wait(40.0, "Instagram is processing the media"), Wait(40.0, "Instagram is processing the media")]
    )
    instagram.publishes.extend([Done("1"), Done("2")])
    bench.x.publishes.append(Done("3"))
    bench.run()
    assert [(call.delivery, call.at) for call in calls_of(bench.clients.values(), "publish")] == [
        (3, 2.0),
        (1, 80.0),
        (2, 80.0),
    ]


def test_an_account_need_not_wait_for_a_retry_or_a_look_up(bench: Bench) -> None:
    for second in range(3):
        bench.post(due=float(second))
    bench.x.publishes.extend([CUT, PASSING, Done("3"), Done("2")])
    bench.x.looks.append(Found("1"))
    bench.run()
    assert [call.at for call in calls_of([bench.x], "publish")][:3] == [0.0, 1.0, 2.0]
    assert [bench.delivery(i).state for i in (1, 2, 3)] == [PUBLISHED] * 3


def test_no_more_are_claimed_than_there_are_workers(bench: Bench) -> None:
    bench.config = Config({"publish.concurrency": 2})
    names = [f"x/a{i}" for i in range(5)]
    for name in names:
        bench.account(name)
        bench.post(name)
    claimed: list[int] = []

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        claimed.append(bench.sql("SELECT count(*) AS n FROM delivery WHERE state IN ('claimed', 'sending')")[0]["n"])
        return Done(str(order.delivery_id))

    bench.x.publishes.extend([publish] * 5)
    bench.run()
    assert max(claimed) == 2
    assert len(claimed) == 5


def test_a_delivery_that_waits_for_its_platform_leaves_its_worker_to_others(bench: Bench) -> None:
    bench.config = Config({"publish.concurrency": 1})
    bench.account("x/you")
    bench.post("x/me")
    bench.post("x/you")
    bench.x.prepares.extend([[Wait(40.0, "container")], []])
    bench.x.publishes.extend([Done("2"), Done("1")])
    bench.run()
    assert [(c.delivery, c.at) for c in bench.x.calls if c.name == "publish"] == [(2, 0.0), (1, 40.0)]


def test_one_account_s_look_ups_never_use_up_the_workers(bench: Bench) -> None:
    bench.config = Config({"publish.concurrency": 2})
    bench.account("x/you")
    for _ in range(4):
        bench.post("x/me")
    bench.x.publishes.extend([CUT] * 4)
    bench.stop_at(1.0)
    bench.run(Mode.LOOP)
    bench.post("x/you", due=10.0)
    bench.clock.advance(9.0)
    hanging, released = [], Event()

    def hang(order: PublishRequest, handle: Handle) -> Any:
        hanging.append(order.delivery_id)
        assert released.wait(60)
        return Found(f"found-{order.delivery_id}")

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        released.set()
        return Done("you")

    bench.x.always = hang
    bench.x.publishes.append(publish)
    bench.threads = True
    bench.run()
    assert bench.delivery(5).state is PUBLISHED
    assert sorted(hanging) == [1, 2, 3, 4]


def test_a_publisher_of_some_posts_is_not_starved_by_the_look_ups_of_others(bench: Bench) -> None:
    bench.config = Config({"publish.concurrency": 2})
    for i in range(4):
        bench.account(f"x/a{i}")
        bench.post(f"x/a{i}")
    bench.x.publishes.extend([CUT] * 4)
    bench.stop_at(1.0)
    bench.run(Mode.LOOP)
    mine = bench.post("x/me", due=-1.0)
    bench.clock.advance(60.0)
    bench.x.publishes.append(CUT)
    bench.x.looks.append(Found("9"))
    bench.run(Mode.PUBLISH, only=[mine])
    assert bench.delivery(mine).state is PUBLISHED
    assert [bench.delivery(i).state for i in range(1, 5)] == [RECONCILING] * 4


def test_idle_is_reported_once_with_the_next_due_time(bench: Bench) -> None:
    bench.post(due=5.0)
    bench.post(due=500.0)
    bench.x.publishes.append(Done("1"))
    bench.stop_at(100.0)
    bench.run(Mode.LOOP)
    idle = [event.next_at for event in bench.events if event.event == "publisher.idle"]
    assert idle == [START + timedelta(seconds=5), START + timedelta(seconds=500)]


# How it ends.


def test_once_publishes_only_posts_due_at_its_start(bench: Bench) -> None:
    bench.post(due=0.0)
    bench.post(due=0.5)
    bench.x.prepares.append([Wait(10.0, "container")])
    bench.x.publishes.append(Done("1"))
    assert bench.run(Mode.ONCE)
    assert [bench.delivery(i).state for i in (1, 2)] == [PUBLISHED, PENDING]
    assert bench.seconds == 10.0


def test_once_waits_for_processing_and_leaves_retrying_and_reconciling(bench: Bench) -> None:
    for name in ("tiktok/me", "x/cut", "x/passing"):
        bench.account(name)
    bench.post("tiktok/me", "x/cut", "x/passing")
    tiktok = bench.clients["tiktok"]
    tiktok.publishes.append(Done("v", processing=True))
    tiktok.looks.extend([Working("TikTok"), Working("TikTok"), Found("7")])
    bench.x.publishes.extend([CUT, PASSING])
    assert bench.run(Mode.ONCE)
    assert bench.delivery(1, "tiktok/me").state is PUBLISHED
    assert bench.delivery(1, "x/cut").state is RECONCILING
    assert bench.delivery(1, "x/passing").state is RETRYING
    assert bench.seconds == 7.0


def test_the_next_once_makes_the_due_look_up(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(CUT)
    bench.run(Mode.ONCE)
    assert bench.x.names() == ["prepare", "publish"]
    bench.clock.advance(60.0)
    bench.x.looks.append(Absent())
    bench.run(Mode.ONCE)
    assert bench.x.names() == ["prepare", "publish", "look_up"]
    assert bench.delivery().state is RECONCILING


def test_once_ends_immediately_if_nothing_is_due(bench: Bench) -> None:
    bench.post(due=0.001)
    assert bench.run(Mode.ONCE)
    assert bench.seconds == 0.0


def test_until_idle_waits_for_posts_due_within_a_second(bench: Bench) -> None:
    bench.post(due=1.0)
    bench.post(due=2.0)
    bench.post(due=3.5)
    bench.x.publishes.extend([Done("1"), Done("2")])
    bench.run()
    assert [bench.delivery(i).state for i in (1, 2, 3)] == [PUBLISHED, PUBLISHED, PENDING]


@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.UNTIL_IDLE, Mode.PUBLISH])
def test_max_time_ends_a_run_on_the_second_and_keeps_what_it_waited_for(bench: Bench, mode: Mode) -> None:
    bench.account("tiktok/me")
    bench.post("tiktok/me")
    tiktok = bench.clients["tiktok"]
    tiktok.publishes.append(Done("v", processing=True))
    tiktok.always = Working("TikTok")
    assert bench.run(mode, only=[1] if mode is Mode.PUBLISH else None, max_time=40.5)
    assert bench.seconds == 40.5
    assert bench.delivery().state is DeliveryState.PROCESSING


def test_a_publisher_of_some_posts_follows_them_to_their_end_and_touches_no_other(bench: Bench) -> None:
    mine, other = bench.post(), bench.post()
    bench.x.publishes.extend([PASSING, CUT, Done("3")])
    bench.x.looks.append(Absent(certain=True))
    assert bench.run(Mode.PUBLISH, only=[mine])
    assert [bench.delivery(i).state for i in (mine, other)] == [PUBLISHED, PENDING]


def test_a_stop_releases_deliveries_waiting_for_their_platform(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.append([Wait(30.0, "Instagram is processing the media")])
    states: list[DeliveryState] = []
    bench.at(4.0, lambda: states.append(bench.delivery().state))
    bench.stop_at(5.0)
    assert bench.run(Mode.LOOP)
    assert states == [CLAIMED]
    assert bench.delivery().state is PENDING
    assert bench.delivery().next_at == START
    assert bench.x.names() == ["prepare"]
    assert bench.told()[-1] == "publisher.stopped"


def test_a_stop_before_the_intent_releases_the_delivery(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.append([bench.stop])
    assert bench.run(Mode.LOOP)
    assert bench.delivery().state is PENDING
    assert (bench.x.names(), bench.intents()) == (["prepare"], [])


def test_a_stop_claims_nothing_more(bench: Bench) -> None:
    for i in range(3):
        bench.post(due=float(i))

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.stop()
        return Done("1")

    bench.x.publishes.append(publish)
    bench.run(Mode.LOOP)
    assert [bench.delivery(i).state for i in (1, 2, 3)] == [PUBLISHED, PENDING, PENDING]


def test_a_stop_waits_for_a_call_that_is_under_way(bench: Bench) -> None:
    bench.post()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.stop()
        return Done("1")

    bench.x.publishes.append(publish)
    bench.threads = True
    assert bench.run(Mode.LOOP)
    assert bench.delivery().state is PUBLISHED


def test_the_end_of_a_post_is_reported_after_all_its_deliveries(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two deliveries end at one moment, and the worker of the one that the store has first reports it last."""
    bench.account("x/you")
    bench.post("x/me", "x/you")
    bench.x.publishes.extend([Done("1"), Done("2")])
    first, second_told = Lock(), Event()
    tell = bench._tell

    def tell_late(event: Reported) -> None:
        is_first = event.event == "delivery.published" and first.acquire(blocking=False)
        if is_first:
            assert second_told.wait(60)
        tell(event)
        if event.event == "delivery.published" and not is_first:
            second_told.set()

    monkeypatch.setattr(bench, "_tell", tell_late)
    bench.threads = True
    assert bench.run()
    ends = bench.told("delivery.published", "post.finished")
    assert ends == ["delivery.published", "delivery.published", "post.finished"]


def test_a_worker_that_comes_back_after_max_time_sends_nothing_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its upload outlasts the run and the drain: the lock may be another's by then."""
    monkeypatch.setattr(loop, "LOOK_AROUND_S", 0.01)
    bench.config = Config({"publish.drain_s": 0.0})
    bench.post()
    stopped, released = Event(), Event()

    def upload() -> None:
        bench.clock.advance(100.0)
        assert stopped.wait(60)
        bench.on_commit = released.set

    def stop() -> None:
        stopped.set()
        assert released.wait(60)

    bench.on("publisher.stopped", stop)
    bench.x.prepares.append([upload])
    bench.threads = True
    assert not bench.run(Mode.UNTIL_IDLE, max_time=5.0)
    assert bench.x.names() == ["prepare"]
    assert bench.delivery().state is PENDING


def test_the_heart_beats_every_ten_seconds_also_while_the_loop_sleeps(bench: Bench) -> None:
    beats: list[float] = []
    bench.heartbeat = lambda now: beats.append((now - START).total_seconds())
    bench.stop_at(65.0)
    bench.run(Mode.LOOP)
    assert beats == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 65.0]


def test_a_retry_reports_its_accounts_as_due(bench: Bench) -> None:
    bench.account("x/shop")
    post = bench.post("x/me", "x/shop", due=5.0)
    bench.x.publishes.extend([Done("1"), NotDone(Kind.CONTENT, "no"), Done("2")])
    bench.stop_at(20.0)
    bench.run(Mode.LOOP)
    failed = next(d for d in bench.whole(post).deliveries if d.state is DeliveryState.FAILED)
    now = int(bench.clock.now().timestamp() * 1000)
    bench.sql(
        "UPDATE delivery SET state = 'pending', due_at = ?, next_at = ? WHERE account_id = ?",
        now,
        now,
        failed.account_id,
    )
    bench.run(Mode.UNTIL_IDLE)
    assert [e.message for e in bench.events if e.event == "post.due"] == ["x/me, x/shop", failed.account]
