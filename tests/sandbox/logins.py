"""Walking through the authorization pages in tests, as a browser would."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.conftest import Web

VERIFIER = "a-verifier.that_is~long-enough-for-every-platform"
LOOPBACK = "http://127.0.0.1:8765/callback"
HTTPS = "https://example.com/callback"
DIGEST = hashlib.sha256(VERIFIER.encode())
S256 = base64.urlsafe_b64encode(DIGEST.digest()).decode().rstrip("=")

X = {
    "response_type": "code",
    "client_id": "sandbox-x-client",
    "redirect_uri": LOOPBACK,
    "scope": "tweet.read tweet.write users.read media.write offline.access",
    "state": "opaque",
    "code_challenge": S256,
    "code_challenge_method": "S256",
}
TIKTOK = {
    "client_key": "sandboxtiktokkey",
    "response_type": "code",
    "scope": "user.info.basic,video.publish",
    "redirect_uri": LOOPBACK,
    "state": "opaque",
    "code_challenge": DIGEST.hexdigest(),
    "code_challenge_method": "S256",
}
INSTAGRAM = {
    "client_id": "170100000000001",
    "redirect_uri": HTTPS,
    "response_type": "code",
    "scope": "instagram_business_basic,instagram_business_content_publish",
    "state": "opaque",
}
FACEBOOK = {
    "client_id": "170200000000002",
    "redirect_uri": HTTPS,
    "scope": "instagram_basic,instagram_content_publish,pages_show_list",
    "state": "opaque",
}
PAGES = {
    "/i/oauth2/authorize": X,
    "/v2/auth/authorize/": TIKTOK,
    "/oauth/authorize": INSTAGRAM,
    "/v25.0/dialog/oauth": FACEBOOK,
}


def opened(web: Web, path: str, **changes: Any) -> Any:
    """The answer to an authorization request; a change to None leaves a parameter out."""
    params = {**PAGES[path], **changes}
    return web.get(path, signed=False, params={k: v for k, v in params.items() if v is not None})


def returned(answer: Any) -> dict[str, str]:
    """The query of a redirect back to the app."""
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def code(web: Web, path: str, handle: str = "demo", **changes: Any) -> str:
    """A code that `handle` has approved."""
    return returned(opened(web, path, sandbox="approve", sandbox_account=handle, **changes))["code"]
