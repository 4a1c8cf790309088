"""Uploads of media, which are invisible until a post has them (docs/reference/platforms/mastodon.md, section 4).

The handle remembers them as `media`: one entry per item in the post's request, with `sha256`, `alt`, `focus`, `id`,
`at_ms`, and `ready` once the server has processed it.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator
from datetime import timedelta
from urllib.parse import quote

from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone, StepFailed, Wait
from ttp.platforms.mastodon.errors import MastodonPart, host_name
from ttp.platforms.mastodon.options import api_focus, chosen_of, split_focus
from ttp.platforms.reply import Reply
from ttp.platforms.uploads import Entry, media_entries, read_range, upload_all

LIFE = timedelta(hours=20)
"""How long an upload is used that no post has: servers keep it for about a day."""
FIRST_WAIT_S, LONGEST_WAIT_S, LONGEST_S = 1.0, 15.0, 600.0
_EXTENSIONS = {"image/jpeg": "jpg", "video/quicktime": "mov", "audio/mpeg": "mp3", "audio/mp4": "m4a"}


class MastodonUploads(MastodonPart):
    def complete(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        """Upload what `handle` does not show as uploaded; the handle with every item ready. Raises StepFailed. After an
        unknown outcome every upload is kept: a server that refuses one as used proves that the post exists."""
        focus, keep = split_focus(chosen_of(request).word("focus")), "unsettled_since" in handle

        def upload(place: int, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
            point = focus[place] if place < len(focus) else api_focus(file.item.focus)
            if not self._is_usable(entry, file, point, keep=keep):
                entry = self._upload(request, file, point)
                yield StepDone(f"upload {file.item.name}"), entry
            if not entry.get("ready"):
                for wait in self._wait(request, file, str(entry["id"])):
                    yield wait, entry
                yield StepDone(f"process {file.item.name}"), {**entry, "ready": True}

        return (yield from upload_all(request, handle, upload))

    def _is_usable(self, entry: Entry, file: MediaFile, focus: str, *, keep: bool) -> bool:
        at = entry.get("at_ms")
        fresh = isinstance(at, int) and from_ms(at) + LIFE > self._clock.now()
        same = (entry.get("sha256"), entry.get("alt"), entry.get("focus")) == (file.item.sha256, file.item.alt, focus)
        same = same and entry.get("thumbnail") == file.item.thumbnail
        return same and bool(entry.get("id")) and (fresh or keep)

    def _upload(self, request: PublishRequest, file: MediaFile, focus: str) -> Entry:
        """Send one file; what is remembered of it. Raises StepFailed."""
        reply = self._send(request, file, focus, "/api/v2/media")
        if reply.status == 404:
            reply = self._send(request, file, focus, "/api/v1/media")
        media_id = reply.text_at("id") if reply.is_success else ""
        if not media_id:
            raise StepFailed(f"upload {file.item.name}", self.failure(request, reply))
        return {
            "sha256": file.item.sha256,
            "alt": file.item.alt,
            "focus": focus,
            "id": media_id,
            "at_ms": to_ms(self._clock.now()),
            "ready": reply.status == 200,
            **({"thumbnail": file.item.thumbnail} if file.item.thumbnail else {}),
        }

    def _send(self, request: PublishRequest, file: MediaFile, focus: str, path: str) -> Reply:
        """Send one file as a form, a piece at a time."""
        boundary = secrets.token_hex(16)
        fields = {"description": file.item.alt or "", "focus": focus}
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{value}\r\n"
            for name, value in fields.items()
            if value
        )
        files = [("file", file), *([("thumbnail", file.thumbnail)] if file.thumbnail else [])]
        heads = [head, "\r\n"]
        for number, (field, one) in enumerate(files):
            extension = _EXTENSIONS.get(one.item.mime, one.item.mime.rpartition("/")[2])
            name = f"{secrets.token_hex(12)}.{extension}"  # a new one: snac keeps one upload for each name
            heads[number] += (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                f"Content-Type: {one.item.mime}\r\n\r\n"
            )
        encoded, last = [one.encode("utf-8", "replace") for one in heads], f"\r\n--{boundary}--\r\n".encode()

        def content() -> Iterator[bytes]:
            for first, (_, one) in zip(encoded, files, strict=False):
                yield first
                yield from read_range(one.path, 0, one.item.bytes)
            yield last

        size = len(last) + sum(len(first) + one.item.bytes for first, (_, one) in zip(encoded, files, strict=False))
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(size)}
        return self._http.request_for(request, "POST", path, headers=headers, content=content(), uploading=True)

    def _wait(self, request: PublishRequest, file: MediaFile, media_id: str) -> Iterator[Wait]:
        """Wait until a file is processed. Raises StepFailed."""
        waited, gap, step = 0.0, FIRST_WAIT_S, f"process {file.item.name}"
        while True:
            reply = self._http.request_for(request, "GET", f"/api/v1/media/{quote(media_id, safe='')}")
            if reply.status == 200 and reply.value_at("id"):
                return
            if reply.status != 206:
                failure = self.failure(request, reply)
                if reply.status in (404, 422) and reply.value_at("error"):
                    message = f"{host_name(request.account)} cannot process {file.item.name}: {reply.text_at('error')}"
                    failure = NotDone(Kind.MEDIA, message, str(reply.status), reply.status)
                raise StepFailed(step, failure)
            if waited >= LONGEST_S:
                message = f"{host_name(request.account)} has not processed {file.item.name} within {LONGEST_S:.0f} s"
                raise StepFailed(step, NotDone(Kind.MEDIA, message, passing=True))
            yield Wait(gap, f"{host_name(request.account)} is processing {file.item.name}")
            waited, gap = waited + gap, min(gap * 2, LONGEST_WAIT_S)

    def failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        if reply.status == 413 and not reply.value_at("error"):
            message = f"{host_name(request.account)} takes no file of that size"
            return NotDone(Kind.MEDIA, message, "413", 413)
        return super().failure(request, reply)


def media_ids(handle: Handle) -> list[str]:
    """Return the ids of the uploads, in the post's request."""
    return [str(entry["id"]) for entry in media_entries(handle) if entry.get("id")]


def without_uploads(handle: Handle) -> Handle:
    return {name: value for name, value in handle.items() if name != "media"}
