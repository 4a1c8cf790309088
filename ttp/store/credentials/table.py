"""Credentials in the store's database, for several hosts that share one store. Each field is encrypted.

An entry is bound to the store and to its name, so that a row copied elsewhere decrypts nowhere. The store names the key
that new entries get (`store.credentials_key`); `rekey` changes it and encrypts every entry again. Every change of an
entry first locks the row of `store`, so that none is missed by a `rekey`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound
from ttp.store.credentials.backend import BrokenEntry, KeyMissing, credentials_of, entry_of
from ttp.store.credentials.keys import VARIABLE, CannotDecrypt, CredentialsKey, Keys
from ttp.store.database import Database
from ttp.store.dialect import Connection

PLACE = "the store"
_ENTRY = """
SELECT store.store_id, store.credentials_key, credential.key_id, credential.fields
FROM store LEFT JOIN credential ON credential.name = ?
"""
_LOCK = (
    "UPDATE store SET credentials_key = coalesce(credentials_key, ?) WHERE id = 1 RETURNING store_id, credentials_key"
)
_PUT = """
INSERT INTO credential (name, key_id, fields) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, fields = excluded.fields
"""


@dataclass(frozen=True, slots=True)
class RekeyResult:
    """What `rekey` did. `key_id`: of the newest key; `changed`: entries that were encrypted again, or deleted because
    no key decrypts them; `total`: all entries; `left`: names of those that no key decrypts."""

    key_id: str
    changed: int
    total: int
    left: tuple[str, ...] = ()


class CredentialsTable:
    """A CredentialsStore of the entries in a store."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    def get(self, account: str) -> Credentials | None:
        name = account.lower()
        with self._database.reading() as db:
            row = None if db is None else db.execute(_ENTRY, (name,)).fetchone()
        if row is None or row["fields"] is None:
            return None
        self._require(row["credentials_key"])
        key = self._require(row["key_id"], f"the credentials of {account} are")
        try:
            entry = key.decrypt(_fields_of(row["fields"]), (row["store_id"], name))
        except CannotDecrypt:
            raise BrokenEntry(account, PLACE) from None
        return credentials_of(entry, account, PLACE)

    def put(self, account: str, credentials: Credentials) -> None:
        name, newest = account.lower(), self._keys.all()[0]
        with self._database.writing() as db:
            store = db.execute(_LOCK, (newest.id,)).fetchone()
            key = self._keys.find(store["credentials_key"])
            # A host that has only the key before is not refused while a `rekey` has not reached the entry: it may have
            # spent the old token.
            if key is None:
                row = db.execute("SELECT key_id FROM credential WHERE name = ?", (name,)).fetchone()
                key = None if row is None else self._keys.find(row["key_id"])
            key = key or self._require(store["credentials_key"])
            fields = key.encrypt(entry_of(credentials), (store["store_id"], name))
            db.execute(_PUT, (name, key.id, json.dumps(fields, sort_keys=True)))

    def require_key(self) -> None:
        """Raise KeyMissing if the store has entries that cannot be read here, BackendUnavailable."""
        if (current := self._current_key()) is not None:
            self._require(current)

    def _current_key(self) -> str | None:
        """Return the id of the key that new entries get, if it is settled."""
        with self._database.reading() as db:
            return None if db is None else db.execute("SELECT credentials_key FROM store").fetchone()[0]

    def remove(self, account: str) -> None:
        if self._database.exists():
            with self._database.writing() as db:
                db.execute("DELETE FROM credential WHERE name = ?", (account.lower(),))

    def check(self) -> str:
        newest, current = self._keys.all()[0], self._current_key()
        key = newest if current is None else self._require(current)
        with self._database.reading() as db:
            count, other = (0, 0) if db is None else _count(db, key.id)
        said = f"the store, {count} entries, encrypted with key {key.id}"
        return said + (f"; {other} still have another key" if other else "")

    def rekey(self, locked: Callable[[str], AbstractContextManager[object]], *, discard: bool = False) -> RekeyResult:
        """Encrypt every entry with the newest key. Continues where an earlier call was ended.

        `locked` holds an entry's token for a block, so that no refresh that is under way loses its answer. `discard`
        deletes entries that no key decrypts. Raises KeyMissing, and changes nothing, if an entry's key is not given;
        Busy if a token is in use.
        """
        newest = self._keys.all()[0]
        with self._database.reading() as db:
            if db is None:
                raise NotFound("there is no store yet, and no credentials")
            current = db.execute("SELECT credentials_key AS id FROM store").fetchone()["id"]
            used = {row["key_id"] for row in db.execute("SELECT DISTINCT key_id FROM credential")}
        for key_id in sorted({current, *used} - {None}):
            if not discard:
                self._require(key_id)
        with self._database.writing() as db:
            db.execute("UPDATE store SET credentials_key = ? WHERE id = 1", (newest.id,))
        changed, left = 0, set[str]()
        while names := self._with_another_key(newest) - left:
            for name in sorted(names):
                with locked(name):
                    if self._encrypt_again(name, newest, discard=discard):
                        changed += 1
                    else:
                        left.add(name)
        with self._database.reading() as db:
            assert db is not None
            total, _ = _count(db, newest.id)
        return RekeyResult(newest.id, changed, total, tuple(sorted(left)))

    def _with_another_key(self, newest: CredentialsKey) -> set[str]:
        with self._database.reading() as db:
            assert db is not None
            return {row["name"] for row in db.execute("SELECT name FROM credential WHERE key_id <> ?", (newest.id,))}

    def _encrypt_again(self, name: str, newest: CredentialsKey, *, discard: bool) -> bool:
        """Encrypt one entry with the newest key, in one transaction. Return False if no key decrypts it."""
        with self._database.writing() as db:
            store_id = db.execute(_LOCK, (newest.id,)).fetchone()["store_id"]
            row = db.execute("SELECT key_id, fields FROM credential WHERE name = ?", (name,)).fetchone()
            if row is None or row["key_id"] == newest.id:
                return True
            key = self._keys.find(row["key_id"])
            try:
                if key is None:
                    raise CannotDecrypt(name)
                entry = key.decrypt(_fields_of(row["fields"]), (store_id, name))
            except CannotDecrypt:
                if discard:
                    db.execute("DELETE FROM credential WHERE name = ?", (name,))
                return discard
            fields = newest.encrypt(entry, (store_id, name))
            db.execute(_PUT, (name, newest.id, json.dumps(fields, sort_keys=True)))
            return True

    def _require(self, key_id: str | None, what: str = "the store's credentials are") -> CredentialsKey:
        """Return a key. Raises KeyMissing if it is not given here."""
        key = self._keys.find(key_id)
        if key is not None:
            return key
        given = ", ".join(key.id for key in self._keys.all())
        raise KeyMissing(
            f"{what} encrypted with key {key_id}, which is not given here (given: {given})",
            Hint("fix", f"export {VARIABLE}=KEY"),
            Hint("see", action("doctor")),
        )


def _count(db: Connection, key_id: str) -> tuple[int, int]:
    """Return how many entries there are, and how many have another key."""
    row = db.execute(
        "SELECT count(*) AS total, coalesce(sum(CASE WHEN key_id <> ? THEN 1 ELSE 0 END), 0) AS other FROM credential",
        (key_id,),
    ).fetchone()
    return int(row["total"]), int(row["other"])


def _fields_of(text: str) -> dict[str, str]:
    """Return the encrypted fields. Raises CannotDecrypt for another text."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise CannotDecrypt(PLACE) from None
    if not isinstance(fields, dict):
        raise CannotDecrypt(PLACE)
    return fields
