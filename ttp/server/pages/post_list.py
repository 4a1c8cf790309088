"""The page of all posts: searched, filtered and paged by a plain form."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from starlette.responses import Response

from ttp.domain.errors import TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.server.pages.visit import Visit, parse_number
from ttp.store.queries import PostFilter

PAGE = 50
_LAST_PAGE = 100_000
NEEDS_YOU = "needs-you"


@dataclass(frozen=True, slots=True)
class PostSearch:
    """What the form asks for, as the address has it."""

    q: str = ""
    account: str = ""
    status: str = ""
    tag: str = ""
    page: int = 1

    @property
    def is_empty(self) -> bool:
        return not (self.q or self.account or self.status or self.tag)

    def address(self, page: int) -> str:
        """Return the address of a page of the same search."""
        asked = {"q": self.q, "account": self.account, "status": self.status, "tag": self.tag}
        return "/posts?" + urlencode({**{name: value for name, value in asked.items() if value}, "page": page})


def show_posts(visit: Visit) -> Response:
    """Show one page of the posts. An account or a status that does not exist is refused on the page."""
    q, account, status, tag = (visit.query(name).strip()[:500] for name in ("q", "account", "status", "tag"))
    search = PostSearch(q, account, status, tag, min(parse_number(visit.query("page")) or 1, _LAST_PAGE))
    error, posts = None, []
    try:
        posts = list(islice(visit.reading.queries.views(_filter_of(visit, search)), PAGE + 1))
    except TtpError as refused:
        error = refused
    return visit.page(
        "posts.html",
        error=error,
        search=search,
        posts=posts[:PAGE],
        has_more=len(posts) > PAGE,
        first=(search.page - 1) * PAGE + 1,
        accounts=visit.reading.queries.accounts(),
        statuses=[*(status.value for status in PostStatus), NEEDS_YOU],
    )


def _filter_of(visit: Visit, search: PostSearch) -> PostFilter:
    accounts = visit.reading.queries.find_accounts([search.account]) if search.account else ()
    if search.status not in ("", NEEDS_YOU, *PostStatus):
        raise UsageError(f"there is no status {search.status}")
    return PostFilter(
        statuses=(PostStatus(search.status),) if search.status not in ("", NEEDS_YOU) else (),
        accounts=tuple(account.id or 0 for account in accounts),
        tags=(search.tag,) if search.tag else (),
        search=search.q or None,
        needs_you=search.status == NEEDS_YOU,
        limit=PAGE + 1,
        skip=(search.page - 1) * PAGE,
    )
