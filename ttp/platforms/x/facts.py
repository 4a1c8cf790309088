"""X: facts, settings, and factories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from ttp.domain.config import Key
from ttp.platforms.platform import Platform

if TYPE_CHECKING:
    from ttp.domain.account import Account, Credentials
    from ttp.domain.platform import Proof


class X(Platform):
    name, title, aliases, verb = "x", "X", ("twitter",), "tweet"
    comments, comment_options = True, ("links", "made_with_ai", "paid_partnership")
    max_parts = 24
    media_on_parts = True
    same_text_after = timedelta(hours=24)
    settle_s = 900.0
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
        Key("budget_usd", 0.0, "US dollars that the posts of a month (UTC) may cost (not set: no limit)"),
        Key(
            "settle_s",
            settle_s,
            "seconds until a post missing from a look-up counts as not published",
            formerly="publish.settle_x_s",
        ),
    )

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:XRules",
        "options": "options:OPTIONS",
        "pricing": "pricing:XPricing",
        "exports": "exports:EXPORTS",
        "archive": "archive:XArchive",
        "client": "client:XClient",
        "login": "auth:XLogin",
        "checker": "auth:XCheck",
        "metrics_reader": "metrics:XReader",
        "meter": "limits:XMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        return "look_up"

    def authorization(self, credentials: Credentials, method: str, url: str, now: datetime) -> str:
        """Return a bearer token, or an OAuth 1.0a signature if the credentials are user keys."""
        if credentials.token_secret is None:
            return super().authorization(credentials, method, url, now)
        from ttp.platforms.x.auth import signature

        return signature(credentials, method, url, now=now)


PLATFORM = X()
