"""Mastodon: facts, settings, and factories."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from ttp.domain.config import Config, Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind
    from ttp.domain.publishing.outcome import NotDone


class Mastodon(Platform):
    name, title, aliases, short = "mastodon", "Mastodon", ("masto", "fediverse"), "masto"
    verb = "toot"
    handle = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?@[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?"
    handle_example = "me@example.org"
    server = "in_handle"
    comments, comment_options = True, ("language", "visibility", "spoiler_text")
    max_parts = 24
    language_option = "language"
    limit_key = "characters"
    media_on_parts = True
    settle_s, patience = 120.0, 6
    paste_redirect = "urn:ietf:wg:oauth:2.0:oob"
    post_id = r"[0-9A-Za-z_.-]{1,64}"
    post_url = r"https?://[^/\s]+/@(?P<handle>[A-Za-z0-9_.-]+)/(?P<id>[0-9A-Za-z]{10,40})(?:[/?#].*)?$"
    keys = (
        Key("base_url", "", "the server of every account (empty: each account's own)"),
        Key("redirect_uri", "http://127.0.0.1:8722/callback", "where the browser comes back to after a login"),
        Key("client_id", "", "an app of your own (empty: ttp makes one at the account's server)"),
        Key(
            "settle_s",
            settle_s,
            "seconds after which a look-up that finds nothing counts as proof; not set: 300 on Hollo, Pleroma and "
            "Akkoma, 900 on servers without idempotency keys",
        ),
        Key(
            "strict",
            False,
            "never resend a text whose answer was lost to a server without idempotency keys; a person decides",
        ),
    )

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:MastodonRules",
        "options": "options:OPTIONS",
        "client": "client:MastodonClient",
        "login": "auth:MastodonLogin",
        "checker": "auth:MastodonCheck",
        "metrics_reader": "metrics:MastodonReader",
        "meter": "limits:MastodonMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        from ttp.platforms.mastodon.server import software_of

        return "key" if software_of(account).keys else "look_up"

    def settle_for(self, config: Config, account: Account | None = None) -> timedelta:
        """Return the setting, or what the account's software needs."""
        from ttp.platforms.mastodon.server import software_of

        if account is None or config.is_set("platforms.mastodon.settle_s"):
            return super().settle_for(config, account)
        return timedelta(seconds=software_of(account).settle_s)

    def find_server(self, runtime: Runtime, handle: str) -> str | NotDone | None:
        from ttp.platforms.mastodon.server import find_server

        if self.base_url(runtime.config):
            return None
        return find_server(lambda root: runtime.http(self, root), handle)

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import USUAL, PostKind

        return (*USUAL, PostKind("poll", options={"poll": "Tea|Coffee"}))

    def server_software(self, account: Account) -> str:
        from ttp.platforms.mastodon.server import shown_software

        return shown_software(account.server_info)


PLATFORM = Mastodon()
