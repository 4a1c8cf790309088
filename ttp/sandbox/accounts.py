"""The registered apps of the sandbox, their known credentials, and which redirect addresses each platform takes."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ttp.sandbox.records import Account, App
from ttp.sandbox.state import DAY_MS, State

X_PUBLIC = App("sandbox-x-client", "x")


X_CONFIDENTIAL = App("sandbox-x-confidential", "x", "sandbox-x-secret")


INSTAGRAM = App("170100000000001", "instagram", "sandbox-instagram-secret")


FACEBOOK = App("170200000000002", "instagram", "sandbox-facebook-secret", login="facebook")


TIKTOK = App("sandboxtiktokkey", "tiktok", "sandbox-tiktok-secret")


APPS = (X_PUBLIC, X_CONFIDENTIAL, INSTAGRAM, FACEBOOK, TIKTOK)


X_API_KEY = ("sandbox-x-api-key", "sandbox-x-api-secret")
"""OAuth 1.0a: what the app signs with, beside the account's own pair."""


def may_redirect(app: App, address: str) -> bool:
    """Whether an app's login may come back to `address`.

    Registered addresses are compared exactly. Without one, any that could be registered: X takes 127.0.0.1 over http
    and any https, never `localhost`; TikTok's desktop apps take both names with a port, its web apps any https;
    Instagram takes https only, this machine's names among them: the browser's address is then pasted.
    """
    if app.redirects:
        return address in app.redirects
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if "#" in address or not parts.hostname or parts.username is not None:
        return False
    match app.platform, parts.scheme:
        case "x", "https":
            return parts.hostname != "localhost"
        case "x", "http":
            return parts.hostname == "127.0.0.1"
        case _, "https":
            return True
        case "tiktok", "http":
            return is_loopback(address) and port is not None
        case _:
            return False


def is_loopback(address: str) -> bool:
    """Whether a redirect address is one of a desktop app."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")


HOUR_MS = 3_600_000


ACCESS_MS = {"x": 2 * HOUR_MS, "tiktok": 2 * HOUR_MS, "instagram": 60 * DAY_MS}
"""Life of an access token: two hours on X and TikTok, sixty days on Instagram."""


SHORT_MS = HOUR_MS
"""Life of Instagram's first token, before it is exchanged for one of sixty days."""


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
    "facebook": (
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_insights",
        "instagram_manage_contents",
        "pages_show_list",
        "pages_read_engagement",
    ),
}
"""What an account has granted when nobody says otherwise; `facebook` is Instagram on Facebook Login."""


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
    app = {"x": X_PUBLIC, "tiktok": TIKTOK}.get(platform)
    made = Account(
        name,
        user_id,
        access_token="",
        issued_ms=0,
        expires_ms=0,
        client_id=app.id if app else None,
        client_secret=app.secret if app else None,
        scopes=SCOPES[platform],
    )
    return renewed(state, made)


def logged_in(account: Account, login: str, scopes: tuple[str, ...] | None = None) -> Account:
    """The account on another of Instagram's two logins, with that login's own permissions; without new tokens yet."""
    if account.platform != "instagram" or account.login == login:
        return account if scopes is None else replace(account, scopes=scopes)
    app = FACEBOOK if login == "facebook" else None
    return replace(
        account,
        login=login,
        scopes=SCOPES[login] if scopes is None else scopes,
        client_id=app.id if app else None,
        client_secret=app.secret if app else None,
    )


def renewed(state: State, account: Account, issued_ms: int | None = None, short: bool = False) -> Account:
    """The account with new tokens, issued now or at `issued_ms`; the old ones end once it is kept.

    `short`: Instagram's first token, of an hour.
    """
    issued = state.now_ms() if issued_ms is None else issued_ms
    life = SHORT_MS if short else ACCESS_MS[account.platform]
    if state.access_s is not None:
        life = int(state.access_s * 1000)
    access, refresh = _tokens(account)
    return replace(
        account,
        access_token=access,
        issued_ms=issued,
        expires_ms=issued + life,
        refresh_token=refresh,
        refresh_expires_ms=issued + REFRESH_MS if refresh else 0,
        page_token=_facebook_token() if account.login == "facebook" else None,
        short=short,
        dead=0,
    )


def with_keys(account: Account) -> Account:
    """The account with OAuth 1.0a keys, which never end."""
    number = account.user_id
    return replace(account, signing=(*X_API_KEY, f"{number}-{secrets.token_urlsafe(30)}", secrets.token_urlsafe(33)))


def without_tokens(account: Account, dead: int = 0) -> Account:
    """The account after a revocation: nothing it has works any more."""
    if dead:
        return replace(account, dead=dead)
    return replace(account, access_token="", refresh_token=None, refresh_expires_ms=0, page_token=None)


def _tokens(account: Account) -> tuple[str, str | None]:
    match account.platform:
        case "x":
            refresh = secrets.token_urlsafe(48) if "offline.access" in account.scopes else None
            return secrets.token_urlsafe(48), refresh
        case "tiktok":
            return f"act.{secrets.token_hex(32)}", f"rft.{secrets.token_hex(32)}"
        case _ if account.login == "facebook":
            return _facebook_token(), None
        case _:
            return f"IGAA{secrets.token_urlsafe(90)}", None


def _facebook_token() -> str:
    return f"EAA{secrets.token_hex(60)}"


def as_credentials(account: Account, signed: bool = False) -> dict[str, str]:
    """The account's credentials in the shape that `ttp account add --credentials` reads.

    `signed`: its OAuth 1.0a keys, of an account that has some.
    """
    if signed and account.signing:
        key, secret, token, token_secret = account.signing
        keys = {"apiKey": key, "apiSecret": secret, "accessToken": token, "accessTokenSecret": token_secret}
        return {**keys, "userId": account.user_id}
    known = {
        "accessToken": account.access_token,
        "refreshToken": account.refresh_token,
        "expiresAt": iso(account.expires_ms),
        "userId": account.user_id,
        "clientId": account.client_id if account.platform != "instagram" else None,
        "clientSecret": account.client_secret if account.platform != "instagram" else None,
    }
    return {key: value for key, value in known.items() if value is not None}


def iso(ms: int) -> str:
    """`2026-11-24T13:46:03.120Z` of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
