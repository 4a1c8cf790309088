"""Results of backups, copies and keys of a store as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json

if TYPE_CHECKING:
    from ttp.services.backup import BackupResult, RestoreResult
    from ttp.store.credentials.keys import CredentialsKey
    from ttp.store.credentials.table import RekeyResult

BACKUP_FIELDS = ("file", "bytes", "posts", "media")
RESTORE_FIELDS = ("file", "posts", "kept", "missingMedia")
COPY_FIELDS = ("from", "to", "tables", "rows")
UNSEAL_FIELDS = ("store", "copy")
NEW_KEY_FIELDS = ("key", "keyId")
REKEY_FIELDS = ("keyId", "changed", "entries")


def backup_json(file: str, made: BackupResult) -> Json:
    return {"file": file, "bytes": made.bytes, "posts": made.posts, "media": made.media}


def restore_json(file: str, now: RestoreResult) -> Json:
    """Return a restored store. `kept`: where the replaced one is."""
    return {"file": file, "posts": now.posts, "kept": now.kept and str(now.kept), "missingMedia": now.missing}


def copy_json(source: str, target: str, *, tables: int, rows: int) -> Json:
    return {"from": source, "to": target, "tables": tables, "rows": rows}


def unseal_json(store: str, copy: str | None) -> Json:
    return {"store": store, "copy": copy}


def new_key_json(made: tuple[str, CredentialsKey]) -> Json:
    return {"key": made[0], "keyId": made[1].id}


def rekey_json(done: RekeyResult) -> Json:
    return {"keyId": done.key_id, "changed": done.changed, "entries": done.total}
