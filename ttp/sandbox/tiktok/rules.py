"""TikTok: what a body may contain, and what an account may post now."""

from __future__ import annotations

from typing import Any

from ttp.sandbox.records import DAY_MS
from ttp.sandbox.request_checks import BodyField, are_texts, validation_errors
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.front import refusal
from ttp.sandbox.tiktok.records import (
    DRAFTS,
    LEVELS,
    LIMITS,
    POSTS,
    SELF_ONLY,
    TROUBLES,
    TikTokAccount,
    TikTokSwitches,
    Upload,
)

CHUNK = (5_242_880, 64_000_000)
"""Least and most bytes of a chunk, inside both readings of "5 to 64 MB"."""
LAST_CHUNK = 128_000_000
LARGEST = 4_000_000_000
MOST_CHUNKS = 1000
MOST_PHOTOS = 35


def _fits(units: int) -> Any:
    """Return a condition on a text: at most this many UTF-16 code units."""
    return lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2 <= units


_CHOICES = (
    BodyField("privacy_level", str, required=True, fits=LEVELS.__contains__),
    BodyField("disable_comment", bool),
    BodyField("brand_content_toggle", bool),
    BodyField("brand_organic_toggle", bool),
    BodyField("is_aigc", bool),
)
VIDEO_INFO = (
    *_CHOICES,
    BodyField("title", str, fits=_fits(2200)),
    BodyField("disable_duet", bool),
    BodyField("disable_stitch", bool),
    BodyField("video_cover_timestamp_ms", int, fits=lambda n: n >= 0),
)
PHOTO_INFO = (
    *_CHOICES,
    BodyField("title", str, fits=_fits(90)),
    BodyField("description", str, fits=_fits(4000)),
    BodyField("auto_add_music", bool),
)
PHOTO_DRAFT_INFO = (BodyField("privacy_level", str, fits=LEVELS.__contains__), *PHOTO_INFO[1:])
VIDEO_BODY = (BodyField("post_info", dict, required=True), BodyField("source_info", dict, required=True))
INBOX_BODY = (BodyField("post_info", dict), BodyField("source_info", dict, required=True))
PHOTO_BODY = (
    *VIDEO_BODY,
    BodyField("media_type", str, required=True, fits=("PHOTO",).__contains__),
    BodyField("post_mode", str, required=True, fits=("DIRECT_POST", "MEDIA_UPLOAD").__contains__),
)
_FILE = (
    BodyField("source", str, required=True),
    BodyField("video_size", int, required=True, fits=lambda n: 0 < n <= LARGEST),
    BodyField("chunk_size", int, required=True, fits=lambda n: n > 0),
    BodyField("total_chunk_count", int, required=True, fits=lambda n: 0 < n <= MOST_CHUNKS),
)
_PULL = (BodyField("source", str, required=True), BodyField("video_url", str, required=True))
_PHOTOS = (
    BodyField("source", str, required=True, fits=("PULL_FROM_URL",).__contains__),
    BodyField("photo_images", list, required=True, fits=lambda urls: 1 <= len(urls) <= MOST_PHOTOS and are_texts(urls)),
    BodyField("photo_cover_index", int, required=True, fits=lambda n: n >= 0),
)


def source_errors(source: dict[str, Any]) -> list[str]:
    """Return what is wrong with the source of a video."""
    match source.get("source"):
        case "FILE_UPLOAD":
            return validation_errors(source, _FILE, "source_info.") or chunk_errors(
                source["video_size"], source["chunk_size"], source["total_chunk_count"]
            )
        case "PULL_FROM_URL":
            return validation_errors(source, _PULL, "source_info.")
        case _:
            return ["source_info.source: value not allowed"]


def photo_errors(source: dict[str, Any]) -> list[str]:
    """Return what is wrong with the photos of a post."""
    found = validation_errors(source, _PHOTOS, "source_info.")
    if not found and source["photo_cover_index"] >= len(source["photo_images"]):
        found = ["source_info.photo_cover_index: there is no such photo"]
    return found


def chunk_errors(size: int, chunk_size: int, chunks: int) -> list[str]:
    """Return what is wrong with a division into chunks. Their number is the *floor* of size over chunk size."""
    least, most = CHUNK
    whole = chunks == 1 and chunk_size == size <= most
    if not whole and not least <= chunk_size <= most:
        return [f"source_info.chunk_size: must be {least} to {most}, or the whole file"]
    if chunks != size // chunk_size:
        return ["source_info.total_chunk_count: must be video_size divided by chunk_size, rounded down"]
    if chunks == 1 and size > most:
        return ["source_info.total_chunk_count: a file over 64 MB must be split"]
    if size - (chunks - 1) * chunk_size > LAST_CHUNK:
        return ["source_info.chunk_size: the last chunk would be over 128 MB"]
    return []


def check_urls(state: State, urls: list[str]) -> None:
    """403 for a URL outside the prefixes verified for the app."""
    if not all(url.startswith(state.part(TikTokSwitches).verified_prefixes) for url in urls):
        raise refusal(state, 403, "url_ownership_unverified", "The URL is not verified for this client.")


def check_account(state: State, account: TikTokAccount, privacy: str | None) -> None:
    """Refuse a post that this account may not make now. `privacy`: None for a draft in the inbox."""
    if (found := TROUBLES.get(state.trouble_of(account))) is not None:
        raise refusal(state, found.status, found.code, found.message)
    if privacy is None:
        if has_used_drafts(state, account):
            text = "There may be at most 5 pending shares within any 24-hour period."
            raise refusal(state, 403, "spam_risk_too_many_pending_share", text)
        return
    if has_used_posts(state, account):
        raise refusal(state, 403, "spam_risk_too_many_posts", "Too many posts in the last 24 hours.")
    if not account.audited and (account.is_public or privacy != SELF_ONLY):
        code = "unaudited_client_can_only_post_to_private_accounts"
        raise refusal(state, 403, code, "An unaudited client can post to private accounts only, with SELF_ONLY.")
    if privacy not in account.privacy_levels:
        text = "The privacy level is none of the creator's options."
        raise refusal(state, 403, "privacy_level_option_mismatch", text)


def has_used_posts(state: State, account: TikTokAccount) -> bool:
    """Return whether the day's posts are used up."""
    since = state.now_ms() - DAY_MS
    made = sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since)
    return made >= state.limit(POSTS, LIMITS[POSTS], account)


def has_used_drafts(state: State, account: TikTokAccount) -> bool:
    """Return whether too many drafts wait in the inbox."""
    since = state.now_ms() - DAY_MS
    drafts = (u for u in state.table(Upload).values() if u.account == account.id and u.inbox and u.made_ms > since)
    pending = sum(1 for upload in drafts if upload.fail_reason is None)
    return pending >= state.limit(DRAFTS, LIMITS[DRAFTS], account)
