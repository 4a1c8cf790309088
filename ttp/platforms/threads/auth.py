"""Connect and check Threads accounts. See docs/reference/platforms/threads.md, section 2."""

from __future__ import annotations

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest
from ttp.platforms.http import Http
from ttp.platforms.login import Grant, Identity
from ttp.platforms.meta.auth import MetaCheck, TokenLogin
from ttp.platforms.oauth.token_response import identity_refusal
from ttp.platforms.reply import parse_numeric_id
from ttp.platforms.threads.part import API, SCOPES

_ME = {"fields": "id,username"}


class ThreadsLogin(TokenLogin):
    api = API
    grants = "th"
    scopes = SCOPES
    publishing = ("threads_basic", "threads_content_publish")
    revoke_at = "on Threads: Settings, Account, Website permissions"

    def code_url(self) -> str:
        return self._http.base_url

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self.ask(f"{self._root}/me", grant.access_token, _ME)
        user_id, handle = parse_numeric_id(reply.success_at("id")), reply.text_at("username")
        return (Identity(user_id, handle, grant),) if user_id and handle else identity_refusal(reply, self.name)

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """Threads has no API for it: the person removes the app."""
        return NotDone(Kind.ACCOUNT, "only the Threads user can do that")


class ThreadsCheck(MetaCheck):
    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock, API)

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        reply = self._http.request_for(request, "GET", f"{self._root}/me", query=_ME, patience=CHECK_PATIENCE_S)
        user_id = parse_numeric_id(reply.success_at("id"))
        if user_id is None:
            return self.failure(request, reply)
        return AccountInfo(user_id, reply.text_at("username") or None, tuple(self.quota_remarks(request, API.node)))
