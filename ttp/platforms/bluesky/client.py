"""Bluesky: uploads and look-ups of names, one applyWrites that publishes, and the record under its key as proof.

See docs/reference/platforms/bluesky.md, sections 5 to 7. All of a post or thread is one atomic call under keys that
were chosen before. The handle: `keys`, `cids` (one list for each set of records that may have been sent), `created_ms`,
`did`, `media` (see `media`), `cards` by part number, `card_note` (what they lack), `dids` by handle, and `refs`: what
`quote` and `reply_to` lead to.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.config import Config
from ttp.domain.delivery import NO_HANDLE
from ttp.domain.media.place import split_part
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, NotDone, Outcome, Unclear
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.bluesky import identity
from ttp.platforms.bluesky.errors import BLOB_NOT_FOUND, BlueskyPart
from ttp.platforms.bluesky.facets import is_handle
from ttp.platforms.bluesky.identity import parse_did
from ttp.platforms.bluesky.media import BlueskyUploads, is_blob, without_uploads
from ttp.platforms.bluesky.options import POST_ADDRESS
from ttp.platforms.bluesky.record_keys import is_content_id, is_key, new_keys
from ttp.platforms.bluesky.records import (
    GATES,
    POSTS,
    Records,
    build_records,
    chosen_of,
    post_link,
    shown_parts,
    stored_cards,
)
from ttp.platforms.client import Deleted, LookupResult, PublishRequest, Ready, Step, StepDone, StepFailed, fingerprint
from ttp.platforms.http import Http, HttpByServer
from ttp.platforms.reply import Reply, list_at, reconnect_hint, value_at

WRITE = "/xrpc/com.atproto.repo.applyWrites"
STEP = f"POST {WRITE.rpartition('/')[2]}"
CHECK_S = 900.0
"""Seconds for which one check of the session counts."""
SAME_TIME = timedelta(minutes=10)
"""How long a resend keeps the time and content ids of its records. Feeds bury posts that look older."""
LONGEST_HISTORY = 100
_JSON = {"Content-Type": "application/json"}
_EARLY = timedelta(minutes=5)


class BlueskyClient(BlueskyPart):
    def __init__(self, http: HttpByServer, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._uploads = BlueskyUploads(http, config, clock)
        self._checked: dict[str, float] = {}
        self._asked: dict[str, float] = {}

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Check the session, upload media, look up names and addresses, choose the keys."""
        http = self._http.of(request.account)
        http.gate.require_open(request, STEP, "POST", WRITE)
        did = yield from self._check(request, http)
        yield from self._check_server(request, http, did)
        handle = {**handle, "did": did}
        handle = yield from self._uploads.complete(request, handle)
        handle = yield from self._with_cards(request, handle)
        handle = yield from self._with_names(request, handle)
        handle = yield from self._with_refs(request, handle)
        platform_at = http.platform_at(request.account.name)
        handle = _with_keys(request, handle, platform_at or self._clock.now())
        try:
            records = build_records(request, handle, did)
        except (UnicodeError, ValueError) as error:
            raise StepFailed(STEP, NotDone(Kind.CONTENT, f"the post cannot be written: {error}")) from None
        cids = [list(one) for one in _sets(handle) if tuple(one) != records.cids]
        handle = {**handle, "cids": [*cids, list(records.cids)]}
        http.gate.require_open(request, STEP, "POST", WRITE)  # the steps before may have told more
        return Ready(handle, platform_at, STEP, fingerprint("POST", WRITE, _body(did, records)))

    def _check(self, request: PublishRequest, http: Http) -> Generator[Step, None, str]:
        """Ask whose session it is and whether the account is active; the identity. Raises StepFailed."""
        own_did = _did(request)
        key, now = request.token_key, self._clock.boot()
        lately = now - self._checked.get(key, -CHECK_S) < CHECK_S
        if own_did is not None and lately and http.platform_at(request.account.name) is not None:
            return own_did
        step = "check the session"
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.server.getSession")
        did = parse_did(reply.success_at("did"))
        if did is None:
            raise StepFailed(step, self.failure(request, reply))
        if own_did is not None and did != own_did:
            message = f"Bluesky says that the session is of {did}, and {request.account.name} is {own_did}"
            hint = reconnect_hint(request.account)
            raise StepFailed(step, NotDone(Kind.ACCOUNT, message, http_status=reply.status, hint=hint))
        if reply.value_at("active") is False:
            state = reply.text_at("status") or "not active"
            message = f"{request.account.name} is {state} on Bluesky"
            raise StepFailed(
                step, NotDone(Kind.ACCOUNT, message, state, reply.status, hint=reconnect_hint(request.account))
            )
        self._checked[key] = now
        yield StepDone(step, reply.status)
        return did

    def _check_server(self, request: PublishRequest, http: Http, did: str) -> Generator[Step, None, None]:
        """Ask once a day which server has the account: the old one may still take posts. One that moved is asked for
        each post, until it is back or connected again. Raises StepFailed.

        Where the directory does not answer, what is known stays.
        """
        account, now, boot = request.account, self._clock.now(), self._clock.boot()
        info = account.server_info
        is_recent = identity.is_fresh(info, now) or boot - self._asked.get(did, -CHECK_S) < CHECK_S
        if identity.is_fixed(self._config) or (info.get("moved") is None and is_recent):
            return
        self._asked[did] = boot
        document = identity.Identities.of(http, self._config).find_document(did)
        if (server := identity.present_server(document, info)) is None:
            return
        step = "look up the account's server"
        yield StepDone(step, 200, server, server_info=identity.looked_up(info, server, now))
        if (elsewhere := identity.moved_server_error(account, server)) is not None:
            raise StepFailed(step, elsewhere)

    def _with_cards(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Upload the pictures of link cards. A card that was sent before stays as it was."""
        before = stored_cards(handle)
        cards: dict[str, object] = {}
        notes: dict[str, None] = {}
        for number, card in request.cards.items():
            entry = before.get(str(number))
            if isinstance(entry, Mapping) and entry.get("uri") == card.url:
                cards[str(number)] = entry
                if isinstance(old := handle.get("card_note"), str):
                    notes[old] = None
                continue
            note = card.note
            if card.title is not None:
                shown: dict[str, object] = {"uri": card.url, "title": card.title, "description": card.description}
                if card.picture is not None:
                    if is_blob(blob := self._uploads.upload_file(request, card.picture)):
                        shown["thumb"] = blob
                    else:
                        note = "the link card has no picture: the server did not take it"
                    yield StepDone("upload the picture of a link card", message=note or "")
                cards[str(number)] = shown
            if note:
                notes[note] = None
        handle = {name: value for name, value in handle.items() if name not in ("card", "cards", "card_note")}
        if cards:
            handle["cards"] = cards
        if notes:
            handle["card_note"] = "; ".join(notes)
        return handle

    def _with_names(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Look up the handles that are mentioned; one that does not exist is plain text. Raises StepFailed."""
        names = handle.get("dids")
        dids = dict(names) if isinstance(names, Mapping) else {}
        for name in dict.fromkeys(name for shown in shown_parts(request) for name in shown.handles):
            if name not in dids:
                dids[name] = self._find_did(request, name)
                handle = {**handle, "dids": dids}
                yield StepDone(
                    f"look up @{name}", message="" if dids[name] else "there is no such account", handle=handle
                )
        return handle

    def _find_did(self, request: PublishRequest, name: str) -> str | None:
        """Return the identity of a handle; None if it has none. Raises StepFailed where that is not known."""
        reply = self._http.request_for(
            request, "GET", "/xrpc/com.atproto.identity.resolveHandle", query={"handle": name}, with_token=False
        )
        if reply.is_success:
            return parse_did(reply.value_at("did"))
        if reply.status == 400 and reply.value_at("error"):
            return None
        raise StepFailed(f"look up @{name}", self.failure(request, reply))

    def _with_refs(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Look up the posts that are quoted and replied to. Raises StepFailed."""
        chosen, stored_refs = chosen_of(request), handle.get("refs")
        refs: dict[str, object] = {}
        for name in ("quote", "reply_to"):
            address = chosen.word(name)
            if name == "reply_to" and request.replies_to:
                address = post_link(str(handle["did"]), request.replies_to[-1])
            if address is None:
                continue
            address = split_part(address)[1] if name == "quote" else address
            before = stored_refs.get(name) if isinstance(stored_refs, Mapping) else None
            if (
                isinstance(before, Mapping)
                and isinstance(stored_refs, Mapping)
                and stored_refs.get(f"{name}_address") == address
            ):
                refs |= {name: before, f"{name}_address": address}
                continue
            uri, cid, value = self._find_post(request, address)
            here = {"uri": uri, "cid": cid}
            if name == "reply_to":
                above = value.get("reply") if isinstance(value.get("reply"), Mapping) else None
                root = above.get("root") if isinstance(above, Mapping) else None
                refs[name] = {"root": root if isinstance(root, Mapping) else here, "parent": here}
            else:
                refs[name] = here
            refs[f"{name}_address"] = address
            yield StepDone(f"look up {uri}", handle={**handle, "refs": refs})
        rest = {name: value for name, value in handle.items() if name != "refs"}
        return {**rest, "refs": refs} if refs else rest

    def _find_post(self, request: PublishRequest, address: str) -> tuple[str, str, Mapping[str, object]]:
        """Return uri, content id and record of a post. Raises StepFailed."""
        step, match = "look up a post", POST_ADDRESS.fullmatch(address.strip())
        who = (match["who"] or match["repo"]) if match else ""
        did = parse_did(who) or (self._find_did(request, who.lower()) if is_handle(who) else None)
        if match is None or did is None:
            raise StepFailed(step, NotDone(Kind.CONTENT, f"there is no post {address} on Bluesky", "post"))
        query = {"repo": did, "collection": POSTS, "rkey": match["key"]}
        reply = self._http.request_for(
            request, "GET", "/xrpc/com.atproto.repo.getRecord", query=query, with_token=False
        )
        if reply.is_success:
            cid, value = reply.value_at("cid"), reply.value_at("value")
            if isinstance(cid, str) and is_content_id(cid) and isinstance(value, Mapping):
                return f"at://{did}/{POSTS}/{match['key']}", cid, value
        if reply.status == 400 and reply.value_at("error") == "RecordNotFound":
            raise StepFailed(step, NotDone(Kind.CONTENT, f"there is no post {address} on Bluesky", "post"))
        raise StepFailed(step, self.failure(request, reply))

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """Create all records at once. Done only where the server names each with the content id that was computed."""
        did = _did(request, handle)
        if did is None:
            return NotDone(Kind.ACCOUNT, "the account's identity is not known", hint=reconnect_hint(request.account))
        records = build_records(request, handle, did)
        reply = self._http.request_for(request, "POST", WRITE, headers=_JSON, content=_encode(_body(did, records)))
        if _all_created(reply, records):
            new_handle = None
            if request.thread:
                new_handle = {**handle, "parts": list(records.keys), "of": len(records.keys)}
            link = post_link(did, records.keys[0])
            return Done(records.keys[0], link, http_status=reply.status, handle=new_handle, note=_card_note(handle))
        match self.outcome(request, reply):
            case NotDone(kind=Kind.AUTH) as dead:
                self._checked.pop(request.token_key, None)
                return dead
            case NotDone(code=code) as lost if code == BLOB_NOT_FOUND:
                return replace(lost, handle=without_uploads(handle))
            case outcome:
                return outcome

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Read the first record by its key, from a server that proves to have the account's records."""
        http, did = self._http.of(request.account), _did(request, handle)
        keys = [str(key) for key in list_at(handle.get("keys")) if is_key(key)]
        if did is None:
            return LookupResult(Unclear(Kind.ACCOUNT, "the account's identity is not known", final=True), None)
        latest = http.request_for(
            request, "GET", "/xrpc/com.atproto.sync.getLatestCommit", query={"did": did}, with_token=False
        )
        if not (latest.is_success and isinstance(latest.value_at("cid"), str)):
            return LookupResult(self._without_repository(request, latest, http.host), latest.date)
        if not keys:
            return self._search(request, http, did, since)
        query = {"repo": did, "collection": POSTS, "rkey": keys[0]}
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.repo.getRecord", query=query, with_token=False)
        link = post_link(did, keys[0])
        if reply.is_success and isinstance(reply.value_at("value"), Mapping):
            cids = next((one for one in _sets(handle) if one and one[0] == reply.value_at("cid")), None)
            if cids is None:
                message = "another post has the key of this one"
                return LookupResult(Unclear(Kind.DUPLICATE, message, final=True, links=(link,)), reply.date)
            if len(cids) == 1:
                return LookupResult(Found(keys[0], link, note=_card_note(handle)), reply.date)
            parts = {**handle, "parts": keys[: len(cids)], "of": len(cids)}
            return LookupResult(Found(keys[0], link, note=_card_note(handle), handle=parts), reply.date)
        if reply.status == 400 and reply.value_at("error") == "RecordNotFound":
            return LookupResult(Absent(certain=True), reply.date)
        return LookupResult(self.unclear(request, reply), reply.date)

    def _without_repository(self, request: PublishRequest, reply: Reply, host: str) -> Unclear:
        """Why the server cannot tell what the account has: it is not (or no longer) the account's server."""
        if reply.status == 400 and reply.value_at("error"):
            message = (
                f"{host} does not have the posts of {request.account.name} ({reply.text_at('error')}): connect it again"
            )
            return Unclear(Kind.ACCOUNT, message, http_status=reply.status)
        return self.unclear(request, reply)

    def _search(self, request: PublishRequest, http: Http, did: str, since: datetime) -> LookupResult:
        """Look for the text among the account's newest posts, where no key is known (another machine chose it)."""
        query = {"repo": did, "collection": POSTS, "limit": str(LONGEST_HISTORY)}
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.repo.listRecords", query=query, with_token=False)
        records = reply.success_at("records")
        if not isinstance(records, list):
            return LookupResult(self.unclear(request, reply), reply.date)
        text = shown_parts(request)[0].text
        parent = f"at://{did}/{POSTS}/{request.replies_to[-1]}" if request.replies_to else None
        keys = [
            key
            for one in records
            if isinstance(one, Mapping) and (key := str(one.get("uri")).rpartition("/")[2]) not in request.bound
            if _is_same(one.get("value"), text, since - _EARLY, parent)
        ]
        links = tuple(post_link(did, key) for key in keys)
        match keys:
            case []:
                return LookupResult(Absent(), reply.date)
            case [key]:
                return LookupResult(Found(key, links[0]), reply.date)
            case _:
                message = f"{len(keys)} posts on Bluesky could be this one"
                return LookupResult(Unclear(Kind.DUPLICATE, message, final=True, links=links), reply.date)

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post, then its gates. A server answers the same for what it never had."""
        did = _did(request)
        if did is None:
            return NotDone(Kind.ACCOUNT, "the account's identity is not known", hint=reconnect_hint(request.account))
        status = None
        for collection in (POSTS, *GATES):
            body = {"repo": did, "collection": collection, "rkey": remote_id}
            reply = self._http.request_for(request, "POST", "/xrpc/com.atproto.repo.deleteRecord", json=body)
            if not isinstance(reply.success_at(), dict):
                return self.failure(request, reply)
            status = reply.status
        return Deleted(status)


def _with_keys(request: PublishRequest, handle: Handle, now: datetime) -> Handle:
    """Return the handle with a key for each part, and the time of the records. A delivery keeps its keys for good; the
    time is renewed once it is old."""
    count = 1 + len(request.thread)
    keys = [str(key) for key in list_at(handle.get("keys")) if is_key(key)]
    keys += new_keys(now, count - len(keys)) if len(keys) < count else ()
    created = handle.get("created_ms")
    at = from_ms(created) if isinstance(created, int) else None
    if at is None or not at <= now <= at + SAME_TIME:
        at = now
    return {**handle, "keys": keys, "created_ms": to_ms(at)}


def _body(did: str, records: Records) -> dict[str, object]:
    return {"repo": did, "writes": list(records.writes)}


def _encode(body: dict[str, object]) -> bytes:
    """Return a body as UTF-8: escapes make a long thread larger than servers take."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _all_created(reply: Reply, records: Records) -> bool:
    """Whether an answer says that every post was created as it was computed."""
    results = reply.success_at("results")
    if not isinstance(results, list) or len(results) != len(records.writes):
        return False
    made = [(one.get("uri"), one.get("cid")) if isinstance(one, Mapping) else None for one in results]
    return made[: len(records.uris)] == list(zip(records.uris, records.cids, strict=True))


def _card_note(handle: Handle) -> str | None:
    note = handle.get("card_note")
    return note if isinstance(note, str) else None


def _did(request: PublishRequest, handle: Handle = NO_HANDLE) -> str | None:
    """Return the identity of the account; None where it was not told yet."""
    did = parse_did(request.credentials.user_id) or parse_did(request.account.user_id)
    return did or parse_did(handle.get("did"))


def _sets(handle: Handle) -> list[list[str]]:
    """Return the content ids of each set of records that may have been sent."""
    return [[str(cid) for cid in one] for one in list_at(handle.get("cids")) if isinstance(one, list | tuple)]


def _is_same(value: object, text: str, since: datetime, parent: str | None) -> bool:
    """Whether a record has this text, was made since, and replies to the post with this uri (None: is no reply)."""
    if value_at(value, "text") != text or value_at(value, "reply", "parent", "uri") != parent:
        return False
    try:
        return datetime.fromisoformat(str(value_at(value, "createdAt"))) >= since
    except (ValueError, TypeError):
        return False
