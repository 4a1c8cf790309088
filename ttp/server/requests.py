"""What every request passes: its token, its parameters and its idempotency key; and the services that it then gets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from ttp.domain.errors import NotAllowed
from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.server.forms import ReceivedFile, receive_file
from ttp.server.idempotency import IdempotencyKeys
from ttp.server.problems import InvalidRequest, Unauthorized, WrongMediaType, unknown_parameter
from ttp.server.services import Installation, RequestServices
from ttp.store.server.idempotency_keys import KeptAnswer

LONGEST_KEY = 200
KEPT_HEADERS = ("content-type", "etag", "location")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_ETAG = re.compile(r'"([0-9]{1,15})"')
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route that needs a token with the capability `x-capability` (or `x-or-capability`) of its `openapi_extra`; not
    one that is limited to accounts, unless `x-limited` is true."""

    def get_route_handler(self) -> Handle:
        handle = super().get_route_handler()
        asked = self.openapi_extra or {}
        names = [asked[name] for name in ("x-capability", "x-or-capability") if name in asked]
        needed, limited = [TokenCapability(name) for name in names], asked["x-limited"] is True
        file_type = next(iter(asked["requestBody"]["content"])) if "requestBody" in asked else None
        known = {one.alias for one in self.dependant.query_params}
        # Its handler receives a multipart body itself, and keeps its answer.
        reads_itself = file_type is not None and not any(one.call is received_of for one in self.dependant.dependencies)

        async def guarded(request: Request) -> Response:
            installation: Installation = request.app.state.installation
            token = await run_in_threadpool(token_of, request, installation, *needed)
            if token.accounts is not None and not limited:
                raise NotAllowed("this is about all accounts, and the token is limited to some")
            if file_type is None and await request.body() and not _is_json(request):
                raise WrongMediaType("send the body as application/json")
            refuse_unknown_parameters(request, known)
            request.state.services = RequestServices(
                installation, token, dry_run=_is_dry_run(request), expected=_expected_revision(request)
            )
            if reads_itself:
                return await handle(request)
            if file_type is not None:
                folder = await run_in_threadpool(installation.media.ready_folder)
                request.state.received = await receive_file(request, file_type, folder)
            try:
                key = request.headers.get("idempotency-key")
                if key is not None and request.method in _WRITES and not services_of(request).dry_run:
                    return await _once(request, handle, token, key)
                answer = await handle(request)
            finally:
                if file_type is not None:
                    received_of(request).file.close()
            if services_of(request).dry_run:  # the revision and the address of what was rolled back
                for name in ("etag", "location"):
                    if name in answer.headers:
                        del answer.headers[name]
            return answer

        return guarded


def services_of(request: Request) -> RequestServices:
    found: RequestServices = request.state.services
    return found


Services = Annotated[RequestServices, Depends(services_of)]
"""The services of a request's token."""


def received_of(request: Request) -> ReceivedFile:
    found: ReceivedFile = request.state.received
    return found


Received = Annotated[ReceivedFile, Depends(received_of)]
"""The file that a request has sent."""


def token_of(request: Request, installation: Installation, *needed: TokenCapability) -> ApiToken:
    """Return the token of a request. Raise Unauthorized, or NotAllowed if it has none of the capabilities."""
    sent = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if sent is None:
        raise Unauthorized("send a token: Authorization: Bearer ttp_…")
    token = installation.tokens.find(sent[1])
    if token is None:
        raise Unauthorized("the token is unknown, revoked or has expired")
    if not any(token.capability.allows(one) for one in needed):
        raise NotAllowed(f"this needs the capability {' or '.join(needed)}, and the token has {token.capability}")
    return token


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def refuse_unknown_parameters(request: Request, known: Collection[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise unknown_parameter(name, known)


def _is_dry_run(request: Request) -> bool:
    return request.query_params.get("dryRun", "false").lower() not in ("false", "0", "no", "off", "f", "n")


def _expected_revision(request: Request) -> int | None:
    """Return the revision in `If-Match`; None without it or for `*`."""
    asked = request.headers.get("if-match")
    if asked is None or asked.strip() == "*":
        return None
    found = _ETAG.fullmatch(asked.strip())
    if found is None:
        raise InvalidRequest('If-Match takes the ETag of the post, such as "3"')
    return int(found[1])


async def _once(request: Request, handle: Handle, token: ApiToken, key: str) -> Response:
    """Answer a request with an idempotency key: what it answered before, or by running it."""
    check_key(key)
    keys = IdempotencyKeys(services_of(request).installation, token)
    sent = hasattr(request.state, "received")  # not the form around it: its boundary is another one each time
    digest = _digest_of(request, received_of(request).digest.encode() if sent else await request.body())
    kept = await run_in_threadpool(keys.begin, key, digest)
    if kept is not None:
        return repeat_answer(kept)
    try:
        answer = await handle(request)
    except BaseException:
        await run_in_threadpool(keys.forget, key)
        raise
    if answer.status_code >= 300:  # a refused request did nothing, and its key is free again
        await run_in_threadpool(keys.forget, key)
    else:
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        await run_in_threadpool(keys.keep, key, KeptAnswer(answer.status_code, headers, bytes(answer.body).decode()))
    return answer


def check_key(key: str) -> None:
    """Raise InvalidRequest for what cannot be an idempotency key."""
    if not key.strip() or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequest(f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters")


def repeat_answer(kept: KeptAnswer) -> Response:
    """Return the answer that a request with the same key had before."""
    return Response(kept.body, kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"})


def _digest_of(request: Request, body: bytes) -> str:
    said = json.dumps([request.method, request.url.path, request.url.query, request.headers.get("if-match")])
    return hashlib.sha256(said.encode() + body).hexdigest()
