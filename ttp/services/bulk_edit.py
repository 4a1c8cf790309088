"""The same change for many posts: another link, another time, another account. Thought out first; writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, Hint, TtpError, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.time.formatting import first_valid_zone, format_instant
from ttp.services.book import Book, of
from ttp.services.changes import redirected, settled, timed
from ttp.services.files.fields import Fault, fault_of
from ttp.services.names import named
from ttp.services.steps import BATCH, Step, What, changes

_OPEN = (PostStatus.DRAFT, PostStatus.SCHEDULED)
_GOES_ON = r"(?![\w/?&=%#~@:+-]|\.\w)"
"""What an address does not end before."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed. `links`: an address and the one in its place; `shift`: the new time of an old one, on the
    clocks of some accounts; `account`: an account and the one in its place."""

    links: tuple[str, str] | None = None
    shift: Callable[[datetime, tuple[Account, ...]], datetime] | None = None
    account: tuple[str, str] | None = None


class BulkEdit:
    def __init__(self, book: Book) -> None:
        self._book = book

    def steps(self, found: Iterable[Post], edit: Edit) -> Iterator[Step]:
        """What the edit does to each post that has not begun to go out; the others, and those that it does not change,
        have no step. Writes nothing. NotFound for an account that there is not."""
        known = self._book.accounts()
        both = None if edit.account is None else (named(edit.account[0], known), named(edit.account[1], known))
        posts = (post for post in found if post.status in _OPEN)
        while batch := list(islice(posts, BATCH)):
            with self._book.database.reading() as db, self._book.guard.reading(db):
                steps = [self._step(post, edit, known, both) for post in batch]
            yield from (step for step in steps if step.faults or changes(step))

    def _step(self, before: Post, edit: Edit, known: tuple[Account, ...], both: tuple[Account, Account] | None) -> Step:
        now = self._book.clock.now()
        where = f"post {before.id}"
        post = before
        if edit.links is not None:
            post = relinked(post, *edit.links)
        if both is not None:
            post = moved_over(post, both[0], both[1], known, now)
        if edit.shift is not None and post.scheduled_at is not None:
            post = timed(post, edit.shift(post.scheduled_at, of(post, known)))
            if post.scheduled_at is not None and post.scheduled_at < now:
                zone = first_valid_zone(*(one.timezone for one in of(post, known)), self._book.config.text("timezone"))
                late = f"it would go out at {format_instant(post.scheduled_at, zone)}, which has passed"
                return Step(where, What.LEFT, faults=(Fault("at", late),))
        post = settled(post, now, before)
        what = What.MOVE if edit.links is None and both is None else What.CHANGE
        if not changes(Step(where, what, post, before)):
            return Step(where, What.SAME, post, before)
        try:
            warnings = self._book.judge(post, known, timed=post.scheduled_at is not None)
        except ContentRefused as refused:
            return Step(where, What.LEFT, faults=tuple(Fault(p.field, p.message, p.hint) for p in refused.problems))
        except TtpError as error:
            return Step(where, What.LEFT, faults=(fault_of("", error),))
        self._book.guard.pending(post)
        return Step(where, what, post, before, warnings)


def relinked(post: Post, old: str, new: str) -> Post:
    """The post with another address wherever the old one stands as a whole, in all its texts."""
    if not old.strip() or re.search(r"\s", old + new):
        raise UsageError("a link has no blanks", Hint("write it as", "--replace-link https://OLD https://NEW"))
    pattern = re.compile(rf"(?<!\w){re.escape(old)}{_GOES_ON}")

    def in_text(text: str) -> str:
        return pattern.sub(lambda _: new, text)

    return replace(
        post,
        content=in_text(post.content),
        variants={name: in_text(text) for name, text in post.variants.items()},
        thread=tuple(map(in_text, post.thread)),
    )


def moved_over(post: Post, old: Account, new: Account, known: tuple[Account, ...], now: datetime) -> Post:
    """The post with another account in the place of one, if it goes to that; a text of its own goes along."""
    if old.name not in post.accounts:
        return post
    wanted = [new if account.id == old.id else account for account in of(post, known)]
    variants = {new.name if name == old.name else name: text for name, text in post.variants.items()}
    return redirected(replace(post, variants=variants), wanted, now)
