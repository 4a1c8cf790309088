"""The audit of a whole store: silent on what publishers leave, and not on any hand that was laid on it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import FINGERPRINT, Bench
from tests.store.stores import store_at
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Damaged
from ttp.domain.publishing.outcome import Done, Found, Kind, NotDone, Refused, Unclear, Unknown, Working
from ttp.platforms.client import Ready
from ttp.publisher.loop import Mode
from ttp.services.audit import MOST_LISTED, audit
from ttp.store.copies import inspection as reading


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Deliveries that were published, found, accepted, refused, doubted, half out and never tried."""
    bench = Bench(tmp_path / "home")
    for name in ("x/b", "x/c", "x/d", "x/e", "tiktok/t", "x/f", "x/g"):
        bench.account(name)
    tiktok = next(client for platform, client in bench.clients.items() if platform == "tiktok")
    bench.post("x/me")
    bench.x.publishes.append(Done("1"))
    bench.run()
    bench.post("x/b")
    bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
    bench.x.looks.append(Found("2"))
    bench.run()
    bench.post("tiktok/t")
    tiktok.publishes.append(Done(processing=True))
    tiktok.looks.extend([Working("moderation"), Found("3")])
    bench.run()
    bench.post("x/c")
    bench.x.publishes.extend([NotDone(Kind.NETWORK, "no route", passing=True), NotDone(Kind.CONTENT, "too long")])
    bench.run()
    bench.post("x/d")
    bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
    bench.x.looks.append(Unclear(Kind.UNKNOWN, "two", final=True))
    bench.run()
    bench.post("x/e", thread=("two", "three"))
    for out in ([], ["4"], ["4", "5"]):
        step = f"POST (part {len(out) + 1} of 3)"
        bench.x.prepares.append([Ready({"parts": out, "of": 3}, bench.clock.now(), step, FINGERPRINT)])
    bench.x.publishes.append(Done("4", more=True, handle={"parts": ["4"], "of": 3}))
    bench.x.publishes.append(Done("5", more=True, handle={"parts": ["4", "5"], "of": 3}))
    bench.x.publishes.append(NotDone(Kind.CONTENT, "too long"))
    bench.run()
    bench.post("x/f", due=1e7)
    bench.post("x/g")
    bench.x.publishes.append(lambda order, handle: bench.die())
    bench.run_and_die(Mode.ONCE)
    bench.whole(7)
    return bench


def breaches(bench: Bench) -> list[str]:
    return [breach for check in audit(bench.database, PLATFORMS) for breach in check.breaches]


def test_what_publishers_leave_behind_passes_with_its_counts(bench: Bench) -> None:
    checks = audit(bench.database, PLATFORMS)
    assert [(check.name, check.checked, check.wrong, check.breaches) for check in checks] == [
        ("deliveries", 8, 0, ()),
        ("posts", 8, 0, ()),
        ("remote-ids", 5, 0, ()),
        ("store", 1, 0, ()),
    ]


@pytest.mark.sqlite("the store does not exist yet")
def test_a_new_folder_has_nothing_to_check_and_gets_no_store(tmp_path: Path) -> None:
    assert audit(store_at(tmp_path / "home"), PLATFORMS) == []
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("hand", "says"),
    [
        (
            "INSERT INTO attempt (delivery_id, number, step, phase, at, outcome, message)"
            " SELECT delivery_id, 2, step, phase, at, outcome, '9' FROM attempt WHERE message = '1'",
            ['delivery 1 (post 1, x/me): "POST" was made again after it was done'],
        ),
        (
            "DELETE FROM attempt WHERE delivery_id = 1",
            ["delivery 1 (post 1, x/me): it is published, and no call can have published it"],
        ),
        (
            "UPDATE delivery SET state = 'retrying' WHERE id = 2",
            [
                "delivery 2 (post 2, x/b): it was published, and it is retrying",
                "post 2: its status is published, but its deliveries say publishing",
                "post 2: its publishing time differs from that of its last delivery",
            ],
        ),
        (
            "UPDATE post SET status = 'failed' WHERE id = 7",
            ["post 7: its status is failed, but its deliveries say scheduled"],
        ),
        (
            "UPDATE post SET published_at = 0 WHERE id = 1",
            ["post 1: its publishing time differs from that of its last delivery"],
        ),
        (
            "UPDATE attempt SET outcome = 'not_done' WHERE outcome IS NULL",
            ["delivery 8 (post 8, x/g): it is sending, and no intent is open"],
        ),
        (
            "UPDATE delivery SET account_id = 1 WHERE id IN (1, 6)",
            [],
        ),
        (
            'UPDATE delivery SET account_id = 1, handle = \'{"of":3,"parts":["4","1"]}\' WHERE id = 6',
            ["delivery 1 and delivery 6: both have the id 1 of x/me"],
        ),
    ],
)
def test_a_hand_that_was_laid_on_the_store_is_seen(bench: Bench, hand: str, says: list[str]) -> None:
    bench.sql(hand)
    assert breaches(bench) == says


def test_many_breaches_are_counted_and_the_first_are_told(bench: Bench) -> None:
    bench.sql(
        f"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_LISTED + 200})"
        " INSERT INTO post (id, content, status, created_at, updated_at, variants, thread, options)"
        " SELECT i, '', 'failed', 0, 0, '{}', '[]', '{}' FROM n"
    )
    posts = audit(bench.database, PLATFORMS)[1]
    assert (posts.wrong, len(posts.breaches)) == (MOST_LISTED + 101, MOST_LISTED)


@pytest.mark.sqlite("its file is damaged")
def test_a_damaged_file_is_told_as_such(bench: Bench) -> None:
    bench.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with bench.database.path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\x5a" * 4096 * 20)
    with pytest.raises(Damaged):
        audit(bench.database, PLATFORMS)


@pytest.mark.slow
@pytest.mark.sqlite("its query plans")
def test_nothing_is_sorted_or_held_whatever_the_number(bench: Bench) -> None:
    """The three questions: only the one about remote ids builds a tree, on the disk if need be."""
    for sql in (reading._DELIVERIES, reading._POSTS):
        plan = [row["detail"] for row in bench.sql(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any("TEMP B-TREE" in step for step in plan), plan
    bench.sql(
        "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO post (id, content, status, created_at, updated_at, variants, thread, options)"
        " SELECT i, printf('%.1000c', 'x'), 'draft', 0, 0, '{}', '[]', '{}' FROM n"
    )
    tracemalloc.start()
    checks = audit(bench.database, PLATFORMS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (checks[1].checked, checks[1].wrong) == (19_909, 0)
    assert peak < 1_000_000


def test_what_tiktok_took_and_did_not_publish_is_no_breach(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    bench.account("tiktok/t")
    tiktok = bench.clients["tiktok"]
    bench.post("tiktok/t")
    refused = NotDone(Kind.SERVER, "internal", passing=True)
    tiktok.publishes.extend([Done("handle 1", processing=True), Done("handle 2", processing=True)])
    tiktok.looks.extend([Refused(refused), Refused(NotDone(Kind.CONTENT, "spam_risk"))])
    bench.run()
    assert bench.delivery().state is DeliveryState.FAILED
    assert [check.breaches for check in audit(store_at(tmp_path / "home"), PLATFORMS)] == [()] * 4
