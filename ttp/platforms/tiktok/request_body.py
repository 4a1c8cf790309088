"""Path and body of the call that creates a post, by kind (sections 3.2 to 3.5). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ttp.domain.options import ChosenOptions, OptionType
from ttp.platforms.client import PublishRequest, fingerprint
from ttp.platforms.tiktok.options import OPTIONS, TikTokKind, tiktok_kind

MOST_PHOTOS = 35


def kind_of(request: PublishRequest) -> TikTokKind:
    return tiktok_kind(request.options.get("mode"), [file.item for file in request.media])


def is_pulled(request: PublishRequest) -> bool:
    """Whether TikTok fetches the media itself, so that the first call already publishes."""
    return kind_of(request).is_photos or request.options.get("source") == "pull"


def refusal_of(request: PublishRequest) -> str | None:
    """Return why TikTok cannot accept the post; None if it can."""
    if kind_of(request).is_photos:
        fits = len(request.media) <= MOST_PHOTOS and all(file.item.is_image for file in request.media)
        return None if fits else f"TikTok takes at most {MOST_PHOTOS} photos, and nothing else with them"
    fits = len(request.media) == 1 and request.media[0].item.is_video
    return None if fits else "TikTok takes exactly one video, or photos"


def request_of(request: PublishRequest) -> str:
    """Return a fingerprint of the created upload: an edited post must not complete the old one."""
    media = [file.original_sha256 for file in request.media]
    return fingerprint("POST", "init", {"text": request.text, "options": dict(request.options), "sha256": media})


def build_init_request(
    request: PublishRequest, source: dict[str, object], closed: Collection[str] = ()
) -> tuple[str, dict[str, object]]:
    """Return the path and body of the call. `closed`: options that the creator's settings force to true. Raises
    ValueError for an invalid option."""
    kind = kind_of(request)
    match kind:
        case TikTokKind.VIDEO:
            return "video/init/", {"post_info": _post_info(request, closed), "source_info": source}
        case TikTokKind.DRAFT_VIDEO:
            return "inbox/video/init/", {"source_info": source}
        case _:
            mode = "MEDIA_UPLOAD" if kind.is_draft else "DIRECT_POST"
            info = _texts(request) if kind.is_draft else _post_info(request, closed)
            return "content/init/", {
                "media_type": "PHOTO",
                "post_mode": mode,
                "post_info": info,
                "source_info": source,
            }


def build_pull_source(request: PublishRequest, urls: Sequence[str]) -> dict[str, object]:
    """Return where TikTok fetches the media. Raises ValueError for an invalid option."""
    if not kind_of(request).is_photos:
        return {"source": "PULL_FROM_URL", "video_url": urls[0]}
    # TikTok requires the cover's number; it shows the first photo first anyway.
    cover = _chosen(request).number("photo_cover_index") or 0
    return {"source": "PULL_FROM_URL", "photo_images": list(urls), "photo_cover_index": cover}


def _post_info(request: PublishRequest, closed: Collection[str]) -> dict[str, object]:
    """Return the texts and options that were set."""
    kind, chosen = kind_of(request), _chosen(request)
    info: dict[str, object] = {"privacy_level": chosen.word("privacy_level"), **_texts(request)}
    for option in OPTIONS.values():
        if option.type is OptionType.SWITCH and option.applies_to(kind):
            value = True if option.name in closed else chosen.switch(option.name)
            if value is not None:
                info[option.name] = value
    moment = chosen.number("video_cover_timestamp_ms")
    if kind is TikTokKind.VIDEO and moment is not None:
        info["video_cover_timestamp_ms"] = moment
    return info


def _texts(request: PublishRequest) -> dict[str, object]:
    """Return the text: a video's title, or the description of photos, which also have a title."""
    if not kind_of(request).is_photos:
        return {"title": request.text} if request.text else {}
    title = _chosen(request).word("title")
    return {**({"title": title} if title else {}), **({"description": request.text} if request.text else {})}


def _chosen(request: PublishRequest) -> ChosenOptions:
    return ChosenOptions("tiktok", OPTIONS, request.options)
