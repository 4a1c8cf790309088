"""Connect Instagram by Instagram Login or Facebook Login.

See docs/reference/platforms/instagram.md, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import SOON, Remark, failure_remark, format_end, ok_remark, warning_remark
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.addresses import configured_url
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest
from ttp.platforms.instagram.errors import NO_USER_ID
from ttp.platforms.instagram.part import API, InstagramPart
from ttp.platforms.instagram.scopes import COMMENTING, DELETING, FACEBOOK_SCOPES, INSTAGRAM_SCOPES
from ttp.platforms.login import App, Grant, Identity
from ttp.platforms.meta.auth import MetaCheck, MetaLogin, TokenLogin
from ttp.platforms.meta.errors import unwrap
from ttp.platforms.oauth.token_response import identity_refusal, read_scopes, read_token
from ttp.platforms.reply import Reply, as_failure, list_at, parse_numeric_id, reconnect_hint, value_at


class InstagramLogin(TokenLogin):
    api = API
    grants = "ig"
    scopes = INSTAGRAM_SCOPES
    extra_scopes = (COMMENTING["instagram"],)
    publishing = ("instagram_business_basic", "instagram_business_content_publish")
    revoke_at = "on Instagram: Settings, Apps and websites"

    def code_url(self) -> str:
        return configured_url(self._config, "platforms.instagram.token_url", self._http.base_url)

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self.ask(f"{self._root}/me", grant.access_token, {"fields": "user_id,username,account_type"})
        me = unwrap(reply)
        user_id, handle = parse_numeric_id(me.success_at("user_id")), me.text_at("username")
        return (Identity(user_id, handle, grant),) if user_id and handle else identity_refusal(reply, "Instagram")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """Instagram has no API for it: the person removes the app."""
        return NotDone(Kind.ACCOUNT, "only the Instagram user can do that")


_MOST_PAGES = 20
"""Pages of the list of Facebook pages; a person with more than 2,000 must add the account's token by hand."""


class FacebookLogin(MetaLogin):
    api = API
    name = "Facebook"
    scopes = FACEBOOK_SCOPES
    extra_scopes = (DELETING, COMMENTING["facebook"])
    publishing = ("instagram_basic", "instagram_content_publish")
    revokes_all = True
    revoke_at = "on Facebook: Settings and privacy, Settings, Business integrations"

    def page(self) -> str:
        usual = f"https://www.facebook.com{self._root}/dialog/oauth"
        return configured_url(self._config, "platforms.instagram.authorize_url", self._http.base_url, usual)

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        secret = app.client_secret or ""
        path, named = f"{self._root}/oauth/access_token", {"client_id": app.client_id, "client_secret": secret}
        short = self.get_token(path, {**named, "redirect_uri": redirect_uri, "code": code}, code, secret)
        if not isinstance(short, Grant):
            return short
        token = short.access_token
        query = {"grant_type": "fb_exchange_token", **named, "fb_exchange_token": token}
        grant = self.get_token(path, query, token, secret)
        return replace(grant, scopes=self._granted(grant)) if isinstance(grant, Grant) else grant

    def renews(self, credentials: Credentials) -> bool:
        return False

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        return NotDone(Kind.AUTH, "Facebook Login tokens cannot be renewed")

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        identities: list[Identity] = []
        query = {"fields": "id,name,access_token,instagram_business_account", "limit": "100"}
        for _ in range(_MOST_PAGES):
            reply = self.ask(f"{self._root}/me/accounts", grant.access_token, query)
            if not reply.is_success:
                return identity_refusal(reply, "Facebook")
            for user_id, token in _pages(reply):
                # Facebook announces no end of a page's token.
                identity = self._identity(user_id, replace(grant, access_token=token, expires_at=None))
                if isinstance(identity, NotDone):
                    return identity
                identities.append(identity)
            after = reply.value_at("paging", "cursors", "after")
            if not isinstance(reply.value_at("paging", "next"), str) or not isinstance(after, str):
                break
            query = {**query, "after": after}
        if identities:
            return tuple(identities)
        return NotDone(Kind.ACCOUNT, "no page of this Facebook user has a professional Instagram account")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """`DELETE /me/permissions` with the page's token; the person's own, which may be required, is not stored."""
        reply = self.ask(f"{self._root}/me/permissions", credentials.access_token, method="DELETE")
        if reply.success_at("success") is True:
            return None
        return self.refusal_of_login(reply)

    def _identity(self, user_id: str, grant: Grant) -> Identity | NotDone:
        reply = self.ask(f"{self._root}/{user_id}", grant.access_token, {"fields": "username"})
        handle = reply.text_at("username") if reply.is_success else ""
        return Identity(user_id, handle, grant) if handle else identity_refusal(reply, "Facebook")

    def _granted(self, grant: Grant) -> tuple[str, ...]:
        """Return the granted permissions; empty if Facebook does not say."""
        lines = self.ask(f"{self._root}/me/permissions", grant.access_token).success_at("data")
        named = ((value_at(line, "permission"), value_at(line, "status")) for line in list_at(lines))
        return tuple(clean_text(scope) for scope, status in named if isinstance(scope, str) and status == "granted")


def _pages(answer: Reply) -> Iterator[tuple[str, str]]:
    """Yield the Instagram account of each page that has one, and the page's token."""
    for line in list_at(answer.data, "data"):
        user_id, token = (
            parse_numeric_id(value_at(line, "instagram_business_account", "id")),
            read_token(value_at(line, "access_token")),
        )
        if user_id and token:
            yield user_id, token


PERSONAL = "PERSONAL"
"""`account_type` of accounts that are not professional; the API does not publish for them."""


class InstagramCheck(InstagramPart, MetaCheck):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        person = self._person(request)
        if isinstance(person, NotDone):
            return person
        scopes, more = self._debugged(request) if self._by_facebook else ((), ())
        return replace(
            person, scopes=scopes, remarks=(*person.remarks, *self.quota_remarks(request, person.user_id), *more)
        )

    def _person(self, request: PublishRequest) -> AccountInfo | NotDone:
        """Return whose token it is. With Facebook Login `/me` is the person, so the account's own id must be known."""
        path, fields = "/me", "user_id,username,account_type"
        if self._by_facebook:
            own = parse_numeric_id(request.credentials.user_id)
            if own is None:
                return NotDone(Kind.AUTH, NO_USER_ID, hint=reconnect_hint(request.account, request.credentials))
            path, fields = f"/{own}", "id,username"
        reply = self._http.request_for(
            request, "GET", self._root + path, query={"fields": fields}, patience=CHECK_PATIENCE_S
        )
        me = unwrap(reply)
        user_id = parse_numeric_id(me.success_at("id" if self._by_facebook else "user_id"))
        if user_id is None:
            return self.failure(request, reply)
        kind = me.text_at("account_type").upper()
        wrong = [failure_remark("a personal account; Instagram publishes for professional accounts only")]
        return AccountInfo(user_id, me.text_at("username") or None, tuple(wrong if kind == PERSONAL else ()))

    def _debugged(self, request: PublishRequest) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
        """Return the scopes of a Facebook token, and until when it gives access to data. Uses the app's own token if
        its secret is known, because some apps get no answer otherwise."""
        credentials = request.credentials
        by_app = credentials.client_id and credentials.client_secret
        asking = f"{credentials.client_id}|{credentials.client_secret}" if by_app else credentials.access_token
        reply = self._http.request(
            "GET",
            f"{self._root}/debug_token",
            query={"input_token": credentials.access_token, "access_token": asking},
            account=request.account.name,
            secrets=(credentials.access_token, credentials.client_secret),
            verbatim=False,
            patience=CHECK_PATIENCE_S,
        )
        if not (reply.is_success and isinstance(reply.value_at("data"), dict)):
            refused = as_failure(reply, partial(self.refusal, request), "Facebook")
            return (), (ok_remark(f"Facebook did not report the token's permissions: {refused.message}"),)
        return read_scopes(reply.value_at("data", "scopes")), tuple(self._ends(request, reply))

    def _ends(self, request: PublishRequest, answer: Reply) -> Iterator[Remark]:
        """Yield both expiry times of a Facebook Login token, if it has them (0 or missing: never)."""
        now = self._clock.now()
        for name, what in (
            ("expires_at", "end of the Facebook token"),
            ("data_access_expires_at", "end of its data access"),
        ):
            at = answer.value_at("data", name)
            if not isinstance(at, int) or isinstance(at, bool) or not 0 < at < 10**11:
                continue
            end = datetime.fromtimestamp(at, UTC)
            message = f"{what}: {format_end(end, now)}"
            if end <= now:
                yield failure_remark(message, reconnect_hint(request.account), reconnect=True)
            else:
                yield (
                    warning_remark(message, reconnect_hint(request.account)) if end - now < SOON else ok_remark(message)
                )
