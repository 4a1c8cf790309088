"""LinkedIn uploads: an image in one PUT, a video in the parts that LinkedIn names. Nothing of it is visible.

See docs/reference/platforms/linkedin.md, sections 3.1 and 3.2. A handle's `media` has an entry per item: `sha256`, `id`
(the URN), `at` (ms, when the upload began; of a video from its end on, when it ended) and `ready`; while a video is
sent `token`, `parts` (address, first and last byte of each) and `etags` of those that arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.addresses import host_of, is_safe, split_address
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone, StepFailed, Wait
from ttp.platforms.linkedin.errors import LinkedInPart
from ttp.platforms.reply import Answer, list_at, value_at
from ttp.platforms.uploads import Entry, media_entries, read_range

LIFE = timedelta(hours=12)
"""Older uploads are not used any more. LinkedIn does not say how long they live."""
IMAGE_WAIT_S = 3.0
"""After an image is sent: no app may ask whether it is ready."""
PATIENCE_S = 1800.0
"""Seconds after which a video that is still processed counts as failed."""
ARRIVES_WITHIN_S = 60.0
"""Seconds after which a file that waits for its upload counts as never sent: something else answered. Counted from its
stored `at`, since a process that cron starts may end earlier."""
_POLL_S = (2.0, 4.0, 8.0, 15.0)
_URNS = ("urn:li:image:", "urn:li:video:")


class LinkedInUploads(LinkedInPart):
    def upload(
        self, request: PublishRequest, author: str, file: MediaFile, entry: Entry
    ) -> Iterator[tuple[Step, Entry]]:
        """Make one file ready for a post: yield each step with the entry after it. Raises StepFailed."""
        if not self._is_usable(file, entry):
            entry = {}
        if not entry.get("ready"):
            yield from (self._video if file.item.is_video else self._image)(request, author, file, entry)

    def are_new(self, handle: Handle) -> bool:
        """Return whether all files of a post were sent so short a time ago that LinkedIn may not have them yet."""
        now = self._clock.now()
        return all(_is_new(entry, now) for entry in (*media_entries(handle), handle.get("thumb")))

    def _is_usable(self, file: MediaFile, entry: Entry) -> bool:
        at = entry.get("at")
        is_young = isinstance(at, int) and self._clock.now() - from_ms(at) < LIFE
        return is_young and entry.get("sha256") == file.item.sha256

    def _image(
        self, request: PublishRequest, author: str, file: MediaFile, entry: Entry
    ) -> Iterator[tuple[Step, Entry]]:
        name, step = file.item.name, f"upload {file.item.name}"
        if "id" not in entry:
            entry, value = self._begin(request, step, "images", file, {"owner": author})
            reply = self._put(request, step, value.get("uploadUrl"), file, 0, file.item.bytes, is_image=True)
            yield StepDone(step, reply.status), entry
        yield Wait(IMAGE_WAIT_S, f"LinkedIn is processing {name}"), entry
        entry = {**entry, "ready": True}
        yield StepDone(f"process {name}"), entry

    def _video(
        self, request: PublishRequest, author: str, file: MediaFile, entry: Entry
    ) -> Iterator[tuple[Step, Entry]]:
        step, size = f"upload {file.item.name}", file.item.bytes
        if "id" not in entry:
            order = {"owner": author, "fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}
            entry, value = self._begin(request, step, "videos", file, order)
            parts = _parts(value.get("uploadInstructions"), size)
            if parts is None:
                raise StepFailed(
                    step, NotDone(Kind.SERVER, "LinkedIn named no usable parts of the video", passing=True)
                )
            entry = {**entry, "token": str(value.get("uploadToken") or ""), "parts": parts, "etags": []}
            yield StepDone(f"begin the {step}", 200), entry
        if "parts" in entry:
            for part, (url, first, last) in enumerate(_stored_parts(entry)):
                etags = _etags(entry)
                if part < len(etags):
                    continue
                try:
                    reply = self._put(request, step, url, file, first, last + 1, is_image=False)
                except StepFailed as failed:
                    if failed.outcome.http_status in (400, 403, 404, 410):  # the addresses have ended
                        yield StepDone(f"drop the {step}", failed.outcome.http_status), {}
                    raise
                entry = {**entry, "etags": [*etags, reply.headers.get("etag", "").strip('"')]}
                yield StepDone(f"{step}, part {part + 1}", reply.status), entry
            order = {"video": entry["id"], "uploadToken": entry["token"], "uploadedPartIds": _etags(entry)}
            ended = self.call(
                request, "POST", "/rest/videos?action=finalizeUpload", json={"finalizeUploadRequest": order}
            )
            if not ended.is_success or (isinstance(ended, Answer) and _is_page(ended)):
                failure = self.failure(request, ended)
                if failure.kind in (Kind.CONTENT, Kind.MEDIA):  # a retry begins again
                    yield StepDone(f"drop the {step}", ended.status), {}
                raise StepFailed(step, failure)
            entry = {"sha256": entry["sha256"], "id": entry["id"], "at": to_ms(self._clock.now())}
            yield StepDone(f"end the {step}", ended.status), entry
        yield from self._wait_for_video(request, file.item.name, entry)

    def _wait_for_video(self, request: PublishRequest, name: str, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        step, waited, polls = f"process {name}", 0.0, 0
        while waited < PATIENCE_S:
            reply = self.call(request, "GET", f"/rest/videos/{quote(str(entry['id']), safe='')}")
            match reply.success_at("status"):
                case "AVAILABLE":
                    yield StepDone(step, reply.status), {**entry, "ready": True}
                    return
                case "PROCESSING_FAILED":
                    reason = reply.text_at("processingFailureReason") or "it does not say why"
                    yield StepDone(f"drop the upload of {name}", reply.status), {}
                    raise StepFailed(step, NotDone(Kind.MEDIA, f"LinkedIn cannot process {name}: {reason}", "video"))
                case "WAITING_UPLOAD" if not _is_new(entry, self._clock.now()):
                    yield StepDone(f"drop the upload of {name}", reply.status), {}
                    raise StepFailed(step, NotDone(Kind.SERVER, f"LinkedIn did not get all of {name}", passing=True))
                case "PROCESSING" | "WAITING_UPLOAD":
                    seconds = _POLL_S[min(polls, len(_POLL_S) - 1)]
                    waited, polls = waited + seconds, polls + 1
                    yield Wait(seconds, f"LinkedIn is processing {name}"), entry
                case _:
                    raise StepFailed(step, self.failure(request, reply))
        raise StepFailed(step, NotDone(Kind.MEDIA, f"LinkedIn is still processing {name}", passing=True))

    def _begin(
        self, request: PublishRequest, step: str, kind: str, file: MediaFile, order: Mapping[str, object]
    ) -> tuple[Entry, Mapping[str, object]]:
        """Open an upload; return its entry, and what LinkedIn answered."""
        path = f"/rest/{kind}?action=initializeUpload"
        reply = self.call(request, "POST", path, json={"initializeUploadRequest": order})
        value = reply.success_at("value")
        urn = value.get(kind.removesuffix("s")) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(urn, str) or not urn.startswith(_URNS):
            raise StepFailed(step, self.failure(request, reply))
        return {"sha256": file.item.sha256, "id": urn, "at": to_ms(self._clock.now())}, value

    def _put(
        self,
        request: PublishRequest,
        step: str,
        url: object,
        file: MediaFile,
        start: int,
        end: int,
        *,
        is_image: bool,
    ) -> Answer:
        """Send bytes of a file to an address that LinkedIn named. Raises StepFailed."""
        parts = split_address(url)
        if parts is None or not is_safe(parts, loopback=self._http.is_loopback):
            raise StepFailed(step, NotDone(Kind.SERVER, "LinkedIn named no usable upload address", passing=True))
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(end - start)}
        if is_image and self._is_own_host(host_of(str(url))):
            headers["Authorization"] = f"Bearer {request.credentials.access_token}"
        reply = self._http.request_for(
            request,
            "PUT",
            str(url),
            headers=headers,
            with_token=False,
            content=read_range(file.path, start, end),
            uploading=True,
        )
        if isinstance(reply, Answer) and reply.is_success and _is_arrival(reply, is_image=is_image):
            return reply
        raise StepFailed(step, self.failure(request, reply))

    def _is_own_host(self, host: str) -> bool:
        """Whether a token may go to a host: the API's, or another of LinkedIn's if the API is there."""
        is_linkedin = f".{self._http.host}".endswith(".linkedin.com")
        return host == self._http.host or (is_linkedin and f".{host}".endswith(".linkedin.com"))


def _is_new(entry: object, now: datetime) -> bool:
    at = value_at(entry, "at")
    return not isinstance(at, int) or at > to_ms(now) - ARRIVES_WITHIN_S * 1000


def _is_page(success: Answer) -> bool:
    """Return whether something between answered: LinkedIn ends an upload with no body, or with JSON."""
    return bool(success.body) and success.data is None


def _is_arrival(success: Answer, *, is_image: bool) -> bool:
    """Return whether LinkedIn took the bytes: 201 to an image, the etag of a part. Another success is a page of
    something between, which can have an etag too."""
    return (is_image and success.status == 201) or (bool(success.headers.get("etag")) and not success.body)


def _parts(instructions: object, size: int) -> list[list[object]] | None:
    """Return the parts that LinkedIn names, in the order of their bytes; None if they are not the whole file."""
    parts: list[list[object]] = []
    end = 0
    for one in list_at(instructions):
        url, first, last = (value_at(one, key) for key in ("uploadUrl", "firstByte", "lastByte"))
        if not isinstance(url, str) or first != end or not isinstance(last, int) or last < end:
            return None
        parts.append([url, first, last])
        end = last + 1
    return parts if end == size else None


def _stored_parts(entry: Entry) -> Iterator[tuple[str, int, int]]:
    for part in list_at(entry["parts"]):
        url, first, last = list_at(part)
        yield str(url), int(str(first)), int(str(last))


def _etags(entry: Entry) -> list[str]:
    return list(map(str, list_at(entry.get("etags"))))
