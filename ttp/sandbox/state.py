"""What the three sandbox platforms know: accounts, uploads, posts. The followers' view of it is `visible_posts`.

Plain frozen data; a change is a new object handed to `State.keep`, which also writes it to the state folder when there
is one. Bytes of unfinished uploads live in memory only; of finished media only the SHA-256 is kept. Never validates a
request and never speaks HTTP.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from ttp.sandbox.shelf import Shelf

Now: TypeAlias = Callable[[], datetime]

X_EPOCH_MS = 1_288_834_974_657
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Account:
    """One identity on a platform, and the one set of credentials that works for it now."""

    id: str
    """`platform/handle`"""
    user_id: str
    access_token: str
    issued_ms: int
    expires_ms: int
    refresh_token: str | None = None
    refresh_expires_ms: int = 0
    client_id: str | None = None
    client_secret: str | None = None
    scopes: tuple[str, ...] = ()
    audited: bool = True
    limited: bool = True
    """Whether the platform's rate limits and daily quotas are applied."""

    @property
    def platform(self) -> str:
        return self.id.partition("/")[0]

    @property
    def handle(self) -> str:
        return self.id.partition("/")[2]


@dataclass(frozen=True, slots=True)
class XMedia:
    """One upload session of X; usable in a post once `processed_ms` has come without an `error`."""

    id: str
    account: str
    media_key: str
    media_type: str
    category: str
    total_bytes: int
    expires_ms: int
    sha256: str | None = None
    finalized_ms: int | None = None
    processed_ms: int | None = None
    error: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """An Instagram container: invisible until published, and then published once."""

    id: str
    account: str
    kind: str
    """IMAGE, REELS, STORIES, VIDEO or CAROUSEL"""
    made_ms: int
    ready_ms: int
    media: tuple[str, ...] = ()
    caption: str = ""
    alt: str | None = None
    child: bool = False
    error: str | None = None
    media_id: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A TikTok publication by FILE_UPLOAD: `id` is the publish_id, `received` bytes have arrived in order."""

    id: str
    account: str
    token: str
    title: str
    privacy: str
    size: int
    chunk_size: int
    chunks: int
    made_ms: int
    received: int = 0
    done_ms: int | None = None
    fail_reason: str | None = None
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """What was published. `media` are the SHA-256 of the bytes as they were received, in order."""

    id: str
    account: str
    text: str
    media: tuple[str, ...]
    at_ms: int
    parent: str | None = None
    kind: str = ""
    """Instagram: the container's kind. TikTok: the privacy level."""
    alts: tuple[str | None, ...] = ()
    media_keys: tuple[str, ...] = ()
    shortcode: str = ""
    duration_s: int = 0
    deleted: bool = False

    @property
    def platform(self) -> str:
        return self.account.partition("/")[0]


Thing: TypeAlias = Account | XMedia | Container | Upload | Post


def wall_clock() -> datetime:
    """The machine's clock, aware, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class State:
    """Everything the sandbox knows.

    `now` is the platforms' clock and may be off the machine's. `processing_s`: how long a video is worked on (an image
    a fifth of it). `moderation_s`: how long after its publication TikTok names a public post's id. `lag_s`: how long a
    new post stays out of the platforms' own lists.
    """

    now: Now = wall_clock
    processing_s: float = 1.0
    moderation_s: float = 2.0
    lag_s: float = 0.0
    shelf: Shelf | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    x_media: dict[str, XMedia] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Received bytes of unfinished uploads, by upload and position."""
    last_snowflake: int = 0

    def now_ms(self) -> int:
        """The sandbox's clock in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def keep(self, *things: Thing) -> None:
        """Remember new or changed things; together on disk, when there is a state folder."""
        for thing in things:
            match thing:
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

    def close(self) -> None:
        """Let go of the state folder, if there is one."""
        if self.shelf is not None:
            self.shelf.close()

    def account_of(self, platform: str, access_token: str) -> Account | None:
        """The account of `platform` whose current access token this is, ended or not."""
        return next(
            (a for a in self.accounts.values() if a.platform == platform and a.access_token == access_token), None
        )

    def refreshed_by(self, platform: str, refresh_token: str) -> Account | None:
        """The account of `platform` that this refresh token still renews."""
        return next(
            (
                a
                for a in self.accounts.values()
                if a.platform == platform and a.refresh_token == refresh_token and a.refresh_expires_ms > self.now_ms()
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

    def snowflake(self) -> str:
        """A new X id: milliseconds since X's epoch in the upper bits, always greater than the one before."""
        self.last_snowflake = max(self.last_snowflake + 1, (self.now_ms() - X_EPOCH_MS) << 22)
        return str(self.last_snowflake)

    def seventeen_digits(self) -> str:
        """A new Instagram id: 17 digits in no order."""
        while (made := f"1{secrets.randbelow(10**15) + 7 * 10**15:016d}") in self.containers or made in self.posts:
            pass
        return made

    def int64(self) -> str:
        """A new TikTok post id: seconds in the upper half of an int64."""
        while (made := str((self.now_ms() // 1000 << 32) | secrets.randbits(32))) in self.posts:
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
    for thing in shelf.read((Account, XMedia, Container, Upload, Post)):
        state.keep(thing)
    for upload in [u for u in state.uploads.values() if u.done_ms is None]:
        state.keep(replace(upload, received=0))
    state.pieces = {m.id: {} for m in state.x_media.values() if m.finalized_ms is None}
    state.shelf = shelf
    ids = [*state.x_media, *(p.id for p in state.posts.values() if p.platform == "x")]
    state.last_snowflake = max(map(int, ids), default=0)
    return state
