"""Look up a publication on TikTok: its status, or if its id is lost, the account's public videos. Reads only. A post
missing from the list proves nothing."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.publishing.outcome import Absent, Finding, Found, Handle, Kind, Refused, Unclear, Working
from ttp.platforms.client import LookupResult, PublishRequest
from ttp.platforms.tiktok import calls as calls_module
from ttp.platforms.tiktok import request_body, uploads
from ttp.platforms.tiktok.calls import Calls, PublicationStatus
from ttp.platforms.tiktok.errors import NO_SCOPE, error_code, publication_failure
from ttp.platforms.tiktok.options import PUBLIC
from ttp.platforms.tiktok.uploads import Pull, Upload

WORKING = "TikTok is processing the video"
DRAFT = "it is a draft in the inbox of the TikTok app: finish and post it there"


class TikTokLookUps(Calls):
    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Return the status of the publication. It is final: no settle window."""
        begun = from_handle(handle)
        if begun is None or begun.publish_id is None:
            return self._by_list(request, since)
        status = self.status(request, begun.publish_id)
        return LookupResult(self._finding(request, begun, begun.publish_id, status), status.reply.date)

    def _finding(
        self, request: PublishRequest, begun: Upload | Pull, publish_id: str, status: PublicationStatus
    ) -> Finding:
        match status.name:
            case "SEND_TO_USER_INBOX":
                return Found(publish_id, note=DRAFT)
            case "PUBLISH_COMPLETE":
                # A public post gets its id only after moderation; others never get one.
                public = request.options.get("privacy_level") == PUBLIC and not request_body.kind_of(request).is_draft
                link = _link(request, begun.username, status.post_id)
                return Found(status.post_id or publish_id, link, id_later=public and status.post_id is None)
            case "PROCESSING_UPLOAD" if isinstance(begun, Upload) and status.lacks_bytes(begun.size):
                again = resume(request, begun, status, self._clock.now())
                if again is None and begun.may_still_end(self._clock.now()):
                    return Working("waiting until TikTok's upload URL expires, because a call to it may still arrive")
                return Absent(certain=True, handle={} if again is None else again.to_handle())
            case "PROCESSING_UPLOAD" | "PROCESSING_DOWNLOAD":
                return Working(WORKING)
            case "FAILED":
                return Refused(publication_failure(status.reason, status.reply, request.account, self._clock.now()))
            case _:
                return self.unclear(request, status.reply, final=status.refuses_id)

    def _by_list(self, request: PublishRequest, since: datetime) -> LookupResult:
        """The publish_id is lost: return the one match among the account's public videos. No match proves nothing."""
        if (why := calls_module.why_unlisted(request)) is not None:
            message = f"the answer with TikTok's id was lost, and {why}"
            return LookupResult(Unclear(Kind.UNKNOWN, message, final=True), None)
        reply = self.videos(request)
        match calls_module.matches(reply, request, since):
            case None:
                return LookupResult(self.unclear(request, reply, final=error_code(reply) in NO_SCOPE), reply.date)
            case ():
                message = "the answer with TikTok's id was lost; the post is not among the public videos so far"
                return LookupResult(Unclear(Kind.UNKNOWN, message), reply.date)
            case (only,):
                return LookupResult(only, reply.date)
            case several:
                links = tuple(video.url for video in several if video.url is not None)
                message = f"{len(several)} videos on TikTok could be this one"
                return LookupResult(Unclear(Kind.DUPLICATE, message, final=True, links=links), reply.date)


def from_handle(handle: Handle) -> Upload | Pull | None:
    """Return the publication stored in a handle; None without one."""
    return uploads.upload_from_handle(handle) or uploads.pull_from_handle(handle)


def may_be_published(begun: Upload | Pull, status: PublicationStatus) -> bool:
    """Whether a publication may have been published, or still may be. Not one that TikTok reports as failed, nor an
    upload that lacks bytes or is unknown to TikTok. An unknown call to fetch may be."""
    if isinstance(begun, Pull):
        return status.name != "FAILED"
    return not status.lacks_bytes(begun.size) and status.name not in ("", "FAILED")


def resume(request: PublishRequest, begun: Upload | Pull, status: PublicationStatus, now: datetime) -> Upload | None:
    """Return the upload, continued from TikTok's offset; None if it cannot or should not be completed."""
    if not isinstance(begun, Upload) or not status.lacks_bytes(begun.size) or status.received is None:
        return None
    same = begun.request == request_body.request_of(request) and not request_body.is_pulled(request)
    return begun.at(status.received) if same and begun.is_open(now) else None


def _link(request: PublishRequest, username: str | None, post_id: str | None) -> str | None:
    if post_id is None or username is None:
        return None
    kind = "photo" if request_body.kind_of(request).is_photos else "video"
    return f"https://www.tiktok.com/@{username}/{kind}/{post_id}"
