"""Counts of posts, from the AppView: likes, replies, reposts with quotes, bookmarks. Bluesky counts no views. See
docs/reference/platforms/bluesky.md, section 8. The AppView needs no token, and gets none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.metrics.sample import Sample, sum_known
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.addresses import configured_url
from ttp.platforms.bluesky.errors import BlueskyPart
from ttp.platforms.bluesky.identity import parse_did
from ttp.platforms.bluesky.record_keys import is_key
from ttp.platforms.bluesky.records import POSTS
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.metrics_reader import (
    STEP,
    AccountSession,
    MetricsPage,
    new_sample,
    parse_count,
    read_pages,
    short_text,
    unreadable,
)
from ttp.platforms.reply import Reply, parse_instant, value_at

MOST_IDS, MOST_PAGE = 25, 100


class BlueskyReader(BlueskyPart):
    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """`getPosts`, up to 25 at a time. A post that is left out does not exist (any more)."""
        did = _did(session)
        keys = [one for one in ids if is_key(one)]
        for start in range(0, len(keys), MOST_IDS):
            batch = keys[start : start + MOST_IDS]
            uris = "&".join(f"uris=at://{did}/{POSTS}/{key}" for key in batch)
            answer = self._get(session, f"app.bsky.feed.getPosts?{uris}", {})
            posts = answer.value_at("posts")
            if not isinstance(posts, list):
                raise unreadable("Bluesky listed no posts")
            listed = {str(value_at(one, "uri")).rpartition("/")[2] for one in posts}
            yield MetricsPage(tuple(self._samples(session, posts, did)), frozenset(set(batch) - listed))

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """`getAuthorFeed`, without reposts and replies to others."""
        did = _did(session)
        query = {"actor": did, "filter": "posts_and_author_threads"}

        def fetch(cursor: str | None, most: int) -> tuple[Iterator[Sample], str | None]:
            start = {} if cursor is None else {"cursor": cursor}
            page = {**query, "limit": str(min(most, MOST_PAGE)), **start}
            answer = self._get(session, "app.bsky.feed.getAuthorFeed", page)
            feed, following = answer.value_at("feed"), answer.value_at("cursor")
            if not isinstance(feed, list):
                raise unreadable("Bluesky listed no posts")
            posts = [value_at(item, "post") for item in feed if not value_at(item, "reason")]
            return self._samples(session, posts, did), following if isinstance(following, str) else None

        yield from read_pages(most, fetch)

    def _get(self, session: AccountSession, name: str, query: Mapping[str, str]) -> Reply:
        http = self._http.of(session.account)
        root = configured_url(self._config, "platforms.bluesky.appview_url", http.base_url).rstrip("/")
        reply = http.request(
            "GET", f"{root}/xrpc/{name}", query=query or None, account=session.account.name, patience=session.patience
        )
        if reply.is_success:
            return reply
        request = PublishRequest(0, session.account, session.credentials, "")
        raise StepFailed(STEP, self.failure(request, reply))

    def _samples(self, session: AccountSession, posts: Sequence[object], did: str) -> Iterator[Sample]:
        now = self._clock.now()
        yield from filter(None, (_sample(post, session.account, did, now) for post in posts))


def _sample(post: object, account: Account, did: str, now: datetime) -> Sample | None:
    """Return the sample of one post; None for another author's, for a reply to others, and without counts."""
    uri = str(value_at(post, "uri"))
    prefix, _, key = uri.rpartition("/")
    published_at = parse_instant(value_at(post, "record", "createdAt")) or parse_instant(value_at(post, "indexedAt"))
    parent = str(value_at(post, "record", "reply", "parent", "uri") or f"at://{did}/")
    if prefix != f"at://{did}/{POSTS}" or not is_key(key) or published_at is None:
        return None
    if not parent.startswith(f"at://{did}/"):
        return None
    return new_sample(
        account,
        key,
        published_at,
        now,
        likes=parse_count(value_at(post, "likeCount")),
        comments=parse_count(value_at(post, "replyCount")),
        shares=sum_known(parse_count(value_at(post, "repostCount")), parse_count(value_at(post, "quoteCount"))),
        saves=parse_count(value_at(post, "bookmarkCount")),
        kind=_kind(post),
        text=short_text(value_at(post, "record", "text")),
    )


def _kind(post: object) -> str:
    embed = value_at(post, "record", "embed")
    media = value_at(embed, "media", "$type") or value_at(embed, "$type")
    return {"app.bsky.embed.images": "image", "app.bsky.embed.gallery": "image", "app.bsky.embed.video": "video"}.get(
        str(media), "text"
    )


def _did(session: AccountSession) -> str:
    did = parse_did(session.credentials.user_id) or parse_did(session.account.user_id)
    if did is None:
        raise StepFailed(STEP, NotDone(Kind.ACCOUNT, "the account's identity is not known"))
    return did
