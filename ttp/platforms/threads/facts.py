"""Threads: facts, settings, and factories."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ttp.domain.config import Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.platform import Proof


class Threads(Platform):
    name, title = "threads", "Threads"
    comments = True
    max_parts = 24
    media_on_parts = True
    fetches_media = True
    needs_https_redirect = True
    client_id_label = "Threads app id"
    settle_s, patience = 300.0, 6
    slow_answer_s = 240.0
    """Its publishing call was seen to answer after 222 seconds."""
    token_life = timedelta(days=60)
    # An expired token cannot be renewed, so it is renewed at half its life, with a month left for retries.
    renew_at, renew_after, renews_ended = 0.5, timedelta(hours=24), False
    post_url = r"https?://(?:www\.)?threads\.(?:net|com)/@(?P<handle>[\w.]+)/post/(?P<code>[\w-]+)"
    keys = (
        Key("base_url", "https://graph.threads.net", "URL of the API of Threads"),
        Key("authorize_url", "https://threads.net/oauth/authorize", "its login page"),
        Key("client_id", None, "your Threads app id"),
        Key("redirect_uri", "https://localhost/callback", "the redirect URL of your app"),
        Key("ready_s", 30.0, "seconds from the creation of a post to its publication; earlier, Threads may refuse it"),
        Key("answer_s", slow_answer_s, "seconds to wait for the answer of its publishing call, which may be slow"),
        Key("settle_s", settle_s, "seconds until a post missing from a look-up counts as not published"),
    )

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:ThreadsRules",
        "options": "options:OPTIONS",
        "client": "client:ThreadsClient",
        "login": "auth:ThreadsLogin",
        "checker": "auth:ThreadsCheck",
        "metrics_reader": "metrics:ThreadsReader",
        "meter": "part:ThreadsMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        return "look_up"

    def _new_client(self, runtime: Runtime) -> Any:
        return self._connect("client", runtime, partial(runtime.public_url, self))


PLATFORM = Threads()
