"""Run the user's programs that are configured for events: one after the other, in parallel to publishing.

An event is reported after its outcome is committed, and at most once: events that a dying process had not reported are
lost. Errors of hooks are reported and change nothing else.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.errors import ReconnectNeeded, TtpError
from ttp.domain.event import Event, IdleReason, Sink
from ttp.domain.notification import COMMENT_FAILED, COMMENT_NEEDS_REVIEW, FAILED, NEEDS_REVIEW, RECONNECT, REFUSED
from ttp.domain.time.clock import Clock
from ttp.services.connecting.tokens import RefreshResult
from ttp.store.home.files import write_whole
from ttp.store.home.user_program import run

WAITING_MOST = 1000
"""Events that may wait for a hook; more are dropped."""
_REFUSED_FILE = "publisher.refused"
_REFUSED_AGAIN_S = 24 * 3600
"""Cron starts a publisher each minute: the same refusal is reported once a day."""
_SETTINGS = {
    "delivery.published": "hooks.on_published",
    FAILED: "hooks.on_failed",
    NEEDS_REVIEW: "hooks.on_needs_review",
    COMMENT_FAILED: "hooks.on_failed",
    COMMENT_NEEDS_REVIEW: "hooks.on_needs_review",
    RECONNECT: "hooks.on_account",
    REFUSED: "hooks.on_needs_review",
}
"""The setting of each event. The publisher prints neither of the last two."""


class Hooks:
    """Passes events on to `emit` and to hook programs."""

    def __init__(self, config: Config, home: Path, clock: Clock, emit: Sink) -> None:
        self._config = config
        self._home = home
        self._clock = clock
        self._emit = emit
        self._waiting: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._accounts: set[str | None] = set()
        self._wrong: set[str] = set()
        self._thread: threading.Thread | None = None
        self._cut: Callable[[], bool] = lambda: False

    def emit(self, event: Event) -> None:
        """Pass on an event whose outcome is committed."""
        self._emit(event)
        self._wait_for_hook(event)
        if event.event in (FAILED, COMMENT_FAILED) and event.kind == "auth":
            self._reconnect(event.account, event.message)

    def report_renewed(self, renewal: RefreshResult) -> None:
        """Report an account whose token could not be refreshed, if only a person can fix that."""
        if isinstance(renewal.error, ReconnectNeeded):
            self._reconnect(renewal.account, renewal.error.message)

    def _reconnect(self, account: str | None, message: str | None) -> None:
        if account not in self._accounts:
            self._accounts.add(account)
            self._wait_for_hook(Event(self._clock.now(), RECONNECT, account=account, message=message))

    def report_refused(self, why: TtpError) -> None:
        """Report that this store must not be published from, once a day for each reason."""
        if not self._config.texts(_SETTINGS[REFUSED]):
            return
        path, now = self._home / _REFUSED_FILE, self._clock.now()
        reason = f"{self._home}\n{why.message}\n"
        with suppress(OSError, ValueError):
            last, _, before = path.read_text("utf-8", "replace").partition("\n")
            if before == reason and 0 <= now.timestamp() - float(last) < _REFUSED_AGAIN_S:
                return
        with suppress(OSError):  # on a disk that is full it is reported each time
            write_whole(path, f"{now.timestamp()}\n{reason}")
        self._wait_for_hook(Event(now, REFUSED, message=f"{self._home}: {why.message}"))

    def start(self) -> None:
        """Start the hook thread, if any hook is configured."""
        if any(map(self._config.texts, _SETTINGS.values())):
            self._thread = threading.Thread(target=self._serve, name="ttp-hooks", daemon=True)
            self._thread.start()

    def finish(self, cut: Callable[[], bool]) -> None:
        """Run the waiting hooks until `cut` says stop; wait for the one that is running."""
        self._cut = cut
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        while (event := self._waiting.get()) is not None:
            if not self._cut():
                self._run(event)

    def _wait_for_hook(self, event: Event) -> None:
        setting = _SETTINGS.get(event.event)
        if setting is None or not self._config.texts(setting):
            return
        if self._waiting.qsize() < WAITING_MOST:
            self._waiting.put(event)
        else:
            self._say(f"{setting} is too slow: over {WAITING_MOST} events wait for it, and this one is not told")

    def _run(self, event: Event) -> None:
        setting = _SETTINGS[event.event]
        argv, limit_s = self._config.texts(setting), self._config.seconds("hooks.timeout_s")
        try:
            ended = run(argv, json.dumps(event.as_json()) + "\n", setting=setting, home=self._home, limit_s=limit_s)
        except TtpError as error:
            self._say(f"{setting}: {error.message}")
            return
        if ended.code:
            how = f"ended with {ended.code}" if ended.code > 0 else f"was ended by signal {-ended.code}"
            self._say(f"{setting}: {Path(argv[0]).name} {how}" + (f": {ended.said}" if ended.said else ""))

    def _say(self, message: str) -> None:
        """Report each problem once."""
        if message not in self._wrong:
            self._wrong.add(message)
            self._emit(Event(self._clock.now(), "publisher.idle", kind=IdleReason.HOOKS.value, message=message))
