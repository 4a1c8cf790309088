"""LinkedIn: new posts, whose text is cut off at a reserved character that is not escaped, and their deletion."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.linkedin.media import find_asset, status_of
from ttp.sandbox.linkedin.records import VISIBILITIES, LinkedInAccount, LinkedInAsset, LinkedInSwitches, new_number
from ttp.sandbox.linkedin.requests import denial, invalid, refusal
from ttp.sandbox.records import DAY_MS, SandboxPost
from ttp.sandbox.request_checks import BodyField, RequestRefused, check_object, json_body
from ttp.sandbox.state import State

MOST_TEXT, MOST_ALT, MOST_TITLE, MOST_DESCRIPTION = 3000, 4086, 200, 256
RESERVED = r"\|{}@[]()<>#*_~"
_TOKEN = re.compile(
    rf"\\(?P<escaped>[{re.escape(RESERVED)}])"
    r"|@\[(?P<name>(?:\\.|[^\]\\])+)\]\(urn:li:(?:organization|person):[A-Za-z0-9_-]+\)"
    rf"|(?P<tag>#[^\W_]+)|(?P<reserved>[{re.escape(RESERVED)}])"
)
_BODY = (
    BodyField("author", str, required=True),
    BodyField("commentary", str, required=True),
    BodyField("visibility", str, required=True, fits=VISIBILITIES.__contains__),
    BodyField("lifecycleState", str, required=True, fits=lambda state: state == "PUBLISHED"),
    BodyField("distribution", dict, required=True),
    BodyField("isReshareDisabledByAuthor", bool),
    BodyField("content", dict),
)
_DISTRIBUTION = (
    BodyField("feedDistribution", str, required=True, fits=("MAIN_FEED", "NONE").__contains__),
    BodyField("targetEntities", list, required=True, fits=lambda one: one == []),
    BodyField("thirdPartyDistributionChannels", list, required=True, fits=lambda one: one == []),
)
_CONTENT = (BodyField("media", dict), BodyField("multiImage", dict), BodyField("article", dict))
_ALT = BodyField("altText", str, fits=lambda text: len(text) <= MOST_ALT)
_MEDIA = (BodyField("id", str, required=True), BodyField("title", str), _ALT)
_IMAGE = (BodyField("id", str, required=True), _ALT)
_IMAGES = (BodyField("images", list, required=True, fits=lambda images: 2 <= len(images) <= 20),)
_ARTICLE = (
    BodyField("source", str, required=True, fits=lambda url: url.startswith(("https://", "http://"))),
    BodyField("title", str, required=True, fits=lambda title: 0 < len(title) <= MOST_TITLE),
    BodyField("description", str, fits=lambda text: len(text) <= MOST_DESCRIPTION),
    BodyField("thumbnail", str),
)


def shown_text(commentary: str) -> str:
    """Return what people see of a text: up to the first reserved character that is not escaped."""
    pieces, end = list[str](), 0
    for match in _TOKEN.finditer(commentary):
        pieces.append(commentary[end : match.start()])
        if match["reserved"]:
            return "".join(pieces)
        pieces.append(match["escaped"] or match["tag"] or re.sub(r"\\(.)", r"\1", match["name"]))
        end = match.end()
    return "".join([*pieces, commentary[end:]])


async def create(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`POST /rest/posts`: publishes one post. 201 without a body, and the id in a header."""
    body = await json_body(request, invalid, _BODY)
    check_object(body["distribution"], _DISTRIBUTION, invalid, "distribution.")
    if body["author"] != account.urn:
        raise refusal(422, "", f'ERROR :: /author :: "{body["author"]}" is not the member of the token')
    if len(body["commentary"].encode("utf-16-le")) // 2 > MOST_TEXT:
        raise refusal(400, "FIELD_LENGTH_TOO_LONG", f"commentary: at most {MOST_TEXT} characters")
    assets, alts = _content(state, account, body.get("content", {}))
    article = body.get("content", {}).get("article", {})
    if not body["commentary"].strip() and not assets and not article:
        raise refusal(422, "", "ERROR :: /commentary :: field is required")
    text = shown_text(body["commentary"])
    if not assets:  # it is not known that posts with media are compared, and a sandbox must not hide a second one
        _refuse_duplicate(state, account, text)
    post = SandboxPost(
        f"urn:li:share:{new_number(state)}",
        account.id,
        text,
        tuple(asset.sha256 or "" for asset in assets),
        state.now_ms(),
        kind="" if body["visibility"] == "PUBLIC" else body["visibility"],
        alts=alts,
        media_keys=tuple(asset.id for asset in assets),
        duration_s=int(max((asset.duration_s for asset in assets), default=0)),
        shapes=tuple(asset.kind for asset in assets),
        labels=(
            *(("no_reshare",) if body.get("isReshareDisabledByAuthor") else ()),
            *((f"article {article['title']}",) if article else ()),
        ),
    )
    state.save(post)
    return Response(status_code=201, headers={"x-restli-id": post.id})


async def delete(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`DELETE /rest/posts/{urn}`: deletes an own post. May be repeated."""
    post = state.posts.get(unquote(request.path_params["urn"]))
    if post is not None and post.account != account.id:
        raise denial("posts.DELETE")
    if post is not None and not post.deleted:
        state.save(replace(post, deleted=True))
    return Response(status_code=204)


def _content(
    state: State, account: LinkedInAccount, content: dict[str, Any]
) -> tuple[list[LinkedInAsset], tuple[str | None, ...]]:
    """Return the assets of a post and their alt texts. Refuses assets that do not exist or are not ready."""
    check_object(content, _CONTENT, invalid, "content.")
    if len(content) > 1:
        raise invalid("content: one kind only")
    items: list[Any] = []
    if "media" in content:
        check_object(content["media"], _MEDIA, invalid, "content.media.")
        items = [content["media"]]
    if "multiImage" in content:
        check_object(content["multiImage"], _IMAGES, invalid, "content.multiImage.")
        items = content["multiImage"]["images"]
        for item in items:
            check_object(item, _IMAGE, invalid, "content.multiImage.images.")
            if not item["id"].startswith("urn:li:image:"):
                raise invalid("content.multiImage.images: images only")
    if "article" in content:
        check_object(content["article"], _ARTICLE, invalid, "content.article.")
        if "thumbnail" in content["article"]:
            _ready_asset(state, account, content["article"]["thumbnail"])
    return [_ready_asset(state, account, one["id"]) for one in items], tuple(one.get("altText") for one in items)


def _ready_asset(state: State, account: LinkedInAccount, urn: str) -> LinkedInAsset:
    asset = find_asset(state, account, urn)
    status = status_of(state, asset)
    if status == "PROCESSING_FAILED":
        raise refusal(400, "MEDIA_ASSET_PROCESSING_FAILED", f"{urn} could not be processed")
    if status != "AVAILABLE":
        raise refusal(400, "MEDIA_ASSET_WAITING_UPLOAD", f"{urn} is not ready: {status}")
    return asset


def _refuse_duplicate(state: State, account: LinkedInAccount, text: str) -> None:
    """Refuse the text of another post without media of the last day. How long LinkedIn compares is not known."""
    now = state.now_ms()
    for post in reversed(state.posts.values()):
        if post.at_ms < now - DAY_MS:
            return
        if post.account == account.id and post.text == text and not post.media and not post.deleted:
            raise _duplicate(state, account, post)


def _duplicate(state: State, account: LinkedInAccount, post: SandboxPost) -> RequestRefused:
    old = post.at_ms - 365 * DAY_MS
    names = {
        "right": post.id,
        "old": f"urn:li:share:{old << 22}",
        "ghost": f"urn:li:share:{state.now_ms() << 22}",
        "person": account.urn,
    }
    of = names.get(state.part(LinkedInSwitches).duplicate_of, "another post")
    code = {"code": "DUPLICATE_POST", "description": "Duplicate post is detected"}
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": f"Duplicate post is detected. Content is a duplicate of {of}",
        "errorDetails": {"inputErrors": [code]},
        "status": 422,
    }
    return RequestRefused(JSONResponse(body, 422))
