"""Delete posts. Each part of a thread is a post; other servers may keep copies."""

from __future__ import annotations

from urllib.parse import quote

from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Deleted, PublishRequest
from ttp.platforms.http import HttpByServer
from ttp.platforms.mastodon.errors import host_name, judge
from ttp.platforms.mastodon.limits import STATUSES
from ttp.platforms.mastodon.server import software_of
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer


class MastodonDeleter:
    """Deletes posts on Mastodon."""

    def __init__(self, servers: HttpByServer, clock: Clock) -> None:
        self._servers = servers
        self._clock = clock

    def close(self) -> None:
        self._servers.close()

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. One that is not there counts as deleted."""
        account = request.account
        reply = self._servers.of(account).request_for(request, "DELETE", f"{STATUSES}/{quote(remote_id, safe='')}")
        if isinstance(reply, Answer) and reply.is_success and isinstance(reply.data, dict):
            return Deleted(reply.status)
        if isinstance(reply, Answer) and reply.status in (404, 410) and reply.value_at("error"):
            return Deleted(reply.status, "it was gone before")
        if isinstance(reply, Answer) and reply.status in (404, 405, 501):
            message = f"{host_name(account)} ({software_of(account).name}) lets no app delete posts: delete it there"
            return NotDone(Kind.CONTENT, message, str(reply.status), reply.status)
        return as_failure(reply, judge(account, self._clock.now()), host_name(account))
