"""TikTok: an upload whose last chunk publishes, and its status as proof of what that did.

Follows sections 3, 6 and 10 of TikTok's contract; local videos only, by FILE_UPLOAD. The handle is an `Upload`. Never
chooses who may see a post, and never refreshes a token.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime

from ttp.domain.account import Platform
from ttp.domain.attempt import Absent, Done, Finding, Found, Handle, Kind, NotDone, Outcome, Refused, Unclear, Working
from ttp.domain.clock import Clock, to_ms
from ttp.domain.config import Config
from ttp.platforms.client import Did, Looked, MediaFile, Order, Ready, Step, StepFailed
from ttp.platforms.fingerprint import fingerprint
from ttp.platforms.http import Http
from ttp.platforms.outcomes import Judge, as_failure, as_outcome, as_unclear
from ttp.platforms.reply import Answer, Reply, number_id
from ttp.platforms.tiktok_errors import REFUSED_ID, error_code, publication_failure, refusal
from ttp.platforms.tiktok_upload import (
    Upload,
    chunk_count,
    chunk_size,
    may_upload_to,
    pieces,
    post_info,
    range_headers,
    recalled,
)
from ttp.platforms.wording import clean

ANNOUNCE, SEND, ASK, CREATOR = "announce the upload", "upload a chunk", "ask for the status", "ask what is allowed"
WORKING = "TikTok to process the video"
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,64}")


@dataclass(frozen=True, slots=True)
class Status:
    """What status/fetch said of one upload. `name` is empty where it said nothing that can be read."""

    name: str
    reply: Reply
    received: int | None = None
    post_id: str | None = None
    reason: str = ""

    @property
    def date(self) -> datetime | None:
        return self.reply.date if isinstance(self.reply, Answer) else None

    @property
    def refuses_id(self) -> bool:
        return isinstance(self.reply, Answer) and error_code(self.reply) in REFUSED_ID

    def lacks_bytes_of(self, upload: Upload) -> bool:
        return self.name == "PROCESSING_UPLOAD" and self.received is not None and self.received < upload.size


class TikTokClient:
    """The client of TikTok, for single videos."""

    platform = Platform.TIKTOK

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    # Invisible steps.

    def prepare(self, order: Order, handle: Handle) -> Generator[Step, None, Ready]:
        """Send all but the last chunk: of the upload there is, or of a new one where that is provably harmless."""
        file, info = _video(order), _post_info(order)
        upload = recalled(handle)
        if upload is not None:
            status = self._status(order, upload)
            if status.name == "" and not status.refuses_id:
                raise StepFailed(ASK, as_failure(status.reply, self._judge(order), "TikTok"))
            if not status.lacks_bytes_of(upload) and status.name not in ("", "FAILED"):
                return self._ready(order, upload, f"TikTok has an earlier upload of it: {status.name}")
            upload = self._resumed(order, upload, status)
            if upload is not None:
                yield Did(ASK, 200, f"{upload.offset} of {upload.size} bytes are there", handle=upload.remembered())
        if upload is None:
            username, answer = self._allowed(order, file)
            yield Did(CREATOR, answer.status)
            upload, answer = self._announced(order, file, info, username)
            yield Did(ANNOUNCE, answer.status, handle=upload.remembered())
        while upload.offset < upload.last:
            end = upload.next_end
            reply = self._put(order, file, upload, end)
            if isinstance(reply, Answer) and reply.status == 201:
                return self._ready(order, upload, "TikTok took the upload for complete")
            if not (isinstance(reply, Answer) and reply.status == 206):
                if isinstance(reply, Answer) and reply.status in (400, 403, 404):
                    yield Did("drop the upload", reply.status, handle={})
                raise StepFailed(SEND, as_failure(reply, _no_judge, "TikTok"))
            upload = upload.at(end)
            yield Did(SEND, reply.status, f"{end} of {upload.size} bytes", handle=upload.remembered())
        return self._ready(order, replace(upload, tried=upload.tried + 1))

    def _resumed(self, order: Order, upload: Upload, status: Status) -> Upload | None:
        """The upload from where TikTok has it; None where it can or should not be completed."""
        if not status.lacks_bytes_of(upload) or status.received is None:
            return None
        same = upload.request == _request(order)
        return upload.at(status.received) if same and upload.is_open(self._clock.now()) else None

    def _allowed(self, order: Order, file: MediaFile) -> tuple[str | None, Answer]:
        """Ask what the creator may post, and hold the order against it: the creator's name. Raises StepFailed."""
        answer = self._accepted(order, CREATOR, self._call(order, "creator_info/query/"))
        chosen, choices = order.options.get("privacy_level", ""), answer.at("data", "privacy_level_options")
        if isinstance(choices, list) and chosen and chosen not in choices:
            raise StepFailed(
                CREATOR,
                NotDone(
                    Kind.CONTENT,
                    f"TikTok does not offer {chosen} to this account: it offers {clean(', '.join(map(str, choices)))}",
                    code="privacy_level_option_mismatch",
                    hint=_privacy_hint(order),
                ),
            )
        longest, duration = answer.at("data", "max_video_post_duration_sec"), file.item.duration_ms
        if isinstance(longest, int) and duration is not None and duration > longest * 1000:
            message = f"{file.item.name} is {duration / 1000:.0f} s long; this account may post {longest} s"
            raise StepFailed(CREATOR, NotDone(Kind.MEDIA, message, code="duration_check_failed"))
        username = answer.at("data", "creator_username")
        return (username if isinstance(username, str) and _USERNAME.fullmatch(username) else None), answer

    def _announced(
        self, order: Order, file: MediaFile, info: dict[str, object], username: str | None
    ) -> tuple[Upload, Answer]:
        """Announce an upload. A lost answer is harmless: nothing is published without bytes. Raises StepFailed."""
        size = file.item.bytes
        chunk = chunk_size(size)
        source = {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk,
            "total_chunk_count": chunk_count(size, chunk),
        }
        reply = self._call(order, "video/init/", {"post_info": info, "source_info": source})
        answer = self._accepted(order, ANNOUNCE, reply)
        publish_id, url = answer.at("data", "publish_id"), answer.at("data", "upload_url")
        if not isinstance(publish_id, str) or not may_upload_to(url, loopback=self._http.is_loopback):
            raise StepFailed(ANNOUNCE, as_failure(reply, _no_judge, "TikTok"))
        issued = to_ms(self._clock.now())
        return Upload(publish_id, str(url), issued, 0, size, chunk, _request(order), username), answer

    def _ready(self, order: Order, upload: Upload, doubt: str | None = None) -> Ready:
        content = {"offset": upload.offset, "size": upload.size, "request": upload.request}
        at = self._http.platform_at(order.account.name)
        mark = fingerprint("PUT", upload.publish_id, content)
        return Ready(upload.remembered(), at, "PUT the last chunk", mark, doubt)

    # The one publishing call.

    def publish(self, order: Order, handle: Handle) -> Outcome:
        """PUT the last chunk. Its status tells at once and for certain, so every answer but 201 is left to it."""
        upload = recalled(handle)
        assert upload is not None, "publish needs the handle of Ready"
        try:
            file = _video(order)
        except StepFailed as failed:
            return failed.outcome
        reply = self._put(order, file, upload, upload.size)
        if isinstance(reply, Answer) and reply.status == 201:
            return Done(upload.publish_id, processing=True, http_status=reply.status)
        return as_outcome(reply, _no_judge, "TikTok")

    # Look-up.

    def look_up(self, order: Order, handle: Handle, since: datetime) -> Looked:
        """What TikTok says has become of the upload. Its word is final: no settle window."""
        upload = recalled(handle)
        if upload is None:
            return Looked(Unclear(Kind.UNKNOWN, "no upload is known to ask about", final=True), None)
        status = self._status(order, upload)
        return Looked(self._finding(order, upload, status), status.date)

    def _finding(self, order: Order, upload: Upload, status: Status) -> Finding:
        match status.name:
            case "PUBLISH_COMPLETE" | "SEND_TO_USER_INBOX":
                # A public post gets its id only after moderation; one that only its author sees never has any.
                public = status.name == "PUBLISH_COMPLETE" and order.options.get("privacy_level") != "SELF_ONLY"
                return Found(
                    status.post_id or upload.publish_id,
                    _link(upload, status.post_id),
                    id_later=public and status.post_id is None,
                )
            case "PROCESSING_UPLOAD" if status.lacks_bytes_of(upload):
                resumed = self._resumed(order, upload, status)
                return Absent(certain=True, handle={} if resumed is None else resumed.remembered())
            case "PROCESSING_UPLOAD" | "PROCESSING_DOWNLOAD":
                return Working(WORKING)
            case "FAILED":
                return Refused(publication_failure(status.reason, order.account, self._clock.now()))
            case _:
                return as_unclear(status.reply, self._judge(order), "TikTok", final=status.refuses_id)

    def _status(self, order: Order, upload: Upload) -> Status:
        reply = self._call(order, "status/fetch/", {"publish_id": upload.publish_id})
        if not (isinstance(reply, Answer) and reply.is_success and error_code(reply) == "ok"):
            return Status("", reply)
        name, reason, received = (reply.at("data", key) for key in ("status", "fail_reason", "uploaded_bytes"))
        ids = reply.at("data", "publicaly_available_post_id")
        return Status(
            name if isinstance(name, str) else "",
            reply,
            received if isinstance(received, int) and 0 <= received <= upload.size else None,
            number_id(ids[0]) if isinstance(ids, list) and ids else None,
            reason if isinstance(reason, str) else "",
        )

    def _call(self, order: Order, path: str, body: object = None) -> Reply:
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return self._http.send(order, "POST", f"/v2/post/publish/{path}", json=body, headers=headers)

    def _put(self, order: Order, file: MediaFile, upload: Upload, end: int) -> Reply:
        """Send the bytes from the upload's offset up to `end`, without the token: the URL is the permission."""
        return self._http.send(
            order,
            "PUT",
            upload.upload_url,
            content=pieces(file.path, upload.offset, end),
            headers=range_headers(file.item.mime, upload.offset, end, upload.size),
            bearer=False,
            uploading=True,
        )

    def _accepted(self, order: Order, step: str, reply: Reply) -> Answer:
        """The reply, where it is a success by status and code. Raises StepFailed otherwise."""
        if isinstance(reply, Answer) and reply.is_success and error_code(reply) == "ok":
            return reply
        raise StepFailed(step, as_failure(reply, self._judge(order), "TikTok"))

    def _judge(self, order: Order) -> Judge:
        return lambda answer: refusal(answer, order.account, self._clock.now(), order.delivery_id)


def _video(order: Order) -> MediaFile:
    """The order's one video, whose bytes are all there. Raises StepFailed where there is not exactly one."""
    if len(order.media) != 1 or not order.media[0].item.is_video:
        raise StepFailed(ANNOUNCE, NotDone(Kind.CONTENT, "TikTok takes exactly one video"))
    file = order.media[0]
    try:
        with file.path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
    except OSError as error:
        raise StepFailed(ANNOUNCE, NotDone(Kind.MEDIA, f"cannot read {file.item.name}: {error}")) from error
    if size != file.item.bytes:
        raise StepFailed(ANNOUNCE, NotDone(Kind.MEDIA, f"{file.item.name} is not the file it was: {size} bytes"))
    return file


def _post_info(order: Order) -> dict[str, object]:
    """What the post says beside its bytes. Raises StepFailed."""
    try:
        return post_info(order.text, order.options)
    except ValueError as error:
        raise StepFailed(ANNOUNCE, NotDone(Kind.CONTENT, str(error), hint=_privacy_hint(order))) from error


def _privacy_hint(order: Order) -> str:
    return f"ttp account set {order.account.name} --set tiktok.privacy_level=SELF_ONLY"


def _request(order: Order) -> str:
    """A fingerprint of what an upload announces: an edited post must not complete the old one."""
    content = {"text": order.text, "options": dict(order.options), "sha256": order.media[0].item.sha256}
    return fingerprint("POST", "video/init", content)


def _link(upload: Upload, post_id: str | None) -> str | None:
    if post_id is None or upload.username is None:
        return None
    return f"https://www.tiktok.com/@{upload.username}/video/{post_id}"


def _no_judge(_: Answer) -> None:
    """Upload answers are not in TikTok's envelope: nothing in them is on a list."""
