"""Connect LinkedIn: OAuth 2.0 for sixty days, without PKCE. See docs/reference/platforms/linkedin.md, section 2."""

from __future__ import annotations

import re
import unicodedata

from ttp.domain.account import Account, Credentials
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.addresses import configured_url
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, Checker, PublishRequest
from ttp.platforms.linkedin.errors import LinkedInPart
from ttp.platforms.login import App, Grant, Identity
from ttp.platforms.oauth.code_login import CodeLogin
from ttp.platforms.oauth.token_response import identity_refusal
from ttp.platforms.reply import Reply

WHO = "/v2/userinfo"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class LinkedInLogin(CodeLogin):
    platform, name = "linkedin", "LinkedIn"
    scopes = ("openid", "profile", "w_member_social")
    publishing = ("w_member_social",)
    revoke_at = "on LinkedIn: Settings and Privacy, Data privacy, Permitted services"
    token_path, revoke_path = "/accessToken", "/revoke"

    def page(self) -> str:
        return f"{self._root()}/authorization"

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        """LinkedIn accepts PKCE only from apps for which it has enabled it."""
        return None

    def post_as(self, app: App, path: str, form: dict[str, str], *hidden: str | None) -> Reply:  # type: ignore[override]
        return super().post_as(app, f"{self._root()}{path}", form, *hidden)

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self.ask(WHO, grant.access_token)
        user_id = parse_person(reply.success_at("sub"))
        if user_id is None:
            return identity_refusal(reply, self.name)
        return (Identity(user_id, handle_of(reply.text_at("name"), user_id), grant),)

    def _root(self) -> str:
        return configured_url(self._config, "platforms.linkedin.login_url", self._http.base_url).rstrip("/")


class LinkedInCheck(LinkedInPart, Checker):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        reply = self._http.request_for(request, "GET", WHO, patience=CHECK_PATIENCE_S)
        user_id = parse_person(reply.success_at("sub"))
        if user_id is None:
            return self.failure(request, reply)
        return AccountInfo(user_id, handle_of(reply.text_at("name"), user_id))


def parse_person(value: object) -> str | None:
    """Return a person's id as a part of an URN; None for anything else."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def handle_of(name: str, user_id: str) -> str:
    """Return a person's name as a handle (`nora-lind`), because LinkedIn gives apps no other; the id if the name
    has no Latin letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:64] or user_id
