"""TikTok's rules for a post: one video, or photos, and choices that a person made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.domain.text import utf16_length
from ttp.platforms.tiktok.options import TikTokKind, choices_hint, first_choices, needed_choices, tiktok_kind

MOST_TEXT = 2200
"""UTF-16 code units of a video's title, including hashtags and mentions."""
MOST_DESCRIPTION = 4000
"""UTF-16 code units of the description of photos."""
MOST_PHOTOS = 35

# From TikTok's media transfer guide. Its mega- and gigabytes are undefined, so decimal, the smaller unit. "1080p" for a
# photo means the same as for a video: 1920x1080 in either orientation.
_VIDEO = MediaLimits(
    mimes=("video/mp4", "video/quicktime", "video/webm"),
    most_bytes=4_000_000_000,
    most_ms=10 * 60_000,
    sides=(360, 4096),
    codecs=("h264", "hevc", "vp8", "vp9"),
)
_VIDEO_ADVISED = MediaLimits(fps=(23, 60))
_PHOTO = MediaLimits(mimes=("image/jpeg", "image/webp"), most_bytes=20_000_000, box=(1920, 1080))
_ANYTHING = MediaLimits()


class TikTokRules(Rules):
    image_form: ImageForm | None = ImageForm("tiktok", ("image/jpeg", "image/webp"), 20_000_000, box=(1920, 1080))

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        return problems(post)

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return tiktok_kind(options.get("mode"), media)

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        photos = tiktok_kind(None, media).is_photos
        return utf16_length(text), MOST_DESCRIPTION if photos else MOST_TEXT


def problems(case: PlatformPost) -> Iterator[Problem]:
    kind = tiktok_kind(case.chosen_option("mode"), case.media)
    yield from _text_problems(case, kind)
    yield from _count_problems(case, kind)
    for item in case.media:
        if item.is_image and kind.is_photos:
            yield from item_problems(case, item, _PHOTO, _ANYTHING)
        elif item.is_video:
            yield from item_problems(case, item, _VIDEO, _VIDEO_ADVISED)
    if kind.is_photos or case.chosen_option("source") == "pull":
        yield from case.public_url_problems(case.media)
    yield from _cover_problems(case, kind)
    yield from _missing_choices(case, kind)
    if case.chosen_option("brand_content_toggle") == "true" and case.chosen_option("privacy_level") == "SELF_ONLY":
        message = ": a paid partnership (tiktok.brand_content_toggle) cannot have tiktok.privacy_level=SELF_ONLY"
        yield case.breach("options", "option_value", message)
    if case.media:
        yield from case.unused_option_warnings(kind)


def _text_problems(case: PlatformPost, kind: TikTokKind) -> Iterator[Problem]:
    if kind is TikTokKind.DRAFT_VIDEO:
        if case.text.strip():
            message = " accepts no text with a video for the inbox; type it in the TikTok app"
            yield case.warning("content", "text_idle", message, case.text_hint)
        return
    most = MOST_DESCRIPTION if kind.is_photos else MOST_TEXT
    if (length := utf16_length(case.text)) > most:
        yield case.too_long(length, most)


def _count_problems(case: PlatformPost, kind: TikTokKind) -> Iterator[Problem]:
    count = len(case.media)
    if not case.media:
        yield case.breach("media", "media_missing", " cannot take a post without a video or photos", case.media_hint)
    elif any(item.is_video for item in case.media) and any(item.is_image for item in case.media):
        message = " cannot mix media in one post: one video, or up to 35 photos"
        yield case.breach("media", "media_mixed", message, case.media_hint)
    elif count > (most := MOST_PHOTOS if kind.is_photos else 1):
        message = f" cannot take {count} {'photos' if kind.is_photos else 'videos'} in one post: {most} at most"
        yield case.breach("media", "media_count", message, case.media_hint)


def _cover_problems(case: PlatformPost, kind: TikTokKind) -> Iterator[Problem]:
    index, moment = case.chosen_option("photo_cover_index"), case.chosen_option("video_cover_timestamp_ms")
    if kind.is_photos and index is not None and int(index) >= len(case.media):
        message = f": tiktok.photo_cover_index is {index}, but the last photo is {len(case.media) - 1}"
        yield case.breach("options", "option_value", message)
    if kind is TikTokKind.VIDEO and moment is not None and case.media:
        item = case.media[0]
        if item.duration_ms is not None and int(moment) > item.duration_ms:
            message = f": tiktok.video_cover_timestamp_ms is {moment}, but {item.name} lasts {item.duration_ms} ms"
            yield case.breach("options", "option_value", message)


def _missing_choices(case: PlatformPost, kind: TikTokKind) -> Iterator[Problem]:
    needed = needed_choices(kind, case.chosen_option("privacy_level"))
    missing = first_choices([option for option in needed if f"tiktok.{option.name}" not in case.options])
    if missing:
        named = ", ".join(f"tiktok.{option.name} ({option.accepts})" for option in missing)
        message = f" requires you to choose: {named}"
        yield case.breach("options", "option_missing", message, choices_hint(case.account, missing))
