"""X: its accounts, uploads, apps, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from ttp.sandbox.records import SandboxAccount, SandboxApp
from ttp.sandbox.state import State, switch

PUBLIC = SandboxApp("sandbox-x-client", "x")
CONFIDENTIAL = SandboxApp("sandbox-x-confidential", "x", "sandbox-x-secret")
API_KEY = ("sandbox-x-api-key", "sandbox-x-api-secret")
"""OAuth 1.0a: what the app signs with, together with the account's own pair."""
APP_ONLY = "sandbox-x-app-only"
"""The app's own bearer token, which belongs to no user."""
EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, slots=True)
class XAccount(SandboxAccount):
    """A user of X."""

    signing: tuple[str, str, str, str] | tuple[()] = ()
    """OAuth 1.0a API key, API secret, access token, access token secret."""
    premium: bool = False
    granted: ClassVar = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")

    def new_tokens(self) -> dict[str, str | None]:
        refresh = secrets.token_urlsafe(48) if "offline.access" in self.scopes else None
        return {"access_token": secrets.token_urlsafe(48), "refresh_token": refresh}


@dataclass(frozen=True, slots=True)
class XMedia:
    """One upload session. Usable in a post from `processed_ms` on, unless it has an `error`."""

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


@dataclass(slots=True)
class XSwitches:
    """X's own switches."""

    x_video_s: int = switch(1200, "X: longest video of an account without Premium, in seconds")
    ignore_unknown_fields: bool = switch(
        False, "X: leave out fields and expansions that are not in its specification, instead of answering 400"
    )
    clock_slack_s: float = switch(300.0, "X: how far the time in an OAuth 1.0a signature may be off, in seconds")


@dataclass(slots=True)
class XMemory:
    """What X remembers of requests, in memory only."""

    nonces: dict[str, float] = field(default_factory=dict)
    """OAuth 1.0a nonces that were used, with their time."""
    last_id: int = 0


def new_id(state: State, at_ms: int | None = None) -> str:
    """Return a new id: milliseconds since X's epoch in the upper bits, always greater than the one before. With
    `at_ms`: an id of that past instant."""
    if at_ms is not None:
        return str(((at_ms - EPOCH_MS) << 22) + secrets.randbelow(1 << 22))
    memory = state.part(XMemory)
    if not memory.last_id:  # ids of a state folder
        known = [*state.table(XMedia), *(post.id for post in state.posts.values() if post.platform == "x")]
        memory.last_id = max(map(int, known), default=0)
    memory.last_id = max(memory.last_id + 1, (state.now_ms() - EPOCH_MS) << 22)
    return str(memory.last_id)


POSTS_A_DAY = "x posts a day"
LIMITS = {
    # Per account and 15 minutes.
    "GET /2/users/me": 75,
    "GET /2/users/{id}/tweets": 900,
    "GET /2/tweets": 5000,
    "GET /2/tweets/{id}": 900,
    "POST /2/tweets": 100,
    "DELETE /2/tweets/{id}": 50,
    "GET /2/media/upload": 1000,
    "POST /2/media/upload": 500,
    "POST /2/media/upload/initialize": 1875,
    "POST /2/media/upload/{id}/append": 1875,
    "POST /2/media/upload/{id}/finalize": 1875,
    "POST /2/media/metadata": 500,
    # Posts of one app in 24 hours.
    POSTS_A_DAY: 10_000,
}


class XTrouble(NamedTuple):
    """A problem of X. `all_calls`: other calls than new posts are refused too."""

    status: int
    title: str
    detail: str
    kind: str = "about:blank"
    all_calls: bool = False
    more: Mapping[str, Any] = MappingProxyType({})


_ENROLLED = "Your enrolled account [42] does not have any credits to fulfill this request."
TROUBLES = {
    "credits": XTrouble(402, "Payment Required", "credits depleted", "credits-depleted", True),
    "credits_old": XTrouble(402, "CreditsDepleted", _ENROLLED, "credits", True, {"account_id": 42}),
    "usage_cap": XTrouble(
        429,
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        "usage-capped",
        True,
        {"period": "Monthly", "scope": "Product"},
    ),
    "suspended": XTrouble(403, "Forbidden", "User has been suspended.", "user-suspended", True),
    "client_forbidden": XTrouble(
        403,
        "Client Forbidden",
        "This request must be made using an approved developer account.",
        "client-forbidden",
        True,
        {"reason": "client-not-enrolled", "required_enrollment": "Appropriate Level of API Access"},
    ),
    "not_permitted": XTrouble(403, "Forbidden", "You are not permitted to perform this action."),
    "invalid_url": XTrouble(403, "Forbidden", "The Tweet contains an invalid URL."),
    "unavailable": XTrouble(503, "Service Unavailable", "Service Unavailable", all_calls=True),
}
