"""Metrics of X posts, by id or from the newest on. Every post that X lists costs money.

See docs/reference/platforms/x.md, section 8. Counts are read in both of X's dialects. Replies do not count as posts:
neither those to others nor later parts of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from ttp.domain.account import Account
from ttp.domain.metrics.sample import Sample, sum_known
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import utc_text
from ttp.platforms.client import PublishRequest
from ttp.platforms.metrics_reader import (
    AccountSession,
    MetricsPage,
    new_sample,
    parse_count,
    read_pages,
    short_text,
    unreadable,
)
from ttp.platforms.reply import Answer, describe_unexpected, list_at, parse_instant, parse_numeric_id, value_at
from ttp.platforms.x.errors import XPart
from ttp.platforms.x.look_up import created_at, restore_text
from ttp.platforms.x.pricing import LEAST_PAGE, OWNED_READ, READ, is_app_owner

FIELDS = {
    "post.fields": "created_at,public_metrics,attachments,entities",
    "expansions": "attachments.media_keys,referenced_posts",
    "media.fields": "public_metrics",
}
MOST_IDS = 100
MOST_PAGE, LONGEST_LIST = 100, 3_200
_KINDS = {"photo": "image", "video": "video", "animated_gif": "video"}
_KEY_KINDS = {"3": "image", "7": "video", "13": "video", "16": "video"}
"""Prefixes of media keys, for media that X lists without details."""


class XReader(XPart):
    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """`GET /2/tweets?ids=`, up to 100 at a time; of the app's owner what its list has before it."""
        post_ids = [one for one in ids if _is_id(one)]
        # Listed posts of the app's owner cost less than posts by their ids.
        if len(post_ids) > 1 and is_app_owner(session.account, self._config.text("platforms.x.app_owner")):
            for page in self._read_listed(session, post_ids):
                read_ids = {one.remote_id for one in page.samples}
                post_ids = [one for one in post_ids if one not in read_ids]
                yield page
        for start in range(0, len(post_ids), MOST_IDS):
            batch = post_ids[start : start + MOST_IDS]
            answer = self._get(session, "/2/tweets", {"ids": ",".join(batch), **FIELDS})
            yield MetricsPage(tuple(self._samples(session, answer)), _missing_ids(answer, batch))

    def _read_listed(self, session: AccountSession, post_ids: Sequence[str]) -> Iterator[MetricsPage]:
        """Read posts from the account's list, until a page has so many others that ids would have cost less."""
        since, missing = created_at(min(post_ids, key=int)), set(post_ids)
        for page in self._list(session, LONGEST_LIST, len(post_ids), since):
            samples = tuple(one for one in page.samples if one.remote_id in missing)
            missing.difference_update(one.remote_id for one in samples)
            yield MetricsPage(samples)
            if not missing or len(samples) * READ <= len(page.samples) * OWNED_READ:
                return

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """The newest posts of the account's list."""
        yield from self._list(session, most, most)

    def _list(
        self, session: AccountSession, most: int, page_size: int, since: datetime | None = None
    ) -> Iterator[MetricsPage]:
        """`GET /2/users/{id}/tweets`, up to 100 a page, without replies and reposts, which would cost as much."""
        query = {**FIELDS, "exclude": "replies,retweets"}
        if since is not None:
            query["start_time"] = utc_text(since.replace(microsecond=0))
        path = f"/2/users/{self._user_id(session)}/tweets"

        def fetch(cursor: str | None, most: int) -> tuple[Iterator[Sample], str | None]:
            size = {"max_results": str(min(max(min(most, page_size), LEAST_PAGE), MOST_PAGE))}
            start = {} if cursor is None else {"pagination_token": cursor}
            answer = self._get(session, path, {**query, **size, **start})
            if not isinstance(answer.value_at("meta"), dict):
                raise unreadable(describe_unexpected(answer, self.name))
            token = answer.value_at("meta", "next_token")
            return self._samples(session, answer), token if isinstance(token, str) else None

        yield from read_pages(most, fetch)

    # How X answers (`AnswerPolicy`).

    def accepts(self, answer: Answer) -> bool:
        return answer.is_success and isinstance(answer.data, dict) and ("data" in answer.data or _has_reason(answer))

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        failure = super().refusal(request, answer)
        if failure is None or failure.http_status != 403 or failure.kind is not Kind.CONTENT:
            return failure
        # The answer to a token without the scopes tweet.read and users.read: reading breaks no content rule.
        message = f"it was connected without the permission to read posts, or X refuses it: {failure.message}"
        return replace(failure, kind=Kind.AUTH, message=message)

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and failure.http_status == 401

    def _get(self, session: AccountSession, path: str, query: Mapping[str, str]) -> Answer:
        return session.request(self._http, self, "GET", path, query=query)

    def _user_id(self, session: AccountSession) -> str:
        """Return the account's user id: the stored one, else from X."""
        stored_id = parse_numeric_id(session.credentials.user_id) or parse_numeric_id(session.account.user_id)
        if stored_id is not None:
            return stored_id
        answer = self._get(session, "/2/users/me", {})
        user_id = parse_numeric_id(answer.value_at("data", "id"))
        if user_id is None:
            raise unreadable(describe_unexpected(answer, self.name))
        return user_id

    def _samples(self, session: AccountSession, answer: Answer) -> Iterator[Sample]:
        media = {str(value_at(one, "media_key")): one for one in list_at(answer.data, "includes", "media")}
        now = self._clock.now()
        yield from filter(None, (_sample(item, media, session.account, now) for item in list_at(answer.data, "data")))


def _sample(item: object, media: Mapping[str, object], account: Account, now: datetime) -> Sample | None:
    """Return the sample of a listed post; None for replies, reposts and entries without counts."""
    post_id, text = parse_numeric_id(value_at(item, "id")), value_at(item, "text")
    if not isinstance(item, dict) or post_id is None or not _is_id(post_id) or _is_reply_or_repost(item):
        return None
    number = partial(_count_of, value_at(item, "public_metrics"))
    keys = [str(key) for key in list_at(item, "attachments", "media_keys")]
    of_media = sum_known(*(parse_count(value_at(media.get(key), "public_metrics", "view_count")) for key in keys))
    views = number("impression_count")
    published_at = parse_instant(value_at(item, "created_at")) or created_at(post_id)
    return new_sample(
        account,
        post_id,
        published_at,
        now,
        likes=number("like_count"),
        comments=number("reply_count"),
        shares=sum_known(number("repost_count", "retweet_count"), number("quote_count")),
        views=of_media if views is None else views,
        saves=number("bookmark_count"),
        kind=_kind(keys, media),
        text=short_text(restore_text(text, item)) if isinstance(text, str) else None,
    )


def _count_of(metrics: object, *names: str) -> int | None:
    """Return a count by the first of its names that exists."""
    return next((count for name in names if (count := parse_count(value_at(metrics, name))) is not None), None)


def _is_reply_or_repost(item: Mapping[str, object]) -> bool:
    """Whether a post is a reply or a repost. A quote counts as a post."""
    references = (*list_at(item, "referenced_posts"), *list_at(item, "referenced_tweets"))
    return any(value_at(one, "type") in ("replied_to", "retweeted", "reposted") for one in references)


def _kind(keys: Sequence[str], media: Mapping[str, object]) -> str | None:
    if not keys:
        return "text"
    described = value_at(media.get(keys[0]), "type")
    return _KINDS.get(str(described)) or _KEY_KINDS.get(keys[0].partition("_")[0])


def _missing_ids(answer: Answer, ids: Sequence[str]) -> frozenset[str]:
    """Return the ids that X reports as not found."""
    missing = set()
    for error in list_at(answer.data, "errors"):
        named = value_at(error, "resource_id") or value_at(error, "value")
        kind = value_at(error, "type")
        if isinstance(kind, str) and kind.rstrip("/").endswith("/resource-not-found"):
            missing.add(str(named))
    return frozenset(missing & set(ids))


def _has_reason(answer: Answer) -> bool:
    """Whether an answer without posts explains why."""
    return isinstance(answer.value_at("errors"), list) or isinstance(answer.value_at("meta"), dict)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19
