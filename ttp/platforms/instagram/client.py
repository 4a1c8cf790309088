"""Instagram: containers, the wait for them, one call that publishes, and its container's status as proof of it.

Never makes a second container while the first may be published. Never refreshes a token.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.config import Config
from ttp.domain.outcome import Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.domain.time.clock import Clock, from_ms
from ttp.platforms.client import Did, LookupResult, MediaFile, PublishRequest, Ready, Step, StepFailed, fingerprint
from ttp.platforms.http import Http
from ttp.platforms.instagram import container_forms, limits
from ttp.platforms.instagram.container_forms import (
    Container,
    children,
    from_handle,
    parent,
    with_children,
    without_containers,
    without_parent,
)
from ttp.platforms.instagram.containers import CREATE, GONE, UPLOAD, WAIT, Containers, ContainerStatus
from ttp.platforms.instagram.errors import is_gone, refusal, was_not_fetched
from ttp.platforms.instagram.look_up import LookUps
from ttp.platforms.instagram.options import InstagramKind
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.outcomes import RefusalReader, as_failure, as_outcome, reconnect_hint
from ttp.platforms.reply import Answer, NotSent, Reply, parse_id, parse_numeric_id, parse_web_address, value_at

DROP, PUBLISH = "drop the container", "POST media_publish"
PUT_UP = "give the media a public URL"
_PERMALINK_S = 5.0
_USABLE_FOR = timedelta(hours=23)
"""A container that was not published expires after 24 hours."""


class InstagramClient:
    """The client of Instagram: images, reels, stories and carousels."""

    def __init__(self, http: Http, config: Config, clock: Clock, public_url: Callable[[MediaFile], str]) -> None:
        self._http = http
        self._public_url = public_url
        self._clock = clock
        self._root = f"/{config.text('platforms.instagram.version')}"
        self._by_facebook = config.text("platforms.instagram.login") == "facebook"
        self._containers = Containers(http, config, clock)
        self._look_ups = LookUps(http, config, clock, self._containers)

    def close(self) -> None:
        self._http.close()

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Bring the container to FINISHED: the one there is, or a new one where that is provably harmless."""
        self._open(request)
        if parse_numeric_id(handle.get("user_id")) is None:
            user_id, answer = self._user_id(request)
            handle = {**handle, "user_id": user_id}
            if answer is not None:
                yield Did("ask for the user id", answer.status, handle=handle)
        content = container_forms.request_of(request)
        same = handle.get("request") == content
        made = parent(handle)
        if made is not None and made.uri is None:
            seen = yield from self._containers.awaited(request, made)
            if (doubt := self._doubt(request, handle, seen)) is not None:
                return self._ready(request, handle, doubt)
            if seen.state == "FINISHED" and same:
                yield self._room(request, handle)
                return self._ready(request, handle)
            same = False
        if not same or (made is not None and self._clock.now() - from_ms(made.created) >= _USABLE_FOR):
            made, handle = None, {**without_containers(handle), "request": content}
        yield self._room(request, handle)
        if (why := container_forms.refusal_of(request)) is not None:
            raise StepFailed(CREATE, NotDone(Kind.CONTENT, why))
        if container_forms.kind_of(request) is InstagramKind.CAROUSEL:
            handle = yield from self._children(request, handle)
            ids = [str(value_at(child, "id")) for child in children(handle)]
            handle = yield from self._created(request, handle, _form(container_forms.carousel, request, ids))
        else:
            handle = yield from self._single(request, handle, made)
        made = parent(handle)
        assert made is not None
        seen = yield from self._containers.awaited(request, made)
        if seen.state == "FINISHED":
            return self._ready(request, handle)
        raise (yield from self._given_up(WAIT, seen.failure, handle, without_containers(handle)))

    def _user_id(self, request: PublishRequest) -> tuple[str, Answer | None]:
        """The id for paths: the credentials', else what Instagram says. Raises StepFailed."""
        if (known := parse_numeric_id(request.credentials.user_id)) is not None:
            return known, None
        step = "ask for the user id"
        if self._by_facebook:  # its /me is the person's, not the professional account's
            message = "the credentials have no userId: with Facebook Login it is the Instagram account's id"
            raise StepFailed(step, NotDone(Kind.AUTH, message, hint=reconnect_hint(request.account)))
        reply = self._http.request_for(request, "GET", f"{self._root}/me", query={"fields": "user_id,username"})
        if isinstance(reply, Answer) and reply.is_success:
            listed = reply.value_at("data")  # documented as a list of one, in practice flat
            first = listed[0] if isinstance(listed, list) and listed else reply.data
            if (asked := parse_numeric_id(value_at(first, "user_id"))) is not None:
                return asked, reply
        raise StepFailed(step, as_failure(reply, self._judge(request), "Instagram"))

    def _room(self, request: PublishRequest, handle: Handle) -> Did:
        """Ask whether the quota has room. Raises StepFailed where it has none."""
        path = f"{self._root}/{handle['user_id']}/content_publishing_limit"
        return limits.check_quota(self._http, request, path, self._judge(request), self._clock.now())

    def _single(self, request: PublishRequest, handle: Handle, made: Container | None) -> Generator[Step, None, Handle]:
        """The container of one image or video, with its bytes where it takes bytes: `made`, or a new one."""
        resumed, file = made is not None, request.media[0]
        if made is None:
            url = self._url(file)
            handle = yield from self._created(request, handle, _form(container_forms.single, request, url))
            made = parent(handle)
        if made is not None and made.uri is not None:
            filled = {name: value for name, value in handle.items() if name != "uri"}
            yield from self._filled(request, made, file, handle, filled, without_parent(handle), resumed=resumed)
            handle = filled
        return handle

    def _created(
        self, request: PublishRequest, handle: Handle, form: Mapping[str, str]
    ) -> Generator[Step, None, Handle]:
        """Make the container that will be published."""
        try:
            made, answer = self._containers.create(request, str(handle["user_id"]), form)
        except StepFailed as failed:
            raise (yield from self._given_up(CREATE, failed.outcome, handle, handle)) from failed
        kept = made.remembered()
        handle = {**handle, "creation_id": kept.pop("id"), **kept}
        yield Did(CREATE, answer.status, handle=handle)
        return handle

    def _children(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """The containers of all items, each made, filled and waited for; what a handle remembers is used again."""
        known = [from_handle(child) for child in children(handle)]
        known += [None] * (len(request.media) - len(known))
        resumed = [child is not None for child in known]
        for number, file in enumerate(request.media, 1):
            if (child := known[number - 1]) is None:
                form = _form(container_forms.child, request, number, self._url(file))
                try:
                    child, answer = self._containers.create(request, str(handle["user_id"]), form)
                except StepFailed as failed:
                    step = f"{CREATE} of item {number}"
                    raise (yield from self._given_up(step, failed.outcome, handle, handle)) from failed
                known[number - 1] = child
                handle = with_children(handle, known)
                yield Did(f"{CREATE} of item {number}", answer.status, handle=handle)
            if child.uri is not None:
                known[number - 1] = replace(child, uri=None)
                filled = with_children(handle, known)
                without = with_children(handle, [*known[: number - 1], None, *known[number:]])
                yield from self._filled(request, child, file, handle, filled, without, resumed=resumed[number - 1])
                handle = filled
        for number, child in enumerate(known, 1):
            assert child is not None
            seen = yield from self._containers.awaited(request, child)
            if seen.state != "FINISHED":
                without = with_children(handle, [*known[: number - 1], None, *known[number:]])
                failure = replace(seen.failure, message=f"item {number}: {seen.failure.message}")
                raise (yield from self._given_up(f"{WAIT} of item {number}", failure, handle, without))
        return handle

    def _filled(
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
        """Send a container's bytes, and remember that: `filled`. `without`: the handle if it is of no use any more."""
        try:
            answer = self._containers.send(request, made, file, resumed=resumed)
        except StepFailed as failed:
            useless = failed.outcome.code == GONE or not failed.outcome.passing
            raise (
                yield from self._given_up(UPLOAD, failed.outcome, handle, without if useless else handle)
            ) from failed
        yield Did(UPLOAD, None if answer is None else answer.status, f"{file.item.bytes} bytes", handle=filled)

    def _url(self, file: MediaFile) -> str:
        """Where Instagram fetches a file, or that it takes its bytes. Raises StepFailed."""
        if self._by_facebook and file.item.is_video and file.item.url is None:
            return container_forms.BYTES
        try:
            return self._public_url(file)
        except NoPublicUrl as error:
            failure = NotDone(Kind.MEDIA, error.message, passing=error.passing, hint=error.hint)
            raise StepFailed(PUT_UP, failure) from error

    def _doubt(self, request: PublishRequest, handle: Handle, seen: ContainerStatus) -> str | None:
        """Why the container may be published already; None where that is excluded."""
        if seen.state == "PUBLISHED":
            return "Instagram shows the container as published"
        if "unsettled_since" not in handle or seen.state not in ("ERROR", "GONE"):
            return None
        since = from_ms(int(str(handle["unsettled_since"])))
        if seen.state == "ERROR" and self._look_ups.listed(request, handle, since) == ():
            return None
        return "an earlier call may have published it: its container cannot tell"

    def _given_up(
        self, step: str, failure: NotDone, handle: Handle, without: Handle
    ) -> Generator[Step, None, StepFailed]:
        """Forget what is of no use: `without`; the failure to raise. A URL that was not fetched is tried once more."""
        if was_not_fetched(failure):
            failure = replace(failure, passing="refetched" not in handle)
            without = {**without, "refetched": True}
        if without != handle:
            yield Did(DROP, failure.http_status, handle=without)
        return StepFailed(step, failure)

    def _open(self, request: PublishRequest) -> None:
        """Make sure that Instagram is not known to take no more calls now. Raises StepFailed."""
        self._http.gate.require_open(request, PUBLISH, "POST", f"{self._root}/{request.account.handle}/media_publish")

    def _ready(self, request: PublishRequest, handle: Handle, doubt: str | None = None) -> Ready:
        if doubt is None:
            self._open(request)
        path = f"{self._root}/{handle['user_id']}/media_publish"
        content = {"creation_id": handle["creation_id"], "request": handle.get("request")}
        at = self._http.platform_at(request.account.name)
        return Ready(handle, at, PUBLISH, fingerprint("POST", path, content), doubt)

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """POST media_publish. After any error the container is asked before deciding: an error may have published."""
        path = f"{self._root}/{handle['user_id']}/media_publish"
        container = str(handle["creation_id"])
        reply = self._http.request_for(request, "POST", path, form={"creation_id": container})
        media_id = parse_id(reply.value_at("id")) if isinstance(reply, Answer) and reply.is_success else None
        if isinstance(reply, Answer) and media_id is not None and media_id != container:
            return self._done(request, media_id, reply)
        outcome = as_outcome(reply, self._judge(request, proof=True), "Instagram")
        return outcome if isinstance(reply, NotSent) else self._decided(request, handle, outcome)

    def _decided(self, request: PublishRequest, handle: Handle, outcome: NotDone | Unknown) -> Outcome:
        """The outcome of a failed call, given what the container says after it."""
        seen = self._containers.look_at(request, str(handle["creation_id"]), urgent=True)
        doubt = Unknown(outcome.kind, outcome.message, outcome.code, outcome.http_status)
        match seen.state, outcome:
            case "EXPIRED", _:
                return replace(seen.failure, http_status=outcome.http_status)
            case "FINISHED", NotDone(kind=Kind.DUPLICATE) if "unsettled_since" in handle:
                return doubt
            case "FINISHED", NotDone():
                return outcome
            case "IN_PROGRESS", NotDone(not_ready=True):
                return outcome
            case "", NotDone(kind=Kind.AUTH) if self._is_refused_token(request, seen.reply):
                return outcome  # a token that is refused before and after published nothing in between
            case "PUBLISHED", _:
                return replace(doubt, message=f"published all the same: {outcome.message}")
            case _, Unknown():
                return outcome
            case _:
                return doubt

    def _done(self, request: PublishRequest, media_id: str, said: Answer) -> Done | Unknown:
        """Published as `media_id`, with its public address where Instagram tells it at once, which is cosmetic. A media
        that Instagram does not know is none: the container is asked."""
        reply = self._http.request_for(
            request, "GET", f"{self._root}/{media_id}", query={"fields": "permalink,timestamp"}, patience=_PERMALINK_S
        )
        if isinstance(reply, Answer) and is_gone(reply):
            return Unknown(Kind.SERVER, "Instagram does not know the post that it named", http_status=said.status)
        url = parse_web_address(reply.value_at("permalink")) if isinstance(reply, Answer) and reply.is_success else None
        return Done(media_id, url, http_status=said.status)

    # Queries-up.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """What the container says, and where it cannot tell, the account's own media."""
        return self._look_ups.look_up(request, handle, since)

    def _is_refused_token(self, request: PublishRequest, reply: Reply) -> bool:
        return as_failure(reply, self._judge(request), "Instagram").kind is Kind.AUTH

    def _judge(self, request: PublishRequest, *, proof: bool = False) -> RefusalReader:
        """`proof`: of a publishing call; a server's error proves nothing, whatever code it names."""
        return lambda answer: (
            None if proof and answer.status >= 500 else refusal(answer, request.account, self._clock.now())
        )


def _form(make: Callable[..., dict[str, str]], *what: object) -> dict[str, str]:
    """The parameters that `make` puts together. Raises StepFailed for an option that cannot be."""
    try:
        return make(*what)
    except ValueError as error:
        raise StepFailed(CREATE, NotDone(Kind.CONTENT, str(error))) from error
