"""Bluesky: its accounts, files and records, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

from ttp.sandbox.records import SandboxAccount
from ttp.sandbox.state import State, switch

APP_PASSWORD = "sand-boxx-sand-boxx"  # noqa: S105 (of accounts that exist in the sandbox alone)
OWN_PASSWORD = "own-password"  # noqa: S105
APP_SCOPE, OWN_SCOPE, REFRESH_SCOPE = "com.atproto.appPass", "com.atproto.access", "com.atproto.refresh"
POSTS, THREADGATES, POSTGATES = "app.bsky.feed.post", "app.bsky.feed.threadgate", "app.bsky.feed.postgate"
DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class BlueskyAccount(SandboxAccount):
    """A user of Bluesky. `user_id` is the identity (DID)."""

    previous_refresh: str = ""
    """The refresh token before the current one, which has the same successor until `grace_ends_ms`."""
    grace_ends_ms: int = 0
    moved: bool = False
    """Its records are on another server now."""
    unconfirmed: bool = False
    """Its e-mail address is not confirmed."""

    def new_tokens(self) -> dict[str, str | None]:
        return {"access_token": token(APP_SCOPE), "refresh_token": token(REFRESH_SCOPE)}


def token(scope: str, ends_ms: int | None = None, **claims: Any) -> str:
    """Return a token of the usual form. Its signature is not checked: the sandbox knows its tokens by heart."""
    said = {"scope": scope, "jti": secrets.token_hex(16), **claims}
    if ends_ms is not None:
        said["exp"] = ends_ms // 1000
    parts = [json.dumps(part).encode() for part in ({"typ": "at+jwt", "alg": "HS256"}, said)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), secrets.token_hex(16)])


@dataclass(frozen=True, slots=True)
class Blob:
    """An uploaded file. `id`: identity and content id."""

    id: str
    sha256: str
    mime: str
    size: int
    duration_s: float = 0

    @property
    def cid(self) -> str:
        return self.id.partition("/")[2]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record of a repository. `id`: identity, collection and key; `value` is its JSON."""

    id: str
    cid: str
    value: str
    at_ms: int

    @property
    def key(self) -> str:
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class VideoJob:
    """A video that is processed until `done_ms`."""

    id: str
    blob: str
    done_ms: int


@dataclass(slots=True)
class BlueskySwitches:
    """Bluesky's own switches."""

    refresh_grace_s: float = switch(7200.0, "Bluesky: how long a spent refresh token gives its successor again")
    blob_limit: int = switch(52_428_800, "Bluesky: most bytes of an uploaded file")
    video_service: bool = switch(True, "Bluesky: videos are processed by the video service")
    name_existing_keys: bool = switch(False, "Bluesky: an existing key is refused by name (400), not as a 500")


@dataclass(slots=True)
class BlueskyMemory:
    """What Bluesky counts, in memory only."""

    commits: int = 0


CALLS, HOUR, DAY, SESSIONS = "bluesky calls", "bluesky points an hour", "bluesky points a day", "bluesky sessions"
LIMITS = {CALLS: 3000, HOUR: 5000, DAY: 35_000, SESSIONS: 30}
CREATE_POINTS, DELETE_POINTS = 3, 1


class BlueskyTrouble(NamedTuple):
    """A refusal of every call of an account, or of its writes alone."""

    status: int
    error: str
    message: str
    writes_only: bool = False


TROUBLES = {
    "takedown": BlueskyTrouble(401, "AccountTakedown", "Account has been taken down"),
    "deactivated": BlueskyTrouble(401, "AccountDeactivated", "Account is deactivated"),
    "revoked": BlueskyTrouble(400, "InvalidToken", "Token has been revoked"),
    "unavailable": BlueskyTrouble(503, "ServiceUnavailable", "Service Unavailable"),
    "rejected": BlueskyTrouble(400, "InvalidRequest", "Input/text must not be this", writes_only=True),
    "limited": BlueskyTrouble(429, "RateLimitExceeded", "Rate Limit Exceeded", writes_only=True),
    "blob_lost": BlueskyTrouble(400, "BlobNotFound", "Could not find blob", writes_only=True),
}


def new_did() -> str:
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "did:plc:" + "".join(secrets.choice(letters) for _ in range(24))


def new_key(at_ms: int) -> str:
    number = (at_ms * 1000 + secrets.randbelow(1000)) << 10 | secrets.randbelow(1024)
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def account_of(state: State, name: str) -> BlueskyAccount | None:
    """Return the account of an identity or a handle."""
    wanted = name.lower()
    return next((a for a in state.accounts_of(BlueskyAccount) if wanted in (a.user_id, a.handle.lower())), None)
