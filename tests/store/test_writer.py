"""The writing thread: many independent writes in one commit, and no caller waits for ever."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, new_store, raw, to
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Attempt, Phase
from ttp.store import attempts, claims, queries
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection, StoreError
from ttp.store.writer import Writer

Work = Callable[[Connection], object]


def connecting(database: Database, seen: list[str]) -> Callable[[], Connection]:
    """A connection that notes its statements, and has room for hardly more than it holds."""

    def connect() -> Connection:
        connection = database.connect()
        raw(connection).set_trace_callback(seen.append)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 4}")
        return connection

    return connect


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def writer(database: Database, seen: list[str]) -> Iterator[Writer]:
    with closing(Writer(connecting(database, seen))) as writer:
        yield writer


@contextmanager
def at_once(writer: Writer, *works: Work | tuple[Work, None, Work]) -> Iterator[list[Future[object]]]:
    """Have all the works in the queue before the writer takes any: the first batch holds it up meanwhile. A tuple: what
    `Writer.run` takes."""
    go, busy = threading.Event(), threading.Event()

    def hold(db: Connection) -> None:
        busy.set()
        go.wait(60)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        held = pool.submit(writer.run, hold)
        assert busy.wait(60)
        futures = []
        for count, work in enumerate(works, 1):
            futures.append(pool.submit(writer.run, *(work if isinstance(work, tuple) else (work,))))
            while writer._queue.qsize() < count:  # in this order, and without guessing how long it takes
                pass
        go.set()
        yield futures
        held.result()


def naming(host: str) -> Work:
    return lambda db: db.execute("UPDATE store SET host = coalesce(host, '') || ?", (host,)).rowcount


def host(database: Database) -> str | None:
    with closing(database.connect()) as db:
        found: str | None = db.execute("SELECT host FROM store").fetchone()[0]
        return found


def failing(db: Connection) -> None:
    db.execute("UPDATE store SET host = 'half done'")
    raise KeyError("its own fault")


def filling(db: Connection) -> None:
    db.execute("UPDATE store SET host = ?", ("z" * 100_000,))


def test_work_is_committed_when_run_comes_back(writer: Writer, database: Database) -> None:
    assert writer.run(naming("a")) == 1
    assert host(database) == "a"


def test_many_works_share_one_commit(writer: Writer, database: Database, seen: list[str]) -> None:
    with at_once(writer, *(naming(letter) for letter in "abcdefghij")) as futures:
        assert [future.result() for future in futures] == [1] * 10
    assert seen.count("BEGIN IMMEDIATE") == seen.count("COMMIT") == 2, "the one that held it up, and all the others"
    assert host(database) == "abcdefghij"


def test_an_error_of_one_work_is_its_own_and_undoes_nothing_else(writer: Writer, database: Database) -> None:
    with at_once(writer, naming("a"), failing, naming("b")) as (first, second, third):
        with pytest.raises(KeyError, match="its own fault"):
            second.result()
        assert (first.result(), third.result()) == (1, 1)
    assert host(database) == "ab"


def test_a_failed_statement_leaves_the_rest_of_the_batch(writer: Writer, database: Database) -> None:
    with at_once(
        writer, naming("a"), lambda db: db.execute("INSERT INTO store (id, store_id, created_at) VALUES (1, 'b', 0)")
    ) as all_:
        with pytest.raises(Conflicting):
            all_[1].result()
        assert all_[0].result() == 1
    assert host(database) == "a"


def test_a_call_that_cannot_begin_keeps_nothing_else_from_being_stored(writer: Writer, database: Database) -> None:
    add_post(database, to(add_account(database), START))
    call = Attempt("x/me", 1, "post", Phase.PUBLISH, START, delivery_id=1)
    read: list[Callable[[], int]] = []  # as a delivery that waits for the row's id
    begun: tuple[Work, None, Work] = (failing, None, lambda db: read.append(attempts.start_attempt(db, call)))
    with at_once(writer, naming("a"), begun, naming("b")) as futures:
        errors = [type(future.exception()) for future in futures]
    assert errors == [type(None), KeyError, type(None)]
    with at_once(writer, begun) as [alone]:
        assert isinstance(alone.exception(), KeyError)
    assert writer.run(naming("c")) == 1
    assert host(database) == "abc"


def another_process_writes(database: Database) -> None:
    with database.writing() as db:
        db.execute("UPDATE store SET host = 'a'")


def test_a_delivery_that_another_process_moved_keeps_nothing_else_from_being_stored(
    writer: Writer, database: Database
) -> None:
    add_post(database, to(add_account(database), START, state=DeliveryState.SENDING))
    with closing(database.connect()) as db:
        sent = queries.delivery(db, 1)
    assert sent is not None
    moved = claims.Transition(replace(sent, fence=sent.fence + 1), sent.mark_published(START, "1", None))

    def save(db: Connection) -> None:
        assert moved.save(db, now=START) is None
        raise KeyError("moved")

    with pytest.raises(KeyError):
        writer.run(save, None, moved.ask)
    another_process_writes(database)
    assert writer.run(naming("b")) == 1
    assert host(database) == "ab"


def test_a_work_that_fails_before_it_has_read_all_answers_keeps_nothing_else_from_being_stored(
    writer: Writer, database: Database
) -> None:
    def read(db: Connection) -> None:
        rows = db.execute("SELECT 1 FROM store")
        raise KeyError(rows.rowcount)

    try:
        writer.run(read)
    except KeyError:  # whoever asked has not done with the error yet
        another_process_writes(database)
        assert writer.run(naming("b")) == 1
    assert host(database) == "ab"


@pytest.mark.sqlite("its own queue of writers")
def test_what_failed_is_undone_and_the_rest_done_though_another_writes_in_between(
    writer: Writer, database: Database
) -> None:
    others: list[threading.Thread] = []

    def read(db: Connection) -> None:
        rows = db.execute("SELECT 1 FROM store")
        if not others:
            others.append(threading.Thread(target=another_process_writes, args=[database]))
            others[0].start()
            while others[0].is_alive() and len(raw(db).queue._waiting) < 2:  # its turn is the next
                pass
        raise KeyError(rows.rowcount)

    with at_once(writer, naming("x"), read, naming("b")) as futures:
        errors = [type(future.exception()) for future in futures]
    others[0].join()
    assert errors == [type(None), KeyError, type(None)]
    assert host(database) == "axb"


def cause_of(error: BaseException | None) -> object:
    return getattr(error and error.__cause__, "sqlite_errorname", error)


def test_when_the_whole_transaction_is_lost_everyone_hears_why(writer: Writer, database: Database) -> None:
    with at_once(writer, naming("a"), filling, naming("b")) as futures:
        errors = [future.exception() for future in futures]
    assert [cause_of(error) for error in errors] == ["SQLITE_FULL"] * 3
    assert host(database) is None
    assert writer.run(naming("c")) == 1, "the next batch starts afresh"


def test_a_transaction_that_is_lost_when_its_works_run_again_is_heard_of_too(
    writer: Writer, database: Database
) -> None:
    with at_once(writer, failing, filling, naming("b")) as futures:
        errors = [future.exception() for future in futures]
    assert isinstance(errors[0], KeyError)
    assert [getattr(error and error.__cause__, "sqlite_errorname", error) for error in errors[1:]] == [
        "SQLITE_FULL"
    ] * 2
    assert host(database) is None


def test_what_is_written_with_a_commit_is_written_once_for_all(writer: Writer, database: Database) -> None:
    writer.committing = naming("!")  # type: ignore[assignment]  # its answer is of no use
    with at_once(writer, naming("a"), failing, naming("b")) as futures:
        futures[2].result()
    assert host(database) == "!ab!", "one commit held the others up"


def test_a_loss_that_a_work_tells_in_its_own_words_reaches_everyone_too(writer: Writer) -> None:
    def wrapping(db: Connection) -> None:
        try:
            filling(db)
        except sqlite3.Error as error:
            raise LookupError("in other words") from error

    with at_once(writer, naming("a"), wrapping) as futures:
        assert [type(future.exception()) for future in futures] == [LookupError] * 2
    assert writer.run(naming("c")) == 1


def test_a_commit_that_fails_reaches_everyone_who_waits(writer: Writer, database: Database) -> None:
    def breaking(db: Connection) -> None:
        db.execute("PRAGMA defer_foreign_keys=ON")
        db.execute("INSERT INTO post_tag (post_id, position, tag) VALUES (99, 0, 'of no post')")

    with at_once(writer, naming("a"), breaking, failing) as (first, second, third):
        for future in (first, second):
            with pytest.raises(Conflicting, match="FOREIGN KEY"):
                future.result()
        assert isinstance(third.exception(), KeyError), "it failed before, for its own reason"
    assert host(database) is None
    assert writer.run(naming("b")) == 1


def test_a_store_that_stays_locked_is_told_to_all_and_is_tried_again_later(tmp_path: Path) -> None:
    database = new_store(tmp_path / "home", busy_timeout_s=0.01)
    with closing(Writer(database.connect)) as writer:
        with closing(database.connect()) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                writer.run(naming("a"))
        assert writer.run(naming("b")) == 1
    assert host(database) == "b"


def test_closing_finishes_what_is_queued(database: Database, seen: list[str]) -> None:
    writer = Writer(connecting(database, seen))
    with at_once(writer, naming("a"), naming("b")) as futures:
        writer.close()
        assert [future.result() for future in futures] == [1, 1]
    assert host(database) == "ab"


def test_no_batch_grows_without_bound(writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.store.writer._MOST", 2)
    with at_once(writer, *(naming(letter) for letter in "abcde")) as futures:
        assert [future.result() for future in futures] == [1] * 5
    assert host(database) == "abcde"


def test_what_fails_after_a_commit_leaves_nobody_waiting(writer: Writer) -> None:
    def no_memory(db: Connection) -> None:
        raise MemoryError

    writer.committed = no_memory
    answers: list[object] = []

    def ask() -> None:
        answers.append(writer.run(lambda db: 1))
        answers.append(writer.run(lambda db: 2))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(60.0)
    assert answers == [1, 2]
