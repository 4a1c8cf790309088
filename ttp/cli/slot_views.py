"""How slots are written: their JSON objects, TSV columns and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.domain.slot import Place
from ttp.domain.time.slot_parser import format_slot_times

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page

SLOT = ("id", "account", "cron", "timezone", "name", "nextAt")
PLACE = ("at", "account", "slot", "name", "timezone", "post", "posts", "content")


def slot(place: Place) -> Json:
    """A slot, with the next instant at which it comes."""
    one = place.slot
    return {
        "id": one.id,
        "account": one.account,
        "cron": one.cron,
        "timezone": one.timezone,
        "name": one.name,
        "nextAt": instant(place.at),
    }


def place(found: Place) -> Json:
    """One coming instant of a slot. `post` is the one that holds it and `content` its text, null where it is free;
    `posts`: all that do."""
    return {
        "at": instant(found.at),
        "account": found.slot.account,
        "slot": found.slot.id,
        "name": found.slot.name,
        "timezone": found.slot.timezone,
        "post": found.posts[0] if found.posts else None,
        "posts": list(found.posts),
        "content": found.content,
    }


def _slots(places: Sequence[Place], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.slots import slots_picture

    return slots_picture(places, page, format_slot_times)


def _preview(places: Sequence[Place], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.slots import preview_picture

    return preview_picture(places, page)


SLOTS: View[Place] = View(SLOT, ("id", "account", "cron", "timezone", "name", "nextAt"), slot, _slots)
"""`ttp slots list`, and what `add` answers."""
PREVIEW: View[Place] = View(PLACE, ("at", "account", "slot", "post", "content"), place, _preview)
"""`ttp slots preview`."""
REMOVED: View[int] = View(("id", "removed"), ("id",), lambda slot_id: {"id": slot_id, "removed": True})
"""`ttp slots remove`, by id."""
