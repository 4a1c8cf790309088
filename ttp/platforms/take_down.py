"""Taking published posts down, where a platform lets an app do that: X, and Instagram by Facebook Login.

A taker makes one request, never sleeps, never retries and never touches the store. Deleting twice is harmless: what is
not there any more is as good as deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ttp.domain import hosts
from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest

if TYPE_CHECKING:
    import httpx

    from ttp.platforms.limits import Memory


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform does not have it any more. `note`: where it was gone before."""

    http_status: int | None = None
    note: str | None = None


class Taker(Protocol):
    """One platform that deletes posts."""

    platform: Platform

    def take_down(self, order: PublishRequest, remote_id: str) -> Gone | NotDone:
        """Delete a published post of the order's account. A refusal that does not pass is for good: a person must act,
        or the platform deletes no such post. Never raises for anything the network or the platform does."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def taker_for(
    platform: Platform,
    config: Config,
    clock: Clock,
    *,
    memory: Memory | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Taker | None:
    """What deletes posts on `platform`; None where no app can. `memory`: of its limits. `transport`: for tests."""
    if why_never(platform, config) is not None:
        return None
    from ttp.platforms.http import Http
    from ttp.platforms.registry import gate_for

    http = Http.to(platform, config, clock, gate=gate_for(platform, clock, memory), transport=transport)
    if platform is Platform.X:
        from ttp.platforms.x.delete import XTaker

        return XTaker(http, clock)
    from ttp.platforms.instagram.delete import InstagramTaker

    return InstagramTaker(http, config.text("platforms.instagram.version"), clock)


def why_never(platform: Platform, config: Config) -> str | None:
    """Why no app can delete posts on `platform`; None where one can (docs/reference/platforms/*.md, section 3)."""
    match platform:
        case Platform.TIKTOK:
            return "TikTok lets no app delete posts"
        case Platform.INSTAGRAM if not hosts.by_facebook(config):
            return "Instagram lets apps delete posts by Facebook Login only"
        case _:
            return None
