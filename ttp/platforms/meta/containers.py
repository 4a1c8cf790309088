"""Containers of Meta's platforms: create one, send its bytes, wait for it, keep it in a handle. All of it is invisible.
Never publishes, and never decides whether a container may be replaced."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ttp.domain.account import is_loopback
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.addresses import host_of, split_address
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepFailed, Wait
from ttp.platforms.http import Http
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.part import MetaPart
from ttp.platforms.reply import Answer, Reply, as_failure, list_at, parse_numeric_id
from ttp.platforms.uploads import read_range

LONGEST_WAIT = timedelta(minutes=30)
"""A container that is still processing after this time is abandoned."""
STATES = frozenset({"IN_PROGRESS", "FINISHED", "ERROR", "EXPIRED", "PUBLISHED"})
"""States of a container."""
BYTES = "bytes"
"""Instead of a URL: the container is created for an upload of bytes."""
CREATE, UPLOAD, WAIT = "create the container", "upload the video", "wait for the container"
GONE = "gone"
"""Failure code for a container that Meta does not have."""
_YOUNG_LOOKS = 4
"""Look-up gaps (default 2 min) after which a container that Meta does not know counts as gone, not new."""
_PACE_S = 30.0
_FIRST_LOOK = timedelta(seconds=5)
"""How old a container that must rest is when it is first looked at."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container. `uri`: where its bytes must be sent; None if it has them, or fetches them itself."""

    id: str
    created: int
    uri: str | None = None

    def to_handle(self) -> dict[str, object]:
        return {"id": self.id, "created": self.created, **({} if self.uri is None else {"uri": self.uri})}


def from_handle(value: object) -> Container | None:
    if not isinstance(value, Mapping) or parse_numeric_id(value.get("id")) is None:
        return None
    uri = value.get("uri")
    return Container(str(value["id"]), int(str(value["created"])), uri if isinstance(uri, str) else None)


def without_containers(handle: Handle) -> Handle:
    return {name: handle[name] for name in ("user_id", "refetched", "parts", "of") if name in handle}


def parent(handle: Handle) -> Container | None:
    return from_handle({**handle, "id": handle.get("creation_id")})


def rests_since(handle: Handle) -> int:
    """Return since when (ms) the container to publish rests: its creation, or when it last was not ready."""
    return max(int(str(handle.get(name, 0))) for name in ("created", "unready_at"))


def children(handle: Handle) -> list[object]:
    return list_at(handle.get("children"))


def with_children(handle: Handle, containers: Sequence[Container | None]) -> Handle:
    return {**handle, "children": [None if child is None else child.to_handle() for child in containers]}


def without_parent(handle: Handle) -> Handle:
    """Return the handle without the container to publish; those of carousel items are kept."""
    gone = ("creation_id", "created", "uri", "unsettled_since")
    return {name: value for name, value in handle.items() if name not in gone}


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """The status of a container. `state`: one of STATES, GONE if it does not exist, empty if unreadable."""

    state: str
    reply: Reply
    api: GraphApi

    @property
    def failure(self) -> NotDone:
        """Why a container that ended will not be published."""
        if self.state == "ERROR":
            return self.api.container_failure(str(self.reply.value_at(self.api.reason) or ""))
        what = {"EXPIRED": "expired", "GONE": "does not exist any more"}.get(self.state, "is still being processed")
        return NotDone(Kind.MEDIA, f"the container {what}", code=self.state.lower(), passing=True)


class Containers(MetaPart):
    def __init__(self, http: Http, config: Config, clock: Clock, api: GraphApi) -> None:
        super().__init__(http, config, clock, api)
        self._first_pause = min(max(config.seconds("publish.status_poll_s"), 0.05), _PACE_S)
        self._ready_s = config.seconds(f"platforms.{api.platform}.ready_s") if api.rests else 0.0
        self._gap_s = config.seconds("publish.lookup_gap_s")
        self._upload_host = host_of(config.text(f"platforms.{api.platform}.upload_url")) if api.uploads else ""

    def create(self, request: PublishRequest, user_id: str, form: Mapping[str, str]) -> tuple[Container, Reply]:
        """Create a container. Raises StepFailed."""
        reply = self._http.request_for(request, "POST", f"{self._root}/{user_id}/{self._api.create}", form=form)
        if (made := parse_numeric_id(reply.success_at("id"))) is not None:
            uri = reply.value_at("uri") if "upload_type" in form else None
            if "upload_type" not in form or self._may_upload_to(uri):
                return Container(made, to_ms(self._clock.now()), None if uri is None else str(uri)), reply
        raise StepFailed(CREATE, self.failure(request, reply))

    def send(self, request: PublishRequest, made: Container, file: MediaFile, *, resumed: bool) -> Reply | None:
        """Send a container's bytes, continuing from Meta's offset if `resumed`. None: all were already there.
        Raises StepFailed. The container is unusable if the failure is not passing, or its code is GONE."""
        offset, size = self._received(request, made, file.item.bytes) if resumed else 0, file.item.bytes
        if offset == size:
            return None
        assert made.uri is not None
        reply = self._http.request_for(
            request,
            "POST",
            made.uri,
            content=read_range(file.path, offset, size),
            headers={
                "Authorization": f"OAuth {request.credentials.access_token}",
                "Content-Length": str(size - offset),
                "offset": str(offset),
                "file_size": str(size),
            },
            with_token=False,
            uploading=True,
        )
        if reply.success_at("success") is True:
            return reply
        raise StepFailed(UPLOAD, as_failure(reply, _upload_refusal, self.name))

    def _received(self, request: PublishRequest, made: Container, size: int) -> int:
        """Return how many bytes of a container Meta has. Raises StepFailed."""
        reply = self._http.request_for(request, "GET", f"{self._root}/{made.id}", query={"fields": "video_status"})
        if self._api.errors.is_gone(reply):
            raise StepFailed(
                UPLOAD, NotDone(Kind.MEDIA, "the container does not exist any more", code=GONE, passing=True)
            )
        if not reply.is_success:
            raise StepFailed(UPLOAD, self.failure(request, reply))
        received = reply.value_at("video_status", "uploading_phase", "bytes_transferred")
        return received if isinstance(received, int) and 0 <= received <= size else 0

    def look_at(self, request: PublishRequest, container: str, *, urgent: bool = False) -> ContainerStatus:
        """Request a container's status. `urgent`: even if the account's calls are used up."""
        query = {"fields": f"{self._api.state},{self._api.reason}"}
        reply = self._http.request_for(request, "GET", f"{self._root}/{container}", query=query, urgent=urgent)
        if not reply.is_success:
            return ContainerStatus("GONE" if self._api.errors.is_gone(reply) else "", reply, self._api)
        state = reply.value_at(self._api.state)
        return ContainerStatus(state if isinstance(state, str) and state in STATES else "", reply, self._api)

    def wait_for(
        self, request: PublishRequest, made: Container, rests_since: int | None = None
    ) -> Generator[Step, None, ContainerStatus]:
        """Check until the container has ended, or LONGEST_WAIT after its creation. Raises StepFailed if unreadable.
        `rests_since` (ms): when it last was not ready; then a finished one waits until everybody can know it."""
        pause = self._first_pause
        rest = timedelta(seconds=self._ready_s if rests_since is not None else 0.0)
        if rests_since is not None and self._ready_s:
            age = self._clock.now() - from_ms(made.created)
            if (wait := min(_FIRST_LOOK, rest) - age) > timedelta(0):
                yield Wait(wait.total_seconds(), f"{self.name} is creating the container")
        while True:
            status = self.look_at(request, made.id)
            age = self._clock.now() - from_ms(made.created)
            left = rest - (self._clock.now() - from_ms(rests_since or made.created))
            match status.state:
                case "":
                    raise StepFailed(WAIT, self.failure(request, status.reply))
                case "IN_PROGRESS" if age < LONGEST_WAIT:
                    yield Wait(pause, f"{self.name} is processing the media")
                    pause = min(pause * 2, _PACE_S)
                case "FINISHED" if timedelta(0) < left:
                    yield Wait(min(left, rest).total_seconds(), f"{self.name} is making the container known")
                    rest = timedelta(0)
                case "GONE" if age < timedelta(seconds=self._gap_s * _YOUNG_LOOKS):
                    yield Wait(self._gap_s, f"{self.name} is creating the container")
                case _:
                    return status

    def _may_upload_to(self, uri: object) -> bool:
        """Whether bytes and the token may be sent to an address from Meta. Only its upload host by https, or this
        machine if the platform is on it too."""
        parts = split_address(uri)
        if parts is None:
            return False
        if self._http.is_loopback:
            return is_loopback(parts.hostname or "")
        return parts.scheme == "https" and parts.hostname == self._upload_host


def _upload_refusal(answer: Answer) -> NotDone | None:
    """Return a refusal of bytes, in the upload host's own format."""
    reason = answer.text_at("debug_info", "type")
    if not reason:
        return None
    again = answer.value_at("debug_info", "retriable") is True
    message = answer.text_at("debug_info", "message") or clean_text(reason)
    return NotDone(Kind.MEDIA, message, code=reason, http_status=answer.status, passing=again)
