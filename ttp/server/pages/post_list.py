"""The page of all posts: searched, filtered, sorted and paged by a plain form."""

from __future__ import annotations

from itertools import islice
from urllib.parse import urlencode

from starlette.responses import Response

from ttp.domain.errors import TtpError
from ttp.server.pages.filters import read_filters
from ttp.server.pages.visit import MESSAGE, UndoButton, Visit, parse_number
from ttp.store.queries import PostFilter

PAGE = 28
"""Posts of a page: about 2,500 px on a phone."""
MOST_COUNTED = 10_000


def show_posts(visit: Visit, error: TtpError | None = None) -> Response:
    """Show a page of posts. `error`: why the chosen ones were not changed."""
    filters = read_filters(visit, page_size=PAGE)
    queries = visit.reading.queries
    posts = list(islice(queries.views(filters.post_filter), PAGE))
    counted = filters.post_filter._replace(sort="", limit=None, skip=0)
    matching = queries.count(counted, MOST_COUNTED)
    return visit.page(
        "posts.html",
        error=error,
        filters=filters,
        posts=posts,
        chosen=set(map(parse_number, visit.fields("post"))),
        matching=matching,
        total=queries.count(PostFilter(), MOST_COUNTED),
        pages=-(-matching // PAGE),
        bulk=[name for name in ("schedule", "edit", "publish", "delete") if visit.may(name)],
        bring_back=_undo_of_chosen(visit),
    )


def list_address(visit: Visit, **message: object) -> str:
    """Return the address of the list that a form was sent from, with the message after its change."""
    words = [(name, value) for name, value in visit.request.query_params.multi_items() if name not in MESSAGE]
    return f"/posts?{urlencode([*words, *message.items()])}"


def _undo_of_chosen(visit: Visit) -> UndoButton | None:
    """Return what takes back the change that the address names; None if another one came after it."""
    post_id = parse_number(visit.query("post"))
    command = {"chosen-schedule": "schedule", "chosen-tag": "edit", "chosen-delete": "delete"}.get(visit.query("done"))
    changes = visit.reading.queries.changes(1, post_id) if command and post_id and visit.may("undo") else ()
    if not changes or (changes[0].change.command, changes[0].change.actor) != (command, visit.person.name):
        return None
    action = list_address(visit).replace("/posts?", "/posts/chosen/undo?")
    return UndoButton(action, changes[0].change.id)
