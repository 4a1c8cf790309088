"""What a platform makes of a post, by its media and the options that choose between forms. Never judges whether it may.

See docs/reference/platforms/: instagram.md, section 3.1, and tiktok.md, sections 3.2 to 3.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from ttp.domain.media import MediaItem


class InstagramKind(StrEnum):
    IMAGE = "image"
    REEL = "reel"
    STORY = "story"
    CAROUSEL = "carousel"


class TikTokKind(StrEnum):
    VIDEO = "video"
    PHOTOS = "photos"
    DRAFT_VIDEO = "draft video"  # for the creator's inbox, who finishes it in the app
    DRAFT_PHOTOS = "draft photos"

    @property
    def is_draft(self) -> bool:
        return self in (TikTokKind.DRAFT_VIDEO, TikTokKind.DRAFT_PHOTOS)

    @property
    def is_photos(self) -> bool:
        return self in (TikTokKind.PHOTOS, TikTokKind.DRAFT_PHOTOS)


def instagram_kind(chosen: str | None, media: Sequence[MediaItem]) -> InstagramKind:
    """What Instagram makes of `media`, given `instagram.kind`: a video by itself has no other form than a reel."""
    if chosen == "story":
        return InstagramKind.STORY
    if len(media) > 1:
        return InstagramKind.CAROUSEL
    return InstagramKind.REEL if media and media[0].is_video else InstagramKind.IMAGE


def tiktok_kind(mode: str | None, media: Sequence[MediaItem]) -> TikTokKind:
    """What TikTok makes of `media`, given `tiktok.mode`: photos where the first item is an image."""
    photos = bool(media) and media[0].is_image
    if mode == "inbox":
        return TikTokKind.DRAFT_PHOTOS if photos else TikTokKind.DRAFT_VIDEO
    return TikTokKind.PHOTOS if photos else TikTokKind.VIDEO
