"""Results about this installation as JSON objects: set-up, settings, the background service, uninstalling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.store_url import hide_password, is_store_url
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.config import Key, Value
    from ttp.services.installation.background_service import ServiceState
    from ttp.services.installation.setup import SetupStep
    from ttp.services.installation.uninstall import Removal

STEP_FIELDS = ("step", "done", "value", "command")
SETTING_FIELDS = ("key", "value", "origin", "default", "help")
SERVICE_FIELDS = ("kind", "file", "installed", "running", "says", "lingers", "log")
REMOVAL_FIELDS = ("kind", "name", "action", "done", "note")


def step_json(step: SetupStep, command: str) -> Json:
    """Return a step of the set-up. `command`: how to do it by hand."""
    return {"step": step.name, "done": step.done, "value": step.value or None, "command": command}


def setting_json(key: Key, value: Value, origin: str) -> Json:
    """Return a setting. `origin`: where its value is set."""
    values = {"key": key.name, "value": value_json(value), "origin": origin, "default": value_json(key.default)}
    return attributes_json(key, SETTING_FIELDS, **values)


def value_json(value: Value) -> object:
    """Return the value of a setting, without a password."""
    if isinstance(value, str) and is_store_url(value):
        return hide_password(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def service_json(state: ServiceState) -> Json:
    return attributes_json(state, SERVICE_FIELDS, file=str(state.file))


def removal_json(one: Removal) -> Json:
    return attributes_json(one, REMOVAL_FIELDS, action=one.deed, note=one.note or None)
