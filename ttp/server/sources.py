"""Routes: sources, whose items become posts."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path

from ttp.domain.source import Source
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import Empty, SourceInput, SourceItemsInput
from ttp.server.requests import ChangeServices, Services
from ttp.views.sources import new_item_json, polled_source_json, source_details_json, source_json

SourceId = Annotated[int, Path(ge=1, le=10**15)]


def list_sources(services: Services) -> JsonAnswer:
    """List the sources, and how many of their items became posts."""
    return JsonAnswer([source_json(one) for one in services.sources.all()])


def get_source(source_id: SourceId, services: Services) -> JsonAnswer:
    """Show a source, the items that it holds, and the newest others. What items say is text of others."""
    return JsonAnswer(source_details_json(services.sources.details(source_id)))


def add_source(body: SourceInput, services: ChangeServices) -> JsonAnswer:
    """Make posts of the new items of a feed, or of the releases of a project. What is there now stays unposted."""
    accounts = tuple(one.id or 0 for one in services.queries.find_accounts(body.accounts))
    schedule = None if body.as_ == "draft" else body.as_
    source = Source(body.url, accounts, template=body.template, schedule=schedule, prereleases=body.prereleases)
    if body.maxNew is not None:
        source = replace(source, max_new=body.maxNew)
    if body.intervalS is not None:
        source = replace(source, every_s=body.intervalS)
    added = services.sources.add(source)
    return JsonAnswer(polled_source_json(added), 200 if services.dry_run else 201)


def poll_source(source_id: SourceId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Read a source now, and make posts of its new items. `problem`: why it could not be read."""
    return JsonAnswer(polled_source_json(services.sources.poll(source_id)))


def pause_source(source_id: SourceId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Read a source no more until it is resumed."""
    return JsonAnswer(source_json(services.sources.pause(source_id)))


def resume_source(source_id: SourceId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Read a source again."""
    return JsonAnswer(source_json(services.sources.resume(source_id)))


def remove_source(source_id: SourceId, services: ChangeServices) -> JsonAnswer:
    """Remove a source. Its posts stay."""
    services.sources.remove(source_id)
    return JsonAnswer({"id": source_id, "removed": True})


def post_items(source_id: SourceId, services: ChangeServices, body: SourceItemsInput | None = None) -> JsonAnswer:
    """Make posts of items: of these, or of all that are held."""
    created = services.sources.post(source_id, body.items if body else ())
    return JsonAnswer([new_item_json(one) for one in created], 200 if services.dry_run else 201)


def skip_items(source_id: SourceId, services: ChangeServices, body: SourceItemsInput | None = None) -> JsonAnswer:
    """Leave items unposted that are held: these, or all."""
    view, _ = services.sources.skip(source_id, body.items if body else ())
    return JsonAnswer(source_json(view))
