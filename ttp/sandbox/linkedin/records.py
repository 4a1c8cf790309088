"""LinkedIn: its accounts, uploads, app, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from ttp.sandbox.records import DAY_MS, SandboxAccount, SandboxApp
from ttp.sandbox.state import State, switch

APP = SandboxApp("sandbox-linkedin-client", "linkedin", "sandbox-linkedin-secret")
SCOPES = ("openid", "profile", "w_member_social")
VISIBILITIES = ("PUBLIC", "CONNECTIONS", "LOGGED_IN")


@dataclass(frozen=True, slots=True)
class LinkedInAccount(SandboxAccount):
    """A person."""

    partner: bool = False
    """Whether the app gets refresh tokens."""
    granted: ClassVar = SCOPES
    token_ms: ClassVar = 60 * DAY_MS

    @property
    def urn(self) -> str:
        return f"urn:li:person:{self.user_id}"

    def new_tokens(self) -> dict[str, str | None]:
        refresh = f"AQX{secrets.token_urlsafe(48)}" if self.partner else None
        return {"access_token": f"AQV{secrets.token_urlsafe(96)}", "refresh_token": refresh}


@dataclass(frozen=True, slots=True)
class LinkedInAsset:
    """An image or a video: `id` is its URN. Usable from `ready_ms` on, unless it has an `error`."""

    id: str
    account: str
    kind: str
    size: int = 0
    token: str = ""
    sha256: str | None = None
    ready_ms: int | None = None
    error: str | None = None
    duration_s: float = 0


@dataclass(slots=True)
class LinkedInSwitches:
    """LinkedIn's own switches."""

    ended_months: tuple[str, ...] = switch(("202510", "202511"), "LinkedIn: months of the API that have ended")
    duplicate_of: str = switch(
        "right",
        "LinkedIn: what a refused repeated text names: right, old (of long ago), ghost (made up now), person or none",
    )


@dataclass(slots=True)
class LinkedInMemory:
    """The newest id, so that no two are the same."""

    last_id: int = 0
    etags: dict[tuple[str, int], str] = field(default_factory=dict)


def new_number(state: State, at_ms: int | None = None) -> int:
    """Return a new id: milliseconds since 1970 above 22 bits."""
    memory = state.part(LinkedInMemory)
    number = (state.now_ms() if at_ms is None else at_ms) << 22
    while f"urn:li:share:{number}" in state.posts or number == memory.last_id:
        number += 1
    memory.last_id = number
    return number


POSTS = "POST /rest/posts"
LIMITS = {
    # Per member and day; LinkedIn shows the numbers in its developer portal only. Other tools report 100 to 150 posts.
    POSTS: 100,
    "DELETE /rest/posts/{urn}": 100,
    "POST /rest/images": 1000,
    "POST /rest/videos": 1000,
    "GET /rest/videos/{urn}": 10_000,
    "GET /v2/userinfo": 500,
}


class LinkedInTrouble(NamedTuple):
    """An error that is answered to new posts."""

    status: int
    code: str
    message: str
    service_code: int | None = None


TROUBLES = {
    "access_denied": LinkedInTrouble(403, "ACCESS_DENIED", "Not enough permissions to access: posts.CREATE", 100),
    "invalid": LinkedInTrouble(422, "", 'ERROR :: /author :: "urn:li:person:0" does not match the token'),
    "processing_failed": LinkedInTrouble(400, "MEDIA_ASSET_PROCESSING_FAILED", "The asset could not be processed"),
    "conflict": LinkedInTrouble(409, "CONFLICT", "The request conflicts with another one"),
    "activity": LinkedInTrouble(500, "INTERNAL_SERVER_ERROR", "Unable to obtain activity"),
}
