"""The records of a post or thread, sent in one call: keys, content ids and embeds. Pure. See
docs/reference/platforms/bluesky.md, sections 3 to 5. The same request and handle always give the same records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from ttp.domain.media.details import caption_language
from ttp.domain.media.item import MediaItem
from ttp.domain.options import ChosenOptions
from ttp.domain.publishing.outcome import Handle
from ttp.domain.time.clock import from_ms
from ttp.platforms.bluesky.facets import ShownText, facets_of, show_text
from ttp.platforms.bluesky.options import NOBODY, OPTIONS, REPLIES, split_list
from ttp.platforms.bluesky.record_keys import content_id
from ttp.platforms.client import PublishRequest
from ttp.platforms.reply import list_at

POSTS = "app.bsky.feed.post"
GATES = ("app.bsky.feed.threadgate", "app.bsky.feed.postgate")
_CREATE = "com.atproto.repo.applyWrites#create"
UNKNOWN_LANGUAGE = "und"
"""Of captions whose header names none, in a post without one: Bluesky needs a language."""
_MOST_IMAGES = 4


@dataclass(frozen=True, slots=True)
class Records:
    """All records of a post or thread. `keys`, `uris`, `cids`: of its posts; `writes` create them and their gates."""

    keys: tuple[str, ...]
    uris: tuple[str, ...]
    cids: tuple[str, ...]
    writes: tuple[Mapping[str, object], ...]


def chosen_of(request: PublishRequest) -> ChosenOptions:
    return ChosenOptions("bluesky", OPTIONS, request.options)


def shown_parts(request: PublishRequest) -> tuple[ShownText, ...]:
    """Return the texts to send, the first part first."""
    shorten = chosen_of(request).switch("shorten_links") or False
    return tuple(show_text(text, shorten_links=shorten) for text in (request.text, *request.thread))


def build_records(request: PublishRequest, handle: Handle, did: str) -> Records:
    """Return the records of a request whose invisible steps are done: `handle` has its keys, time, uploads and what its
    mentions and addresses lead to."""
    chosen = chosen_of(request)
    keys = tuple(str(key) for key in list_at(handle.get("keys")))
    milliseconds = handle.get("created_ms")
    created_at = format_time(from_ms(milliseconds if isinstance(milliseconds, int) else 0))
    common: dict[str, object] = {"$type": POSTS, "createdAt": created_at}
    if languages := split_list(chosen.values.get("langs")):  # as stored: an earlier version accepted other tags
        common["langs"] = list(languages)
    if labels := split_list(chosen.word("labels")):
        values = [{"val": label} for label in labels]
        common["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
    dids = {name: str(value) for name, value in _mapped(handle.get("dids")).items() if value}
    reply = _mapped(_mapped(handle.get("refs")).get("reply_to")) or None
    uris, cids, writes = [], [], []
    entries = iter([_mapped(entry) for entry in list_at(handle.get("media"))])
    media = (request.media, *request.thread_media)
    parts = shown_parts(request)
    for number, shown in enumerate(parts):
        files = media[number] if number < len(media) else ()
        items = [file.item for file in files]
        record = {**common, "text": shown.text}
        if facets := facets_of(shown, dids):
            record["facets"] = facets
        embed = _media(items, list(islice(entries, len(items))), languages) or _card(handle, number + 1)
        if embed is not None and files and files[0].item.is_video and files[0].origin is not None:
            embed = {**embed, "presentation": "gif"}
        if request.option_of_part("quote", number + 1, len(parts)):
            embed = _with_quote(embed, handle)
        if embed is not None:
            record["embed"] = embed
        if reply is not None:
            record["reply"] = reply
        uri = f"at://{did}/{POSTS}/{keys[number]}"
        uris.append(uri)
        cids.append(content_id(record))
        writes.append(_create(POSTS, keys[number], record))
        here = {"uri": uri, "cid": cids[-1]}
        reply = {"root": reply["root"] if reply is not None else here, "parent": here}
    writes += _gates(chosen, keys[0], uris[0], created_at)
    return Records(keys[: len(uris)], tuple(uris), tuple(cids), tuple(writes))


def format_time(at: datetime) -> str:
    """`2026-11-27T10:00:00.000Z`"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post_link(did: str, key: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{key}"


def _gates(chosen: ChosenOptions, key: str, uri: str, created_at: str) -> list[Mapping[str, object]]:
    """Return the records that say who may reply and quote; they have the key of the first post."""
    records = []
    if who := split_list(chosen.word("who_replies")):
        allow = [REPLIES[name] for name in who if name != NOBODY]
        record = {"$type": GATES[0], "post": uri, "allow": allow, "createdAt": created_at}
        records.append(_create(GATES[0], key, record))
    if chosen.switch("quotes_off"):
        rules = [{"$type": "app.bsky.feed.postgate#disableRule"}]
        record = {"$type": GATES[1], "post": uri, "embeddingRules": rules, "createdAt": created_at}
        records.append(_create(GATES[1], key, record))
    return records


def _create(collection: str, key: str, value: Mapping[str, object]) -> Mapping[str, object]:
    return {"$type": _CREATE, "collection": collection, "rkey": key, "value": value}


def _with_quote(media: Mapping[str, object] | None, handle: Handle) -> Mapping[str, object] | None:
    """Return the one embed of a part with a quote: that, and its media or its card."""
    quote = _mapped(_mapped(handle.get("refs")).get("quote"))
    if not quote:
        return media
    record = {"$type": "app.bsky.embed.record", "record": quote}
    if media is None:
        return record
    return {"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": media}


def _media(
    items: Sequence[MediaItem], entries: Sequence[Mapping[str, object]], languages: Sequence[str]
) -> Mapping[str, object] | None:
    """Return the embed of media. `languages`: of the post."""
    blobs = [entry.get("blob") for entry in entries]
    if not items:
        return None
    shapes = [
        {"aspectRatio": {"width": item.width, "height": item.height}} if item.width and item.height else {}
        for item in items
    ]
    if items[0].is_video:
        alt = {"alt": items[0].alt} if items[0].alt else {}
        embed = {"$type": "app.bsky.embed.video", "video": blobs[0], **alt, **shapes[0]}
        if (text := items[0].captions) is None:
            return embed
        language = caption_language(text) or next(iter(languages), UNKNOWN_LANGUAGE)
        return {**embed, "captions": [{"lang": language, "file": entries[0].get("captions")}]}
    images = [
        {"image": blob, "alt": item.alt or "", **shape} for blob, item, shape in zip(blobs, items, shapes, strict=True)
    ]
    if len(images) <= _MOST_IMAGES:
        return {"$type": "app.bsky.embed.images", "images": images}
    listed = [{"$type": "app.bsky.embed.gallery#image", **image} for image in images]
    return {"$type": "app.bsky.embed.gallery", "items": listed}


def stored_cards(handle: Handle) -> Mapping[str, object]:
    """Return the cards in a handle by the number of the part. Earlier versions stored the first part's alone."""
    cards = _mapped(handle.get("cards"))
    return {"1": handle["card"]} if "card" in handle and not cards else cards


def _card(handle: Handle, number: int) -> Mapping[str, object] | None:
    card = _mapped(stored_cards(handle).get(str(number)))
    return {"$type": "app.bsky.embed.external", "external": card} if card else None


def _mapped(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
