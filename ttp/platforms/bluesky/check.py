"""Ask a server about an account: whose session it is, its state, and what the server takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import Remark, failure_remark, warning_remark
from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.bluesky.auth import describe_server
from ttp.platforms.bluesky.errors import judge
from ttp.platforms.bluesky.identity import parse_did
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest
from ttp.platforms.http import HttpByServer
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer


class BlueskyCheck:
    def __init__(self, servers: HttpByServer, clock: Clock) -> None:
        self._servers = servers
        self._clock = clock

    def close(self) -> None:
        self._servers.close()

    def platform_at(self, account: Account) -> datetime | None:
        return self._servers.of(account).platform_at(account.name)

    def offered(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        return ()

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        http = self._servers.of(account)
        request = PublishRequest(0, account, credentials, "")
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.server.getSession", patience=CHECK_PATIENCE_S)
        if isinstance(reply, Answer) and reply.is_success and (did := parse_did(reply.value_at("did"))):
            handle = reply.text_at("handle").lower() or None
            return AccountInfo(did, handle, tuple(_remarks(reply)), server_info=describe_server(http) or None)
        return as_failure(reply, judge(account, self._clock.now()), "Bluesky")


def _remarks(answer: Answer) -> Iterator[Remark]:
    if answer.value_at("active") is False:
        yield failure_remark(f"the account is {answer.text_at('status') or 'not active'} on Bluesky")
    if answer.text_at("handle") == "handle.invalid":
        yield warning_remark("the handle does not point back to the account: fix it in Bluesky's settings")
    if answer.value_at("emailConfirmed") is False:
        yield warning_remark("the e-mail address is not confirmed: Bluesky processes no videos before")
