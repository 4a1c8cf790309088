"""The page of the queue: posts that need a person, the next ones, drafts, and those that ended lately."""

from __future__ import annotations

from itertools import islice

from starlette.responses import Response

from ttp.server.pages.posts import bring_back
from ttp.server.pages.visit import Visit
from ttp.services.queries import PostView
from ttp.store.queries import COMING, DRAFTS, ENDED, PostFilter

MOST_SHOWN = 50


def show_queue(visit: Visit) -> Response:
    def posts(which: PostFilter) -> list[PostView]:
        return list(islice(visit.reading.queries.views(which), which.limit))

    needing = posts(PostFilter(needs_you=True, limit=MOST_SHOWN))
    status = None if visit.person.accounts is not None else visit.installation.status
    return visit.page(
        "queue.html",
        needing=sorted(needing, key=lambda post: post.needs() == ("approve",)),
        coming=posts(PostFilter(COMING, limit=MOST_SHOWN)),
        drafts=posts(PostFilter(DRAFTS, limit=MOST_SHOWN)),
        ended=posts(PostFilter(ENDED, limit=20)),
        health=status and status.queue(),
        reconnect=status.accounts_to_reconnect() if status else (),
        elsewhere=status and status.elsewhere(),
        most=MOST_SHOWN,
        bring_back=bring_back(visit),
    )
