"""Parameters of containers by kind of post (docs/reference/platforms/instagram.md, section 3.1). Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ttp.domain.options import ChosenOptions, Tag
from ttp.platforms.client import MediaFile, PublishRequest
from ttp.platforms.instagram.options import OPTIONS, InstagramKind, instagram_kind
from ttp.platforms.meta.containers import BYTES

MOST_ITEMS = 10
"""Maximum items of a carousel."""


def kind_of(request: PublishRequest) -> InstagramKind:
    return instagram_kind(request.options.get("kind"), [file.item for file in request.media])


def is_carousel(request: PublishRequest) -> bool:
    return kind_of(request) is InstagramKind.CAROUSEL


def list_of(request: PublishRequest) -> tuple[str, bool]:
    """Return the list that shows the post, and whether its texts identify posts: stories have none."""
    return ("stories", False) if kind_of(request) is InstagramKind.STORY else ("media", True)


def fits(request: PublishRequest, item: object) -> bool:
    return True


def refusal_of(request: PublishRequest) -> str | None:
    """Return why no container can be created for the post; None if one can."""
    count, kind = len(request.media), kind_of(request)
    if kind is InstagramKind.CAROUSEL:
        return None if count <= MOST_ITEMS else f"Instagram takes at most {MOST_ITEMS} media in one carousel"
    return None if count == 1 else "Instagram takes exactly one image or video"


def single(request: PublishRequest, url: str) -> dict[str, str]:
    """Return the container of an image, a reel or a story. Raises ValueError for an invalid option."""
    chosen, kind, file = _chosen(request), kind_of(request), request.media[0]
    form = _source(file, url)
    match kind:
        case InstagramKind.STORY:
            form["media_type"] = "STORIES"
        case InstagramKind.REEL:
            form |= {"media_type": "REELS", **_reel(chosen)}
        case _:
            form |= _alt(file)
    tags = _tags(chosen.tags("user_tags"), 1)
    return form | tags | ({} if kind is InstagramKind.STORY else _captioned(request, chosen)) | _generated(chosen)


def child(request: PublishRequest, number: int, url: str) -> dict[str, str]:
    """Return the container of a carousel item (from 1): without caption and settings of the post."""
    file = request.media[number - 1]
    kind = {"media_type": "VIDEO"} if file.item.is_video else _alt(file)
    tags = _tags(_chosen(request).tags("user_tags"), number)
    return {"is_carousel_item": "true", **_source(file, url), **kind, **tags}


def carousel(request: PublishRequest, children: Sequence[str]) -> dict[str, str]:
    """Return the container of the carousel, with those of its items in order."""
    chosen = _chosen(request)
    form = {"media_type": "CAROUSEL", "children": ",".join(children)}
    return form | _captioned(request, chosen) | _generated(chosen)


def _chosen(request: PublishRequest) -> ChosenOptions:
    return ChosenOptions("instagram", OPTIONS, request.options)


def _source(file: MediaFile, url: str) -> dict[str, str]:
    if url == BYTES:
        return {"upload_type": "resumable"}
    return {"video_url" if file.item.is_video else "image_url": url}


def _alt(file: MediaFile) -> dict[str, str]:
    return {"alt_text": file.item.alt} if file.item.alt else {}


def _reel(chosen: ChosenOptions) -> dict[str, str]:
    form = {name: value for name in ("share_to_feed", "cover_url", "audio_name") if (value := chosen.word(name))}
    if (trial := chosen.word("trial_reel")) is not None:
        form["trial_params"] = json.dumps({"graduation_strategy": trial})
    offset = chosen.word("thumb_offset_ms")
    # A cover image overrides a moment of the video; only the effective one is sent.
    return form if offset is None or "cover_url" in form else {**form, "thumb_offset": offset}


def _captioned(request: PublishRequest, chosen: ChosenOptions) -> dict[str, str]:
    form = {"caption": request.text} if request.text else {}
    if collaborators := chosen.handles("collaborators"):
        form["collaborators"] = json.dumps(collaborators)
    if (place := chosen.word("location_id")) is not None:
        form["location_id"] = place
    return form


def _generated(chosen: ChosenOptions) -> dict[str, str]:
    generated = chosen.word("is_ai_generated")
    return {} if generated is None else {"is_ai_generated": generated}


def _tags(tags: Sequence[Tag], number: int) -> dict[str, str]:
    entries = [
        {"username": tag.handle, **({} if tag.x is None else {"x": tag.x, "y": tag.y})}
        for tag in tags
        if tag.item == number
    ]
    return {"user_tags": json.dumps(entries)} if entries else {}
