"""TikTok: facts, settings, and factories."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ttp.domain.config import Key
from ttp.domain.time.clock import Clock
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.post_kind import PostKind
    from ttp.domain.rules import Rules
    from ttp.platforms.client import Checker, Client
    from ttp.platforms.limits import Meter
    from ttp.platforms.login import BrowserLogin
    from ttp.platforms.metrics_reader import MetricsReader


class TikTok(Platform):
    name, title, aliases = "tiktok", "TikTok", ("tt",)
    user_id_per_app = True
    takes_text_alone = False
    proof, patience = "look_up", 60
    processing_for = timedelta(hours=24)
    """Moderation may take a few hours."""
    done_is_accepted = True
    token_life = timedelta(hours=2)
    client_id_label = "Client key"
    post_id = r"[A-Za-z0-9_.~-]{1,64}"
    post_url = r"https?://(?:www\.|m\.)?tiktok\.com/@(?P<handle>[\w.]+)/(?P<kind>video|photo)/(?P<id>[0-9]+)"
    id_time = (32, 1_000_000, 0)
    keys = (
        Key("base_url", "https://open.tiktokapis.com", "URL of TikTok's API"),
        Key("authorize_url", "https://www.tiktok.com/v2/auth/authorize/", "its login page"),
        Key("client_id", None, "your TikTok app's client key"),
        Key("redirect_uri", "http://127.0.0.1:8722/callback", "the redirect URL of your app"),
    )

    def rules(self) -> Rules:
        from ttp.platforms.tiktok.rules import TikTokRules

        return TikTokRules()

    def options(self) -> tuple[Option, ...]:
        from ttp.platforms.tiktok.options import OPTIONS

        return tuple(OPTIONS.values())

    def exports(self) -> tuple[ExportColumns, ...]:
        from ttp.platforms.tiktok.exports import EXPORTS

        return EXPORTS

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import PostKind

        return (PostKind("video", ("video",)), PostKind("photos", ("image", "image")))

    def client(self, runtime: Runtime) -> Client:
        from ttp.platforms.tiktok.client import TikTokClient

        return TikTokClient(runtime.http(self), runtime.clock, partial(runtime.public_url, self))

    def login(self, runtime: Runtime, server: str | None = None) -> BrowserLogin:
        from ttp.platforms.addresses import configured
        from ttp.platforms.tiktok.auth import TikTokLogin

        page = configured(runtime.config, "platforms.tiktok.authorize_url", self.base_url(runtime.config))
        return TikTokLogin(runtime.http(self), page, runtime.clock)

    def checker(self, runtime: Runtime) -> Checker:
        from ttp.platforms.tiktok.auth import TikTokCheck

        return TikTokCheck(runtime.http(self), runtime.clock)

    def metrics_reader(self, runtime: Runtime) -> MetricsReader:
        from ttp.platforms.tiktok.metrics import TikTokReader

        return TikTokReader(runtime.http(self), runtime.clock)

    def meter(self, clock: Clock) -> Meter:
        from ttp.platforms.tiktok.limits import TikTokMeter

        return TikTokMeter(clock)


PLATFORM = TikTok()
