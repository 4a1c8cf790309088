"""What `ttp uninstall` did, as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json

if TYPE_CHECKING:
    from ttp.services.installation.uninstall import Removal

REMOVAL_FIELDS = ("kind", "name", "action", "done", "note")


def removal_json(one: Removal) -> Json:
    return {"kind": one.kind, "name": one.name, "action": one.deed, "done": one.done, "note": one.note or None}
