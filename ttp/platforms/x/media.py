"""X's media: upload in chunks, wait until processed, alt text. Invisible to followers, so free to repeat.

What is uploaded is remembered in the handle as `media`: one entry per item, in the post's order, with `sha256`, `id`,
`key`, `expires` (ms), `ready`, `alt` and `used` (publishing calls that carried it); until the last of its segments is
there also `sent`, how many are, and `chunk`, their bytes: the next try goes on behind them. Of one that X refused in
its middle or at its end only `dropped` is left, until a whole new one tells. Never publishes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO, TypeAlias

from ttp.domain.media import MediaItem
from ttp.domain.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import Did, MediaFile, PublishRequest, Step, StepFailed, Wait
from ttp.platforms.http import Http
from ttp.platforms.outcomes import as_failure, reconnect_hint
from ttp.platforms.reply import Answer, Reply, parse_numeric_id
from ttp.platforms.x.errors import refusal

CHUNK = 4 * 1024 * 1024
"""Bytes per append; X's documentation asks for at most 5 MB."""
MOST_SEGMENTS = 1000
"""Appends to one upload. A file of more than 4 GB, which the documentation allows too, is cut into larger ones."""
LIFE_S = 86_400
"""How long an upload is kept where X does not say."""
MARGIN = timedelta(minutes=1)
"""An upload that expires within this time is not used any more."""
PATIENCE_S = 1800.0
"""Seconds after which a video that is still being processed is a failed step."""
MOST_USES = 2
"""Publishing calls that may carry one upload."""

Entry: TypeAlias = dict[str, object]


class Uploads:
    """Uploads of one client."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def complete(self, request: PublishRequest, handle: Handle, *, keep: bool) -> Generator[Step, None, Handle]:
        """Upload what `handle` does not show as uploaded; the handle with every item ready. Raises StepFailed.

        `keep`: use the same uploads again however often they were used; a look-up will compare their keys.
        """
        held = media_entries(handle)
        done: list[Entry] = []
        for place, file in enumerate(request.media):
            entry = held[place] if place < len(held) else {}
            if not self._is_usable(entry, file.item, keep=keep):
                entry = {name: entry[name] for name in entry if name == "dropped"}
            for step, grown in self._one(request, file, entry):
                entry = grown
                if isinstance(step, Did):
                    step = replace(step, handle={**handle, "media": [*done, entry, *held[place + 1 :]]})
                yield step
            done.append(entry)
        return {**handle, "media": done} if done else handle

    def _one(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Bring one item to the state in which a post may use it: each step with the entry as it is then."""
        name = file.item.name
        if "id" not in entry or "sent" in entry:
            for sent, grown in self._upload(request, file, entry):
                entry = grown
                yield sent, grown
        waited, step = 0.0, f"process {name}"
        while not entry["ready"]:
            query = {"command": "STATUS", "media_id": str(entry["id"])}
            try:
                answer = self._accepted(
                    request, step, self._http.request_for(request, "GET", "/2/media/upload", query=query)
                )
                seconds = self._seconds_left(request, answer, name)
            except StepFailed as failed:
                if not failed.outcome.passing:
                    yield Did(f"drop the upload of {name}", failed.outcome.http_status), {}
                raise
            if seconds is None:
                entry = {**entry, "ready": True}
                yield Did(step, answer.status), entry
            elif waited >= PATIENCE_S:
                raise StepFailed(step, NotDone(Kind.MEDIA, f"X is still processing {name}", passing=True))
            else:
                waited += seconds
                yield Wait(seconds, f"X to process {name}"), entry
        if file.item.alt and entry["alt"] != file.item.alt:
            step = f"alt text of {name}"
            metadata = {"id": entry["id"], "metadata": {"alt_text": {"text": file.item.alt}}}
            answer = self._accepted(
                request, step, self._http.request_for(request, "POST", "/2/media/metadata", json=metadata)
            )
            entry = {**entry, "alt": file.item.alt}
            yield Did(step, answer.status), entry

    def _is_usable(self, entry: Entry, item: MediaItem, *, keep: bool) -> bool:
        """Whether an earlier upload is of these bytes, without a foreign alt text, and will live long enough.

        One that two calls carried in vain is not: X may have refused the id.
        """
        expires, used = entry.get("expires"), entry.get("used")
        return (
            entry.get("sha256") == item.sha256
            and entry.get("alt") in (None, item.alt)
            and isinstance(expires, int)
            and expires > to_ms(self._clock.now() + MARGIN)
            and (keep or (isinstance(used, int) and used < MOST_USES))
        )

    def _upload(self, request: PublishRequest, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
        """Send the bytes of one item that X does not have yet: a step for each segment, and the entry after it. In the
        end it is not ready yet where X goes on to process it."""
        item, step, held = file.item, f"upload {file.item.name}", entry
        try:
            entry = held if "sent" in held else self._announced(request, item, step)
            size, sent = int(str(entry["chunk"])), int(str(entry["sent"]))
            count = -(-item.bytes // size)
            with file.path.open("rb") as source:
                source.seek(sent * size)
                for index in range(sent, count):
                    self._append(request, step, entry, index, _piece(source, min(size, item.bytes - index * size)))
                    entry = {**entry, "sent": index + 1}
                    if count > 1:
                        yield Did(f"{step}, segment {index + 1} of {count}", 200), entry
            yield Did(step, 200), self._finalized(request, step, entry)
        except (OSError, EOFError) as error:
            raise StepFailed(step, NotDone(Kind.MEDIA, f"cannot read {item.name}: {error}")) from error
        except StepFailed as failed:
            outcome = failed.outcome
            if outcome.kind is not Kind.MEDIA or outcome.passing or "id" not in entry:
                raise
            # X may have lost what it took, or have ended the upload already: a whole new one tells.
            passing = "dropped" not in held
            yield Did(f"drop the upload of {item.name}", outcome.http_status), {"dropped": True} if passing else {}
            raise StepFailed(step, replace(outcome, passing=passing)) from failed

    def _announced(self, request: PublishRequest, item: MediaItem, step: str) -> Entry:
        """Open an upload; its entry, with nothing sent yet."""
        reply = self._http.request_for(
            request,
            "POST",
            "/2/media/upload/initialize",
            json={"media_type": item.mime, "media_category": _category(item), "total_bytes": item.bytes},
        )
        answer = self._accepted(request, step, reply)
        media_id = parse_numeric_id(answer.value_at("data", "id"))
        if media_id is None:
            raise StepFailed(step, self._failure(request, reply))
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
        self._accepted(
            request, step, self._http.request_for(request, "POST", path, form=form, file=file, uploading=True)
        )

    def _finalized(self, request: PublishRequest, step: str, entry: Entry) -> Entry:
        """End an upload whose segments are all there."""
        path = f"/2/media/upload/{entry['id']}/finalize"
        answer = self._accepted(request, step, self._http.request_for(request, "POST", path))
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
        """Seconds until the next look at an item that is being processed; None when it is ready."""
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
        raise StepFailed(f"process {name}", self._failure(request, answer))

    def _accepted(self, request: PublishRequest, step: str, reply: Reply) -> Answer:
        """The reply, where it is a success. Raises StepFailed otherwise, also for a body that is not X's JSON: whoever
        wrote it, X need not have the bytes. Some calls have no body."""
        if isinstance(reply, Answer) and reply.is_success and (reply.data is not None or not reply.body):
            return reply
        raise StepFailed(step, self._failure(request, reply))

    def _failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        failure = as_failure(
            reply, lambda answer: refusal(answer, request.account, self._clock.now(), request.credentials), "X"
        )
        if failure.kind is not Kind.CONTENT:
            return failure
        if failure.http_status == 403:  # what a token without the scope media.write gets
            return replace(failure, kind=Kind.AUTH, hint=reconnect_hint(request.account, request.credentials))
        return replace(failure, kind=Kind.MEDIA)


def media_entries(handle: Handle) -> list[Entry]:
    """The uploads that a handle remembers."""
    held = handle.get("media")
    return [dict(entry) for entry in held if isinstance(entry, Mapping)] if isinstance(held, list) else []


def count_use(handle: Handle) -> Handle:
    """The handle for one more publishing call with its uploads."""
    return {**handle, "media": [{**entry, "used": int(str(entry["used"])) + 1} for entry in media_entries(handle)]}


def _category(item: MediaItem) -> str:
    if item.is_video:
        return "tweet_video"
    return "tweet_gif" if item.mime == "image/gif" else "tweet_image"


def _piece(source: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError where the file is shorter than it was."""
    piece = source.read(size)
    if len(piece) < size:
        raise EOFError("the file is shorter than it was")
    return piece
