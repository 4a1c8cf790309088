"""Counts of posts: favourites, replies, boosts with quotes. Mastodon counts no views. See
docs/reference/platforms/mastodon.md, section 8. Counts are what the account's own server has heard of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from ttp.domain.account import Account
from ttp.domain.metrics.sample import Sample
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import StepFailed
from ttp.platforms.http import HttpByServer, HttpPart
from ttp.platforms.mastodon.errors import host_name, refusal
from ttp.platforms.mastodon.limits import STATUSES
from ttp.platforms.mastodon.look_up import PAGE, content_text
from ttp.platforms.mastodon.server import FIRST_CLASS, software_of
from ttp.platforms.metrics_reader import (
    STEP,
    AccountSession,
    MetricsPage,
    first_line,
    new_sample,
    parse_count,
    sum_known,
)
from ttp.platforms.reply import Answer, parse_instant, value_at

MOST_IDS = 20
_BATCHES = 2
"""The number of Mastodon's API from which it reads many posts at once (4.3)."""


class _Policy:
    """How a server answers. `gone`: a missing post is an answer, not a refusal."""

    def __init__(self, clock: Clock, name: str, *, gone: bool = False) -> None:
        self.name = name
        self._clock = clock
        self._gone = gone

    def accepts(self, answer: Answer) -> bool:
        missing = self._gone and answer.status in (404, 410) and bool(answer.value_at("error"))
        return missing or (answer.is_success and isinstance(answer.data, dict | list))

    def judge(self, answer: Answer, account: Account) -> NotDone | None:
        return refusal(answer, account, self._clock.now())

    def refuses_token(self, failure: NotDone) -> bool:
        return failure.kind is Kind.AUTH and failure.http_status == 401


class MastodonReader(HttpPart[HttpByServer]):
    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """Up to 20 posts a call where the server takes that, else one by one."""
        account = session.account
        http, api = self._http.of(account), account.server_info.get("api")
        if software_of(account).name == FIRST_CLASS and isinstance(api, int) and api >= _BATCHES:
            for start in range(0, len(ids), MOST_IDS):
                batch = list(ids[start : start + MOST_IDS])
                path = f"{STATUSES}?{urlencode([('id[]', one) for one in batch])}"
                answer = session.request(http, _Policy(self._clock, host_name(account)), "GET", path)
                posts = self._listed(answer)
                missing = set(batch) - {str(value_at(one, "id")) for one in posts}
                yield MetricsPage(tuple(self._samples(account, posts)), frozenset(missing))
            return
        policy = _Policy(self._clock, host_name(account), gone=True)
        for one in ids:
            answer = session.request(http, policy, "GET", f"{STATUSES}/{quote(one, safe='')}")
            if not answer.is_success:
                yield MetricsPage(gone=frozenset((one,)))
            elif answer.value_at("id") == one:
                yield MetricsPage(tuple(self._samples(account, [answer.data])))

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """The account's own list, back by `max_id`. Replies to others are left out."""
        account = session.account
        http, policy = self._http.of(account), _Policy(self._clock, host_name(account))
        user_id = session.credentials.user_id or account.user_id
        if user_id is None:
            user_id = session.request(http, policy, "GET", "/api/v1/accounts/verify_credentials").text_at("id")
        path = f"/api/v1/accounts/{quote(user_id.partition('@')[0], safe='')}/statuses"
        query, seen = {"exclude_reblogs": "true"}, set[str]()
        while most > 0:
            query["limit"] = str(min(most, PAGE))
            posts = self._listed(session.request(http, policy, "GET", path, query=query))
            fresh = [one for one in posts if str(value_at(one, "id")) not in seen]
            if not fresh:
                return
            seen.update(str(value_at(one, "id")) for one in fresh)
            own = [one for one in fresh if value_at(one, "reblog") is None and not _answers_others(one)]
            found = tuple(self._samples(account, own))[:most]
            most -= len(found)
            yield MetricsPage(found)
            query["max_id"] = str(value_at(fresh[-1], "id"))

    def _listed(self, answer: Answer) -> list[object]:
        if isinstance(answer.data, list):
            return answer.data
        raise StepFailed(STEP, NotDone(Kind.SERVER, "the server listed no posts", passing=True))

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
        text=first_line(content_text(content)) if isinstance(content, str) else None,
    )


def _kind(post: object) -> str:
    media = value_at(post, "media_attachments")
    if isinstance(media, list) and media:
        return "image" if value_at(media[0], "type") == "image" else "video"
    return "poll" if isinstance(value_at(post, "poll"), dict) else "text"


def _answers_others(post: object) -> bool:
    target = value_at(post, "in_reply_to_account_id")
    return target is not None and target != value_at(post, "account", "id")
