"""What SQLite does for the statements that are asked again and again: never more the more posts there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, new_store, to
from ttp.domain.delivery import IN_FLIGHT
from ttp.domain.post import PostStatus
from ttp.domain.time.clock import to_ms
from ttp.store import attempts, claims, completion_queries, notifications, queries, repeats, row_mapper, slots, spending
from ttp.store.dialect import Connection
from ttp.store.machine import clock_check
from ttp.store.metrics import samples, schedule
from ttp.store.queries import PostFilter
from ttp.store.rate_limits import Pace
from ttp.store.spending import _waiting
from ttp.store.sqlite import SqliteConnection

GAP = timedelta(seconds=60)
DUE = START + timedelta(days=1)
"""When all that waits in these tests is due, and none of it is approved."""
GROWING = ("post", "delivery", "attempt", "sample", "post_tag", "post_media")


class Explaining(SqliteConnection):
    """A connection that asks for the plan of every statement, with its values, before it runs it."""

    plans: list[str]
    only = ""
    """The beginning of the statements that are asked about."""

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if sql.startswith(self.only):
            self.plans += [row[3] for row in super().execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        return super().execute(sql, values)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Explaining]:
    database = new_store(tmp_path / "home")
    with closing(sqlite3.connect(database.path, factory=Explaining, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.plans = []
        yield connection


Ask = Callable[[Connection], object]


def claim(db: Connection) -> object:
    return claims.claim(db, now=START, cutoff=START, free=32, catch_up_gap=GAP)


ASKED: dict[str, tuple[Ask, str]] = {
    "claim": (claim, "delivery_ready delivery_busy"),
    "claim of some posts": (
        lambda db: claims.claim(db, now=START, cutoff=START, free=32, catch_up_gap=GAP, only=[1]),
        "delivery_ready delivery_busy",
    ),
    "next wake": (lambda db: claims.next_wake(db, now=START, catch_up_gap=GAP)(), "delivery_next delivery_looking"),
    "claim of what is approved": (
        lambda db: claims.claim(db, now=DUE, cutoff=DUE, free=32, catch_up_gap=GAP, approved=True),
        "delivery_approved delivery_approved_next delivery_busy",
    ),
    "next wake for what is approved": (
        lambda db: claims.next_wake(db, now=START, catch_up_gap=GAP, approved=True)(),
        "delivery_approved_next delivery_looking",
    ),
    "unfinished of what is approved": (
        lambda db: claims.has_unfinished(db, due_by=DUE, states=IN_FLIGHT, only=None, approved=True),
        "delivery_busy delivery_looking delivery_approved_next post_by_status",
    ),
    "who may post what is approved": (lambda db: Pace(GAP, 1, approved=True).hold(db, DUE), "delivery_approved"),
    "next due of what is approved": (lambda db: queries.next_due(db, START, approved=True), "delivery_approved_next"),
    "how much is overdue of what is approved": (
        lambda db: queries.count_waiting(db, START, approved=True),
        "delivery_approved_next post_by_status",
    ),
    "what waits for approval": (queries.posts_waiting_for_approval, "delivery_next"),
    "what is due and waits for approval": (
        lambda db: queries.due_posts_waiting_for_approval(db, DUE, 9),
        "delivery_next",
    ),
    "news for notifications": (
        lambda db: notifications.has_work(db, ["ntfy"], [], [], START, approval=True),
        "delivery_needs notification_open notification_due",
    ),
    "the newest numbers of posts": (
        lambda db: queries.newest_metrics(db, [1, 2]),
        "delivery_of_post sqlite_autoindex_sample_1",
    ),
    "what posts are occurrences of": (lambda db: queries.repeats_of_posts(db, [1, 2]), "occurrence_by_post"),
    "posts of the same repeat": (lambda db: repeats.posts_of_same_repeat(db, 1, {2, 3}), "occurrence_by_post"),
    "overdue": (lambda db: claims.overdue(db, now=START, limit=GAP, most=9), "delivery_next"),
    "unusable": (lambda db: claims.due_on_unusable_accounts(db, now=START, most=9), "delivery_next"),
    "looking": (lambda db: claims.due_lookups(db, now=START, most=9, without=[1])(), "delivery_looking"),
    "left busy": (claims.interrupted_deliveries, "delivery_busy"),
    "whether any is left busy": (claims.has_interrupted_deliveries, "delivery_busy"),
    "the newest instant": (clock_check.last_recorded_instant, ""),
    "waits for a fix": (
        lambda db: clock_check.shorten_waits(db, START),
        "delivery_looking post_by_status delivery_of_post attempt_by_delivery",
    ),
    "unfinished": (
        lambda db: claims.has_unfinished(db, due_by=START, states=IN_FLIGHT, only=[1]),
        "delivery_busy delivery_looking delivery_next post_by_status",
    ),
    "a post's status": (lambda db: db.execute(claims._STATUS_FROM, (1,)), "delivery_of_post"),
    "next due": (lambda db: queries.next_due(db, START), "delivery_next"),
    "what was spent": (lambda db: spending.spent(db, [1], START, DUE), "attempt_charged attempt_by_delivery"),
    "what was spent and is under way": (
        lambda db: spending.committed_cost(db, "x", START, DUE),
        "attempt_charged attempt_by_delivery",
    ),
    "what is planned to be spent": (
        lambda db: spending.planned_deliveries(db, "x", START, DUE),
        "delivery_ready",
    ),
    "deliveries that are due": (
        lambda db: queries.count_due(db, DUE),
        "delivery_next",
    ),
    "deliveries that failed": (lambda db: queries.count_needing_action(db, "failed"), "delivery_needs"),
    "how late deliveries were": (
        lambda db: list(queries.latenesses(db, START, DUE)),
        "delivery_published",
    ),
    "how many wait": (lambda db: queries.count_waiting(db, START), "delivery_next post_by_status"),
    "counts of each page": (lambda db: queries.count_needs(db, approval=True), "delivery_needs delivery_next"),
    "needing a person": (lambda db: queries.posts_needing_action(db, "failed"), "delivery_needs"),
    "needing a retry": (lambda db: queries.posts_needing_action(db, "failed", auth=False), "delivery_needs"),
    "posts of an account": (lambda db: queries.posts_naming(db, 1), "delivery_of_account"),
    "who holds slots": (lambda db: slots.posts_by_instant(db, [1], START, START + GAP), "delivery_of_account"),
    "an account's hours": (lambda db: queries.busy_instants(db, 1, START), "delivery_of_account"),
    "attempts of a post": (lambda db: list(queries.attempts(db, 1)), "delivery_of_post attempt_by_delivery"),
    "a key": (lambda db: queries.post_by_key(db, "k"), "sqlite_autoindex_post_1"),
    "whole posts": (lambda db: list(queries.posts_by_id(db, [1, 2])), ""),
    "ids": (lambda db: queries.existing_ids(db, 1, 9), ""),
    "the last intent": (lambda db: attempts.last_intent(db, 1), "attempt_by_delivery"),
    "looks": (lambda db: attempts.lookups_after(db, 1, 1), "attempt_by_delivery"),
    "an earlier doubt about a part": (lambda db: attempts.has_unknown(db, 1, in_thread=True), "attempt_by_delivery"),
    "tags at TAB": (lambda db: db.execute(completion_queries._TAGS, {"typed": "a", "most": 9}), "post_tag_by_tag"),
    "posts of a status at TAB": (lambda db: db.execute(completion_queries._OF_STATUS, ("failed", 9)), "post_by_status"),
    "posts at TAB": (lambda db: db.execute(completion_queries._POSTS, (10, 19, 9)), ""),
    "what comes of an account": (lambda db: _waiting(db, 1), "delivery_ready"),
    "an earlier doubt": (lambda db: attempts.has_unknown(db, 1), "attempt_by_delivery"),
    "bound ids": (lambda db: attempts.bound_remote_ids(db, 1, 1, START), "delivery_remote"),
    "the newest samples": (lambda db: samples.newest_samples(db, 1, 1000), "sample_newest"),
    "accounts with a reading due": (
        lambda db: schedule.accounts_due(db, ["x"], since=START - GAP, until=START, now=START),
        "delivery_published",
    ),
    "readings due": (
        lambda db: schedule.followed_posts(db, 1, since=START - GAP, until=START, due_by=START),
        "delivery_published",
    ),
    "when a post was published": (lambda db: schedule.published_at(db, 1, "1"), "delivery_remote"),
    "a note of a reading": (
        lambda db: schedule.record_reading(db, 1, "1", read_at=None, next_at=START),
        "delivery_remote",
    ),
    "the last sample": (lambda db: samples.last_observed(db, 1, "1"), "sqlite_autoindex_sample_1"),
    "all samples": (lambda db: list(samples.read_samples(db, [1], 9)), "sample_newest"),
}


def scans(plans: list[str]) -> list[str]:
    """Steps that read a growing table from end to end. A partial index that holds what is in hand only may be."""
    growing = {*GROWING, "d", "p", "s", "t"}  # by name, or by the letter that the statements give them
    return [
        step
        for step in plans
        if step.startswith("SCAN ") and step.split()[1] in growing and not step.endswith("INDEX delivery_busy")
    ]


@pytest.mark.parametrize("name", ASKED)
def test_it_is_answered_by_its_indexes(db: Explaining, name: str) -> None:
    ask, indexes = ASKED[name]
    ask(db)
    assert db.plans
    ends_at_once = {"SCAN post", "SCAN attempt"} if ask is clock_check.last_recorded_instant else set()
    assert [step for step in scans(db.plans) if step not in ends_at_once] == []
    for index in indexes.split():
        assert any(f"INDEX {index}" in step for step in db.plans), db.plans


MOST_STEPS = 2_000


PER_TICK = pytest.mark.parametrize(
    "name",
    [
        *("claim", "next wake", "overdue", "unusable", "looking", "left busy", "the newest instant", "unfinished"),
        *("claim of what is approved", "next wake for what is approved", "unfinished of what is approved"),
        *("who may post what is approved", "next due of what is approved", "what is due and waits for approval"),
    ],
)


@PER_TICK
def test_what_every_tick_asks_costs_the_same_whatever_waits(db: Explaining, name: str) -> None:
    """Counted in steps of SQLite's machine: a plan that names the right index may still walk it."""
    assert steps_with(db, name, START + GAP) < MOST_STEPS


@pytest.mark.parametrize("name", ["claim", "claim of what is approved"])
def test_a_claim_costs_the_same_whatever_is_late(db: Explaining, name: str) -> None:
    assert steps_with(db, name, START - timedelta(hours=1)) < MOST_STEPS


def steps_with(db: Explaining, name: str, due: datetime) -> int:
    """The steps of a question where 3,000 posts are due from then on, one each millisecond."""
    db.only = "no plans"
    db.execute(
        "INSERT INTO account (id, platform, handle, connected, needs_reconnect, enabled, scopes, options, created_at)"
        " VALUES (1, 'x', 'me', 1, 0, 1, '[]', '{}', 0)"
    )
    numbers = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    db.execute(
        "INSERT INTO post (id, content, status, scheduled_at, created_at, updated_at, variants, thread, options)"
        f" {numbers} SELECT i, 'launch', 'scheduled', ? + i, 0, 0, '{{}}', '[]', '{{}}' FROM n",
        (to_ms(due),),
    )
    db.execute(
        "INSERT INTO delivery (post_id, account_id, state, due_at, next_at, tries, attempts, handle)"
        " SELECT id, 1, 'pending', scheduled_at, scheduled_at, 0, 0, '{}' FROM post WHERE id <= 3000",
    )
    taken = [0]

    def step() -> int:
        taken[0] += 100
        return 0

    db.set_progress_handler(step, 100)
    ASKED[name][0](db)
    db.set_progress_handler(None, 0)
    return taken[0]


def test_the_newest_instant_takes_one_row_of_each_table(db: Explaining) -> None:
    """In the order of their ids, which does not scan the table: it ends at the first row."""
    clock_check.last_recorded_instant(db)
    assert not [step for step in db.plans if "TEMP B-TREE" in step]
    for name in ("account", "post", "attempt"):
        assert f"SCAN {name}" in db.plans


def test_a_claim_reads_two_deliveries_of_each_account_at_most(db: Explaining) -> None:
    claim(db)
    inner, other = (number for number, step in enumerate(db.plans) if "delivery_ready" in step)
    assert db.plans[inner] == "SEARCH d USING INDEX delivery_ready (account_id=? AND next_at>? AND next_at<?)"
    assert db.plans[other] == db.plans[inner]
    sorts = [step for step in db.plans if "TEMP B-TREE" in step]
    assert [step.rpartition(" ")[2] for step in sorts] == ["DISTINCT", "BY"], "accounts, and then their firsts"
    assert db.plans.index(sorts[1]) > inner > db.plans.index(sorts[0])


@pytest.mark.parametrize(
    "wanted",
    [
        PostFilter(),
        PostFilter(limit=50),
        PostFilter(statuses=(PostStatus.FAILED, PostStatus.DRAFT)),
        PostFilter(accounts=(1,), platforms=("x",)),
        PostFilter(since=START, until=START + GAP),
        PostFilter(needs_you=True),
        PostFilter(needs_you=True, approval=True),
        PostFilter(tags=("launch",)),
        PostFilter(search="launch"),
        PostFilter(key="k"),
        PostFilter(after=1),
    ],
    ids=range(11),
)
def test_a_page_of_the_list_is_read_in_order(
    db: Explaining, wanted: PostFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_FEW", -1)
    for number, status in enumerate(PostStatus, 1):
        db.execute(
            "INSERT INTO post (id, content, status, scheduled_at, created_at, updated_at, variants, thread, options)"
            " VALUES (?, 'launch', ?, ?, 0, 0, '{}', '[]', '{}')",
            (number, status.value, None if status is PostStatus.DRAFT else number),
        )
    db.plans.clear()
    list(queries.posts(db, wanted))
    assert scans(db.plans) == [], "not even for the details of the posts of a page"
    db.plans.clear()
    db.only = f"{row_mapper.POSTS} WHERE status"
    list(queries.posts(db, wanted))
    assert not [step for step in db.plans if "TEMP B-TREE" in step], "no sorting of the posts"
    by = "SEARCH post USING INDEX sqlite_autoindex_post_1" if wanted.key else "SEARCH post USING INDEX post_by_status"
    assert {step.partition(" (")[0] for step in db.plans if " post " in step} == {by}


def test_the_few_posts_of_an_account_are_read_by_their_ids(db: Explaining) -> None:
    db.only = f"{row_mapper.POSTS} WHERE id"
    list(queries.posts(db, PostFilter(accounts=(1,))))
    found = {step.partition(" (")[0] for step in db.plans if " post " in step}
    assert found == {"SEARCH post USING INTEGER PRIMARY KEY"}


def test_a_claim_looks_at_the_accounts_of_what_is_due_and_hardly_at_the_others(tmp_path: Path) -> None:
    database = new_store(tmp_path / "home")
    add_post(database, to(add_account(database), START))

    def steps() -> int:
        """Return how many steps of SQLite's program a claim takes."""
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with closing(database.connect()) as db:
            db.set_progress_handler(count, 1)  # type: ignore[attr-defined]
            claims.claim(db, now=START, cutoff=START, free=0, catch_up_gap=GAP)
        return counted

    before = steps()
    for number in range(100):
        add_account(database, f"x/other{number}")
    assert steps() - before < 100 * 10
