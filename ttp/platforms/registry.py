"""The client of each platform, imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.account import Platform
from ttp.domain.clock import Clock
from ttp.domain.config import Config
from ttp.platforms.client import Client

if TYPE_CHECKING:
    import httpx


def client_for(
    platform: Platform, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None
) -> Client:
    """A client of `platform` as the settings say; one serves all accounts and threads. `transport`: for tests."""
    from ttp.platforms.http import Http

    http = Http.to(platform, config, clock, transport=transport)
    match platform:
        case Platform.X:
            from ttp.platforms.x import XClient

            return XClient(http, config, clock)
        case Platform.INSTAGRAM:
            from ttp.platforms.instagram import InstagramClient

            return InstagramClient(http, config, clock)
        case Platform.TIKTOK:
            from ttp.platforms.tiktok import TikTokClient

            return TikTokClient(http, config, clock)
