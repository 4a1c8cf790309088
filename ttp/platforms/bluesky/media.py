"""Uploads of images and videos, which are invisible until a record names them (contract, section 4).

The handle remembers them as `media`: one entry per item in the post's order, with `sha256`, `blob` (as the server
answered it), `at_ms`, of a video that is being processed `job`, and of its captions `captions` (their blob) and
`captions_sha256`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.addresses import configured_url
from ttp.platforms.bluesky.errors import BlueskyPart
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone, StepFailed, Wait
from ttp.platforms.http import Http
from ttp.platforms.oauth.token_response import read_token
from ttp.platforms.reply import Reply
from ttp.platforms.uploads import Entry, read_range, upload_all

UPLOAD = "com.atproto.repo.uploadBlob"
LIFE = timedelta(minutes=50)
"""How long an upload that no record names is used: servers keep it for an hour at least."""
POLL_S, LONGEST_JOB_S = 1.0, 1800.0
_TOKEN_S = 1800


class BlueskyUploads(BlueskyPart):
    def complete(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Upload what `handle` does not show as uploaded; the handle with every item. Raises StepFailed."""
        return (
            yield from upload_all(
                request,
                handle,
                lambda place, file, entry: self._upload_missing(request, file, entry),
            )
        )

    def _upload_missing(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Upload an item unless that is done, then its captions."""
        if not self._is_usable(entry, file):
            for step, entry in self._upload(request, file, entry):  # noqa: B020 (the entry as it grows)
                yield step, entry
        captions = (file.item.captions or "").encode()
        digest = hashlib.sha256(captions).hexdigest()
        if captions and entry.get("captions_sha256") != digest:
            name = f"upload captions of {file.item.name}"
            blob, status = self._upload_blob(request, name, "text/vtt", len(captions), iter([captions]))
            yield StepDone(name, status), {**entry, "captions": blob, "captions_sha256": digest}

    def _is_usable(self, entry: Entry, file: MediaFile) -> bool:
        at = entry.get("at_ms")
        fresh = isinstance(at, int) and from_ms(at) + LIFE > self._clock.now()
        return entry.get("sha256") == file.item.sha256 and isinstance(entry.get("blob"), Mapping) and fresh

    def _upload(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Upload one item: by the video service, where there is one, or to the account's server."""
        made = {"sha256": file.item.sha256, "at_ms": to_ms(self._clock.now())}
        if file.item.is_video:
            blob = yield from self._process(request, file, entry)
            if blob is not None:
                yield StepDone(f"process {file.item.name}"), {**made, "blob": blob}
                return
        step = f"upload {file.item.name}"
        content = read_range(file.path, 0, file.item.bytes)
        blob, status = self._upload_blob(request, step, file.item.mime, file.item.bytes, content)
        yield StepDone(step, status), {**made, "blob": blob}

    def _upload_blob(
        self, request: PublishRequest, step: str, mime: str, size: int, content: Iterator[bytes]
    ) -> tuple[object, int | None]:
        """Upload to the account's server; the blob, and the status of the answer. Raises StepFailed."""
        reply = self._send(request, mime, size, content)
        blob = reply.success_at("blob")
        if not is_blob(blob):
            raise StepFailed(step, self.failure(request, reply))
        return blob, reply.status

    def _send(self, request: PublishRequest, mime: str, size: int, content: Iterator[bytes]) -> Reply:
        headers = {"Content-Type": mime, "Content-Length": str(size)}
        return self._http.request_for(
            request, "POST", f"/xrpc/{UPLOAD}", headers=headers, content=content, uploading=True
        )

    def upload_file(self, request: PublishRequest, file: MediaFile) -> object:
        """Upload a link card's picture; the blob, None where the server does not take it."""
        reply = self._send(request, file.item.mime, file.item.bytes, read_range(file.path, 0, file.item.bytes))
        blob = reply.success_at("blob")
        return blob if is_blob(blob) else None

    def _process(
        self, request: PublishRequest, file: MediaFile, entry: Entry
    ) -> Generator[tuple[Step, Entry], None, object]:
        """Let the video service process a video; its blob. None where it cannot be used: a plain upload follows."""
        http = self._http.of(request.account)
        service = configured_url(self._config, "platforms.bluesky.video_url", http.base_url).rstrip("/")
        job = entry.get("job") if entry.get("sha256") == file.item.sha256 else None
        if not isinstance(job, str):
            token = self._service_token(request, http)
            if token is None:
                return None
            query = {
                "did": request.account.user_id or request.credentials.user_id or "",
                "name": f"{file.original_sha256}.mp4",
            }
            reply = http.request(
                "POST",
                f"{service}/xrpc/app.bsky.video.uploadVideo",
                query=query,
                secrets=(token,),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": file.item.mime,
                    "Content-Length": str(file.item.bytes),
                },
                content=read_range(file.path, 0, file.item.bytes),
                uploading=True,
            )
            status = _job(reply)
            if is_blob(status.get("blob")):
                return status["blob"]
            job = status.get("jobId")
            if not isinstance(job, str):
                return None
            kept = {"sha256": file.item.sha256, "job": job}
            yield StepDone(f"upload {file.item.name}", reply.status), kept
        waited = 0.0
        while waited < LONGEST_JOB_S:
            yield Wait(POLL_S, f"Bluesky is processing {file.item.name}"), entry
            waited += POLL_S
            path = f"{service}/xrpc/app.bsky.video.getJobStatus"
            reply = http.request_for(request, "GET", path, query={"jobId": job}, with_token=False)
            status = _job(reply)
            if is_blob(status.get("blob")):
                return status["blob"]
            if status.get("state") == "JOB_STATE_FAILED":
                reason = reply.text_at("jobStatus", "message") or reply.text_at("message")
                message = f"Bluesky cannot process {file.item.name}: {reason or 'it does not say why'}"
                raise StepFailed(f"process {file.item.name}", NotDone(Kind.MEDIA, message, "video"))
        return None

    def _service_token(self, request: PublishRequest, http: Http) -> str | None:
        """Return a token with which the video service may upload for the account."""
        query = {
            "aud": f"did:web:{urlsplit(http.base_url).netloc.replace(':', '%3A')}",
            "lxm": UPLOAD,
            "exp": str(int(self._clock.now().timestamp()) + _TOKEN_S),
        }
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.server.getServiceAuth", query=query)
        return read_token(reply.success_at("token"))


def without_uploads(handle: Handle) -> Handle:
    return {name: value for name, value in handle.items() if name not in ("media", "card", "cards", "card_note")}


def is_blob(value: object) -> bool:
    """Whether a value is a reference to an uploaded file."""
    return (
        isinstance(value, Mapping)
        and value.get("$type") == "blob"
        and isinstance(value.get("ref"), Mapping)
        and isinstance(value["ref"].get("$link"), str)
    )


def _job(reply: Reply) -> Mapping[str, object]:
    """Return the status of a job, which answers have bare or under a name. Refusals have it too: a file that is there
    already comes with its blob."""
    data, inner = reply.data, reply.value_at("jobStatus")
    return inner if isinstance(inner, Mapping) else data if isinstance(data, Mapping) else {}
