"""The registered apps of the sandbox, their known credentials, and which redirect addresses each platform takes."""

from __future__ import annotations

from urllib.parse import urlsplit

from ttp.sandbox.things import App

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
