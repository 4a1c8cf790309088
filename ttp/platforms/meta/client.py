"""What the clients of Meta's platforms share: containers, waiting for them, one call that publishes, and the status of
the container as proof. Never creates a second container while the first may be published. Never refreshes a token."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.domain.time.clock import Clock, from_ms
from ttp.platforms.client import (
    Deleted,
    LookupResult,
    MediaFile,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
)
from ttp.platforms.http import Http
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.containers import (
    CREATE,
    GONE,
    UPLOAD,
    WAIT,
    Container,
    Containers,
    ContainerStatus,
    children,
    from_handle,
    parent,
    rests_since,
    with_children,
    without_containers,
    without_parent,
)
from ttp.platforms.meta.errors import with_scopes
from ttp.platforms.meta.look_up import LookUps
from ttp.platforms.meta.part import MetaPart
from ttp.platforms.reply import NotSent, Reply, parse_id, parse_web_address, value_at

DROP, PUT_UP = "drop the container", "give the media a public URL"
_PERMALINK_S = 5.0
_USABLE_FOR = timedelta(hours=23)
"""A container that was not published expires after 24 hours."""


class ContainerForms(Protocol):
    """The parameters of containers by kind of post."""

    def refusal_of(self, request: PublishRequest, /) -> str | None:
        """Return why no container can be created for the post; None if one can."""

    def fits(self, request: PublishRequest, item: object, /) -> bool:
        """Return whether a listed post can be this one, its text and time apart."""

    def is_carousel(self, request: PublishRequest, /) -> bool: ...

    def list_of(self, request: PublishRequest, /) -> tuple[str, bool]:
        """Return the list that shows the post, and whether its texts identify posts."""

    def single(self, request: PublishRequest, url: str, /) -> dict[str, str]:
        """Return the container of one image or video, or of a text alone. Raises ValueError for an invalid option."""

    def child(self, request: PublishRequest, number: int, url: str, /) -> dict[str, str]:
        """Return the container of a carousel item (from 1)."""

    def carousel(self, request: PublishRequest, ids: Sequence[str], /) -> dict[str, str]:
        """Return the container of the carousel, with those of its items in order."""


class ContainerClient(MetaPart):
    """Publishes posts of a text, an image or a video, and carousels. `deleting`: the permission to delete posts;
    `scopes`: those of a usual login."""

    deleting: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        http: Http,
        config: Config,
        clock: Clock,
        api: GraphApi,
        forms: ContainerForms,
        public_url: Callable[[MediaFile], str],
    ) -> None:
        super().__init__(http, config, clock, api)
        self._forms = forms
        self._public_url = public_url
        self._containers = Containers(http, config, clock, api)
        self._look_ups = LookUps(http, config, clock, api, self._containers, forms.list_of, forms.fits)

    def user_id(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Return the handle with the `user_id` for paths. Raises StepFailed."""
        raise NotImplementedError

    def _fingerprint(self, request: PublishRequest) -> str:
        """Return a fingerprint of the containers' content: an edited post must not reuse old containers."""
        media = [[file.original_sha256, file.item.alt, *filter(None, [file.item.focus])] for file in request.media]
        content = {self._api.text: request.text, "media": media, "options": dict(request.options)}
        return fingerprint("POST", self._api.create, content)

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Bring the container to FINISHED: the existing one, or a new one if that is provably harmless."""
        self._require_open(request)
        handle = yield from self.user_id(request, handle)
        content = self._fingerprint(request)
        same = handle.get("request") == content
        made = parent(handle)
        if made is not None and made.uri is None:
            status = yield from self._containers.wait_for(request, made, rests_since(handle))
            if (doubt := self._doubt(request, handle, status)) is not None:
                return self._ready(request, handle, doubt)
            if status.state == "FINISHED" and same:
                yield self.check_quota(request, handle["user_id"])
                return self._ready(request, handle)
            same = False
        if not same or (made is not None and self._clock.now() - from_ms(made.created) >= _USABLE_FOR):
            made, handle = None, {**without_containers(handle), "request": content}
        yield self.check_quota(request, handle["user_id"])
        if (why := self._forms.refusal_of(request)) is not None:
            raise StepFailed(CREATE, NotDone(Kind.CONTENT, why))
        if self._forms.is_carousel(request):
            handle = yield from self._prepare_children(request, handle)
            ids = [str(value_at(child, "id")) for child in children(handle)]
            handle = yield from self._create_parent(request, handle, _form(self._forms.carousel, request, ids))
        else:
            handle = yield from self._prepare_single(request, handle, made)
        made = parent(handle)
        assert made is not None
        status = yield from self._containers.wait_for(request, made, rests_since(handle))
        if status.state == "FINISHED":
            return self._ready(request, handle)
        raise (yield from self._abandon(WAIT, status.failure, handle, without_containers(handle)))

    def _prepare_single(
        self, request: PublishRequest, handle: Handle, made: Container | None
    ) -> Generator[Step, None, Handle]:
        """Prepare the container of a text, image or video, with its bytes if it takes bytes: `made`, or a new one."""
        resumed, file = made is not None, next(iter(request.media), None)
        if made is None:
            url = "" if file is None else self.url_for(file)
            handle = yield from self._create_parent(request, handle, _form(self._forms.single, request, url))
            made = parent(handle)
        if made is not None and made.uri is not None and file is not None:
            filled = {name: value for name, value in handle.items() if name != "uri"}
            yield from self._fill(request, made, file, handle, filled, without_parent(handle), resumed=resumed)
            handle = filled
        return handle

    def _create_parent(
        self, request: PublishRequest, handle: Handle, form: Mapping[str, str]
    ) -> Generator[Step, None, Handle]:
        """Create the container that will be published."""
        try:
            made, answer = self._containers.create(request, str(handle["user_id"]), form)
        except StepFailed as failed:
            raise (yield from self._abandon(CREATE, failed.outcome, handle, handle)) from failed
        kept = made.to_handle()
        handle = {**handle, "creation_id": kept.pop("id"), **kept}
        yield StepDone(CREATE, answer.status, handle=handle)
        return handle

    def _prepare_children(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Create, fill and wait for the containers of all items; those in the handle are reused."""
        containers = [from_handle(child) for child in children(handle)]
        containers += [None] * (len(request.media) - len(containers))
        resumed = [child is not None for child in containers]
        for number, file in enumerate(request.media, 1):
            if (child := containers[number - 1]) is None:
                form = _form(self._forms.child, request, number, self.url_for(file))
                try:
                    child, answer = self._containers.create(request, str(handle["user_id"]), form)
                except StepFailed as failed:
                    step = f"{CREATE} of item {number}"
                    raise (yield from self._abandon(step, failed.outcome, handle, handle)) from failed
                containers[number - 1] = child
                handle = with_children(handle, containers)
                yield StepDone(f"{CREATE} of item {number}", answer.status, handle=handle)
            if child.uri is not None:
                containers[number - 1] = replace(child, uri=None)
                filled = with_children(handle, containers)
                without = with_children(handle, [*containers[: number - 1], None, *containers[number:]])
                yield from self._fill(request, child, file, handle, filled, without, resumed=resumed[number - 1])
                handle = filled
        for number, child in enumerate(containers, 1):
            assert child is not None
            status = yield from self._containers.wait_for(request, child)
            if status.state != "FINISHED":
                without = with_children(handle, [*containers[: number - 1], None, *containers[number:]])
                failure = replace(status.failure, message=f"item {number}: {status.failure.message}")
                raise (yield from self._abandon(f"{WAIT} of item {number}", failure, handle, without))
        return handle

    def _fill(
        self,
        request: PublishRequest,
        made: Container,
        file: MediaFile,
        handle: Handle,
        filled: Handle,
        without: Handle,
        *,
        resumed: bool,
    ) -> Generator[Step, None, None]:
        """Send a container's bytes and store the handle `filled`. `without`: the handle if it is unusable."""
        try:
            answer = self._containers.send(request, made, file, resumed=resumed)
        except StepFailed as failed:
            useless = failed.outcome.code == GONE or not failed.outcome.passing
            raise (yield from self._abandon(UPLOAD, failed.outcome, handle, without if useless else handle)) from failed
        yield StepDone(UPLOAD, None if answer is None else answer.status, f"{file.item.bytes} bytes", handle=filled)

    def url_for(self, file: MediaFile) -> str:
        """Return the URL from which Meta fetches a file, or BYTES if it takes the bytes. Raises StepFailed."""
        try:
            return self._public_url(file)
        except NoPublicUrl as error:
            failure = NotDone(Kind.MEDIA, error.message, passing=error.passing, hint=error.hint)
            raise StepFailed(PUT_UP, failure) from error

    def _doubt(self, request: PublishRequest, handle: Handle, status: ContainerStatus) -> str | None:
        """Return why the container may already be published; None if that is impossible."""
        if status.state == "PUBLISHED":
            return f"{self.name} shows the container as published"
        if "unsettled_since" not in handle or status.state not in ("ERROR", "GONE"):
            return None
        since = from_ms(int(str(handle["unsettled_since"])))
        if status.state == "ERROR" and self._look_ups.find_unbound(request, handle, since) == ():
            return None
        return "an earlier call may have published it; its container does not show"

    def _abandon(
        self, step: str, failure: NotDone, handle: Handle, without: Handle
    ) -> Generator[Step, None, StepFailed]:
        """Store the handle `without` the unusable part; return the failure to raise. A URL that was not fetched is
        retried once."""
        if self._api.errors.was_not_fetched(failure):
            failure = replace(failure, passing="refetched" not in handle)
            without = {**without, "refetched": True}
        if without != handle:
            yield StepDone(DROP, failure.http_status, handle=without)
        return StepFailed(step, failure)

    def _require_open(self, request: PublishRequest) -> None:
        """Raise StepFailed if Meta is known to accept no more calls now."""
        path = f"{self._root}/{request.account.handle}/{self._api.publish}"
        self._http.gate.require_open(request, f"POST {self._api.publish}", "POST", path)

    def _ready(self, request: PublishRequest, handle: Handle, doubt: str | None = None) -> Ready:
        if doubt is None:
            self._require_open(request)
        path = f"{self._root}/{handle['user_id']}/{self._api.publish}"
        content = {"creation_id": handle["creation_id"], "request": handle.get("request")}
        at = self._http.platform_at(request.account.name)
        return Ready(handle, at, f"POST {self._api.publish}", fingerprint("POST", path, content), doubt)

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """Publish the container. After any error the container is checked first: the call may have published."""
        path = f"{self._root}/{handle['user_id']}/{self._api.publish}"
        container = str(handle["creation_id"])
        reply = self._http.request_for(request, "POST", path, form={"creation_id": container}, slow=True)
        media_id = parse_id(reply.success_at("id"))
        if media_id is not None and media_id != container:
            return self._published(request, handle, media_id, reply)
        outcome = self.outcome(request, reply)
        return outcome if isinstance(reply, NotSent) else self._decide(request, handle, outcome)

    def _decide(self, request: PublishRequest, handle: Handle, outcome: NotDone | Unknown) -> Outcome:
        """Return the outcome of a failed call, given what the container shows after it."""
        status = self._containers.look_at(request, str(handle["creation_id"]), urgent=True)
        doubt = Unknown(outcome.kind, outcome.message, outcome.code, outcome.http_status)
        match status.state, outcome:
            case "EXPIRED", _:
                return replace(status.failure, http_status=outcome.http_status)
            case "FINISHED", NotDone(kind=Kind.DUPLICATE) if "unsettled_since" in handle:
                return doubt
            case "FINISHED", NotDone():
                return outcome
            case "IN_PROGRESS", NotDone(not_ready=True):
                return outcome
            case "", NotDone(kind=Kind.AUTH) if self.failure(request, status.reply).kind is Kind.AUTH:
                return outcome  # a token that is refused before and after published nothing in between
            case "PUBLISHED", _:
                return replace(doubt, message=f"published despite this answer: {outcome.message}")
            case _, Unknown():
                return outcome
            case _:
                return doubt

    def _published(self, request: PublishRequest, handle: Handle, media_id: str, answer: Reply) -> Done | Unknown:
        """Return the publication as `media_id`, with its URL if Meta returns it at once (cosmetic). If Meta does not
        know that media, the container is checked."""
        reply = self._http.request_for(
            request, "GET", f"{self._root}/{media_id}", query={"fields": "permalink,timestamp"}, patience=_PERMALINK_S
        )
        if self._api.errors.is_gone(reply):
            return Unknown(Kind.SERVER, f"{self.name} does not know the post it returned", http_status=answer.status)
        url = parse_web_address(reply.success_at("permalink"))
        return Done(media_id, url, http_status=answer.status)

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Return what the container shows, or if that is unclear, the account's media."""
        return self._look_ups.look_up(request, handle, since)

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. One that the account cannot see is gone; some kinds cannot be deleted."""
        path = f"{self._root}/{remote_id}"
        reply = self._http.request_for(request, "DELETE", path)
        if reply.success_at("success") is True:
            return Deleted(reply.status)
        failure = self.failure(request, reply)
        if self._api.errors.is_gone(reply):
            # The same may be answered for posts that will not be deleted; but an account sees its own posts while they
            # exist.
            answer = self._http.request_for(request, "GET", path, query={"fields": "id"})
            is_unseen = not answer.is_success and self._api.errors.is_gone(answer)
            return Deleted(failure.http_status, "it was already gone") if is_unseen else failure
        return with_scopes(failure, request.account, (*self.scopes, self.deleting), "to delete posts")


def _form(make: Callable[..., dict[str, str]], *what: object) -> dict[str, str]:
    """Return the parameters from `make`. Raises StepFailed for an invalid option."""
    try:
        return make(*what)
    except ValueError as error:
        raise StepFailed(CREATE, NotDone(Kind.CONTENT, str(error))) from error
