"""The random parts of a login: the state that ties the answer to the question, and the proof of RFC 7636."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_state() -> str:
    """192 random bits, unreserved characters only."""
    return secrets.token_urlsafe(24)


def new_verifier() -> str:
    """64 unreserved characters (RFC 7636 asks for 43 to 128)."""
    return secrets.token_urlsafe(48)


def s256(verifier: str) -> str:
    """The challenge of RFC 7636: base64url of the SHA-256, without padding."""
    return base64.urlsafe_b64encode(_digest(verifier)).rstrip(b"=").decode()


def s256_hex(verifier: str) -> str:
    """TikTok's challenge, which it also calls S256: the SHA-256 in hexadecimal."""
    return _digest(verifier).hex()


def _digest(verifier: str) -> bytes:
    return hashlib.sha256(verifier.encode("ascii")).digest()
