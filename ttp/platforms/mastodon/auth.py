"""Connecting an account: its own app at the account's server, OAuth 2.0 with PKCE, and whose token it is. See
docs/reference/platforms/mastodon.md, section 2. Tokens do not end unless the server says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.diagnostics import Remark, failure_remark, ok_remark, warning_remark
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, Checker, PublishRequest
from ttp.platforms.http import Http
from ttp.platforms.login import App, Grant, Identity
from ttp.platforms.mastodon.errors import MastodonPart, host_name
from ttp.platforms.mastodon.server import FIRST_CLASS, describe_server, not_an_api, shown_software, software_named
from ttp.platforms.oauth.code_login import CodeLogin
from ttp.platforms.oauth.token_response import identity_refusal, read_oauth_error, read_token
from ttp.platforms.reply import Answer, Reply, reconnect_hint

SCOPES = ("read:accounts", "read:search", "read:statuses", "write:media", "write:statuses")
_BROAD = {"read": "read:", "write": "write:"}
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class MastodonLogin(CodeLogin):
    """Sign-in at the server of `http`."""

    scopes = SCOPES
    publishing = ("read:statuses", "write:statuses")
    """Without the first no lost answer can be looked up."""
    revoke_at = "in the settings of the account's server, under Account, Authorized apps"

    token_path, revoke_path = "/oauth/token", "/oauth/revoke"

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self.name = http.host

    def page(self) -> str:
        return f"{self._http.base_url}/oauth/authorize"

    def register(self, redirect_uri: str) -> App | NotDone | None:
        """Make an app that may use both ways back: the browser on this machine, and a code to paste."""
        addresses = list(dict.fromkeys((redirect_uri, OUT_OF_BAND)))
        body = {"client_name": "ttp", "redirect_uris": "\n".join(addresses), "scopes": " ".join(SCOPES)}
        reply = self._http.request("POST", "/api/v1/apps", json=body)
        client_id, secret = read_token(reply.success_at("client_id")), read_token(reply.success_at("client_secret"))
        if client_id and secret:
            return App(client_id, secret)
        if reply.status in (401, 403, 422, 501) and reply.value_at("error"):
            host, error = self._http.host, reply.text_at("error")
            message = (
                f"{host} lets no program register itself ({error}): make an app in its settings, and add its token"
            )
            hint = action("account add", f"mastodon/me@{host}", credentials="FILE")
            return NotDone(Kind.ACCOUNT, message, "registration", reply.status, hint=hint)
        if isinstance(reply, Answer):
            return not_an_api(reply, self._http.host)
        return read_oauth_error(reply, self._http.host)

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return super().can_publish(expand_scopes(granted), options)

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        got = super().exchange(app, code=code, verifier=verifier, redirect_uri=redirect_uri)
        if isinstance(got, Grant) and got.scopes and not self.can_publish(got.scopes, {}):
            lacking = ", ".join(sorted(set(self.publishing).difference(got.scopes)))
            message = f"the permission {lacking} is missing, without which ttp cannot publish safely"
            return NotDone(Kind.AUTH, message, "scopes")
        return got

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        """Return the one account of a token, with what its server allows."""
        info = describe_server(self._http, self._clock.now())
        if isinstance(info, NotDone):
            return info
        reply = self.ask("/api/v1/accounts/verify_credentials", grant.access_token)
        if reply.is_success:
            user_id, name = reply.text_at("id"), reply.text_at("username") or reply.text_at("acct").partition("@")[0]
            if user_id and name:
                handle = f"{name}@{self._domain(info)}"
                return (Identity(user_at(user_id, self._http), handle, grant, info),)
        return identity_refusal(reply, self._http.host)

    def _domain(self, info: Mapping[str, object]) -> str:
        """The host part of the server's handles. On this machine it is the address itself, whatever the server says."""
        place = urlsplit(self._http.base_url).netloc
        domain = str(info.get("domain") or "")
        return place if self._http.is_loopback or "/" in domain or not domain else domain.lower()

    def request_token(self, app: App, form: Mapping[str, str], *hidden: str | None) -> Grant | NotDone:
        grant = super().request_token(app, form, *hidden)
        return replace(grant, scopes=expand_scopes(grant.scopes)) if isinstance(grant, Grant) else grant


def expand_scopes(granted: Sequence[str]) -> tuple[str, ...]:
    """Return the granted scopes, with those of ttp's that a broad one (`read`, `write`, `profile`) covers."""
    covered = [
        scope
        for scope in SCOPES
        if any(broad in granted and scope.startswith(start) for broad, start in _BROAD.items())
        or (scope == "read:accounts" and "profile" in granted)
    ]
    return tuple(dict.fromkeys((*granted, *covered)))


def user_at(user_id: str, http: Http) -> str:
    """Return an account's identity: its id is the server's own, and another server may use the same."""
    return f"{user_id}@{urlsplit(http.base_url).netloc}"


class MastodonCheck(MastodonPart, Checker):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        http = self._http.of(account)
        request = PublishRequest(0, account, credentials, "")
        reply = http.request_for(request, "GET", "/api/v1/accounts/verify_credentials", patience=CHECK_PATIENCE_S)
        user_id = reply.text_at("id") if reply.is_success else ""
        if not user_id:
            if reply.status in (401, 422) and not reply.value_at("error"):
                message = f"{host_name(account)} refuses the token"
                return NotDone(Kind.AUTH, message, str(reply.status), reply.status, hint=reconnect_hint(account))
            return self.failure(request, reply)
        info = describe_server(http, self._clock.now(), patience=CHECK_PATIENCE_S)
        server_info = account.server_info if isinstance(info, NotDone) else info
        remarks = [warning_remark(info.message)] if isinstance(info, NotDone) else []
        username = reply.text_at("username") or reply.text_at("acct").partition("@")[0]
        domain = account.handle.rpartition("@")[2]
        identity = user_at(user_id, http) if account.user_id is None or "@" in account.user_id else user_id
        return AccountInfo(
            identity,
            f"{username}@{domain}" if username else None,
            (*remarks, *_remarks(reply, server_info)),
            server_info=None if isinstance(info, NotDone) else info,
        )


def _remarks(answer: Reply, info: Mapping[str, object]) -> Iterator[Remark]:
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
