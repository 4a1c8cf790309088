"""The records that all stand-ins keep: registered apps, accounts, login codes and posts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def iso(ms: int) -> str:
    """Format milliseconds since 1970 as `2026-11-24T13:46:03.120Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """A registered client of one platform. `id` is its client id."""

    id: str
    platform: str
    secret: str | None = None
    """None for a public client."""
    login: str = ""
    """Which login it belongs to, on a platform that has several."""
    redirects: tuple[str, ...] = ()
    """Registered redirect addresses. Without one, the platform's rule decides."""

    def belongs_to(self, platform: str, login: str = "") -> bool:
        """Return whether the app is registered for a platform's login."""
        return (self.platform, self.login) == (platform, login)


@dataclass(frozen=True, slots=True)
class LoginCode:
    """A code that a person approved, until an app exchanges it for tokens. Works once."""

    code: str
    app: str
    account: str
    redirect_uri: str
    scopes: tuple[str, ...]
    ends_ms: int
    challenge: str | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """A user of a platform with the one set of tokens that works now. Each platform has a subclass."""

    id: str
    """`platform/handle`"""
    user_id: str
    access_token: str = ""
    issued_ms: int = 0
    expires_ms: int = 0
    refresh_token: str | None = None
    refresh_expires_ms: int = 0
    client_id: str | None = None
    client_secret: str | None = None
    scopes: tuple[str, ...] = ()
    limited: bool = True
    """Whether rate limits and daily quotas apply."""
    trouble: str = ""
    """Name of a refusal that the platform answers."""
    followers: int = 1_200

    @property
    def platform(self) -> str:
        return self.id.partition("/")[0]

    @property
    def handle(self) -> str:
        return self.id.partition("/")[2]

    granted: ClassVar[tuple[str, ...]] = ()
    """What a user grants unless an order says otherwise."""
    token_ms: ClassVar[int] = 2 * HOUR_MS
    """Life of an access token."""

    @property
    def default_scopes(self) -> tuple[str, ...]:
        return self.granted

    @property
    def access_ms(self) -> int:
        """Life of an access token that is issued now."""
        return self.token_ms

    @property
    def life_s(self) -> int:
        """Life of the present access token."""
        return (self.expires_ms - self.issued_ms) // 1000

    def new_tokens(self) -> dict[str, str | None]:
        """Return new values for the fields that hold tokens."""
        raise NotImplementedError

    def accepts(self, token: str) -> bool:
        """Return whether this access token belongs to the account. It may have ended."""
        return token == self.access_token

    def without_tokens(self) -> Self:
        """Return the account after a revocation."""
        return replace(self, access_token="", refresh_token=None, refresh_expires_ms=0)

    def credentials(self) -> dict[str, str]:
        """Return the credentials in the form that `ttp account add --credentials` reads."""
        known = {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "expiresAt": iso(self.expires_ms),
            "userId": self.user_id,
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
        }
        return {key: value for key, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class SandboxPost:
    """What was published. `media` are the SHA-256 of the bytes as they were received, in order."""

    id: str
    account: str
    text: str
    media: tuple[str, ...]
    at_ms: int
    parent: str | None = None
    kind: str = ""
    private: bool = False
    """Only its author sees it."""
    alts: tuple[str | None, ...] = ()
    media_keys: tuple[str, ...] = ()
    """The platform's names of the media."""
    shortcode: str = ""
    """Its name in web addresses, where that is not the id."""
    duration_s: int = 0
    deleted: bool = False
    shapes: tuple[str, ...] = ()
    """`image` or `video`, one for each of `media`."""
    labels: tuple[str, ...] = ()
    """What its author declared."""
    reply_settings: str = "everyone"
    children: tuple[str, ...] = ()
    """Ids of the items of a post with several media, where the platform gives them ids."""

    @property
    def platform(self) -> str:
        return self.account.partition("/")[0]


Record = Any
"""`SandboxApp`, `SandboxAccount`, `SandboxPost`, or a dataclass with an `id` that one platform keeps."""
