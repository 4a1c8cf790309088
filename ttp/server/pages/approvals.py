"""The page of approvals, and links by which a person without a login decides about one post."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import TYPE_CHECKING

from starlette.responses import Response

from ttp.domain.cards import card_pictures
from ttp.domain.errors import NotFound, TtpError
from ttp.domain.permissions import Caller, Capability
from ttp.server.pages.login import wait_of, with_wait
from ttp.server.pages.media import media_answer
from ttp.server.pages.rendering import error_lines
from ttp.server.pages.visit import Visit
from ttp.server.services import RequestServices
from ttp.services.preview import with_sent
from ttp.services.server.approval_links import NewApprovalLink
from ttp.store.queries import PostFilter
from ttp.store.server.approval_links import ApprovalLink

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.post import PostFields
    from ttp.platforms.registry import Registry

MOST_SHOWN = 100


def show_approvals(visit: Visit, error: TtpError | None = None, link: NewApprovalLink | None = None) -> Response:
    """Show the posts that wait for approval. `link`: a new link to one of them."""
    found = visit.reading.queries.views(PostFilter(needs_you=True))
    waiting = islice((post for post in found if "approve" in post.needs()), MOST_SHOWN)
    posts = [with_sent(visit.reading.posts, post) for post in waiting]
    accounts = visit.reading.queries.accounts()
    return visit.page(
        "approvals.html",
        posts=posts,
        options={post.id: _options(post, accounts, visit.installation.platforms) for post in posts},
        own=visit.reading.approvals.of_author([post.id or 0 for post in posts], visit.person.name),
        is_needed=visit.installation.config.requires_approval,
        may_approve=visit.may("approve"),
        link=link,
        address=_address(visit, link) if link else "",
        error=error,
        lines=[*error_lines(error), *_ways_out(visit, error)] if error else [],
    )


def _ways_out(visit: Visit, error: TtpError) -> list[str]:
    return [f"On the server: {visit.installation.render_way_out(hint.way)}" for hint in error.hints]


def create_link(visit: Visit) -> Response:
    """Create a link to approve a post, and show it once."""
    services = visit.services("approval link")
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
    """Approve or reject the post of a link, and use the link up. Only wrong links make an address wait: a secret has
    192 bits, so that waiting protects nothing that a right one could lose."""
    link = _link(visit)
    if link is None:
        return _wrong_link(visit)
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


def show_link_media(visit: Visit, *, small: bool = False) -> Response:
    """Return an image or video of a link's post, or its thumbnail."""
    link, sha256 = _link(visit), str(visit.request.path_params["sha256"])
    post = _services(visit, link).queries.post(link.post_id) if link else None
    stored = [(item.sha256, item.thumbnail) for item in post.media] if post else []
    if post is None or sha256 not in [*chain(*stored), *card_pictures(post.cards)]:
        raise NotFound("there is no such image")
    return media_answer(visit, small=small)


def _link(visit: Visit) -> ApprovalLink | None:
    return visit.installation.approval_links.find(str(visit.request.path_params["secret"]))


def _wrong_link(visit: Visit) -> Response:
    """Answer a decision by a link that does not work. Tries of an address that must wait make it wait no longer."""
    wait_s = wait_of(visit, visit.request.app.state.link_backoff)
    page = visit.page("approval_link.html", 429 if wait_s else 404, link=None, post=None, decided="", wait_s=wait_s)
    return with_wait(page, wait_s)


def _link_page(visit: Visit, link: ApprovalLink | None) -> Response:
    if link is None:
        return visit.page("approval_link.html", 404, link=None, post=None, decided="", wait_s=0)
    services = _services(visit, link)
    post = with_sent(services.posts, services.queries.post(link.post_id))
    options = _options(post, services.queries.accounts(), visit.installation.platforms)
    clocks = services.queries.account_clocks(post.accounts)
    secret = visit.request.path_params["secret"]
    shown = {"post": post, "options": options, "zone": services.zone, "clocks": clocks, "secret": secret}
    return visit.page("approval_link.html", link=link, decided="", **shown)


def _options(post: PostFields, accounts: Iterable[Account], platforms: Registry) -> list[str]:
    """Return the options with which a post is published to each account, those of the account among them."""
    by_name = {account.name: account.options for account in accounts}
    lines = []
    for delivery in post.active:
        account = by_name.get(delivery.account, {})
        is_enabled = delivery.platform in platforms.names()
        language = platforms.facts(delivery.platform).language_option if is_enabled else ""
        options = delivery.sent_options(post.options, account, language)
        own = [f"{key}={value}" for key, value in options.items() if key.startswith(f"{delivery.platform}.")]
        lines += [f"{delivery.account}: {' '.join(own)}"] if own else []
    return lines


def _services(visit: Visit, link: ApprovalLink) -> RequestServices:
    name = f"{link.name} (by a link of {link.created_by})"
    caller = Caller(name, Capability.PUBLISH, approver=link.created_by)
    return RequestServices(visit.installation, caller, expected=link.revision)


def _address(visit: Visit, link: NewApprovalLink) -> str:
    base = visit.installation.config.text("server.base_url").rstrip("/")
    return f"{base or str(visit.request.base_url).rstrip('/')}/approve/{link.secret}"
