"""What takes one round trip to PostgreSQL together, where a statement of it fails or the session is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.clock import START
from tests.store.postgresql.test_publisher_session import shared_session
from tests.store.stores import add_account, add_post, to
from tests.store.test_writer import Work, at_once
from ttp.domain.delivery import DeliveryError, DeliveryState
from ttp.domain.post import derive_status
from ttp.domain.publishing.outcome import Kind
from ttp.store import claims, queries
from ttp.store.database import Database
from ttp.store.dialect import Connection, SessionLost, StoreError
from ttp.store.machine.publisher_session import Held
from ttp.store.postgresql.publisher_session import locked_accounts
from ttp.store.writer import Writer

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
Piece = tuple[Work, None, Work]


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with closing(Writer(database.connect)) as writer:
        yield writer


@pytest.fixture
def pieces(database: Database) -> list[Piece]:
    """Three pieces that store a transition each, of three accounts."""
    for number in range(3):
        add_post(database, to(add_account(database, f"x/a{number}"), START, state=DeliveryState.CLAIMED))
    with closing(database.connect()) as db:
        found = [
            queries.delivery(db, row["id"]) for row in db.execute("SELECT id FROM delivery ORDER BY id").fetchall()
        ]
    moved = [claims.Transition(delivery, delivery.mark_sending()) for delivery in found if delivery is not None]
    return [(lambda db, one=one: one.save(db, now=START), None, one.ask) for one in moved]  # type: ignore[misc]


def states(database: Database) -> list[str]:
    with closing(database.connect()) as db:
        return [row["state"] for row in db.execute("SELECT state FROM delivery ORDER BY id")]


def fail(db: Connection) -> None:
    db.execute("SELECT 1 / 0")


def refuse(db: Connection) -> None:
    raise KeyError("its own fault")


def lose(db: Connection) -> None:
    db.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def nothing(db: Connection) -> None: ...


def test_what_many_pieces_ask_is_stored_for_each(database: Database, writer: Writer, pieces: list[Piece]) -> None:
    with at_once(writer, *pieces) as futures:
        assert [future.result() for future in futures] == ["publishing"] * 3
    assert states(database) == ["sending"] * 3


@pytest.mark.parametrize("place", range(2))
def test_the_status_of_a_post_follows_from_all_that_is_stored_with_it(
    place: int, database: Database, writer: Writer
) -> None:
    accounts = [add_account(database, f"x/a{number}") for number in range(2)]
    add_post(database, to(accounts[0], START, state=DeliveryState.SENDING), to(accounts[1], START))
    with closing(database.connect()) as db:
        sent, late = (delivery for delivery in [queries.delivery(db, 1), queries.delivery(db, 2)] if delivery)
    moved = claims.Transition(sent, sent.mark_published(START, "1", None))
    no = late.mark_failed(DeliveryError(Kind.MISSED, "too late"))
    pieces: list[Piece | Work] = [(lambda db: moved.save(db, now=START), None, moved.ask)]
    pieces.insert(place, lambda db: claims.save_transition(db, late, no, now=START))
    with at_once(writer, *pieces) as futures:
        for future in futures:
            future.result()
    with closing(database.connect()) as db:
        post = queries.post_even_deleted(db, 1)
    assert post.status is derive_status((one.state for one in post.deliveries), has_time=True)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("wrong", [(nothing, None, fail), (nothing, None, refuse), (fail, None, nothing), refuse])
def test_of_pieces_that_ask_together_only_the_one_that_fails_gets_the_error(
    wrong: Piece | Work, place: int, database: Database, writer: Writer, pieces: list[Piece]
) -> None:
    with at_once(writer, *pieces[:place], wrong, *pieces[place:]) as futures:
        errors = [future.exception() for future in futures]
    is_own = refuse in (wrong if isinstance(wrong, tuple) else [wrong])
    assert isinstance(errors.pop(place), KeyError if is_own else StoreError)
    assert errors == [None] * 3
    assert states(database) == ["sending"] * 3
    assert writer.session == 1


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("lost", [(nothing, None, lose), (lose, None, nothing), lose])
def test_where_the_session_is_lost_between_pieces_nothing_of_them_is_stored(
    lost: Piece | Work, place: int, database: Database, writer: Writer, pieces: list[Piece]
) -> None:
    with at_once(writer, *pieces[:place], lost, *pieces[place:]) as futures:
        assert [type(future.exception()) for future in futures] == [SessionLost] * 4
    assert states(database) == ["claimed"] * 3
    assert writer.run(lambda db: writer.session) == 2
    with at_once(writer, *pieces) as futures:
        assert [future.result() for future in futures] == ["publishing"] * 3


@pytest.mark.parametrize("place", range(3))
def test_which_accounts_are_locked_is_known_where_a_statement_beside_them_fails(place: int, database: Database) -> None:
    first, second, third = [add_account(database, f"x/a{number}").id or 0 for number in range(3)]
    session = shared_session(database)
    with closing(session.connect()) as db:

        def change(*, failing: bool) -> frozenset[int]:
            steps: list[Callable[[], object]] = [
                lambda: session.keep(db, Held.DELIVERY, [first]),
                lambda: session.ask(db, Held.DELIVERY, [third]),
            ]
            if failing:
                steps.insert(place, lambda: fail(db))
            with db.transaction(), session.together(db):
                for step in steps:
                    step()
            return session.held_accounts(Held.DELIVERY)

        assert session.take(db, Held.DELIVERY, [first, second]) == {first, second}
        with pytest.raises(StoreError):
            change(failing=True)
        assert session.held_accounts(Held.DELIVERY) == locked_accounts(db, Held.DELIVERY)
        assert change(failing=False) == locked_accounts(db, Held.DELIVERY) == {first, third}
        session.keep(db, Held.DELIVERY, [])
        assert locked_accounts(db, Held.DELIVERY) == set()


def test_of_a_session_that_is_lost_no_lock_is_remembered(database: Database) -> None:
    first, second = [add_account(database, f"x/a{number}").id or 0 for number in range(2)]
    session = shared_session(database)
    with closing(session.connect()) as db:
        assert session.take(db, Held.DELIVERY, [first]) == {first}

        def ask_and_lose() -> None:
            with db.transaction(), session.together(db):
                session.ask(db, Held.DELIVERY, [second])
                lose(db)

        with pytest.raises(SessionLost):
            ask_and_lose()
    with closing(session.connect()) as db:
        pid = db.execute("SELECT pg_backend_pid()").fetchone()[0]
        assert session.held_accounts(Held.DELIVERY) == locked_accounts(db, Held.DELIVERY, pid) == set()
