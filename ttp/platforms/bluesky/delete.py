"""Delete posts and what says who may reply to and quote them. Each part of a thread is a post."""

from __future__ import annotations

from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.bluesky.errors import judge
from ttp.platforms.bluesky.identity import parse_did
from ttp.platforms.bluesky.records import GATES, POSTS
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.http import HttpByServer
from ttp.platforms.outcomes import as_failure, reconnect_hint
from ttp.platforms.reply import Answer

_PATH = "/xrpc/com.atproto.repo.deleteRecord"


class BlueskyDeleter:
    """Deletes posts on Bluesky."""

    def __init__(self, servers: HttpByServer, clock: Clock) -> None:
        self._servers = servers
        self._clock = clock

    def close(self) -> None:
        self._servers.close()

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post, then its gates. A server answers the same for what it never had."""
        http = self._servers.of(request.account)
        did = parse_did(request.credentials.user_id) or parse_did(request.account.user_id)
        if did is None:
            return NotDone(Kind.ACCOUNT, "the account's identity is not known", hint=reconnect_hint(request.account))
        status = 200
        for collection in (POSTS, *GATES):
            body = {"repo": did, "collection": collection, "rkey": remote_id}
            reply = http.request_for(request, "POST", _PATH, json=body)
            if not isinstance(reply, Answer) or not reply.is_success or not isinstance(reply.data, dict):
                return as_failure(reply, judge(request.account, self._clock.now()), "Bluesky")
            status = reply.status
        return Deleted(status)
