"""Check the token, parameters and idempotency key of a request, and make the services of its token."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from ttp.domain.errors import NotAllowed, NotFound, TtpError
from ttp.domain.operations import OPERATIONS, OWN
from ttp.domain.server.api_token import ApiToken
from ttp.server.answers import JsonAnswer
from ttp.server.forms import ReceivedFile, receive_file
from ttp.server.idempotency import AnswerLost, IdempotencyKeys
from ttp.server.problems import InvalidRequest, Unauthorized, WrongMediaType, status_of, unknown_parameter
from ttp.server.services import RequestServices
from ttp.services.application import Installation
from ttp.store.server.idempotency_keys import KeptAnswer

ALWAYS = (400, 401, 403, 421, 503)
"""Statuses that every route with a token can answer."""
LONGEST_KEY = 200
REPLAYED = "Idempotency-Replayed"
KEY_HEADER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "The same request with the same key, within a day, is answered and not done again.",
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,15}")$'},
    "description": "The `ETag` of the post as you know it: a post that was changed since is not changed.",
}
KEPT_HEADERS = ("content-type", "etag", "location")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_ETAG = re.compile(r'"([0-9]{1,15})"')
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
Handle = Callable[[Request], Coroutine[Any, Any, Response]]
AnswerAgain = Callable[[Request, RequestServices, int, int], JsonAnswer]
"""Takes the id of a post and the status of the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table of routes.

    `answers`: the model of each status, the usual one first; `refuses`: the statuses of problems in addition to ALWAYS.
    `described`: more for OpenAPI. `answer`: the class of its answers, unless they are bytes. `answer_again`: makes the
    answer of a request that was done and whose answer is lost, of the post that it changed.
    """

    method: str
    path: str
    handle: Callable[..., Any]
    operation: str
    answers: Mapping[int, Any]
    refuses: tuple[int, ...] = ()
    described: Mapping[str, Any] = field(default_factory=dict)
    answer: type[Response] = JsonAnswer
    answer_again: AnswerAgain | None = None

    @property
    def name(self) -> str:
        return str(getattr(self.handle, "__name__", ""))

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities of which a token needs one; none: no token is needed."""
        operation = OPERATIONS[self.operation]
        return tuple(filter(None, (operation.needs, operation.or_needs)))

    @property
    def is_of_accounts(self) -> bool:
        """Whether tokens that are limited to accounts may call it."""
        return OPERATIONS[self.operation].scope == OWN

    @property
    def statuses(self) -> list[int]:
        """Return every status that the route can answer."""
        of_keys = (409, 422) if self.takes_key else ()
        return sorted({*self.answers, *self.refuses, *(ALWAYS if self.needs else ()), *of_keys})

    @property
    def takes_key(self) -> bool:
        return bool(self.needs) and self.method in _WRITES

    @property
    def headers(self) -> list[dict[str, Any]]:
        is_change = 412 in self.refuses and 201 not in self.answers
        return [*([KEY_HEADER] if self.takes_key else []), *([IF_MATCH] if is_change else [])]

    @property
    def file_type(self) -> str | None:
        """The media type of a body that is a file or a form."""
        return next(iter(self.described["requestBody"]["content"])) if "requestBody" in self.described else None


def read_route(
    path: str, handle: Callable[..., Any], operation: str, model: Any, refuses: tuple[int, ...] = (), **more: Any
) -> Route:
    """Return the row of a GET. `more`: the other fields of a route."""
    return Route("GET", path, handle, operation, {200: model}, refuses, **more)


class GuardedRoute(APIRoute):
    """A route that needs a token."""

    def __init__(self, route: Route, **options: Any) -> None:
        self._route = route  # before the rest: it asks for the handler
        super().__init__(route.path, route.handle, **options)

    def get_route_handler(self) -> Handle:
        handle, route, file_type = super().get_route_handler(), self._route, self._route.file_type
        known = _query_names(self.dependant)
        has_received = any(dependency.call is received_of for dependency in self.dependant.dependencies)

        async def guarded(request: Request) -> Response:
            installation: Installation = request.app.state.installation
            token = await run_in_threadpool(token_of, request, installation, *route.needs)
            if token.accounts is not None and not route.is_of_accounts:
                raise NotAllowed("this is about all accounts, and the token is limited to some")
            if file_type is None and await request.body() and not _is_json(request):
                raise WrongMediaType("send the body as application/json")
            refuse_unknown_parameters(request, known)
            request.state.services = RequestServices(
                installation, token, dry_run=_is_dry_run(request), expected=_expected_revision(request)
            )
            if file_type is None:
                return await _answer(request, handle, route)
            if not has_received:  # it receives its body itself, and keeps its answer
                return await handle(request)
            folder = await run_in_threadpool(installation.media.ready_folder)
            request.state.received = await receive_file(request, file_type, folder)
            try:
                return await _answer(request, handle, route)
            finally:
                received_of(request).file.close()

        return guarded


def _query_names(dependant: Dependant) -> set[str]:
    """Return the names of the query parameters of a handler and of its dependencies."""
    names = {parameter.alias for parameter in dependant.query_params}
    return names.union(*map(_query_names, dependant.dependencies))


def services_of(request: Request) -> RequestServices:
    services: RequestServices = request.state.services
    return services


Services = Annotated[RequestServices, Depends(services_of)]
"""The services of a request's token."""
DryRun = Annotated[bool, Query(alias="dryRun", description="Change nothing; answer what would be answered.")]


def services_of_change(request: Request, dry_run: DryRun = False) -> RequestServices:
    return services_of(request)


ChangeServices = Annotated[RequestServices, Depends(services_of_change)]
"""The services of a request that may be a dry run."""


def received_of(request: Request) -> ReceivedFile:
    received: ReceivedFile = request.state.received
    return received


Received = Annotated[ReceivedFile, Depends(received_of)]
"""The file that a request has sent."""


def token_of(request: Request, installation: Installation, *needed: str) -> ApiToken:
    """Return the token of a request. Raise Unauthorized, or NotAllowed if it has none of the capabilities."""
    header = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if header is None:
        raise Unauthorized("send a token: Authorization: Bearer ttp_…")
    token = installation.api_tokens.find(header[1])
    if token is None:
        raise Unauthorized("the token is unknown, revoked or has expired")
    if not any(token.capability.allows(capability) for capability in needed):
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
    header = request.headers.get("if-match", "*").strip()
    if header == "*":
        return None
    etag = _ETAG.fullmatch(header)
    if etag is None:
        raise InvalidRequest('If-Match takes the ETag of the post, such as "3"')
    return int(etag[1])


async def _answer(request: Request, handle: Handle, route: Route) -> Response:
    services, key = services_of(request), request.headers.get("idempotency-key")
    if services.dry_run:
        answer = await handle(request)
        for name in ("etag", "location"):  # of what was rolled back
            if name in answer.headers:
                del answer.headers[name]
        return answer
    if key is None or request.method not in _WRITES:
        return await handle(request)
    return await _answer_once(request, handle, route, key)


async def _answer_once(request: Request, handle: Handle, route: Route, key: str) -> Response:
    """Answer a request with an idempotency key: with the answer that it had before, or by running it."""
    check_key(key)
    services = services_of(request)
    keys = IdempotencyKeys(services.installation, services.token)
    has_file = hasattr(request.state, "received")  # not the form around it: its boundary is another one each time
    body = received_of(request).digest.encode() if has_file else await request.body()
    try:
        work = await run_in_threadpool(keys.begin, key, _digest_of(request, body))
    except AnswerLost as lost:
        answer = await run_in_threadpool(_answer_again, request, route, lost)
        await run_in_threadpool(keys.keep, lost.reservation, _kept(answer))
        answer.headers[REPLAYED] = "true"
        return answer
    if isinstance(work, KeptAnswer):
        return repeat_answer(work)
    try:
        services.work_for(work.reservation)
        answer = await handle(request)
    except BaseException as error:  # a request that fails may have saved something
        await run_in_threadpool(work.forget, is_refused=isinstance(error, TtpError) and status_of(error) < 500)
        raise
    if answer.status_code >= 300:
        await run_in_threadpool(work.forget, is_refused=answer.status_code < 500)
    else:
        await run_in_threadpool(work.keep, _kept(answer))
    return answer


def _answer_again(request: Request, route: Route, lost: AnswerLost) -> Response:
    """Return the answer of a request that was done, with the current post. Raise `lost` if it is not known."""
    status, created = next(iter(route.answers)), next(iter(lost.post_ids), None)
    post_id = created if status == 201 else request.path_params.get("post_id")
    if route.answer_again is None or post_id is None:
        raise lost
    try:
        return route.answer_again(request, services_of(request), int(post_id), status)
    except (NotFound, ValueError):  # it was deleted since
        raise lost from None


def _kept(answer: Response) -> KeptAnswer:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return KeptAnswer(answer.status_code, headers, bytes(answer.body).decode())


def check_key(key: str) -> None:
    """Raise InvalidRequest unless the text can be an idempotency key."""
    if not key.strip() or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequest(f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters")


def repeat_answer(kept: KeptAnswer) -> Response:
    """Return the answer that a request with the same key had before."""
    return Response(kept.body, kept.status, headers={**kept.headers, REPLAYED: "true"})


def _digest_of(request: Request, body: bytes) -> str:
    head = json.dumps([request.method, request.url.path, request.url.query, request.headers.get("if-match")])
    return hashlib.sha256(head.encode() + body).hexdigest()
