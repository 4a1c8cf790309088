"""Mastodon: publishing, reading and deleting posts, and the account's own list."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import replace
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.mastodon import records
from ttp.sandbox.mastodon.media import attach, describe_upload
from ttp.sandbox.mastodon.requests import no_such_route, refusal
from ttp.sandbox.records import SandboxPost, iso
from ttp.sandbox.request_checks import BodyField, RequestRefused, are_texts, check_object, content_type, json_body
from ttp.sandbox.state import State

MOST_PAGE = 40
VISIBILITIES = ("public", "unlisted", "private", "direct")
_LINK = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/?#][!-~]*[#-&+\-/-9=@-Z_a-z~])?", re.IGNORECASE)
_MENTION = re.compile(r"(?<![=/\w])@(\w+)@[\w.-]*\w", re.IGNORECASE)
_BODY = (
    BodyField("status", str),
    BodyField("media_ids", list, fits=are_texts),
    BodyField("visibility", str, fits=VISIBILITIES.__contains__),
    BodyField("language", str),
    BodyField("spoiler_text", str),
    BodyField("sensitive", bool),
    BodyField("in_reply_to_id", str),
    BodyField("poll", dict),
    BodyField("quoted_status_id", str),
    BodyField("quote_approval_policy", str, fits=("public", "followers", "nobody").__contains__),
)


def count_characters(text: str, warning: str, profile: records.Profile) -> int:
    """Return the length of a post as the software counts it."""
    if profile.code_points:
        return len(text) + len(warning)
    if profile.software == "mastodon":
        text = _MENTION.sub(r"@\1", _LINK.sub("x" * 23, text))
    return len(regex.findall(r"\X", warning + text))


async def create(state: State, account: records.MastodonAccount, request: Request) -> Response:
    """`POST /api/v1/statuses`. A key that was used gives the post that it made, whatever the body is."""
    await request.body()  # what follows is one step, whatever else is asked meanwhile
    profile, key = records.profile_of(state), request.headers.get("idempotency-key", "")
    name = f"{account.id} {key}"
    used = state.table(records.UsedKey).get(name) if key and profile.keys_ms else None
    if used is not None and state.now_ms() - used.at_ms < profile.keys_ms:
        if used.error:
            return JSONResponse({"error": used.error}, used.status, {"idempotent-replayed": "true"})
        if profile.repeat_500:
            raise refusal(500, "Internal Server Error")
        if (post := state.posts.get(used.post)) is not None:
            return JSONResponse(describe_post(state, post), headers={"idempotent-replayed": "true"})
    try:
        body = await _read_body(request)
        post = _publish(state, account, body, profile)
    except RequestRefused as refused:
        if key and profile.replays_errors:
            error = json.loads(bytes(refused.response.body))["error"]
            state.save(records.UsedKey(name, state.now_ms(), status=refused.response.status_code, error=error))
        raise
    if key and profile.keys_ms and not state.part(records.MastodonSwitches).mastodon_forgets_keys:
        state.save(records.UsedKey(name, state.now_ms(), post=post.id))
    answer = JSONResponse(describe_post(state, post))
    found = records.TROUBLES.get(state.trouble_of(account))
    if found is not None and found.status == 200:
        del state.posts[post.id]
    return answer


async def _read_body(request: Request) -> dict[str, Any]:
    """Return the fields of JSON or, as Mastodon.py sends them, of a form. Empty values are left out."""
    if content_type(request) == "application/json":
        body = await json_body(request, _invalid)
        body = {name: value for name, value in body.items() if value is not None}
    else:
        form = await request.form()
        body = {name.removesuffix("[]"): form.getlist(name) if name.endswith("[]") else form[name] for name in form}
    if not isinstance(switch := body.get("sensitive", False), bool):  # as Rails reads it
        body["sensitive"] = str(switch).lower() not in ("", "0", "false")
    check_object(body, _BODY, _invalid)
    return body


def _invalid(message: str) -> RequestRefused:
    return refusal(422, f"Validation failed: {message}")


def _publish(
    state: State, account: records.MastodonAccount, body: dict[str, Any], profile: records.Profile
) -> SandboxPost:
    text, warning = (
        unicodedata.normalize("NFC", str(body.get(name, ""))).strip() for name in ("status", "spoiler_text")
    )
    ids, poll = body.get("media_ids", []), body.get("poll")
    if not text and not ids:
        text = warning
    wrong = profile.content_status
    if not text and not ids:
        raise refusal(wrong, "Validation failed: Text can't be blank")
    if count_characters(text, warning, profile) > profile.characters:
        raise refusal(wrong, f"Validation failed: Text character limit of {profile.characters} exceeded")
    if len(ids) > 4:
        raise refusal(wrong, "Validation failed: Cannot attach more than 4 files")
    answers = _poll_answers(poll, wrong) if poll is not None else ()
    if answers and ids:
        raise refusal(wrong, "Validation failed: Cannot attach media to a post with a poll")
    quoted = body.get("quoted_status_id")
    if quoted is not None and (ids or answers):
        raise refusal(wrong, "Validation failed: Cannot attach media to a quote")
    parent = body.get("in_reply_to_id")
    for one in filter(None, (parent, quoted)):
        if (target := state.posts.get(one)) is None or target.platform != "mastodon" or target.deleted:
            raise refusal(404, "The post you are trying to reply to does not appear to exist.")
    post_id = records.new_id(state)
    uploads = attach(state, account, ids, post_id)
    visibility = body.get("visibility") or account.privacy
    post = SandboxPost(
        post_id,
        account.id,
        text,
        tuple(upload.sha256 for upload in uploads),
        state.now_ms(),
        parent=parent,
        alts=tuple(upload.alt for upload in uploads),
        duration_s=int(max((upload.duration_s for upload in uploads), default=0)),
        shapes=tuple(upload.mime.partition("/")[0] for upload in uploads),
        labels=tuple(filter(None, (warning,))),
    )
    details = records.Details(
        post_id,
        visibility,
        warning,
        bool(body.get("sensitive")) or bool(warning),
        body.get("language"),
        () if profile.software == "snac" else answers,
        quoted,
        tuple(upload.id for upload in uploads),
    )
    state.save(details, post)
    return post


def _poll_answers(poll: dict[str, Any], wrong: int) -> tuple[str, ...]:
    answers, seconds = poll.get("options"), poll.get("expires_in")
    if not isinstance(answers, list) or not are_texts(answers) or not 2 <= len(answers) <= 4:
        raise refusal(wrong, "Validation failed: Poll options must contain 2 to 4 items")
    if any(len(answer) > 50 for answer in answers):
        raise refusal(wrong, "Validation failed: Poll options can't be longer than 50 characters each")
    if not isinstance(seconds, int) or not 300 <= seconds <= 2_629_746:
        raise refusal(wrong, "Validation failed: Expires at is too soon or too far into the future")
    return tuple(answers)


async def by_id(state: State, account: records.MastodonAccount, request: Request) -> Response:
    return JSONResponse(describe_post(state, _post(state, request.path_params["id"])))


async def by_ids(state: State, account: records.MastodonAccount, request: Request) -> Response:
    """Several posts; those that are not there are left out."""
    ids = request.query_params.getlist("id[]")
    if len(ids) > 20:
        raise refusal(422, "Validation failed: too many ids")
    found = [post for one in ids if (post := state.posts.get(one)) and not post.deleted and post.platform == "mastodon"]
    return JSONResponse([describe_post(state, post) for post in found])


async def source(state: State, account: records.MastodonAccount, request: Request) -> Response:
    post = _post(state, request.path_params["id"])
    if post.account != account.id:
        raise refusal(403, "This action is not allowed")
    return JSONResponse({"id": post.id, "text": post.text, "spoiler_text": _details(state, post).warning})


async def delete(state: State, account: records.MastodonAccount, request: Request) -> Response:
    if not records.profile_of(state).deletes:
        raise no_such_route()
    post = _post(state, request.path_params["id"])
    if post.account != account.id:
        raise refusal(403, "This action is not allowed")
    described = {**describe_post(state, post), "text": post.text}
    state.save(replace(post, deleted=True))
    return JSONResponse(described)


async def list_statuses(state: State, account: records.MastodonAccount, request: Request) -> Response:
    """`GET /api/v1/accounts/{id}/statuses`: newest first."""
    owner = next(
        (a for a in state.accounts_of(records.MastodonAccount) if a.user_id == request.path_params["id"]), None
    )
    if owner is None:
        raise refusal(404, "Record not found")
    query, profile = request.query_params, records.profile_of(state)
    most = min(int(query.get("limit", "20")), MOST_PAGE)
    posts = [
        post
        for post in state.listed_posts(owner.id)
        if profile.lists_private or _details(state, post).visibility in ("public", "unlisted")
        if "max_id" not in query or int(post.id) < int(query["max_id"])
    ]
    return JSONResponse([describe_post(state, post) for post in posts[:most]])


async def verify(state: State, account: records.MastodonAccount, request: Request) -> Response:
    source = {"privacy": account.privacy, "sensitive": False, "language": None}
    return JSONResponse({**describe_account(account), "source": source})


async def search(state: State, account: records.MastodonAccount, request: Request) -> Response:
    """`GET /api/v2/search`: finds a post by its address."""
    wanted = request.query_params.get("q", "").rpartition("/")[2]
    found = [post for post in [state.posts.get(wanted)] if post is not None and not post.deleted]
    return JSONResponse({"accounts": [], "hashtags": [], "statuses": [describe_post(state, post) for post in found]})


def describe_account(account: records.MastodonAccount) -> dict[str, Any]:
    return {
        "id": account.user_id,
        "username": account.username,
        "acct": account.username,
        "url": f"https://sandbox.test/@{account.username}",
    }


def describe_post(state: State, post: SandboxPost) -> dict[str, Any]:
    """Return a post as the API shows it."""
    details, author = _details(state, post), state.account(records.MastodonAccount, post.account)
    counts, parent = count_engagement(author, post, state.now_ms()), state.posts.get(post.parent or "")
    url = f"https://sandbox.test/@{author.username}/{post.id}"
    uploads = [upload for one in details.uploads if (upload := state.table(records.Attachment).get(one)) is not None]
    poll = {"id": post.id, "options": [{"title": title, "votes_count": 0} for title in details.poll]}
    replies = sum(1 for one in state.visible_posts() if one.parent == post.id)
    return {
        "id": post.id,
        "uri": f"https://sandbox.test/users/{author.username}/statuses/{post.id}",
        "url": url,
        "created_at": iso(post.at_ms),
        "edited_at": None,
        "account": describe_account(author),
        "content": f"<p>{html.escape(post.text, quote=False)}</p>".replace("\n", "<br>"),
        "visibility": details.visibility,
        "sensitive": details.sensitive,
        "spoiler_text": details.warning,
        "language": details.language,
        "in_reply_to_id": post.parent,
        "in_reply_to_account_id": None if parent is None else state.accounts[parent.account].user_id,
        "reblog": None,
        "media_attachments": [describe_upload(state, upload) for upload in uploads],
        "poll": poll if details.poll else None,
        "favourites_count": counts.likes,
        "reblogs_count": counts.shares,
        "quotes_count": 0,
        "replies_count": counts.comments + replies,
    }


def _details(state: State, post: SandboxPost) -> records.Details:
    return state.table(records.Details).get(post.id) or records.Details(post.id, "public")


def _post(state: State, post_id: str) -> SandboxPost:
    post = state.posts.get(post_id)
    if post is None or post.deleted or post.platform != "mastodon":
        raise refusal(404, "Record not found")
    return post
