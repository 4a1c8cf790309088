"""Options of posts on Instagram, and the kinds of post that they choose between.

See docs/reference/platforms/instagram.md, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from ttp.domain.media import MediaItem
from ttp.domain.options import SWITCH, Option, OptionType, option_table


class InstagramKind(StrEnum):
    IMAGE = "image"
    REEL = "reel"
    STORY = "story"
    CAROUSEL = "carousel"


def instagram_kind(chosen: str | None, media: Sequence[MediaItem]) -> InstagramKind:
    """What Instagram makes of `media`, given `instagram.kind`: a video by itself has no other form than a reel."""
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
            "post: an image or a carousel; reel: one video; story: one image or video for 24 hours (not set: by the"
            " media)",
            ("post", "reel", "story"),
        ),
        Option("share_to_feed", OptionType.SWITCH, "a reel is shown in the feed too", SWITCH, kinds=_REEL),
        Option("thumb_offset_ms", OptionType.NUMBER, "the moment of the video that is its cover, in ms", kinds=_REEL),
        Option("cover_url", OptionType.ADDRESS, "a JPEG as cover; goes before thumb_offset_ms", kinds=_REEL),
        Option("audio_name", OptionType.TEXT, "the name of the reel's own sound", kinds=_REEL),
        Option(
            "trial_reel",
            OptionType.CHOICE,
            "a trial reel, shown to people who do not follow you; who shares it with followers: you in the Instagram"
            " app (MANUAL), or Instagram, if it does well (SS_PERFORMANCE)",
            ("MANUAL", "SS_PERFORMANCE"),
            kinds=_REEL,
        ),
        Option("collaborators", OptionType.HANDLES, "accounts invited as co-authors", most=3, kinds=_FEED),
        Option(
            "user_tags",
            OptionType.TAGS,
            "people in the media: HANDLE:X:Y, X and Y from 0 to 1 from the upper left corner; 2/HANDLE for the second"
            " item",
            most=20,
        ),
        Option("location_id", OptionType.ID, "the id of a place's Facebook page", kinds=_FEED),
        Option("is_ai_generated", OptionType.SWITCH, "made by a generative model", SWITCH),
    )
)
