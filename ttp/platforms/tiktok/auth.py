"""Connect TikTok: `client_key`, scopes with commas, a hexadecimal challenge, single-use refresh tokens.

See docs/reference/platforms/tiktok.md, section 2. An answer with the key `error` is a refusal, whatever its status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ttp.domain.account import Credentials, is_loopback
from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.login import UNKNOWN_APP, App, Grant, Identity
from ttp.platforms.oauth import pkce
from ttp.platforms.oauth.token_response import identity_refusal, read_grant, read_oauth_error, with_query, without_none
from ttp.platforms.reply import Answer

SCOPES = (
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.publish",
    "video.upload",
    "video.list",
)
"""See docs/reference/platforms/tiktok.md, section 2."""


class TikTokLogin:
    scopes = SCOPES
    revokes_all = False
    revoke_at = "in TikTok: Settings and privacy, Security and permissions, Manage app permissions"

    def __init__(self, http: Http, page: str, clock: Clock) -> None:
        self._http = http
        self._page = page
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def register(self, redirect_uri: str) -> App | NotDone | None:
        return None

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        """The creator's inbox needs only `video.upload`."""
        return "video.publish" in granted or ("video.upload" in granted and options.get("mode") == "inbox")

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        """Desktop apps, whose redirect URL is on this machine, use PKCE; web apps do not."""
        return pkce.s256_hex(verifier) if is_loopback(urlsplit(redirect_uri).hostname or "") else None

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return with_query(
            self._page,
            {
                "client_key": app.client_id,
                "response_type": "code",
                "scope": ",".join(scopes),
                "redirect_uri": redirect_uri,
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": None if challenge is None else "S256",
            },
        )

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if verifier is not None:
            form["code_verifier"] = verifier
        return self._token(app, form, code, verifier)

    def renews(self, credentials: Credentials) -> bool:
        return credentials.refresh_token is not None

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        app, token = App(credentials.client_id or "", credentials.client_secret), credentials.refresh_token or ""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self._token(app, form, token, credentials.access_token)

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self._http.request(
            "GET",
            "/v2/user/info/",
            query={"fields": "open_id,username"},
            headers={"Authorization": f"Bearer {grant.access_token}"},
            secrets=without_none(grant.access_token),
        )
        if isinstance(reply, Answer) and reply.is_success:
            user_id, handle = reply.text_at("data", "user", "open_id"), reply.text_at("data", "user", "username")
            if user_id and handle:
                return (Identity(user_id, handle, grant),)
        return identity_refusal(reply, "TikTok")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if not credentials.client_id:
            return UNKNOWN_APP
        app, token = App(credentials.client_id or "", credentials.client_secret), credentials.access_token
        reply = self._http.request(
            "POST",
            "/v2/oauth/revoke/",
            form={**_named(app), "token": token},
            secrets=without_none(token, app.client_secret),
        )
        done = isinstance(reply, Answer) and reply.is_success and reply.value_at("error") is None
        return None if done else read_oauth_error(reply, "TikTok")

    def _token(self, app: App, form: Mapping[str, str], *secrets: str | None) -> Grant | NotDone:
        now = self._clock.now()
        reply = self._http.request(
            "POST", "/v2/oauth/token/", form={**_named(app), **form}, secrets=without_none(app.client_secret, *secrets)
        )
        if isinstance(reply, Answer) and reply.value_at("error") is not None:
            return read_oauth_error(reply, "TikTok")
        return read_grant(reply, now) or read_oauth_error(reply, "TikTok")


def _named(app: App) -> dict[str, str]:
    return {"client_key": app.client_id, "client_secret": app.client_secret or ""}
