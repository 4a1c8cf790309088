"""Accounts of the sandbox and the tokens they get: lifetimes, rotation, ends. Never speaks HTTP."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

from ttp.sandbox.state import DAY_MS, Account, State

ACCESS_MS = {"x": 7_200_000, "tiktok": 7_200_000, "instagram": 60 * DAY_MS}
"""Life of an access token: two hours on X and TikTok, sixty days on Instagram."""
REFRESH_MS = 180 * DAY_MS
"""Life of a refresh token: 180 days on TikTok; X documents none and gets the same."""
SCOPES = {
    "x": ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
    "tiktok": (
        "user.info.basic",
        "user.info.profile",
        "user.info.stats",
        "video.publish",
        "video.upload",
        "video.list",
    ),
    "instagram": (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_insights",
    ),
}
CLIENT_ID = {"x": "sandbox-x-client", "tiktok": "sandboxtiktokkey"}
DEFAULT_ACCOUNTS = ("instagram/demo", "tiktok/demo", "x/demo")


def new_account(state: State, name: str) -> Account:
    """A new account with working credentials, not yet kept. `name`: `platform/handle`."""
    platform = name.partition("/")[0]
    match platform:
        case "x":
            user_id = state.snowflake()
        case "instagram":
            user_id = f"17841{secrets.randbelow(10**12):012d}"
        case _:
            user_id = f"-000{secrets.token_hex(16)}"
    made = Account(
        name,
        user_id,
        access_token="",
        issued_ms=0,
        expires_ms=0,
        client_id=CLIENT_ID.get(platform),
        client_secret=secrets.token_hex(20) if platform == "tiktok" else None,
        scopes=SCOPES[platform],
    )
    return renewed(state, made)


def renewed(state: State, account: Account, issued_ms: int | None = None) -> Account:
    """The account with new tokens, issued now or at `issued_ms`; the old ones end once it is kept."""
    issued = state.now_ms() if issued_ms is None else issued_ms
    access, refresh = _tokens(account.platform)
    return replace(
        account,
        access_token=access,
        issued_ms=issued,
        expires_ms=issued + ACCESS_MS[account.platform],
        refresh_token=refresh,
        refresh_expires_ms=issued + REFRESH_MS if refresh else 0,
    )


def _tokens(platform: str) -> tuple[str, str | None]:
    match platform:
        case "x":
            return secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        case "tiktok":
            return f"act.{secrets.token_hex(32)}", f"rft.{secrets.token_hex(32)}"
        case _:
            return f"IGAA{secrets.token_urlsafe(90)}", None


def as_credentials(account: Account) -> dict[str, str]:
    """The account's credentials in the shape that `ttp account add --credentials` reads."""
    known = {
        "accessToken": account.access_token,
        "refreshToken": account.refresh_token,
        "expiresAt": iso(account.expires_ms),
        "userId": account.user_id,
        "clientId": account.client_id,
        "clientSecret": account.client_secret,
    }
    return {key: value for key, value in known.items() if value is not None}


def iso(ms: int) -> str:
    """`2026-11-24T13:46:03.120Z` of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
