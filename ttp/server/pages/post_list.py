"""The page of all posts: searched, filtered, sorted and paged by a plain form."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from starlette.responses import Response

from ttp.server.pages.filters import read_filters
from ttp.server.pages.visit import Visit
from ttp.store.queries import PostFilter

PAGE = 50
MOST_COUNTED = 10_000


def show_posts(visit: Visit) -> Response:
    filters = read_filters(visit, page_size=PAGE)
    queries = visit.reading.queries
    posts = list(islice(queries.views(filters.post_filter), PAGE))
    counted = replace(filters.post_filter, sort="", limit=None, skip=0)
    matching = queries.count(counted, MOST_COUNTED)
    return visit.page(
        "posts.html",
        filters=filters,
        posts=posts,
        matching=matching,
        total=queries.count(PostFilter(), MOST_COUNTED),
        pages=-(-matching // PAGE),
    )
