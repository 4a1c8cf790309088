"""Asking a platform about an account: does its token work, whose is it, what may it do, what is left of its quotas.

Nothing is changed by asking. What a platform says beside the token itself is put into remarks, in words, by the
platform's own `check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ttp.domain.account import Account, Credentials, Platform
from ttp.domain.config import Config
from ttp.domain.diagnostics import Remark, failure, warning
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock

if TYPE_CHECKING:
    import httpx

    from ttp.platforms.limits import Memory
    from ttp.platforms.tiktok.check import TikTokCheck

PATIENCE_S = 20.0
"""Most seconds that one question waits for its answer: several accounts are asked, one after the other."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A token that works. None or empty is what the platform did not tell. `scopes`: what it says was granted."""

    user_id: str | None
    handle: str | None
    remarks: tuple[Remark, ...] = ()
    scopes: tuple[str, ...] = ()


class Checker(Protocol):
    """One platform. Raises nothing for what the network or the platform does."""

    platform: Platform

    def ask(self, account: Account, credentials: Credentials) -> Seen | NotDone:
        """What the platform says of the account, or why it says nothing: of kind `auth` where it refuses the token."""
        ...

    def platform_at(self, account: Account) -> datetime | None:
        """The platform's clock now, as its last answer for the account told it. None where none did."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def of_failure(refused: NotDone, what: str) -> Remark:
    """The remark on a question that was refused though the token works. `what` could not be asked."""
    said = f"{what}: {refused.message}"
    if refused.kind is Kind.AUTH:
        return failure(said, refused.hint, reconnect=True)
    return warning(said, refused.hint) if refused.passing else failure(said, refused.hint)


def checker_for(
    platform: Platform,
    config: Config,
    clock: Clock,
    *,
    memory: Memory | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Checker:
    """Who asks `platform` as the settings say, for all accounts. `memory`, `transport`: as for `client_for`."""
    if platform is Platform.TIKTOK:
        return tiktok_checker(config, clock, memory=memory, transport=transport)
    from ttp.platforms.http import Http
    from ttp.platforms.registry import gate_for

    http = Http.to(platform, config, clock, gate=gate_for(platform, clock, memory), transport=transport)
    if platform is Platform.X:
        from ttp.platforms.x.check import XCheck

        return XCheck(http, clock)
    from ttp.platforms.instagram.check import InstagramCheck

    return InstagramCheck(http, config, clock)


def tiktok_checker(
    config: Config, clock: Clock, *, memory: Memory | None = None, transport: httpx.BaseTransport | None = None
) -> TikTokCheck:
    """As `checker_for`, of TikTok alone: it also tells what an account may choose from."""
    from ttp.platforms.http import Http
    from ttp.platforms.registry import gate_for
    from ttp.platforms.tiktok.check import TikTokCheck

    gate = gate_for(Platform.TIKTOK, clock, memory)
    return TikTokCheck(Http.to(Platform.TIKTOK, config, clock, gate=gate, transport=transport), clock)
