"""Keep the answers to requests with an idempotency key in the store, for requests that are sent again."""

from __future__ import annotations

from datetime import timedelta

from ttp.domain.errors import Busy
from ttp.domain.server.api_token import ApiToken
from ttp.mcp.replays import Replays, key_conflict
from ttp.server.problems import KeyInUse, KeyReused
from ttp.server.services import Installation
from ttp.store.server import idempotency_keys
from ttp.store.server.idempotency_keys import KeptAnswer

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(minutes=5)
"""A request that has no answer after this time belonged to a server that ended."""
_DONE = 200


class IdempotencyKeys:
    def __init__(self, installation: Installation, token: ApiToken) -> None:
        self._database = installation.database
        self._clock = installation.clock
        self._token_id = token.id

    def begin(self, key: str, digest: str) -> KeptAnswer | None:
        """Reserve a key. Return the answer of the same request before. Raise KeyReused, KeyInUse."""
        now = self._clock.now()
        with self._database.writing() as db:
            idempotency_keys.delete_older(db, answered=now - KEPT_FOR, unanswered=now - ABANDONED_AFTER)
            if idempotency_keys.reserve(db, self._token_id, key, digest, now):
                return None
            held = idempotency_keys.find(db, self._token_id, key)
        if held.digest != digest:
            raise KeyReused(f'the idempotency key "{key}" belongs to another request')
        if held.answer is None:
            raise KeyInUse(f'the first request with the idempotency key "{key}" is still running')
        return held.answer

    def keep(self, key: str, answer: KeptAnswer) -> None:
        """Store the answer of a request that succeeded."""
        with self._database.writing() as db:
            idempotency_keys.keep(db, self._token_id, key, answer)

    def forget(self, key: str) -> None:
        """Free a key: its request did nothing."""
        with self._database.writing() as db:
            idempotency_keys.delete(db, self._token_id, key)


class ToolReplays(Replays):
    """The answers to calls of tools by one token, in the store."""

    def __init__(self, keys: IdempotencyKeys) -> None:
        self._keys = keys

    def begin(self, key: str, digest: str) -> str | None:
        try:
            kept = self._keys.begin(key, digest)
        except KeyReused:
            raise key_conflict(key) from None
        except KeyInUse as error:
            raise Busy(error.message) from None
        return None if kept is None else kept.body

    def keep(self, key: str, answer: str) -> None:
        self._keys.keep(key, KeptAnswer(_DONE, {}, answer))

    def forget(self, key: str) -> None:
        self._keys.forget(key)
