"""The kinds of post that are published under faults, and what is known of their platforms: all that a new one adds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from tests.faults.proxy import Asked
from tests.platforms.factories import PLATFORMS
from ttp.platforms.platform import Platform
from ttp.sandbox.files import CLIP, PHOTO

SIZE = 16_000_000
"""Bytes of the video that TikTok gets in three chunks of the least size."""
WORDS = 'Fresh beans & <tea>: see https://example.com/menu/ "50% off"'
PARTS = ("One of three", "Two of three", "Three of three")
PAGE = "menu.html"
"""In the folder of media that the sandbox serves: a page that is shown as a card."""
LONG = tuple(f"{part}: {'word ' * 50}".strip() for part in PARTS)
"""Paragraphs of which no two fit into one post on X, Bluesky or Mastodon."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of post. `calls`: its publishing calls, as method and path; `silent`: where an answer is lost, the
    platform cannot say whether it has the post, so a person is asked. `atomic`: one call publishes all parts of a
    thread; `keyed`: a call may be repeated under the keys that were chosen before it."""

    name: str
    platform: str
    calls: re.Pattern[str]
    media: tuple[str, ...] = ()
    texts: tuple[str, ...] = (WORDS,)
    options: tuple[str, ...] = ()
    silent: bool = False
    atomic: bool = False
    keyed: bool = False
    is_split: bool = False
    """It is written as one text, which becomes `texts`."""
    media_counts: tuple[int, ...] = ()
    """How many of the media each part has; empty where all are on the first. Their names say where they go."""
    has_card: bool = False
    """The publisher fetches a page, and the post shows it as a card."""

    @property
    def call_count(self) -> int:
        """How many publishing calls it takes when all goes well."""
        return 1 if self.atomic else len(self.texts)

    @property
    def account(self) -> str:
        server = "@example.org" if PLATFORMS.facts(self.platform).server == "in_handle" else ""
        return f"{self.platform}/{self.name.replace(' ', '')}{server}"

    @property
    def seen_as(self) -> str:
        """The account that followers see its posts on: a program publishes to Mastodon."""
        return self.account.replace("command/", "mastodon/") + "@example.org" * (self.platform == "command")

    def publishes(self, asked: Asked) -> bool:
        """Whether this request is one of its publishing calls."""
        return asked.last and bool(self.calls.search(asked.line))

    def argv(self, media: Path) -> list[str]:
        """`ttp create` for it. `media`: the folder of `put_media`."""
        words = ["create", self.texts[0], "--to", self.account]
        if self.is_split:
            words[1:2] = ["\n\n".join(self.texts), "--split"]
        for text in self.texts[1:] if not self.is_split else ():
            words += ["--thread", text]
        for name in self.media:
            place, equals, file = name.rpartition("=")
            words += ["--media", f"{place}{equals}{media / file}"]
        for option in self.options:
            words += ["--set", option]
        return words


_MASTODON = re.compile(r"POST /api/v1/statuses$")
_BLUESKY = re.compile(r"POST /xrpc/com\.atproto\.repo\.applyWrites$")
_X, _IG = re.compile(r"POST /2/tweets$"), re.compile(r"POST .*/media_publish")
KINDS = {
    kind.name: kind
    for kind in (
        Kind("x text", "x", _X),
        Kind("x image", "x", _X, media=("photo.jpg",)),
        Kind("x video", "x", _X, media=("clip.mp4",)),
        Kind("x thread", "x", _X, texts=PARTS),
        Kind("x split", "x", _X, ("last=photo.jpg",), LONG, is_split=True, media_counts=(0, 0, 1)),
        Kind("instagram photo", "instagram", _IG, media=("photo.jpg",)),
        Kind("instagram carousel", "instagram", _IG, media=("photo.jpg", "clip.mp4", "other.jpg")),
        Kind("instagram reel", "instagram", _IG, media=("clip.mp4",)),
        Kind("instagram story", "instagram", _IG, media=("photo.jpg",), options=("instagram.kind=story",)),
        Kind("tiktok video", "tiktok", re.compile(r"PUT /video/"), media=("long.mp4",)),
        Kind(
            "tiktok photos",
            "tiktok",
            re.compile(r"POST .*/content/init/"),
            media=("photo.jpg", "other.jpg"),
            silent=True,
        ),
        *(
            Kind(f"bluesky {name}", "bluesky", _BLUESKY, media, texts, atomic=True, keyed=True, media_counts=counts)
            for name, media, texts, counts in (
                ("text", (), (WORDS,), ()),
                ("images", ("photo.jpg", "other.jpg"), (WORDS,), ()),
                ("video", ("clip.mp4",), (WORDS,), ()),
                ("thread", ("photo.jpg", "3=other.jpg"), PARTS, (1, 0, 1)),
            )
        ),
        *(
            Kind(f"mastodon {name}", "mastodon", _MASTODON, media, texts, options, keyed=True, media_counts=counts)
            for name, media, texts, options, counts in (
                ("text", (), (WORDS,), (), ()),
                ("images", ("photo.jpg", "other.jpg"), (WORDS,), (), ()),
                ("video", ("clip.mp4",), (WORDS,), (), ()),
                ("poll", (), (WORDS,), ("mastodon.poll=Tea|Coffee",), ()),
                ("thread", ("photo.jpg", "3=other.jpg"), PARTS, (), (1, 0, 1)),
            )
        ),
        Kind("bluesky card", "bluesky", _BLUESKY, atomic=True, keyed=True, has_card=True),
        Kind("bluesky split", "bluesky", _BLUESKY, ("photo.jpg",), LONG, atomic=True, keyed=True, is_split=True),
        Kind("mastodon split", "mastodon", _MASTODON, ("photo.jpg",), LONG, keyed=True, is_split=True),
    )
}


JSON = MappingProxyType({"Content-Type": "application/json"})
Refusal: TypeAlias = tuple[Mapping[str, str], object]
"""Headers and JSON of an answer with status 429."""


def _refused_by_x(reset: datetime) -> Refusal:
    limits = {"limit": "100", "remaining": "0", "reset": str(int(reset.timestamp()))}
    title = "Too Many Requests"
    body = {"title": title, "detail": title, "type": "about:blank", "status": 429}
    return {f"x-rate-limit-{name}": value for name, value in limits.items()}, body


def _refused_by_bluesky(reset: datetime) -> Refusal:
    limits = {"limit": "3000", "remaining": "0", "reset": str(int(reset.timestamp())), "policy": "3000;w=300"}
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    return {f"ratelimit-{name}": value for name, value in limits.items()}, body


def _refused_by_mastodon(reset: datetime) -> Refusal:
    limits = {"limit": "300", "remaining": "0", "reset": reset.isoformat()}
    return {f"x-ratelimit-{name}": value for name, value in limits.items()}, {"error": "Too many requests"}


def _refused_by_instagram(reset: datetime) -> Refusal:
    told = {"message": "Application request limit reached", "type": "OAuthException", "code": 4}
    usage = {"type": "instagram", "call_count": 100, "total_cputime": 1, "total_time": 1}
    header = json.dumps({"1": [{**usage, "estimated_time_to_regain_access": 1}]})
    return {"X-Business-Use-Case-Usage": header}, {"error": {**told, "is_transient": True, "fbtrace_id": "A1"}}


def _refused_by_tiktok(reset: datetime) -> Refusal:
    return {}, {"data": {}, "error": {"code": "rate_limit_exceeded", "message": "Too many", "log_id": "2"}}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Answers that the sweeps give in a platform's name. `refusal`: of a call past a limit, until its reset;
    the client must try again within a minute. `looks`:
    the requests that ask where a post is, if their answers can be behind; `unseen`: the body of one, as it was before
    the post was published. `renewal`: the request that renews a token, where tokens end."""

    refusal: Callable[[datetime], Refusal]
    looks: re.Pattern[str] | None = None
    unseen: Callable[[bytes], bytes] = bytes
    renewal: re.Pattern[str] | None = None


MADE_UP = {
    "x": MadeUp(
        _refused_by_x,
        re.compile(r"GET /2/users/\d+/tweets$"),
        lambda body: b'{"meta":{"result_count":0}}',
        re.compile(r"/oauth2/token$"),
    ),
    "instagram": MadeUp(
        _refused_by_instagram,
        re.compile(r"GET /v[\d.]+/\d+$"),
        lambda body: body.replace(b'"PUBLISHED"', b'"FINISHED" '),
        re.compile(r"/refresh_access_token$"),
    ),
    "mastodon": MadeUp(_refused_by_mastodon, re.compile(r"GET /api/v1/accounts/\d+/statuses$"), lambda body: b"[]"),
    "bluesky": MadeUp(_refused_by_bluesky, renewal=re.compile(r"\.refreshSession$")),
    "tiktok": MadeUp(_refused_by_tiktok, renewal=re.compile(r"/oauth/token/$")),
}
"""By platform. The record of a post on Bluesky and its status on TikTok are the last word, and never behind."""
_BY_NETWORK = MadeUp(lambda reset: ({}, {"error": "Too many requests"}))


def made_up(kind: Kind) -> MadeUp:
    """Return the answers in the name of a kind's platform; those of any network for a user's program."""
    return MADE_UP.get(kind.platform, _BY_NETWORK)


def waits_s(facts: Platform) -> float:
    """How long a platform has its client wait: the sum of its own settings in seconds, without the settle window,
    which the sweeps shorten."""
    return sum(
        key.default
        for key in facts.keys
        if key.name.endswith("_s") and key.name != "settle_s" and isinstance(key.default, float | int)
    )


def put_media(folder: Path) -> None:
    """The files that the kinds name."""
    clip, photo = CLIP.read_bytes(), PHOTO.read_bytes()
    (folder / PAGE).write_text('<html><head><meta property="og:title" content="Menu"></head></html>')
    (folder / "clip.mp4").write_bytes(clip)
    (folder / "photo.jpg").write_bytes(photo)
    (folder / "other.jpg").write_bytes(photo + b"another one")
    filler = SIZE - len(clip)
    (folder / "long.mp4").write_bytes(clip + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8))


_UPLOAD = ["POST /2/media/upload/initialize", "POST /2/media/upload/ID/append", "POST /2/media/upload/ID/finalize"]
_CHECK, _TWEET = "GET /2/users/me", "POST /2/tweets"
_QUOTA, _NEW, _STATUS = "GET /v25.0/ID/content_publishing_limit", "POST /v25.0/ID/media", "GET /v25.0/ID"
_PUBLISH = "POST /v25.0/ID/media_publish"
_CREATOR, _TIKTOK = "POST /v2/post/publish/creator_info/query/", "POST /v2/post/publish/status/fetch/"
_CONTAINER = [_QUOTA, _NEW, _STATUS, _STATUS, _PUBLISH, _STATUS]
_SESSION, _WRITES = "GET /xrpc/com.atproto.server.getSession", "POST /xrpc/com.atproto.repo.applyWrites"
_BLOB = "POST /xrpc/com.atproto.repo.uploadBlob"
_SERVICE = "GET /xrpc/com.atproto.server.getServiceAuth"
_JOB = "/xrpc/app.bsky.video"
_SERVER = ["GET /api/v2/instance", "GET /.well-known/nodeinfo", "GET /nodeinfo/2.0"]
_ASKED = [*_SERVER, "GET /api/v1/accounts/verify_credentials"]
_ATTACH, _TOOT = "POST /api/v2/media", "POST /api/v1/statuses"
ASKS = {
    "mastodon text": [*_ASKED, _TOOT],
    "mastodon images": [*_ASKED, _ATTACH, _ATTACH, _TOOT],
    "mastodon video": [*_ASKED, _ATTACH, *["GET /api/v1/media/ID"] * 2, _TOOT],
    "mastodon poll": [*_ASKED, _TOOT],
    "mastodon thread": [*_ASKED, _ATTACH, _TOOT, _TOOT, _ATTACH, _TOOT],
    "mastodon split": [*_ASKED, _ATTACH, *[_TOOT] * 3],
    "bluesky text": [_SESSION, _WRITES],
    "bluesky card": [_SESSION, _WRITES],
    "bluesky images": [_SESSION, _BLOB, _BLOB, _WRITES],
    "bluesky video": [_SESSION, _SERVICE, f"POST {_JOB}.uploadVideo", f"GET {_JOB}.getJobStatus", _WRITES],
    "bluesky thread": [_SESSION, _BLOB, _BLOB, _WRITES],
    "bluesky split": [_SESSION, _BLOB, _WRITES],
    "x text": [_CHECK, _TWEET],
    "x image": [*_UPLOAD, _CHECK, _TWEET],
    "x video": [*_UPLOAD, "GET /2/media/upload", _CHECK, _TWEET],
    "x thread": [_CHECK, _TWEET, _TWEET, _TWEET],
    "x split": [_CHECK, _TWEET, _TWEET, *_UPLOAD, _TWEET],
    "instagram photo": _CONTAINER,
    "instagram carousel": [_QUOTA, _NEW, _NEW, _NEW, *[_STATUS] * 6, _NEW, _STATUS, _PUBLISH, _STATUS],
    "instagram reel": _CONTAINER,
    "instagram story": _CONTAINER,
    "tiktok video": [_CREATOR, "POST /v2/post/publish/video/init/", *["PUT /video/"] * 3, _TIKTOK, _TIKTOK],
    "tiktok photos": [_CREATOR, "POST /v2/post/publish/content/init/", _TIKTOK],
}
"""The requests of each kind of post, as a sandbox gets them."""
