"""X: reading posts back, in the field names of the request's dialect (`post.fields` new, `tweet.fields` old)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.credentials import iso
from ttp.sandbox.state import Account, Post, State
from ttp.sandbox.x_front import invalid, not_found
from ttp.sandbox.x_posts import returned_text

_ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_SHAPE = {"post.fields", "tweet.fields", "expansions", "media.fields", "user.fields", "poll.fields", "place.fields"}
_PAGE = {"max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id", "exclude"}
_EXPANSIONS = {
    "attachments.media_keys",
    "author_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "referenced_posts.id",
    "referenced_tweets.id",
}
_TYPES = {"3": "photo", "7": "video", "16": "animated_gif"}


@dataclass(frozen=True, slots=True)
class View:
    """What a request wants to see of each post."""

    new: bool
    """Names of August 2026 (`referenced_posts`) instead of the older ones (`referenced_tweets`)."""
    fields: frozenset[str]
    expansions: frozenset[str]
    media_fields: frozenset[str]

    def name(self, of: str) -> str:
        """A field's name in the request's dialect."""
        return (
            of
            if self.new
            else of.replace("posts", "tweets").replace("post_ids", "tweet_ids").replace("repost", "retweet")
        )


async def timeline(state: State, account: Account, request: Request) -> Response:
    """`GET /2/users/{id}/tweets`: newest first, `max_results` at a time. Without a post there is no `data` key."""
    params = _parameters(request, _SHAPE | _PAGE)
    view = _view(params)
    wanted = request.path_params["id"]
    if not _ID.fullmatch(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    size = _size(params.get("max_results", "10"))
    owner = next((a for a in state.accounts.values() if a.platform == "x" and a.user_id == wanted), None)
    if owner is None:
        return JSONResponse({"errors": [not_found("user", wanted)]})
    found = [p for p in state.listed_posts(owner.id) if _within(p, params)]
    page, rest = found[:size], found[size:]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if rest:
        meta["next_token"] = base64.b32encode(page[-1].id.encode()).decode().lower().rstrip("=")
    return JSONResponse({**_posts(state, page, view), "meta": meta})


async def by_ids(state: State, account: Account, request: Request) -> Response:
    """`GET /2/tweets?ids=`: up to 100 posts; those that are not there come in `errors`, with 200."""
    params = _parameters(request, _SHAPE | {"ids"})
    ids = params.get("ids", "").split(",")
    if not 1 <= len(ids) <= 100 or not all(map(_ID.fullmatch, ids)):
        raise invalid("The `ids` query parameter value is not 1 to 100 ids", ids=params.get("ids", ""))
    known = {p.id: p for p in state.visible_posts() if p.platform == "x"}
    answer = _posts(state, [known[i] for i in ids if i in known], _view(params))
    missing = [not_found("tweet", i) for i in ids if i not in known]
    return JSONResponse({**answer, "errors": missing} if missing else answer)


def _parameters(request: Request, allowed: set[str]) -> dict[str, str]:
    for name in request.query_params:
        if name not in allowed:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]", name=name)
    return dict(request.query_params)


def _view(params: dict[str, str]) -> View:
    expansions = frozenset(filter(None, params.get("expansions", "").split(",")))
    if not expansions <= _EXPANSIONS:
        raise invalid("The `expansions` query parameter value is not valid", expansions=params["expansions"])
    new = "post.fields" in params or ("tweet.fields" not in params and any("posts" in e for e in expansions))
    fields = params.get("post.fields" if new else "tweet.fields", "").split(",")
    return View(new, frozenset(fields), expansions, frozenset(params.get("media.fields", "").split(",")))


def _size(text: str) -> int:
    if not text.isdecimal() or not 5 <= int(text) <= 100:
        raise invalid(f"The `max_results` query parameter value [{text}] is not between 5 and 100", max_results=text)
    return int(text)


def _within(post: Post, params: dict[str, str]) -> bool:
    """Whether a post is in the page's bounds: times half-open, ids exclusive."""
    number = int(post.id)
    return (
        _instant(params, "start_time", 0) <= post.at_ms < _instant(params, "end_time", 1 << 62)
        and _number(params, "since_id", 0) < number < _number(params, "until_id", 1 << 63)
        and number < _token(params)
        and not ("replies" in params.get("exclude", "").split(",") and post.parent)
    )


def _instant(params: dict[str, str], name: str, default: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise invalid(f"The `{name}` query parameter value [{text}] is not a valid RFC3339 time", name=text) from None


def _number(params: dict[str, str], name: str, default: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not _ID.fullmatch(text):
        raise invalid(f"The `{name}` query parameter value [{text}] is not valid", name=text)
    return int(text)


def _token(params: dict[str, str]) -> int:
    text = params.get("pagination_token")
    if text is None:
        return 1 << 63
    try:
        return int(base64.b32decode(text.upper() + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        raise invalid(f"The `pagination_token` value [{text}] is not valid", pagination_token=text) from None


def _posts(state: State, posts: list[Post], view: View) -> dict[str, Any]:
    """`data` and `includes`; a part without entries is left out."""
    answer: dict[str, Any] = {}
    if posts:
        answer["data"] = [_shown(state, post, view) for post in posts]
    includes: dict[str, Any] = {}
    if "attachments.media_keys" in view.expansions:
        by_key = {m.media_key: m for m in state.x_media.values()}
        includes["media"] = [
            _media(key, by_key[key].alt, view) for key in dict.fromkeys(k for p in posts for k in p.media_keys)
        ]
    if view.expansions & {"referenced_posts", "referenced_posts.id", "referenced_tweets.id"}:
        parents = [state.posts[p.parent] for p in posts if p.parent in state.posts]
        includes[view.name("posts")] = [_shown(state, p, view) for p in dict.fromkeys(parents) if not p.deleted]
    if view.expansions & {"author_id", "in_reply_to_user_id"}:
        owners = [state.accounts[name] for name in dict.fromkeys(p.account for p in posts)]
        includes["users"] = [{"id": a.user_id, "name": a.handle, "username": a.handle} for a in owners]
    if includes := {name: entries for name, entries in includes.items() if entries}:
        answer["includes"] = includes
    return answer


def _shown(state: State, post: Post, view: View) -> dict[str, Any]:
    owner = state.accounts[post.account]
    text, urls = returned_text(owner, post)
    parent = state.posts.get(post.parent or "")
    references = view.name("referenced_posts")
    optional: dict[str, Any] = {
        "created_at": iso(post.at_ms),
        "author_id": owner.user_id,
        "conversation_id": _root(state, post).id,
        "public_metrics": _metrics(state, post, view),
    }
    if urls:
        optional["entities"] = {"urls": urls}
    if post.media_keys:
        optional["attachments"] = {"media_keys": list(post.media_keys)}
    if post.parent:
        optional[references] = [{"type": "replied_to", "id": post.parent}]
    if parent is not None:
        optional["in_reply_to_user_id"] = state.accounts[parent.account].user_id
    wanted = {*view.fields, *(e.partition(".")[0] for e in view.expansions)}
    if wanted & {"referenced_posts", "referenced_tweets"}:
        wanted.add(references)
    shown = {name: value for name, value in optional.items() if name in wanted}
    return {"id": post.id, "text": text, view.name("edit_history_post_ids"): [post.id], **shown}


def _root(state: State, post: Post) -> Post:
    while post.parent in state.posts:
        post = state.posts[post.parent]
    return post


def _metrics(state: State, post: Post, view: View) -> dict[str, int]:
    replies = sum(1 for p in state.visible_posts() if p.parent == post.id)
    counts = {"repost_count": 0, "reply_count": replies, "like_count": 0}
    counts |= {"quote_count": 0, "bookmark_count": 0, "impression_count": 0}
    return {view.name(name): count for name, count in counts.items()}


def _media(key: str, alt: str | None, view: View) -> dict[str, Any]:
    optional: dict[str, Any] = {"public_metrics": {"view_count": 0}}
    if alt is not None:
        optional["alt_text"] = alt
    shown = {name: value for name, value in optional.items() if name in view.media_fields}
    return {"media_key": key, "type": _TYPES[key.partition("_")[0]], **shown}
