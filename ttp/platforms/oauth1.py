"""Signing requests to X with user keys of OAuth 1.0a (RFC 5849). Such keys never end and are never renewed."""

from __future__ import annotations

import logging
from datetime import datetime

from ttp.domain.account import Credentials

# At DEBUG oauthlib logs what it signs with.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


def signature(credentials: Credentials, method: str, url: str, *, now: datetime, nonce: str | None = None) -> str:
    """The Authorization header of a request to `url` (whole, with its query), HMAC-SHA1.

    JSON and multipart bodies are no part of a signature (RFC 5849, section 3.4.1.3.1), and X takes no form here.
    """
    from oauthlib.oauth1 import Client

    signer = Client(
        credentials.client_id or "",
        client_secret=credentials.client_secret,
        resource_owner_key=credentials.access_token,
        resource_owner_secret=credentials.token_secret,
        timestamp=str(int(now.timestamp())),
        nonce=nonce,
    )
    _, headers, _ = signer.sign(url, method)
    return str(headers["Authorization"])
