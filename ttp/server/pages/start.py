"""The first page: three steps to the first post, then the calendar."""

from __future__ import annotations

from itertools import islice

from starlette.responses import Response

from ttp.server.pages.calendar import show_calendar
from ttp.server.pages.visit import Visit
from ttp.store.queries import DRAFTS, PostFilter


def show_start(visit: Visit) -> Response:
    """Show the calendar. Before the first post was scheduled, its plain address shows what to do."""
    if visit.request.url.query or not visit.may("own calendar") or not visit.may("create"):
        return show_calendar(visit)
    queries = visit.reading.queries
    if queries.has_scheduled():
        return show_calendar(visit)
    return visit.page(
        "empty.html",
        accounts=queries.accounts(),
        draft=next(islice(queries.views(PostFilter(DRAFTS, limit=1)), 1), None),
        networks=visit.installation.platforms.names(),
        may_connect=visit.may("sign-in at a platform"),
    )
