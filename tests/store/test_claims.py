"""Claims: what may be published now, once, one at a time for each account; and changes that lose to an earlier one."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, to, transaction
from ttp.domain.action import action
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryError, DeliveryState
from ttp.domain.post import Post, PostStatus
from ttp.domain.publishing.outcome import Kind
from ttp.store import accounts as stored_accounts
from ttp.store import claims, posts, queries, row_mapper
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Row

GAP = timedelta(seconds=60)
ERROR = DeliveryError(Kind.NETWORK, "cut off")
SECOND = timedelta(seconds=1)


def claimed(
    database: Database, now: datetime = START, *, free: int = 9, only: Collection[int] | None = None
) -> list[tuple[int, str]]:
    """Claim; which post went to which account."""
    with transaction(database) as db:
        found = claims.claim(db, now=now, cutoff=now, free=free, catch_up_gap=GAP, only=only)
    return [(delivery.post_id or 0, delivery.account) for delivery in found]


def post(database: Database, post_id: int) -> Post:
    with closing(database.connect()) as db:
        return queries.post_even_deleted(db, post_id)


def save(database: Database, before: Delivery, after: Delivery, now: datetime = START) -> bool:
    with transaction(database) as db:
        return claims.save_transition(db, before, after, now=now) is not None


# What is claimed.


def test_a_claim_takes_what_is_due_and_stores_that_it_did(database: Database) -> None:
    made = add_post(database, to(add_account(database), START))
    later = START + timedelta(seconds=3)
    with transaction(database) as db:
        (delivery,) = claims.claim(db, now=later, cutoff=later, free=1, catch_up_gap=GAP)
    stored = post(database, 1)
    assert (delivery,) == stored.deliveries
    assert (delivery.state, delivery.attempts, delivery.next_at) == (DeliveryState.CLAIMED, 1, None)
    assert (stored.status, stored.updated_at) == (PostStatus.PUBLISHING, later)
    assert made.status is PostStatus.SCHEDULED


def test_what_is_not_due_yet_stays(database: Database) -> None:
    add_post(database, to(add_account(database), START + timedelta(milliseconds=1)))
    assert claimed(database, START) == []
    assert claimed(database, START + timedelta(milliseconds=1)) == [(1, "x/me")]


def test_the_cutoff_and_not_the_clock_decides_what_is_due(database: Database) -> None:
    add_post(database, to(add_account(database), START + SECOND))
    with transaction(database) as db:
        assert claims.claim(db, now=START + GAP, cutoff=START, free=9, catch_up_gap=GAP) == []


def test_one_for_each_account_the_earliest_first(database: Database) -> None:
    one, two = add_account(database, "x/one"), add_account(database, "x/two")
    add_post(database, to(one, START - 2 * SECOND))
    add_post(database, to(one, START - 4 * SECOND), to(two, START - 3 * SECOND))
    add_post(database, to(two, START - 5 * SECOND))
    assert claimed(database) == [(3, "x/two"), (2, "x/one")]
    assert claimed(database) == [], "both are busy"


def test_of_two_that_are_due_at_once_the_older_post_goes_first(database: Database) -> None:
    account = add_account(database)
    for _ in range(3):
        add_post(database, to(account, START))
    assert claimed(database) == [(1, "x/me")]


def test_no_more_are_claimed_than_there_are_workers(database: Database) -> None:
    for number in range(4):
        add_post(database, to(add_account(database, f"x/a{number}"), START - number * SECOND))
    assert claimed(database, free=2) == [(4, "x/a3"), (3, "x/a2")]
    assert claimed(database, free=2) == [(2, "x/a1"), (1, "x/a0")]


@pytest.mark.parametrize("state", DeliveryState)
def test_only_claimed_and_sending_ones_occupy_their_account(database: Database, state: DeliveryState) -> None:
    account = add_account(database)
    add_post(database, to(account, START + timedelta(hours=1), state=state))
    add_post(database, to(account, START))
    busy = state in (DeliveryState.CLAIMED, DeliveryState.SENDING)
    assert claimed(database) == ([] if busy else [(2, "x/me")])


@pytest.mark.parametrize("state", DeliveryState)
def test_only_pending_and_retrying_ones_are_claimed(database: Database, state: DeliveryState) -> None:
    add_post(database, to(add_account(database), START, state=state))
    waits = state in (DeliveryState.PENDING, DeliveryState.RETRYING)
    assert claimed(database) == ([(1, "x/me")] if waits else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"connected": False},
        {"needs_reconnect": True},
        {"hold_until": START + timedelta(milliseconds=1), "hold_reason": "quota"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_account_that_cannot_publish_is_passed_over(database: Database, fields: dict[str, Any]) -> None:
    add_post(database, to(add_account(database, **fields), START), to(add_account(database, "x/other"), START))
    assert claimed(database) == [(1, "x/other")]


def test_a_hold_that_has_ended_holds_nothing(database: Database) -> None:
    add_post(database, to(add_account(database, hold_until=START, hold_reason="quota"), START))
    assert claimed(database) == [(1, "x/me")]


def test_a_removed_account_is_passed_over(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    with transaction(database) as db:
        db.execute("UPDATE account SET removed_at = 0")
    assert claimed(database) == []


def test_a_draft_and_a_deleted_post_are_never_claimed(database: Database) -> None:
    account = add_account(database)
    add_post(database, to(account))
    add_post(database, to(account, START, next_at=None), deleted_at=START)
    assert claimed(database) == []


def test_only_the_named_posts_are_claimed(database: Database) -> None:
    one, two = add_account(database, "x/one"), add_account(database, "x/two")
    for account in (one, one, two):
        add_post(database, to(account, START))
    assert claimed(database, only=[]) == []
    assert claimed(database, only={2, 99}) == [(2, "x/one")], "though an earlier one of the account is due"
    assert claimed(database, only=[3]) == [(3, "x/two")]


# Catching up.


def test_late_ones_of_an_account_go_out_with_a_gap_between_them(database: Database) -> None:
    account, other = add_account(database), add_account(database, "x/other")
    long_ago = START - timedelta(minutes=5)
    for _ in range(2):
        add_post(database, to(account, long_ago), to(other, long_ago))

    def ends(post_id: int) -> None:
        for delivery in post(database, post_id).deliveries:
            save(database, delivery, delivery.mark_sending())
            save(database, delivery.mark_sending(), delivery.mark_sending().mark_published(START, None, None))

    assert claimed(database) == [(1, "x/me"), (1, "x/other")]
    ends(1)
    assert claimed(database, START + GAP - SECOND) == []
    with transaction(database) as db:
        assert claims.next_wake(db, now=START + SECOND, catch_up_gap=GAP)() == START + GAP
    assert claimed(database, START + GAP) == [(2, "x/me"), (2, "x/other")]


def test_what_is_on_time_is_not_held_up_by_a_late_one_before_it(database: Database) -> None:
    account = add_account(database)
    add_post(database, to(account, START - timedelta(minutes=5)))
    assert claimed(database) == [(1, "x/me")]
    (delivery,) = post(database, 1).deliveries
    save(database, delivery, delivery.mark_failed(ERROR))
    add_post(database, to(account, START + SECOND))
    assert claimed(database, START + SECOND) == [(2, "x/me")]


@pytest.mark.parametrize("late", [False, True])
def test_a_minute_is_not_late_and_a_moment_more_is(database: Database, late: bool) -> None:
    add_post(database, to(add_account(database), START - timedelta(milliseconds=claims.LATE_MS + late)))
    claimed(database)
    with transaction(database) as db:
        assert (db.execute("SELECT late_claim_at FROM account").fetchone()[0] is not None) is late


def test_a_retry_is_never_late(database: Database) -> None:
    account = add_account(database)
    due = START - timedelta(hours=1)
    add_post(database, to(account, due, state=DeliveryState.RETRYING, next_at=START))
    claimed(database)
    with transaction(database) as db:
        assert db.execute("SELECT late_claim_at FROM account").fetchone()[0] is None


# Punctual ones before late ones.


def backlog(database: Database, late: int, punctual: int) -> None:
    """Posts 1 to `late` are an hour late, those after them due at START; each has its own account."""
    for number in range(late):
        add_post(database, to(add_account(database, f"x/late{number}"), START - timedelta(hours=1) + number * SECOND))
    for number in range(punctual):
        add_post(database, to(add_account(database, f"x/now{number}"), START))


@pytest.mark.parametrize(
    ("late", "punctual", "free", "posts"),
    [
        (9, 9, 8, [10, 11, 12, 13, 14, 15, 1, 2]),
        (9, 9, 3, [10, 11, 1]),
        (9, 9, 2, [10, 1]),
        (9, 9, 1, [10]),
        (1, 9, 8, [2, 3, 4, 5, 6, 7, 8, 1]),
        (9, 2, 8, [10, 11, 1, 2, 3, 4, 5, 6]),
        (9, 0, 3, [1, 2, 3]),
        (0, 9, 3, [1, 2, 3]),
        (1, 1, 9, [2, 1]),
    ],
)
def test_punctual_ones_go_first_and_late_ones_keep_a_quarter_of_the_places(
    database: Database, late: int, punctual: int, free: int, posts: list[int]
) -> None:
    backlog(database, late, punctual)
    assert [post_id for post_id, _ in claimed(database, free=free)] == posts


def test_late_ones_keep_a_quarter_of_all_places_though_these_come_free_one_by_one(database: Database) -> None:
    backlog(database, 9, 9)
    places = claims.Places(8)
    order: list[int] = []
    with transaction(database) as db:
        for _ in range(9):
            (one,) = claims.claim(db, now=START, cutoff=START, free=1, catch_up_gap=GAP, places=places)
            order.append(one.post_id or 0)
        assert len(places.late) == 2
        places.late.pop()
        (one,) = claims.claim(db, now=START, cutoff=START, free=1, catch_up_gap=GAP, places=places)
    assert [*order, one.post_id] == [1, 2, 10, 11, 12, 13, 14, 15, 16, 3]


def test_a_punctual_post_passes_the_late_ones_of_its_account_which_keep_their_order(database: Database) -> None:
    account = add_account(database)
    for number in range(3):
        add_post(database, to(account, START - timedelta(hours=1) + number * SECOND))
    for _ in range(2):
        add_post(database, to(account, START))
    order: list[int] = []
    for minute in range(5):
        now = START + minute * GAP if order[:2] == [4, 5] else START
        ((post_id, _),) = claimed(database, now)
        order.append(post_id)
        (delivery,) = post(database, post_id).deliveries
        save(database, delivery, delivery.mark_failed(ERROR))
    assert order == [4, 5, 1, 2, 3]


def test_a_late_one_that_was_given_back_hides_no_punctual_one(database: Database) -> None:
    account = add_account(database)
    add_post(database, to(account, START - timedelta(hours=1), next_at=START - 2 * SECOND))
    add_post(database, to(account, START - SECOND))
    assert claimed(database) == [(2, "x/me")]


@pytest.mark.parametrize("waiting", range(1, 5))
def test_many_due_posts_of_one_account_hide_none_of_the_others(database: Database, waiting: int) -> None:
    one, two = add_account(database, "x/one"), add_account(database, "x/two")
    for number in range(waiting):
        add_post(database, to(one, START - timedelta(hours=2) + number * SECOND))
    add_post(database, to(two, START - timedelta(hours=1)))
    assert claimed(database) == [(1, "x/one"), (waiting + 1, "x/two")]


# Compare and set.


def test_whoever_comes_second_changes_nothing(database: Database) -> None:
    (before,) = add_post(database, to(add_account(database), START)).deliveries
    with closing(database.connect()) as one, closing(database.connect()) as two:
        assert claims.save_transition(one, before, before.claim(), now=START)
        for late in (before.mark_failed(ERROR), before.cancel(), before.claim()):
            assert not claims.save_transition(two, before, late, now=START + SECOND)
    stored = post(database, 1)
    assert (stored.deliveries[0].state, stored.updated_at) == (DeliveryState.CLAIMED, START)


def test_a_claim_that_loses_claims_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add_post(database, to(add_account(database), START))
    read = row_mapper.delivery
    with transaction(database) as db:

        def overtaken(row: Row) -> Delivery:
            db.execute("UPDATE delivery SET state = 'cancelled'")
            return read(row)

        monkeypatch.setattr(row_mapper, "delivery", overtaken)
        assert claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=GAP) == []
        assert db.execute("SELECT state, attempts FROM delivery").fetchone()[:] == ("cancelled", 0)


def test_what_is_claimed_is_stored_as_it_is_answered(database: Database) -> None:
    account, other = add_account(database), add_account(database, "x/other")
    error = DeliveryError(Kind.NETWORK, "cut off")
    retrying = {"state": DeliveryState.RETRYING, "next_at": START, "tries": 1, "attempts": 2, "error": error}
    add_post(database, to(account, START, **retrying))
    add_post(database, to(other, START))
    with transaction(database) as db:
        answered = claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=GAP)
        assert answered == [queries.delivery(db, one.id or 0) for one in answered]
        assert [one.attempts for one in answered] == [3, 1]


def test_a_change_without_a_move_leaves_the_post_alone(database: Database) -> None:
    (before,) = add_post(database, to(add_account(database), START)).deliveries
    assert save(database, before, replace(before, handle={"media": ["1"]}), START + SECOND)
    stored = post(database, 1)
    assert (dict(stored.deliveries[0].handle), stored.updated_at) == ({"media": ["1"]}, START)


def test_every_field_of_a_delivery_is_stored(database: Database) -> None:
    (before,) = add_post(database, to(add_account(database), START)).deliveries
    after = replace(
        before,
        state=DeliveryState.RECONCILING,
        due_at=START + SECOND,
        next_at=START + 2 * SECOND,
        remote_id="17",
        url="https://x.com/me/status/17",
        published_at=START + 3 * SECOND,
        tries=4,
        attempts=5,
        waiting_for="a look-up",
        waiting_until=START + 6 * SECOND,
        error=DeliveryError(Kind.SERVER, "502", "7", action("show", 1)),
        handle={"id": 8, "parts": [1, 2]},
    )
    assert save(database, before, after)
    assert post(database, 1).deliveries == (after,)


def test_a_remote_post_belongs_to_one_delivery_of_an_account(database: Database) -> None:
    one, two = add_account(database, "x/one"), add_account(database, "x/two")
    sending = {"state": DeliveryState.SENDING}
    first = add_post(database, to(one, START, **sending), to(two, START, **sending)).deliveries
    second = add_post(database, to(one, START, **sending)).deliveries
    assert save(database, first[0], first[0].mark_published(START, "17", None))
    assert save(database, first[1], first[1].mark_published(START, "17", None)), "another account has its own ids"
    with pytest.raises(Conflicting):
        save(database, second[0], second[0].mark_published(START, "17", None))


def test_a_post_goes_to_an_account_once(database: Database) -> None:
    account = add_account(database)
    made = add_post(database, to(account, START))
    with pytest.raises(Conflicting), database.writing() as db:
        posts.update(db, replace(made, deliveries=(*made.deliveries, to(account, START))), None)


# The status.


def test_the_post_is_published_when_its_last_delivery_is(database: Database) -> None:
    sending = {"state": DeliveryState.SENDING}
    accounts = [add_account(database, f"x/{name}") for name in "abc"]
    made = add_post(database, *(to(a, START, **sending) for a in accounts[:2]), to(accounts[2], START))
    a, b, c = made.deliveries
    save(database, c, c.cancel())
    save(database, a, a.mark_published(START + 9 * SECOND, "1", None))
    stored = post(database, 1)
    assert (stored.status, stored.published_at) == (PostStatus.PUBLISHING, None)
    save(database, b, b.mark_published(START + 5 * SECOND, "1", None), START + GAP)
    stored = post(database, 1)
    assert (stored.status, stored.published_at, stored.updated_at) == (
        PostStatus.PUBLISHED,
        START + 9 * SECOND,
        START + GAP,
    )


# What must not be published.


def test_overdue_is_what_its_post_or_the_limit_does_not_allow(database: Database) -> None:
    account = add_account(database)
    hour = timedelta(hours=1)
    add_post(database, to(account, START - hour))
    add_post(database, to(account, START - hour - timedelta(milliseconds=1)))
    add_post(database, to(account, START - 2 * hour), max_lateness_s=3 * 3600.0)
    add_post(database, to(account, START - SECOND), max_lateness_s=0.5)
    add_post(database, to(account, START - 9 * hour, next_at=START + hour))
    add_post(database, to(account, START - 9 * hour, state=DeliveryState.FAILED))
    with transaction(database) as db:
        found = claims.overdue(db, now=START, limit=hour, most=9)
        assert [(late.delivery.post_id, late.allowed, late.since) for late in found] == [
            (2, hour, START - hour - timedelta(milliseconds=1)),
            (4, timedelta(seconds=0.5), START - SECOND),
        ]
        assert len(claims.overdue(db, now=START, limit=hour, most=1)) == 1


HOUR = timedelta(hours=1)


def test_the_limit_counts_from_the_end_of_what_the_platform_asked_for(database: Database) -> None:
    since: dict[str, datetime] = {}
    holds, kinds = (None, START - 5 * HOUR, START - HOUR, START + HOUR), (None, Kind.RATE_LIMIT, Kind.NETWORK)
    cases = product(holds, kinds, (START - 5 * HOUR, START - HOUR), (None, 2.5 * 3600))
    for number, (hold, kind, next_at, own) in enumerate(cases):
        account, due = add_account(database, f"x/a{number}", hold_until=hold), START - 3 * HOUR
        state = DeliveryState.PENDING if kind is None else DeliveryState.RETRYING
        error = None if kind is None else DeliveryError(kind, "no")
        add_post(database, to(account, due, state=state, next_at=next_at, error=error), max_lateness_s=own)
        waited = max(due, hold or due, next_at if kind is Kind.RATE_LIMIT else due)
        since[account.name] = due if own is not None else waited
    with transaction(database) as db:
        found = claims.overdue(db, now=START, limit=2 * HOUR, most=99)
    late = {account: at for account, at in since.items() if START - at > 2 * HOUR}
    assert {one.delivery.account: one.since for one in found} == late
    assert 0 < len(late) < len(since)


def test_unusable_is_what_is_due_for_an_account_that_cannot_publish(database: Database) -> None:
    accounts: dict[str, dict[str, Any]] = {
        "off": {"enabled": False},
        "new": {"connected": False},
        "old": {"needs_reconnect": True},
        "held": {"hold_until": START + GAP},
        "fine": {},
    }
    for name, fields in accounts.items():
        account = add_account(database, f"x/{name}", **fields)
        add_post(database, to(account, START), content=name)
        add_post(database, to(account, START + SECOND))
    with transaction(database) as db:
        found = claims.due_on_unusable_accounts(db, now=START, most=9)
        assert sorted((d.account, a.name) for d, a in found) == [(n, n) for n in ("x/new", "x/off", "x/old")]
        assert len(claims.due_on_unusable_accounts(db, now=START, most=2)) == 2


# What to look at, and when.


def test_look_ups_that_are_due_come_earliest_first(database: Database) -> None:
    account = add_account(database)
    for seconds, state in ((3, "processing"), (1, "reconciling"), (2, "published"), (-1, "processing"), (0, "sending")):
        add_post(database, to(account, START, state=DeliveryState(state), next_at=START - seconds * SECOND))
    add_post(database, to(account, START, state=DeliveryState.PUBLISHED, next_at=None))
    with transaction(database) as db:
        assert [d.post_id for d in claims.due_lookups(db, now=START, most=9)()] == [1, 3, 2]
        assert [d.post_id for d in claims.due_lookups(db, now=START, most=1)()] == [1]
        first = claims.due_lookups(db, now=START, most=1)()[0].id
        assert first is not None
        assert [d.post_id for d in claims.due_lookups(db, now=START, most=9, without=[first])()] == [3, 2]


def test_what_a_dead_publisher_left_is_what_was_claimed_or_sent(database: Database) -> None:
    account = add_account(database)
    for state in DeliveryState:
        add_post(database, to(account, START, state=state))
    with transaction(database) as db:
        assert sorted(d.state for d in claims.interrupted_deliveries(db)) == ["claimed", "sending"]


def test_the_next_wake_is_the_first_instant_to_come(database: Database) -> None:
    def wake(now: datetime = START) -> datetime | None:
        with transaction(database) as db:
            return claims.next_wake(db, now=now, catch_up_gap=GAP)()

    assert wake() is None
    account = add_account(database, hold_until=START + 50 * SECOND)
    assert wake() == START + 50 * SECOND
    add_post(database, to(account, START + 40 * SECOND))
    assert wake() == START + 40 * SECOND
    add_post(database, to(account, START, state=DeliveryState.RETRYING, next_at=START + 30 * SECOND))
    assert wake() == START + 30 * SECOND
    add_post(database, to(account, START, state=DeliveryState.RECONCILING, next_at=START + 20 * SECOND))
    assert wake() == START + 20 * SECOND
    assert wake(START + 20 * SECOND) == START + 30 * SECOND, "a delivery that is due now needs no wake-up"
    assert wake(START + GAP) is None


def test_unfinished_is_what_moves_and_what_could_still_be_claimed(database: Database) -> None:
    account = add_account(database)

    def unfinished(states: Collection[DeliveryState], only: Collection[int] | None = None) -> bool:
        with transaction(database) as db:
            return claims.has_unfinished(db, due_by=START, states=states, only=only)

    assert not unfinished(IN_FLIGHT)
    for state in DeliveryState:
        (delivery,) = add_post(database, to(account, START, state=state, next_at=START + SECOND)).deliveries
        post_id = delivery.post_id or 0
        assert unfinished(IN_FLIGHT, [post_id]) is (state in IN_FLIGHT), state
        if state in IN_FLIGHT:
            assert unfinished([state], [post_id])
        assert not unfinished(IN_FLIGHT - {state}, [post_id])
    assert unfinished(IN_FLIGHT)
    assert not unfinished([])
    add_post(database, to(account, START))
    assert unfinished([]), "it is due"
    assert not unfinished([], [1])


def test_what_an_account_holds_back_is_not_waited_for(database: Database) -> None:
    account = add_account(database, hold_until=START + SECOND)
    add_post(database, to(account, START))
    with transaction(database) as db:
        assert not claims.has_unfinished(db, due_by=START, states=[], only=None)
        assert claims.has_unfinished(db, due_by=START + SECOND, states=[], only=None)


# The account.


def test_marking_an_account_changes_only_what_is_given(database: Database) -> None:
    account = add_account(database, user_id="1")
    account_id = account.id or 0

    def marked(**marks: Any) -> None:
        with transaction(database) as db:
            stored_accounts.mark_account(db, account_id, **marks)

    def stored() -> object:
        with closing(database.connect()) as db:
            return stored_accounts.account_by_id(db, account_id)

    marked()
    assert stored() == account
    marked(needs_reconnect=True)
    assert stored() == replace(account, needs_reconnect=True)
    marked(hold_until=START, hold_reason="quota")
    assert stored() == replace(account, needs_reconnect=True, hold_until=START, hold_reason="quota")
