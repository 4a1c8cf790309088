"""Instagram: the parameters of a container, checked before anything is fetched."""

from __future__ import annotations

import json
import re
from typing import Any

from ttp.sandbox.instagram.front import Params, allow_only, graph_error, split_list
from ttp.sandbox.instagram.records import InstagramAccount

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
    tags = _objects(params, "user_tags")
    if len(tags) > MOST_TAGS:
        raise graph_error(100, "The media has too many tags.", 2207040)
    needs_place = kind == "IMAGE"
    for tag in tags:
        placed = all(_is_share(tag.get(axis)) for axis in "xy")
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


def _objects(params: Params, name: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(params.get(name, "[]"))
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise graph_error(100, f"(#100) Param {name} must be an array of objects")
    return found


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
