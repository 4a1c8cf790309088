"""Samples: stored once, counted honestly, and read newest first."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.examples import examples
from tests.store.stores import add_account, add_post, new_store, to
from ttp.domain.delivery import DeliveryState
from ttp.domain.metrics.sample import Sample
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.metrics import samples as stored_samples

HOUR = timedelta(hours=1)
READ = Sample("x/me", "17", START, START + HOUR, 3, 2, 1, 100, 4, 90, "video", "a clip")
NOW = replace(READ, observed_at=START + 5 * HOUR, dated=False)
ACCOUNTS = {"x/me": 1, "x/other": 2}


@pytest.fixture(autouse=True)
def accounts(database: Database) -> None:
    for name in ACCOUNTS:
        add_account(database, name)


def put(db: Connection, *samples: Sample) -> dict[str, int]:
    return dict(stored_samples.save_samples(db, samples, ACCOUNTS))


def stored(db: Connection) -> list[Sample]:
    return list(stored_samples.read_samples(db, [1, 2], None))


def test_every_field_of_a_sample_comes_back(db: Connection) -> None:
    bare = Sample("X/Other", "18", START, START)
    assert put(db, READ, bare) == {"inserted": 2}
    assert stored(db) == [READ, replace(bare, account="x/other")]


def test_the_same_again_is_unchanged(db: Connection) -> None:
    put(db, READ)
    assert put(db, READ, READ) == {"unchanged": 2}
    assert stored(db) == [READ]


def test_the_same_post_and_time_with_other_numbers_is_updated(db: Connection) -> None:
    put(db, READ)
    more = replace(READ, likes=9, reach=None, text="another text")
    assert put(db, more) == {"updated": 1}
    assert stored(db) == [more]


def test_another_time_is_another_sample_even_with_the_same_numbers(db: Connection) -> None:
    assert put(db, READ, replace(READ, observed_at=START + 2 * HOUR)) == {"inserted": 2}


def test_another_account_or_post_is_another_sample(db: Connection) -> None:
    assert put(db, READ, replace(READ, account="x/other"), replace(READ, remote_id="18")) == {"inserted": 3}


def test_without_a_time_the_newest_stored_decides(db: Connection) -> None:
    put(db, READ, replace(READ, observed_at=START + 2 * HOUR, likes=5))
    assert put(db, replace(NOW, likes=5)) == {"unchanged": 1}
    assert put(db, NOW) == {"inserted": 1}, "the same as an older one is news"
    assert put(db, NOW) == {"unchanged": 1}
    assert len(stored(db)) == 3


def test_a_post_twice_in_a_file_without_times_keeps_the_last_row(db: Connection) -> None:
    assert put(db, NOW, replace(NOW, likes=7), replace(NOW, likes=7), NOW) == {
        "inserted": 1,
        "updated": 2,
        "unchanged": 1,
    }
    assert stored(db) == [NOW]


def test_a_sample_from_the_future_does_not_stop_todays(db: Connection) -> None:
    put(db, replace(READ, observed_at=START + 99 * HOUR), NOW)
    assert put(db, replace(NOW, likes=8)) == {"inserted": 1}
    assert put(db, replace(NOW, likes=8)) == {"unchanged": 1}
    assert put(db, replace(NOW, likes=9)) == {"updated": 1}


def test_a_sample_of_an_account_that_is_not_there_is_a_mistake_of_ours(db: Connection) -> None:
    with pytest.raises(KeyError):
        put(db, replace(READ, account="x/nobody"))


ROWS = st.sets(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=30)


@examples(40)
@given(rows=ROWS, posts=st.integers(1, 12))
def test_the_newest_posts_come_with_all_their_samples(
    tmp_path_factory: pytest.TempPathFactory, rows: set[tuple[int, int]], posts: int
) -> None:
    database = new_store(tmp_path_factory.mktemp("store") / "home")
    samples = [  # a post is published once; two posts share a time
        Sample("x/me", str(post), START + post // 2 * HOUR, START + (20 + seen) * HOUR, likes=1) for post, seen in rows
    ]
    add_account(database)
    with closing(database.connect()) as db:
        stored_samples.save_samples(db, samples, {"x/me": 1})
        found = stored_samples.newest_samples(db, 1, posts)
    times: dict[str, datetime] = {sample.remote_id: sample.published_at for sample in samples}
    edge = min(sorted(times.values(), reverse=True)[:posts], default=START)
    wanted = [sample for sample in samples if sample.published_at >= edge]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    assert [s.published_at for s in found] == sorted((s.published_at for s in found), reverse=True)


def test_a_limit_holds_for_each_account_newest_first(db: Connection) -> None:
    for name in ACCOUNTS:
        put(db, *(replace(READ, account=name, remote_id=str(n), published_at=START + n * HOUR) for n in range(3)))
    found = [(s.account, s.remote_id) for s in stored_samples.read_samples(db, [2, 1], 2)]
    assert found == [("x/other", "2"), ("x/other", "1"), ("x/me", "2"), ("x/me", "1")]
    assert stored_samples.newest_samples(db, 99, 5) == []


def test_posts_with_further_parts_are_threads(database: Database, db: Connection) -> None:
    account = add_account(database, "x/threads")
    for remote_id, handle in (("1", {"parts": ["1", "2"], "of": 2}), ("3", {"parts": ["3"]}), ("4", {})):
        state = {"state": DeliveryState.PUBLISHED, "remote_id": remote_id, "handle": handle}
        add_post(database, to(account, START, **state))
    assert stored_samples.thread_ids(db, account.id or 0, ["1", "3", "4", "5"]) == {"1"}
