"""The calendar's questions to the store: by index, whatever the number of posts, and no more than is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.people import OWNER
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from tests.store.stores import raw, store_at
from ttp.domain.time.calendar_range import month_of, week_of
from ttp.services.calendar import Calendar
from ttp.services.queries import Queries
from ttp.services.slots import Slots
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.queries import PostFilter

UTC = ZoneInfo("UTC")
FILTERS = [
    PostFilter(),
    PostFilter(accounts=(1,)),
    PostFilter(platforms=("x",)),
    PostFilter(tags=("a", "b")),
    PostFilter(accounts=(1,), tags=("a",)),
]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that questions run."""
    statements: list[str] = []
    usual = Database.reading

    @contextmanager
    def reading(self: Database, within: Connection | None = None) -> Iterator[Connection | None]:
        with usual(self, within) as db:
            if db is not None:
                raw(db).set_trace_callback(statements.append)
            yield db

    monkeypatch.setattr(Database, "reading", reading)
    return statements


def calendar(ttp: Program, clock: FakeClock) -> Calendar:
    database = store_at(ttp.home)
    config = Config({})
    return Calendar(database, Queries(database, clock, config, PLATFORMS, OWNER), Slots(database, clock, config), clock)


@pytest.mark.sqlite("its query plans")
@pytest.mark.parametrize("wanted", FILTERS)
def test_no_question_goes_through_all_posts(
    ttp: Program, clock: FakeClock, seen: list[str], wanted: PostFilter
) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "tomorrow 9am", "--tag", "a,b")
    ttp.post("again", "--to", "x", "--tag", "a,b")
    ttp.ok("repeat", "2", "--cron", "0 9 * * 1", "--tz", "UTC")
    seen.clear()
    found = calendar(ttp, clock).posts(month_of(date(2026, 11, 1), UTC), wanted)
    assert [post.content for post in found] == ["hi", "again"]
    assert len(seen) > 5
    for statement in seen:
        plan = [row[3] for row in ttp.sql(f"EXPLAIN QUERY PLAN {statement}")]
        assert not [step for step in plan if step.startswith(("SCAN post", "SCAN delivery", "SCAN d", "SCAN p"))], plan


@pytest.mark.sqlite("it counts steps of SQLite")
def test_only_the_posts_of_the_span_are_read(ttp: Program, clock: FakeClock, seen: list[str]) -> None:
    ttp.account()
    for day in range(1, 29):
        ttp.post(f"{day}", "--to", "x", "--at", f"2027-02-{day:02} 09:00")
    seen.clear()
    found = calendar(ttp, clock).posts(week_of(date(2027, 2, 10), UTC), PostFilter())
    assert [post.content for post in found] == ["8", "9", "10", "11", "12", "13", "14"]
    several = [statement for statement in seen if "post_id IN (" in statement and "delivery" in statement]
    assert all(statement.partition("post_id IN (")[2].count(",") < 20 for statement in several)


@pytest.mark.sqlite("it counts steps of SQLite")
def test_a_busy_week_is_more_than_a_batch(ttp: Program, clock: FakeClock) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "2027-02-10 09:00")
    columns = [row[1] for row in ttp.sql("PRAGMA table_info(post)") if row[1] not in ("id", "key")]
    names = ", ".join(columns)
    ttp.sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 450)"
        f" INSERT INTO post (id, {names}) SELECT i, {names} FROM n JOIN (SELECT {names} FROM post WHERE id = 1)"
    )
    found = calendar(ttp, clock).posts(week_of(date(2027, 2, 10), UTC), PostFilter())
    assert [post.id for post in found] == list(range(1, 451))
