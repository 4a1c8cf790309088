"""Bluesky: from a handle to its server, and what is wrong with one, in a line each."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from ttp.domain.config import Value
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.bluesky.identity import parse_did, server_of
from ttp.platforms.platform import Runtime
from ttp.platforms.testing import StandingClock

DID = "did:plc:aaaabbbbccccddddeeeeffff"
RESOLVE = "https://public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle?handle=alice.example.org"
OWN = "https://alice.example.org/.well-known/atproto-did"
DOCUMENT = f"https://plc.directory/{DID}"


def document(server: object = "https://pds.example.org", handle: str = "alice.example.org") -> dict[str, object]:
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": server}
    return {"id": DID, "alsoKnownAs": [f"at://{handle}"], "service": [service]}


def find(
    answers: Mapping[str, object], handle: str = "alice.example.org", settings: Mapping[str, Value] | None = None
) -> str | NotDone | None:
    """What is found by a handle where the network answers these addresses: JSON, text, or a status."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = answers.get(str(request.url), 404)
        if isinstance(found, int):
            return httpx.Response(found, json={"error": "InvalidRequest", "message": "Unable to resolve handle"})
        return httpx.Response(200, text=found if isinstance(found, str) else json.dumps(found))

    runtime = Runtime(Config(settings or {}), StandingClock(), transport=httpx.MockTransport(answer))
    return PLATFORMS.facts("bluesky").find_server(runtime, handle)


def test_a_server_is_found_by_the_appview_and_the_directory() -> None:
    assert find({RESOLVE: {"did": DID}, DOCUMENT: document()}) == "https://pds.example.org"


def test_the_handles_own_host_is_asked_where_the_appview_does_not_answer() -> None:
    assert find({RESOLVE: 503, OWN: f"{DID}\n", DOCUMENT: document()}) == "https://pds.example.org"


def test_an_identity_of_a_host_is_read_there() -> None:
    known = {**document(), "id": "did:web:example.org"}
    answers = {RESOLVE: {"did": "did:web:example.org"}, "https://example.org/.well-known/did.json": known}
    assert find(answers) == "https://pds.example.org"


def test_a_server_in_the_settings_is_the_one_of_every_account() -> None:
    named = "http://127.0.0.1:2583"
    assert find({}, settings={"platforms.bluesky.base_url": named}) == named


@each(
    ("answers", "passing"),
    [
        ({RESOLVE: 400}, False),  # no account has this handle
        ({RESOLVE: 503}, True),
        ({RESOLVE: {"did": "did:key:zabc"}}, True),
        ({RESOLVE: {"did": DID}}, False),  # the directory does not know the identity
        ({RESOLVE: {"did": DID}, DOCUMENT: 503}, True),
        ({RESOLVE: {"did": DID}, DOCUMENT: {**document(), "id": "did:plc:other"}}, True),
        ({RESOLVE: {"did": DID}, DOCUMENT: document(handle="bob.example.org")}, False),  # does not point back
        ({RESOLVE: {"did": DID}, DOCUMENT: document(server=None)}, False),
        ({RESOLVE: {"did": DID}, DOCUMENT: document(server="http://pds.example.org")}, False),
        ({RESOLVE: {"did": DID}, DOCUMENT: document(server="http://127.0.0.1:8080")}, False),
        ({RESOLVE: {"did": DID}, DOCUMENT: document(server="https://user@pds.example.org")}, False),
        ({RESOLVE: {"did": DID}, DOCUMENT: {**document(), "service": "none"}}, False),
    ],
)
def test_what_is_wrong_with_a_handle_is_one_line(answers: Mapping[str, object], passing: bool) -> None:
    found = find(answers)
    assert isinstance(found, NotDone)
    assert found.passing == passing
    assert found.message.isprintable()


@each("handle", ["alice", "alice.", "-a.example.org", "a..b"])
def test_a_handle_is_a_host_name(handle: str) -> None:
    found = find({}, handle)
    assert isinstance(found, NotDone)
    assert found.code == "handle"


def test_only_two_methods_of_identities_are_known() -> None:
    assert parse_did(DID) == DID
    assert [parse_did(one) for one in (None, "", "did:key:z6Mk", "did:plc:short", f"{DID} ")] == [None] * 5


def test_an_address_that_is_none_names_no_server() -> None:
    assert server_of(document(server="https://[")) is None
