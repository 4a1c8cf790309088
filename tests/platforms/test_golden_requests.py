"""The bytes of publishing calls, and their keys, as the first revision of the store made them.

A call that was begun by an earlier version is repeated by a later one: it must be the same one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import httpx

from tests.platforms.factories import client_for
from tests.platforms.stubs import order
from tests.rows import each
from tests.settings import Config
from ttp.domain.media.item import MediaItem
from ttp.domain.publishing.outcome import Handle
from ttp.platforms.client import MediaFile, PublishRequest, next_part
from ttp.platforms.mastodon.request_body import build_body, with_key
from ttp.platforms.testing import StandingClock

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
PHOTO = MediaFile(MediaItem("photo.jpg", "image/jpeg", 5, "a" * 64, width=4, height=3, alt="Tea"), Path("photo.jpg"))
BLOB = {"$type": "blob", "mimeType": "image/jpeg", "ref": {"$link": "bafkreia"}, "size": 5}
CARD = {"uri": "https://example.com/menu", "title": "Menu", "description": "All", "thumb": BLOB}
LATER = {"thread": ("Two", "Three #tea")}
BLUESKY: Handle = {
    "did": DID,
    "created_ms": 1_795_521_600_000,
    "keys": ["3n32ltmj622gg", "3n32ltmj623g3", "3n32ltmj624kv"],
}
UPLOADED: dict[str, dict[str, object]] = {
    "x": {"id": "11", "key": "3_11"},
    "mastodon": {"id": "22", "ready": True},
    "bluesky": {"blob": BLOB},
}
OPTIONS = {
    "x": {"reply_settings": "following", "made_with_ai": "true"},
    "mastodon": {"language": "de", "spoiler_text": "Careful", "poll": "Tea|Coffee", "sensitive": "true"},
    "bluesky": {"langs": "de,en", "labels": "nudity", "quotes_off": "true"},
}


def request_of(platform: str, shape: str) -> tuple[PublishRequest, Handle]:
    """Return the request of a shape of post, and its handle."""
    handle: Handle = BLUESKY if platform == "bluesky" else {}
    uploaded = {**handle, "media": [{"sha256": "a" * 64, **UPLOADED[platform]}]}
    match shape:
        case "media":
            return order(platform, "Hello", PHOTO), uploaded
        case "thread":
            return order(platform, "One", PHOTO, **LATER), uploaded
        case "next":
            return order(platform, "One", **LATER), {**handle, "parts": ["1"], "of": 3}
        case "card":
            return order(platform, "Hello", options={"card": CARD["uri"]}), {**handle, "card": CARD, "card_note": None}
        case _:
            return order(platform, "https://example.com/menu", options=OPTIONS[platform]), handle


@each(
    ("platform", "shape", "digest"),
    [
        ("x", "media", "9ba7a439831d4c84"),
        ("x", "thread", "dacb455f8f1a84a7"),
        ("x", "options", "dea55dc3b891a911"),
        ("x", "next", "48c375f487185578"),
        ("mastodon", "media", "1ad2daab15755add"),
        ("mastodon", "thread", "841dc77ceed1c2df"),
        ("mastodon", "options", "dfdc9a904e9a6b40"),
        ("mastodon", "next", "6677c19dbab58f9e"),
        ("bluesky", "media", "ec0034c8fdb300e8"),
        ("bluesky", "thread", "582a837bd422db39"),
        ("bluesky", "options", "2786c225681e9e61"),
        ("bluesky", "card", "88d42786cfa7dcd8"),
    ],
)
def test_a_call_is_what_it_was(platform: str, shape: str, digest: str) -> None:
    request, handle = request_of(platform, shape)
    if platform == "mastodon":
        part = next_part(request, handle)
        assert part is not None
        handle = with_key(part, handle, build_body(part, handle))
    calls: list[httpx.Request] = []

    def answer(call: httpx.Request) -> httpx.Response:
        calls.append(call)
        return httpx.Response(500)

    client_for(platform, Config(), StandingClock(), transport=httpx.MockTransport(answer)).publish(request, handle)
    (call,) = calls
    text = json.dumps([call.method, call.url.path, call.headers.get("idempotency-key"), call.content.decode()])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest, text
