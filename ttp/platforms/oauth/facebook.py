"""Connecting Instagram by Facebook Login: a person, their pages, and the Instagram account behind each page.

Section 2.2 of Instagram's contract. What is kept is the page's own token, which does not end with the person's sixty
days; nothing is renewed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ttp.domain.account import Credentials, Platform
from ttp.domain.attempt import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.oauth.grant import App, Grant, Identity, address, known, read_grant, read_token, unknown_person
from ttp.platforms.oauth.instagram import why
from ttp.platforms.oauth.scopes import FACEBOOK
from ttp.platforms.reply import Answer, Reply, dig, number_id
from ttp.platforms.wording import clean

_MOST_PAGES = 20
"""Pages of the list of pages; a person with more than 2,000 of them must name the account's token by hand."""


class FacebookLogin:
    platform = Platform.INSTAGRAM
    scopes = FACEBOOK
    needs_secret = True
    revokes_all = True

    def __init__(self, http: Http, page: str, version: str, clock: Clock) -> None:
        self._http = http
        self._page = page
        self._root = f"/{version}"
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return None

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return address(
            self._page,
            {
                "client_id": app.client_id,
                "redirect_uri": redirect_uri,
                "response_type": "code",
                "scope": ",".join(scopes),
                "state": state,
            },
        )

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        secret = app.client_secret or ""
        named = {"client_id": app.client_id, "client_secret": secret}
        short = self._token({**named, "redirect_uri": redirect_uri, "code": code}, code, secret)
        if not isinstance(short, Grant):
            return short
        token = short.access_token
        grant = self._token({"grant_type": "fb_exchange_token", **named, "fb_exchange_token": token}, token, secret)
        return replace(grant, scopes=self._granted(grant)) if isinstance(grant, Grant) else grant

    def renews(self, credentials: Credentials) -> bool:
        return False

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        return NotDone(Kind.AUTH, "tokens of Facebook Login cannot be renewed")

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        found: list[Identity] = []
        query = {"fields": "id,name,access_token,instagram_business_account", "limit": "100"}
        for _ in range(_MOST_PAGES):
            reply = self._get("/me/accounts", query, grant.access_token)
            if not isinstance(reply, Answer) or not reply.is_success:
                return unknown_person(reply, "Facebook")
            for user_id, token in _pages(reply):
                # The page's token ends with nothing that Facebook announces.
                identity = self._identity(user_id, replace(grant, access_token=token, expires_at=None))
                if isinstance(identity, NotDone):
                    return identity
                found.append(identity)
            after = reply.at("paging", "cursors", "after")
            if not isinstance(reply.at("paging", "next"), str) or not isinstance(after, str):
                break
            query = {**query, "after": after}
        if found:
            return tuple(found)
        return NotDone(Kind.ACCOUNT, "no page of this Facebook user has a professional Instagram account")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """`DELETE /me/permissions`, with the page's token.

        The person's own, which Facebook may ask for, is not kept.
        """
        token = credentials.access_token
        bearer = {"Authorization": f"Bearer {token}"}
        reply = self._http.ask("DELETE", f"{self._root}/me/permissions", headers=bearer, secrets=known(token))
        if isinstance(reply, Answer) and reply.is_success and reply.at("success") is True:
            return None
        return why(reply, self._clock.now(), "Facebook")

    def _identity(self, user_id: str, grant: Grant) -> Identity | NotDone:
        reply = self._get(f"/{user_id}", {"fields": "username"}, grant.access_token)
        handle = reply.words("username") if isinstance(reply, Answer) and reply.is_success else ""
        return Identity(user_id, handle, grant) if handle else unknown_person(reply, "Facebook")

    def _granted(self, grant: Grant) -> tuple[str, ...]:
        """The permissions that the person gave; none where Facebook does not say."""
        reply = self._get("/me/permissions", {}, grant.access_token)
        lines = reply.at("data") if isinstance(reply, Answer) and reply.is_success else None
        named = ((dig(line, "permission"), dig(line, "status")) for line in (lines if isinstance(lines, list) else ()))
        return tuple(clean(scope) for scope, status in named if isinstance(scope, str) and status == "granted")

    def _token(self, query: dict[str, str], *secrets: str) -> Grant | NotDone:
        """Facebook takes codes and secrets in the query; nothing logs it."""
        now = self._clock.now()
        reply = self._http.ask("GET", f"{self._root}/oauth/access_token", query=query, secrets=known(*secrets))
        return read_grant(reply, now) or why(reply, now, "Facebook")

    def _get(self, path: str, query: dict[str, str], token: str) -> Reply:
        bearer = {"Authorization": f"Bearer {token}"}
        return self._http.ask("GET", self._root + path, query=query, headers=bearer, secrets=known(token))


def _pages(answer: Answer) -> Iterator[tuple[str, str]]:
    """The Instagram account of each page that has one, and the page's token."""
    lines = answer.at("data")
    for line in lines if isinstance(lines, list) else ():
        user_id, token = number_id(dig(line, "instagram_business_account", "id")), read_token(dig(line, "access_token"))
        if user_id and token:
            yield user_id, token
