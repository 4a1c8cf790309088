"""`ttp source …` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.render.spec import view_spec
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.source import Source, SourceView
from ttp.views import sources as views

if TYPE_CHECKING:
    from ttp.services.sources.sources import ItemPreview, SourceDetails

_STYLES: dict[str, Style] = {"failing": "red", "gone": "red", "held": "magenta", "paused": "dim"}


def render_sources(sources: Sequence[SourceView], page: Page) -> Iterator[str]:
    """Draw the sources, each with the number of its posts."""
    if not sources:
        yield "No sources yet.  Add one:  ttp source add https://example.org/feed.xml --to x/me"
        return
    yield from table_of(
        [(views.source_json(view), view.source) for view in sources],
        page,
        (Column("ID", right=True), lambda row: Cell(str(row[0]["id"]), "bold")),
        (Column("SOURCE", most=page.width // 3), lambda row: escape_line(row[0]["name"])),
        (Column("TO", most=page.width // 4, drop=2), lambda row: escape_text(" ".join(row[0]["to"]) or "-")),
        (Column("AS", drop=3), lambda row: escape_line(row[0]["as"])),
        (Column("STATE"), lambda row: Cell(row[0]["state"], _STYLES.get(row[0]["state"], ""))),
        (Column("POSTS", right=True, drop=4), lambda row: str(row[0]["items"]["created"])),
        (Column("HELD", right=True, drop=5), lambda row: str(row[0]["items"]["held"])),
        (Column("NEXT", drop=1), lambda row: Cell(_next(row[1], page), "dim")),
        least=24,
    )


def _next(source: Source, page: Page) -> str:
    return "-" if source.paused_at or source.next_poll_at is None else page.ago(source.next_poll_at)


def render_details(all_details: Sequence[SourceDetails], page: Page) -> Iterator[str]:
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
        yield from table_of(
            details.items,
            page,
            (Column("ITEM", right=True), lambda item: Cell(str(item.id), "bold")),
            (Column("TITLE", most=page.width // 2), lambda item: escape_line(item.title or item.link or item.k1)),
            (Column("STATE"), lambda item: Cell(item.state.value, "magenta" if item.state == "held" else "")),
            (Column("POST", right=True), lambda item: "-" if item.post_id is None else str(item.post_id)),
            (
                Column("DATE", drop=1),
                lambda item: Cell(page.date(item.published_at) if item.published_at else "-", "dim"),
            ),
            (Column("PROBLEM", drop=2, most=page.width // 3), lambda item: escape_line(item.problem or "")),
            least=24,
        )


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


SOURCES_SPEC = view_spec(
    views.source_json, ("id", "name", "url", "to", "as", "state", "nextCheckAt", "problem"), render_sources
)
"""`ttp source list`, and the commands that change one."""
DETAILS_SPEC = view_spec(
    views.source_details_json,
    ("id", "title", "link", "state", "post", "publishedAt", "problem"),
    render_details,
    lambda details: map(views.source_item_json, details.items),
)
"""`ttp source show`."""
POLLED_SPEC = view_spec(views.polled_source_json, ("id", "state", "problem"))
"""`ttp source add` and `ttp source poll`."""
NEW_SPEC = view_spec(views.new_item_json, ("post", "title", "link", "problem"))
"""`ttp source post`."""
PREVIEW_SPEC = view_spec(
    views.item_preview_json,
    ("title", "account", "part", "length", "limit", "text"),
    render_previews,
    views.item_preview_rows,
)
"""`ttp source preview`."""
