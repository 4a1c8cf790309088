"""Metrics of Threads posts: all of them are insights."""

from __future__ import annotations

from collections.abc import Iterator

from ttp.domain.config import Config
from ttp.domain.metrics.sample import sum_known
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.meta.metrics import MetaReader
from ttp.platforms.metrics_reader import AccountSession, MetricsPage, new_sample, parse_count, short_text
from ttp.platforms.reply import parse_instant, parse_numeric_id, value_at
from ttp.platforms.threads.part import API

METRICS = ("views", "likes", "replies", "reposts", "quotes", "shares")
_KINDS = {"TEXT_POST": "text", "IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "carousel"}


class ThreadsReader(MetaReader):
    fields, page_size, hidden = "id,media_type,text,timestamp", 100, "the numbers"

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock, API)

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """`GET /me/threads`, which has no replies."""
        yield from self.list_posts(session, f"/{API.node}/threads", most)

    def is_own(self, item: object) -> bool:
        return value_at(item, "media_type") != "REPOST_FACADE"

    def read_post(self, session: AccountSession, item: object) -> MetricsPage:
        media_id, published_at = parse_numeric_id(value_at(item, "id")), parse_instant(value_at(item, "timestamp"))
        if media_id is None or published_at is None:
            return MetricsPage()
        media_type = str(value_at(item, "media_type"))
        insights, note = self.read_insights(session, media_id, media_type, METRICS)
        counts = {name: parse_count(insights.get(name)) for name in METRICS}
        sample = new_sample(
            session.account,
            media_id,
            published_at,
            self._clock.now(),
            likes=counts["likes"],
            comments=counts["replies"],
            shares=sum_known(counts["reposts"], counts["quotes"], counts["shares"]),
            views=counts["views"],
            kind=_KINDS.get(media_type),
            text=short_text(value_at(item, "text")),
        )
        return MetricsPage((sample,) if sample else (), note=note)
