"""Instagram: containers. Their media, fetched or uploaded, measured against its limits, and published."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.instagram.records import CONTAINERS, LIMITS, POSTS, TROUBLES, InstagramAccount, StoredContainer, new_id
from ttp.sandbox.instagram.requests import API
from ttp.sandbox.media import CannotFetch, fetch_url, read_facts
from ttp.sandbox.meta import nodes
from ttp.sandbox.meta.nodes import status_code, used_quota
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, split_list
from ttp.sandbox.records import DAY_MS, SandboxPost
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.state import State

MB = 1024 * 1024


MOST_IMAGE = 8 * MB


MOST_VIDEO = {"REELS": 300 * MB, "VIDEO": 300 * MB, "STORIES": 100 * MB}


SECONDS = {"REELS": (3, 900), "VIDEO": (3, 900), "STORIES": (3, 60)}


ASPECTS = (0.8, 1.91)


CANNOT_FETCH = "Error: Media upload has failed with error code 2207077"


BAD_VIDEO = "Error: Media upload has failed with error code 2207026"


class Video(NamedTuple):
    """A video as it was received; `error` is the text of its container's ERROR status."""

    sha256: str
    error: str | None
    duration_s: float = 0


async def fetch_image(state: State, url: str, feed: bool = True) -> str:
    """Return the SHA-256 of the JPEG behind `url`. Refuses other files, over 8 MB, a bad aspect in the feed."""
    try:
        data = await fetch_url(url, MOST_IMAGE)
    except CannotFetch:
        raise graph_error(
            9004, "Only photo or video can be accepted as media type. The media could not be fetched.", 2207052
        ) from None
    if len(data) > MOST_IMAGE:
        raise graph_error(36000, "The image size is too large.", 2207004)
    facts = read_facts(data)
    if facts.mime != "image/jpeg" or not facts.width or not facts.height:
        raise graph_error(36001, "The image format is not supported.", 2207005)
    if feed and not ASPECTS[0] - 0.01 <= facts.width / facts.height <= ASPECTS[1] + 0.01:
        raise graph_error(36003, "The submitted image has an aspect ratio that is not allowed.", 2207009)
    digest = hashlib.sha256(data).hexdigest()
    state.pictures.keep(digest, data)
    return digest


async def fetch_video(url: str, kind: str) -> Video:
    """Return the video behind `url`, for a container of `kind`."""
    try:
        data = await fetch_url(url, MOST_VIDEO[kind])
    except CannotFetch:
        return Video("", CANNOT_FETCH)
    return measure_video(data, kind)


def measure_video(data: bytes, kind: str) -> Video:
    """Check a video against the limits of a container's kind: MP4 or MOV, length, size."""
    facts = read_facts(data)
    least, most = SECONDS[kind]
    sound = (
        facts.mime in ("video/mp4", "video/quicktime")
        and facts.duration_s is not None
        and least <= facts.duration_s <= most
        and len(data) <= MOST_VIDEO[kind]
    )
    return Video(hashlib.sha256(data).hexdigest(), None if sound else BAD_VIDEO, facts.duration_s or 0)


_COMMON = {"media_type", "image_url", "video_url", "caption", "is_carousel_item", "is_ai_generated", "location_id"}


_COMMON |= {"user_tags", "collaborators", "trial_params"}


_OF_KIND = {
    "IMAGE": {"alt_text"},
    "REELS": {"share_to_feed", "thumb_offset", "cover_url", "audio_name"},
    "STORIES": set[str](),
    "VIDEO": set[str](),
    "CAROUSEL": {"children"},
}


_URLS: dict[str, list[list[str]]] = {
    "IMAGE": [["image_url"]],
    "REELS": [["video_url"]],
    "STORIES": [["image_url"], ["video_url"]],
    "VIDEO": [["video_url"]],
    "CAROUSEL": [[]],
}


_FLAGS = ("is_carousel_item", "is_ai_generated", "share_to_feed", "is_paid_partnership")


_USERNAME = re.compile(r"@?[A-Za-z0-9._]{1,30}")


MOST_TAGS = 20


TRIALS = ("MANUAL", "SS_PERFORMANCE")


def kind_of(account: InstagramAccount, params: Params) -> str:
    """Return the container's kind, after checking that every parameter fits it and the account's login."""
    kind = params.get("media_type", "IMAGE")
    if kind not in _OF_KIND:
        raise graph_error(100, f"(#100) Unknown media type {kind}", 2207023)
    allowed = _COMMON | _OF_KIND[kind]
    if account.login == "facebook":
        allowed |= {"upload_type", "is_paid_partnership"}
    allow_only(params, allowed)
    for name in _FLAGS:
        if params.get(name, "true").lower() not in ("true", "false"):
            raise graph_error(100, f"(#100) Param {name} must be a boolean")
    _check_place(params, kind)
    _check_text(params)
    _check_people(params, kind)
    if "trial_params" in params:
        _check_trial(account, params, kind)
    _check_source(params, kind)
    return kind


def is_child(params: Params) -> bool:
    """Return whether the container is to be an item of a carousel."""
    return params.get("is_carousel_item", "").lower() == "true"


def is_resumable(params: Params) -> bool:
    """Return whether the bytes are to be uploaded afterwards."""
    return params.get("upload_type") == "resumable"


def _check_place(params: Params, kind: str) -> None:
    child = is_child(params)
    owned = {"caption", "is_ai_generated", "collaborators", "location_id"} & set(params)
    if child and (kind in ("STORIES", "CAROUSEL", "REELS") or owned):
        raise graph_error(100, "(#100) A carousel item is an image or a VIDEO without caption")
    if kind == "VIDEO" and not child:
        raise graph_error(100, "(#100) VIDEO is for carousel items; a single video is a REELS", 2207023)


def _check_text(params: Params) -> None:
    caption = params.get("caption", "")
    if max(len(caption), len(caption.encode("utf-16-le")) // 2) > 2200:
        raise graph_error(36004, "The caption is too long.", 2207010)
    if len(re.findall(r"(?<!\w)#\w+", caption)) > 30 or len(re.findall(r"(?<!\w)@\w+", caption)) > 20:
        raise graph_error(100, "The caption has too many tags.", 2207040)
    if len(params.get("alt_text", "")) > 1000:
        raise graph_error(100, "(#100) Param alt_text must be at most 1000 characters long")
    if not params.get("thumb_offset", "0").isdecimal():
        raise graph_error(1, "The thumbnail offset is not valid.", 2207057)
    if not params.get("location_id", "0").isdecimal():
        raise graph_error(100, "(#100) Param location_id must be the id of a page with a location")


def _check_people(params: Params, kind: str) -> None:
    """Check tags of people, and who else is to appear as author."""
    names = split_list(params.get("collaborators", ""))
    if len(names) > 3 or not all(map(_USERNAME.fullmatch, names)) or (names and kind == "STORIES"):
        raise graph_error(100, "(#100) Param collaborators must be at most 3 usernames, not for stories")
    tags = _read_objects(params, "user_tags")
    if len(tags) > MOST_TAGS:
        raise graph_error(100, "The media has too many tags.", 2207040)
    needs_place = kind == "IMAGE"
    for tag in tags:
        placed = all(_is_fraction(tag.get(axis)) for axis in "xy")
        keys = {"username", "x", "y"} if needs_place or "x" in tag or "y" in tag else {"username"}
        named = _USERNAME.fullmatch(str(tag.get("username", "")))
        if set(tag) != keys or not named or (len(keys) > 1 and (not placed or kind == "REELS")):
            raise graph_error(100, "(#100) Param user_tags: username, and for images x and y from 0 to 1")
    if kind == "CAROUSEL" and tags:
        raise graph_error(100, "(#100) Param user_tags belongs to the items of a carousel")


def _check_trial(account: InstagramAccount, params: Params, kind: str) -> None:
    """Check a trial reel, shown first to people who do not follow. One key says who shares it with followers later."""
    if kind != "REELS":
        raise graph_error(100, "(#100) Param trial_params is for reels")
    try:
        given = json.loads(params["trial_params"])
    except ValueError:
        given = None
    if (
        not isinstance(given, dict)
        or set(given) != {"graduation_strategy"}
        or given["graduation_strategy"] not in TRIALS
    ):
        raise graph_error(100, f"(#100) Param trial_params: graduation_strategy is one of {', '.join(TRIALS)}")
    if not account.trial_reels:
        raise graph_error(100, "This account has no access to trial reels.", 2207081)


def _check_source(params: Params, kind: str) -> None:
    urls = [name for name in ("image_url", "video_url") if name in params]
    if "upload_type" in params:
        if not is_resumable(params) or urls or kind not in ("REELS", "STORIES", "VIDEO"):
            raise graph_error(100, "(#100) upload_type=resumable is for a video without a URL")
    elif urls not in _URLS[kind]:
        need = " or ".join(name for names in _URLS[kind] for name in names)
        raise graph_error(100, f"(#100) {kind} takes {need or 'no URL'}")


def _read_objects(params: Params, name: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(params.get(name, "[]"))
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise graph_error(100, f"(#100) Param {name} must be an array of objects")
    return found


def _is_fraction(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


async def create(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media`: a container of one image, reel, story, carousel item or carousel."""
    own_node(account, request)
    kind = kind_of(account, params)
    refuse_in_trouble(state, account, "create")
    now = state.now_ms()
    made_today = sum(
        1 for c in state.table(StoredContainer).values() if c.account == account.id and now - c.made_ms < DAY_MS
    )
    if made_today >= state.limit(CONTAINERS, LIMITS[CONTAINERS], account):
        raise graph_error(4, "(#4) Application request limit reached")
    container = await _fetch_content(state, account, params, kind)
    state.save(container)
    if container.ready_ms is not None:
        return JSONResponse({"id": container.id})
    version = request.path_params.get("version", f"v{API.newest_version}.0")
    address = request.url.replace(path=f"/ig-api-upload/{version}/{container.id}", query="")
    return JSONResponse({"id": container.id, "uri": str(address)})


async def publish(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media_publish`: makes a finished container a post. A second time is an error and no post."""
    own_node(account, request)
    allow_only(params, {"creation_id"})
    if "creation_id" not in params:
        raise graph_error(100, "(#100) The parameter creation_id is required")
    container = state.table(StoredContainer).get(params["creation_id"])
    if container is None or container.account != account.id or container.child:
        raise graph_error(24, "The requested resource does not exist", 2207006)
    match status_code(state, container):
        case "PUBLISHED":
            raise graph_error(24, "The media has been published already", 2207006)
        case "EXPIRED":
            raise graph_error(24, "The media container has expired", 2207008)
        case "IN_PROGRESS" | "ERROR":
            raise graph_error(9007, "Media ID is not available: the media is not ready for publishing", 2207027)
    refuse_in_trouble(state, account, "publish")
    most = state.limit(POSTS, LIMITS[POSTS], account)
    if used_quota(state, account, state.now_ms() - DAY_MS) >= most:
        raise graph_error(9, "Application request limit reached: too many posts in 24 hours", 2207042)
    post = publish_container(state, container)
    return JSONResponse({"id": post.id})


def publish_container(state: State, container: StoredContainer) -> SandboxPost:
    """Save the post that a container becomes, together with the container's end."""
    items = len(container.media) if container.kind == "CAROUSEL" else 0
    post = SandboxPost(
        new_id(state),
        container.account,
        container.caption,
        media=container.media,
        at_ms=state.now_ms(),
        kind=container.kind,
        alts=container.alts,
        shortcode=secrets.token_urlsafe(8),
        duration_s=int(container.duration_s),
        shapes=container.shapes,
        children=tuple(new_id(state) for _ in range(items)),
    )
    state.save(post, replace(container, media_id=post.id))
    return post


def own_node(account: InstagramAccount, request: Request) -> None:
    """100/33 unless the path names the token's own account; `me` is that on Instagram Login only."""
    nodes.own_node(account, request, is_me=account.login != "facebook")


def refuse_in_trouble(state: State, account: InstagramAccount, step: str) -> None:
    """Refuse a step if a refusal was ordered for this account."""
    found = TROUBLES.get(state.trouble_of(account))
    if found is not None and found.step == step:
        raise graph_error(found.code, found.message, found.subcode, found.transient)


async def _fetch_content(state: State, account: InstagramAccount, params: Params, kind: str) -> StoredContainer:
    """Return the container with its media fetched, ready once they are processed."""
    made = StoredContainer(
        new_id(state),
        account.id,
        kind,
        made_ms=state.now_ms(),
        ready_ms=None,
        caption="" if kind == "STORIES" else params.get("caption", ""),
        alts=(params.get("alt_text"),),
        child=is_child(params),
    )
    if "cover_url" in params:
        await fetch_image(state, params["cover_url"], feed=False)
    if is_resumable(params):
        return replace(made, shapes=("video",))
    work_s = state.processing_s
    if kind == "CAROUSEL":
        made = _add_items(state, account, made, params.get("children", ""))
    elif "image_url" in params:
        media = (await fetch_image(state, params["image_url"], feed=kind == "IMAGE"),)
        made = replace(made, media=media, shapes=("image",))
        work_s /= 5
    else:
        found = await fetch_video(params["video_url"], kind)
        offset = int(params.get("thumb_offset", "0"))
        if found.error is None and "cover_url" not in params and offset > found.duration_s * 1000:
            raise graph_error(1, "The thumbnail offset is not valid.", 2207057)
        made = replace(made, media=(found.sha256,), shapes=("video",), error=found.error, duration_s=found.duration_s)
    return replace(made, ready_ms=state.now_ms() + int(work_s * 1000))


def _add_items(state: State, account: InstagramAccount, made: StoredContainer, text: str) -> StoredContainer:
    """Return a carousel with the media of its items, in order."""
    ids = split_list(text)
    if not 2 <= len(ids) <= 10:
        raise graph_error(100, "A carousel has 2 to 10 items.", 2207028)
    items = [state.table(StoredContainer).get(i) for i in ids]
    own = [c for c in items if c is not None and c.account == account.id and c.child]
    if len(own) != len(items) or len(set(ids)) != len(ids):
        raise graph_error(24, "A carousel item does not exist", 2207006)
    if any(status_code(state, c) == "EXPIRED" for c in own):
        raise graph_error(24, "A carousel item has expired", 2207008)
    if any(status_code(state, c) != "FINISHED" for c in own):
        raise graph_error(9007, "A carousel item is not ready", 2207027)
    return replace(
        made,
        media=tuple(sha256 for c in own for sha256 in c.media),
        shapes=tuple(shape for c in own for shape in c.shapes),
        alts=tuple(alt for c in own for alt in c.alts),
    )


def routes(state: State) -> list[Route]:
    """Return the upload route."""
    return [Route("/ig-api-upload/{version}/{container}", partial(_receive_bytes, state), methods=["POST"])]


async def _receive_bytes(state: State, request: Request) -> Response:
    """`POST uri`: bytes from `offset` on. What arrived before a cut stays."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = API.authenticate(state, token if scheme == "OAuth" else None)
    container = state.table(StoredContainer).get(request.path_params["container"])
    if container is None or container.account != account.id or not is_open(state, container):
        raise _upload_error("NotFoundError", "No open upload session has this id.")
    offset, size = _read_number(request, "offset"), _read_number(request, "file_size")
    if not 0 < size <= MOST_VIDEO[container.kind]:
        raise _upload_error("ProcessingFailedError", "Request processing failed: the file is too large.")
    if container.size not in (0, size) or offset != received_bytes(state, container):
        raise _upload_error("OffsetInvalidError", "Request starting offset is invalid.")
    state.save(replace(container, size=size))
    pieces = state.pieces.setdefault(container.id, {})
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
    except ClientDisconnect:
        pieces[offset] = bytes(data[: size - offset])
        return Response(status_code=400)
    if len(data) > size - offset:
        raise _upload_error("ProcessingFailedError", "Request processing failed: more bytes than file_size.")
    pieces[offset] = bytes(data)
    if offset + len(data) < size:
        raise _upload_error("PartialRequestError", "Partial request: not all bytes were received.", retriable=True)
    return _complete_upload(state, replace(container, size=size), b"".join(pieces[at] for at in sorted(pieces)))


def is_open(state: State, container: StoredContainer) -> bool:
    """Return whether bytes of a resumable upload are still missing."""
    return container.ready_ms is None and status_code(state, container) == "IN_PROGRESS"


def received_bytes(state: State, container: StoredContainer) -> int:
    """Return how many bytes of a resumable upload have arrived."""
    if container.ready_ms is not None:
        return container.size
    return sum(map(len, state.pieces.get(container.id, {}).values()))


def video_status(state: State, container: StoredContainer) -> dict[str, Any] | None:
    """Return the field `video_status` of a container that was uploaded; None for any other."""
    if container.ready_ms is not None and not container.size:
        return None
    whole = container.ready_ms is not None
    have = received_bytes(state, container)
    uploading = "complete" if whole else "in_progress" if have else "not_started"
    code = status_code(state, container)
    processing = {"IN_PROGRESS": "in_progress" if whole else "not_started", "ERROR": "error"}.get(code, "complete")
    return {
        "uploading_phase": {"status": uploading, "bytes_transferred": have},
        "processing_phase": {"status": processing},
    }


def _complete_upload(state: State, container: StoredContainer, data: bytes) -> Response:
    video = measure_video(data, container.kind)
    state.pieces.pop(container.id, None)
    done = replace(
        container,
        size=len(data),
        media=(video.sha256,),
        error=video.error,
        duration_s=video.duration_s,
        ready_ms=state.now_ms() + int(state.processing_s * 1000),
    )
    state.save(done)
    return JSONResponse({"success": True, "message": "Upload successful. The file is being processed."})


def _read_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isdecimal():
        raise _upload_error("ProcessingFailedError", f"Request processing failed: the header {name} is not a number.")
    return int(text)


def _upload_error(kind: str, message: str, retriable: bool = False) -> RequestRefused:
    return RequestRefused(JSONResponse({"debug_info": {"retriable": retriable, "type": kind, "message": message}}, 400))
