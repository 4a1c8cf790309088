"""Metrics of Meta's platforms: posts, and their insights. Which insights a kind of post has is found out by asking.

One metric that a kind of post lacks fails the whole call, without always naming it. After such a refusal each metric is
requested alone, once per kind, and the result is kept for the reader's lifetime.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.errors import DEAD_TOKEN
from ttp.platforms.meta.part import MetaPart
from ttp.platforms.metrics_reader import AccountSession, MetricsPage
from ttp.platforms.reply import Answer, list_at, parse_numeric_id, value_at

_CLOSES_THE_LINE = frozenset({Kind.NETWORK, Kind.RATE_LIMIT, Kind.QUOTA})
"""Failures of an insights call that concern more than one post."""


@dataclass(slots=True)
class Asked:
    """The metrics to request for one kind of post. `sure`: it answered to them, so a refusal concerns one post."""

    metrics: tuple[str, ...]
    sure: bool = False


def values(answer: Answer) -> dict[str, object]:
    """Return the values by metric; empty if there are none yet, which takes up to two days."""
    by_metric = {}
    for entry in list_at(answer.data, "data"):
        value = value_at(next(iter(list_at(entry, "values")), None), "value")
        by_metric[str(value_at(entry, "name"))] = value_at(entry, "total_value", "value") if value is None else value
    return by_metric


class MetaReader(MetaPart):
    """`fields`: of posts. `hidden`: the counts that insights hold."""

    fields: ClassVar[str]
    page_size: ClassVar[int]
    hidden: ClassVar[str]

    def __init__(self, http: Http, config: Config, clock: Clock, api: GraphApi) -> None:
        super().__init__(http, config, clock, api)
        self._metrics: dict[Hashable, Asked] = {}  # by kind of post
        self._closed: set[str] = set()  # tokens without the permission to read insights

    def is_own(self, item: object) -> bool:
        """Return whether a listed post is one of the account."""
        return value_at(item, "media_product_type") != "AD"

    def may_be_closed(self, kind: Hashable) -> bool:
        """Return whether a missing permission says nothing about posts of other kinds."""
        return False

    def read_post(self, session: AccountSession, item: object) -> MetricsPage:
        """Return a listed post with its insights. Raises StepFailed if further posts could not be read either."""
        raise NotImplementedError

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """`GET /{media}` and its insights, one post at a time."""
        media_ids = [one for one in ids if parse_numeric_id(one) is not None]
        for media_id in media_ids:
            try:
                answer = self.get(session, f"/{media_id}", {"fields": self.fields})
            except StepFailed as failed:
                if not self._api.errors.is_gone_code(failed.outcome.code):
                    raise
                yield MetricsPage(gone=frozenset({media_id}))
                continue
            yield self.read_post(session, answer.data)

    def list_posts(self, session: AccountSession, path: str, most: int) -> Iterator[MetricsPage]:
        """Yield the metrics of a list's posts."""
        query = {"fields": self.fields, "limit": str(min(most, self.page_size))}
        while most > 0:
            answer = self.get(session, path, query)
            items = list_at(answer.data, "data")
            for item in items:
                if most > 0 and self.is_own(item):
                    page = self.read_post(session, item)
                    most -= len(page.samples)
                    yield page
            after = answer.value_at("paging", "cursors", "after")
            is_more = bool(items) if self._api.lists_since else isinstance(answer.value_at("paging", "next"), str)
            if not is_more or not isinstance(after, str) or after == query.get("after"):
                return
            query["after"] = after

    # How Meta answers (`AnswerPolicy`).

    def accepts(self, answer: Answer) -> bool:
        return answer.is_success and isinstance(answer.data, dict) and answer.value_at("error") is None

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        failure = super().refusal(request, answer)
        if failure is None or failure.kind is not Kind.AUTH or self.refuses_token(failure):
            return failure
        return replace(failure, message=f"it was connected without the permission to read them ({failure.code})")

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and (failure.code or "").partition("/")[0] in DEAD_TOKEN

    def get(self, session: AccountSession, path: str, query: dict[str, str]) -> Answer:
        return session.request(self._http, self, "GET", self._root + path, query=query)

    def read_insights(
        self, session: AccountSession, media_id: str, kind: Hashable, known: tuple[str, ...]
    ) -> tuple[dict[str, object], str | None]:
        """Return the insights of a post, and a note if they are refused for all posts."""
        choice = self._metrics.setdefault(kind, Asked(known))
        if session.credentials.access_token in self._closed or not choice.metrics:
            return {}, None
        insights, failure = self._request_insights(session, media_id, choice.metrics)
        if failure is None:
            choice.sure = True
            return insights, None
        if failure.kind is Kind.AUTH:
            if self.may_be_closed(kind):
                return {}, None
            self._closed.add(session.credentials.access_token)
            return {}, f"{self.hidden} of {session.account.name} are unavailable: {failure.message}"
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
            return values(self.get(session, f"/{media_id}/insights", {"metric": ",".join(metrics)})), None
        except StepFailed as failed:
            if failed.outcome.kind in _CLOSES_THE_LINE or self.refuses_token(failed.outcome):
                raise
            return {}, failed.outcome
