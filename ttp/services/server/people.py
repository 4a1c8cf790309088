"""Create login links, log people in and out, and find who is logged in."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.server.api_token import Person, Session, TokenCapability
from ttp.domain.time.clock import Clock
from ttp.domain.time.zones import load_zone, parse_zone
from ttp.services.server.api_tokens import check_name, digest
from ttp.store.database import Database
from ttp.store.home.files import make_home, write_whole
from ttp.store.server import approval_links
from ttp.store.server import people as store

LINK_WORKS_FOR = timedelta(minutes=10)
SESSION_LASTS_FOR = timedelta(days=30)
ADDRESS_FILE = "server.address"
_ANSWER_S = 1.0
"""Seconds that a server on this machine may take to accept a connection."""
SECRET = re.compile(r"[0-9a-f]{48}")


@dataclass(frozen=True, slots=True)
class LoginAddress:
    """A login link for a person. `accounts`: names; None: all."""

    name: str
    capabilities: tuple[TokenCapability, ...]
    accounts: tuple[str, ...] | None
    url: str = field(repr=False)


class People:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create_link(self, name: str, capabilities: Sequence[TokenCapability], accounts: Sequence[Account]) -> str:
        """Store a login link for a person and return its secret. Raise UsageError for a name that cannot be."""
        check_name(name, "a name for a person", action("login-link", "ann"))
        ids = frozenset(account.id or 0 for account in accounts) if accounts else None
        person = Person(name, tuple(dict.fromkeys(capabilities)), ids)
        secret, now = new_secret(), self._clock.now()
        with self._database.writing() as db:
            store.delete_expired(db, now)
            store.insert(db, "login_link", person, digest(secret), now + LINK_WORKS_FOR)
        return secret

    def link(self, secret: str) -> Session | None:
        """Return a login link that works. It stays."""
        return self._find("login_link", secret)

    def log_in(self, secret: str) -> tuple[Person, str] | None:
        """Use up a login link: return who it is for and the secret of a new session, or None if it does not work."""
        link, now = self.link(secret), self._clock.now()
        if link is None:
            return None
        new = new_secret()
        with self._database.writing() as db:
            if not store.delete(db, "login_link", link.id):
                return None
            store.delete_expired(db, now)
            store.insert(db, "session", link.person, digest(new), now + SESSION_LASTS_FOR, now)
        return link.person, new

    def session(self, secret: str) -> Session | None:
        """Return the session of a cookie's secret.

        A zone that this machine does not have is left out: another host or newer timezone data may have had it, and the
        person must get to the page where they choose another."""
        session = self._find("session", secret)
        if session is None or session.person.timezone is None or load_zone(session.person.timezone):
            return session
        return replace(session, person=replace(session.person, timezone=None))

    def _find(self, table: store.Table, secret: str) -> Session | None:
        if not SECRET.fullmatch(secret):
            return None
        with self._database.reading() as db:
            row = store.find(db, table, digest(secret)) if db else None
        return row if row is not None and self._clock.now() < row.expires_at else None

    def set_timezone(self, name: str, timezone: str) -> None:
        """Store the zone in which times of a person are read and shown; '' for that of the settings. Raise TimeRefused
        for an unknown one."""
        zone = parse_zone(timezone).key if timezone else None
        with self._database.writing() as db:
            store.set_timezone(db, name, zone)

    def log_out(self, session: Session, *, everywhere: bool = False) -> None:
        """End a session; `everywhere`: all sessions of the person, and the links that were not used: those to log in,
        and those by which they let others approve."""
        with self._database.writing() as db:
            if everywhere:
                store.delete_all_of(db, session.person.name)
                approval_links.delete_all_of(db, session.person.name)
            else:
                store.delete(db, "session", session.id)


def new_secret() -> str:
    return secrets.token_hex(24)


@contextmanager
def recorded_address(home: Path, address: str | None) -> Iterator[None]:
    """Let other commands know the address of this server while the block runs. None: it has none."""
    if address is None:
        yield
        return
    make_home(home)  # where the store is in PostgreSQL, there may be none yet
    before = read_address(home)
    write_whole(home / ADDRESS_FILE, address)
    try:
        yield
    finally:
        if read_address(home) == address:
            if before is not None and _answers(before):  # an earlier server of the store still runs
                write_whole(home / ADDRESS_FILE, before)
            else:
                (home / ADDRESS_FILE).unlink(missing_ok=True)


def _answers(address: str) -> bool:
    """Return whether something listens at the address of a server on this machine."""
    try:
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=_ANSWER_S):
            return True
    except (OSError, ValueError):
        return False


def read_address(home: Path) -> str | None:
    """Return the address of the server that runs on a store, or ran and was killed."""
    try:
        return (home / ADDRESS_FILE).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeError):
        return None
