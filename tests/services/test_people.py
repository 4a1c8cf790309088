"""Login links and sessions: used once, expired, ended, stored as digests only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.store.stores import store_at
from ttp.domain.errors import UsageError
from ttp.domain.permissions import Caller, Capability
from ttp.domain.server.api_token import Person, TokenCapability
from ttp.services.server.people import LINK_WORKS_FOR, SESSION_LASTS_FOR, People, read_address, recorded_address

READ, DRAFT, PUBLISH, APPROVE = TokenCapability


@pytest.fixture
def people(ttp: Program, clock: FakeClock) -> People:
    ttp.account("x/me")
    return People(store_at(ttp.home), clock)


def logged_in(people: People, name: str = "ann") -> str:
    found = people.log_in(people.create_link(name, [PUBLISH, APPROVE], []))
    assert found is not None
    assert found[0] == Person(name, (PUBLISH, APPROVE))
    return found[1]


def test_a_link_logs_in_once(people: People) -> None:
    secret = people.create_link("ann", [READ], [])
    assert people.link(secret) is not None
    assert people.link(secret) is not None
    found = people.log_in(secret)
    assert found is not None
    session = people.session(found[1])
    assert session is not None
    assert session.person == Person("ann", (READ,))
    assert (people.link(secret), people.log_in(secret)) == (None, None)


@pytest.mark.parametrize("secret", ["", "0" * 48, "x", "é" * 48])
def test_an_unknown_secret_is_nothing(people: People, secret: str) -> None:
    assert (people.link(secret), people.log_in(secret), people.session(secret)) == (None, None, None)


def test_links_and_sessions_expire(people: People, clock: FakeClock) -> None:
    link, cookie = people.create_link("ann", [READ], []), logged_in(people)
    clock.advance((LINK_WORKS_FOR).total_seconds())
    assert people.log_in(link) is None
    assert people.session(cookie) is not None
    clock.advance((SESSION_LASTS_FOR - LINK_WORKS_FOR - timedelta(seconds=1)).total_seconds())
    assert people.session(cookie) is not None
    clock.advance((timedelta(seconds=1)).total_seconds())
    assert people.session(cookie) is None


def test_logging_out_ends_one_session_or_all_of_a_person(people: People) -> None:
    first, second, other = logged_in(people), logged_in(people), logged_in(people, "bob")
    unused = people.create_link("ann", [READ], [])
    session = people.session(first)
    assert session is not None
    people.log_out(session)
    assert people.session(first) is None
    session = people.session(second)
    assert session is not None
    people.log_out(session, everywhere=True)
    assert (people.session(second), people.link(unused)) == (None, None)
    assert people.session(other) is not None


def test_secrets_are_not_stored(people: People, ttp: Program) -> None:
    link, cookie = people.create_link("ann", [READ], []), logged_in(people)
    kept = str(ttp.sql("SELECT * FROM login_link") + ttp.sql("SELECT * FROM session"))
    assert link not in kept
    assert cookie not in kept


def test_a_name_is_one_word(people: People) -> None:
    with pytest.raises(UsageError):
        people.create_link("two words", [READ], [])


def test_a_person_acts_with_the_smallest_capability_that_is_enough() -> None:
    ann = Person("ann", (APPROVE, PUBLISH), frozenset({1}))
    caller = Caller(
        "ann", Capability.PUBLISH, "your capability here", frozenset({1}), approver="ann", sees_private=True
    )
    assert ann.caller_for(READ) == ann.caller_for(DRAFT) == ann.caller_for(APPROVE) == caller
    both = Person("eve", (PUBLISH, READ))
    callers = [both.caller_for(one) for one in (READ, DRAFT)]
    assert [one.capability for one in callers if one is not None] == [Capability.READ, Capability.PUBLISH]
    assert all(one is not None and one.sees_private for one in callers)
    reader = Person("bob", (READ,))
    assert (reader.may(READ), reader.may(DRAFT), reader.caller_for(APPROVE)) == (True, False, None)


def test_the_address_of_a_server_is_kept_in_a_home_that_is_made_for_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with recorded_address(home, "http://127.0.0.1:9"):
        assert read_address(home) == "http://127.0.0.1:9"
    assert read_address(home) is None
    assert home.stat().st_mode & 0o777 == 0o700
