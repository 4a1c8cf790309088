"""Metrics of Instagram posts, and when the followers of an account are online."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ttp.domain.config import Config
from ttp.domain.metrics.sample import OnlineDay
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import StepFailed
from ttp.platforms.http import Http
from ttp.platforms.instagram.errors import NO_USER_ID
from ttp.platforms.instagram.part import InstagramPart
from ttp.platforms.meta.errors import unwrap
from ttp.platforms.meta.metrics import MetaReader
from ttp.platforms.metrics_reader import (
    STEP,
    AccountSession,
    MetricsPage,
    new_sample,
    parse_count,
    short_text,
    unreadable,
)
from ttp.platforms.reply import (
    Answer,
    describe_unexpected,
    list_at,
    parse_instant,
    parse_numeric_id,
    reconnect_hint,
    value_at,
)

LASTING = ("views", "reach", "shares", "saved")
KNOWN: Mapping[str, tuple[str, ...]] = {"FEED": LASTING, "REELS": LASTING, "STORY": ("views", "reach", "shares")}
"""By `media_product_type`. Likes and comments are fields of the post itself and need no insights."""


def online_days(answer: Answer) -> tuple[OnlineDay, ...]:
    """Return the days of an answer about online followers, with its own dates and hours. Days without numbers, as the
    last two often are, are left out."""
    days = []
    for entry in list_at(next(iter(list_at(answer.data, "data")), None), "values"):
        ends, hours = value_at(entry, "end_time"), value_at(entry, "value")
        if isinstance(ends, str) and len(ends) <= _LONGEST_NAME and isinstance(hours, dict):
            counts = {hour: parse_count(count) for hour, count in hours.items() if len(hour) <= _LONGEST_NAME}
            hour_counts = {hour: count for hour, count in counts.items() if count is not None}
            if hour_counts:
                days.append(OnlineDay(ends, hour_counts))
    return tuple(days)


FIELDS = "id,caption,media_type,media_product_type,timestamp,like_count,comments_count"
PAGE = 50
STORY_LIVES = timedelta(hours=24)
ONLINE_SPAN = timedelta(days=29)
"""How far back the hours of online followers are read: Instagram keeps them for 30 days."""
ONLINE_AGAIN = timedelta(hours=12)
"""A reader that lives longer asks again after this. Instagram adds one day a day."""
_LONGEST_NAME = 40
"""Characters of the date or the hour of a count."""
_KINDS = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "carousel"}


class InstagramReader(InstagramPart, MetaReader):
    """Reads metrics with either login. `GET /{ig-id}/media` never lists stories or ads."""

    fields, page_size, hidden = FIELDS, PAGE, "views, reach, shares and saves"

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._online_read_at: dict[str, datetime] = {}  # by account

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        yield from super().read(session, ids)
        yield from self._online_followers(session)

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        user_id = self._user_id(session)
        yield from self.list_posts(session, f"/{user_id}/media", most)
        yield from self._online_followers(session, user_id)

    def may_be_closed(self, kind: object) -> bool:
        """For a story it also means that too few people saw it, or that its day is over."""
        return isinstance(kind, tuple) and kind[0] == "STORY"

    def _online_followers(self, session: AccountSession, user_id: str | None = None) -> Iterator[MetricsPage]:
        """`GET /{ig-id}/insights?metric=online_followers`, now and then. A failure is a note: the posts were read."""
        name, now = session.account.name, self._clock.now()
        asked_at = self._online_read_at.get(name)
        if session.credentials.access_token in self._closed or (asked_at and now - asked_at < ONLINE_AGAIN):
            return
        self._online_read_at[name] = now
        since, until = (str(to_ms(at) // 1000) for at in (now - ONLINE_SPAN, now))
        query = {"metric": "online_followers", "period": "lifetime", "since": since, "until": until}
        try:
            node = user_id or self._user_id(session)
            days = online_days(self.get(session, f"/{node}/insights", query))
        except StepFailed as failed:
            yield MetricsPage(note=f"could not read when followers of {name} are online: {failed.outcome.message}")
            return
        if days:
            yield MetricsPage(online=days)

    def _user_id(self, session: AccountSession) -> str:
        """Return the professional account's id for paths: the stored one, else from Instagram. Raises StepFailed."""
        stored_id = parse_numeric_id(session.credentials.user_id) or parse_numeric_id(session.account.user_id)
        if stored_id is not None:
            return stored_id
        if self._by_facebook:  # its /me is the person
            raise StepFailed(STEP, NotDone(Kind.AUTH, NO_USER_ID, hint=reconnect_hint(session.account)))
        answer = self.get(session, "/me", {"fields": "user_id,username"})
        user_id = parse_numeric_id(unwrap(answer).value_at("user_id"))
        if user_id is None:
            raise unreadable(describe_unexpected(answer, self.name))
        return user_id

    def read_post(self, session: AccountSession, item: object) -> MetricsPage:
        """Return a listed post with its insights. Raises StepFailed if further posts could not be read either."""
        media_id, published_at = parse_numeric_id(value_at(item, "id")), parse_instant(value_at(item, "timestamp"))
        if media_id is None or published_at is None:
            return MetricsPage()
        product, media_type = str(value_at(item, "media_product_type")), str(value_at(item, "media_type"))
        insights, note = self.read_insights(session, media_id, (product, media_type), KNOWN.get(product, ()))
        sample = new_sample(
            session.account,
            media_id,
            published_at,
            self._clock.now(),
            likes=parse_count(value_at(item, "like_count")),
            comments=parse_count(value_at(item, "comments_count")),
            shares=parse_count(insights.get("shares")),
            views=parse_count(insights.get("views")),
            saves=parse_count(insights.get("saved")),
            reach=parse_count(insights.get("reach")),
            kind=_KINDS.get(media_type),
            text=short_text(value_at(item, "caption")),
        )
        ends = {media_id: published_at + STORY_LIVES} if product == "STORY" else {}
        return MetricsPage((sample,) if sample else (), ends=ends, note=note)
