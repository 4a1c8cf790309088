"""The table of platform options: what exists, what each takes and means, and of what kinds of post it says something.

Nothing here has a default: an option that was not set is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ttp.domain.account import Platform
from ttp.domain.kinds import InstagramKind, TikTokKind
from ttp.domain.options.values import Sort, spelled

_SWITCH = ("true", "false")


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `values`: all that a choice or a switch can be. `most`: of a text, UTF-16 units; of a list, entries.

    `kinds`: the kinds of post that it says something of; empty for all.
    """

    name: str
    sort: Sort
    help: str
    values: tuple[str, ...] = ()
    most: int | None = None
    kinds: tuple[str, ...] = ()

    @property
    def platform(self) -> Platform:
        return Platform(self.name.partition(".")[0])

    @property
    def short(self) -> str:
        """The name without the platform's."""
        return self.name.partition(".")[2]

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        match self.sort:
            case Sort.CHOICE | Sort.SWITCH:
                return ", ".join(self.values)
            case Sort.NUMBER:
                return "a whole number"
            case Sort.ID:
                return "a number as Instagram gives it"
            case Sort.TEXT:
                return "one line of text" + (f", at most {self.most}" if self.most else "")
            case Sort.ADDRESS:
                return "an https address"
            case Sort.HANDLES:
                return f"up to {self.most} handles with commas between: anna,ben"
            case _:
                return "handles with commas between, each with a place and the number of its item: anna:0.5:0.8,2/ben"

    def spelled(self, value: str) -> str:
        """The canonical spelling of a value. ValueError, with the reason where there is one to tell, if it is none."""
        return spelled(self.sort, value, values=self.values, most=self.most)

    def says_something_of(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


_FEED = (InstagramKind.IMAGE, InstagramKind.CAROUSEL, InstagramKind.REEL)
_REEL = (InstagramKind.REEL,)
_VIDEO, _PHOTOS = (TikTokKind.VIDEO,), (TikTokKind.PHOTOS,)
_DIRECT = (TikTokKind.VIDEO, TikTokKind.PHOTOS)
_VIDEOS = (TikTokKind.VIDEO, TikTokKind.DRAFT_VIDEO)
_ALL_PHOTOS = (TikTokKind.PHOTOS, TikTokKind.DRAFT_PHOTOS)

PRIVACY = Option(
    "tiktok.privacy_level",
    Sort.CHOICE,
    "who sees the post; a person must choose it, for the account or the post (ttp account check: which of these TikTok"
    " offers an account now)",
    ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"),
    kinds=_DIRECT,
)
PUBLIC = "PUBLIC_TO_EVERYONE"
PRIVATE = "SELF_ONLY"
"""The privacy level with which nobody but the author sees the post."""
_CHOICES = (
    PRIVACY,
    Option("tiktok.disable_comment", Sort.SWITCH, "no comments under the post", _SWITCH, kinds=_DIRECT),
    Option("tiktok.disable_duet", Sort.SWITCH, "no duets with the video", _SWITCH, kinds=_VIDEO),
    Option("tiktok.disable_stitch", Sort.SWITCH, "no stitches of the video", _SWITCH, kinds=_VIDEO),
    Option(
        "tiktok.brand_content_toggle",
        Sort.SWITCH,
        "a paid partnership for someone else's brand",
        _SWITCH,
        kinds=_DIRECT,
    ),
    Option("tiktok.brand_organic_toggle", Sort.SWITCH, "promotes the creator's own business", _SWITCH, kinds=_DIRECT),
)
"""What TikTok wants a person to choose for every post that others can see."""
_OPTIONS = (
    Option(
        "instagram.kind",
        Sort.CHOICE,
        "post: an image or a carousel; reel: one video; story: one image or video for 24 hours (not set: by the media)",
        ("post", "reel", "story"),
    ),
    Option("instagram.share_to_feed", Sort.SWITCH, "a reel is shown in the feed too", _SWITCH, kinds=_REEL),
    Option("instagram.thumb_offset_ms", Sort.NUMBER, "the moment of the video that is its cover, in ms", kinds=_REEL),
    Option("instagram.cover_url", Sort.ADDRESS, "a JPEG as cover; goes before thumb_offset_ms", kinds=_REEL),
    Option("instagram.audio_name", Sort.TEXT, "the name of the reel's own sound", kinds=_REEL),
    Option(
        "instagram.trial_reel",
        Sort.CHOICE,
        "a trial reel, shown to people who do not follow you; who shares it with followers: you in the Instagram app"
        " (MANUAL), or Instagram, if it does well (SS_PERFORMANCE)",
        ("MANUAL", "SS_PERFORMANCE"),
        kinds=_REEL,
    ),
    Option("instagram.collaborators", Sort.HANDLES, "accounts invited as co-authors", most=3, kinds=_FEED),
    Option(
        "instagram.user_tags",
        Sort.TAGS,
        "people in the media: HANDLE:X:Y, X and Y from 0 to 1 from the upper left corner; 2/HANDLE for the second item",
        most=20,
    ),
    Option("instagram.location_id", Sort.ID, "the id of a place's Facebook page", kinds=_FEED),
    Option("instagram.is_ai_generated", Sort.SWITCH, "made by a generative model", _SWITCH),
    Option(
        "tiktok.mode",
        Sort.CHOICE,
        "direct: published; inbox: a draft in the TikTok app, which the creator finishes (not set: direct)",
        ("direct", "inbox"),
    ),
    Option(
        "tiktok.source",
        Sort.CHOICE,
        "file: the video is uploaded; pull: TikTok fetches it from a verified domain (not set: file)",
        ("file", "pull"),
        kinds=_VIDEOS,
    ),
    *_CHOICES,
    Option("tiktok.is_aigc", Sort.SWITCH, "made by a generative model", _SWITCH, kinds=_DIRECT),
    Option("tiktok.auto_add_music", Sort.SWITCH, "TikTok adds music to the photos", _SWITCH, kinds=_PHOTOS),
    Option("tiktok.photo_cover_index", Sort.NUMBER, "the photo that is the cover, from 0", kinds=_ALL_PHOTOS),
    Option(
        "tiktok.video_cover_timestamp_ms",
        Sort.NUMBER,
        "the moment of the video that is its cover, in ms",
        kinds=_VIDEO,
    ),
    Option("tiktok.title", Sort.TEXT, "the title of photos; the text is their description", most=90, kinds=_ALL_PHOTOS),
    Option(
        "x.reply_settings",
        Sort.CHOICE,
        "who may reply (not set: everyone)",
        ("following", "mentionedUsers", "subscribers", "verified"),
    ),
    Option("x.made_with_ai", Sort.SWITCH, "made by a generative model", _SWITCH),
    Option("x.paid_partnership", Sort.SWITCH, "a paid partnership", _SWITCH),
)
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _OPTIONS})
"""All options by name, in the order in which they are documented."""


def tiktok_choices(kind: TikTokKind, privacy: str | None) -> tuple[Option, ...]:
    """The options that a person must have set for a post of this kind.

    Drafts need none: the creator chooses in the app. With PRIVATE there is nobody who could comment, duet or stitch,
    and nobody to disclose anything to.
    """
    if kind.is_draft:
        return ()
    return (PRIVACY,) if privacy == PRIVATE else tuple(o for o in _CHOICES if o.says_something_of(kind))


def choices_hint(account: str, missing: Sequence[Option]) -> str:
    """A command that makes these choices for an account, each the most careful way."""
    if PRIVACY in missing:
        return f"ttp account set {account} --set {PRIVACY.name}={PRIVATE}"
    careful = (f"--set {o.name}={'true' if o.short.startswith('disable') else 'false'}" for o in missing)
    return f"ttp account set {account} {' '.join(careful)}"
