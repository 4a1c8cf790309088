"""The login of each platform, as the settings say. Imports a platform's module when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain import hosts
from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.time.clock import Clock
from ttp.platforms.oauth.grant import Login

if TYPE_CHECKING:
    import httpx


def login_for(
    platform: Platform, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None
) -> Login:
    """How accounts of `platform` are connected and renewed. `transport`: for tests."""
    from ttp.platforms.http import Http

    http = Http.to(platform, config, clock, transport=transport)
    page, version = hosts.authorize_url(platform, config), config.text("platforms.instagram.version")
    match platform:
        case Platform.X:
            from ttp.platforms.x.auth import XLogin

            return XLogin(http, page, clock)
        case Platform.TIKTOK:
            from ttp.platforms.tiktok.auth import TikTokLogin

            return TikTokLogin(http, page, clock)
        case Platform.INSTAGRAM if hosts.by_facebook(config):
            from ttp.platforms.instagram.auth import FacebookLogin

            return FacebookLogin(http, page, version, clock)
        case Platform.INSTAGRAM:
            from ttp.platforms.instagram.auth import InstagramLogin

            return InstagramLogin(http, page, hosts.code_url(config), version, clock)
