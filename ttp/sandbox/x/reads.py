"""X: how posts, users and media look in an answer, in the field names of August 2026 (`post.fields`)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.records import HOUR_MS, SandboxAccount, SandboxPost, iso
from ttp.sandbox.state import State
from ttp.sandbox.x.posts import MAX_WEIGHTED, render_text, weighted_length
from ttp.sandbox.x.records import XAccount, XMedia, XSwitches
from ttp.sandbox.x.requests import invalid, not_found

_POST_FIELDS = {
    *("article", "article_title", "attachments", "card_uri", "community_id", "context_annotations", "conversation_id"),
    *("created_at", "display_text_range", "edit_controls", "entities", "geo", "id", "lang", "matched_media_notes"),
    *("media_metadata", "non_public_metrics", "note_post", "note_request_suggestions", "organic_metrics"),
    *("paid_partnership", "possibly_sensitive", "promoted_metrics", "public_metrics", "reply_settings", "scopes"),
    *("source", "suggested_source_links", "suggested_source_links_with_counts", "text", "withheld"),
}
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
    "expansions": _POST_EXPANSIONS,
    "user.fields": _USER_FIELDS,
    "media.fields": {
        *("alt_text", "duration_ms", "height", "media_key", "non_public_metrics", "organic_metrics"),
        *("preview_image_url", "promoted_metrics", "public_metrics", "type", "url", "variants", "width"),
    },
    "poll.fields": {"duration_minutes", "end_datetime", "id", "options", "voting_status"},
    "place.fields": {"contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"},
}
"""The values of each parameter in X's specification."""
_OLDER = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
    "referenced_tweets.id": "referenced_posts",
    "retweet_count": "repost_count",
}
"""Names that clients sent until August 2026, with `tweet.fields`, and sent today. X answers in the same names."""
_OLDER_FIELDS = {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"}
SHAPE = frozenset({*_LISTS, "tweet.fields"})
USER_EXPANSIONS = {"affiliation", "most_recent_post_id", "most_recent_tweet_id", "pinned_post_id", "pinned_tweet_id"}
_MEDIA_TYPES = {"3": "photo", "7": "video", "16": "animated_gif"}


@dataclass(frozen=True, slots=True)
class View:
    """What a request wants to see of each post."""

    fields: frozenset[str]
    expansions: frozenset[str]
    media_fields: frozenset[str]
    user_fields: frozenset[str]
    edit_history: str
    """What the ids of a post's versions are called. A request without post fields gets the older name."""
    is_older: bool = False
    """Whether the request has the older names."""


def read_view(state: State, params: dict[str, str]) -> View:
    """Return the view that the parameters ask for. 400 for an unknown field or expansion."""
    older = frozenset[str]()
    if is_older := "tweet.fields" in params:
        known = (_POST_FIELDS - set(_OLDER.values())) | _OLDER_FIELDS
        older = read_field_list(state, params, "tweet.fields", known)
        expansions = ",".join(_OLDER.get(name, name) for name in params.get("expansions", "").split(","))
        params = {**params, "expansions": expansions}
    asked = {name: read_field_list(state, params, name) for name in _LISTS}
    fields = asked["post.fields"] | {_OLDER.get(name, name) for name in older}
    expansions_asked = asked["expansions"]
    new = not is_older and ("post.fields" in params or any("posts" in name for name in expansions_asked))
    edit_history = "edit_history_post_ids" if new else "edit_history_tweet_ids"
    return View(fields, expansions_asked, asked["media.fields"], asked["user.fields"], edit_history, is_older)


def read_field_list(
    state: State, params: dict[str, str], name: str, known: AbstractSet[str] | None = None
) -> frozenset[str]:
    """Return the values of one parameter, which are among `known`, else among X's for it. 400 for another one, unless
    `ignore_unknown_fields` leaves it out."""
    values = frozenset(filter(None, params.get(name, "").split(",")))
    unknown = values - (_LISTS[name] if known is None else known)
    if unknown and not state.part(XSwitches).ignore_unknown_fields:
        wrong = ",".join(sorted(unknown))
        raise invalid(f"The `{name}` query parameter value [{wrong}] is not valid", **{name: params[name]})
    return values - unknown


def render_posts(state: State, posts: list[SandboxPost], view: View) -> dict[str, Any]:
    """Return `data` and `includes` for a list of posts; a part without entries is left out."""
    answer: dict[str, Any] = {}
    if posts:
        answer["data"] = [render_post(state, post, view) for post in posts]
    includes = {name: entries for name, entries in _render_includes(state, posts, view).items() if entries}
    return {**answer, "includes": includes} if includes else answer


def _render_includes(state: State, posts: list[SandboxPost], view: View) -> dict[str, list[Any]]:
    includes: dict[str, list[Any]] = {}
    if "attachments.media_keys" in view.expansions:
        by_key = {media.media_key: media for media in state.table(XMedia).values()}
        owner = {key: post for post in posts for key in post.media_keys}
        includes["media"] = [_render_media(state, by_key[key], owner[key], view) for key in owner]
    parents = [state.posts[p.parent] for p in posts if p.parent in state.posts]
    if "referenced_posts" in view.expansions:
        includes["tweets" if view.is_older else "posts"] = [
            render_post(state, p, view) for p in dict.fromkeys(parents) if not p.deleted
        ]
    people = posts if "author_id" in view.expansions else []
    if "in_reply_to_user_id" in view.expansions:
        people = [*people, *parents]
    authors = dict.fromkeys(post.account for post in people)
    includes["users"] = [render_user(state, state.accounts[name], view.user_fields) for name in authors]
    return includes


def render_post(state: State, post: SandboxPost, view: View) -> dict[str, Any]:
    """Return one post: its id, text and edit history, and the fields asked for."""
    owner = state.accounts[post.account]
    text, urls = render_text(owner, post)
    parent = state.posts.get(post.parent or "")
    optional: dict[str, Any] = {
        "created_at": iso(post.at_ms),
        "author_id": owner.user_id,
        "conversation_id": _find_root(state, post).id,
        "lang": "und",
        "possibly_sensitive": False,
        "reply_settings": post.reply_settings,
        "paid_partnership": "paid_partnership" in post.labels,
        "display_text_range": [0, len(text)],
        "edit_controls": {"edits_remaining": 5, "is_edit_eligible": False, "editable_until": iso(post.at_ms + HOUR_MS)},
        "public_metrics": _render_metrics(state, post),
    }
    if urls:
        optional["entities"] = {"urls": urls}
    if post.media_keys:
        optional["attachments"] = {"media_keys": list(post.media_keys)}
    if post.parent:
        optional["referenced_posts"] = [{"type": "replied_to", "id": post.parent}]
    if parent is not None:
        optional["in_reply_to_user_id"] = state.accounts[parent.account].user_id
    if weighted_length(post.text) > MAX_WEIGHTED:
        optional["note_post"] = {"text": text}
    wanted = {*view.fields, *(name.partition(".")[0] for name in view.expansions)}
    shown = {name: value for name, value in optional.items() if name in wanted}
    if view.is_older:
        shown = _with_older_names(shown)
    return {"id": post.id, "text": text, view.edit_history: [post.id], **shown}


def _with_older_names(shown: dict[str, Any]) -> dict[str, Any]:
    older = {new: old for old, new in _OLDER.items() if "." not in old}
    named = {older.get(name, name): value for name, value in shown.items()}
    if counts := named.get("public_metrics"):
        named["public_metrics"] = {older.get(name, name): value for name, value in counts.items()}
    return named


def render_user(state: State, account: SandboxAccount, fields: Iterable[str]) -> dict[str, Any]:
    """Return one user: id, name, username, and the fields asked for."""
    premium = isinstance(account, XAccount) and account.premium
    known: dict[str, Any] = {
        "id": account.user_id,
        "name": account.handle,
        "username": account.handle,
        "created_at": "2026-01-01T00:00:00.000Z",
        "description": "",
        "protected": False,
        "verified": premium,
        "verified_type": "blue" if premium else "none",
        "subscription_type": "Premium" if premium else "None",
        "public_metrics": {
            "followers_count": account.followers,
            "following_count": 150,
            "post_count": sum(1 for _ in state.visible_posts(account.id)),
            "listed_count": 0,
            "like_count": 0,
            "media_count": sum(1 for p in state.visible_posts(account.id) if p.media),
        },
    }
    wanted = {"id", "name", "username", *fields}
    return {key: value for key, value in known.items() if key in wanted}


def _find_root(state: State, post: SandboxPost) -> SandboxPost:
    while post.parent in state.posts:
        post = state.posts[post.parent]
    return post


def _count_replies(state: State, post: SandboxPost) -> int:
    return sum(1 for p in state.visible_posts() if p.parent == post.id)


def _render_metrics(state: State, post: SandboxPost) -> dict[str, int]:
    now = count_engagement(state.accounts[post.account], post, state.now_ms())
    return {
        "repost_count": now.shares,
        "reply_count": now.comments + _count_replies(state, post),
        "like_count": now.likes,
        "quote_count": now.shares // 5,
        "bookmark_count": now.saves,
        "impression_count": now.views,
    }


def _render_media(state: State, media: XMedia, post: SandboxPost, view: View) -> dict[str, Any]:
    kind = _MEDIA_TYPES[media.media_key.partition("_")[0]]
    address = f"https://pbs.twimg.com/media/{media.id}.jpg"
    optional: dict[str, Any] = {"alt_text": media.alt, "width": media.width, "height": media.height}
    if kind == "photo":
        optional["url"] = address
    else:
        views = count_engagement(state.accounts[post.account], post, state.now_ms()).views * 7 // 10
        optional |= {
            "preview_image_url": address,
            "duration_ms": int(media.duration_s * 1000),
            "public_metrics": {"view_count": views},
        }
    shown = {name: value for name, value in optional.items() if name in view.media_fields and value is not None}
    return {"media_key": media.media_key, "type": kind, **shown}


NEWEST = 3200
"""How far back a timeline reaches, in posts."""
ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_PAGE = {"max_results", "pagination_token", "start_time", "end_time", "exclude"}


async def me(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/users/me`: the token's own user."""
    params = read_query(request, {"user.fields", "expansions", "post.fields"})
    read_field_list(state, params, "expansions", USER_EXPANSIONS)
    read_field_list(state, params, "post.fields")
    return JSONResponse({"data": render_user(state, account, read_field_list(state, params, "user.fields"))})


async def timeline(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/users/{id}/tweets`: newest first, `max_results` at a time. Without posts, `data` is missing."""
    params = read_query(request, SHAPE | _PAGE)
    view = read_view(state, params)
    wanted = request.path_params["id"]
    if not ID.fullmatch(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    size = _read_size(params.get("max_results", "10"))
    if not {*filter(None, params.get("exclude", "").split(","))} <= {"replies", "retweets"}:
        raise invalid("The `exclude` query parameter value is not valid", exclude=params["exclude"])
    owner = next((a for a in state.accounts_of(XAccount) if a.user_id == wanted), None)
    if owner is None:
        return JSONResponse({"errors": [not_found("user", wanted)]})
    found = [p for p in state.listed_posts(owner.id)[:NEWEST] if _is_on_page(p, params)]
    page, rest = found[:size], found[size:]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if rest:
        meta["next_token"] = base64.b32encode(page[-1].id.encode()).decode().lower().rstrip("=")
    return JSONResponse({**render_posts(state, page, view), "meta": meta})


async def by_ids(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/tweets?ids=`: up to 100 posts; unknown ones are listed in `errors`, with 200."""
    params = read_query(request, SHAPE | {"ids"})
    ids = _read_ids(params)
    known = {p.id: p for p in state.visible_posts() if p.platform == "x"}
    page = [known[i] for i in ids if i in known]
    answer = render_posts(state, page, read_view(state, params))
    missing = [not_found("tweet", i) for i in ids if i not in known]
    if missing:
        answer["errors"] = [*answer.get("errors", []), *missing]
    return JSONResponse(answer)


async def by_id(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/tweets/{id}`: one post. An unknown one is listed in `errors`, with 200."""
    view = read_view(state, read_query(request, SHAPE))
    wanted = request.path_params["id"]
    if not ID.fullmatch(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    post = state.posts.get(wanted)
    if post is None or post.platform != "x" or post.deleted:
        return JSONResponse({"errors": [not_found("tweet", wanted)]})
    answer = render_posts(state, [post], view)
    return JSONResponse({**answer, "data": render_post(state, post, view)})


def read_query(request: Request, allowed: Collection[str]) -> dict[str, str]:
    """Return the query. 400 for a parameter that is not `allowed`, or there twice."""
    pairs = request.query_params.multi_items()
    for name, _ in pairs:
        if name not in allowed:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]", name=name)
    if len(dict(pairs)) != len(pairs):
        raise invalid("A query parameter is there twice")
    return dict(pairs)


def _read_ids(params: dict[str, str]) -> list[str]:
    """Return the parameter `ids`: 1 to 100 ids."""
    ids = params.get("ids", "").split(",")
    if not 1 <= len(ids) <= 100 or not all(map(ID.fullmatch, ids)):
        raise invalid("The `ids` query parameter value is not 1 to 100 ids", ids=params.get("ids", ""))
    return ids


def _read_time(params: dict[str, str], name: str, default: int) -> int:
    """Return a time parameter in milliseconds since 1970. 400 for another form."""
    text = params.get(name)
    if text is None:
        return default
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise invalid(f"The `{name}` query parameter value [{text}] is not a valid RFC3339 time", name=text) from None


def _read_size(text: str) -> int:
    if not text.isdecimal() or not 5 <= int(text) <= 100:
        raise invalid(f"The `max_results` query parameter value [{text}] is not between 5 and 100", max_results=text)
    return int(text)


def _is_on_page(post: SandboxPost, params: dict[str, str]) -> bool:
    """Return whether a post is in the page's bounds: times, and the page before it."""
    return (
        _read_time(params, "start_time", 0) <= post.at_ms < _read_time(params, "end_time", 1 << 62)
        and int(post.id) < _read_page_token(params)
        and not ("replies" in params.get("exclude", "").split(",") and post.parent)
    )


def _read_page_token(params: dict[str, str]) -> int:
    text = params.get("pagination_token")
    if text is None:
        return 1 << 63
    try:
        return int(base64.b32decode(text.upper() + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        raise invalid(f"The `pagination_token` value [{text}] is not valid", pagination_token=text) from None
