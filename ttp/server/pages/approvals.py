"""The page of approvals, and links by which a person without a login decides about one post."""

from __future__ import annotations

from itertools import islice

from starlette.responses import Response

from ttp.domain.errors import NotFound, TtpError
from ttp.domain.server.api_token import Caller, TokenCapability
from ttp.server.pages.login import Backoff
from ttp.server.pages.posts import media_answer
from ttp.server.pages.rendering import error_lines
from ttp.server.pages.visit import Visit
from ttp.server.services import RequestServices
from ttp.services.server.approval_links import NewApprovalLink
from ttp.store.queries import PostFilter
from ttp.store.server.approval_links import ApprovalLink

APPROVE = TokenCapability.APPROVE
MOST_SHOWN = 100


def show_approvals(visit: Visit, error: TtpError | None = None, link: NewApprovalLink | None = None) -> Response:
    """Show the posts that wait for approval. `link`: a new link to one of them."""
    found = visit.reading.queries.views(PostFilter(needs_you=True))
    posts = list(islice((post for post in found if "approve" in post.needs()), MOST_SHOWN))
    return visit.page(
        "approvals.html",
        posts=posts,
        own=visit.reading.approvals.of_author([post.id or 0 for post in posts], visit.person.name),
        is_needed=visit.installation.config.requires_approval,
        may_approve=visit.person.may(APPROVE),
        link=link,
        address=_address(visit, link) if link else "",
        error=error,
        lines=[*error_lines(error), *_ways_out(visit, error)] if error else [],
    )


def _ways_out(visit: Visit, error: TtpError) -> list[str]:
    return [f"On the server: {visit.installation.render_way_out(hint.way)}" for hint in error.hints]


def create_link(visit: Visit) -> Response:
    """Create a link to approve a post, and show it once."""
    services = visit.services(APPROVE)
    services.queries.post(visit.post_id)  # not one of another account
    try:
        link = visit.installation.approval_links.create(
            visit.post_id, visit.revision(), visit.field("name").strip(), visit.person.name
        )
    except TtpError as error:
        return show_approvals(visit, error)
    return show_approvals(visit, link=link)


def show_link(visit: Visit) -> Response:
    """Show the post of a link. Nothing is decided yet: mail scanners open links too."""
    return _link_page(visit, _link(visit))


def decide(visit: Visit) -> Response:
    """Approve or reject the post of a link, and use the link up."""
    backoff: Backoff = visit.request.app.state.backoff
    address = visit.request.client.host if visit.request.client else ""
    link = None if backoff.wait_s(address) else _link(visit)
    if link is None:
        backoff.record_failure(address)
        return _link_page(visit, None)
    decision = visit.field("decision")
    if decision not in ("approve", "reject") or not visit.installation.approval_links.take(link):
        return _link_page(visit, _link(visit))
    services = _services(visit, link)
    try:
        if decision == "approve":
            services.approvals.approve([link.post_id], by=link.created_by)
        else:
            services.approvals.reject([link.post_id], visit.field("reason").strip() or None)
    except TtpError as error:
        return visit.error(error)
    return visit.page("approval_link.html", link=None, post=None, decided=decision)


def show_link_media(visit: Visit) -> Response:
    """Return an image or video of a link's post."""
    link, sha256 = _link(visit), str(visit.request.path_params["sha256"])
    post = _services(visit, link).queries.post(link.post_id) if link else None
    if post is None or sha256 not in [item.sha256 for item in post.media]:
        raise NotFound("there is no such image")
    return media_answer(visit, sha256)


def _link(visit: Visit) -> ApprovalLink | None:
    return visit.installation.approval_links.find(str(visit.request.path_params["secret"]))


def _link_page(visit: Visit, link: ApprovalLink | None) -> Response:
    if link is None:
        return visit.page("approval_link.html", 404, link=None, post=None, decided="")
    services = _services(visit, link)
    post = services.queries.post(link.post_id)
    shown = {"post": post, "zone": services.zone, "secret": visit.request.path_params["secret"]}
    clocks = services.queries.account_clocks(post.accounts)
    return visit.page("approval_link.html", link=link, decided="", clocks=clocks, **shown)


def _services(visit: Visit, link: ApprovalLink) -> RequestServices:
    caller = Caller(f"{link.name} (by a link of {link.created_by})", APPROVE)
    return RequestServices(visit.installation, caller, expected=link.revision)


def _address(visit: Visit, link: NewApprovalLink) -> str:
    base = visit.installation.config.text("server.base_url").rstrip("/")
    return f"{base or str(visit.request.base_url).rstrip('/')}/approve/{link.secret}"
