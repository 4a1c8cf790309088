"""Back-off: doubling to a cap, a budget of tries, and the platform's own times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from tests.settings import Config
from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.publishing.retry import JITTER, LONGEST, SHORTEST, RetryPolicy, after_not_done

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(seconds=15), timedelta(seconds=900), 8)
PASSING = NotDone(Kind.NETWORK, "cut off", passing=True)


def sending(tries: int = 0) -> Delivery:
    return Delivery("x/me", "x", DeliveryState.SENDING, tries=tries)


def after(outcome: NotDone, tries: int = 0, *, policy: RetryPolicy = POLICY, spread: float = 0.0) -> Delivery:
    return after_not_done(sending(tries), outcome, now=NOW, policy=policy, spread=spread)


def test_the_policy_is_the_configured_one() -> None:
    assert RetryPolicy.of(Config()) == POLICY
    other = Config({"publish.retry_base_s": 0.5, "publish.retry_cap_s": 2.0, "publish.retry_max": 3})
    assert RetryPolicy.of(other) == RetryPolicy(timedelta(seconds=0.5), timedelta(seconds=2), 3)


def test_the_wait_doubles_up_to_the_cap() -> None:
    waits = [POLICY.wait(tries, 0.0).total_seconds() for tries in range(9)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    assert POLICY.wait(10_000, 0.0) == POLICY.cap


def test_a_base_above_the_cap_is_capped_too() -> None:
    assert RetryPolicy(timedelta(hours=1), timedelta(minutes=1), 8).wait(0, 0.0) == timedelta(minutes=1)


@given(tries=st.integers(0, 200), spread=st.floats(-1, 1), base=st.floats(0, 1e7), cap=st.floats(0, 1e7))
def test_jitter_stays_within_its_share_of_the_wait(tries: int, spread: float, base: float, cap: float) -> None:
    policy = RetryPolicy(timedelta(seconds=base), timedelta(seconds=cap), 8)
    exact, spread_out = policy.wait(tries, 0.0), policy.wait(tries, spread)
    assert exact <= policy.cap
    microsecond = timedelta(microseconds=1)
    assert exact * (1 - JITTER) - microsecond <= spread_out <= exact * (1 + JITTER) + microsecond
    assert policy.wait(tries + 1, 0.0) >= exact


def test_a_passing_failure_is_tried_again_and_spends_a_try() -> None:
    again = after(PASSING, 2, spread=1.0)
    assert (again.state, again.tries) == (DeliveryState.RETRYING, 3)
    assert again.next_at == NOW + timedelta(seconds=66)
    assert again.error == DeliveryError(PASSING.kind, PASSING.message)


@each("most", [1, 2, 8])
def test_the_first_try_is_one_of_the_budget(most: int) -> None:
    policy = RetryPolicy(POLICY.base, POLICY.cap, most)
    delivery, calls = sending(), 1
    while (delivery := after_not_done(delivery, PASSING, now=NOW, policy=policy, spread=0)).state != "failed":
        delivery, calls = delivery.claim().mark_sending(), calls + 1
    assert calls == most


def test_what_is_final_fails_at_once_with_the_platforms_words() -> None:
    failed = after(NotDone(Kind.CONTENT, "too long", "186", 403, hint=action("edit", 1)))
    assert (failed.state, failed.next_at) == (DeliveryState.FAILED, None)
    error = failed.error
    assert error is not None
    assert (error.kind, error.message, error.code, error.hint) == (Kind.CONTENT, "too long", "186", action("edit", 1))


@each(
    ("asked", "given"),
    [
        (timedelta(minutes=7), timedelta(minutes=7)),
        (timedelta(seconds=-90), SHORTEST),
        (timedelta(0), SHORTEST),
        (timedelta(days=30), LONGEST),
    ],
)
@each("passing", [True, False])
def test_the_platforms_own_time_is_kept_within_bounds_and_spends_no_try(
    asked: timedelta, given: timedelta, passing: bool
) -> None:
    limited = NotDone(Kind.RATE_LIMIT, "slow down", passing=passing, retry_at=NOW + asked)
    waiting = after(limited, tries=POLICY.most)
    assert (waiting.state, waiting.tries, waiting.next_at) == (DeliveryState.RETRYING, POLICY.most, NOW + given)
