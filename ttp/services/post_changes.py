"""The posts and accounts as one question or one change sees them. What the services of posts share.

A change is one transaction: all of it happens, or nothing. It reads the posts inside it, so that it either wins before
the publisher's claim or sees it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ttp.domain.account import Account, connect_command, resolve_accounts
from ttp.domain.attempt import Attempt
from ttp.domain.capability import Capability
from ttp.domain.config import Config
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import ContentRefused, Hint, Problem
from ttp.domain.image_fit import NO_FITS, ImageFits
from ttp.domain.media import MediaHostProblem
from ttp.domain.post import Post
from ttp.domain.post_edit import no_such_post, settled
from ttp.domain.pricing import price_notes
from ttp.domain.rules import check
from ttp.domain.time.clock import Clock
from ttp.platforms.media_host.availability import trouble
from ttp.platforms.registry import Registry
from ttp.services.duplicate_check import Guard
from ttp.services.media import Fitting, gone_problems, rehearsed
from ttp.services.permissions import permit, permit_time
from ttp.services.queries import told
from ttp.store import accounts as stored_accounts
from ttp.store import attempts, queries
from ttp.store import posts as store
from ttp.store.change_log import ChangeRecorder
from ttp.store.database import Database
from ttp.store.home.media import MediaStore

Change = Callable[[Post], tuple[Post, tuple[Problem, ...]]]
"""A post as it is to become, and what to warn of. Raises what refuses the change."""


Room = Callable[[Post, ChangeRecorder], Sequence[Post]]
"""Moves the posts that stand where a stored one stands; answers them as they are then."""


def nobody(post: Post, recorder: ChangeRecorder) -> Sequence[Post]:
    """Nobody makes room."""
    return ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A post as it was stored and is shown, what to warn of, and whether its key had stored it before."""

    post: Post
    warnings: tuple[Problem, ...] = ()
    replayed: bool = False
    moved: tuple[Post, ...] = ()
    """Other posts, which made room for it."""


class Book:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Config,
        platforms: Registry,
        capability: Capability = Capability.PUBLISH,
    ) -> None:
        self.database = database
        self.capability = capability
        self.clock = clock
        self.config = config
        self.platforms = platforms
        self.fitting = Fitting(MediaStore(database.home / "media"), platforms)
        self.guard = Guard(database, config)

    def post(self, post_id: int) -> Post:
        """One post. NotFound if there is none; never creates a store."""
        with self.database.reading() as db:
            post = queries.post(db, post_id) if db else None
        if post is None:
            raise no_such_post(post_id)
        return post

    def accounts(self) -> tuple[Account, ...]:
        """Every account there is."""
        with self.database.reading() as db:
            return tuple(stored_accounts.accounts(db)) if db else ()

    def named(self, names: Iterable[str]) -> tuple[Account, ...]:
        """The accounts of these names; empty ones are left out. NotFound, Ambiguous or UsageError."""
        return resolve_accounts([name for name in names if name.strip()], self.accounts(), self.platforms)

    def judge(self, post: Post, accounts: Iterable[Account], *, timed: bool) -> tuple[Problem, ...]:
        """What to warn of; ContentRefused if the post has a time and a platform would refuse it."""
        to_come = {d.platform for d in post.active if d.state is not DeliveryState.PUBLISHED}
        return judge(
            post,
            of(post, accounts),
            no_host=trouble(self.config),
            platforms=self.platforms,
            config=self.config,
            fits=self.fitting.fits(post.media, to_come),
            rehearsed=rehearsed(self.config, self.platforms),
            more=(
                *(gone_problems(post, self.fitting.gone(post)) if to_come else ()),
                *(self.guard.problems(post) if timed else ()),
            ),
            timed=timed,
        )

    def fit(self, ids: Sequence[int]) -> None:
        """Convert what platforms need converted of some posts: before a change, whose transaction others wait for."""
        with self.database.reading() as db:
            posts = list(queries.posts_by_id(db, ids)) if db else []
        for post in posts:
            self.fitting.fits(post.media, post.platforms)

    def stamped(self, post: Post) -> Post:
        """A new post, as made now."""
        now = self.clock.now()
        return settled(replace(post, created_at=now), now)

    def permit(self, db: sqlite3.Connection, before: Post | None, after: Post) -> None:
        """NotAllowed for a change that this environment may not make; to be asked before each is stored."""
        permit(db, self.capability, before, after)

    def permit_time(self) -> None:
        """NotAllowed where no post may get a time: to be asked before that is read, and a way to one is told."""
        permit_time(self.capability)

    def recorder(self, command: str) -> ChangeRecorder:
        """What is to be stored in the name of a command, so that it can be taken back."""
        return ChangeRecorder(command, self.clock.now())

    def keep(self, text: str) -> Post:
        """Store a text as a draft, whatever it is."""
        with self.database.writing() as db:
            return store.insert(db, self.stamped(Post(text)), self.recorder("create"))

    def told(self, post: Post) -> Post:
        """A post that was stored, as it is shown."""
        with self.database.reading() as db:
            return told(db, [post], now=self.clock.now(), config=self.config)[0] if db else post

    def change(
        self,
        ids: Sequence[int],
        change: Change,
        recorder: ChangeRecorder | None,
        room: Room = nobody,
        *,
        steps: Sequence[Attempt] = (),
        keeps_approval: bool = False,
    ) -> list[Saved]:
        """Change some posts: all, or none. Of several, the one that the rules refuse is named. `recorder`: in whose
        name; None: it is not to be taken back. `room` changes others for the sake of each, once it is stored. `steps`
        are recorded with them; the change may add to them. `keeps_approval`: what was said of the posts, or is said by
        the change, stays whatever changes."""
        wanted = dict.fromkeys(ids)
        saved = []
        with self.database.writing() as db, self.guard.reading(db):
            for post_id in wanted:
                post = queries.post(db, post_id)
                if post is None:
                    raise no_such_post(post_id)
                try:
                    changed, warnings = change(post)
                except ContentRefused as refused:
                    raise _of_post(refused, post_id) if len(wanted) > 1 else refused from None
                self.guard.pending(changed)
                after = settled(changed, self.clock.now(), None if keeps_approval else post)
                self.permit(db, post, after)
                stored = store.update(db, after, recorder)
                moved = tuple(room(stored, recorder)) if recorder else ()
                saved.append(Saved(self.told(stored), warnings, moved=moved))
            for step in steps:
                attempts.begin(db, step)
        return saved


def of(post: Post, known: Iterable[Account]) -> tuple[Account, ...]:
    """The accounts that a post goes to."""
    ids = {d.account_id for d in post.active}
    return tuple(account for account in known if account.id in ids)


def _of_post(refused: ContentRefused, post_id: int) -> ContentRefused:
    return ContentRefused(
        f"post {post_id}: {refused.message}", *refused.hints, problems=refused.problems, details=refused.details
    )


def judge(
    post: Post,
    accounts: Sequence[Account],
    *,
    no_host: MediaHostProblem | None,
    timed: bool,
    platforms: Registry,
    config: Config,
    fits: ImageFits = NO_FITS,
    rehearsed: Collection[str] = (),
    more: Iterable[Problem] = (),
) -> tuple[Problem, ...]:
    """The problems of a post: refused by ContentRefused if it has a time, else answered as warnings.

    As `rules.check`; `more`: what is known beside the rules.
    """
    named = {account.name: account for account in accounts}
    found = check(post, named, platforms, no_host=no_host, config=config, fits=fits, rehearsed=rehearsed)
    problems = (*more, *found)
    refusing = [problem for problem in problems if not problem.warning]
    if refusing and timed:
        hints = dict.fromkeys(Hint("do", problem.hint) for problem in refusing if problem.hint)
        raise ContentRefused(refusing[0].message, *hints, problems=problems)
    return (*problems, *_account_warnings(accounts), *price_notes(post, platforms)) if timed else problems


def _account_warnings(accounts: Sequence[Account]) -> Iterator[Problem]:
    """What would make every post of an account fail, or wait, when it is due, as it is now."""
    for account in accounts:
        name = account.name
        if account.is_paused:
            resume = f"ttp resume --account {name}"
            yield Problem("accounts", "paused", f"{name} is paused: its posts wait", name, resume, warning=True)
        if not account.enabled:
            said = f"{name} is disabled: what is due for it fails"
            yield Problem("accounts", "disabled", said, name, f"ttp account enable {name}", warning=True)
        if account.needs_reconnect or not account.connected:
            code = "reconnect" if account.connected else "not_connected"
            said = f"{name} {'must be reconnected' if account.connected else 'is not connected'} before this is due"
            yield Problem("accounts", code, said, name, connect_command(name), warning=True)
