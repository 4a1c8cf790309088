"""Keys of credentials on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.cli.render.spec import OutputSpec
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.store.credentials.keys import Key
    from ttp.store.credentials.table import RekeyResult


def _new_key_json(made: tuple[str, Key]) -> Json:
    return {"key": made[0], "keyId": made[1].id}


def _rekey_json(done: RekeyResult) -> Json:
    return {"keyId": done.key_id, "changed": done.changed, "entries": done.total}


NEW_KEY_SPEC: OutputSpec[tuple[str, Key]] = OutputSpec(("key", "keyId"), ("key",), _new_key_json)
REKEY_SPEC: OutputSpec[RekeyResult] = OutputSpec(
    ("keyId", "changed", "entries"), ("keyId", "changed", "entries"), _rekey_json
)
