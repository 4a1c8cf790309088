"""Signs in with a password, and asks a press about an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.publishing.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import AccountInfo, Checker, PublishRequest
from ttp.platforms.http import Http, HttpByServer
from ttp.platforms.login import Grant, Identity
from ttp.platforms.oauth.token_response import read_token
from ttp.platforms.reply import Answer, as_failure

from .client import refusal


class PaperLogin:
    scopes: tuple[str, ...] = ()
    revokes_all = False
    revoke_at = "at the press: Settings, Passwords"
    asks_for = ("Password",)

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return True

    def renews(self, credentials: Credentials) -> bool:
        return False

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        raise NotImplementedError

    def sign_in(self, handle: str, answers: Mapping[str, str]) -> Grant | NotDone:
        body = {"handle": handle, "password": answers["Password"]}
        reply = self._http.request("POST", "/session", json=body, secrets=(answers["Password"],))
        token = read_token(reply.value_at("token")) if isinstance(reply, Answer) and reply.is_success else None
        if token is None:
            return as_failure(reply, _bad_password, "Paper")
        return Grant(token, self._clock.now())

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self._http.request("GET", "/me", headers={"Authorization": f"Bearer {grant.access_token}"})
        if not isinstance(reply, Answer) or not reply.is_success:
            return as_failure(reply, _bad_password, "Paper")
        info = reply.value_at("press")
        return (Identity(reply.text_at("id"), reply.text_at("handle"), grant, info if isinstance(info, dict) else {}),)

    def revoke(self, credentials: Credentials) -> NotDone | None:
        reply = self._http.request(
            "DELETE", "/session", headers={"Authorization": f"Bearer {credentials.access_token}"}
        )
        return None if isinstance(reply, Answer) and reply.is_success else as_failure(reply, _bad_password, "Paper")


def _bad_password(answer: Answer) -> NotDone | None:
    from ttp.domain.publishing.outcome import Kind

    known = answer.status == 401
    return NotDone(Kind.AUTH, "the press does not take this password", "bad_password", 401) if known else None


class PaperCheck(Checker):
    def __init__(self, http: HttpByServer) -> None:
        self._http = http

    def close(self) -> None:
        self._http.close()

    def platform_at(self, account: Account) -> datetime | None:
        return self._http.of(account).platform_at(account.name)

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        reply = self._http.of(account).request_for(PublishRequest(0, account, credentials, ""), "GET", "/me")
        info = reply.value_at("press") if isinstance(reply, Answer) and reply.is_success else None
        if not isinstance(reply, Answer) or not isinstance(info, dict):
            return as_failure(reply, lambda answer: refusal(answer, account), "Paper")
        return AccountInfo(reply.text_at("id"), reply.text_at("handle"), server_info=info)
