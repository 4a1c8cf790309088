"""Metrics of the account's public videos, by id or from the newest on.

Photo posts and private ones are never listed, so their metrics stay unknown. See docs/reference/platforms/tiktok.md,
section 7: times are in seconds, cursors in milliseconds, titles are cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.metrics.sample import FIRST_YEAR, Sample
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import from_ms
from ttp.platforms.client import PublishRequest
from ttp.platforms.metrics_reader import AccountSession, MetricsPage, new_sample, parse_count, read_pages, short_text
from ttp.platforms.reply import Answer, list_at, parse_numeric_id, value_at
from ttp.platforms.tiktok.errors import NO_SCOPE, TikTokPart, is_ok

FIELDS = "id,create_time,title,video_description,like_count,comment_count,share_count,view_count"
MOST = 20
"""Videos per call."""
_VIDEOS = ("data", "videos")
_LAST_S = 1 << 33
"""A time after the year 2200 is ignored."""


class TikTokReader(TikTokPart):
    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """`video/query`, 20 at a time. TikTok omits missing and non-public videos without an error."""
        # Until TikTok has assigned a video id, a delivery has the id of its upload.
        video_ids = [one for one in ids if parse_numeric_id(one) is not None]
        for start in range(0, len(video_ids), MOST):
            batch = video_ids[start : start + MOST]
            answer = self._post(session, "query", {"filters": {"video_ids": batch}})
            samples = tuple(self._samples(session, answer))
            listed = {parse_numeric_id(value_at(one, "id")) for one in list_at(answer.data, *_VIDEOS)}
            yield MetricsPage(samples, frozenset(one for one in batch if one not in listed))

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """`video/list`, 20 a page, each starting before the last video of the previous page."""

        def fetch(before: int | None, most: int) -> tuple[Iterator[Sample], int | None]:
            start = {} if before is None else {"cursor": before}
            answer = self._post(session, "list", {**start, "max_count": min(most, MOST)})
            cursor = parse_count(answer.value_at("data", "cursor"))
            is_older = cursor is not None and (before is None or cursor < before)
            has_more = answer.value_at("data", "has_more") is True and is_older
            return self._samples(session, answer), cursor if has_more else None

        yield from read_pages(most, fetch)

    # How TikTok answers (`AnswerPolicy`).

    def accepts(self, answer: Answer) -> bool:
        return is_ok(answer) and isinstance(answer.value_at(*_VIDEOS), list)

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        failure = super().refusal(request, answer)
        if failure is None or failure.code not in NO_SCOPE:
            return failure
        return replace(failure, message=f"it was connected without the permission video.list ({failure.code})")

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and failure.code == "access_token_invalid"

    def _post(self, session: AccountSession, what: str, body: object) -> Answer:
        return session.request(self._http, self, "POST", f"/v2/video/{what}/", query={"fields": FIELDS}, json=body)

    def _samples(self, session: AccountSession, answer: Answer) -> Iterator[Sample]:
        now = self._clock.now()
        yield from filter(None, (_sample(video, session.account, now) for video in list_at(answer.data, *_VIDEOS)))


def _sample(video: object, account: Account, now: datetime) -> Sample | None:
    """Return the sample of a listed video; None for a malformed one or one without counts."""
    video_id, made = parse_numeric_id(value_at(video, "id")), parse_count(value_at(video, "create_time"))
    if video_id is None or made is None or made > _LAST_S:
        return None
    published_at = from_ms(made * 1000)
    if published_at.year < FIRST_YEAR:
        return None
    return new_sample(
        account,
        video_id,
        published_at,
        now,
        likes=parse_count(value_at(video, "like_count")),
        comments=parse_count(value_at(video, "comment_count")),
        shares=parse_count(value_at(video, "share_count")),
        views=parse_count(value_at(video, "view_count")),
        kind="video",
        text=short_text(value_at(video, "title")) or short_text(value_at(video, "video_description")),
    )
