"""Logins of Meta's platforms: no PKCE, no refresh token, and secrets in the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config
from ttp.domain.diagnostics import Remark, ok_remark, warning_remark
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Checker, PublishRequest, StepFailed, diagnostic_of_refusal
from ttp.platforms.http import Http
from ttp.platforms.login import App, Grant
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.errors import unwrap
from ttp.platforms.meta.part import MetaPart
from ttp.platforms.oauth.code_login import CodeLogin
from ttp.platforms.oauth.token_response import read_grant, read_oauth_error
from ttp.platforms.reply import Answer, Reply


class MetaLogin(CodeLogin):
    api: ClassVar[GraphApi]
    scope_separator = ","

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self.platform = self.api.platform
        self.name = self.name or self.api.name
        self._root = self.api.root(config)

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return None

    def get_token(self, path: str, query: dict[str, str], *hidden: str | None) -> Grant | NotDone:
        """Request a token. Meta documents codes, tokens and secrets in the query; nothing logs it."""
        now = self._clock.now()
        reply = self._http.request("GET", path, query=query, secrets=hidden)
        return read_grant(reply, now) or self.refusal_of_login(reply)

    def refusal_of_login(self, reply: Reply) -> NotDone:
        """Return why Meta issued no token: its Graph error, its other format for codes, or an unreadable answer. Final
        only if the token or the code is refused; a valid token is worth retries."""
        if not isinstance(reply, Answer):
            return read_oauth_error(reply, self.name)
        words = reply.text_at("error_message")
        if words and reply.value_at("error_type") is not None:
            return NotDone(Kind.AUTH, f"{self.name} answered: {words}", reply.text_at("error_type"), reply.status)
        # Any account will do: it only affects the hint, which the caller replaces.
        graph = self.api.errors.refusal(reply, Account(self.platform, "_"), self._clock.now())
        if graph is None:
            message = reply.text_at("error", "message")
            answer = read_oauth_error(reply, self.name)
            return replace(answer, message=f"{self.name} answered {reply.status}: {message}") if message else answer
        final = graph.kind is Kind.AUTH
        message = f"{self.name} answered: {graph.message}"
        return replace(graph, message=message, passing=not final, hold=False, hint=None)


class TokenLogin(MetaLogin):
    """A code becomes a token of an hour, then one of sixty days, which renews itself before it expires."""

    grants: ClassVar[str]
    """With which the names of its kinds of grant begin."""

    def code_url(self) -> str:
        """Return the host that exchanges codes."""
        return self._http.base_url

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        secret = app.client_secret or ""
        now = self._clock.now()
        form = {
            "client_id": app.client_id,
            "client_secret": secret,
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code,
        }
        url = f"{self.code_url().rstrip('/')}/oauth/access_token"
        reply = self._http.request("POST", url, form=form, secrets=(code, secret))
        short = read_grant(unwrap(reply), now)
        if short is None:
            return self.refusal_of_login(reply)
        token = short.access_token
        query = {"grant_type": f"{self.grants}_exchange_token", "client_secret": secret, "access_token": token}
        grant = self.get_token("/access_token", query, token, secret)
        return replace(grant, scopes=grant.scopes or short.scopes) if isinstance(grant, Grant) else grant

    def renews(self, credentials: Credentials) -> bool:
        return True

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        token = credentials.access_token
        query = {"grant_type": f"{self.grants}_refresh_token", "access_token": token}
        return self.get_token("/refresh_access_token", query, token)


class MetaCheck(MetaPart, Checker):
    """Checks accounts."""

    def quota_remarks(self, request: PublishRequest, user_id: str | None) -> Iterator[Remark]:
        """Yield how much of the quota of posts is used."""
        try:
            did = self.check_quota(request, user_id)
        except StepFailed as failed:
            full = failed.outcome.code == "quota"
            yield warning_remark(failed.outcome.message) if full else diagnostic_of_refusal(failed.outcome, "the quota")
            return
        has_quota = did.http_status is not None and did.http_status < 300
        yield (
            ok_remark(f"quota used: {did.message}")
            if has_quota
            else warning_remark(f"the quota is unknown: {did.message}")
        )
