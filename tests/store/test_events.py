"""Events: written with the move that they are about, kept for a week."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.clock import START, FakeClock
from tests.store.stores import add_account, add_post, to, transaction
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.post_edit import with_derived_status
from ttp.domain.publishing.attempt import Kind
from ttp.services.server.events import Events
from ttp.store import claims, events, posts, queries
from ttp.store.database import Database

DONE = ("post.due", "delivery.sending", "delivery.published", "post.finished")
LATER = START + timedelta(seconds=5)
REVIEW = DeliveryError(Kind.UNKNOWN, "nobody knows")


def claim(database: Database) -> list[Delivery]:
    with transaction(database) as db:
        return claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=timedelta(0))


def move(database: Database, before: Delivery, after: Delivery) -> Delivery:
    with transaction(database) as db:
        assert claims.save_transition(db, before, after, now=LATER) is not None
    return after


def stored(database: Database, after: int = 0, within: frozenset[int] | None = None) -> list[dict[str, Any]]:
    found = Events(database, FakeClock(), within).after(after, 100)
    assert [one.event for one in found] == [json.loads(one.data)["event"] for one in found]
    return [json.loads(one.data) for one in found]


def names(database: Database, within: frozenset[int] | None = None) -> list[tuple[str, int]]:
    return [(one["event"], one["post"]) for one in stored(database, within=within)]


def test_a_publication_has_its_events_in_order(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    assert stored(database) == []
    (claimed,) = claim(database)
    sending = move(database, claimed, claimed.mark_sending())
    move(database, sending, sending.mark_published(at=LATER, remote_id="7", url="https://x.com/7"))
    assert names(database) == [(name, 1) for name in DONE]
    assert stored(database)[2] == {
        "at": "2026-11-24T12:00:05Z",
        "event": "delivery.published",
        "post": 1,
        "account": "x/me",
        "remoteId": "7",
        "url": "https://x.com/7",
        "attempt": 1,
    }
    assert stored(database)[3]["kind"] == "published"


def test_a_change_that_moves_nothing_has_no_event(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    count = len(stored(database))
    noted = move(database, claimed, replace(claimed, handle={"upload": "1"}))
    move(database, noted, noted.release(LATER))  # pending again: not an event for readers
    assert len(stored(database)) == count


def test_an_event_is_rolled_back_with_its_move(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    count = len(stored(database))
    with suppress(RuntimeError), transaction(database) as db:
        claims.save_transition(db, claimed, claimed.mark_sending(), now=LATER)
        raise RuntimeError
    assert len(stored(database)) == count


def test_a_move_that_came_too_late_has_no_event(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    move(database, claimed, claimed.release(LATER))
    count = len(stored(database))
    with transaction(database) as db:
        assert claims.save_transition(db, claimed, claimed.mark_sending(), now=LATER) is None
    assert len(stored(database)) == count


def test_what_a_person_decides_has_events_too(database: Database) -> None:
    accounts = [add_account(database, "x/me"), add_account(database, "x/other")]
    add_post(database, to(accounts[0], START), to(accounts[1], START))
    reviewed = []
    for claimed in claim(database):
        unclear = move(database, claimed, replace(claimed.mark_sending(), state=DeliveryState.RECONCILING))
        reviewed.append(move(database, unclear, replace(unclear, state=DeliveryState.NEEDS_REVIEW, error=REVIEW)))
    before = len(stored(database))
    with transaction(database) as db:
        post = queries.post_even_deleted(db, 1)
        first, second = post.deliveries
        found = first.mark_published(at=LATER, remote_id="7", url=None)
        posts.update(db, with_derived_status(replace(post, deliveries=(found, second)), LATER), None)
    told = [(one["event"], one.get("account")) for one in stored(database)[before:]]
    assert told == [("delivery.published", first.account), ("post.finished", None)]
    with transaction(database) as db:  # an edit that moves nothing
        post = queries.post_even_deleted(db, 1)
        posts.update(db, replace(post, content="Other", updated_at=LATER), None)
    assert len(stored(database)) == before + 2


def test_a_post_ends_with_the_account_that_is_dropped(database: Database) -> None:
    accounts = [add_account(database, "x/me"), add_account(database, "x/other")]
    add_post(database, to(accounts[0], START), to(accounts[1], START + timedelta(days=1)))
    (claimed,) = claim(database)
    sending = move(database, claimed, claimed.mark_sending())
    move(database, sending, sending.mark_published(at=LATER, remote_id="7", url=None))
    assert "post.finished" not in [name for name, _ in names(database)]
    with transaction(database) as db:
        post = queries.post_even_deleted(db, 1)
        left = tuple(d.cancel() if d.state is DeliveryState.PENDING else d for d in post.deliveries)
        posts.update(db, with_derived_status(replace(post, deliveries=left), LATER), None)
    assert names(database)[-1] == ("post.finished", 1)


def test_a_post_that_is_retried_is_due_again(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    failed = move(database, claimed, claimed.mark_failed(REVIEW))
    with transaction(database) as db:
        post = queries.post_even_deleted(db, 1)
        posts.update(db, with_derived_status(replace(post, deliveries=(failed.schedule(START),)), START), None)
    claim(database)
    assert [name for name, _ in names(database)] == ["post.due", "delivery.failed", "post.finished", "post.due"]


def test_readers_limited_to_accounts_see_the_posts_that_go_to_no_other(database: Database) -> None:
    me, other = add_account(database, "x/me"), add_account(database, "instagram/other")
    add_post(database, to(me, START))
    add_post(database, to(other, START))
    add_post(database, to(me, START), to(other, START))
    for claimed in claim(database):
        move(database, claimed, claimed.mark_failed(REVIEW))
    for claimed in claim(database):
        move(database, claimed, claimed.mark_failed(REVIEW))
    assert {post for _, post in names(database)} == {1, 2, 3}
    assert {post for _, post in names(database, frozenset({me.id or 0}))} == {1}
    assert {post for _, post in names(database, frozenset({me.id or 0, other.id or 0}))} == {1, 2, 3}
    assert names(database, frozenset()) == []


def test_reading_goes_on_after_an_event(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    move(database, claimed, claimed.mark_failed(REVIEW))
    asked = Events(database, FakeClock())
    first, *rest = asked.after(0, 100)
    assert asked.after(first.id, 100) == rest
    assert asked.after(0, 1) == [first]
    assert asked.after(asked.newest_id(), 100) == []
    assert asked.newest_id() == rest[-1].id


def test_events_are_kept_for_a_week(database: Database) -> None:
    add_post(database, to(add_account(database), START))
    (claimed,) = claim(database)
    move(database, claimed, claimed.mark_failed(REVIEW))
    newest, clock = Events(database, FakeClock()).newest_id(), FakeClock()
    asked = Events(database, clock)
    clock.set(START + events.KEPT_FOR)
    assert asked.delete_old() == []
    assert [one.event for one in asked.after(0, 9)] == ["post.due", "delivery.failed", "post.finished"]
    clock.set(LATER + events.KEPT_FOR)
    asked.delete_old()
    assert [one.event for one in asked.after(0, 9)] == ["delivery.failed", "post.finished"]
    clock.set(LATER + events.KEPT_FOR + timedelta(seconds=1))
    asked.delete_old()
    asked.delete_old()
    assert (asked.after(0, 9), asked.newest_id()) == ([], newest)


def test_a_store_that_does_not_exist_has_no_events(tmp_path: Path) -> None:
    asked = Events(Database(tmp_path / "nothing"), FakeClock())
    assert (asked.after(0, 9), asked.newest_id(), asked.delete_old()) == ((), 0, [])
