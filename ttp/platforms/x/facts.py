"""X: facts, settings, and factories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ttp.domain.config import Key
from ttp.domain.time.clock import Clock
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Credentials
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.pricing import Pricing
    from ttp.domain.rules import Rules
    from ttp.platforms.client import Checker, Client, Deleter
    from ttp.platforms.limits import Meter
    from ttp.platforms.login import BrowserLogin
    from ttp.platforms.metrics_reader import MetricsReader


class X(Platform):
    name, title, aliases = "x", "X", ("twitter",)
    max_parts = 24
    same_text_after = timedelta(hours=24)
    proof, settle_s = "look_up", 900.0
    token_life, needs_client_secret, user_keys = timedelta(hours=2), False, True
    code_life = timedelta(seconds=30)
    post_url = r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|(?P<handle>\w+))/status/(?P<id>[0-9]+)"
    id_time = (22, 1000, 1_288_834_974_657_000)
    """Snowflake ids: milliseconds above 22 bits."""
    keys = (
        Key("base_url", "https://api.x.com", "URL of X's API"),
        Key("authorize_url", "https://x.com/i/oauth2/authorize", "X's login page"),
        Key("client_id", None, "your X app's OAuth 2.0 client id"),
        Key("redirect_uri", "http://127.0.0.1:8722/callback", "the redirect URL of your app"),
        Key("app_owner", None, "the handle of your X app's owner, whose own posts X lists for a fifth of the price"),
        Key(
            "settle_s",
            settle_s,
            "seconds until a post missing from a look-up counts as not published",
            formerly="publish.settle_x_s",
        ),
    )

    def authorization(self, held: Credentials, method: str, url: str, now: datetime) -> str:
        """Return a bearer token, or an OAuth 1.0a signature if the credentials are user keys."""
        if held.token_secret is None:
            return super().authorization(held, method, url, now)
        from ttp.platforms.x.auth import signature

        return signature(held, method, url, now=now)

    def rules(self) -> Rules:
        from ttp.platforms.x.rules import XRules

        return XRules(self.max_parts)

    def options(self) -> tuple[Option, ...]:
        from ttp.platforms.x.options import OPTIONS

        return tuple(OPTIONS.values())

    def pricing(self) -> Pricing:
        from ttp.platforms.x.pricing import XPricing

        return XPricing()

    def exports(self) -> tuple[ExportColumns, ...]:
        from ttp.platforms.x.exports import EXPORTS

        return EXPORTS

    def client(self, runtime: Runtime) -> Client:
        from ttp.platforms.x.client import XClient

        return XClient(runtime.http(self), runtime.config, runtime.clock)

    def login(self, runtime: Runtime, server: str | None = None) -> BrowserLogin:
        from ttp.platforms.addresses import configured
        from ttp.platforms.x.auth import XLogin

        page = configured(runtime.config, "platforms.x.authorize_url", self.base_url(runtime.config))
        return XLogin(runtime.http(self), page, runtime.clock)

    def checker(self, runtime: Runtime) -> Checker:
        from ttp.platforms.x.auth import XCheck

        return XCheck(runtime.http(self), runtime.clock)

    def metrics_reader(self, runtime: Runtime) -> MetricsReader:
        from ttp.platforms.x.metrics import XReader

        return XReader(runtime.http(self), runtime.clock, runtime.config.text("platforms.x.app_owner"))

    def deleter(self, runtime: Runtime) -> Deleter:
        from ttp.platforms.x.client import XDeleter

        return XDeleter(runtime.http(self), runtime.clock)

    def meter(self, clock: Clock) -> Meter:
        from ttp.platforms.x.limits import XMeter

        return XMeter(clock)


PLATFORM = X()
