"""TikTok: facts, settings, and factories."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ttp.domain.config import Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind


class TikTok(Platform):
    name, title, aliases = "tiktok", "TikTok", ("tt",)
    user_id_per_app = True
    takes_text_alone = False
    patience = 60
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

    parts: ClassVar = {
        "rules": "rules:TikTokRules",
        "options": "options:OPTIONS",
        "exports": "exports:EXPORTS",
        "client": "client:TikTokClient",
        "login": "auth:TikTokLogin",
        "checker": "auth:TikTokCheck",
        "metrics_reader": "metrics:TikTokReader",
        "meter": "limits:TikTokMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        return "look_up"

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import PostKind

        return (PostKind("video", ("video",)), PostKind("photos", ("image", "image")))

    def _new_client(self, runtime: Runtime) -> Any:
        return self._connect("client", runtime, partial(runtime.public_url, self))


PLATFORM = TikTok()
