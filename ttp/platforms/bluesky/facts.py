"""Bluesky: facts, settings, and factories."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from ttp.domain.config import Config, Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from datetime import datetime

    from ttp.domain.account import Account
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind
    from ttp.domain.publishing.outcome import NotDone


class Bluesky(Platform):
    name, title, aliases, verb = "bluesky", "Bluesky", ("bsky", "bs"), "skeet"
    handle = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
    server = "discovered"
    max_parts, thread_is_atomic = 24, True
    comments, comment_options = True, ("langs",)
    language_option = "langs"
    media_on_parts = True
    settle_s, patience = 120.0, 6
    token_life, needs_client_secret = timedelta(hours=2), False
    post_id = r"[234567a-j][234567a-z]{12}"
    post_url = r"https?://bsky\.app/profile/(?P<handle>[A-Za-z0-9.:-]+)/post/(?P<id>[234567a-j][234567a-z]{12})"
    id_time, id_digits = (10, 1, 0), "234567abcdefghijklmnopqrstuvwxyz"
    """A key is the microseconds since 1970 above 10 random bits."""
    keys = (
        Key("base_url", "", "the server of every account (empty: each account's own, found by its handle)"),
        Key("plc_url", "https://plc.directory", "the directory of did:plc identities"),
        Key("appview_url", "https://public.api.bsky.app", "where counts of posts and handles are read"),
        Key("video_url", "https://video.bsky.app", "where videos are processed"),
        Key(
            "settle_s",
            settle_s,
            "seconds in which a request whose answer was lost may still arrive",
        ),
    )

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:BlueskyRules",
        "options": "options:OPTIONS",
        "client": "client:BlueskyClient",
        "login": "auth:BlueskyLogin",
        "checker": "auth:BlueskyCheck",
        "metrics_reader": "metrics:BlueskyReader",
        "meter": "limits:BlueskyMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        return "key"

    def base_url(self, config: Config, server: str | None = None) -> str:
        """Return the server that the settings name for every account, else the account's own."""
        return config.text("platforms.bluesky.base_url") or server or ""

    def find_server(self, runtime: Runtime, handle: str) -> str | NotDone | None:
        from ttp.platforms.bluesky.identity import Identities

        if named := self.base_url(runtime.config):
            return named
        return Identities.of(runtime.http(self), runtime.config).find_server(handle)

    def fixed_key(self, at: datetime, *names: str) -> str | None:
        from ttp.platforms.bluesky.record_keys import fixed_key

        return fixed_key(at, *names)

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import USUAL, PostKind

        gates = {"who_replies": "nobody", "quotes_off": "true"}
        return (*USUAL, PostKind("gallery", ("image",) * 5), PostKind("gates", options=gates))


PLATFORM = Bluesky()
