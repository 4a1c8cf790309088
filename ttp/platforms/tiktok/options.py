"""Options of posts on TikTok, kinds of post, and choices that a person must make (tiktok.md, 3.2 to 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from ttp.domain.action import Action, action
from ttp.domain.media.item import MediaItem
from ttp.domain.options import SWITCH, Option, OptionType, option_table


class TikTokKind(StrEnum):
    VIDEO = "video"
    PHOTOS = "photos"
    DRAFT_VIDEO = "draft video"  # in the creator's inbox, who finishes it in the app
    DRAFT_PHOTOS = "draft photos"

    @property
    def is_draft(self) -> bool:
        return self in (TikTokKind.DRAFT_VIDEO, TikTokKind.DRAFT_PHOTOS)

    @property
    def is_photos(self) -> bool:
        return self in (TikTokKind.PHOTOS, TikTokKind.DRAFT_PHOTOS)


def tiktok_kind(mode: str | None, media: Sequence[MediaItem]) -> TikTokKind:
    """Return the kind of post for `media` and `tiktok.mode`: photos if the first item is an image."""
    photos = bool(media) and media[0].is_image
    if mode == "inbox":
        return TikTokKind.DRAFT_PHOTOS if photos else TikTokKind.DRAFT_VIDEO
    return TikTokKind.PHOTOS if photos else TikTokKind.VIDEO


_VIDEO, _PHOTOS = (TikTokKind.VIDEO,), (TikTokKind.PHOTOS,)
_DIRECT = (TikTokKind.VIDEO, TikTokKind.PHOTOS)
_VIDEOS = (TikTokKind.VIDEO, TikTokKind.DRAFT_VIDEO)
_ALL_PHOTOS = (TikTokKind.PHOTOS, TikTokKind.DRAFT_PHOTOS)

PRIVACY = Option(
    "privacy_level",
    OptionType.CHOICE,
    "who can see the post; you must choose, for the account or the post (checking the account shows which values TikTok"
    " offers an account now)",
    ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"),
    kinds=_DIRECT,
    asked_live=True,
)
PUBLIC = "PUBLIC_TO_EVERYONE"
PRIVATE = "SELF_ONLY"
"""The privacy level with which only the author sees the post."""
_CHOICES = (
    PRIVACY,
    Option("disable_comment", OptionType.SWITCH, "no comments under the post", SWITCH, kinds=_DIRECT),
    Option("disable_duet", OptionType.SWITCH, "no duets with the video", SWITCH, kinds=_VIDEO),
    Option("disable_stitch", OptionType.SWITCH, "no stitches of the video", SWITCH, kinds=_VIDEO),
    Option(
        "brand_content_toggle",
        OptionType.SWITCH,
        "a paid partnership with another brand",
        SWITCH,
        kinds=_DIRECT,
    ),
    Option("brand_organic_toggle", OptionType.SWITCH, "promotes the creator's own business", SWITCH, kinds=_DIRECT),
)
"""What TikTok requires a person to choose for every post that others can see."""
OPTIONS = option_table(
    (
        Option(
            "mode",
            OptionType.CHOICE,
            "direct: publish; inbox: put a draft into the TikTok app, where the creator finishes it (default: direct)",
            ("direct", "inbox"),
        ),
        Option(
            "source",
            OptionType.CHOICE,
            "file: upload the video; pull: TikTok fetches it from a verified domain (default: file)",
            ("file", "pull"),
            kinds=_VIDEOS,
        ),
        *_CHOICES,
        Option("is_aigc", OptionType.SWITCH, "label as made with AI", SWITCH, kinds=_DIRECT),
        Option("auto_add_music", OptionType.SWITCH, "let TikTok add music to the photos", SWITCH, kinds=_PHOTOS),
        Option("photo_cover_index", OptionType.NUMBER, "number of the cover photo, from 0", kinds=_ALL_PHOTOS),
        Option(
            "video_cover_timestamp_ms",
            OptionType.NUMBER,
            "cover of the video: its frame at this time, in ms",
            kinds=_VIDEO,
        ),
        Option(
            "title", OptionType.TEXT, "the title of photos; the text is their description", most=90, kinds=_ALL_PHOTOS
        ),
    )
)


def needed_choices(kind: TikTokKind, privacy: str | None) -> tuple[Option, ...]:
    """Return the options that a person must have set for a post of this kind. Drafts need none: the creator chooses in
    the app. Posts with PRIVATE have no audience that could comment, duet or stitch, and need no disclosure."""
    if kind.is_draft:
        return ()
    return (PRIVACY,) if privacy == PRIVATE else tuple(o for o in _CHOICES if o.applies_to(kind))


def first_choices(missing: Sequence[Option]) -> Sequence[Option]:
    """Return the choices to ask for now: the privacy level alone if it is missing, because PRIVATE needs no others."""
    return [PRIVACY] if PRIVACY in missing else missing


def choices_hint(account: str, missing: Sequence[Option]) -> Action:
    """Return the command that makes these choices for an account, each with the most careful value."""
    if PRIVACY in missing:
        return action("account set", account, set=f"tiktok.{PRIVACY.name}={PRIVATE}")
    careful = [f"tiktok.{o.name}={'true' if o.name.startswith('disable') else 'false'}" for o in missing]
    return action("account set", account, set=careful)
