"""From a handle to its identity (DID), and from there to the server that has the account.

See docs/reference/platforms/bluesky.md, section 1. A handle counts only if its identity names it in turn. The identity
stays; handle and server may change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from ttp.domain.account import Account, is_loopback
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.addresses import configured_url, is_safe, split_address
from ttp.platforms.bluesky.facets import is_handle
from ttp.platforms.http import Http
from ttp.platforms.reply import Answer, Reply, list_at, reconnect_hint

DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{3,250}(?:%3A[0-9]{1,5})?)")
EXAMPLE = "alice.bsky.social"
FRESH_FOR = timedelta(days=1)
"""How long an answer about an account's server counts."""


def parse_did(value: object) -> str | None:
    """Return a value if it is an identity of one of the two supported methods; None for anything else."""
    return value if isinstance(value, str) and DID.fullmatch(value) else None


@dataclass(frozen=True, slots=True)
class Identities:
    """Asks the directories. `appview` resolves handles, `plc` has the documents of did:plc."""

    http: Http
    appview: str
    plc: str

    @classmethod
    def of(cls, http: Http, config: Config) -> Identities:
        api = http.base_url
        return cls(
            http,
            configured_url(config, "platforms.bluesky.appview_url", api).rstrip("/"),
            configured_url(config, "platforms.bluesky.plc_url", api).rstrip("/"),
        )

    def find_server(self, handle: str) -> str | NotDone:
        """Return the root URL of the server that has the account of a handle, or why it was not found."""
        did = self.find_did(handle)
        if isinstance(did, NotDone):
            return did
        document = self.find_document(did)
        if isinstance(document, NotDone):
            return document
        if handle.lower() not in handles_of(document):
            return NotDone(
                Kind.ACCOUNT,
                f"{handle} points to {did}, which does not name {handle}: the handle is not verified",
                "handle",
                hint="fix the handle in Bluesky's settings (Account, Handle)",
            )
        server = server_of(document)
        if server is None:
            return NotDone(Kind.ACCOUNT, f"{handle} ({did}) names no server that has its posts", "no_server")
        if is_loopback(urlsplit(server).hostname or "") and not is_loopback(urlsplit(self.plc).hostname or ""):
            return NotDone(Kind.ACCOUNT, f"{handle} names a server on this machine: {server}", "no_server")
        return server

    def find_did(self, handle: str) -> str | NotDone:
        """Return the identity that a handle points to: by the AppView, else by the handle's own host."""
        if not is_handle(handle):
            return NotDone(Kind.ACCOUNT, f"{handle} is not a Bluesky handle: one looks like {EXAMPLE}", "handle")
        reply = self.http.request(
            "GET", f"{self.appview}/xrpc/com.atproto.identity.resolveHandle", query={"handle": handle}
        )
        if did := parse_did(reply.success_at("did")):
            return did
        own = self.http.request("GET", f"https://{handle.lower()}/.well-known/atproto-did")
        if own.status == 200 and (did := parse_did(own.body.strip())):
            return did
        if reply.status == 400:
            return NotDone(Kind.ACCOUNT, f"there is no Bluesky account {handle}", "handle", reply.status)
        return _unanswered(reply, f"the identity of {handle}")

    def find_document(self, did: str) -> Mapping[str, object] | NotDone:
        method, _, name = did.removeprefix("did:").partition(":")
        if method == "web":
            address = f"https://{name.replace('%3A', ':')}/.well-known/did.json"
        else:
            address = f"{self.plc}/{quote(did, safe=':')}"
        reply = self.http.request("GET", address)
        if reply.is_success and isinstance(reply.data, dict) and reply.value_at("id") == did:
            return reply.data
        if reply.status in (404, 410):
            return NotDone(Kind.ACCOUNT, f"there is no identity {did} any more", "identity", reply.status)
        return _unanswered(reply, f"the document of {did}")


def is_fixed(config: Config) -> bool:
    """Whether the settings name one server for all accounts."""
    return bool(config.text("platforms.bluesky.base_url"))


def looked_up(info: Mapping[str, object], server: str, now: datetime) -> dict[str, object]:
    """Return what is kept of an account's server, with the server that its identity names now; as `moved` if that is
    another than before."""
    if info.get("resolved") not in (None, server):
        return {**info, "moved": server}
    return {**info, "resolved": server, "resolved_ms": to_ms(now), "moved": None}


def is_fresh(info: Mapping[str, object], now: datetime) -> bool:
    """Whether the identity was asked for the server less than a day ago."""
    resolved_ms = info.get("resolved_ms")
    return isinstance(resolved_ms, int) and from_ms(resolved_ms) <= now < from_ms(resolved_ms) + FRESH_FOR


def present_server(document: Mapping[str, object] | NotDone, info: Mapping[str, object]) -> str | None:
    """Return the server that a document names; where it names none or was not read, the one that it named before if
    the account had moved there."""
    moved = info.get("moved")
    named = None if isinstance(document, NotDone) else server_of(document)
    return named or (moved if isinstance(moved, str) else None)


def moved_server_error(account: Account, server: str) -> NotDone | None:
    """Return why an account must be connected again if its identity names another server than before."""
    if account.server_info.get("resolved") in (None, server):
        return None
    message = f"{account.name} has moved to {urlsplit(server).netloc}"
    return NotDone(Kind.ACCOUNT, message, "moved", hint=reconnect_hint(account))


def handles_of(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the handles that a document names, in lower case."""
    names = map(str, list_at(document.get("alsoKnownAs")))
    return tuple(name.removeprefix("at://").lower() for name in names if name.startswith("at://"))


def server_of(document: Mapping[str, object]) -> str | None:
    """Return the root URL of the server that a document names; None where it names none that may be used."""
    for one in list_at(document.get("service")):
        if not isinstance(one, dict) or not str(one.get("id")).endswith("#atproto_pds"):
            continue
        parts = split_address(one.get("serviceEndpoint"))
        if parts is None or not is_safe(parts, loopback=True):
            return None
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return None


def _unanswered(reply: Reply, what: str) -> NotDone:
    why = f"{reply.status}" if isinstance(reply, Answer) else reply.message
    return NotDone(Kind.NETWORK, f"{what} could not be read: {why}", passing=True)
