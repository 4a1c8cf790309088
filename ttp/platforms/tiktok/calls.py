"""TikTok's calls, and finding a delivery among an account's public videos when its publish_id is lost."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.publishing.outcome import Found
from ttp.domain.text import utf16_length
from ttp.platforms.client import MediaFile, PublishRequest, StepFailed
from ttp.platforms.reply import Reply, list_at, parse_numeric_id, parse_web_address, value_at
from ttp.platforms.tiktok import uploads
from ttp.platforms.tiktok.errors import REFUSED_ID, TikTokPart, error_code, is_ok
from ttp.platforms.tiktok.options import PUBLIC, TikTokKind
from ttp.platforms.tiktok.request_body import kind_of
from ttp.platforms.tiktok.uploads import Upload
from ttp.platforms.uploads import read_range

PATH = "/v2/video/list/"
QUERY = {"fields": "id,create_time,title,video_description,share_url"}
BODY = {"max_count": 20}
_CUT = 150
"""Characters after which lists cut titles."""


def why_unlisted(request: PublishRequest) -> str | None:
    """Return why the list can never show a post; None if it can once the post is public."""
    kind = kind_of(request)
    if kind is not TikTokKind.VIDEO:
        return "TikTok lists no drafts" if kind.is_draft else "TikTok does not say whether it lists photos"
    if request.options.get("privacy_level") != PUBLIC:
        return "TikTok lists public videos only"
    return None if request.text.strip() else "a video without a title cannot be identified"


def matches(reply: Reply, request: PublishRequest, since: datetime) -> tuple[Found, ...] | None:
    """Return the unbound videos with the post's title created since `since`; None if `reply` is not a list."""
    if not is_ok(reply):
        return None
    videos = reply.value_at("data", "videos")
    if not isinstance(videos, list):
        return None
    own_videos = []
    for video in videos:
        video_id, made = parse_numeric_id(value_at(video, "id")), value_at(video, "create_time")
        if video_id is None or not isinstance(made, int):
            return None
        titles = (value_at(video, "title"), value_at(video, "video_description"))
        named = any(isinstance(title, str) and _is_title_of(title, request.text) for title in titles)
        if named and video_id not in request.bound and made >= int(since.timestamp()):
            own_videos.append(Found(video_id, parse_web_address(value_at(video, "share_url"))))
    return tuple(own_videos)


def _is_title_of(listed: str, text: str) -> bool:
    listed, text = _plain(listed), _plain(text)
    if utf16_length(text) <= _CUT:
        return listed == text
    listed = listed.removesuffix("…").removesuffix("...").rstrip()
    # Cut after what TikTok counts as characters, maybe inside one character of the text; spaces may be lost too.
    return text.startswith(listed) and len(listed) >= _CUT // 2 - 10


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


class Calls(TikTokPart):
    def status(self, request: PublishRequest, publish_id: str) -> PublicationStatus:
        return read_status(self.post(request, "status/fetch/", {"publish_id": publish_id}))

    def post(self, request: PublishRequest, path: str, body: object = None) -> Reply:
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return self._http.request_for(request, "POST", f"/v2/post/publish/{path}", json=body, headers=headers)

    def put(self, request: PublishRequest, file: MediaFile, begun: Upload, end: int) -> Reply:
        """Send the bytes from the upload's offset to `end`, without the token: the URL is the permission."""
        return self._http.request_for(
            request,
            "PUT",
            begun.upload_url,
            content=read_range(file.path, begun.offset, end),
            headers=uploads.range_headers(file.item.mime, begun.offset, end, begun.size),
            with_token=False,
            uploading=True,
        )

    def require_ok(self, request: PublishRequest, step: str, reply: Reply) -> None:
        """Raise StepFailed unless status and code are a success."""
        if not is_ok(reply):
            raise StepFailed(step, self.failure(request, reply))

    def videos(self, request: PublishRequest) -> Reply:
        """Request the account's newest public videos."""
        return self._http.request_for(request, "POST", PATH, query=QUERY, json=BODY)


@dataclass(frozen=True, slots=True)
class PublicationStatus:
    """A publication's status. `name` is empty if unreadable; `received`: bytes of an upload."""

    name: str
    reply: Reply
    received: int | None = None
    post_id: str | None = None
    reason: str = ""

    @property
    def refuses_id(self) -> bool:
        return error_code(self.reply) in REFUSED_ID

    def lacks_bytes(self, size: int) -> bool:
        return self.name == "PROCESSING_UPLOAD" and self.received is not None and self.received < size


def read_status(reply: Reply) -> PublicationStatus:
    if not is_ok(reply):
        return PublicationStatus("", reply)
    name, reason, received = (reply.value_at("data", key) for key in ("status", "fail_reason", "uploaded_bytes"))
    ids = list_at(reply.data, "data", "publicaly_available_post_id")
    return PublicationStatus(
        name if isinstance(name, str) else "",
        reply,
        received if isinstance(received, int) and not isinstance(received, bool) and received >= 0 else None,
        parse_numeric_id(ids[0]) if ids else None,
        reason if isinstance(reason, str) else "",
    )
