"""Translate errors of PostgreSQL into ttp's. No message has a password: neither the driver nor the server repeats
it, and the name of the store is its address without one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from ttp.domain.action import action
from ttp.domain.errors import Busy, Damaged, Hint, TtpError, UsageError
from ttp.store.dialect import CommitUnknown, Conflicting, Sealed, SessionLost, StoreError, TryAgain, unlike_schema
from ttp.store.machine.seal import refused_change

_DOCTOR = Hint("see", action("doctor"))
_BY_STATE: Mapping[str, tuple[str, Hint]] = {
    "53100": ("its server has no room left, and nothing of this was saved", _DOCTOR),
    "53200": ("its server has no memory left, and nothing of this was saved", _DOCTOR),
    "53300": ("its server accepts no more sessions", _DOCTOR),
    "25006": (
        "it is read-only: a standby, or a database that was set so; ttp needs the address of the primary",
        Hint("fix", action("config set", "store.url", "URL")),
    ),
    "57P03": ("its server is starting or stopping", _DOCTOR),
}
"""What is wrong with a store, and the way out, by SQLSTATE."""
_UNLIKE = ("42P01", "42703", "42701", "42P07")
"""A table or column is missing, or is there already."""
_ADVICE = re.compile(r"\n(?:Multiple connection attempts failed|Either provide|\tThis probably means)")
"""Where the driver's advice begins, which is about its own parameters."""
_LEAD = re.compile(r"^connection (?:failed|is bad): |connection to server (?:at|on) .*? failed: |FATAL:\s+")


@contextmanager
def translate_errors(name: str, user: str = "") -> Iterator[None]:
    """Turn errors of the driver in the block into TtpErrors. `name`: the store's, and `user`: who logs in, in
    messages."""
    try:
        yield
    except TtpError:
        raise
    except Sealed as error:
        raise refused_change(str(error)) from error
    except (StoreError, psycopg.Error) as error:
        cause = error.__cause__ if isinstance(error, StoreError) else error
        if not isinstance(cause, psycopg.Error) or isinstance(error, Conflicting):
            raise
        translated = _translate(name, user, cause, error)
        if translated is None:
            raise
        raise translated from error


def _translate(name: str, user: str, error: psycopg.Error, neutral: Exception) -> TtpError | None:
    state = error.sqlstate or ""
    if state in _BY_STATE:
        what, way = _BY_STATE[state]
        return Busy(f"the store {name} cannot be used: {what}", way)
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return UsageError("a text has a NUL character, which PostgreSQL cannot keep; nothing of this was saved")
    if state == "42501":
        # The owner of a database may create tables in it, and has no right to those that another user created.
        own = Hint("fix", f"psql -d DATABASE -c 'ALTER DATABASE DATABASE OWNER TO {user or 'USER'}'")
        as_owner = Hint("fix", action("config set", "store.url", "URL"))
        said = sentence(error)
        return Busy(
            f"the user {user or 'of store.url'} lacks a right in the database {name}: {said}",
            own if re.search(r"for (schema|database) ", said) else as_owner,
        )
    if state in _UNLIKE:
        return unlike_schema(name, sentence(error))
    if state in ("XX001", "XX002"):
        return Damaged(f"the store {name} is damaged: {sentence(error)}", _DOCTOR)
    if isinstance(neutral, TryAgain):
        return Busy(f"other work on the store {name} was in the way, and nothing of this was saved: try again")
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not isinstance(
        neutral, SessionLost
    ):
        return None
    if not state and error.pgconn is not None and (error.pgconn.needs_password or error.pgconn.used_password):
        return _password_refused(name, user, missing=bool(error.pgconn.needs_password))
    if isinstance(neutral, CommitUnknown):
        return Busy(
            f"the connection to the store {name} was lost while it saved: it saved all of this, or nothing",
            Hint("see", action("undo", list=True)),
        )
    if isinstance(neutral, SessionLost):
        return Busy(f"the connection to the store {name} was lost, and nothing of this was saved", _DOCTOR)
    return Busy(f"the store {name} cannot be reached: {sentence(error)}", _way_to_server(error))


def _password_refused(name: str, user: str, *, missing: bool) -> Busy:
    what = "wants a password" if missing else f"refuses the password of {user or 'the user'}"
    return Busy(
        f"the server of the store {name} {what}: it is read from ~/.pgpass, or your own program prints it",
        Hint("fix", action("config set", "store.password_command", "PROGRAM")),
        Hint("see", action("help", "postgresql")),
    )


def _way_to_server(error: psycopg.Error) -> Hint:
    text = str(error)
    if re.search(r'database ".*" does not exist', text):
        return Hint("fix", "createdb DATABASE")
    if re.search(r'role ".*" does not exist', text):
        return Hint("fix", "createuser USER")
    if "certificate" in text or "SSL" in text:
        return Hint("see", action("help", "postgresql"))
    if "resolve" in text or "translate host name" in text:
        return Hint("fix", action("config set", "store.url", "URL"))
    return _DOCTOR  # the server or the network may be down, and the address right


def sentence(error: psycopg.Error) -> str:
    """Return the first thing that the server or the driver said, on one line."""
    text = error.diag.message_primary or str(error)
    first = _ADVICE.split(text, maxsplit=1)[0]
    return " ".join(_LEAD.sub("", _LEAD.sub("", first)).replace("\n\tIs the server running", "; is it running").split())
