"""Notifications are said once by each kind, tried a few times, and end with what caused them. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.clock import START
from tests.store.stores import add_account, add_post, to, transaction
from ttp.domain.action import action
from ttp.domain.notification import PAUSES, Alarm, Notification
from ttp.store import notifications
from ttp.store.database import Database

STALLED = Alarm("publisher.stalled", "publisher", "3 posts are overdue", action("run"))
JUDGED = ("publisher",)


def fail(database: Database, state: str = "failed", kind: str = "network") -> int:
    """Add a post with a delivery in that state; its id."""
    post = add_post(database, to(add_account(database), START))
    sql(
        database,
        "UPDATE delivery SET state = ?, error_kind = ?, error_message = 'no answer', attempts = attempts + 1,"
        " next_at = NULL WHERE post_id = ?",
        state,
        kind,
        post.id,
    )
    return post.id or 0


def sql(database: Database, statement: str, *values: object) -> None:
    with transaction(database) as db:
        db.execute(statement, values)


def look(
    database: Database,
    *alarms: Alarm,
    kinds: Sequence[str] = ("ntfy",),
    now: datetime = START,
    approval: bool = False,
) -> list[list[Notification]]:
    """Look once, and claim everything that is due. `has_work` says before whether that does something."""
    with database.reading() as db:
        assert db is not None
        work = notifications.has_work(db, kinds, alarms, JUDGED, now, approval=approval)
    with transaction(database) as db:
        notifications.update(db, kinds, alarms, JUDGED, now, approval=approval)
        found = []
        while claimed := notifications.claim(db, kinds, now):
            found.append(claimed)
    assert work or not found
    return found


def record(database: Database, found: Sequence[Notification], error: str | None = None, now: datetime = START) -> None:
    with transaction(database) as db:
        notifications.record(db, [one.id for one in found], now, error)


def kept(database: Database) -> list[Notification]:
    with database.reading() as db:
        assert db is not None
        return notifications.newest(db, 100)


def test_what_failed_is_said_once_by_each_kind(database: Database) -> None:
    post = fail(database)
    found = look(database, kinds=("ntfy", "email"))
    assert [(one.kind, one.event, one.post_id, one.message) for (one,) in found] == [
        ("ntfy", "delivery.failed", post, "no answer"),
        ("email", "delivery.failed", post, "no answer"),
    ]
    for one in found:
        record(database, one)
    assert look(database, kinds=("ntfy", "email"), now=START + timedelta(days=1)) == []
    assert {one.state for one in kept(database)} == {"sent"}


def test_news_of_one_event_come_together(database: Database) -> None:
    posts = [fail(database), fail(database)]
    review = fail(database, "needs_review")
    failed, reviewed = look(database)
    assert (sorted(one.post_id or 0 for one in failed), [one.post_id for one in reviewed]) == (posts, [review])


def test_who_looks_second_has_nothing_to_send(database: Database) -> None:
    fail(database)
    assert len(look(database)) == 1
    assert look(database) == []
    assert look(database, now=START + PAUSES[0] - timedelta(seconds=1)) == []


def test_what_cannot_be_sent_is_tried_a_few_times(database: Database) -> None:
    fail(database)
    now, tries = START, 0
    for pause in (*PAUSES, timedelta(days=9)):
        (found,) = look(database, now=now)
        record(database, found, "no answer", now)
        tries += 1
        now += pause
    assert tries == len(PAUSES) + 1
    assert look(database, now=now) == []
    (one,) = kept(database)
    assert (one.state, one.tries, one.error) == ("failed", len(PAUSES) + 1, "no answer")


def test_the_end_of_the_cause_ends_the_tries(database: Database) -> None:
    post = fail(database)
    (found,) = look(database)
    record(database, found, "no answer")
    sql(database, "UPDATE delivery SET state = 'published' WHERE post_id = ?", post)
    assert look(database, now=START + timedelta(days=1)) == []
    (one,) = kept(database)
    assert one.ended_at == START + timedelta(days=1)
    assert one.next_at is None


def test_a_post_that_fails_again_is_news_and_a_deleted_one_is_not(database: Database) -> None:
    post = fail(database)
    for found in look(database):
        record(database, found)
    sql(database, "UPDATE delivery SET attempts = attempts + 1 WHERE post_id = ?", post)
    ((again,),) = look(database)
    assert again.post_id == post
    record(database, [again])
    fail(database)
    sql(database, "UPDATE post SET deleted_at = 1")
    assert look(database) == []
    assert all(one.ended_at for one in kept(database))


def test_an_account_to_reconnect_is_said_once_with_all_that_failed_by_it_and_when_it_is_well(
    database: Database,
) -> None:
    post = fail(database, kind="auth")
    sql(database, "UPDATE account SET needs_reconnect = TRUE")
    ((one,),) = look(database)
    assert (one.event, one.post_id, one.account) == ("account.needs_reconnect", None, "x/me")
    record(database, [one])
    assert look(database) == []
    sql(database, "UPDATE account SET needs_reconnect = FALSE")
    found = {one.event: one for (one,) in look(database)}
    assert found["account.reconnected"].account == "x/me"
    assert found["delivery.failed"].post_id == post


def test_a_removed_account_is_not_called_connected(database: Database) -> None:
    add_account(database)
    sql(database, "UPDATE account SET needs_reconnect = TRUE")
    for found in look(database):
        record(database, found)
    sql(database, "UPDATE account SET removed_at = 1")
    assert look(database) == []
    assert kept(database)[0].ended_at == START


def test_an_alarm_lasts_until_it_is_over(database: Database) -> None:
    ((one,),) = look(database, STALLED)
    assert (one.event, one.message, one.hint) == ("publisher.stalled", STALLED.message, STALLED.hint)
    record(database, [one])
    later = STALLED._replace(message="4 posts are overdue")
    assert look(database, later, now=START + timedelta(days=1)) == []
    ((over,),) = look(database, now=START + timedelta(days=1))
    assert over.event == "publisher.recovered"
    record(database, [over])
    assert look(database, now=START + timedelta(days=2)) == []
    assert len(look(database, STALLED, now=START + timedelta(days=2))) == 1


def test_nothing_is_taken_back_that_was_never_sent(database: Database) -> None:
    ((one,),) = look(database, STALLED)
    record(database, [one], "no answer")
    assert look(database) == []
    assert [one.state for one in kept(database)] == ["failed"]


def test_an_alarm_of_another_machine_is_left_to_it(database: Database) -> None:
    other = Alarm("publisher.refused", "another machine", "not this machine's store")
    ((one,),) = look(database, other)
    record(database, [one])
    assert look(database) == []
    assert kept(database)[0].ended_at is None


def test_a_kind_that_is_no_longer_wanted_says_nothing(database: Database) -> None:
    fail(database)
    ((one,),) = look(database)
    record(database, [one], "no answer")
    assert look(database, kinds=("email",))[0][0].kind == "email"
    assert look(database, kinds=(), now=START + timedelta(days=1)) == []


def test_what_is_long_over_is_forgotten(database: Database) -> None:
    post = fail(database)
    for found in look(database):
        record(database, found)
    sql(database, "UPDATE delivery SET state = 'published' WHERE post_id = ?", post)
    look(database)
    fail(database)
    look(database, now=START + notifications.KEPT_FOR + timedelta(days=1))
    assert [one.post_id for one in kept(database)] == [post + 1]


def test_a_post_without_approval_is_remembered_a_day_and_two_hours_before(database: Database) -> None:
    at = START + timedelta(days=3)
    post = add_post(database, to(add_account(database), at), to(add_account(database, "x/other"), at)).id
    other = add_post(database, to(add_account(database, "x/third"), at)).id
    sql(database, "UPDATE delivery SET approved_at = 1 WHERE post_id = ?", other)

    def reminders(before: timedelta, *, approval: bool = True) -> list[list[int | None]]:
        found = look(database, now=at - before, approval=approval)
        for one in found:
            record(database, one, now=at - before)
        assert {one.event for lines in found for one in lines} <= {"post.unapproved"}
        return [[one.post_id for one in lines] for lines in found]

    day, second = timedelta(days=1), timedelta(seconds=1)
    assert reminders(day + second) == []
    assert reminders(day, approval=False) == []
    assert [reminders(before) for before in (day, day - second, day / 2)] == [[[post]], [], []]
    sql(database, "UPDATE delivery SET approved_at = 1 WHERE post_id = ?", post)
    assert reminders(day / 2) == []
    assert kept(database)[0].ended_at is not None
    sql(database, "UPDATE delivery SET approved_at = NULL WHERE post_id = ?", post)
    assert [reminders(timedelta(hours=hours)) for hours in (6, 2, 1)] == [[], [[post]], []]
    assert reminders(-second) == []
    assert len(kept(database)) == 2
