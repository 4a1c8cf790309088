"""X's media: chunked upload, waiting for processing, alt text. All invisible, so it may be repeated.

The handle stores uploads as `media`, one entry per item in the post's order, with `sha256`, `id`, `key`, `expires`
(ms), `ready`, `alt` and `used` (publishing calls that carried it). Until the last segment is sent it also has `sent`
(number of segments) and `chunk` (their bytes), so that the next try continues there. If X refused an upload in the
middle or at the end, only `dropped` is left: a complete new upload shows why.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO, Unpack

from ttp.domain.media.item import MediaItem
from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone, StepFailed, Wait
from ttp.platforms.http import HttpBody
from ttp.platforms.reply import Answer, Reply, parse_numeric_id, reconnect_hint
from ttp.platforms.uploads import Entry, media_entries, upload_all
from ttp.platforms.x.errors import XPart

CHUNK = 4 * 1024 * 1024
"""Bytes per append; X's documentation allows 5 MB."""
MOST_SEGMENTS = 1000
"""Appends per upload. A file of more than 4 GB, which the documentation allows, is cut into larger ones."""
LIFE_S = 86_400
"""How long X keeps an upload if it does not say."""
MARGIN = timedelta(minutes=1)
"""An upload that expires within this time is not used any more."""
PATIENCE_S = 1800.0
"""Seconds after which a video that is still processing counts as failed."""
MOST_USES = 2
"""Publishing calls that may carry one upload."""


class XUploads(XPart):
    def complete(self, request: PublishRequest, handle: Handle, *, keep: bool) -> Generator[Step, None, Handle]:
        """Upload what `handle` does not record; return the handle with every item ready. Raises StepFailed. `keep`: use
        the same uploads again, however often they were used, because a look-up compares their keys."""

        def upload(place: int, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
            if not self._is_usable(entry, file.item, keep=keep):
                entry = {name: entry[name] for name in entry if name == "dropped"}
            return self._prepare_item(request, file, entry)

        return (yield from upload_all(request, handle, upload))

    def _prepare_item(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Make one item ready for a post: yield each step with the entry after it."""
        name = file.item.name
        if "id" not in entry or "sent" in entry:
            for sent, grown in self._upload(request, file, entry):
                entry = grown
                yield sent, grown
        waited, step = 0.0, f"process {name}"
        while not entry["ready"]:
            query = {"command": "STATUS", "media_id": str(entry["id"])}
            try:
                answer = self._call(request, step, "GET", "/2/media/upload", query=query)
                seconds = self._seconds_left(request, answer, name)
            except StepFailed as failed:
                if not failed.outcome.passing:
                    yield StepDone(f"drop the upload of {name}", failed.outcome.http_status), {}
                raise
            if seconds is None:
                entry = {**entry, "ready": True}
                yield StepDone(step, answer.status), entry
            elif waited >= PATIENCE_S:
                raise StepFailed(step, NotDone(Kind.MEDIA, f"X is still processing {name}", passing=True))
            else:
                waited += seconds
                yield Wait(seconds, f"X is processing {name}"), entry
        if file.item.alt and entry["alt"] != file.item.alt:
            step = f"alt text of {name}"
            metadata = {"id": entry["id"], "metadata": {"alt_text": {"text": file.item.alt}}}
            answer = self._call(request, step, "POST", "/2/media/metadata", json=metadata)
            entry = {**entry, "alt": file.item.alt}
            yield StepDone(step, answer.status), entry

    def _is_usable(self, entry: Entry, item: MediaItem, *, keep: bool) -> bool:
        """Whether an earlier upload has these bytes, no other alt text, and lives long enough. Not one that two calls
        carried without success: X may have rejected the id."""
        expires, used = entry.get("expires"), entry.get("used")
        return (
            entry.get("sha256") == item.sha256
            and entry.get("alt") in (None, item.alt)
            and isinstance(expires, int)
            and expires > to_ms(self._clock.now() + MARGIN)
            and (keep or (isinstance(used, int) and used < MOST_USES))
        )

    def _upload(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Send the missing bytes of one item: a step per segment, and the entry after it. X may process it after."""
        item, step, before = file.item, f"upload {file.item.name}", entry
        try:
            entry = before if "sent" in before else self._initialize(request, item, step)
            size, sent = int(str(entry["chunk"])), int(str(entry["sent"]))
            count = -(-item.bytes // size)
            with file.path.open("rb") as source:
                source.seek(sent * size)
                for index in range(sent, count):
                    self._append(
                        request, step, entry, index, _read_exactly(source, min(size, item.bytes - index * size))
                    )
                    entry = {**entry, "sent": index + 1}
                    if count > 1:
                        yield StepDone(f"{step}, segment {index + 1} of {count}", 200), entry
            yield StepDone(step, 200), self._finalize(request, step, entry)
        except (OSError, EOFError) as error:
            raise StepFailed(step, NotDone(Kind.MEDIA, f"cannot read {item.name}: {error}")) from error
        except StepFailed as failed:
            outcome = failed.outcome
            if outcome.kind is not Kind.MEDIA or outcome.passing or "id" not in entry:
                raise
            # X may have lost segments or ended the upload: a complete new upload shows which.
            passing = "dropped" not in before
            yield StepDone(f"drop the upload of {item.name}", outcome.http_status), {"dropped": True} if passing else {}
            raise StepFailed(step, replace(outcome, passing=passing)) from failed

    def _initialize(self, request: PublishRequest, item: MediaItem, step: str) -> Entry:
        """Open an upload; return its entry, with nothing sent yet."""
        body = {"media_type": item.mime, "media_category": _category(item), "total_bytes": item.bytes}
        answer = self._call(request, step, "POST", "/2/media/upload/initialize", json=body)
        media_id = parse_numeric_id(answer.value_at("data", "id"))
        if media_id is None:
            raise StepFailed(step, self.failure(request, answer))
        return {
            "sha256": item.sha256,
            "id": media_id,
            "key": None,
            "expires": self._expires(answer),
            "ready": False,
            "alt": None,
            "used": 0,
            "sent": 0,
            "chunk": max(CHUNK, -(-item.bytes // MOST_SEGMENTS)),
        }

    def _append(self, request: PublishRequest, step: str, entry: Entry, index: int, piece: bytes) -> None:
        path = f"/2/media/upload/{entry['id']}/append"
        form, file = {"segment_index": str(index)}, ("media", piece)
        self._call(request, step, "POST", path, form=form, file=file, uploading=True)

    def _finalize(self, request: PublishRequest, step: str, entry: Entry) -> Entry:
        """End an upload whose segments are all there."""
        path = f"/2/media/upload/{entry['id']}/finalize"
        answer = self._call(request, step, "POST", path)
        key = answer.value_at("data", "media_key")
        whole = {name: value for name, value in entry.items() if name not in ("sent", "chunk")}
        return {
            **whole,
            "key": key if isinstance(key, str) else None,
            "expires": self._expires(answer),
            "ready": answer.value_at("data", "processing_info") is None,
        }

    def _expires(self, answer: Answer) -> int:
        life = answer.value_at("data", "expires_after_secs")
        life_s = life if isinstance(life, int) and 0 < life < 10 * 365 * LIFE_S else LIFE_S
        return to_ms(self._clock.now() + timedelta(seconds=life_s))

    def _seconds_left(self, request: PublishRequest, answer: Answer, name: str) -> float | None:
        """Return the seconds until the next check of an item that is processing; None when it is ready."""
        path = ("data", "processing_info")
        state = answer.value_at(*path, "state")
        if state == "succeeded" or (answer.value_at("data", "id") and answer.value_at(*path) is None):
            return None
        if state in ("pending", "in_progress"):
            wait = answer.value_at(*path, "check_after_secs")
            return float(min(max(wait, 1), 60)) if isinstance(wait, int | float) else 1.0
        if state == "failed":
            reason = (
                answer.text_at(*path, "error", "message") or answer.text_at(*path, "error", "name") or "no reason given"
            )
            raise StepFailed(f"process {name}", NotDone(Kind.MEDIA, f"X could not process {name}: {reason}"))
        raise StepFailed(f"process {name}", self.failure(request, answer))

    def _call(
        self,
        request: PublishRequest,
        step: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        **body: Unpack[HttpBody],
    ) -> Answer:
        """Make a call, and return its answer if it is a success. Raises StepFailed. Also raises it for a body that is
        not X's JSON, because then X may not have the bytes. Some calls have no body."""
        reply = self._http.request_for(request, method, path, query=query, **body)
        if isinstance(reply, Answer) and reply.is_success and (reply.data is not None or not reply.body):
            return reply
        raise StepFailed(step, self.failure(request, reply))

    def failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        failure = super().failure(request, reply)
        if failure.kind is not Kind.CONTENT:
            return failure
        if failure.http_status == 403:  # the answer to a token without the scope media.write
            return replace(failure, kind=Kind.AUTH, hint=reconnect_hint(request.account, request.credentials))
        return replace(failure, kind=Kind.MEDIA)


def count_use(handle: Handle) -> Handle:
    """Return the handle for one more publishing call with its uploads."""
    return {**handle, "media": [{**entry, "used": int(str(entry["used"])) + 1} for entry in media_entries(handle)]}


def _category(item: MediaItem) -> str:
    if item.is_video:
        return "tweet_video"
    return "tweet_gif" if item.mime == "image/gif" else "tweet_image"


def _read_exactly(source: BinaryIO, size: int) -> bytes:
    """Return the next `size` bytes. Raises EOFError if the file became shorter."""
    piece = source.read(size)
    if len(piece) < size:
        raise EOFError("the file became shorter")
    return piece
