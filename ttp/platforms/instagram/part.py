"""What the parts of Instagram that make requests share."""

from __future__ import annotations

from ttp.domain.config import Config
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.instagram.errors import ERRORS, container_failure
from ttp.platforms.instagram.facts import by_facebook
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.limits import MetaMeter
from ttp.platforms.meta.part import MetaPart

API = GraphApi(
    "Instagram",
    "instagram",
    ERRORS,
    container_failure,
    create="media",
    publish="media_publish",
    quota="content_publishing_limit",
    quota_fields="quota_usage,config",
    state="status_code",
    reason="status",
    text="caption",
    listed={name: {"fields": "id,caption,timestamp,permalink", "limit": "50"} for name in ("media", "stories")},
    uploads=True,
)


class InstagramPart(MetaPart):
    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock, API)
        self._by_facebook = by_facebook(config)


class InstagramMeter(MetaMeter):
    api = API
