"""Publishes pages: all parts of a thread in one call, under keys that are stored before it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Absent, Done, Finding, Found, Handle, Kind, NotDone, Outcome, Unclear
from ttp.platforms.client import LookupResult, PublishRequest, Ready, Step, StepDone, StepFailed, fingerprint
from ttp.platforms.http import HttpByServer
from ttp.platforms.reply import Answer, as_failure, as_outcome, as_unclear, parse_id, reconnect_hint

STEP = "print"


class PaperClient:
    def __init__(self, http: HttpByServer) -> None:
        self._http = http

    def close(self) -> None:
        self._http.close()

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        http = self._http.of(request.account)
        reply = http.request_for(request, "GET", "/me")
        info = reply.value_at("press") if isinstance(reply, Answer) and reply.is_success else None
        if not isinstance(reply, Answer) or not isinstance(info, dict):
            raise StepFailed(
                "ask the press", as_failure(reply, lambda answer: refusal(answer, request.account), "Paper")
            )
        handle = {**handle, "keys": handle.get("keys") or keys_of(request)}
        yield StepDone("ask the press", reply.status, handle=handle, server_info=info)
        digest = fingerprint("POST", f"{http.base_url}/pages", body_of(request, handle))
        return Ready(handle, http.platform_at(request.account.name), STEP, digest)

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        reply = self._http.of(request.account).request_for(request, "POST", "/pages", json=body_of(request, handle))
        ids = read_ids(reply.value_at("pages"), request) if isinstance(reply, Answer) and reply.status == 201 else ()
        if not ids:
            return as_outcome(reply, lambda answer: refusal(answer, request.account), "Paper")
        return Done(ids[0], link(request.account, ids[0]), http_status=201, handle=with_parts(request, handle, ids))

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        http = self._http.of(request.account)
        return LookupResult(self._finding(request, handle), http.platform_at(request.account.name))

    def _finding(self, request: PublishRequest, handle: Handle) -> Finding:
        keys = handle.get("keys")
        if not isinstance(keys, list):
            return Unclear(Kind.UNKNOWN, "the keys of this post are not known", final=True)
        reply = self._http.of(request.account).request_for(request, "GET", "/pages", query={"key": str(keys[0])})
        if isinstance(reply, Answer) and reply.status == 404 and reply.value_at("error") == "no_page":
            return Absent(certain=True)
        ids = read_ids(reply.value_at("pages"), request) if isinstance(reply, Answer) and reply.status == 200 else ()
        if not ids:
            return as_unclear(reply, lambda answer: refusal(answer, request.account), "Paper")
        return Found(ids[0], link(request.account, ids[0]), handle=with_parts(request, handle, ids))


def keys_of(request: PublishRequest) -> list[str]:
    """Return one key for each part: the same however often it is asked for."""
    parts = range(1 + len(request.thread))
    return [hashlib.sha256(f"{request.key_seed}/{part}".encode()).hexdigest()[:32] for part in parts]


def body_of(request: PublishRequest, handle: Handle) -> dict[str, object]:
    return {
        "keys": handle["keys"],
        "parts": [request.text, *request.thread],
        "ink": request.options.get("ink", "black"),
    }


def read_ids(value: object, request: PublishRequest) -> tuple[str, ...]:
    """Return the ids of all parts; empty where the answer does not have them all."""
    ids = [parse_id(one) for one in value] if isinstance(value, list) else []
    return tuple(one for one in ids if one) if ids and all(ids) and len(ids) == 1 + len(request.thread) else ()


def with_parts(request: PublishRequest, handle: Handle, ids: tuple[str, ...]) -> Handle | None:
    return {**handle, "parts": list(ids), "of": len(ids)} if request.thread else None


def link(account: Account, page: str) -> str:
    return f"{account.server}/page/{page}"


def refusal(answer: Answer, account: Account) -> NotDone | None:
    """Return the refusal that an answer is, by the press's list."""
    match answer.status, answer.value_at("error"):
        case 401, "bad_token":
            hint = reconnect_hint(account)
            return NotDone(Kind.AUTH, "the press does not take the token", "bad_token", 401, hint=hint)
        case 422, "refused":
            return NotDone(Kind.CONTENT, "the press refused the page", "refused", 422)
        case _:
            return None
