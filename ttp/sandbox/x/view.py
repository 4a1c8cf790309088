"""X: how posts, users and media look in an answer, in the field names of the request's dialect.

`post.fields` and `referenced_posts` are the names of August 2026; `tweet.fields`, `referenced_tweets` the older ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from ttp.sandbox.accounts import iso
from ttp.sandbox.engagement import counts
from ttp.sandbox.records import Account, Post, XMedia
from ttp.sandbox.state import DAY_MS, State
from ttp.sandbox.x.front import invalid, not_permitted_field
from ttp.sandbox.x.posts import returned_text
from ttp.sandbox.x.text import MAX_WEIGHTED, weighted_length

_POST_FIELDS = {
    *("article", "article_title", "attachments", "card_uri", "community_id", "context_annotations", "conversation_id"),
    *("created_at", "display_text_range", "edit_controls", "entities", "geo", "id", "lang", "matched_media_notes"),
    *("media_metadata", "non_public_metrics", "note_post", "note_request_suggestions", "organic_metrics"),
    *("paid_partnership", "possibly_sensitive", "promoted_metrics", "public_metrics", "reply_settings", "scopes"),
    *("source", "suggested_source_links", "suggested_source_links_with_counts", "text", "withheld"),
}
_ONLY_OLD_FIELDS = {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"}
"""What `tweet.fields` takes and `post.fields` does not: there most of these are expansions only."""
_POST_EXPANSIONS = {
    *("article.cover_media", "article.media_entities", "attachments.media_keys", "attachments.media_source_tweet"),
    *("attachments.poll_ids", "author_id", "edit_history_post_ids", "entities.mentions.username", "geo.place_id"),
    *("in_reply_to_user_id", "referenced_posts", "username"),
}
_USER_FIELDS = {
    *("confirmed_email", "connection_status", "created_at", "description", "entities", "id", "is_identity_verified"),
    *("location", "name", "parody", "profile_banner_url", "profile_image_url", "protected", "public_metrics"),
    *("receives_your_dm", "subscribes_to_you", "subscription", "subscription_type", "url", "username", "verified"),
    *("verified_followers_count", "verified_type", "withheld"),
}
_LISTS = {
    "post.fields": _POST_FIELDS,
    "tweet.fields": _POST_FIELDS - {"note_post"} | _ONLY_OLD_FIELDS,
    "expansions": _POST_EXPANSIONS | {"edit_history_tweet_ids", "referenced_tweets.id"},
    "user.fields": _USER_FIELDS,
    "media.fields": {
        *("alt_text", "duration_ms", "height", "media_key", "non_public_metrics", "organic_metrics"),
        *("preview_image_url", "promoted_metrics", "public_metrics", "type", "url", "variants", "width"),
    },
    "poll.fields": {"duration_minutes", "end_datetime", "id", "options", "voting_status"},
    "place.fields": {"contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"},
}
"""The values of each parameter in X's specification, and of the older dialect."""
SHAPE = frozenset(_LISTS)
USER_EXPANSIONS = {"affiliation", "most_recent_post_id", "most_recent_tweet_id", "pinned_post_id", "pinned_tweet_id"}
_TYPES = {"3": "photo", "7": "video", "16": "animated_gif"}
PRIVATE = ("non_public_metrics", "organic_metrics")
"""Metrics that only the author sees, and only of posts of the last 30 days."""
PRIVATE_FOR = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class View:
    """What a request wants to see of each post, and who asks."""

    reader: Account
    new: bool
    """Names of August 2026 (`referenced_posts`) instead of the older ones (`referenced_tweets`)."""
    fields: frozenset[str]
    expansions: frozenset[str]
    media_fields: frozenset[str]
    user_fields: frozenset[str]
    poll_fields: frozenset[str]

    def name(self, of: str) -> str:
        """A field's name in the request's dialect."""
        return (
            of
            if self.new
            else of.replace("posts", "tweets").replace("post_ids", "tweet_ids").replace("repost", "retweet")
        )


def view_of(state: State, reader: Account, params: dict[str, str]) -> View:
    """The view that the parameters ask for. 400 for an unknown field or expansion."""
    asked = {name: asked_for(state, params, name) for name in _LISTS}
    expansions = asked["expansions"]
    new = "post.fields" in params or ("tweet.fields" not in params and any("posts" in e for e in expansions))
    fields = asked["post.fields" if new else "tweet.fields"]
    return View(reader, new, fields, expansions, asked["media.fields"], asked["user.fields"], asked["poll.fields"])


def asked_for(state: State, params: dict[str, str], name: str, known: AbstractSet[str] | None = None) -> frozenset[str]:
    """The values of one parameter, which are among `known`, else among X's for it.

    400 for another one, unless `ignore_unknown_fields` leaves it out.
    """
    values = frozenset(filter(None, params.get(name, "").split(",")))
    unknown = values - (_LISTS[name] if known is None else known)
    if unknown and not state.ignore_unknown_fields:
        wrong = ",".join(sorted(unknown))
        raise invalid(f"The `{name}` query parameter value [{wrong}] is not valid", **{name: params[name]})
    return values - unknown


def shown_posts(state: State, posts: list[Post], view: View) -> dict[str, Any]:
    """`data`, `includes` and `errors` for a list of posts; a part without entries is left out."""
    answer: dict[str, Any] = {}
    if posts:
        answer["data"] = [shown_post(state, post, view) for post in posts]
    includes = {name: entries for name, entries in _includes(state, posts, view).items() if entries}
    if includes:
        answer["includes"] = includes
    errors = [
        not_permitted_field(post.id, field)
        for post in posts
        for field in PRIVATE
        if _is_hidden(state, post, field, view)
    ]
    if errors:
        answer["errors"] = errors
    return answer


def _includes(state: State, posts: list[Post], view: View) -> dict[str, list[Any]]:
    includes: dict[str, list[Any]] = {}
    if "attachments.media_keys" in view.expansions:
        by_key = {m.media_key: m for m in state.x_media.values()}
        owner = {key: post for post in posts for key in post.media_keys}
        includes["media"] = [_media(state, by_key[key], owner[key], view) for key in owner]
    if "attachments.poll_ids" in view.expansions:
        includes["polls"] = [_poll(state, post, view) for post in posts if post.poll]
    if view.expansions & {"referenced_posts", "referenced_tweets.id"}:
        parents = [state.posts[p.parent] for p in posts if p.parent in state.posts]
        unseen = replace(view, fields=view.fields - set(PRIVATE))
        includes[view.name("posts")] = [shown_post(state, p, unseen) for p in dict.fromkeys(parents) if not p.deleted]
    people: list[Account] = []
    if "author_id" in view.expansions:
        people += [state.accounts[post.account] for post in posts]
    if "in_reply_to_user_id" in view.expansions:
        people += [state.accounts[state.posts[p.parent].account] for p in posts if p.parent in state.posts]
    includes["users"] = [shown_user(state, account, view.user_fields, view.new) for account in dict.fromkeys(people)]
    return includes


def shown_post(state: State, post: Post, view: View) -> dict[str, Any]:
    """One post: its id, text and edit history, and the fields asked for."""
    owner = state.accounts[post.account]
    text, urls = returned_text(owner, post)
    parent = state.posts.get(post.parent or "")
    references = view.name("referenced_posts")
    optional: dict[str, Any] = {
        "created_at": iso(post.at_ms),
        "author_id": owner.user_id,
        "conversation_id": _root(state, post).id,
        "lang": "und",
        "possibly_sensitive": False,
        "reply_settings": post.reply_settings,
        "paid_partnership": "paid_partnership" in post.labels,
        "display_text_range": [0, len(text)],
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": False,
            "editable_until": iso(post.at_ms + 3_600_000),
        },
        "public_metrics": _metrics(state, post, view),
        "non_public_metrics": _private(state, post, view, organic=False),
        "organic_metrics": _private(state, post, view, organic=True),
    }
    if urls:
        optional["entities"] = {"urls": urls}
    attachments: dict[str, Any] = {"media_keys": list(post.media_keys)} if post.media_keys else {}
    if post.poll:
        attachments["poll_ids"] = [_poll_id(post)]
    if attachments:
        optional["attachments"] = attachments
    if post.parent:
        optional[references] = [{"type": "replied_to", "id": post.parent}]
    if parent is not None:
        optional["in_reply_to_user_id"] = state.accounts[parent.account].user_id
    if weighted_length(post.text) > MAX_WEIGHTED:
        optional[view.name("note_posts").removesuffix("s")] = {"text": text}
    wanted = {*view.fields, *(e.partition(".")[0] for e in view.expansions)}
    if wanted & {"referenced_posts", "referenced_tweets"}:
        wanted.add(references)
    hidden = {field for field in PRIVATE if _is_hidden(state, post, field, view)}
    shown = {name: value for name, value in optional.items() if name in wanted - hidden}
    return {"id": post.id, "text": text, view.name("edit_history_post_ids"): [post.id], **shown}


def shown_user(state: State, account: Account, fields: Iterable[str], new: bool) -> dict[str, Any]:
    """One user: id, name, username, and the fields asked for."""
    made = sum(1 for _ in state.visible_posts(account.id))
    metrics = {
        "followers_count": account.followers,
        "following_count": 150,
        "post_count" if new else "tweet_count": made,
        "listed_count": 0,
        "like_count": 0,
        "media_count": sum(1 for p in state.visible_posts(account.id) if p.media),
    }
    known: dict[str, Any] = {
        "id": account.user_id,
        "name": account.handle,
        "username": account.handle,
        "created_at": "2026-01-01T00:00:00.000Z",
        "description": "",
        "protected": False,
        "verified": account.premium,
        "verified_type": "blue" if account.premium else "none",
        "subscription_type": "Premium" if account.premium else "None",
        "public_metrics": metrics,
    }
    wanted = {"id", "name", "username", *fields}
    return {key: value for key, value in known.items() if key in wanted}


def _root(state: State, post: Post) -> Post:
    while post.parent in state.posts:
        post = state.posts[post.parent]
    return post


def _replies(state: State, post: Post) -> int:
    return sum(1 for p in state.visible_posts() if p.parent == post.id)


def _metrics(state: State, post: Post, view: View) -> dict[str, int]:
    now = counts(state.accounts[post.account], post, state.now_ms(), state.growth)
    shown = {"repost_count": now.shares, "reply_count": now.comments + _replies(state, post), "like_count": now.likes}
    shown |= {"quote_count": now.shares // 5, "bookmark_count": now.saves, "impression_count": now.views}
    return {view.name(name): count for name, count in shown.items()}


def _private(state: State, post: Post, view: View, organic: bool) -> dict[str, int]:
    now = counts(state.accounts[post.account], post, state.now_ms(), state.growth)
    shown = {
        "impression_count": now.views,
        "url_link_clicks": now.clicks,
        "user_profile_clicks": now.profile_visits,
    }
    if not organic:
        return {**shown, "engagements": now.likes + now.comments + now.shares + now.clicks}
    shown |= {"like_count": now.likes, "reply_count": now.comments, "repost_count": now.shares}
    return {view.name(name): count for name, count in shown.items()}


def _is_hidden(state: State, post: Post, field: str, view: View) -> bool:
    asked = field in view.fields
    return asked and (post.account != view.reader.id or state.now_ms() - post.at_ms > PRIVATE_FOR)


def _media(state: State, media: XMedia, post: Post, view: View) -> dict[str, Any]:
    kind = _TYPES[media.media_key.partition("_")[0]]
    address = f"https://pbs.twimg.com/media/{media.id}.jpg"
    optional: dict[str, Any] = {"alt_text": media.alt, "width": media.width, "height": media.height}
    if kind == "photo":
        optional["url"] = address
    else:
        views = counts(state.accounts[post.account], post, state.now_ms(), state.growth).views * 7 // 10
        quarters = {f"playback_{part}_count": views * (120 - part) // 120 for part in (0, 25, 50, 75, 100)}
        optional |= {
            "preview_image_url": address,
            "duration_ms": int(media.duration_s * 1000),
            "public_metrics": {"view_count": views},
            "non_public_metrics": quarters,
            "organic_metrics": {**quarters, "view_count": views},
        }
    shown = {name: value for name, value in optional.items() if name in view.media_fields and value is not None}
    return {"media_key": media.media_key, "type": kind, **shown}


def _poll_id(post: Post) -> str:
    return str(int(post.id) + 1)


def _poll(state: State, post: Post, view: View) -> dict[str, Any]:
    ends = post.at_ms + post.poll_minutes * 60_000
    optional = {
        "duration_minutes": post.poll_minutes,
        "end_datetime": iso(ends),
        "voting_status": "open" if state.now_ms() < ends else "closed",
    }
    options = [{"position": n, "label": label, "votes": 0} for n, label in enumerate(post.poll, 1)]
    shown = {name: value for name, value in optional.items() if name in view.poll_fields}
    return {"id": _poll_id(post), "options": options, **shown}
