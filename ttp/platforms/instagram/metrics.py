"""Metrics of Instagram posts. Which insights a kind of post has is found out by asking.

One metric that a kind of post lacks fails the whole call, without always naming it. After such a refusal each metric is
requested alone, once per kind, and the result is kept for the reader's lifetime.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from ttp.domain.config import Config
from ttp.domain.metrics.sample import OnlineDay
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.instagram.errors import NO_USER_ID
from ttp.platforms.instagram.part import InstagramPart
from ttp.platforms.meta.errors import unwrap
from ttp.platforms.metrics_reader import (
    STEP,
    AccountSession,
    MetricsPage,
    new_sample,
    parse_count,
    short_text,
    unreadable,
)
from ttp.platforms.reply import Answer, describe_unexpected, parse_instant, parse_numeric_id, reconnect_hint, value_at

LASTING = ("views", "reach", "shares", "saved")
KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"FEED": LASTING, "REELS": LASTING, "STORY": ("views", "reach", "shares")}
)
"""By `media_product_type`. Likes and comments are fields of the post itself and need no insights."""


@dataclass(slots=True)
class Asked:
    """The metrics to request for one kind of post. `sure`: it answered to them, so a refusal concerns one post."""

    metrics: tuple[str, ...]
    sure: bool = False


def values(answer: Answer) -> dict[str, object]:
    """Return the values by metric; empty if Instagram has none yet, which takes up to two days."""
    listed = answer.value_at("data")
    by_metric = {}
    for entry in listed if isinstance(listed, list) else ():
        entries = value_at(entry, "values")
        first = entries[0] if isinstance(entries, list) and entries else None
        value = value_at(first, "value")
        by_metric[str(value_at(entry, "name"))] = value_at(entry, "total_value", "value") if value is None else value
    return by_metric


def online_days(answer: Answer) -> tuple[OnlineDay, ...]:
    """Return the days of an answer about online followers, with its own dates and hours. Days without numbers, as the
    last two often are, are left out."""
    listed = answer.value_at("data")
    entries = value_at(listed[0], "values") if isinstance(listed, list) and listed else None
    days = []
    for entry in entries if isinstance(entries, list) else ():
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
_GONE = ("100/33", "24/2207006")
_CLOSES_THE_LINE = frozenset({Kind.NETWORK, Kind.RATE_LIMIT, Kind.QUOTA})
"""Failures of an insights call that concern more than one post."""


class InstagramReader(InstagramPart):
    """Reads metrics with either login."""

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._metrics: dict[tuple[str, str], Asked] = {}  # by media_product_type and media_type
        self._closed: set[str] = set()  # tokens without the permission to read insights
        self._online_read_at: dict[str, datetime] = {}  # by account

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """`GET /{media}` and its insights, one post at a time."""
        media_ids = [one for one in ids if parse_numeric_id(one) is not None]
        for media_id in media_ids:
            try:
                answer = self._get(session, f"/{media_id}", {"fields": FIELDS})
            except StepFailed as failed:
                if failed.outcome.code not in _GONE:
                    raise
                yield MetricsPage(gone=frozenset({media_id}))
                continue
            yield self._read_post(session, answer.data)
        yield from self._online_followers(session)

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """`GET /{ig-id}/media`, 50 a page, and the insights of each post. Never lists stories or ads."""
        user_id = self._user_id(session)
        yield from self._listed(session, user_id, most)
        yield from self._online_followers(session, user_id)

    def _listed(self, session: AccountSession, user_id: str, most: int) -> Iterator[MetricsPage]:
        path = f"/{user_id}/media"
        query = {"fields": FIELDS, "limit": str(min(most, PAGE))}
        while most > 0:
            answer = self._get(session, path, query)
            listed = answer.value_at("data")
            for item in listed if isinstance(listed, list) else ():
                if most > 0 and value_at(item, "media_product_type") != "AD":
                    page = self._read_post(session, item)
                    most -= len(page.samples)
                    yield page
            after = answer.value_at("paging", "cursors", "after")
            is_more = isinstance(answer.value_at("paging", "next"), str) and isinstance(after, str)
            if not is_more or after == query.get("after"):
                return
            query["after"] = str(after)

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
            days = online_days(self._get(session, f"/{node}/insights", query))
        except StepFailed as failed:
            yield MetricsPage(note=f"could not read when followers of {name} are online: {failed.outcome.message}")
            return
        if days:
            yield MetricsPage(online=days)

    # How Instagram answers (`AnswerPolicy`).

    def accepts(self, answer: Answer) -> bool:
        return answer.is_success and isinstance(answer.data, dict) and answer.value_at("error") is None

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        failure = super().refusal(request, answer)
        if failure is None or failure.kind is not Kind.AUTH or self.refuses_token(failure):
            return failure
        return replace(failure, message=f"it was connected without the permission to read them ({failure.code})")

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and (failure.code or "").partition("/")[0] in ("190", "102")

    def _get(self, session: AccountSession, path: str, query: dict[str, str]) -> Answer:
        return session.request(self._http, self, "GET", self._root + path, query=query)

    def _user_id(self, session: AccountSession) -> str:
        """Return the professional account's id for paths: the stored one, else from Instagram. Raises StepFailed."""
        stored_id = parse_numeric_id(session.credentials.user_id) or parse_numeric_id(session.account.user_id)
        if stored_id is not None:
            return stored_id
        if self._by_facebook:  # its /me is the person
            raise StepFailed(STEP, NotDone(Kind.AUTH, NO_USER_ID, hint=reconnect_hint(session.account)))
        answer = self._get(session, "/me", {"fields": "user_id,username"})
        user_id = parse_numeric_id(unwrap(answer).value_at("user_id"))
        if user_id is None:
            raise unreadable(describe_unexpected(answer, self.name))
        return user_id

    def _read_post(self, session: AccountSession, item: object) -> MetricsPage:
        """Return a listed post with its insights. Raises StepFailed if further posts could not be read either."""
        media_id, published_at = parse_numeric_id(value_at(item, "id")), parse_instant(value_at(item, "timestamp"))
        if media_id is None or published_at is None:
            return MetricsPage()
        product, media_type = str(value_at(item, "media_product_type")), str(value_at(item, "media_type"))
        insights, note = self._insights(session, media_id, product, media_type)
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

    def _insights(
        self, session: AccountSession, media_id: str, product: str, media_type: str
    ) -> tuple[dict[str, object], str | None]:
        """Return the insights of a post, and a note if they are refused for all posts."""
        choice = self._metrics.setdefault((product, media_type), Asked(KNOWN.get(product, ())))
        if session.credentials.access_token in self._closed or not choice.metrics:
            return {}, None
        insights, failure = self._request_insights(session, media_id, choice.metrics)
        if failure is None:
            choice.sure = True
            return insights, None
        if failure.kind is Kind.AUTH:  # for a story it also means that too few people saw it, or that its day is over
            if product == "STORY":
                return {}, None
            self._closed.add(session.credentials.access_token)
            return {}, f"views, reach, shares and saves of {session.account.name} are unavailable: {failure.message}"
        if not choice.sure and (failure.code or "").partition("/")[0] == "100":
            return self._probe_metrics(session, media_id, choice), None
        return {}, None

    def _probe_metrics(self, session: AccountSession, media_id: str, choice: Asked) -> dict[str, object]:
        """Request each metric alone; those that succeed are requested from now on."""
        by_metric, answered = {}, []
        for metric in choice.metrics:
            insights, failure = self._request_insights(session, media_id, (metric,))
            by_metric.update(insights)
            if failure is None:
                answered.append(metric)
        choice.sure = True
        choice.metrics = tuple(answered) or choice.metrics
        return by_metric

    def _request_insights(
        self, session: AccountSession, media_id: str, metrics: tuple[str, ...]
    ) -> tuple[dict[str, object], NotDone | None]:
        """Return these insights of a post, or why it has none. Raises StepFailed for other failures."""
        try:
            return values(self._get(session, f"/{media_id}/insights", {"metric": ",".join(metrics)})), None
        except StepFailed as failed:
            if failed.outcome.kind in _CLOSES_THE_LINE or self.refuses_token(failed.outcome):
                raise
            return {}, failed.outcome
