"""What PostgreSQL refuses, in the words of ttp."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, TtpError
from ttp.store.dialect import Sealed, StoreError
from ttp.store.seal import refused_change


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Turn errors of the driver in the block into Busy. `name`: the store's in messages."""
    try:
        yield
    except TtpError:
        raise
    except Sealed as error:
        raise refused_change(str(error)) from error
    except (StoreError, psycopg.Error) as error:
        cause = error.__cause__ if isinstance(error, StoreError) else error
        if not isinstance(cause, psycopg.Error):
            raise
        translated = _translate(name, cause)
        if translated is None:
            raise
        raise translated from error


def _translate(name: str, error: psycopg.Error) -> TtpError | None:
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return Busy(f"the store {name} stays locked by another program", Hint("see", action("status")))
    if isinstance(error, psycopg.OperationalError):
        return Busy(f"the store {name} cannot be reached: {sentence(error)}", Hint("see", action("doctor")))
    return None


def sentence(error: psycopg.Error) -> str:
    """Return what the server or the driver said, on one line."""
    return " ".join((error.diag.message_primary or str(error)).split())
