"""Instagram: facts, settings, the hosts of its two logins, and factories."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ttp.domain.config import Config, Key
from ttp.domain.time.clock import Clock
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.post_kind import PostKind
    from ttp.domain.rules import Rules
    from ttp.platforms.client import Checker, Client, Deleter
    from ttp.platforms.limits import Meter
    from ttp.platforms.login import BrowserLogin
    from ttp.platforms.metrics_reader import MetricsReader

_GRAPH = "https://graph.facebook.com"
_FACEBOOK_PAGE = "https://www.facebook.com/{version}/dialog/oauth"


class Instagram(Platform):
    name, title, aliases, short = "instagram", "Instagram", ("ig",), "ig"
    takes_text_alone = False
    fetches_media = True
    needs_https_redirect = True
    proof, settle_s, patience = "look_up", 300.0, 6
    token_life = timedelta(days=60)
    # An expired token cannot be renewed, so it is renewed at half its life, with a month left for retries.
    renew_at, renew_after, renews_ended = 0.5, timedelta(hours=24), False
    post_url = r"https?://(?:www\.)?instagram\.com/(?:(?P<handle>[\w.]+)/)?(?:p|reels?|tv)/(?P<code>[\w-]+)"
    id_time = (23, 1000, 1_314_220_021_721_000)
    """Time in the code of a link, as Instagram's engineers described their ids: about when the upload began."""
    id_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    keys = (
        Key("base_url", "https://graph.instagram.com", "URL of Instagram's API"),
        Key("upload_url", "https://rupload.facebook.com", "URL for uploading videos with Facebook Login"),
        Key("version", "v25.0", "version of the Graph API"),
        Key("login", "instagram", "Instagram Login or Facebook Login", ("instagram", "facebook")),
        Key("authorize_url", "https://www.instagram.com/oauth/authorize", "its login page"),
        Key("token_url", "https://api.instagram.com", "URL that exchanges the code of a login"),
        Key("client_id", None, "your Instagram app id (login = facebook: your Facebook app id)"),
        Key("redirect_uri", "https://localhost/callback", "the redirect URL of your app"),
        Key(
            "settle_s",
            settle_s,
            "seconds until a post missing from a look-up counts as not published",
            formerly="publish.settle_instagram_s",
        ),
    )

    def base_url(self, config: Config, server: str | None = None) -> str:
        """Return the root of the API. Facebook Login has another host."""
        if by_facebook(config) and not config.is_set("platforms.instagram.base_url"):
            return _GRAPH
        return super().base_url(config, server)

    def rules(self) -> Rules:
        from ttp.platforms.instagram.rules import InstagramRules

        return InstagramRules()

    def options(self) -> tuple[Option, ...]:
        from ttp.platforms.instagram.options import OPTIONS

        return tuple(OPTIONS.values())

    def exports(self) -> tuple[ExportColumns, ...]:
        from ttp.platforms.instagram.exports import EXPORTS

        return EXPORTS

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import PostKind

        return (
            PostKind("image", ("image",)),
            PostKind("carousel", ("image", "image")),
            PostKind("reel", ("video",)),
            PostKind("story", ("image",), options={"kind": "story"}),
            PostKind("video story", ("video",), options={"kind": "story"}),
        )

    def client(self, runtime: Runtime) -> Client:
        from ttp.platforms.instagram.client import InstagramClient

        return InstagramClient(runtime.http(self), runtime.config, runtime.clock, partial(runtime.public_url, self))

    def login(self, runtime: Runtime, server: str | None = None) -> BrowserLogin:
        from ttp.platforms.addresses import configured
        from ttp.platforms.instagram.auth import FacebookLogin, InstagramLogin

        config, clock, api = runtime.config, runtime.clock, self.base_url(runtime.config)
        version, name = config.text("platforms.instagram.version"), "platforms.instagram.authorize_url"
        if by_facebook(config):
            page = configured(config, name, api, _FACEBOOK_PAGE.format(version=version))
            return FacebookLogin(runtime.http(self), page, version, clock)
        code_url = configured(config, "platforms.instagram.token_url", api)
        return InstagramLogin(runtime.http(self), configured(config, name, api), code_url, version, clock)

    def checker(self, runtime: Runtime) -> Checker:
        from ttp.platforms.instagram.auth import InstagramCheck

        return InstagramCheck(runtime.http(self), runtime.config, runtime.clock)

    def metrics_reader(self, runtime: Runtime) -> MetricsReader:
        from ttp.platforms.instagram.metrics import InstagramReader

        return InstagramReader(runtime.http(self), runtime.config, runtime.clock)

    def deleter(self, runtime: Runtime) -> Deleter | str:
        if not by_facebook(runtime.config):
            return "Instagram lets apps delete posts with Facebook Login only"
        from ttp.platforms.instagram.client import InstagramDeleter

        return InstagramDeleter(runtime.http(self), runtime.config.text("platforms.instagram.version"), runtime.clock)

    def meter(self, clock: Clock) -> Meter:
        from ttp.platforms.instagram.limits import InstagramMeter

        return InstagramMeter(clock)


def by_facebook(config: Config) -> bool:
    """Whether Instagram accounts are connected by Facebook Login."""
    return config.text("platforms.instagram.login") == "facebook"


PLATFORM = Instagram()
