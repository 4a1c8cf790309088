"""Instagram: facts, settings, the hosts of its two logins, and factories."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ttp.domain.config import Config, Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind
    from ttp.platforms.client import Deleter
    from ttp.platforms.login import BrowserLogin

_GRAPH = "https://graph.facebook.com"


class Instagram(Platform):
    name, title, aliases, short = "instagram", "Instagram", ("ig",), "ig"
    takes_text_alone = False
    comments, comment_options = True, ("kind",)
    folds_at = 125
    fetches_media = True
    needs_https_redirect = True
    settle_s, patience = 300.0, 6
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
        Key("version", "v25.0", "version of the Graph API", form=r"v[0-9]{1,3}\.[0-9]"),
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

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:InstagramRules",
        "options": "options:OPTIONS",
        "exports": "exports:EXPORTS",
        "client": "client:InstagramClient",
        "login": "auth:InstagramLogin",
        "facebook_login": "auth:FacebookLogin",
        "checker": "auth:InstagramCheck",
        "metrics_reader": "metrics:InstagramReader",
        "meter": "part:InstagramMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        return "look_up"

    def comment_proof_for(self, account: Account) -> Proof:
        return "none"  # it takes a second one, and how soon its list has the first is not documented

    def base_url(self, config: Config, server: str | None = None) -> str:
        """Return the root of the API. Facebook Login has another host."""
        if by_facebook(config) and not config.is_set("platforms.instagram.base_url"):
            return _GRAPH
        return super().base_url(config, server)

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import PostKind

        return (
            PostKind("image", ("image",)),
            PostKind("carousel", ("image", "image")),
            PostKind("reel", ("video",)),
            PostKind("story", ("image",), options={"kind": "story"}),
            PostKind("video story", ("video",), options={"kind": "story"}),
        )

    def _new_client(self, runtime: Runtime) -> Any:
        return self._connect("client", runtime, partial(runtime.public_url, self))

    def login(self, runtime: Runtime, server: str | None = None) -> BrowserLogin:
        which = "facebook_login" if by_facebook(runtime.config) else "login"
        login: BrowserLogin = self._connect(which, runtime)
        return login

    def deleter(self, runtime: Runtime) -> Deleter | str:
        if not by_facebook(runtime.config):
            return "Instagram lets apps delete posts with Facebook Login only"
        return super().deleter(runtime)


def by_facebook(config: Config) -> bool:
    """Whether Instagram accounts are connected by Facebook Login."""
    return config.text("platforms.instagram.login") == "facebook"


PLATFORM = Instagram()
