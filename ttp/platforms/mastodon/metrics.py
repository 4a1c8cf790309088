"""Counts of posts: favourites, replies, boosts with quotes. Mastodon counts no views. See
docs/reference/platforms/mastodon.md, section 8. Counts are what the account's own server has heard of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from datetime import UTC, datetime
from typing import Unpack
from urllib.parse import quote, urlencode

from ttp.domain.account import Account
from ttp.domain.metrics.sample import Sample, sum_known
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import StepFailed
from ttp.platforms.mastodon.errors import MastodonPart, host_name
from ttp.platforms.mastodon.limits import STATUSES
from ttp.platforms.mastodon.look_up import PAGE, content_text
from ttp.platforms.mastodon.server import FIRST_CLASS, software_of
from ttp.platforms.metrics_reader import (
    AccountSession,
    Asking,
    MetricsPage,
    new_sample,
    parse_count,
    read_pages,
    short_text,
    unreadable,
)
from ttp.platforms.reply import Answer, list_at, parse_instant, value_at

MOST_IDS = 20
_BATCHES = 2
"""The number of Mastodon's API from which it reads many posts at once (4.3)."""


class MastodonReader(MastodonPart):
    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """Up to 20 posts a call where the server takes that, else one by one."""
        account = session.account
        api = account.server_info.get("api")
        if software_of(account).name == FIRST_CLASS and isinstance(api, int) and api >= _BATCHES:
            for start in range(0, len(ids), MOST_IDS):
                batch = list(ids[start : start + MOST_IDS])
                posts = self._listed(session, f"{STATUSES}?{urlencode([('id[]', one) for one in batch])}")
                missing = set(batch) - {str(value_at(one, "id")) for one in posts}
                yield MetricsPage(tuple(self._samples(account, posts)), frozenset(missing))
            return
        for one in ids:
            try:
                answer = self._get(session, f"{STATUSES}/{quote(one, safe='')}")
            except StepFailed as failed:
                if failed.outcome.kind is not Kind.CONTENT or failed.outcome.http_status not in (404, 410):
                    raise
                yield MetricsPage(gone=frozenset((one,)))
                continue
            if answer.value_at("id") == one:
                yield MetricsPage(tuple(self._samples(account, [answer.data])))

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """The account's own list, back by `max_id`. Replies to others are left out."""
        user_id = session.credentials.user_id or session.account.user_id
        if user_id is None:
            user_id = self._get(session, "/api/v1/accounts/verify_credentials").text_at("id")
        path = f"/api/v1/accounts/{quote(user_id.partition('@')[0], safe='')}/statuses"

        def fetch(last: str | None, most: int) -> tuple[Iterator[Sample], str | None]:
            query = {"exclude_reblogs": "true", "limit": str(min(most, PAGE))}
            posts = self._listed(session, path, query=query if last is None else {**query, "max_id": last})
            own = [one for one in posts if value_at(one, "reblog") is None and not _answers_others(one)]
            return self._samples(session.account, own), str(value_at(posts[-1], "id")) if posts else None

        yield from read_pages(most, fetch)

    # How a server answers (`AnswerPolicy`).

    def accepts(self, answer: Answer) -> bool:
        return answer.is_success and isinstance(answer.data, dict | list)

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and failure.http_status == 401

    def _get(self, session: AccountSession, path: str, **more: Unpack[Asking]) -> Answer:
        policy = copy(self)
        policy.name = host_name(session.account)
        return session.request(self._http.of(session.account), policy, "GET", path, **more)

    def _listed(self, session: AccountSession, path: str, **more: Unpack[Asking]) -> list[object]:
        data = self._get(session, path, **more).data
        if isinstance(data, list):
            return data
        raise unreadable("the server listed no posts")

    def _samples(self, account: Account, posts: Sequence[object]) -> Iterator[Sample]:
        now = self._clock.now()
        yield from filter(None, (_sample(post, account, now) for post in posts))


def _sample(post: object, account: Account, now: datetime) -> Sample | None:
    """Return the sample of one post; None without an id, a time or counts."""
    remote_id, published_at = value_at(post, "id"), parse_instant(value_at(post, "created_at"), UTC)
    if not isinstance(remote_id, str) or not remote_id or published_at is None:
        return None
    content = value_at(post, "content")
    return new_sample(
        account,
        remote_id,
        published_at,
        now,
        likes=parse_count(value_at(post, "favourites_count")),
        comments=parse_count(value_at(post, "replies_count")),
        shares=sum_known(parse_count(value_at(post, "reblogs_count")), parse_count(value_at(post, "quotes_count"))),
        kind=_kind(post),
        text=short_text(content_text(content)) if isinstance(content, str) else None,
    )


def _kind(post: object) -> str:
    if media := list_at(post, "media_attachments"):
        return "image" if value_at(media[0], "type") == "image" else "video"
    return "poll" if isinstance(value_at(post, "poll"), dict) else "text"


def _answers_others(post: object) -> bool:
    target = value_at(post, "in_reply_to_account_id")
    return target is not None and target != value_at(post, "account", "id")
