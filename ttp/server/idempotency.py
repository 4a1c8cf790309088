"""Keep the answers to requests with an idempotency key in the store, for requests that are sent again.

A key is done once, also when the server is killed. Who works on a request holds a lock, and each change that it makes
notes that in the same transaction. A repeated request gets the kept answer. While the first one runs it is refused. If
the first one has ended without an answer, it is done if nothing was changed; else a route may know the answer from the
posts that were changed. The rest is refused as unknown, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, NotFound
from ttp.domain.server.api_token import ApiToken
from ttp.domain.time.durations import compact_duration
from ttp.mcp.replays import Replays, key_conflict
from ttp.server.problems import KeyInUse, KeyReused, OutcomeUnknown
from ttp.server.services import RequestServices
from ttp.services.application import Installation
from ttp.store.dialect import Connection
from ttp.store.home.request_locks import RequestLock, WorkState, find_state, host_of, remove_file
from ttp.store.server import idempotency_keys
from ttp.store.server.idempotency_keys import KeptAnswer, Reservation, ReservedKey
from ttp.views.answers import DeletedAnswer, PostAnswer
from ttp.views.posts import MOST_NAMED, deleted_json, id_ranges, post_json

KEPT_FOR = timedelta(hours=24)
_DONE = 200


class AnswerLost(OutcomeUnknown):
    """The work has ended without an answer. `post_ids`: the posts that it changed, those that it created first; none if
    that is not recorded."""

    def __init__(self, token: ApiToken, entry: ReservedKey, post_ids: tuple[int, ...]) -> None:
        self.reservation = entry.reservation
        self.post_ids = post_ids
        outcome = "ttp cannot know whether all of it was done"
        if post_ids:
            ids = (
                id_ranges(post_ids) if len(post_ids) <= MOST_NAMED else f"{post_ids[0]} and {len(post_ids) - 1} others"
            )
            outcome = f"it changed post{'s' if len(post_ids) > 1 else ''} {ids}, and its answer is lost"
        key = entry.reservation.key
        super().__init__(
            f'the first request with the idempotency key "{key}" ended without an answer: {outcome}',
            *([Hint("see", action("history"))] if token.accounts is None else []),
            Hint("try", action("token release", token.id, key)),
        )


class Work:
    """A request that is to be done now, and that holds its key."""

    def __init__(self, installation: Installation, reservation: Reservation, lock: RequestLock) -> None:
        self._database = installation.database
        self._lock = lock
        self.reservation = reservation

    @property
    def lock_file(self) -> int:
        """The open file of the lock, for a program that does the work."""
        return self._lock.descriptor

    def keep(self, answer: KeptAnswer) -> None:
        """Store the answer, and end."""
        try:
            with self._database.writing() as db:
                idempotency_keys.keep(db, self.reservation, answer)
        except BaseException:
            self._lock.leave()
            raise
        self._lock.remove()

    def forget(self, *, is_refused: bool = False, otherwise: KeptAnswer | None = None) -> None:
        """End, and free the key if nothing was changed, or if the client gets a refusal. `otherwise`: the answer
        to store if something was changed, if any."""
        is_over = False
        try:
            with self._database.writing() as db:
                is_over = idempotency_keys.free(db, self.reservation, is_refused=is_refused)
                if not is_over and otherwise is not None:
                    idempotency_keys.keep(db, self.reservation, otherwise)
                    is_over = True
        finally:
            (self._lock.remove if is_over else self._lock.leave)()


class IdempotencyKeys:
    def __init__(self, installation: Installation, token: ApiToken) -> None:
        self._installation = installation
        self._database = installation.database
        self._clock = installation.clock
        self._token = token

    def begin(self, key: str, digest: str) -> Work | KeptAnswer:
        """Reserve a key, or return the answer of the same request before. Raise KeyReused, KeyInUse, AnswerLost."""
        lock = RequestLock(self._database.home)
        mine = Reservation(self._token.id, key, lock.holder)
        try:
            with self._database.writing() as db:
                kept = self._reserve(db, mine, digest)
        except BaseException:
            lock.remove()
            raise
        if kept is not None:
            lock.remove()
            return kept
        return Work(self._installation, mine, lock)

    def keep(self, reservation: Reservation, answer: KeptAnswer) -> None:
        """Store the answer of a request whose first one was lost."""
        with self._database.writing() as db:
            idempotency_keys.keep(db, reservation, answer)
        remove_file(self._database.home, reservation.holder)

    def _reserve(self, db: Connection, mine: Reservation, digest: str) -> KeptAnswer | None:
        now = self._clock.now()
        self._forget_old(db, now)
        if idempotency_keys.reserve(db, mine, digest, now):
            return None
        entry = idempotency_keys.find(db, mine.token_id, mine.key)
        if entry is None:
            raise KeyInUse(f'the idempotency key "{mine.key}" is in use')
        if entry.digest != digest:
            raise KeyReused(f'the idempotency key "{mine.key}" belongs to another request')
        if entry.answer is None:
            self._refuse_running(entry, now)
            if entry.begun:
                ids = idempotency_keys.changed_posts(db, mine.token_id, mine.key)
                raise AnswerLost(self._token, entry, ids)
            if not idempotency_keys.take_over(db, mine, entry.reservation, now):
                raise KeyInUse(f'the idempotency key "{mine.key}" is in use')
            remove_file(self._database.home, entry.reservation.holder)
        return entry.answer

    def _refuse_running(self, entry: ReservedKey, now: datetime) -> None:
        """Raise KeyInUse while the first request may run."""
        holder = entry.reservation.holder
        state = self._state(entry)
        if state is not WorkState.GONE:
            where = f" on {host_of(holder)}" if state is WorkState.ELSEWHERE else ""
            runs = compact_duration(max(now - entry.since, timedelta(seconds=1)))
            raise KeyInUse(
                f'the first request with the idempotency key "{entry.reservation.key}" has run for {runs}{where}'
            )

    def _forget_old(self, db: Connection, now: datetime) -> None:
        """Delete keys that are too old. The work of one that is not answered may go on, if it was suspended."""
        idempotency_keys.delete_answered(db, now - KEPT_FOR)
        for entry in idempotency_keys.find_unanswered(db, now - KEPT_FOR):
            if self._state(entry) is not WorkState.RUNNING:
                idempotency_keys.delete(db, entry.reservation.token_id, entry.reservation.key)
                remove_file(self._database.home, entry.reservation.holder)

    def _state(self, entry: ReservedKey) -> WorkState:
        holder = entry.reservation.holder
        return find_state(self._database.home, holder, is_shared=not self._database.has_files)


class ToolReplays(Replays):
    """The answers to calls of tools by one token, in the store. `services`: those of the call."""

    def __init__(self, keys: IdempotencyKeys, services: RequestServices) -> None:
        self._keys = keys
        self._services = services
        self._work: Work | None = None

    def run(self, key: str, tool: str, arguments: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        try:
            return super().run(key, tool, arguments, work)
        except AnswerLost as lost:
            return self._answer_again(tool, arguments, lost)

    def _answer_again(self, tool: str, arguments: Mapping[str, Any], lost: AnswerLost) -> Any:
        """Return the answer of a call that was done: the current post. Raise `lost` if it is about several."""
        from ttp.mcp.tools import TOOLS

        post_id, answer = arguments.get("id"), TOOLS[tool].answer
        if post_id is None:
            raise lost
        if answer == list[DeletedAnswer]:
            return [deleted_json(int(post_id))]
        try:
            shape = post_json(self._services.queries.post(int(post_id)))
        except NotFound:  # it was deleted since
            raise lost from None
        return shape if answer is PostAnswer else [shape]

    def begin(self, key: str, digest: str) -> str | None:
        try:
            begun = self._keys.begin(key, digest)
        except KeyReused:
            raise key_conflict(key) from None
        except KeyInUse as error:
            raise Busy(error.message) from None
        if isinstance(begun, KeptAnswer):
            return begun.body
        self._work = begun
        self._services.work_for(begun.reservation)
        return None

    def keep(self, key: str, answer: str) -> None:
        if self._work is not None:
            self._work.keep(KeptAnswer(_DONE, {}, answer))

    def forget(self, key: str) -> None:
        if self._work is not None:
            self._work.forget()
