"""The one table of moves: what it allows, what it refuses, and what each move leaves on a delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from ttp.domain.account import Platform
from ttp.domain.attempt import Kind
from ttp.domain.delivery import BUSY, ENDED, IN_FLIGHT, MOVES, Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import InvalidTransition

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ERROR = DeliveryError(Kind.NETWORK, "cut off", "7", "ttp show 1")

# What docs/state-machine.md promises, written down a second time: from -> where it may go.
ALLOWED = {
    "pending": "claimed failed cancelled",
    "claimed": "pending retrying failed sending",
    "sending": "published processing retrying claimed failed reconciling",
    "processing": "published failed retrying needs_review",
    "retrying": "claimed failed",
    "reconciling": "published processing failed retrying needs_review",
    "published": "",
    "failed": "pending cancelled",
    "needs_review": "published failed",
    "cancelled": "",
}
PAIRS = list(product(DeliveryState, DeliveryState))

Move = Callable[[Delivery], Delivery]
WAYS: dict[DeliveryState, tuple[Move, ...]] = {
    DeliveryState.PENDING: (lambda d: d.released(),),
    DeliveryState.CLAIMED: (lambda d: d.claimed(), lambda d: d.withdrawn()),
    DeliveryState.SENDING: (lambda d: d.sending(),),
    DeliveryState.PROCESSING: (lambda d: d.processing("x", LATER, None),),
    DeliveryState.RETRYING: (lambda d: d.retrying(LATER, ERROR, spend=True),),
    DeliveryState.RECONCILING: (lambda d: d.reconciling(ERROR, LATER, None),),
    DeliveryState.PUBLISHED: (
        lambda d: d.published(NOW, "1", None),
        lambda d: d.resolved_published(NOW, "1", None),
    ),
    DeliveryState.FAILED: (lambda d: d.failed(ERROR), lambda d: d.resolved_failed(ERROR)),
    DeliveryState.NEEDS_REVIEW: (lambda d: d.needs_review(ERROR),),
    DeliveryState.CANCELLED: (lambda d: d.cancelled(),),
}


def in_state(state: DeliveryState, **more: object) -> Delivery:
    return replace(Delivery("x/me", Platform.X, state=state, due_at=NOW), **more)  # type: ignore[arg-type]  # fields


def allowed(before: DeliveryState, after: DeliveryState) -> bool:
    return after.value in ALLOWED[before.value].split()


def test_the_table_has_exactly_the_moves_that_are_documented() -> None:
    assert set(MOVES) == {pair for pair in PAIRS if allowed(*pair)}
    assert all(MOVES.values()), "every move says its event"


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_happens_if_it_is_in_the_table_and_is_a_bug_otherwise(
    before: DeliveryState, after: DeliveryState
) -> None:
    for way in WAYS[after]:
        if allowed(before, after):
            assert way(in_state(before)).state is after
        else:
            with pytest.raises(InvalidTransition, match=f"from {before} to {after}"):
                way(in_state(before))


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_rests_takes_a_new_time(state: DeliveryState) -> None:
    delivery = in_state(state)
    if state in (DeliveryState.PENDING, DeliveryState.FAILED):
        moved = delivery.scheduled(LATER)
        assert (moved.state, moved.due_at, moved.next_at) == (DeliveryState.PENDING, LATER, LATER)
    else:
        with pytest.raises(InvalidTransition, match=f"a {state} delivery takes no new time"):
            delivery.scheduled(LATER)


def test_the_groups_of_states_part_the_states() -> None:
    assert BUSY < IN_FLIGHT
    assert set(DeliveryState) == IN_FLIGHT | ENDED | {DeliveryState.PENDING}
    assert not IN_FLIGHT & ENDED
    people = ("claim", "retry", "left out", "a person", "too late")
    for (before, after), event in MOVES.items():
        if before in ENDED:
            assert event.startswith(people), f"{before} ended, yet {event} moves it to {after}"


def test_a_failed_delivery_with_a_new_time_has_its_whole_budget_again() -> None:
    failed = in_state(DeliveryState.FAILED, tries=8, attempts=9, error=ERROR, handle={"container": "1"})
    again = failed.scheduled(LATER)
    assert (again.tries, again.error, again.attempts) == (0, None, 9)
    assert again.handle == {"container": "1"}, "a container that may be published is not forgotten"


def test_a_draft_has_no_time_at_all() -> None:
    draft = in_state(DeliveryState.PENDING, next_at=NOW).scheduled(None)
    assert (draft.due_at, draft.next_at) == (None, None)


def test_a_claim_counts_an_attempt_and_plans_nothing_more() -> None:
    waiting = in_state(
        DeliveryState.RETRYING, next_at=NOW, attempts=2, waiting_for="the next try", waiting_until=NOW
    ).claimed()
    assert (waiting.attempts, waiting.next_at) == (3, None)
    assert (waiting.waiting_for, waiting.waiting_until) == (None, None)


def test_what_is_released_is_due_as_it_was() -> None:
    assert in_state(DeliveryState.CLAIMED).released().next_at == NOW


@pytest.mark.parametrize(("spend", "tries"), [(True, 3), (False, 2)])
def test_only_a_try_that_is_spent_counts(spend: bool, tries: int) -> None:
    retrying = in_state(DeliveryState.SENDING, tries=2).retrying(LATER, ERROR, spend=spend)
    assert (retrying.tries, retrying.next_at, retrying.error) == (tries, LATER, ERROR)
    assert (retrying.waiting_for, retrying.waiting_until) == ("the next try", LATER)


def test_what_the_platform_works_on_says_what_it_waits_for() -> None:
    working = in_state(DeliveryState.SENDING).processing("moderation", NOW, LATER)
    assert (working.waiting_for, working.next_at, working.waiting_until) == ("moderation", NOW, LATER)


def test_an_unknown_outcome_waits_for_a_look_up() -> None:
    doubtful = in_state(DeliveryState.SENDING).reconciling(ERROR, NOW, LATER)
    assert (doubtful.next_at, doubtful.waiting_until, doubtful.error) == (NOW, LATER, ERROR)
    assert doubtful.waiting_for == "a look-up of what the platform has"


def test_looking_again_keeps_what_it_is_not_told() -> None:
    doubtful = in_state(DeliveryState.RECONCILING, waiting_until=LATER, error=ERROR)
    assert doubtful.look_again(NOW) == replace(doubtful, next_at=NOW)
    other = DeliveryError(Kind.SERVER, "502")
    assert doubtful.look_again(NOW, until=NOW, error=other) == replace(
        doubtful, next_at=NOW, waiting_until=NOW, error=other
    )


def test_being_published_ends_the_error_and_the_waiting() -> None:
    live = in_state(DeliveryState.RECONCILING, error=ERROR, waiting_for="a look-up", next_at=NOW).published(
        LATER, "17", "https://x.com/me/status/17"
    )
    assert (live.remote_id, live.url, live.published_at) == ("17", "https://x.com/me/status/17", LATER)
    assert (live.error, live.waiting_for, live.next_at) == (None, None, None)


def test_a_public_id_that_comes_later_is_asked_for_and_then_kept() -> None:
    live = in_state(DeliveryState.SENDING).published(NOW, "p", None, id_at=LATER)
    assert live.next_at == LATER
    assert live.identified(None, None, id_at=NOW) == replace(live, next_at=NOW)
    assert live.identified("17", "https://x") == replace(live, remote_id="17", url="https://x", next_at=None)


def test_a_persons_word_settles_what_needed_review() -> None:
    doubtful = in_state(DeliveryState.NEEDS_REVIEW, error=ERROR, handle={"id": "1"})
    live = doubtful.resolved_published(NOW, "17", None)
    assert (live.remote_id, live.published_at, live.error) == ("17", NOW, None)
    dead = doubtful.resolved_failed(ERROR)
    assert (dead.error, dict(dead.handle)) == (ERROR, {})


def test_what_has_ended_plans_nothing_by_itself() -> None:
    doubtful = in_state(DeliveryState.RECONCILING, next_at=NOW)
    for ended in (doubtful.failed(ERROR), doubtful.needs_review(ERROR)):
        assert (ended.next_at, ended.error) == (None, ERROR)
    assert in_state(DeliveryState.PENDING, next_at=NOW).cancelled().next_at is None


def test_the_handle_is_not_shown() -> None:
    assert "secret" not in repr(in_state(DeliveryState.CLAIMED, handle={"upload": "secret"}))
