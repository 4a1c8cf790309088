"""Bluesky: what a record may be, as the reference server validates it. Unknown keys and odd facets are accepted."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import regex

from ttp.sandbox.bluesky.records import POSTGATES, POSTS, THREADGATES, Blob, BlueskyAccount
from ttp.sandbox.bluesky.requests import invalid, refusal
from ttp.sandbox.state import State

KEY = re.compile(r"[234567a-j][234567a-z]{12}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_AT_URI = re.compile(r"at://[^/\s]+/[a-zA-Z0-9.]+/[A-Za-z0-9._~:-]+")
_CLUSTER = regex.compile(r"\X")
_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
MOST_IMAGE, MOST_VIDEO, MOST_THUMB = 2_000_000, 300_000_000, 1_000_000


def check_record(state: State, account: BlueskyAccount, collection: str, key: object, record: object) -> list[Blob]:
    """Return the files that a record names. 400 for a record or key that the server refuses."""
    if collection not in (POSTS, THREADGATES, POSTGATES):
        raise invalid(f"Unvalidated write: {collection}")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise invalid(f"Invalid record key for {collection}: expected a TID")
    if not isinstance(record, dict) or record.get("$type") != collection:
        raise invalid(f"Invalid $type: expected {collection}")
    _check_instant(record.get("createdAt"))
    if collection != POSTS:
        if not _is(record.get("post"), _AT_URI):
            raise invalid("Invalid at-uri at post")
        return []
    _check_text(record.get("text"), "text", 300, 3000)
    langs = record.get("langs", [])
    if not isinstance(langs, list) or len(langs) > 3:
        raise invalid(f"array too big (maximum 3, got {len(langs) if isinstance(langs, list) else 0}) at langs")
    if not all(_is(lang, _LANG) for lang in langs):
        raise invalid("Invalid language at langs")
    for facet in record.get("facets", []):
        for feature in facet.get("features", []):
            if str(feature.get("$type")).endswith("#link") and not _is(feature.get("uri"), _URI):
                raise invalid("Invalid uri at facets.features.uri")
            if str(feature.get("$type")).endswith("#tag"):
                _check_text(feature.get("tag"), "tag", 64, 640)
    for ref in (record.get("reply") or {}).values():
        _check_ref(ref)
    return _check_embed(state, account, record.get("embed"))


def _check_embed(state: State, account: BlueskyAccount, embed: Any) -> list[Blob]:
    if embed is None:
        return []
    match embed.get("$type"):
        case "app.bsky.embed.images":
            images = embed.get("images", [])
            if not 1 <= len(images) <= 4:
                raise invalid(f"array too big (maximum 4, got {len(images)}) at embed.images")
            return [_image(state, account, one) for one in images]
        case "app.bsky.embed.gallery":
            items = embed.get("items", [])
            if not 1 <= len(items) <= 20:
                raise invalid(f"array too big (maximum 20, got {len(items)}) at embed.items")
            if any("aspectRatio" not in one for one in items):
                raise invalid('Missing required key "aspectRatio" at embed.items')
            return [_image(state, account, one) for one in items]
        case "app.bsky.embed.video":
            return [_blob(state, account, embed.get("video"), MOST_VIDEO, "video/mp4")]
        case "app.bsky.embed.external":
            external = embed.get("external") or {}
            if not _is(external.get("uri"), _URI) or not all(
                isinstance(external.get(name), str) for name in ("title", "description")
            ):
                raise invalid('Missing required key "title" at embed.external')
            thumb = external.get("thumb")
            return [] if thumb is None else [_blob(state, account, thumb, MOST_THUMB, "image/")]
        case "app.bsky.embed.record":
            _check_ref(embed.get("record"))
            return []
        case "app.bsky.embed.recordWithMedia":
            _check_ref((embed.get("record") or {}).get("record"))
            return _check_embed(state, account, embed.get("media"))
        case other:
            raise invalid(f"Unknown embed {other}")


def _image(state: State, account: BlueskyAccount, item: dict[str, Any]) -> Blob:
    if not isinstance(item.get("alt"), str):
        raise invalid('Missing required key "alt" at embed.images')
    return _blob(state, account, item.get("image"), MOST_IMAGE, "image/")


def _blob(state: State, account: BlueskyAccount, value: Any, most: int, mime: str) -> Blob:
    """Return an uploaded file that a record names as it was answered."""
    cid = (value.get("ref") or {}).get("$link") if isinstance(value, dict) else None
    found = state.table(Blob).get(f"{account.user_id}/{cid}")
    if not isinstance(value, dict) or value.get("$type") != "blob" or not isinstance(value.get("mimeType"), str):
        raise invalid("Expected a blob")
    if not value["mimeType"].startswith(mime):
        raise invalid(f"blob type {value['mimeType']} is not accepted")
    if found is None:
        raise refusal(400, "BlobNotFound", f"Could not find blob: {cid}")
    if found.mime != value["mimeType"]:
        raise refusal(400, "InvalidMimeType", "Referenced Mimetype does not match stored blob")
    if found.size > most or value.get("size") != found.size:
        raise invalid(f"blob too big (maximum {most}, got {found.size})")
    return found


def _check_ref(ref: Any) -> None:
    if not isinstance(ref, dict) or not _is(ref.get("uri"), _AT_URI) or not isinstance(ref.get("cid"), str):
        raise invalid("Invalid strong reference")


def _check_text(text: object, where: str, most_graphemes: int, most_bytes: int) -> None:
    if not isinstance(text, str):
        raise invalid(f'Missing required key "{where}"')
    if (size := len(text.encode())) > most_bytes:
        raise invalid(f"string too big (maximum {most_bytes}, got {size}) at {where}")
    if (length := len(_CLUSTER.findall(text))) > most_graphemes:
        raise invalid(f"grapheme too big (maximum {most_graphemes}, got {length}) at {where}")


def _check_instant(text: object) -> None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid("Invalid datetime at createdAt")


def _is(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
