"""Comments: what each account replies to its own published post. A comment is a delivery of its own, beside that of its
post (`Delivery.comment`), and has its text as its only planned part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.account import Account
from ttp.domain.action import action, drop_comment, other_options
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import PlatformDisabled, Problem
from ttp.domain.parts.links import LinkRules, tag_parts
from ttp.domain.platform import Facts, PlatformFacts
from ttp.domain.platform_post import PlatformPost
from ttp.domain.post import Post, PostFields
from ttp.domain.rules import Platforms

_LONGEST_S = 100 * 365.25 * 86_400
"""What a duration is at most. HTTP takes any number."""
_OPEN = frozenset({DeliveryState.PENDING, DeliveryState.FAILED})
NO_ID = "the id of the post is not known, so nothing can reply to it"


def takes_comments(platform: str, platforms: PlatformFacts) -> bool:
    try:
        return platforms.facts(platform).comments
    except PlatformDisabled:
        return False


def plan_comments(post: Post, accounts: Iterable[Account], platforms: PlatformFacts, links: LinkRules) -> Post:
    """Return the post with a comment for each account that can have one, and none where there should be none. What is
    sent stays, and what may be."""
    if not post.comment and not any(d.comment for d in post.deliveries):
        return post
    by_name = {account.name: account for account in accounts}

    def planned(delivery: Delivery) -> Delivery:
        comment = delivery.comment
        counts = delivery.state is not DeliveryState.CANCELLED and delivery.taken_down_at is None
        counts = counts and not _is_gone(delivery, by_name)
        if comment and comment.state not in _OPEN | {DeliveryState.CANCELLED}:
            return delivery
        if not (post.comment and counts and takes_comments(delivery.platform, platforms)):
            if comment is None or comment.id is None:
                return replace(delivery, comment=None)
            return replace(delivery, comment=comment.cancel() if comment.state in _OPEN else comment)
        parts = tag_parts(post, by_name.get(delivery.account), (post.comment,), links)
        fresh = comment or Delivery(
            delivery.account,
            delivery.platform,
            account_id=delivery.account_id,
            post_id=delivery.post_id,
            parent_id=delivery.id or 0,
        )
        if fresh.state is DeliveryState.CANCELLED:
            fresh = replace(fresh, state=DeliveryState.PENDING, error=None, tries=0, due_at=None, next_at=None)
        frozen = fresh.parts_frozen if fresh.planned_parts == parts else None
        langs = delivery.langs if comment is None else comment.langs
        return replace(delivery, comment=replace(fresh, planned_parts=parts, parts_frozen=frozen, langs=langs))

    return replace(post, deliveries=tuple(map(planned, post.deliveries)))


def _is_gone(delivery: Delivery, by_name: Mapping[str, Account]) -> bool:
    """Whether the account of a published post was removed since."""
    return delivery.state is DeliveryState.PUBLISHED and delivery.account not in by_name


def sent_options(comment: Delivery, post: PostFields, account: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Return the options with which a comment is sent, by full name. `account`: the account's own."""
    named = {f"{facts.name}.{name}" for name in facts.comment_options}
    options = comment.sent_options(post.options, account, facts.language_option)
    return {name: value for name, value in options.items() if name in named}


def due_at(parent: Delivery, after_s: float | None, now: datetime) -> datetime:
    """Return when the comment on a published post is due: one that is written later is due at once. A clock that was
    set back may say that the post was published before it was due."""
    assert parent.published_at is not None
    published_at = max(parent.published_at, parent.due_at or parent.published_at)
    return max(published_at + timedelta(seconds=min(after_s or 0.0, _LONGEST_S)), now)


def check(post: Post, accounts: Iterable[Account], platforms: Platforms, config: Config) -> Iterator[Problem]:
    """Yield every problem of the comments that are not sent yet, and which accounts get none."""
    edit = other_options(comment="TEXT") if post.id is None else action("edit", post.id, comment="TEXT")
    if not post.comment:
        if post.comment_after_s is not None:
            yield Problem("commentAfterS", "comment_missing", "the post has no comment", hint=edit, warning=True)
        return
    by_name = {account.name: account for account in accounts}
    gone = [d.account for d in post.active if _is_gone(d, by_name)]
    without = [d.account for d in post.active if not (d.account in gone or takes_comments(d.platform, platforms))]
    if gone or without:
        some = len(gone) + len(without) < len(post.active)
        reasons = ((without, "has no comments"), (gone, "was removed"))
        names = " and ".join(f"{', '.join(names)}, which {why}" for names, why in reasons if names)
        message = f"the comment does not go to {names}"
        drop = other_options(comment=None) if post.id is None else drop_comment(post.id)
        hint = None if some else drop
        yield Problem("comment", "comment_elsewhere" if some else "comment_nowhere", message, hint=hint, warning=some)
    for d in post.active:
        if d.comment not in post.comments or d.comment is None or d.comment.state is DeliveryState.PUBLISHED:
            continue
        if d.account in (*gone, *without):
            continue
        facts, account = platforms.facts(d.platform), by_name.get(d.account)
        case = PlatformPost(
            account=d.account,
            text=d.comment.planned_parts[0],
            media=(),
            options=sent_options(d.comment, post, account.options if account else {}, facts),
            post_id=post.id,
            is_comment=True,
            table=platforms.options(d.platform),
            config=config,
            server=account.server_info if account else {},
            scopes=account.scopes if account else (),
        )
        for problem in platforms.rules(d.platform).problems(case):
            yield replace(problem, field="comment")
        if facts.same_text_after is not None and case.text in post.parts_for(d, facts):
            yield case.warning("comment", "same_text", f" has the text of its post, which {facts.title} refuses", edit)
        if d.state is DeliveryState.FAILED:
            way = action("retry", post.id)
            yield case.warning("comment", "comment_waits", " waits until the post is published, which failed", way)
