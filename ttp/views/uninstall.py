"""Results of `ttp uninstall` as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.services.installation.uninstall import Removal

REMOVAL_FIELDS = ("kind", "name", "action", "done", "note")


def removal_json(one: Removal) -> Json:
    return attributes_json(one, REMOVAL_FIELDS, action=one.deed, note=one.note or None)
