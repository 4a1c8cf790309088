"""Find the server of a handle, its software, and what it allows. Needs no token.

See docs/reference/platforms/mastodon.md, section 1. What is kept of it (`Account.server_info`): `software`, `version`,
`api` (Mastodon's number of its API), `domain`, `asked_ms`, and the limits that the server names, by LIMITS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ttp.domain.account import Account, is_loopback
from ttp.domain.errors import UsageError
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.addresses import host_of, parse_server
from ttp.platforms.reply import Answer, Reply, list_at, value_at

if TYPE_CHECKING:
    from ttp.platforms.http import Http

FRESH_FOR = timedelta(days=1)
"""How long an answer counts."""
MOST_REDIRECTS = 3
_NODEINFO = re.compile(r"https?://nodeinfo\.diaspora\.software/ns/schema/2\.[01]")
_LARGEST = 10**12

LIMITS: Mapping[str, tuple[str, ...]] = {
    "characters": ("statuses", "max_characters"),
    "media": ("statuses", "max_media_attachments"),
    "link_characters": ("statuses", "characters_reserved_per_url"),
    "image_bytes": ("media_attachments", "image_size_limit"),
    "image_pixels": ("media_attachments", "image_matrix_limit"),
    "video_bytes": ("media_attachments", "video_size_limit"),
    "video_pixels": ("media_attachments", "video_matrix_limit"),
    "video_fps": ("media_attachments", "video_frame_rate_limit"),
    "description": ("media_attachments", "description_limit"),
    "poll_options": ("polls", "max_options"),
    "poll_characters": ("polls", "max_characters_per_option"),
    "poll_least_s": ("polls", "min_expiration"),
    "poll_most_s": ("polls", "max_expiration"),
}


@dataclass(frozen=True, slots=True)
class Software:
    """What is known of one server software. `keys`: it honours Idempotency-Key. `settle_s`: how long a post may take to
    appear in a look-up. `lists_private`: the owner's list has private and direct posts. `keeps_media_ids`: a listed
    attachment has the id of its upload. `replays_errors`: it answers a key with the error that it answered before.
    `drops`: its spam filter answers 200 for posts that it drops. `names_visibility`: its answers say who sees a post;
    snac calls an unlisted post public, and a direct one private. `keeps_location`: everyone can read where a photo was
    taken, unless its administrator switched a filter on; None: unknown."""

    name: str
    keys: bool = False
    settle_s: float = 900.0
    lists_private: bool = False
    keeps_media_ids: bool = False
    replays_errors: bool = False
    drops: bool = False
    names_visibility: bool = True
    keeps_location: bool | None = False
    is_known: bool = True


KNOWN = {
    software.name: software
    for software in (
        Software("mastodon", keys=True, settle_s=120.0, lists_private=True, keeps_media_ids=True, drops=True),
        Software("hollo", keys=True, settle_s=300.0, lists_private=True, keeps_media_ids=True),
        Software("pleroma", keys=True, settle_s=300.0, lists_private=True, replays_errors=True, keeps_location=True),
        Software("akkoma", keys=True, settle_s=300.0, lists_private=True, replays_errors=True, keeps_location=True),
        Software("gotosocial", lists_private=True, keeps_media_ids=True),
        Software("snac", names_visibility=False, keeps_location=True),
    )
}
FIRST_CLASS = "mastodon"


def software_of(account: Account) -> Software:
    """Return what is known of the software of an account's server."""
    return software_named(account.server_info)


def software_named(info: Mapping[str, object]) -> Software:
    """Return what is known of the software that a server said it runs; the careful reading of anything unknown."""
    name = str(info.get("software") or "unknown")
    return KNOWN.get(name) or Software(name, keeps_location=None, is_known=False)


def is_fresh(info: Mapping[str, object], now: datetime) -> bool:
    """Whether what is kept of a server is less than a day old."""
    asked_ms = info.get("asked_ms")
    return isinstance(asked_ms, int) and from_ms(asked_ms) <= now < from_ms(asked_ms) + FRESH_FOR


def supports_quotes(info: Mapping[str, object]) -> bool:
    """Whether posts can quote: Mastodon 4.5 and newer (number 7 of its API)."""
    api = info.get("api")
    return isinstance(api, int) and api >= 7


def limit_of(info: Mapping[str, object], name: str, default: int) -> int:
    """Return a limit that the server named, else the default."""
    value = info.get(name)
    return value if isinstance(value, int) else default


def describe_server(http: Http, now: datetime, *, patience: float | None = None) -> Mapping[str, object] | NotDone:
    """Ask a server for its software and limits; why not where it does not speak Mastodon's API."""
    reply = http.request("GET", "/api/v2/instance", patience=patience)
    if reply.status in (404, 405, 501):
        reply = http.request("GET", "/api/v1/instance", patience=patience)
    if not isinstance(reply, Answer):
        return NotDone(Kind.NETWORK, reply.message, passing=True)
    domain = reply.text_at("domain") or reply.text_at("uri")
    if not reply.is_success or not domain:
        return not_an_api(reply, http.host)
    software, version = _ask_software(http, patience)
    api = reply.value_at("api_versions", "mastodon")
    info: dict[str, object] = {
        "software": software,
        "version": version,
        "domain": domain[:255],
        "api": api if isinstance(api, int) else 0,
        "asked_ms": to_ms(now),
    }
    for name, path in LIMITS.items():
        value = reply.value_at("configuration", *path)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST:
            info[name] = value
    older = reply.value_at("max_toot_chars")
    if "characters" not in info and isinstance(older, int) and 0 < older < _LARGEST:
        info["characters"] = older
    if mimes := list_at(reply.data, "configuration", "media_attachments", "supported_mime_types"):
        info["mimes"] = [mime[:80] for mime in mimes[:100] if isinstance(mime, str)]
    return info


def not_an_api(answer: Answer, host: str) -> NotDone:
    """Why a server cannot be used: it is busy, or it is not a server with Mastodon's API."""
    if answer.status >= 500 or answer.status == 429:
        return NotDone(Kind.SERVER, f"{host} answered {answer.status}", str(answer.status), answer.status, passing=True)
    if 300 <= answer.status < 400:
        other = host_of(answer.headers.get("location", ""))
        message = f"{host} leads to {other or 'another page'}: name the server itself"
        return NotDone(Kind.ACCOUNT, message, "redirect", answer.status)
    if answer.status in (401, 403) and answer.value_at("error"):
        message = f"{host} shows nothing without a login, and ttp cannot tell what it allows"
        return NotDone(Kind.ACCOUNT, message, "closed", answer.status)
    message = f"{host} is not a server with Mastodon's API (it answered {answer.status})"
    return NotDone(Kind.ACCOUNT, message, "not_mastodon", answer.status)


def _ask_software(http: Http, patience: float | None) -> tuple[str, str]:
    """Return name and version of the software, from the server's NodeInfo document; `unknown` where it has none."""
    links = http.request("GET", "/.well-known/nodeinfo", patience=patience)
    for link in list_at(links.success_at("links")):
        rel, href = value_at(link, "rel"), value_at(link, "href")
        if not (isinstance(rel, str) and isinstance(href, str) and _NODEINFO.fullmatch(rel)):
            continue
        if host_of(href) != http.host and not (is_loopback(host_of(href)) and http.is_loopback):
            continue
        path = urlsplit(href)._replace(scheme="", netloc="", fragment="").geturl()
        document = http.request("GET", path, patience=patience)
        if document.is_success and (name := document.text_at("software", "name")):
            return name.lower()[:40], document.text_at("software", "version")[:60]
    return "unknown", ""


def find_server(connect: Callable[[str], Http], handle: str) -> str | NotDone:
    """Return the root URL of the server of a handle like me@example.org: by WebFinger, else the host itself."""
    host = handle.rpartition("@")[2]
    bare = urlsplit(f"//{host}").hostname or ""
    root = f"{'http' if is_loopback(bare) else 'https'}://{host}"
    http = connect(root)
    try:
        reply = _ask_webfinger(http, handle)
    finally:
        http.close()
    if isinstance(reply, Answer):
        return _named_server(reply, is_local=http.is_loopback) or root
    return NotDone(Kind.NETWORK, reply.message, passing=True)


def _ask_webfinger(http: Http, handle: str) -> Reply:
    """Ask for a handle, and follow where the answer leads: nothing secret is part of the request."""
    url, query = "/.well-known/webfinger", {"resource": f"acct:{handle}"}
    reply = http.request("GET", url, query=query)
    for _ in range(MOST_REDIRECTS):
        if reply.status not in (301, 302, 303, 307, 308):
            break
        url = urljoin(http.base_url + url, reply.headers.get("location", ""))
        if urlsplit(url).scheme != "https" and not http.is_loopback:
            break
        reply = http.request("GET", url, query=None if urlsplit(url).query else query)
    return reply


def _named_server(answer: Answer, *, is_local: bool) -> str | None:
    """Return the root URL of the server that has the account, as a WebFinger answer names it."""
    for link in list_at(answer.success_at("links")):
        href = value_at(link, "href")
        if value_at(link, "rel") != "self" or not isinstance(href, str):
            continue
        parts = urlsplit(href)
        try:
            root = parse_server(f"{parts.scheme}://{parts.netloc}")
        except (UsageError, ValueError):
            return None
        return root if is_local or not is_loopback(host_of(root)) else None
    return None


def shown_software(info: Mapping[str, object]) -> str:
    """`mastodon 4.6.0`"""
    return clean_text(f"{info.get('software') or 'unknown'} {info.get('version') or ''}").strip()
