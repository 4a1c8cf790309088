"""Random values of a login: the state, and PKCE verifiers and challenges (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_state() -> str:
    """Return a state: 192 random bits, unreserved characters only."""
    return secrets.token_urlsafe(24)


def new_verifier() -> str:
    """Return 64 unreserved characters (RFC 7636 asks for 43 to 128)."""
    return secrets.token_urlsafe(48)


def s256(verifier: str) -> str:
    """Return the challenge of RFC 7636: base64url of the SHA-256, without padding."""
    return base64.urlsafe_b64encode(_digest(verifier)).rstrip(b"=").decode()


def s256_hex(verifier: str) -> str:
    """Return TikTok's challenge, which it also calls S256: the SHA-256 in hexadecimal."""
    return _digest(verifier).hex()


def _digest(verifier: str) -> bytes:
    return hashlib.sha256(verifier.encode("ascii")).digest()
