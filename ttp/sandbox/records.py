"""Authorization codes: what a person allowed, until an app has exchanged the code for tokens. Used once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Grant:
    """One code and everything that its exchange is held to."""

    code: str
    app: str
    account: str
    redirect_uri: str
    scopes: tuple[str, ...]
    ends_ms: int
    challenge: str | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """A registered client of one platform. `id` is its client id (TikTok: client key)."""

    id: str
    platform: str
    secret: str | None = None
    """None: a public client (X)."""
    login: str = "instagram"
    redirects: tuple[str, ...] = ()
    """Registered redirect addresses; without one the platform's rule decides (`apps.py`)."""


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
    login: str = "instagram"
    """Instagram: `instagram` or `facebook`, the product its tokens come from."""
    page_token: str | None = None
    """Instagram on Facebook Login: the token of the linked page, which never ends."""
    short: bool = False
    """Instagram: a first token of an hour, to be exchanged for one of sixty days."""
    dead: int = 0
    """Instagram: the subcode of code 190 that its tokens are answered with; 0 while they work."""
    signing: tuple[str, str, str, str] | tuple[()] = ()
    """X: OAuth 1.0a API key, API secret, access token, access token secret."""
    trouble: str = ""
    """What its platform holds against it (`trouble.py`)."""
    premium: bool = False
    hides_likes: bool = False
    trial_reels: bool = False
    """Instagram: whether its reels may be shown to people who do not follow first."""
    followers: int = 1_200
    privacy_levels: tuple[str, ...] = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
    switched_off: tuple[str, ...] = ()
    """TikTok: what the creator's own settings rule out, of `comment`, `duet` and `stitch`."""
    max_video_s: int = 600

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
    duration_s: float = 0
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """An Instagram container: invisible until published, and then published once."""

    id: str
    account: str
    kind: str
    """IMAGE, REELS, STORIES, VIDEO or CAROUSEL"""
    made_ms: int
    ready_ms: int | None
    """None while bytes of a resumable upload are missing."""
    media: tuple[str, ...] = ()
    caption: str = ""
    alts: tuple[str | None, ...] = ()
    child: bool = False
    error: str | None = None
    media_id: str | None = None
    shapes: tuple[str, ...] = ()
    duration_s: float = 0
    size: int = 0
    """Bytes that a resumable upload announced."""
    feed: bool = True
    collaborators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """One TikTok publication: `id` is the publish_id, `received` bytes have arrived in order."""

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
    pulled: bool = False
    """Fetched from URLs instead of uploaded."""
    inbox: bool = False
    """Ends as a draft in the creator's inbox instead of a post."""


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
    shapes: tuple[str, ...] = ()
    """`image` or `video`, one for each of `media`."""
    labels: tuple[str, ...] = ()
    """X: `made_with_ai`, `paid_partnership`, where they were declared."""
    reply_settings: str = "everyone"
    poll: tuple[str, ...] = ()
    poll_minutes: int = 0
    children: tuple[str, ...] = ()
    """Instagram: the ids of a carousel's items."""

    @property
    def platform(self) -> str:
        return self.account.partition("/")[0]


Thing: TypeAlias = App | Account | XMedia | Container | Upload | Post
