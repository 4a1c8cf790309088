"""The queue: what needs a person, what is next, and what failed or was published lately."""

from __future__ import annotations

from itertools import islice

from starlette.responses import Response

from ttp.domain.post import PostStatus
from ttp.server.pages.visit import Visit
from ttp.services.queries import PostView
from ttp.store.queries import ENDED, PostFilter

MOST_SHOWN = 50
_COMING = (PostStatus.SCHEDULED, PostStatus.PUBLISHING)
_DRAFTS = (PostStatus.DRAFT,)


def show_queue(visit: Visit) -> Response:
    queries = visit.reading.queries

    def posts(wanted: PostFilter) -> list[PostView]:
        return list(islice(queries.views(wanted), MOST_SHOWN))

    status = visit.installation.status
    is_limited = visit.person.accounts is not None
    return visit.page(
        "queue.html",
        needing=sorted(
            posts(PostFilter(needs_you=True, limit=MOST_SHOWN)), key=lambda post: post.needs() == ("approve",)
        ),
        coming=posts(PostFilter(statuses=_COMING, limit=MOST_SHOWN)),
        drafts=posts(PostFilter(statuses=_DRAFTS, limit=MOST_SHOWN)),
        ended=posts(PostFilter(statuses=ENDED, limit=20)),
        health=None if is_limited else status.health(),
        elsewhere=None if is_limited else status.elsewhere(),
        most=MOST_SHOWN,
    )
