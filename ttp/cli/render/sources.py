"""`ttp source …` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.render.page import Cell, Column, Page, Style, table
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.source import SourceItem, SourceView
from ttp.views import sources as views

if TYPE_CHECKING:
    from ttp.services.sources.polling import CreatedPost
    from ttp.services.sources.sources import ItemPreview, PolledSource, SourceDetails

_STYLES: dict[str, Style] = {"failing": "red", "gone": "red", "held": "magenta", "paused": "dim"}


def render_sources(sources: Sequence[SourceView], page: Page) -> Iterator[str]:
    """Draw the sources, each with the number of its posts."""
    if not sources:
        yield "No sources yet.  Add one:  ttp source add https://example.org/feed.xml --to x/me"
        return
    columns = [
        Column("ID", right=True),
        Column("SOURCE", most=page.width // 3),
        Column("TO", most=page.width // 4, drop=2),
        Column("AS", drop=3),
        Column("STATE"),
        Column("POSTS", right=True, drop=4),
        Column("HELD", right=True, drop=5),
        Column("NEXT", drop=1),
    ]
    yield from table(columns, [_row(view, page) for view in sources], page, least=24)


def _row(view: SourceView, page: Page) -> list[Cell]:
    one = views.source_json(view)
    at = view.source.next_poll_at
    return [
        Cell(str(one["id"]), "bold"),
        Cell(escape_line(one["name"])),
        Cell(escape_text(" ".join(one["to"]) or "-")),
        Cell(escape_line(one["as"])),
        Cell(one["state"], _STYLES.get(one["state"], "")),
        Cell(str(one["items"]["created"])),
        Cell(str(one["items"]["held"])),
        Cell(page.ago(at) if at is not None and one["nextCheckAt"] is not None else "-", "dim"),
    ]


def render_details(all_details: Sequence[SourceDetails], page: Page) -> Iterator[str]:
    """Draw a source with its items."""
    for details in all_details:
        one, source = views.source_json(details.view), details.view.source
        yield page.paint(escape_line(f"Source {one['id']}: {one['name']}  ({one['state']})"), "bold")
        yield escape_line(one["url"])
        yield escape_line(f"to {', '.join(one['to']) or 'no account'} as {one['as']}")
        if source.error:
            yield page.paint(escape_line(source.error), "red")
        yield from (escape_line(warning) for warning in source.warnings)
        if one["items"]["held"]:
            yield f"Post the held items:  ttp source post {source.id}   or leave them:  ttp source skip {source.id}"
        yield ""
        columns = [
            Column("ITEM", right=True),
            Column("TITLE", most=page.width // 2),
            Column("STATE"),
            Column("POST", right=True),
            Column("DATE", drop=1),
            Column("PROBLEM", drop=2, most=page.width // 3),
        ]
        yield from table(columns, [_item_row(item, page) for item in details.items], page, least=24)


def _item_row(item: SourceItem, page: Page) -> list[Cell]:
    return [
        Cell(str(item.id), "bold"),
        Cell(escape_line(item.title or item.link or item.k1)),
        Cell(item.state.value, "magenta" if item.state == "held" else ""),
        Cell("-" if item.post_id is None else str(item.post_id)),
        Cell(page.date(item.published_at) if item.published_at else "-", "dim"),
        Cell(escape_line(item.problem or "")),
    ]


def render_previews(previews: Sequence[ItemPreview], page: Page) -> Iterator[str]:
    """Draw what each account would get of some items."""
    from ttp.cli.render.post import render_versions
    from ttp.cli.terminal import lines

    if not previews:
        yield "It has no items."
    for one in previews:
        yield page.paint(escape_line(one.title or one.link or "(no title)"), "bold")
        if one.problem:
            yield page.paint(escape_line(one.problem), "red")
        yield from render_versions(one.preview.versions, page)
        if not one.preview.versions:
            yield from (escape_text(line) for line in lines(one.preview.post.content))
            yield ""


SOURCES_SPEC: OutputSpec[SourceView] = OutputSpec(
    views.source_json,
    ("id", "name", "url", "to", "as", "state", "nextCheckAt", "problem"),
    views.source_json,
    render_sources,
)
"""`ttp source list`, and the commands that change one."""
DETAILS_SPEC: OutputSpec[SourceDetails] = OutputSpec(
    views.source_details_json,
    ("id", "title", "link", "state", "post", "publishedAt", "problem"),
    views.source_details_json,
    render_details,
    lambda details: map(views.source_item_json, details.items),
)
"""`ttp source show`."""
POLLED_SPEC: OutputSpec[PolledSource] = OutputSpec(
    views.polled_source_json, ("id", "state", "problem"), views.polled_source_json
)
"""`ttp source add` and `ttp source poll`."""
NEW_SPEC: OutputSpec[CreatedPost] = OutputSpec(
    views.new_item_json, ("post", "title", "link", "problem"), views.new_item_json
)
"""`ttp source post`."""
PREVIEW_SPEC: OutputSpec[ItemPreview] = OutputSpec(
    views.item_preview_json,
    ("title", "account", "part", "length", "limit", "text"),
    views.item_preview_json,
    render_previews,
    views.item_preview_rows,
)
"""`ttp source preview`."""
REMOVED_SPEC: OutputSpec[int] = OutputSpec(
    ("id", "removed"), ("id",), lambda source_id: {"id": source_id, "removed": True}
)
"""`ttp source remove`."""
