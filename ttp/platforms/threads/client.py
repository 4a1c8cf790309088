"""Threads: containers as on all of Meta's platforms, one for each part of a thread.

In a thread every call concerns one part, the first that is not published; from the second on it is a reply to the part
before. Of its publishing call almost no refusal is a proof: an error has come for posts that were live. Handle: that of
`meta.containers`, `parts` and `of` (see `next_part`), and after the call `unready` (how often it was not ready) and
`refused` (what it was refused with).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Refused,
    Unclear,
    Unknown,
    parts_of,
)
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.client import (
    LookupResult,
    MediaFile,
    Part,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
    first_unsettled,
    next_part,
)
from ttp.platforms.http import Http
from ttp.platforms.meta.client import ContainerClient
from ttp.platforms.meta.containers import ContainerStatus
from ttp.platforms.reply import Reply, parse_numeric_id, reconnect_hint, value_at
from ttp.platforms.threads import container_forms
from ttp.platforms.threads.part import API, REPLY_TO, SCOPES, SPOILER

CHECK_S = 900.0
"""Seconds for which a token check stays valid."""
MOST_UNREADY = 5
"""How often a container that is not ready is published again before the call counts as unknown."""
CHECK = "check the token"
ALL_OUT = "all parts of the thread are already published; nothing was sent"
_FINAL = (Kind.CONTENT, Kind.MEDIA, Kind.ACCOUNT)


class ThreadsClient(ContainerClient):
    deleting = "threads_delete"
    scopes = SCOPES

    def __init__(self, http: Http, config: Config, clock: Clock, public_url: Callable[[MediaFile], str]) -> None:
        super().__init__(http, config, clock, API, container_forms, public_url)
        self._settle = timedelta(seconds=config.seconds("platforms.threads.settle_s"))
        self._checked: dict[str, float] = {}

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        part = next_part(request, handle)
        if part is None:
            at = self._http.platform_at(request.account.name)
            return Ready(handle, at, API.publish, fingerprint("POST", API.publish, {}), doubt=ALL_OUT)
        own = {name: value for name, value in handle.items() if name != "refused"}  # it was of an earlier call
        ready = yield from super().prepare(_alone(part), own)
        return replace(ready, step=part.step(ready.step))

    def user_id(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Ask whose token it is, as paths name no account."""
        handle = {**handle, "user_id": API.node}
        at = self._checked.get(request.token_key)
        is_recent = at is not None and self._clock.boot() - at < CHECK_S
        if not is_recent or self._http.platform_at(request.account.name) is None:
            reply = self._http.request_for(request, "GET", f"{self._root}/me", query={"fields": "id"})
            user_id = parse_numeric_id(reply.success_at("id"))
            if user_id is None:
                raise StepFailed(CHECK, self.failure(request, reply))
            own = parse_numeric_id(request.credentials.user_id) or parse_numeric_id(request.account.user_id)
            if own not in (None, user_id):
                message = f"the token belongs to user {user_id}, but {request.account.name} is user {own}"
                hint = reconnect_hint(request.account, request.credentials)
                raise StepFailed(CHECK, NotDone(Kind.ACCOUNT, message, passing=True, hint=hint))
            self._checked[request.token_key] = self._clock.boot()
            yield StepDone(CHECK, reply.status, handle=handle)
        return handle

    def check_quota(self, request: PublishRequest, user_id: object, of: str = "") -> StepDone:
        return super().check_quota(request, user_id, of="reply_" if REPLY_TO in request.options else of)

    def _doubt(self, request: PublishRequest, handle: Handle, status: ContainerStatus) -> str | None:
        """After a publishing call no other container is made, unless this one has expired, or failed long ago."""
        if "unsettled_since" in handle and status.state not in ("PUBLISHED", "FINISHED", "EXPIRED"):
            at = self._http.platform_at(request.account.name)
            since = from_ms(int(str(handle["unsettled_since"])))
            if status.state != "ERROR" or at is None or at - since < self._settle:
                return "an earlier call may have published it; its container does not show"
        return super()._doubt(request, handle, status)

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        part = next_part(request, handle)
        if part is None:
            return Unknown(Kind.UNKNOWN, ALL_OUT)
        outcome = super().publish(_alone(part), handle)
        if not isinstance(outcome, Done) or outcome.remote_id is None or part.of == 1:
            return outcome
        if outcome.remote_id in part.published_ids:
            return Unknown(Kind.SERVER, "Threads answered with the id of an earlier part")
        return replace(outcome, handle=part.handle_with(handle, outcome.remote_id), more=not part.is_last)

    def _decide(self, request: PublishRequest, handle: Handle, outcome: NotDone | Unknown) -> Outcome:
        """Return the outcome of a failed call. Only an expired container and one that is not ready prove that nothing
        was published; what else Threads refuses is remembered until it is settled."""
        if isinstance(outcome, NotDone) and not outcome.not_ready:
            why = {"kind": outcome.kind.value, "message": outcome.message, "code": outcome.code, "hold": outcome.hold}
            is_final = outcome.kind in _FINAL and not outcome.passing
            outcome = Unknown(
                outcome.kind,
                outcome.message,
                outcome.code,
                outcome.http_status,
                look_at=outcome.retry_at,
                handle={**handle, "refused": why} if is_final else None,
            )
        if outcome.kind is Kind.RATE_LIMIT:
            return outcome
        decided = super()._decide(request, handle, outcome)
        if not (isinstance(decided, NotDone) and decided.not_ready):
            return decided
        count = int(str(handle.get("unready", 0))) + 1
        if count > MOST_UNREADY:
            return Unknown(decided.kind, decided.message, decided.code, decided.http_status)
        now = self._clock.now()
        at = self._http.platform_at(request.account.name) or now
        since = {"unsettled_since": to_ms(first_unsettled(handle, at))}
        return replace(decided, handle={**handle, "unready": count, "unready_at": to_ms(now), **since})

    def _published(self, request: PublishRequest, handle: Handle, media_id: str, answer: Reply) -> Done | Unknown:
        """A new post may be unknown for a while: then its container says whether it is published."""
        outcome = super()._published(request, handle, media_id, answer)
        if isinstance(outcome, Done):
            return outcome
        status = self._containers.look_at(request, str(handle["creation_id"]), urgent=True)
        return Done(media_id, http_status=answer.status) if status.state == "PUBLISHED" else outcome

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        part = next_part(request, handle)
        if part is None:
            first_id, *_ = parts_of(handle)
            return LookupResult(Found(first_id, handle=handle), None)
        looked = super().look_up(_alone(part), handle, since)
        match looked.finding:
            case Found(remote_id=None, id_later=is_later) if part.of > 1:
                message = f"part {part.number} is published, but its id is not known"
                return replace(looked, finding=Unclear(Kind.UNKNOWN, message, final=not is_later))
            case Found(remote_id=str() as media_id) as found if part.of > 1:
                after = part.handle_with(handle, media_id)
                return replace(looked, finding=replace(found, handle=after, more=not part.is_last))
            case Refused(outcome=why):
                unsettled = {**handle, "unsettled_since": to_ms(first_unsettled(handle, since))}
                return replace(looked, finding=Absent(handle=unsettled, refusal=why))
            case Absent(certain=False) as absent if "refused" in handle:
                return replace(looked, finding=replace(absent, refusal=_refusal(handle["refused"])))
            case _:
                return looked


def _alone(part: Part) -> PublishRequest:
    """Return the request of a part as a post of its own. Options apply to the first part, a spoiler
    to all media."""
    if part.parent is None:
        return part.request
    kept = {name: value for name, value in part.request.options.items() if name == SPOILER}
    return replace(part.request, options={**kept, REPLY_TO: part.parent})


def _refusal(why: object) -> NotDone:
    """Return the refusal that a handle remembers."""
    code = value_at(why, "code")
    return NotDone(
        Kind(str(value_at(why, "kind"))),
        str(value_at(why, "message")),
        code=code if isinstance(code, str) else None,
        hold=value_at(why, "hold") is True,
    )
