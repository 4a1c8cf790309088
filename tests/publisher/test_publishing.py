"""One claimed delivery: invisible steps, the intent on disk, the call, its outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.clock import START
from tests.publisher.bench import FINGERPRINT, Bench, Call
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.publishing.outcome import Absent, Attempt, Done, Found, Handle, Kind, NotDone, Outcome, Phase, Unknown
from ttp.platforms.client import PublishRequest, Ready, StepDone
from ttp.publisher.loop import Mode
from ttp.store import attempts
from ttp.store.dialect import Connection

PASSING = NotDone(Kind.NETWORK, "no route", passing=True)


def test_the_intent_is_on_disk_before_the_call_and_its_outcome_after(bench: Bench) -> None:
    bench.post()
    seen: list[tuple[str, str | None]] = []

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        (row,) = bench.sql("SELECT d.state, t.outcome FROM attempt t JOIN delivery d ON d.id = t.delivery_id")
        seen.append((row["state"], row["outcome"]))
        return Done("77", "https://x.com/i/status/77", http_status=201)

    bench.x.publishes.append(publish)
    assert bench.run()

    assert seen == [("sending", None)]
    (intent,) = bench.attempts()
    assert (intent.phase, intent.outcome, intent.http_status) == (Phase.PUBLISH, "done", 201)
    assert (intent.fingerprint, intent.platform_at, intent.boot_s) == (FINGERPRINT, START, 1000.0)
    delivery = bench.delivery()
    assert delivery.state is DeliveryState.PUBLISHED
    assert (delivery.remote_id, delivery.url, delivery.published_at) == ("77", "https://x.com/i/status/77", START)
    assert bench.whole(1).status is PostStatus.PUBLISHED
    assert bench.told() == [
        "publisher.started",
        "post.due",
        "delivery.sending",
        "delivery.published",
        "post.finished",
        "publisher.idle",
        "publisher.stopped",
    ]


@pytest.mark.sqlite("its trigger")
def test_a_call_is_never_made_if_its_intent_cannot_be_stored(bench: Bench) -> None:
    bench.post()
    bench.sql("CREATE TRIGGER full BEFORE INSERT ON attempt BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(Exception, match="no"):
        bench.run()
    assert bench.x.names() == ["prepare"]
    assert bench.delivery().state is DeliveryState.CLAIMED


@pytest.mark.parametrize(
    ("outcome", "state", "recorded"),
    [
        (Done("1"), DeliveryState.PUBLISHED, "done"),
        (Done("handle", processing=True), DeliveryState.PROCESSING, "done"),
        (NotDone(Kind.CONTENT, "too long"), DeliveryState.FAILED, "not_done"),
        (NotDone(Kind.AUTH, "dead token"), DeliveryState.FAILED, "not_done"),
        (NotDone(Kind.DUPLICATE, "already said"), DeliveryState.FAILED, "not_done"),
        (PASSING, DeliveryState.RETRYING, "not_done"),
        (Unknown(Kind.NETWORK, "cut"), DeliveryState.RECONCILING, "unknown"),
        (Unknown(Kind.NETWORK, "cut", page="https://example.com/"), DeliveryState.NEEDS_REVIEW, "unknown"),
    ],
    ids=lambda value: str(getattr(value, "kind", value))[:20],
)
def test_every_outcome_moves_the_delivery_to_its_state(
    bench: Bench, outcome: Outcome, state: DeliveryState, recorded: str
) -> None:
    bench.post()
    bench.x.publishes.append(outcome)
    bench.run(Mode.LOOP, max_time=0.5)
    assert bench.delivery().state is state
    assert bench.intents() == [recorded]
    assert isinstance(outcome, Done) or bench.error().message.startswith(outcome.message)


def test_the_handle_of_an_invisible_step_is_stored_before_the_next_step(bench: Bench) -> None:
    bench.post()
    kept: list[str] = []

    def read() -> None:
        kept.append(bench.sql("SELECT handle FROM delivery")[0]["handle"])

    bench.x.prepares.append(
        [StepDone("upload", 200, handle={"media": "m1"}), read, StepDone("check", 200, "fine"), read]
    )
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert kept == ['{"media":"m1"}', '{"media":"m1"}']
    assert [(a.step, a.outcome, a.http_status) for a in bench.attempts()] == [
        ("upload", "done", 200),
        ("check", "done", 200),
        ("POST", "done", None),
    ]


def test_a_failed_step_keeps_the_handles_of_earlier_steps(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.extend([[StepDone("upload", handle={"media": "m1"}), StepDone("check"), PASSING], []])
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert [call.handle for call in bench.x.calls] == [{}, {"media": "m1"}, {"media": "m1"}]
    assert [(a.step, a.outcome, a.number) for a in bench.attempts()] == [
        ("upload", "done", 1),
        ("check", "done", 1),
        ("upload", "not_done", 1),
        ("POST", "done", 2),
    ]


def test_passing_failures_back_off_until_the_budget_of_eight_is_spent(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([PASSING] * 8)
    bench.run()
    times = bench.x.times("publish")
    waits = [after - before for before, after in pairwise(times)]
    for wait, base in zip(waits, [15, 30, 60, 120, 240, 480, 900], strict=True):
        assert base * 0.9 <= wait <= base * 1.1
    delivery = bench.delivery()
    assert (delivery.state, delivery.tries, delivery.attempts) == (DeliveryState.FAILED, 7, 8)
    assert bench.intents() == ["not_done"] * 8
    assert bench.whole(1).status is PostStatus.FAILED


def test_a_failed_step_spends_the_same_budget_without_any_intent(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.extend([[PASSING]] * 8)
    bench.run()
    assert bench.delivery().state is DeliveryState.FAILED
    assert (bench.intents(), bench.x.names()) == ([], ["prepare"] * 8)


def test_a_wait_that_the_platform_asked_for_spends_no_try(bench: Bench) -> None:
    bench.post()
    later = NotDone(Kind.RATE_LIMIT, "slow down", passing=True, retry_at=START + timedelta(seconds=600))
    bench.x.prepares.append([later])
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.x.times("prepare") == [0.0, 600.0]
    assert bench.delivery().tries == 0
    assert not bench.account_now("x/me").hold_until


def test_a_hold_delays_the_whole_account_and_spends_no_try(bench: Bench) -> None:
    first, second = bench.post(), bench.post(due=1.0)
    until = START + timedelta(hours=1)
    bench.x.publishes.append(NotDone(Kind.QUOTA, "no credit", passing=True, retry_at=until, hold=True))
    bench.x.publishes.extend([Done("1"), Done("2")])
    bench.run()  # a held account keeps an idle publisher only for what is retrying
    assert bench.x.times("publish")[:2] == [0.0, 3600.0]
    held = bench.account_now("x/me")
    assert (held.hold_until, held.hold_reason) == (until, "no credit")
    assert [bench.delivery(i).state for i in (first, second)] == [DeliveryState.PUBLISHED] * 2
    assert [bench.delivery(i).tries for i in (first, second)] == [0, 0]


def test_a_dead_token_fails_the_account_s_next_due_deliveries_without_a_call(bench: Bench) -> None:
    first, second, other = bench.post(), bench.post(due=5.0), bench.post(due=4000.0)
    bench.x.publishes.append(NotDone(Kind.AUTH, "401 Unauthorized", hint="reconnect it"))
    bench.stop_at(10)
    bench.run(Mode.LOOP)
    assert bench.account_now("x/me").needs_reconnect
    assert bench.x.names() == ["prepare", "publish"]
    for post_id in (first, second):
        error = bench.error(post_id)
        assert error.kind is Kind.AUTH
    assert bench.delivery(other).state is DeliveryState.PENDING
    assert [e.account for e in bench.events if e.event == "delivery.failed"] == ["x/me", "x/me"]


def test_not_ready_goes_back_to_claimed_and_tries_again_under_a_new_intent(bench: Bench) -> None:
    bench.post()
    not_ready = NotDone(Kind.MEDIA, "9007 not ready", "9007", 400, passing=True, not_ready=True)
    states: list[str] = []
    bench.at(0.5, lambda: states.append(bench.delivery().state))
    bench.x.publishes.extend([not_ready, not_ready, Done("1")])
    bench.run()
    assert states == ["claimed"]
    assert bench.intents() == ["not_ready", "not_ready", "done"]
    assert bench.x.names() == ["prepare", "publish"] * 3
    assert (bench.delivery().tries, bench.delivery().attempts) == (0, 1)


def test_a_platform_that_is_never_ready_spends_the_budget_and_frees_the_account(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([NotDone(Kind.MEDIA, "not ready", passing=True, not_ready=True)] * 400)
    bench.run(max_time=20_000)
    assert bench.delivery().state is DeliveryState.FAILED
    assert bench.x.times("publish")[-1] < 3 * 3600


@pytest.mark.parametrize("asleep", ["before the commit", "after the commit"])
def test_a_machine_that_sleeps_before_it_sends_withdraws_the_intent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, asleep: str
) -> None:
    bench.post()
    sleeps = iter([6.0])

    def sleep() -> None:
        bench.clock.advance(next(sleeps, 0.0))

    def begin(db: Connection, attempt: Attempt) -> Callable[[], int]:
        if attempt.phase is Phase.PUBLISH and asleep == "before the commit":
            sleep()
        return begin_attempt(db, attempt)

    begin_attempt = attempts.start_attempt
    monkeypatch.setattr(attempts, "start_attempt", begin)
    if asleep == "after the commit":
        bench.on_commit = lambda: sleep() if bench.delivery().state is DeliveryState.SENDING else None
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.intents() == ["withdrawn", "done"]
    assert bench.x.names() == ["prepare", "prepare", "publish"]
    assert bench.x.times("publish") == [6.0]
    assert [a.platform_at for a in bench.attempts(1, Phase.PUBLISH)] == [START, START + timedelta(seconds=6)]


def test_an_unknown_outcome_is_looked_up_and_not_resent(bench: Bench) -> None:
    bench.post()
    bench.x.prepares.append([Ready({"container": "c"}, START, "POST", FINGERPRINT, doubt="shown as published")])
    bench.x.looks.append(Found("9"))
    bench.run()
    assert bench.x.names() == ["prepare", "look_up"]
    assert bench.intents() == ["unknown"]
    assert (bench.delivery().state, bench.delivery().remote_id) == (DeliveryState.PUBLISHED, "9")
    assert bench.x.calls[1] == Call("look_up", 2.0, 1, {"container": "c"})


def test_an_answer_that_names_another_delivery_s_post_proves_nothing(bench: Bench) -> None:
    first, second = bench.post(), bench.post()
    bench.x.publishes.extend([Done("1"), Done("1")])
    bench.x.looks.append(Found("2"))
    bench.run()
    assert [bench.delivery(i).remote_id for i in (first, second)] == ["1", "2"]
    assert bench.intents(second) == ["unknown"]


def test_an_account_without_credentials_fails_and_asks_for_them(bench: Bench) -> None:
    bench.post()
    bench.credentials.remove("x/me")
    bench.run()
    error = bench.error()
    assert (error.kind, error.hint) == (Kind.AUTH, action("account connect", "x/me"))
    assert bench.x.calls == []


def test_credentials_are_not_sent_to_a_host_they_were_not_made_for(bench: Bench) -> None:
    from ttp.domain.account import Credentials

    bench.post()
    bench.credentials.put("x/me", Credentials("token", host="127.0.0.1"))
    bench.run()
    error = bench.error()
    assert all(host in error.message for host in ("127.0.0.1", "api.x.com"))
    assert bench.x.calls == []


def test_options_of_the_post_win_over_the_account_s_and_lose_the_platform_s_name(bench: Bench) -> None:
    bench.account("tiktok/me", options={"tiktok.privacy_level": "SELF_ONLY", "tiktok.disable_duet": "true"})
    bench.post("tiktok/me", options={"tiktok.privacy_level": "PUBLIC_TO_EVERYONE", "x.other": "1"})
    client = bench.clients[bench.account_now("tiktok/me").platform]
    client.publishes.append(Done("1"))
    bench.run()
    assert client.orders[0].options == {"privacy_level": "PUBLIC_TO_EVERYONE", "disable_duet": "true"}


@pytest.mark.parametrize("where", ["prepare", "publish", "look_up"])
def test_an_error_in_a_client_affects_only_its_delivery(bench: Bench, where: str) -> None:
    bench.account("tiktok/me")
    bench.post("x/me")
    well = bench.post("tiktok/me")

    def fault(*_: object) -> Any:
        raise KeyError("token")

    tiktok = bench.clients[bench.account_now("tiktok/me").platform]
    tiktok.publishes.append(Done("1"))
    match where:
        case "prepare":
            bench.x.prepares.append([fault])
            bench.x.publishes.append(Done("5"))
        case "publish":
            bench.x.publishes.append(fault)
            bench.x.looks.append(Found("5"))
        case _:
            bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
            bench.x.looks.extend([fault, Found("5")])
    assert bench.run()
    assert bench.delivery(well).state is DeliveryState.PUBLISHED
    assert bench.delivery(1).state is DeliveryState.PUBLISHED
    told = next(a.message for a in bench.attempts(1) if a.message and "fault" in a.message)
    assert told.startswith("a fault of ttp: KeyError in test_publishing.py, line ")
    assert "token" not in told


def test_an_absent_post_is_sent_again_under_a_new_intent_with_the_handle_that_the_look_up_gave(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.extend([Unknown(Kind.NETWORK, "cut"), Done("1")])
    bench.x.looks.append(Absent(certain=True, handle={"offset": 0}))
    bench.run()
    assert bench.intents() == ["unknown", "done"]
    assert bench.x.calls[-1].handle == {"offset": 0}
