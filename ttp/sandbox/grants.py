"""Authorization codes: what a person allowed, until an app has exchanged the code for tokens. Used once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """One code and everything that its exchange is held to."""

    code: str
    app: str
    account: str
    redirect_uri: str
    scopes: tuple[str, ...]
    ends_ms: int
    challenge: str | None = None
    method: str = ""
