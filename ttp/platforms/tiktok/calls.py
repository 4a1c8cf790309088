"""The calls to TikTok that its client and its look-ups share: JSON with the token, and bytes without it."""

from __future__ import annotations

from ttp.domain.time.clock import Clock
from ttp.platforms.byte_range import pieces
from ttp.platforms.client import MediaFile, Order, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.outcomes import Judge, as_failure
from ttp.platforms.reply import Answer, Reply
from ttp.platforms.tiktok import listing, status, upload
from ttp.platforms.tiktok.errors import error_code, refusal
from ttp.platforms.tiktok.status import Status
from ttp.platforms.tiktok.upload import Upload


class Calls:
    """The calls of every account."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def status(self, order: Order, publish_id: str) -> Status:
        return status.read(self.post(order, "status/fetch/", {"publish_id": publish_id}))

    def post(self, order: Order, path: str, body: object = None) -> Reply:
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return self._http.send(order, "POST", f"/v2/post/publish/{path}", json=body, headers=headers)

    def put(self, order: Order, file: MediaFile, begun: Upload, end: int) -> Reply:
        """Send the bytes from the upload's offset up to `end`, without the token: the URL is the permission."""
        return self._http.send(
            order,
            "PUT",
            begun.upload_url,
            content=pieces(file.path, begun.offset, end),
            headers=upload.range_headers(file.item.mime, begun.offset, end, begun.size),
            bearer=False,
            uploading=True,
        )

    def accepted(self, order: Order, step: str, reply: Reply) -> Answer:
        """The reply, where it is a success by status and code. Raises StepFailed otherwise."""
        if isinstance(reply, Answer) and reply.is_success and error_code(reply) == "ok":
            return reply
        raise StepFailed(step, as_failure(reply, self.judge(order), "TikTok"))

    def judge(self, order: Order, *, proof: bool = False) -> Judge:
        """`proof`: of a publishing call; a server's error proves nothing, whatever code it names."""
        now, spread = self._clock.now(), order.delivery_id
        return lambda answer: None if proof and answer.status >= 500 else refusal(answer, order.account, now, spread)

    def videos(self, order: Order) -> Reply:
        """The account's newest public videos."""
        return self._http.send(order, "POST", listing.PATH, query=listing.QUERY, json=listing.BODY)
