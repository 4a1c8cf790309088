"""`ttp` in a process of its own, with what the environment asks for: a mistake, a stop at one step, another clock.

python -m tests.faults.team_process run --jsonl
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.store.migrations.next_version import become_next
from ttp.domain.publishing.outcome import Attempt, Handle, Kind, NotDone, Outcome
from ttp.domain.time.clock import SharedClock, SystemClock
from ttp.platforms.client import PublishRequest, Ready, Wait
from ttp.publisher import delivery_context
from ttp.publisher.clients import SafeClient
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.reconcile import LookupJob
from ttp.services.connecting.tokens import LockedToken
from ttp.store import claims
from ttp.store.dialect import Connection
from ttp.store.machine import host_mark
from ttp.store.machine.publisher_session import Held
from ttp.store.postgresql import address, publisher_session
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.postgresql.publisher_session import SharedSession

STEPS = (
    "after the claim",
    "before the intent",
    "after the intent",
    "after the check",
    "after the answer",
    "after the outcome",
    "after a look-up",
)
"""Where a publisher stops itself (TEAM_STOP_AT). After the check is the window in which nothing protects but the settle
window. TEAM_FIRST_CALL, as `refuse:FILE` or `send:FILE`, lets the first publishing call wait until the file exists,
and refuses it or sends it then. TEAM_CALL_S is how long each call takes at least."""
_stopped: set[str] = set()


def stop(step: str) -> None:
    """Stop this process at its first arrival at the step."""
    if step == os.environ.get("TEAM_STOP_AT") and step not in _stopped:
        _stopped.add(step)
        print(f"stopped {step}", flush=True)
        # To this thread: one sent to the process may be taken by another, and this one goes on for a moment.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _stop_at_steps() -> None:
    attempt, commit, record = DeliveryWorker._try, DeliveryWorker._commit_intent, DeliveryWorker._record
    publish, settle = SafeClient.publish, LookupJob._settle

    def _try(self: DeliveryWorker, token: LockedToken) -> Generator[Wait, None, bool]:
        stop("after the claim")
        return (yield from attempt(self, token))

    def _commit_intent(self: DeliveryWorker, ready: Ready) -> Attempt:
        stop("before the intent")
        intent = commit(self, ready)
        stop("after the intent")
        return intent

    def publish_late(self: SafeClient, request: PublishRequest, handle: Handle) -> Outcome:
        stop("after the check")
        how, _, gate = os.environ.pop("TEAM_FIRST_CALL", "").partition(":")
        if how:
            print(f"first call: {how}", flush=True)
            while not Path(gate).exists():
                time.sleep(0.02)
        if how == "refuse":
            return NotDone(Kind.NETWORK, "nothing was sent", passing=True)
        pause_s = float(os.environ["TEAM_CALL_S"]) / 2
        time.sleep(pause_s)
        outcome = publish(self, request, handle)
        time.sleep(pause_s)
        stop("after the answer")
        return outcome

    def _record(self: DeliveryWorker, intent: Attempt, outcome: Outcome) -> None:
        record(self, intent, outcome)
        stop("after the outcome")

    def _settle(self: LookupJob, *looked: Any) -> None:
        stop("after a look-up")
        settle(self, *looked)

    for owner, name, changed in (
        (DeliveryWorker, "_try", _try),
        (DeliveryWorker, "_commit_intent", _commit_intent),
        (DeliveryWorker, "_record", _record),
        (SafeClient, "publish", publish_late),
        (LookupJob, "_settle", _settle),
    ):
        setattr(owner, name, changed)


def _move_clock(seconds: float) -> None:
    now = SystemClock.now

    def moved(self: SystemClock) -> datetime:
        return now(self) + timedelta(seconds=seconds)

    SystemClock.now = moved  # type: ignore[method-assign]


def _no_fence() -> None:
    """Later writes compare neither the fence nor the session."""
    ask = claims.Transition.ask

    def ask_anyway(self: claims.Transition, db: Connection) -> None:
        before, after = self._before, self._after
        fence = db.execute("SELECT fence FROM delivery WHERE id = ?", (before.id,)).fetchone()[0]
        self._before = replace(before, fence=fence)
        self._after = replace(after, fence=fence + after.fence - before.fence)
        ask(self, db)

    save = delivery_context.DeliveryContext.save_transition

    def anyway(self: Any, task: Any, *more: Any, **named: Any) -> Any:
        return save(self, replace(task, session=self.writer.session), *more, **named)

    claims.Transition.ask = ask_anyway  # type: ignore[method-assign]
    delivery_context.DeliveryContext.save_transition = anyway  # type: ignore[method-assign]


def _lock_on_another_session() -> None:
    ask, keep, opened = SharedSession.ask, SharedSession.keep, list[Connection]()

    def other(self: SharedSession) -> Connection:
        if not opened:
            opened.append(self._connect())
        return opened[0]

    def ask_there(self: SharedSession, db: Connection, what: Held, accounts: Collection[int]) -> None:
        ask(self, other(self), what, accounts)

    def keep_there(self: SharedSession, db: Connection, what: Held, accounts: Collection[int]) -> None:
        keep(self, other(self), what, accounts)

    SharedSession.ask, SharedSession.keep = ask_there, keep_there  # type: ignore[method-assign]


def no_row_lock() -> None:
    """Neither claims nor people lock the rows that they read."""
    publisher_session._LOCK_ROWS = publisher_session._LOCK_ROWS.replace("FOR UPDATE OF p, d SKIP LOCKED", "")
    PostgresConnection.lock_posts = lambda self, post_ids, *, at_once=True: None  # type: ignore[method-assign]


def _short_keepalive() -> None:
    """A vanished host is noticed within 3 seconds, not 11."""
    short = {"keepalives_idle": 1, "keepalives_interval": 1, "keepalives_count": 2, "tcp_user_timeout": 3000}
    for name, value in short.items():
        address._DEFAULTS[name] = str(value)
        publisher_session.KEEP_ALIVE[f"tcp_{name.removeprefix('tcp_')}"] = value


def _no_keepalive() -> None:
    for name in ("keepalives_idle", "tcp_user_timeout"):
        address._DEFAULTS.pop(name)
    publisher_session.KEEP_ALIVE.clear()


def _own_clock() -> None:
    """Each publisher goes by its own clock."""
    SharedClock.now = lambda self: self._own.now()  # type: ignore[method-assign]


def _no_warning() -> None:
    """A commit that was not replicated counts."""
    PostgresConnection._commit = lambda self, statement: self.execute(statement)  # type: ignore[assignment,method-assign]


def _no_store_mark() -> None:
    """A store that was restored from a dump is not noticed by itself."""
    publisher_session._MARK = "1"
    publisher_session._IDENTITY = publisher_session._IDENTITY.replace("WHERE xid & 4294967295 = xmin::text::bigint", "")


def _no_host_mark() -> None:
    """No host knows what it has seen."""
    host_mark.is_put_back = lambda db, seen, here: False


MUTANTS: dict[str, Callable[[], None]] = {
    "no fence": _no_fence,
    "lock on another session": _lock_on_another_session,
    "no row lock": no_row_lock,
    "no keepalive": _no_keepalive,
    "own clock": _own_clock,
    "no warning": _no_warning,
    "no mark of the store": _no_store_mark,
    "no mark of the host": _no_host_mark,
}


def main(argv: list[str] | None = None) -> int:
    from ttp.cli.main import main as program

    if os.environ.get("TEAM_KEEPALIVE") == "short":
        _short_keepalive()
    if os.environ.get("TEAM_VERSION") == "next":
        become_next()
    if mutant := os.environ.get("TEAM_MUTANT"):
        MUTANTS[mutant]()
    if shift := os.environ.get("TEAM_CLOCK_S"):
        _move_clock(float(shift))
    _stop_at_steps()
    return program(sys.argv[1:] if argv is None else argv) or 0


if __name__ == "__main__":
    sys.exit(main())
