"""Delete posts with Facebook Login: `DELETE /{media}` (docs/reference/platforms/instagram.md, 3.6)."""

from __future__ import annotations

from dataclasses import replace

from ttp.domain.action import action
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.http import Http
from ttp.platforms.instagram.auth import DELETING, FACEBOOK_SCOPES
from ttp.platforms.instagram.errors import refusal
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer, Reply

_NO_SUCH = "100/33"
_DEAD_TOKEN = ("190", "102")


class InstagramDeleter:
    def __init__(self, http: Http, version: str, clock: Clock) -> None:
        self._http = http
        self._root = f"/{version}"
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. One that the account cannot see is already gone; stories and some other kinds cannot be
        deleted."""
        path = f"{self._root}/{remote_id}"
        reply = self._http.request_for(request, "DELETE", path)
        if isinstance(reply, Answer) and reply.is_success and reply.value_at("success") is True:
            return Deleted(reply.status)
        failure = self._failure(request, reply)
        if failure.code == _NO_SUCH:
            # Instagram answers the same for posts it will not delete; but an account sees its own posts while they
            # exist.
            seen = self._http.request_for(request, "GET", path, query={"fields": "id"})
            return Deleted(failure.http_status, "it was already gone") if self._is_unseen(request, seen) else failure
        if failure.kind is Kind.AUTH and not (failure.code or "").startswith(_DEAD_TOKEN):
            scopes = ",".join((*FACEBOOK_SCOPES, DELETING))
            hint = action("account connect", request.account.name, scopes=scopes)
            return replace(failure, message=f"{failure.message}: {DELETING} is needed to delete posts", hint=hint)
        return failure

    def _is_unseen(self, request: PublishRequest, reply: Reply) -> bool:
        return not (isinstance(reply, Answer) and reply.is_success) and self._failure(request, reply).code == _NO_SUCH

    def _failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        return as_failure(reply, lambda answer: refusal(answer, request.account, self._clock.now()), "Instagram")
