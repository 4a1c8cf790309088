"""Tokens of the HTTP API and people at its pages: what each may do, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ttp.domain.permissions import Caller, Capability

PREFIX = "ttp_"
DIGITS = 48
"""Hex digits after the prefix."""


class TokenCapability(StrEnum):
    """`read`, `draft` and `publish` each allow what those before them do. `approve` allows to read and to approve."""

    READ = "read"
    DRAFT = "draft"
    PUBLISH = "publish"
    APPROVE = "approve"

    def allows(self, needed: str) -> bool:
        return needed in _ALLOWED[self]


_ALLOWED = {
    TokenCapability.READ: {TokenCapability.READ},
    TokenCapability.DRAFT: {TokenCapability.READ, TokenCapability.DRAFT},
    TokenCapability.PUBLISH: {TokenCapability.READ, TokenCapability.DRAFT, TokenCapability.PUBLISH},
    TokenCapability.APPROVE: {TokenCapability.READ, TokenCapability.APPROVE},
}


POST_CAPABILITIES: Mapping[TokenCapability, Capability] = {
    TokenCapability.READ: Capability.READ,
    TokenCapability.DRAFT: Capability.DRAFT,
    TokenCapability.PUBLISH: Capability.PUBLISH,
    # It approves and rejects only, which changes posts that have a time.
    TokenCapability.APPROVE: Capability.PUBLISH,
}
"""How the owner of a token may change posts."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token without its secret. `name`: the person or program that has it; `accounts`: the ids of the only accounts
    it may use, None for all; `timezone`: in which its times without an offset are read, None for the setting's."""

    id: int
    name: str
    capability: TokenCapability
    created_at: datetime
    accounts: frozenset[int] | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    timezone: str | None = None

    def works(self, now: datetime) -> bool:
        """Return whether the token is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        return _caller(self, self.capability, "the token's capability", self.capability.allows(TokenCapability.DRAFT))


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can log in. The capabilities are granted one by one: `publish` and `approve` may come together.
    `timezone`: the one that they have set."""

    name: str
    capabilities: tuple[TokenCapability, ...]
    accounts: frozenset[int] | None = None
    timezone: str | None = None

    def may(self, needed: str) -> bool:
        return any(one.allows(needed) for one in self.capabilities)

    def caller_for(self, needed: str) -> Caller | None:
        """Return the person with the smallest capability that allows this; None if none does."""
        capability = next((one for one in TokenCapability if one in self.capabilities and one.allows(needed)), None)
        if capability is None:
            return None
        return _caller(self, capability, "your capability here", self.may(TokenCapability.DRAFT))


def _caller(who: ApiToken | Person, capability: TokenCapability, source: str, sees_private: bool) -> Caller:
    return Caller(who.name, POST_CAPABILITIES[capability], source, who.accounts, who.name, who.timezone, sees_private)


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in, in one browser, or may log in by a link, once."""

    id: int
    person: Person
    expires_at: datetime
