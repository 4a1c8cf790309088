"""Threads on X: one part after another, each with its own intent, and none twice."""

from __future__ import annotations

import pytest

from tests.publisher.bench import Bench, Crash
from tests.publisher.fake_x import PARTS, FakeX, outgoing, steps, thread, whole
from tests.settings import Config
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.publishing.attempt import Kind
from ttp.domain.publishing.outcome import Done, Phase
from ttp.publisher.loop import Mode

FAILED, REVIEW, RETRYING = DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW, DeliveryState.RETRYING


def test_a_thread_is_published_in_one_claim_with_an_intent_per_part(bench: Bench, x: FakeX) -> None:
    thread(bench)
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4
    assert steps(bench) == [(f"POST /2/tweets (part {number} of 4)", "done") for number in (1, 2, 3, 4)]
    intents = bench.attempts(1, Phase.PUBLISH)
    assert [intent.message for intent in intents] == [entry.id for entry in x.feed]
    assert len({intent.fingerprint for intent in intents}) == 4
    assert bench.delivery().attempts == 1
    happened = [name for name in bench.told() if name.startswith(("delivery.", "post."))]
    assert happened == ["post.due", *["delivery.sending"] * 4, "delivery.published", "post.finished"]
    assert bench.whole(1).status is PostStatus.PUBLISHED


def test_a_post_without_a_thread_remembers_no_parts_and_its_step_names_none(bench: Bench, x: FakeX) -> None:
    bench.post("x/me", content="Alone")
    bench.run()
    whole(bench, x, parts=["Alone"])
    assert steps(bench) == [("POST /2/tweets", "done")]


def test_only_x_gets_the_thread(bench: Bench) -> None:
    bench.account("instagram/me")
    bench.x.publishes.append(Done("1"))
    bench.clients["instagram"].publishes.append(Done("2"))
    bench.post("x/me", "instagram/me", content="One", thread=("Two", "Three"))
    bench.run()
    assert {order.thread for order in bench.x.orders} == {("Two", "Three")}
    assert {(order.text, order.thread) for order in bench.clients["instagram"].orders} == {("One", ())}


def test_each_part_is_stored_before_the_next_is_sent(bench: Bench, x: FakeX) -> None:
    """What is on the disk when a call arrives: the parts before it, and its own intent, which is open."""
    thread(bench)
    seen: list[tuple[str, int, str | None]] = []
    x.on_post = lambda: seen.append((bench.delivery().state.value, len(bench.delivery().parts), bench.intents()[-1]))
    bench.run()
    assert seen == [("sending", number, None) for number in range(4)]


@pytest.mark.parametrize("part", [1, 2, 3, 4])
@pytest.mark.parametrize("send", ["lost", "late", "server error"])
def test_a_part_whose_answer_is_lost_is_found_and_the_rest_follows(
    bench: Bench, x: FakeX, part: int, send: str
) -> None:
    thread(bench)
    x.sends = [send, *["done"] * (part - 1)]
    bench.run()
    whole(bench, x)
    assert [outcome for _, outcome in steps(bench)] == [
        "unknown" if number == part else "done" for number in (1, 2, 3, 4)
    ]
    assert bench.delivery().tries == 0


@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_a_part_that_never_arrived_is_sent_once_more_after_the_window_and_the_rest_follows(
    bench: Bench, x: FakeX, part: int
) -> None:
    thread(bench)
    x.sends = ["never", *["done"] * (part - 1)]
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4
    assert bench.seconds >= 900.0
    assert [outcome for _, outcome in steps(bench)] == [
        *["done"] * (part - 1),
        "unknown",
        *["done"] * (5 - part),
    ]


@pytest.mark.parametrize("send", ["die before", "die after"])
@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_a_publisher_that_dies_in_a_part_is_followed_by_one_that_goes_on_there(
    bench: Bench, x: FakeX, part: int, send: str
) -> None:
    thread(bench)
    x.sends = [send, *["done"] * (part - 1)]
    bench.run_and_die()
    assert bench.delivery().state is DeliveryState.SENDING
    assert len(bench.delivery().parts) == part - 1
    x.enter(bench)
    bench.run()
    whole(bench, x)


def test_a_publisher_may_die_after_any_commit(bench: Bench, x: FakeX) -> None:
    """One thread for each place to die in; each is whole in the end, and on X once."""
    places = 0
    while True:
        post = thread(bench, parts=[f"{part} of {places}" for part in PARTS], due=bench.seconds)
        left = [places]

        def count(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                bench.dead = True

        bench.on_commit = count
        try:
            x.enter(bench)
            bench.run()
            died = False
        except Crash:
            died = True
        bench.on_commit = lambda: None
        bench.dead = False
        x.enter(bench)
        bench.run()
        whole(bench, x, post, [f"{part} of {places}" for part in PARTS])
        if not died:
            break
        places += 1
    assert places > 10
    assert len(x.feed) == len(set(x.texts)) == 4 * (places + 1)


def test_a_stop_between_two_parts_leaves_a_thread_that_the_next_publisher_goes_on_with(bench: Bench, x: FakeX) -> None:
    thread(bench)
    sent = 0

    def stop() -> None:
        nonlocal sent
        sent += 1
        if sent == 2:
            bench.stop()

    bench.on("delivery.sending", stop)
    bench.run(Mode.LOOP)
    delivery = bench.delivery()
    assert (delivery.state, delivery.waiting_for) == (RETRYING, "the rest of the thread")
    assert x.texts == ["One", "Two"]
    assert bench.whole(1).status is PostStatus.PUBLISHING
    bench.run()
    whole(bench, x)


def test_a_machine_that_sleeps_between_two_parts_withdraws_the_intent_and_goes_on(bench: Bench, x: FakeX) -> None:
    thread(bench)
    slept: list[bool] = []

    def sleep() -> None:
        if len(x.feed) == 2 and not slept:
            slept.append(True)
            bench.clock.advance(3600.0)

    bench.on("delivery.sending", sleep)
    bench.run()
    whole(bench, x)
    assert ("POST /2/tweets (part 3 of 4)", "withdrawn") in steps(bench)


@pytest.mark.parametrize("part", [1, 2, 4])
def test_a_part_that_x_refuses_for_good_fails_the_rest_and_a_retry_goes_on_with_it(
    bench: Bench, x: FakeX, part: int
) -> None:
    thread(bench)
    x.sends = ["final", *["done"] * (part - 1)]
    bench.run()
    delivery = bench.delivery()
    assert delivery.state is FAILED
    assert x.texts == list(PARTS[: part - 1])
    are = "is" if part == 2 else "are"
    so_far = f"{part - 1} of 4 parts {are} published: {delivery.url}"
    assert bench.error().message == "403 You are not permitted to perform this action." + (
        f"; {so_far}" if part > 1 else ""
    )
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4


def test_the_first_part_is_bound_to_the_delivery_as_soon_as_it_is_published(bench: Bench, x: FakeX) -> None:
    """Two threads begin with the same words: the look-up for one must not take the other's, which is half out."""
    first, second = thread(bench), thread(bench, due=1.0)
    x.sends = ["lost", "final", "done"]
    bench.run()
    assert bench.delivery(first).state is FAILED
    whole(bench, x, second)
    outgoing(bench).retry([first])
    bench.run()
    whole(bench, x, first)
    assert sorted(x.texts) == sorted(PARTS * 2)


@pytest.mark.parametrize("send", ["lost", "never", "die after", "die before"])
@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_parts_with_the_same_text_are_distinguished_by_their_parent(
    bench: Bench, x: FakeX, part: int, send: str
) -> None:
    same = ["Again"] * 4
    alone = bench.post("x/me", content="Again")
    post = thread(bench, parts=same, due=1.0)
    x.sends = [send, *["done"] * part]
    while True:
        try:
            bench.run()
            break
        except Crash:
            x.enter(bench)
    whole(bench, x, post, same)
    whole(bench, x, alone, ["Again"])
    assert x.texts == ["Again"] * 5


def test_a_look_up_for_a_post_ignores_a_reply_with_the_same_text(bench: Bench, x: FakeX) -> None:
    post = thread(bench, parts=["Start", "Same"])
    alone = bench.post("x/me", content="Same", due=1.0)
    x.sends = ["never"] + ["done"] * 2
    bench.run()
    whole(bench, x, post, ["Start", "Same"])
    whole(bench, x, alone, ["Same"])
    assert bench.intents(alone) == ["unknown", "done"]


def test_a_duplicate_refusal_of_a_part_is_final_where_no_call_for_that_part_was_lost(bench: Bench, x: FakeX) -> None:
    x.guard = True
    thread(bench, parts=["One", "Two", "One"])
    x.sends = ["lost", "done"]
    bench.run()
    assert bench.delivery().state is FAILED
    assert bench.error().message.startswith(
        "403 You are not allowed to create a Tweet with duplicate content.; 2 of 3 parts"
    )
    assert x.texts == ["One", "Two"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_duplicate_refusal_of_a_part_whose_call_was_lost_is_looked_for_and_never_sent_again(
    bench: Bench, x: FakeX, arrived: bool
) -> None:
    """X says that the text exists. Where its list shows the reply, that is it; where not, a person must look."""
    x.guard = True
    thread(bench)
    x.sends = ["duplicate", "never", "done"]
    x.on_duplicate = (lambda: x.arrive("Two", x.feed[0].id)) if arrived else (lambda: None)
    bench.run()
    if arrived:
        whole(bench, x)
    else:
        assert bench.delivery().state is REVIEW
        assert (bench.error().kind, "part 2" in bench.error().message) == (Kind.DUPLICATE, True)
        assert x.texts == ["One"]


def test_a_part_found_without_its_parent_needs_review(bench: Bench, x: FakeX) -> None:
    """Were X not to tell what a post replies to, that ours is not among the replies would prove nothing."""
    thread(bench)
    x.sends = ["lost", "done"]
    x.tells_parents = False
    bench.run()
    assert bench.delivery().state is REVIEW
    said = f"X has the text of part 2, but not as a reply to the previous part: https://x.com/i/status/{x.feed[1].id}"
    assert bench.error().message == f"{said}; part 2 is in doubt, 1 of 4 parts is published: {bench.delivery().url}"
    assert x.texts == ["One", "Two"]


def test_a_thread_that_is_too_late_in_its_middle_says_what_is_published(bench: Bench, x: FakeX) -> None:
    thread(bench, max_lateness_s=60.0)
    x.sends = ["unreachable", "done", "done"]
    bench.run(Mode.ONCE)
    bench.clock.advance(3600.0)
    bench.run()
    assert bench.delivery().state is FAILED
    assert "; 2 of 4 parts are published: https://x.com/i/status/" in bench.error().message
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x)


def test_a_rate_limit_in_the_middle_of_a_thread_is_waited_out(bench: Bench, x: FakeX) -> None:
    thread(bench)
    x.sends = ["limit", "done", "refused", "done"]
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4


def test_each_part_has_its_own_budget_of_tries(bench: Bench, x: FakeX) -> None:
    bench.config = Config({"publish.retry_max": 2})
    x.enter(bench)
    thread(bench)
    x.sends = ["unreachable", "done"] * 4
    x.sends.reverse()
    bench.run()
    whole(bench, x)
