"""Uploads of images and videos, which are invisible until a record names them (contract, section 4).

The handle remembers them as `media`: one entry per item in the post's order, with `sha256`, `blob` (as the server
answered it), `at_ms`, and of a video that is being processed `job`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from ttp.domain.config import Config
from ttp.domain.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.addresses import configured
from ttp.platforms.bluesky.errors import judge
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone, StepFailed, Wait
from ttp.platforms.http import Http
from ttp.platforms.oauth.token_response import read_token
from ttp.platforms.reply import Answer, Reply, as_failure
from ttp.platforms.uploads import media_entries, read_range

UPLOAD = "com.atproto.repo.uploadBlob"
LIFE = timedelta(minutes=50)
"""How long an upload that no record names is used: servers keep it for an hour at least."""
POLL_S, LONGEST_JOB_S = 1.0, 1800.0
_TOKEN_S = 1800


class Uploads:
    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    def complete(self, request: PublishRequest, handle: Handle, http: Http) -> Generator[Step, None, Handle]:
        """Upload what `handle` does not show as uploaded; the handle with every item. Raises StepFailed."""
        held = media_entries(handle)
        done: list[Mapping[str, object]] = []
        for place, file in enumerate(request.media):
            entry: Mapping[str, object] = held[place] if place < len(held) else {}
            if not self._is_usable(entry, file):
                rest = held[place + 1 :]
                for step, entry in self._one(request, file, entry, http):  # noqa: B020 (the entry as it grows)
                    if isinstance(step, StepDone):
                        yield StepDone(
                            step.step, step.http_status, step.message, {**handle, "media": [*done, entry, *rest]}
                        )
                    else:
                        yield step
            done.append(entry)
        return {**handle, "media": done} if done else without_uploads(handle)

    def _is_usable(self, entry: Mapping[str, object], file: MediaFile) -> bool:
        at = entry.get("at_ms")
        fresh = isinstance(at, int) and from_ms(at) + LIFE > self._clock.now()
        return entry.get("sha256") == file.item.sha256 and isinstance(entry.get("blob"), Mapping) and fresh

    def _one(
        self, request: PublishRequest, file: MediaFile, entry: Mapping[str, object], http: Http
    ) -> Generator[tuple[Step, Mapping[str, object]], None, None]:
        """Upload one item: by the video service, where there is one, or to the account's server."""
        made = {"sha256": file.item.sha256, "at_ms": to_ms(self._clock.now())}
        if file.item.is_video:
            blob = yield from self._processed(request, file, entry, http, self._service(http))
            if blob is not None:
                yield StepDone(f"process {file.item.name}"), {**made, "blob": blob}
                return
        step = f"upload {file.item.name}"
        reply = self._send(request, http, f"/xrpc/{UPLOAD}", file)
        blob = reply.value_at("blob") if isinstance(reply, Answer) and reply.is_success else None
        if not isinstance(reply, Answer) or not is_blob(blob):
            raise StepFailed(step, as_failure(reply, judge(request.account, self._clock.now()), "Bluesky"))
        yield StepDone(step, reply.status), {**made, "blob": blob}

    def upload_bytes(self, request: PublishRequest, http: Http, data: bytes, mime: str) -> object:
        """Upload a link card's picture; the blob, None where the server does not take it."""
        headers = {"Content-Type": mime}
        reply = http.request_for(request, "POST", f"/xrpc/{UPLOAD}", headers=headers, content=data, uploading=True)
        blob = reply.value_at("blob") if isinstance(reply, Answer) and reply.is_success else None
        return blob if is_blob(blob) else None

    def _send(self, request: PublishRequest, http: Http, url: str, file: MediaFile) -> Reply:
        headers = {"Content-Type": file.item.mime, "Content-Length": str(file.item.bytes)}
        content = read_range(file.path, 0, file.item.bytes)
        return http.request_for(request, "POST", url, headers=headers, content=content, uploading=True)

    # The video service.

    def _service(self, http: Http) -> str:
        """Return the root URL of the video service."""
        return configured(self._config, "platforms.bluesky.video_url", http.base_url).rstrip("/")

    def _processed(
        self, request: PublishRequest, file: MediaFile, entry: Mapping[str, object], http: Http, service: str
    ) -> Generator[tuple[Step, Mapping[str, object]], None, object]:
        """Let the service process a video; its blob. None where the service cannot be used: a plain upload follows."""
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
            yield StepDone(f"upload {file.item.name}", reply.status if isinstance(reply, Answer) else None), kept
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
                said = (
                    reply.text_at("jobStatus", "message") or reply.text_at("message")
                    if isinstance(reply, Answer)
                    else ""
                )
                message = f"Bluesky cannot process {file.item.name}: {said or 'it does not say why'}"
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
        return read_token(reply.value_at("token")) if isinstance(reply, Answer) and reply.is_success else None


def without_uploads(handle: Handle) -> Handle:
    return {name: value for name, value in handle.items() if name not in ("media", "card")}


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
    data = reply.data if isinstance(reply, Answer) else None
    if not isinstance(data, Mapping):
        return {}
    inner = data.get("jobStatus")
    return inner if isinstance(inner, Mapping) else data
