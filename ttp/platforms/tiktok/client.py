"""TikTok: an upload whose last chunk publishes, or a call after which TikTok fetches and publishes the media.

The status of either proves the result. The handle is an `Upload` or a `Pull`. Never chooses who may see a post, and
never refreshes a token.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Done, Handle, Kind, NotDone, Outcome
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import LookupResult, MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed, fingerprint
from ttp.platforms.http import Http
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.reply import Answer, Reply, as_failure, as_outcome
from ttp.platforms.tiktok import creator, request_body, uploads
from ttp.platforms.tiktok.calls import Calls
from ttp.platforms.tiktok.creator import Creator
from ttp.platforms.tiktok.errors import is_ok
from ttp.platforms.tiktok.look_up import TikTokLookUps, from_handle, may_be_published, resume
from ttp.platforms.tiktok.uploads import Pull, Upload

ANNOUNCE, SEND, ASK, CREATOR = "announce the post", "upload a chunk", "ask for the status", "ask what is allowed"
INIT = "/v2/post/publish/video/init/"
"""Represents all calls that begin a post: they share one limit."""
LATE = "an earlier call to TikTok's upload address may still arrive"
PUT_UP = "give the media a public URL"
_NOBODY = Creator(None, None, None, frozenset())


class TikTokClient(Calls):
    """Videos and photos, published or put into the creator's inbox."""

    def __init__(self, http: Http, config: Config, clock: Clock, public_url: Callable[[MediaFile], str]) -> None:
        super().__init__(http, config, clock)
        self._public_url = public_url
        self._look_ups = TikTokLookUps(http, config, clock)

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Do everything that publishes nothing: for the existing publication, or a new one if that is harmless."""
        begun = from_handle(handle)
        again = None
        if begun is not None and begun.publish_id is not None:
            status = self.status(request, begun.publish_id)
            if status.name == "" and not status.refuses_id:
                raise StepFailed(ASK, self.failure(request, status.reply))
            if may_be_published(begun, status):
                return self._ready(request, begun, f"TikTok already has it: {status.name or 'unknown status'}")
            again = resume(request, begun, status, self._clock.now())
            if again is not None:
                message = f"{again.offset} of {again.size} bytes already uploaded"
                yield StepDone(ASK, 200, message, handle=again.to_handle())
            elif isinstance(begun, Upload) and status.name != "FAILED" and begun.may_still_end(self._clock.now()):
                return self._ready(request, begun, LATE)
        if (why := request_body.refusal_of(request)) is not None:
            raise StepFailed(ANNOUNCE, NotDone(Kind.CONTENT, why))
        if request_body.is_pulled(request):
            return (yield from self._prepare_pull(request))
        return (yield from self._prepare_upload(request, again))

    def _prepare_pull(self, request: PublishRequest) -> Generator[Step, None, Ready]:
        """Do everything before the call after which TikTok fetches and publishes."""
        self._require_open(request)
        able = yield from self._check_creator(request)
        try:
            urls = [self._public_url(file) for file in request.media]
            path, body = request_body.build_init_request(
                request, request_body.build_pull_source(request, urls), able.closed
            )
        except NoPublicUrl as error:
            failure = NotDone(Kind.MEDIA, error.message, passing=error.passing, hint=error.hint)
            raise StepFailed(PUT_UP, failure) from error
        except ValueError as error:
            raise StepFailed(ANNOUNCE, NotDone(Kind.CONTENT, str(error))) from error
        self._require_open(request)
        return self._ready(request, Pull(path, body, request_body.request_of(request), able.username))

    def _prepare_upload(self, request: PublishRequest, begun: Upload | None) -> Generator[Step, None, Ready]:
        """Send all but the last chunk, continuing `begun` or a new upload."""
        file = _require_unchanged(request.media[0])
        if begun is None:
            self._require_open(request)
            able = yield from self._check_creator(request)
            begun, answer = self._create_upload(request, file, able)
            yield StepDone(ANNOUNCE, answer.status, handle=begun.to_handle())
        while begun.offset < begun.last:
            end = begun.next_end
            reply = self.put(request, file, begun, end)
            if reply.status == 201:
                return self._ready(request, begun, "TikTok considers the upload complete")
            if reply.status != 206:
                if reply.status in (400, 403, 404):
                    if begun.may_still_end(self._clock.now()):
                        begun = begun.given_up()
                        yield StepDone("abandon the upload", reply.status, handle=begun.to_handle())
                        return self._ready(request, begun, LATE)
                    yield StepDone("drop the upload", reply.status, handle={})
                raise StepFailed(SEND, as_failure(reply, _no_judge, "TikTok"))
            begun = begun.at(end)
            yield StepDone(SEND, reply.status, f"{end} of {begun.size} bytes", handle=begun.to_handle())
        return self._ready(request, replace(begun, tried=begun.tried + 1))

    def _check_creator(self, request: PublishRequest) -> Generator[Step, None, Creator]:
        """Ask what the creator may post, and check the post against it. Drafts need no check. Raises StepFailed."""
        if request_body.kind_of(request).is_draft:
            return _NOBODY
        answer = self.post(request, "creator_info/query/")
        self.require_ok(request, CREATOR, answer)
        able = creator.read_creator(answer)
        if (refused := creator.check_creator(request, able)) is not None:
            raise StepFailed(CREATOR, refused)
        closed = ", ".join(sorted(f"tiktok.{name}" for name in able.closed))
        yield StepDone(CREATOR, answer.status, f"set by the account's own settings: {closed}" if closed else "")
        return able

    def _require_open(self, request: PublishRequest) -> None:
        """Raise StepFailed if TikTok is known to accept no more posts of the account now."""
        self._http.gate.require_open(request, ANNOUNCE, "POST", INIT)

    def _create_upload(self, request: PublishRequest, file: MediaFile, able: Creator) -> tuple[Upload, Reply]:
        """Create an upload. A lost answer is harmless: nothing is published without bytes. Raises StepFailed."""
        size = file.item.bytes
        chunk = uploads.chunk_size(size)
        source: dict[str, object] = {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk,
            "total_chunk_count": uploads.chunk_count(size, chunk),
        }
        try:
            path, body = request_body.build_init_request(request, source, able.closed)
        except ValueError as error:
            raise StepFailed(ANNOUNCE, NotDone(Kind.CONTENT, str(error))) from error
        began = self._clock.boot()
        answer = self.post(request, path, body)
        self.require_ok(request, ANNOUNCE, answer)
        if self._clock.boot() - began > uploads.LONGEST_CALL_S:
            slept = "the machine slept during the request, so the age of the upload URL is unknown"
            raise StepFailed(ANNOUNCE, NotDone(Kind.NETWORK, slept, passing=True))
        publish_id, url = answer.value_at("data", "publish_id"), answer.value_at("data", "upload_url")
        if not isinstance(publish_id, str) or not uploads.may_upload_to(url, loopback=self._http.is_loopback):
            raise StepFailed(ANNOUNCE, as_failure(answer, _no_judge, "TikTok"))
        issued = to_ms(self._clock.now())
        return Upload(
            publish_id, str(url), issued, 0, size, chunk, request_body.request_of(request), able.username
        ), answer

    def _ready(self, request: PublishRequest, begun: Upload | Pull, doubt: str | None = None) -> Ready:
        at = self._http.platform_at(request.account.name)
        if isinstance(begun, Pull):
            mark = fingerprint("POST", begun.init, begun.body)
            return Ready(begun.to_handle(), at, f"POST {begun.init}", mark, doubt)
        content = {"offset": begun.offset, "size": begun.size, "request": begun.request}
        mark = fingerprint("PUT", begun.publish_id, content)
        return Ready(begun.to_handle(), at, "PUT the last chunk", mark, doubt)

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """PUT the last chunk, or let TikTok fetch the media."""
        begun = from_handle(handle)
        assert begun is not None, "publish needs the handle of Ready"
        return self._start_fetch(request, begun) if isinstance(begun, Pull) else self._put_last_chunk(request, begun)

    def _put_last_chunk(self, request: PublishRequest, begun: Upload) -> Outcome:
        """The status of an upload is immediate and reliable, so any answer but 201 is decided by it."""
        try:
            file = _require_unchanged(request.media[0])
        except StepFailed as failed:
            return failed.outcome
        reply = self.put(request, file, begun, begun.size)
        if reply.status == 201:
            return Done(begun.publish_id, processing=True, http_status=reply.status)
        return as_outcome(reply, _no_judge, "TikTok")

    def _start_fetch(self, request: PublishRequest, begun: Pull) -> Outcome:
        """Only a refusal in the table is proof: a post accepted without an id cannot be looked up by id."""
        reply = self.post(request, begun.init, begun.body)
        if is_ok(reply):
            publish_id = reply.value_at("data", "publish_id")
            if isinstance(publish_id, str) and publish_id:
                new_handle = begun.with_publish_id(publish_id).to_handle()
                return Done(publish_id, processing=True, http_status=reply.status, handle=new_handle)
        return self.outcome(request, reply)

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        return self._look_ups.look_up(request, handle, since)


def _require_unchanged(file: MediaFile) -> MediaFile:
    """Return the file if its size is unchanged. Raises StepFailed otherwise."""
    try:
        with file.path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
    except OSError as error:
        raise StepFailed(ANNOUNCE, NotDone(Kind.MEDIA, f"cannot read {file.item.name}: {error}")) from error
    if size != file.item.bytes:
        raise StepFailed(ANNOUNCE, NotDone(Kind.MEDIA, f"{file.item.name} has changed: it now has {size} bytes"))
    return file


def _no_judge(_: Answer) -> None:
    """Upload answers are not in TikTok's format, so no refusal can be read from them."""
