"""The one table of moves: what it allows, what it refuses, and what each move leaves on a delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from tests.rows import each
from ttp.domain.action import action
from ttp.domain.delivery import BUSY, ENDED, IN_FLIGHT, MOVES, Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import InvalidTransition
from ttp.domain.publishing.outcome import Kind

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ERROR = DeliveryError(Kind.NETWORK, "cut off", "7", action("show", 1))

# What docs/reference/state-machine.md promises, written down a second time: from -> where it may go.
ALLOWED = {
    "pending": "claimed failed cancelled reconciling published",
    "claimed": "pending retrying failed sending reconciling published",
    "sending": "published processing retrying claimed failed reconciling",
    "processing": "published failed retrying needs_review reconciling",
    "retrying": "claimed failed reconciling published",
    "reconciling": "published processing failed retrying needs_review",
    "published": "",
    "failed": "pending cancelled published",
    "needs_review": "published failed",
    "cancelled": "published failed",
}
PAIRS = list(product(DeliveryState, DeliveryState))

Move = Callable[[Delivery], Delivery]
WAYS: dict[DeliveryState, tuple[Move, ...]] = {
    DeliveryState.PENDING: (lambda d: d.release(LATER),),
    DeliveryState.CLAIMED: (lambda d: d.claim(), lambda d: d.withdraw()),
    DeliveryState.SENDING: (lambda d: d.mark_sending(),),
    DeliveryState.PROCESSING: (lambda d: d.mark_processing("x", LATER, None),),
    DeliveryState.RETRYING: (lambda d: d.mark_retrying(LATER, ERROR, spend=True), lambda d: d.going_on(NOW)),
    DeliveryState.RECONCILING: (lambda d: d.mark_reconciling(ERROR, LATER),),
    DeliveryState.PUBLISHED: (lambda d: d.mark_published(NOW, "1", None),),
    DeliveryState.FAILED: (lambda d: d.mark_failed(ERROR), lambda d: d.resolved_failed(ERROR)),
    DeliveryState.NEEDS_REVIEW: (lambda d: d.mark_needs_review(ERROR),),
    DeliveryState.CANCELLED: (lambda d: d.cancel(),),
}


def in_state(state: DeliveryState, **more: object) -> Delivery:
    return replace(Delivery("x/me", "x", state=state, due_at=NOW), **more)  # type: ignore[arg-type]  # fields


def allowed(before: DeliveryState, after: DeliveryState) -> bool:
    return after.value in ALLOWED[before.value].split()


def test_the_table_has_exactly_the_moves_that_are_documented() -> None:
    assert set(MOVES) == {pair for pair in PAIRS if allowed(*pair)}
    assert all(MOVES.values()), "every move says its event"


@each(("before", "after"), PAIRS)
def test_a_move_happens_if_it_is_in_the_table_and_is_a_bug_otherwise(
    before: DeliveryState, after: DeliveryState
) -> None:
    for way in WAYS[after]:
        if allowed(before, after):
            assert way(in_state(before)).state is after
        else:
            with pytest.raises(InvalidTransition, match=f"{before}.*{after}"):
                way(in_state(before))


@each("state", DeliveryState)
def test_only_what_rests_takes_a_new_time(state: DeliveryState) -> None:
    delivery = in_state(state)
    if state in (DeliveryState.PENDING, DeliveryState.FAILED):
        moved = delivery.schedule(LATER)
        assert (moved.state, moved.due_at, moved.next_at) == (DeliveryState.PENDING, LATER, LATER)
    else:
        with pytest.raises(InvalidTransition, match=state):
            delivery.schedule(LATER)


def test_the_groups_of_states_part_the_states() -> None:
    assert BUSY < IN_FLIGHT
    assert set(DeliveryState) == IN_FLIGHT | ENDED | {DeliveryState.PENDING}
    assert not IN_FLIGHT & ENDED
    people = ("claim", "retry", "left out", "a person", "too late", "its publisher had lost it")
    for (before, after), event in MOVES.items():
        if before in ENDED:
            assert event.startswith(people), f"{before} ended, yet {event} moves it to {after}"


def test_a_failed_delivery_with_a_new_time_has_its_whole_budget_again() -> None:
    failed = in_state(DeliveryState.FAILED, tries=8, attempts=9, error=ERROR, handle={"container": "1"})
    again = failed.schedule(LATER)
    assert (again.tries, again.error, again.attempts) == (0, None, 9)
    assert again.handle == {"container": "1"}, "a container that may be published is not forgotten"


def test_a_draft_has_no_time_at_all() -> None:
    draft = in_state(DeliveryState.PENDING, next_at=NOW).schedule(None)
    assert (draft.due_at, draft.next_at) == (None, None)


def test_a_claim_counts_an_attempt_and_plans_nothing_more() -> None:
    waiting = in_state(
        DeliveryState.RETRYING, next_at=NOW, attempts=2, waiting_for="the next try", waiting_until=NOW
    ).claim()
    assert (waiting.attempts, waiting.next_at) == (3, None)
    assert (waiting.waiting_for, waiting.waiting_until) == (None, None)


def test_what_is_released_is_due_as_it_was() -> None:
    assert in_state(DeliveryState.CLAIMED).release(LATER).next_at == NOW


@pytest.mark.parametrize(
    ("spend", "tries", "what"), [(True, 3, "the next try"), (False, 2, "the platform to accept it")]
)
def test_only_a_try_that_is_spent_counts(spend: bool, tries: int, what: str) -> None:
    retrying = in_state(DeliveryState.SENDING, tries=2).mark_retrying(LATER, ERROR, spend=spend)
    assert (retrying.tries, retrying.next_at, retrying.error) == (tries, LATER, ERROR)
    assert (retrying.waiting_for, retrying.waiting_until) == (what, LATER)


def test_what_the_platform_works_on_says_what_it_waits_for() -> None:
    working = in_state(DeliveryState.SENDING).mark_processing("moderation", NOW, LATER)
    assert (working.waiting_for, working.next_at, working.waiting_until) == ("moderation", NOW, LATER)


def test_an_unknown_outcome_waits_for_a_look_up() -> None:
    doubtful = in_state(DeliveryState.SENDING).mark_reconciling(ERROR, NOW)
    assert (doubtful.next_at, doubtful.error) == (NOW, ERROR)
    assert doubtful.waiting_for == "a look-up of what the platform has"


def test_looking_again_keeps_what_it_is_not_told() -> None:
    doubtful = in_state(DeliveryState.RECONCILING, waiting_until=LATER, error=ERROR)
    assert doubtful.look_again(NOW) == replace(doubtful, next_at=NOW)
    other = DeliveryError(Kind.SERVER, "502")
    assert doubtful.look_again(NOW, until=NOW, error=other) == replace(
        doubtful, next_at=NOW, waiting_until=NOW, error=other
    )


def test_being_published_ends_the_error_and_the_waiting() -> None:
    live = in_state(DeliveryState.RECONCILING, error=ERROR, waiting_for="a look-up", next_at=NOW).mark_published(
        LATER, "17", "https://x.com/me/status/17"
    )
    assert (live.remote_id, live.url, live.published_at) == ("17", "https://x.com/me/status/17", LATER)
    assert (live.error, live.waiting_for, live.next_at) == (None, None, None)


def test_a_public_id_that_comes_later_is_asked_for_and_then_kept() -> None:
    live = in_state(DeliveryState.SENDING).mark_published(NOW, "p", None, id_at=LATER)
    assert live.next_at == LATER
    assert live.identify(None, None, id_at=NOW) == replace(live, next_at=NOW)
    assert live.identify("17", "https://x") == replace(live, remote_id="17", url="https://x", next_at=None)


def test_a_persons_word_settles_what_needed_review() -> None:
    doubtful = in_state(DeliveryState.NEEDS_REVIEW, error=ERROR, handle={"id": "1"})
    live = doubtful.mark_published(NOW, "17", None)
    assert (live.remote_id, live.published_at, live.error) == ("17", NOW, None)
    dead = doubtful.resolved_failed(ERROR)
    assert (dead.error, dict(dead.handle)) == (ERROR, {})


def test_what_has_ended_plans_nothing_by_itself() -> None:
    doubtful = in_state(DeliveryState.RECONCILING, next_at=NOW)
    for ended in (doubtful.mark_failed(ERROR), doubtful.mark_needs_review(ERROR)):
        assert (ended.next_at, ended.error) == (None, ERROR)
    assert in_state(DeliveryState.PENDING, next_at=NOW).cancel().next_at is None


def test_the_handle_is_not_shown() -> None:
    assert "secret" not in repr(in_state(DeliveryState.CLAIMED, handle={"upload": "secret"}))


def test_what_was_taken_down_stays_known_as_published() -> None:
    live = Delivery("x/me", "x", DeliveryState.PUBLISHED, remote_id="5", url="https://x.com/5", next_at=NOW)
    gone = live.taken_down("5", NOW)
    assert (gone.state, gone.taken_down_at, gone.remote_id, gone.next_at) == (DeliveryState.PUBLISHED, NOW, "5", None)


def test_a_thread_is_taken_down_part_by_part_and_half_a_thread_begins_anew() -> None:
    handle = {"parts": ["5", "6"], "of": 3}
    for state in (DeliveryState.PUBLISHED, DeliveryState.FAILED):
        live = Delivery("x/me", "x", state, remote_id="5", url="https://x.com/5", handle=handle)
        half = live.taken_down("6", NOW)
        assert (half.parts, half.taken_down_at, half.remote_id) == (("5",), None, "5")
        gone = half.taken_down("5", NOW)
        assert gone.parts == ()
        published = state is DeliveryState.PUBLISHED
        assert (gone.taken_down_at, gone.remote_id) == ((NOW, "5") if published else (None, None))


def half_out(state: DeliveryState, **more: object) -> Delivery:
    """A thread of which two parts are published."""
    handle = {"parts": ["5", "6"], "of": 3, "upload_url": "secret"}
    return in_state(state, remote_id="5", url="https://x.com/5", handle=handle, **more)


def test_the_first_part_of_a_thread_names_the_delivery_and_later_ones_do_not() -> None:
    first = in_state(DeliveryState.SENDING, tries=3, error=ERROR).with_part("5", "https://x.com/5", {"parts": ["5"]})
    assert (first.remote_id, first.url, first.parts) == ("5", "https://x.com/5", ("5",))
    assert (first.state, first.tries, first.error) == (DeliveryState.SENDING, 0, None)
    second = first.with_part("6", "https://x.com/6", {"parts": ["5", "6"]})
    assert (second.remote_id, second.url, second.parts) == ("5", "https://x.com/5", ("5", "6"))


def test_a_thread_that_is_half_out_is_never_given_back_as_if_nothing_were() -> None:
    left = half_out(DeliveryState.CLAIMED).release(LATER)
    assert (left.state, left.next_at, left.waiting_for) == (DeliveryState.RETRYING, LATER, "the rest of the thread")
    found = half_out(DeliveryState.RECONCILING, tries=2).going_on(LATER)
    assert (found.next_at, found.tries, found.waiting_until) == (LATER, 2, LATER)


def test_a_thread_that_fails_says_what_of_it_is_published() -> None:
    failed = half_out(DeliveryState.SENDING).mark_failed(ERROR)
    assert failed.error == ERROR._replace(message="cut off; 2 of 3 parts are published: https://x.com/5")
    doubtful = half_out(DeliveryState.RECONCILING).mark_needs_review(ERROR)
    told = "cut off; part 3 is in doubt, 2 of 3 parts are published: https://x.com/5"
    assert doubtful.error == ERROR._replace(message=told)
    one = in_state(DeliveryState.SENDING, remote_id="5", handle={"parts": ["5"], "of": 3})
    assert one.so_far == "1 of 3 parts is published: 5"
    assert in_state(DeliveryState.SENDING, handle={"media": []}).so_far is None


def test_of_a_thread_that_has_ended_the_parts_are_kept_and_nothing_else() -> None:
    kept = {"parts": ["5", "6"], "of": 3}
    assert half_out(DeliveryState.SENDING).mark_published(NOW, "5", None).handle == kept
    assert half_out(DeliveryState.PUBLISHED).identify(None, None).handle == kept
    assert half_out(DeliveryState.NEEDS_REVIEW).resolved_failed(ERROR).handle == kept
    assert in_state(DeliveryState.SENDING, handle={"upload_url": "secret"}).mark_published(NOW, "5", None).handle == {}
