"""Options of posts on Instagram, and the kinds of post. See docs/reference/platforms/instagram.md, section 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from ttp.domain.media.item import MediaItem
from ttp.domain.options import SWITCH, Option, OptionType, option_table


class InstagramKind(StrEnum):
    IMAGE = "image"
    REEL = "reel"
    STORY = "story"
    CAROUSEL = "carousel"


def instagram_kind(chosen: str | None, media: Sequence[MediaItem]) -> InstagramKind:
    """Return the kind of post for `media` and `instagram.kind`. A single video can only be a reel or a story."""
    if chosen == "story":
        return InstagramKind.STORY
    if len(media) > 1:
        return InstagramKind.CAROUSEL
    return InstagramKind.REEL if media and media[0].is_video else InstagramKind.IMAGE


_FEED = (InstagramKind.IMAGE, InstagramKind.CAROUSEL, InstagramKind.REEL)
_REEL = (InstagramKind.REEL,)
OPTIONS = option_table(
    (
        Option(
            "kind",
            OptionType.CHOICE,
            "post: an image or a carousel; reel: one video; story: one image or video for 24 hours (default: by the"
            " media)",
            ("post", "reel", "story"),
        ),
        Option("share_to_feed", OptionType.SWITCH, "also show a reel in the feed", SWITCH, kinds=_REEL),
        Option("thumb_offset_ms", OptionType.NUMBER, "cover of the video: its frame at this time, in ms", kinds=_REEL),
        Option("cover_url", OptionType.ADDRESS, "URL of a JPEG as cover; overrides thumb_offset_ms", kinds=_REEL),
        Option("audio_name", OptionType.TEXT, "name of the reel's original audio", kinds=_REEL),
        Option(
            "trial_reel",
            OptionType.CHOICE,
            "a trial reel, first shown only to people who do not follow you. MANUAL: you share it with followers in the"
            " app; SS_PERFORMANCE: Instagram does, if it performs well",
            ("MANUAL", "SS_PERFORMANCE"),
            kinds=_REEL,
        ),
        Option("collaborators", OptionType.HANDLES, "accounts to invite as co-authors", most=3, kinds=_FEED),
        Option(
            "user_tags",
            OptionType.TAGS,
            "people in the media: HANDLE:X:Y, X and Y from 0 to 1 from the upper left corner; 2/HANDLE for the second"
            " item",
            most=20,
        ),
        Option("location_id", OptionType.ID, "id of the location's Facebook page", kinds=_FEED),
        Option("is_ai_generated", OptionType.SWITCH, "label as made with AI", SWITCH),
    )
)
