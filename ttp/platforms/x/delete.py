"""Delete posts on X: `DELETE /2/tweets/{id}` (docs/reference/platforms/x.md, 3.1). Each part of a thread is a post."""

from __future__ import annotations

from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.http import Http
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer
from ttp.platforms.x.errors import refusal


class XDeleter:
    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. X answers the same for a post it never had; a 404 in its own format counts as already gone."""
        reply = self._http.request_for(request, "DELETE", f"/2/tweets/{remote_id}")
        if isinstance(reply, Answer) and reply.is_success and reply.value_at("data", "deleted") is True:
            return Deleted(reply.status)
        if isinstance(reply, Answer) and reply.status == 404 and self._refusal(request, reply) is not None:
            return Deleted(404, "it was already gone")
        return as_failure(reply, lambda answer: self._refusal(request, answer), "X")

    def _refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now(), request.credentials)
