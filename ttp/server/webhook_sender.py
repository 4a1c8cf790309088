"""Sends the events of webhooks while the server runs. One process of a store sends at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from ttp.domain.errors import TtpError
from ttp.services.server.webhooks import Webhooks
from ttp.store.publisher_session import Job

LOOK_EVERY_S = 0.5
LOCK_EVERY_S = 5.0
MOST_AT_ONCE = 16
"""Webhooks that are sent to at once: a receiver that hangs holds up only its own."""
LEAVE_S = 5.0
"""Seconds that the end of the server waits for calls. A call that is cut is made again by the next server."""


class WebhookSender:
    def __init__(self, webhooks: Webhooks, may_send: Callable[[], bool] = lambda: True) -> None:
        """`may_send`: a store that is a copy must not send what the original sends."""
        self._webhooks = webhooks
        self._may_send = may_send
        self._threads: dict[int, threading.Thread] = {}

    def run(self, stopping: threading.Event) -> None:
        """Send until `stopping` is set. Raises nothing: what is wrong with the store is reported by the publisher."""
        while not stopping.is_set():
            with suppress(TtpError), self._webhooks.database.job(Job.WEBHOOKS) as is_held:
                if is_held and self._may_send():
                    self._send_until(stopping)
            stopping.wait(LOCK_EVERY_S)

    def _send_until(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                self._threads = {one: thread for one, thread in self._threads.items() if thread.is_alive()}
                for webhook_id in self._webhooks.due():
                    if webhook_id not in self._threads and len(self._threads) < MOST_AT_ONCE:
                        self._start(webhook_id, stopping)
                stopping.wait(LOOK_EVERY_S)
        finally:
            for thread in self._threads.values():
                thread.join(LEAVE_S if stopping.is_set() else None)

    def _start(self, webhook_id: int, stopping: threading.Event) -> None:
        def work() -> None:
            with suppress(TtpError):  # the store cannot be read or written now; the call is made again
                self._webhooks.send_due(webhook_id, stopping.is_set)

        thread = threading.Thread(target=work, name=f"webhook-{webhook_id}", daemon=True)
        self._threads[webhook_id] = thread
        thread.start()
