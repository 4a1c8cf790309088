"""The client of each platform, imported when it is first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Client

if TYPE_CHECKING:
    import httpx

    from ttp.platforms.limits import Gate, Memory


def client_for(
    platform: Platform,
    config: Config,
    clock: Clock,
    *,
    memory: Memory | None = None,
    lent: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """A client of `platform` as the settings say; one serves all accounts and threads.

    `memory`: where its limits are remembered, beyond the client itself. `lent`: the folder in which it remembers what
    it has put into a bucket. `transport`: for tests.
    """
    from ttp.platforms.http import Http

    http = Http.to(platform, config, clock, gate=gate_for(platform, clock, memory), transport=transport)
    match platform:
        case Platform.X:
            from ttp.platforms.x.client import XClient

            return XClient(http, config, clock)
        case Platform.INSTAGRAM:
            from ttp.platforms.instagram.client import InstagramClient
            from ttp.platforms.media_host.host import MediaHost

            return InstagramClient(http, config, clock, MediaHost(platform, config, lent))
        case Platform.TIKTOK:
            from ttp.platforms.media_host.host import MediaHost
            from ttp.platforms.tiktok.client import TikTokClient

            return TikTokClient(http, config, clock, MediaHost(platform, config, lent))


def gate_for(platform: Platform, clock: Clock, memory: Memory | None = None) -> Gate:
    """What every call to `platform` passes, so that its limits are kept to; they are remembered in `memory`."""
    from ttp.platforms.limits import Gate

    match platform:
        case Platform.X:
            from ttp.platforms.x.limits import XMeter

            return Gate(clock, XMeter(clock), memory)
        case Platform.INSTAGRAM:
            from ttp.platforms.instagram.limits import InstagramMeter

            return Gate(clock, InstagramMeter(clock), memory)
        case Platform.TIKTOK:
            from ttp.platforms.tiktok.limits import Pace

            return Gate(clock, Pace(clock), memory)
