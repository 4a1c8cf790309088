"""The pages of sources: how they are, the newest items of one, and which of them become posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from ttp.domain.errors import TtpError, UsageError
from ttp.domain.source import OPEN
from ttp.server.pages.visit import Visit, parse_number
from ttp.views.sources import source_json

if TYPE_CHECKING:
    from ttp.services.sources.sources import ItemPreview, Sources

STATES = {
    "ok": ("published", "Works"),
    "new": ("draft", "Not read yet"),
    "held": ("approval", "Items are held"),
    "failing": ("failed", "Cannot be read"),
    "paused": ("hold", "Paused"),
    "gone": ("failed", "Gone"),
}
"""An outline and words for each state of a source."""
ITEMS = {
    "seen": ("draft", "Not posted"),
    "filtered": ("leftout", "Filtered out"),
    "held": ("approval", "Held"),
    "created": ("published", "A post"),
}


def show_sources(visit: Visit) -> Response:
    sources = visit.services("source list").sources.all()
    return visit.page("sources.html", sources=[source_json(one) for one in sources], views=sources, states=STATES)


def show_preview(visit: Visit) -> Response:
    """Read the source now, and show what each account would get of its newest items. Stores nothing."""
    sources = visit.services("source preview").sources
    try:
        return show_source(visit, previews=sources.preview(sources.source(visit.source_id)))
    except TtpError as error:
        return show_source(visit, error)


def show_source(visit: Visit, error: TtpError | None = None, previews: Sequence[ItemPreview] | None = None) -> Response:
    details = visit.services("source show").sources.details(visit.source_id)
    has_times = details.view.source.schedule is not None
    return visit.page(
        "source.html",
        error=error,
        source=source_json(details.view),
        view=details.view,
        held=[one for one in details.items if one.state == "held"],
        others=[one for one in details.items if one.state != "held"],
        previews=previews,
        open_ids={one.id for one in details.items if one.state in OPEN and one.content},
        may_change=visit.may("source post") and (not has_times or visit.may("schedule")),
        may_skip=visit.may("source skip"),
        states=STATES,
        item_states=ITEMS,
    )


def _post(visit: Visit, sources: Sources) -> bool:
    if not (item_ids := _items(visit)):  # without any, all that are held now would become posts
        raise UsageError("the form names no item")
    return bool(sources.post(visit.source_id, item_ids))


ACTIONS: Mapping[str, Callable[[Visit, Sources], object]] = {
    "poll": lambda visit, sources: sources.poll(visit.source_id).result.error is None,
    "pause": lambda visit, sources: sources.pause(visit.source_id),
    "resume": lambda visit, sources: sources.resume(visit.source_id),
    "post": _post,
    "skip": lambda visit, sources: sources.skip(visit.source_id, _items(visit)),
}
"""What a person can do with a source: the operation `source NAME`. False: it did nothing, and the page says why."""


def change_source(visit: Visit, name: str) -> Response:
    """Make a change. A refusal is shown on the page of the source."""
    # Who may draft and publish publishes here: a source may give its posts times.
    services = visit.services("schedule" if visit.may("schedule") else f"source {name}")
    try:
        is_done = ACTIONS[name](visit, services.sources) is not False
    except TtpError as error:
        return show_source(visit, error)
    return visit.go(f"/sources/{visit.source_id}", **({"done": f"source-{name}"} if is_done else {}))


def _items(visit: Visit) -> list[int]:
    item_ids = [parse_number(text) for text in visit.fields("item")]
    if None in item_ids:
        raise UsageError("the form names no item")
    return [one for one in item_ids if one is not None]
