"""Create, list, revoke and check the tokens of the HTTP API."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ttp.domain.account import Account
from ttp.domain.action import WayOut, action, other_options
from ttp.domain.errors import Ambiguous, Busy, Hint, NotFound, StateRefused, UsageError
from ttp.domain.server.api_token import DIGITS, PREFIX, ApiToken, TokenCapability
from ttp.domain.time.clock import Clock
from ttp.domain.time.zones import parse_zone
from ttp.store import accounts as stored_accounts
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.request_locks import WorkState, find_state, host_of, remove_file
from ttp.store.server import api_tokens as store
from ttp.store.server import idempotency_keys as keys

LONGEST_NAME = 60
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@-]{{0,{LONGEST_NAME - 1}}}")
_SECRET = re.compile(rf"{PREFIX}[0-9a-f]{{{DIGITS}}}")
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use is stored: a request that only reads need not write."""
_LIST = Hint("see", action("token list"))


@dataclass(frozen=True, slots=True)
class NamedToken:
    """A token with the names of its accounts; None for all."""

    token: ApiToken
    accounts: tuple[str, ...] | None
    secret: str | None = field(default=None, repr=False)
    """What its user sends. Known only when the token is created."""


class ApiTokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self,
        name: str,
        capability: TokenCapability,
        accounts: Sequence[Account],
        lifetime: timedelta | None,
        timezone: str | None = None,
    ) -> NamedToken:
        """Store a new token, for these accounts only if any are given. `timezone`: in which its times are read. Raise
        UsageError for a name that cannot be, TimeRefused for an unknown zone."""
        check_name(name, "a name for a token", action("token create", "ann", capability=capability.value))
        if lifetime is not None and not lifetime:
            raise UsageError("the token would expire at once", Hint("try", other_options(expires="90d")))
        now = self._clock.now()
        secret = PREFIX + secrets.token_hex(DIGITS // 2)
        new = ApiToken(
            id=0,
            name=name,
            capability=capability,
            created_at=now,
            accounts=frozenset(account.id or 0 for account in accounts) if accounts else None,
            expires_at=None if lifetime is None else now + lifetime,
            timezone=None if timezone is None else parse_zone(timezone).key,
        )
        with self._database.writing() as db:
            stored = store.insert(db, new, digest(secret))
        return NamedToken(stored, tuple(account.name for account in accounts) or None, secret)

    def all(self) -> list[NamedToken]:
        """Return all tokens, also those that are revoked or have expired, oldest first."""
        with self._database.reading() as db:
            tokens = store.tokens(db) if db else []
            names = account_names(db, [token.accounts for token in tokens]) if db else []
        return [NamedToken(token, accounts) for token, accounts in zip(tokens, names, strict=True)]

    def revoke(self, name_or_id: str) -> NamedToken:
        """Revoke a token that works. Raise NotFound, or Ambiguous if several have the name."""
        now = self._clock.now()
        named = [one for one in self.all() if name_or_id in (one.token.name, str(one.token.id))]
        matches = [one for one in named if one.token.revoked_at is None]
        if not matches:
            raise NotFound(f'no token "{name_or_id}" that can be revoked', _LIST)
        if len(matches) > 1:
            ways = (Hint("try", action("token revoke", one.token.id)) for one in matches)
            raise Ambiguous(f'{len(matches)} tokens have the name "{name_or_id}"', *ways, _LIST)
        with self._database.writing() as db:
            store.revoke(db, matches[0].token.id, now)
        return replace(matches[0], token=replace(matches[0].token, revoked_at=now))

    def release_key(self, name_or_id: str, key: str) -> NamedToken:
        """Free an idempotency key whose request has ended without an answer, which may be done again then. Return its
        token. Raise NotFound, or StateRefused while the request may run."""
        database = self._database
        named = [one for one in self.all() if name_or_id in (one.token.name, str(one.token.id))]
        if not named:
            raise NotFound(f'no token "{name_or_id}"', _LIST)
        with database.writing() as db:
            for token in named:
                entry = keys.find(db, token.token.id, key)
                if entry is None or entry.answer is not None:
                    continue
                holder = entry.reservation.holder
                state = find_state(database.home, holder, is_shared=not database.has_files)
                if state is not WorkState.GONE:
                    where = f"on {host_of(holder)}" if state is WorkState.ELSEWHERE else "here"
                    raise StateRefused(f'the request with the key "{key}" may still run {where}')
                keys.delete(db, token.token.id, key)
                remove_file(database.home, holder)
                return token
        raise NotFound(f'no request of "{name_or_id}" with the key "{key}" is without an answer')

    def find(self, secret: str) -> ApiToken | None:
        """Return the token of a secret if it works, and record its use."""
        if not _SECRET.fullmatch(secret):
            return None
        token_digest, now = digest(secret), self._clock.now()
        with self._database.reading() as db:
            row = store.token_with_digest(db, "sha256", token_digest) if db else None
        if row is None or not hmac.compare_digest(row[1], token_digest) or not row[0].works(now):
            return None
        token = row[0]
        if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
            with suppress(Busy), self._database.writing() as db:
                store.record_use(db, token.id, now)
        return token

    def sign(self, token_id: int, text: str) -> str | None:
        """Return a signature of a text; None if the token does not work. The key is the token's digest, so that a
        revoked token signs nothing."""
        with self._database.reading() as db:
            row = store.token_with_digest(db, "id", token_id) if db else None
        if row is None or not row[0].works(self._clock.now()):
            return None
        return hmac.new(row[1].encode(), text.encode(), "sha256").hexdigest()


def check_name(name: str, what: str, *ways: WayOut) -> None:
    """Raise UsageError for a text that cannot name a token or a person."""
    if not NAME.fullmatch(name):
        wrong = f'"{name}" is not {what}: at most {LONGEST_NAME} letters, digits and . _ @ -'
        raise UsageError(wrong, *(Hint("try", way) for way in ways))


def account_names(db: Connection, scopes: Sequence[frozenset[int] | None]) -> list[tuple[str, ...] | None]:
    """Return the names of the accounts with these ids, for each of the sets; None stays None: all accounts."""
    accounts = stored_accounts.accounts_by_id(db, sorted({one for scope in scopes for one in scope or ()}))
    return [None if scope is None else tuple(sorted(accounts[one].name for one in scope)) for scope in scopes]


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
