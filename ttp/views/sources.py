"""Sources and their items as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from ttp.domain.source import ItemState, SourceItem, SourceView
from ttp.views import Json, attributes_json
from ttp.views.posts import preview_json, preview_rows

if TYPE_CHECKING:
    from ttp.services.sources.polling import CreatedPost
    from ttp.services.sources.sources import ItemPreview, PolledSource, SourceDetails
    from ttp.views.source_answers import (
        ItemPreviewAnswer,
        NewItemAnswer,
        PolledSourceAnswer,
        SourceAnswer,
        SourceDetailsAnswer,
        SourceItemAnswer,
    )


SOURCE_FIELDS = (
    *("id", "name", "url", "format", "to", "as", "template", "intervalS", "state", "items"),
    *("lastOkAt", "nextCheckAt", "problem", "warnings"),
)
ITEM_FIELDS = ("id", "key", "title", "link", "publishedAt", "state", "post", "problem")


def source_json(view: SourceView) -> SourceAnswer:
    """Return a source. `state`: `ok`, `new`, `failing`, `held`, `paused` or `gone`."""
    one, counts = view.source, view.counts
    held = counts.get(ItemState.HELD, 0)
    others = {
        "to": view.accounts,
        "as": one.schedule or "draft",
        "intervalS": one.every_s,
        "state": "held" if held and one.state == "ok" else one.state,
        "items": {state: counts.get(ItemState(state), 0) for state in ("seen", "created", "filtered", "held")},
        "lastOkAt": one.ok_at,
        "nextCheckAt": None if one.paused_at else one.next_poll_at,
        "problem": one.error,
    }
    return cast("SourceAnswer", attributes_json(one, SOURCE_FIELDS, **others))


def source_item_json(item: SourceItem) -> SourceItemAnswer:
    return cast("SourceItemAnswer", attributes_json(item, ITEM_FIELDS, key=item.k1, post=item.post_id))


def source_details_json(details: SourceDetails) -> SourceDetailsAnswer:
    """Return a source with its items: those that are held, and the newest others."""
    return {**source_json(details.view), "newest": [source_item_json(one) for one in details.items]}


def new_item_json(created: CreatedPost) -> NewItemAnswer:
    item = created.item
    return {
        "key": item.k1,
        "title": item.title,
        "link": item.link,
        "post": created.post.id or 0,
        "action": "created",
        "problem": item.problem,
    }


def polled_source_json(polled: PolledSource) -> PolledSourceAnswer:
    """Return a source after a poll. `new`: its new posts; `updated`: drafts that follow their items."""
    new = [new_item_json(one) for one in polled.result.created]
    return {**source_json(polled.view), "new": new, "updated": list(polled.result.updated)}


def item_preview_json(item: ItemPreview) -> ItemPreviewAnswer:
    """Return what each account would get of an item."""
    preview = preview_json(item.preview)
    return {
        "title": item.title,
        "link": item.link,
        "problem": item.problem,
        "content": preview["content"],
        "versions": preview["versions"],
    }


def item_preview_rows(item: ItemPreview) -> Iterator[Json]:
    """Yield a row for each text of each account; without accounts one for the text."""
    rows: Sequence[Json] = list(preview_rows(item.preview)) or [{"account": None, "text": item.preview.post.content}]
    return ({"title": item.title, **row} for row in rows)
