"""Ask a server about an account: whose token it is, and what the server allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import Remark, failure_remark, ok_remark, warning_remark
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest
from ttp.platforms.http import HttpByServer
from ttp.platforms.mastodon.auth import user_at
from ttp.platforms.mastodon.errors import host_name, judge
from ttp.platforms.mastodon.server import FIRST_CLASS, describe_server, shown_software, software_named
from ttp.platforms.outcomes import as_failure, reconnect_hint
from ttp.platforms.reply import Answer


class MastodonCheck:
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
        reply = http.request_for(request, "GET", "/api/v1/accounts/verify_credentials", patience=CHECK_PATIENCE_S)
        user_id = reply.text_at("id") if isinstance(reply, Answer) and reply.is_success else ""
        if not isinstance(reply, Answer) or not user_id:
            if isinstance(reply, Answer) and reply.status in (401, 422) and not reply.value_at("error"):
                message = f"{host_name(account)} refuses the token"
                return NotDone(Kind.AUTH, message, str(reply.status), reply.status, hint=reconnect_hint(account))
            return as_failure(reply, judge(account, self._clock.now()), host_name(account))
        info = describe_server(http, self._clock.now(), patience=CHECK_PATIENCE_S)
        known = account.server_info if isinstance(info, NotDone) else info
        remarks = [warning_remark(info.message)] if isinstance(info, NotDone) else []
        username = reply.text_at("username") or reply.text_at("acct").partition("@")[0]
        domain = account.handle.rpartition("@")[2]
        identity = user_at(user_id, http) if account.user_id is None or "@" in account.user_id else user_id
        return AccountInfo(
            identity,
            f"{username}@{domain}" if username else None,
            (*remarks, *_remarks(reply, known)),
            server_info=None if isinstance(info, NotDone) else info,
        )


def _remarks(answer: Answer, info: Mapping[str, object]) -> Iterator[Remark]:
    if not info:
        return
    software, shown = software_named(info), shown_software(info)
    if not software.is_known:
        yield warning_remark(f"its server runs {shown}, which ttp does not know; a person decides more often")
    elif software.name == FIRST_CLASS:
        yield ok_remark(f"its server runs {shown}")
    else:
        nets = "with idempotency keys" if software.keys else "which has no idempotency keys"
        yield ok_remark(f"its server runs {shown}, {nets}")
    if answer.date is None:
        yield warning_remark(
            f"{shown} does not tell its time: if an answer is lost and the post is not found, a person decides"
        )
    if isinstance(moved := answer.value_at("moved"), dict) and moved:
        yield failure_remark("the account has moved to another one")
    if answer.value_at("suspended") is True:
        yield failure_remark("the account is suspended")
    if answer.value_at("limited") is True:
        yield warning_remark("the account is limited: its public posts are shown as unlisted")
