"""Change many posts at once: planned one by one, stored in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from ttp.domain.account import Account, find_account
from ttp.domain.action import action, as_fields
from ttp.domain.errors import Conflict, ContentRefused, Hint, Problem, TtpError, UsageError
from ttp.domain.parts.frozen_parts import keep_frozen_parts
from ttp.domain.post import Post
from ttp.domain.post_edit import refuse_long_texts, with_accounts, with_derived_status, with_tags, with_time
from ttp.domain.post_fields import CONTENT
from ttp.domain.row_reader import FieldError, field_errors, to_field_error
from ttp.domain.time.formatting import format_instant
from ttp.domain.time.resolve import LAST_YEAR
from ttp.services.posts import Posts
from ttp.services.queries import accounts_of
from ttp.services.slots import Availability
from ttp.services.time_resolver import Shift, TimeResolver, shift_instant
from ttp.store import posts as stored_posts
from ttp.store import queries
from ttp.store.dialect import Connection

BATCH = 200


class ChangeKind(StrEnum):
    """What happens to a post. `LEFT`: nothing, for the reason given in `why`."""

    ADD = "add"
    CHANGE = "change"
    MOVE = "move"
    CANCEL = "cancel"
    SAME = "same"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """The change of one post. `post`: as it will be stored; `before`: as stored now; `faults`: why it is refused."""

    where: str
    what: ChangeKind
    post: Post | None = None
    before: Post | None = None
    warnings: tuple[Problem, ...] = ()
    why: str | None = None
    faults: tuple[FieldError, ...] = ()
    waits: bool = False
    """The import still has to choose a time for it."""
    differs: bool = False
    """The row's text differs from the post's, which is not changed."""


def apply_changes(
    posts: Posts, steps: Iterable[PlannedChange], command: str, agenda: Availability | None = None
) -> list[int]:
    """Store all changes of a command, or none; return the ids of the posts. Raise Conflict if a post was changed
    meanwhile, StateRefused if the chosen times (`agenda`) are no longer free, NotAllowed."""
    ids: list[int] = []
    rows, recorder = iter(steps), posts.recorder(command)
    with posts.database.writing() as db:
        if agenda is not None:
            agenda.refuse_changed(db)
        while batch := list(islice(rows, BATCH)):
            db.lock_posts(step.before.id or 0 for step in batch if step.before is not None)
            _refuse_changed(db, batch)
            _refuse_forbidden_changes(posts, db, batch)
            ids += stored_posts.save(db, [step.post for step in batch if step.post is not None], recorder)
    return ids


def refuse_forbidden(posts: Posts, steps: Iterable[PlannedChange]) -> None:
    """Raise NotAllowed if `apply_changes` would, before anything is shown."""
    with posts.database.reading() as db:
        if db is not None:
            _refuse_forbidden_changes(posts, db, steps)


def _refuse_forbidden_changes(posts: Posts, db: Connection, steps: Iterable[PlannedChange]) -> None:
    for step in steps:
        if step.post is not None:
            posts.refuse_forbidden_change(db, step.before, step.post)


def _refuse_changed(db: Connection, batch: Sequence[PlannedChange]) -> None:
    """Raise Conflict if a post has changed since its change was planned."""
    now = queries.posts_even_deleted(db, [step.before.id or 0 for step in batch if step.before is not None])
    for step in batch:
        if step.before is not None and now[step.before.id or 0] != step.before:
            raise Conflict(f"post {step.before.id} was changed by another command", Hint("see", action("list")))
    new = [step.post.key for step in batch if step.before is None and step.post is not None and step.post.key]
    for key, post in queries.posts_by_key(db, new).items():
        raise Conflict(f'post {post.id} now has the key "{key}"', Hint("see", action("show", post.id)))


def changed_fields(step: PlannedChange) -> Sequence[str]:
    """Return the names, as in a file, of the fields that a step changes."""
    if step.before is None or step.post is None or step.what not in (ChangeKind.CHANGE, ChangeKind.MOVE):
        return ()
    before, after = step.before, step.post
    pairs = {
        "at": (before.scheduled_at, after.scheduled_at),
        "to": (sorted(before.accounts), sorted(after.accounts)),
        "text": (before.content, after.content),
        **{
            one.word: (getattr(before, name), getattr(after, name))
            for name, one in CONTENT.items()
            if name != "content"
        },
        "file": (before.key, after.key),
    }
    return [name for name, (one, other) in pairs.items() if one != other]


_URL_CONTINUES = r"(?![\w/?&=%#~@:+-]|\.\w)"
"""A URL does not end before these characters."""


@dataclass(frozen=True, slots=True)
class BulkEditRequest:
    """The changes to make. `links`: old and new URL; `account`: old and new account."""

    links: tuple[str, str] | None = None
    shift: Shift | None = None
    account: tuple[str, str] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


class BulkEdit:
    def __init__(self, posts: Posts, resolver: TimeResolver) -> None:
        self._posts = posts
        self._resolver = resolver

    def plan(self, posts: Iterable[Post], edit: BulkEditRequest) -> Iterator[PlannedChange]:
        """Yield the planned change of each draft and scheduled post. Writes nothing. Raise NotFound for an account."""
        accounts, platforms = self._posts.accounts(), self._posts.platforms
        both = None
        if edit.account is not None:
            one, other = edit.account
            both = find_account(one, accounts, platforms), find_account(other, accounts, platforms)
        changeable = (post for post in posts if not post.status.has_begun)
        while batch := list(islice(changeable, BATCH)):
            with self._posts.database.reading() as db:
                steps = [self._plan_post(db, post, edit, accounts, both) for post in batch]
            yield from (step for step in steps if step.faults or changed_fields(step))

    def _plan_post(
        self,
        db: Connection | None,
        before: Post,
        edit: BulkEditRequest,
        accounts: tuple[Account, ...],
        both: tuple[Account, Account] | None,
    ) -> PlannedChange:
        now = self._posts.clock.now()
        where = f"post {before.id}"
        post = replace(before, tags=with_tags(before.tags, edit.add_tags, edit.remove_tags))
        if edit.links is not None:
            post = replace_link(post, *edit.links)
        if both is not None:
            post = replace_account(post, both[0], both[1], accounts, now)
        if edit.shift is not None and post.scheduled_at is not None:
            zone = self._resolver.home_zone
            moved = shift_instant(post.scheduled_at, edit.shift, zone)
            if moved.year > LAST_YEAR:
                late = f"its new time would be after the year {LAST_YEAR}"
                return PlannedChange(where, ChangeKind.LEFT, faults=(FieldError("at", late),))
            if moved < now:
                late = f"its new time, {format_instant(moved, zone)}, has passed"
                return PlannedChange(where, ChangeKind.LEFT, faults=(FieldError("at", late),))
            post = with_time(post, moved)
        post = with_derived_status(self._posts.plan_new(post, accounts), now, before)
        only_shifted = edit.links is None and both is None and post.tags == before.tags
        what = ChangeKind.MOVE if only_shifted else ChangeKind.CHANGE
        if not changed_fields(PlannedChange(where, what, post, before)):
            return PlannedChange(where, ChangeKind.SAME, post, before)
        try:
            frozen = keep_frozen_parts(before, post)
            warnings = self._posts.check_post(post, accounts, timed=post.scheduled_at is not None, db=db)
        except ContentRefused as refused:
            return PlannedChange(where, ChangeKind.LEFT, faults=content_errors(refused))
        except TtpError as error:
            return PlannedChange(where, ChangeKind.LEFT, faults=(to_field_error("", error),))
        self._posts.duplicates.add_pending(post)
        return PlannedChange(where, what, post, before, (*warnings, *frozen))


def content_errors(refused: ContentRefused) -> tuple[FieldError, ...]:
    """Return the problems of a refused post, for a file. The first text that is too long says what a split makes."""
    errors = list(field_errors(refused.problems))
    codes = [one.code for one in refused.problems if not one.warning]
    if refused.details and "text_too_long" in codes:
        place = codes.index("text_too_long")
        text = " ".join((errors[place].problem + ".", *refused.details))
        errors[place] = errors[place]._replace(problem=text, fix=as_fields(refused.hints[0].way))
    return tuple(errors)


def replace_link(post: Post, old: str, new: str) -> Post:
    """Return the post with a whole URL replaced in all its texts."""
    if not old.strip() or re.search(r"\s", old + new):
        raise UsageError("a link cannot contain spaces", Hint("try", "--replace-link https://OLD https://NEW"))
    pattern = re.compile(rf"(?<!\w){re.escape(old)}{_URL_CONTINUES}")

    def in_text(text: str) -> str:
        return pattern.sub(lambda _: new, text)

    changed = replace(
        post,
        content=in_text(post.content),
        variants={name: in_text(text) for name, text in post.variants.items()},
        thread=tuple(map(in_text, post.thread)),
    )
    refuse_long_texts(changed.content, changed.thread, changed.variants)
    return changed


def replace_account(post: Post, old: Account, new: Account, accounts: tuple[Account, ...], now: datetime) -> Post:
    """Return the post with one account replaced by another; its own text and media move too."""
    if old.name not in post.accounts:
        return post
    new_accounts = [new if account.id == old.id else account for account in accounts_of(post, accounts)]
    variants = {new.name if name == old.name else name: text for name, text in post.variants.items()}
    media = tuple(replace(item, only=new.name if item.only == old.name else item.only) for item in post.media)
    return with_accounts(replace(post, variants=variants, media=media), new_accounts, now)
