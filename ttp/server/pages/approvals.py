"""The page of approvals, and links by which a person without a login decides about posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from ttp.domain.errors import NotFound, TtpError
from ttp.domain.parts.cards import card_pictures
from ttp.domain.permissions import Caller, Capability
from ttp.server.pages.login import wait_of, with_wait
from ttp.server.pages.media import show_media
from ttp.server.pages.post_events import BY_LINK
from ttp.server.pages.rendering import error_lines
from ttp.server.pages.visit import Visit, parse_number
from ttp.server.services import RequestServices
from ttp.services.preview import AccountVersion, stored_versions, with_sent
from ttp.services.server.approval_links import ApprovalLinks, NewApprovalLink
from ttp.store.queries import PostFilter
from ttp.store.server.approval_links import ApprovalLink

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.post import PostFields
    from ttp.platforms.registry import Registry
    from ttp.services.queries import PostView
    from ttp.store.change_log import LoggedChange

PAGE, MOST_DECIDED, MOST_READ = 5, 5, 100
WEEK = timedelta(days=7)
_LATEST = datetime.max.replace(tzinfo=UTC)
"""Stands for the time of a draft: drafts come last."""


def show_approvals(visit: Visit, error: TtpError | None = None, link: NewApprovalLink | None = None) -> Response:
    """Show a page of the posts that wait for approval. `link`: a link that was just created."""
    waiting = list(_waiting(visit, PostFilter()))
    pages = max(-(-len(waiting) // PAGE), 1)
    page = min(parse_number(visit.query("page")) or 1, pages)
    begin = (page - 1) * PAGE
    posts = [with_sent(visit.reading.posts, post) for post in waiting[begin : begin + PAGE]]
    ids = [post.id or 0 for post in waiting]
    accounts = visit.reading.queries.accounts()
    may_revoke = visit.may("approve-link revoke")
    return visit.page(
        "approvals.html",
        posts=posts,
        waiting=len(waiting),
        page=page,
        pages=pages,
        following=dict(zip(ids, [*ids[1:], *ids[-2:-1]], strict=False)),
        options={post.id: _options(post, accounts, visit.installation.platforms) for post in posts},
        own=visit.reading.approvals.of_author(ids, visit.person.name),
        tags=sorted({tag for post in waiting for tag in post.tags}),
        is_needed=visit.installation.config.requires_approval,
        may_approve=visit.may("approve"),
        decided=_decided(visit),
        links=visit.installation.approval_links.all() if may_revoke else [],
        link=link,
        address=_address(visit, link) if link else "",
        error=error,
        lines=[*error_lines(error), *_ways_out(visit, error)] if error else [],
    )


def _decided(visit: Visit) -> list[LoggedChange]:
    """Return the last decisions, newest first. Who is limited to accounts sees none."""
    changes = visit.reading.queries.changes(MOST_READ) if visit.person.accounts is None else []
    return [one for one in changes if one.change.command in ("approve", "reject")][:MOST_DECIDED]


def _waiting(visit: Visit, post_filter: PostFilter) -> Iterator[PostView]:
    views = visit.reading.queries.views(post_filter._replace(needs_you=True))
    return (post for post in views if "approve" in post.needs())


def _ways_out(visit: Visit, error: TtpError) -> list[str]:
    return [f"On the server: {visit.installation.render_way_out(hint.way)}" for hint in error.hints]


def create_link(visit: Visit) -> Response:
    """Create a link to approve a post, and show it once."""
    services = visit.services("approve-link create")
    services.queries.post(visit.post_id)  # not one of another account
    name = visit.field("name").strip()
    return _created(visit, lambda links: links.create(visit.post_id, visit.revision(), name, services.caller))


def create_set_link(visit: Visit) -> Response:
    """Create a link to approve the posts that wait, or some of them, and show it once."""
    services = visit.services("approve-link create")
    tag, name = visit.field("tag"), visit.field("name").strip()
    until = visit.now + WEEK if visit.field("week") else None
    posts = list(_waiting(visit, PostFilter(tags=(tag,) if tag else (), until=until)))
    return _created(visit, lambda links: links.create_set(posts, name, services.caller))


def _created(visit: Visit, create: Callable[[ApprovalLinks], NewApprovalLink]) -> Response:
    try:
        link = create(visit.installation.approval_links)
    except TtpError as error:
        return show_approvals(visit, error)
    return show_approvals(visit, link=link)


def revoke_link(visit: Visit) -> Response:
    visit.services("approve-link revoke")
    visit.installation.approval_links.revoke(parse_number(visit.field("link")) or 0)
    return visit.go("/approvals", done="revoked")


class LinkedPost(NamedTuple):
    """A post on the page of a link. `is_open`: its reader can decide about it; `by_author`: they or the maker of the
    link wrote it since; `was_approved`: it has been approved, maybe in another version; `versions`: of one
    that is open alone, or that its reader chose."""

    post: PostView
    options: list[str]
    is_open: bool
    by_author: bool
    was_approved: bool
    versions: Sequence[AccountVersion] = ()


def show_link(visit: Visit) -> Response:
    """Show the posts of a link. Nothing is decided yet: mail scanners open links too."""
    return _link_page(visit, _link(visit))


def decide(visit: Visit) -> Response:
    """Approve or reject posts of a link in the version that was shown. A link to one post is used up. Only wrong links
    make an address wait: a secret has 192 bits, so that waiting protects nothing that a right one could lose."""
    link = _link(visit)
    if link is None:
        return _wrong_link(visit)
    decision, versions = visit.field("decision"), _versions(visit, link)
    if decision not in ("approve", "reject") or not visit.installation.approval_links.take(link):
        return _link_page(visit, _link(visit))
    reason = visit.field("reason").strip() or None
    error = None
    for post_id, revision in versions:
        services = _services(visit, link, revision)
        try:
            if decision == "reject":
                services.approvals.reject([post_id], reason)
            else:
                services.approvals.approve([post_id], by=None if link.by_owner else link.created_by)
        except TtpError as refused:
            error = refused
    if link.posts is not None:
        done = "approve" if decision == "approve" else "sent-back"
        return _link_page(visit, link, error) if error else visit.go(visit.request.url.path, done=done)
    return visit.page("approval_link.html", error=error, decided="" if error else decision, **_NOTHING)


def _versions(visit: Visit, link: ApprovalLink) -> list[tuple[int, int]]:
    """Return the ids and revisions of the posts that a form decides about, of those that are open."""
    if link.posts is None:
        return [(link.post_id, link.revision)]
    shown = [text.partition(":") for text in visit.fields("post")]
    versions = {parse_number(post): parse_number(revision) for post, _, revision in shown}
    open_ids = [one.post.id or 0 for one in _linked_posts(visit, link) if one.is_open]
    return [(post_id, versions[post_id] or 0) for post_id in open_ids if post_id in versions]


def show_link_media(visit: Visit, *, small: bool = False) -> Response:
    """Return an image or video of a link's posts, or its thumbnail."""
    link, sha256 = _link(visit), str(visit.request.path_params["sha256"])
    posts = _services(visit, link).queries.posts_by_id(link.post_ids) if link else []
    shown = chain(*((one.sha256, one.thumbnail) for post in posts for one in post.media))
    if sha256 not in [*shown, *chain(*(card_pictures(post.cards) for post in posts))]:
        raise NotFound("there is no such image")
    return show_media(visit, small=small)


def _link(visit: Visit) -> ApprovalLink | None:
    return visit.installation.approval_links.find(str(visit.request.path_params["secret"]))


_NOTHING: Mapping[str, Any] = MappingProxyType({"link": None, "posts": [], "wait_s": 0, "old": None})


def _no_link_page(visit: Visit, status: int, wait_s: float = 0) -> Response:
    """Say that the link does not work, and whom to ask."""
    old = visit.installation.approval_links.find_old(str(visit.request.path_params["secret"]))
    values = {**_NOTHING, "wait_s": wait_s, "old": old, "now": visit.now}
    return visit.page("approval_link.html", status, decided="", **values)


def _wrong_link(visit: Visit) -> Response:
    """Answer a decision by a link that does not work. Tries of an address that must wait make it wait no longer."""
    wait_s = wait_of(visit, visit.request.app.state.link_backoff)
    return with_wait(_no_link_page(visit, 429 if wait_s else 404, wait_s), wait_s)


def _link_page(visit: Visit, link: ApprovalLink | None, error: TtpError | None = None) -> Response:
    if link is None:
        return _no_link_page(visit, 404)
    services, posts = _services(visit, link), _linked_posts(visit, link)
    return visit.page(
        "approval_link.html",
        error=error,
        link=link,
        posts=posts,
        decided="",
        wait_s=0,
        zone=services.zone,
        now=visit.now,
        clocks=services.queries.account_clocks({name for one in posts for name in one.post.accounts}),
        secret=visit.request.path_params["secret"],
    )


def _linked_posts(visit: Visit, link: ApprovalLink) -> list[LinkedPost]:
    """Return the posts of a link that still exist, the first due first."""
    services = _services(visit, link)
    accounts = services.queries.accounts()
    views = sorted(
        services.queries.posts_by_id(link.post_ids), key=lambda post: (post.scheduled_at or _LATEST, post.id or 0)
    )
    ids = [post.id or 0 for post in views]
    authors = [link.name] if link.by_owner else [link.name, link.created_by]
    own = {post_id for name in authors for post_id in services.approvals.of_author(ids, name)}
    approved = services.approvals.approved_before(ids)
    posts = []
    for post in views:
        is_shown = len(views) == 1 or str(post.id) == visit.query("looks")
        is_open = link.posts is None or ("approve" in post.needs() and post.id not in own)
        posts.append(
            LinkedPost(
                with_sent(services.posts, post),
                _options(post, accounts, visit.installation.platforms),
                is_open=is_open,
                by_author=post.id in own,
                was_approved=post.id in approved,
                versions=stored_versions(services.posts, post) if is_open and is_shown else (),
            )
        )
    return posts


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


def _services(visit: Visit, link: ApprovalLink, revision: int | None = None) -> RequestServices:
    """Return the services of a link's reader. `revision`: of the post that they decide about."""
    name = f"{link.name}{BY_LINK}{link.created_by})"
    caller = Caller(name, Capability.PUBLISH, accounts=link.accounts, approver=link.created_by)
    return RequestServices(visit.installation, caller, expected=revision)


def _address(visit: Visit, link: NewApprovalLink) -> str:
    base = visit.installation.config.text("server.base_url").rstrip("/")
    return f"{base or str(visit.request.base_url).rstrip('/')}/approve/{link.secret}"
