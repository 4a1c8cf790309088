"""Mastodon: accounts, uploads, posts and keys; profiles of servers, switches, limits, refusals that can be ordered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from ttp.sandbox.records import DAY_MS, HOUR_MS, SandboxAccount, SandboxApp
from ttp.sandbox.state import State, switch

APP = SandboxApp(
    "sandbox-mastodon-client", "mastodon", "sandbox-mastodon-secret", redirects=("urn:ietf:wg:oauth:2.0:oob",)
)
SCOPES = ("read:accounts", "read:search", "read:statuses", "write:media", "write:statuses")
KNOWN_SCOPES = frozenset({*SCOPES, "read", "write", "follow", "push", "profile", "write:favourites", "read:lists"})


class Profile(NamedTuple):
    """How one server software behaves. `keys_ms`: how long it honours a key; `repeat_500`: it answers a repeat with an
    error; `replays_errors`: it keeps an error for a key too; `code_points`: how it counts a text; `instance_v2`,
    `media_status`, `deletes`: paths that it has; `lists_private`: its lists have private posts; `uses_media_once`: an
    upload belongs to one post; `content_status`: of a refused content."""

    software: str
    version: str
    keys_ms: int = 0
    repeat_500: bool = False
    replays_errors: bool = False
    code_points: bool = False
    characters: int = 500
    instance_v2: bool = True
    media_status: bool = True
    lists_private: bool = True
    uses_media_once: bool = True
    content_status: int = 422
    deletes: bool = True
    api: int = 0


PROFILES = {
    "mastodon": Profile("mastodon", "4.7.4", HOUR_MS, api=10),
    "mastodon-4.6": Profile("mastodon", "4.6.1", HOUR_MS, repeat_500=True, api=8),
    "pleroma": Profile("pleroma", "2.9.1", 6 * HOUR_MS, replays_errors=True, characters=5000),
    "gotosocial": Profile("gotosocial", "0.20.0", code_points=True, characters=5000, content_status=400),
    "snac": Profile(
        "snac",
        "2.75",
        characters=100_000,
        instance_v2=False,
        media_status=False,
        lists_private=False,
        uses_media_once=False,
        deletes=False,
    ),
}


@dataclass(frozen=True, slots=True)
class MastodonAccount(SandboxAccount):
    """A user of the server. Its handle has the name before the @ alone in the API."""

    privacy: str = "public"
    """Who sees a post that does not say."""
    granted: ClassVar = SCOPES
    token_ms: ClassVar = 40 * 365 * DAY_MS

    @property
    def username(self) -> str:
        return self.handle.partition("@")[0]

    def new_tokens(self) -> dict[str, str | None]:
        return {"access_token": secrets.token_urlsafe(32), "refresh_token": None}

    def credentials(self) -> dict[str, str]:
        """Tokens do not end, unless a test says so."""
        return {name: value for name, value in SandboxAccount.credentials(self).items() if name != "expiresAt"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """An uploaded file. Usable from `ready_ms` on, unless it has an `error`; `post`: which has it."""

    id: str
    account: str
    sha256: str
    mime: str
    ready_ms: int
    alt: str | None = None
    focus: str = ""
    thumbnail: str = ""
    """The digest of the image that stands for it."""
    duration_s: float = 0
    error: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What a post has besides its text and media. `poll`: its answers; `id` is the post's."""

    id: str
    visibility: str
    warning: str = ""
    sensitive: bool = False
    language: str | None = None
    poll: tuple[str, ...] = ()
    quoted: str | None = None
    uploads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsedKey:
    """An Idempotency-Key of an account: the post that it made, or the refusal that is replayed. `id`: both names."""

    id: str
    at_ms: int
    post: str = ""
    status: int = 0
    error: str = ""


@dataclass(slots=True)
class MastodonSwitches:
    """Mastodon's own switches."""

    mastodon_profile: str = switch("mastodon", f"Mastodon: the server's software: {', '.join(PROFILES)}")
    mastodon_forgets_keys: bool = switch(False, "Mastodon: the server loses every key, as by a crash after the post")


@dataclass(slots=True)
class MastodonMemory:
    """What the server counts, in memory only."""

    last_id: int = 0


CALLS, POSTS, MEDIA, DELETES = "mastodon calls", "mastodon posts", "mastodon media", "mastodon deletes"
LIMITS = {CALLS: 300, POSTS: 300, MEDIA: 30, DELETES: 30}
WINDOWS_S = {CALLS: 300, POSTS: 10_800, MEDIA: 1800, DELETES: 1800}


class MastodonTrouble(NamedTuple):
    """A refusal of every call of an account, or of its posts alone. Status 200: the post is dropped without a word."""

    status: int
    error: str
    posts_only: bool = False


TROUBLES = {
    "disabled_login": MastodonTrouble(403, "Your login is currently disabled"),
    "pending_login": MastodonTrouble(403, "Your login is currently pending approval"),
    "no_scope": MastodonTrouble(403, "This action is outside the authorized scopes"),
    "unreachable": MastodonTrouble(503, "There was a temporary problem serving your request, please try again"),
    "rejected_status": MastodonTrouble(422, "Validation failed: Text must not be this", posts_only=True),
    "many_requests": MastodonTrouble(429, "Too many requests", posts_only=True),
    "spam_dropped": MastodonTrouble(200, "", posts_only=True),
}


def profile_of(state: State) -> Profile:
    """Return how the server behaves."""
    return PROFILES.get(state.part(MastodonSwitches).mastodon_profile, PROFILES["mastodon"])


def new_id(state: State, at_ms: int | None = None) -> str:
    """Return a new id: milliseconds above 16 bits, always greater than the one before. `at_ms`: of that instant."""
    if at_ms is not None:
        return str((at_ms << 16) + secrets.randbelow(1 << 16))
    memory = state.part(MastodonMemory)
    memory.last_id = max(memory.last_id + 1, state.now_ms() << 16)
    return str(memory.last_id)
