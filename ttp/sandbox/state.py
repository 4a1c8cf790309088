"""What the three sandbox platforms know: accounts, uploads, posts. The followers' view of it is `visible_posts`.

Plain frozen data; a change is a new object handed to `State.keep`, which also writes it to the state folder when there
is one. Bytes of unfinished uploads live in memory only; of finished media only the SHA-256 is kept. Never validates a
request and never speaks HTTP.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from ttp.sandbox.media import Pictures
from ttp.sandbox.rate_limits import MOST, UNLIMITED, Limits
from ttp.sandbox.records import Account, App, Container, Grant, Post, Thing, Upload, XMedia
from ttp.sandbox.settings import Settings
from ttp.sandbox.storage import Shelf

Now: TypeAlias = Callable[[], datetime]
Answered: TypeAlias = tuple[str, str, int]
"""Method, path without its query, status."""

X_EPOCH_MS = 1_288_834_974_657
DAY_MS = 86_400_000


def wall_clock() -> datetime:
    """The machine's clock, aware, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class State(Settings):
    """Everything the sandbox knows. `now` is the platforms' clock and may be off the machine's."""

    now: Now = wall_clock
    shelf: Shelf | None = None
    apps: dict[str, App] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    x_media: dict[str, XMedia] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Received bytes of unfinished uploads, by upload and position."""
    grants: dict[str, Grant] = field(default_factory=dict)
    """Authorization codes that nobody has exchanged yet."""
    nonces: dict[str, float] = field(default_factory=dict)
    """OAuth 1.0a nonces that were used, with their time."""
    pictures: Pictures = field(default_factory=Pictures)
    minute: Limits = field(default_factory=lambda: Limits(60))
    quarter: Limits = field(default_factory=lambda: Limits(900))
    day: Limits = field(default_factory=lambda: Limits(86_400))
    answered: deque[Answered] = field(default_factory=lambda: deque(maxlen=10_000))
    """The newest requests to the platforms."""
    last_snowflake: int = 0

    def now_ms(self) -> int:
        """The sandbox's clock in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def keep(self, *things: Thing) -> None:
        """Remember new or changed things; together on disk, when there is a state folder."""
        for thing in things:
            match thing:
                case App():
                    self.apps[thing.id] = thing
                case Account():
                    self.accounts[thing.id] = thing
                case XMedia():
                    self.x_media[thing.id] = thing
                case Container():
                    self.containers[thing.id] = thing
                case Upload():
                    self.uploads[thing.id] = thing
                case Post():
                    self.posts[thing.id] = thing
        if self.shelf is not None:
            self.shelf.write(things)

    def insert(self, post: Post) -> None:
        """Keep a post of the past at its place in time."""
        self.keep(post)
        self.posts = {p.id: p for p in sorted(self.posts.values(), key=lambda p: p.at_ms)}

    def most(self, limit: str, account: Account | None = None) -> int:
        """The number that holds for a limit of `limits.MOST` here: for every account, or for one that may have none."""
        return UNLIMITED if account is not None and not account.limited else self.limits.get(limit, MOST[limit])

    def trouble_of(self, account: Account) -> str:
        """The name of what a platform holds against an account now; empty for nothing."""
        return account.trouble or self.trouble.get(account.platform, "")

    def close(self) -> None:
        """Let go of the state folder, if there is one."""
        if self.shelf is not None:
            self.shelf.close()

    def account_of(self, platform: str, access_token: str) -> Account | None:
        """The account of `platform` whose current access token this is, ended or not."""
        return next(
            (a for a in self.of(platform) if access_token and access_token in (a.access_token, a.page_token)), None
        )

    def of(self, platform: str) -> Iterator[Account]:
        """The accounts of one platform."""
        return (account for account in self.accounts.values() if account.platform == platform)

    def refreshed_by(self, platform: str, refresh_token: str) -> Account | None:
        """The account of `platform` that this refresh token still renews."""
        return next(
            (
                a
                for a in self.of(platform)
                if refresh_token and a.refresh_token == refresh_token and a.refresh_expires_ms > self.now_ms()
            ),
            None,
        )

    def visible_posts(self, account: str | None = None) -> Iterator[Post]:
        """What followers see, oldest first: of one account, or of all."""
        return (p for p in self.posts.values() if not p.deleted and account in (None, p.account))

    def listed_posts(self, account: str) -> list[Post]:
        """What the platform's own list of an account's posts shows by now, newest first."""
        until = self.now_ms() - int(self.lag_s * 1000)
        return [p for p in self.visible_posts(account) if p.at_ms <= until][::-1]

    def snowflake(self, at_ms: int | None = None) -> str:
        """A new X id: milliseconds since X's epoch in the upper bits, always greater than the one before.

        With `at_ms`: an id of that past instant.
        """
        if at_ms is not None:
            return str(((at_ms - X_EPOCH_MS) << 22) + secrets.randbelow(1 << 22))
        self.last_snowflake = max(self.last_snowflake + 1, (self.now_ms() - X_EPOCH_MS) << 22)
        return str(self.last_snowflake)

    def seventeen_digits(self) -> str:
        """A new Instagram id: 17 digits in no order."""
        while (made := f"1{secrets.randbelow(10**15) + 7 * 10**15:016d}") in self.containers or made in self.posts:
            pass
        return made

    def int64(self, at_ms: int | None = None) -> str:
        """A new TikTok post id: seconds in the upper half of an int64."""
        seconds = (self.now_ms() if at_ms is None else at_ms) // 1000
        while (made := str((seconds << 32) | secrets.randbits(32))) in self.posts:
            pass
        return made


def open_state(folder: Path | None = None, now: Now = wall_clock) -> State:
    """The state kept in `folder` (made if missing), or an empty one in memory. Has no accounts of its own.

    Bytes of unfinished uploads do not survive: those uploads start again at zero.
    """
    if folder is None:
        return State(now)
    shelf = Shelf(folder)
    state = State(now)
    for thing in shelf.read((App, Account, XMedia, Container, Upload, Post)):
        state.keep(thing)
    state.posts = {p.id: p for p in sorted(state.posts.values(), key=lambda p: p.at_ms)}
    for upload in [u for u in state.uploads.values() if u.done_ms is None]:
        state.keep(replace(upload, received=0))
    state.pieces = {m.id: {} for m in state.x_media.values() if m.finalized_ms is None}
    state.shelf = shelf
    ids = [*state.x_media, *(p.id for p in state.posts.values() if p.platform == "x")]
    state.last_snowflake = max(map(int, ids), default=0)
    return state
