"""An action as a JSON object, for readers that cannot type commands."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.action import Action, OtherOptions
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json


def action_json(way: Action | OtherOptions) -> Json:
    """Return a way out. `name`: the command that helps; null for the same request with other `options`, where null
    leaves one out."""
    if isinstance(way, OtherOptions):
        options: Json = {name: list(one) if isinstance(one, tuple) else one for name, one in way.options}
        return {"name": None, "args": [], "options": options}
    return {"name": way.name, "args": list(way.args), "options": _options(way)}


def json_value(value: object) -> object:
    """Return the JSON form of what views leave to their readers: actions and instants."""
    if isinstance(value, Action | OtherOptions):
        return action_json(value)
    if isinstance(value, datetime):
        return format_json_instant(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _options(way: Action) -> Json:
    """Return the options by name: true for a switch, a list for one that comes several times."""
    found: dict[str, list[object]] = {}
    for name, value in way.options:
        found.setdefault(name, []).append(True if value is None else value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
