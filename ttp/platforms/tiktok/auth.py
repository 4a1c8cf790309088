"""Connect TikTok: `client_key`, scopes with commas, a hexadecimal challenge, single-use refresh tokens. See
docs/reference/platforms/tiktok.md, section 2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ttp.domain.account import Account, Credentials, is_loopback
from ttp.domain.diagnostics import Remark, ok_remark, warning_remark
from ttp.domain.publishing.outcome import NotDone
from ttp.domain.text import clean_text
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest, SettingsChecker, diagnostic_of_refusal
from ttp.platforms.login import Grant, Identity
from ttp.platforms.oauth.code_login import CodeLogin
from ttp.platforms.oauth.token_response import identity_refusal
from ttp.platforms.reply import Reply
from ttp.platforms.tiktok import creator
from ttp.platforms.tiktok.creator import Creator
from ttp.platforms.tiktok.errors import NO_SCOPE, TikTokPart, is_ok
from ttp.platforms.tiktok.options import PRIVACY, choices_hint

SCOPES = (
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.publish",
    "video.upload",
    "video.list",
)
"""See docs/reference/platforms/tiktok.md, section 2."""


class TikTokLogin(CodeLogin):
    platform, name = "tiktok", "TikTok"
    scopes = SCOPES
    revoke_at = "in TikTok: Settings and privacy, Security and permissions, Manage app permissions"
    client_id_name = "client_key"
    scope_separator = ","
    token_path, revoke_path = "/v2/oauth/token/", "/v2/oauth/revoke/"
    errors_are_successes = True

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        """The creator's inbox needs only `video.upload`."""
        return "video.publish" in granted or ("video.upload" in granted and options.get("mode") == "inbox")

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        """Desktop apps, whose redirect URL is on this machine, use PKCE; web apps do not. TikTok's digest is in hex."""
        is_here = is_loopback(urlsplit(redirect_uri).hostname or "")
        return hashlib.sha256(verifier.encode("ascii")).hexdigest() if is_here else None

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self.ask("/v2/user/info/", grant.access_token, {"fields": "open_id,username"})
        user_id, handle = reply.text_at("data", "user", "open_id"), reply.text_at("data", "user", "username")
        if reply.is_success and user_id and handle:
            return (Identity(user_id, handle, grant),)
        return identity_refusal(reply, "TikTok")


LEVELS_PATIENCE_S = 5.0
"""Maximum seconds to ask for the privacy levels, because a person waits for it."""
JSON_TYPE = {"Content-Type": "application/json; charset=UTF-8"}
NAMES = ("open_id,username", "open_id")
"""Fields of the user. The name needs its own scope; without that scope it is skipped."""


class TikTokCheck(TikTokPart, SettingsChecker):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        person = self._person(request)
        if isinstance(person, NotDone):
            return person
        reply = self._creator_info(request, CHECK_PATIENCE_S)
        able = _creator(reply)
        if able is not None:
            remarks = tuple(_creator_remarks(account, able))
            return replace(person, handle=able.username or person.handle, remarks=(*person.remarks, *remarks))
        refused = self.failure(request, reply)
        if refused.code in NO_SCOPE and account.options.get("tiktok.mode") == "inbox":
            remark = warning_remark("what may be posted directly is unknown: the account posts to the inbox")
        else:
            remark = diagnostic_of_refusal(refused, "what may be posted")
        return replace(person, remarks=(*person.remarks, remark))

    def option_values(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        """Return the privacy levels that the account may choose; TikTok reports no other option."""
        if option != PRIVACY.name:
            return ()
        able = _creator(self._creator_info(PublishRequest(0, account, credentials, ""), LEVELS_PATIENCE_S))
        return () if able is None or able.levels is None else tuple(map(clean_text, able.levels))

    def posting_settings(self, account: Account, credentials: Credentials) -> Mapping[str, object] | NotDone:
        """Return the creator's fields as TikTok names them."""
        request = PublishRequest(0, account, credentials, "")
        reply = self._creator_info(request, CHECK_PATIENCE_S)
        return creator.settings_of(reply) if is_ok(reply) else self.failure(request, reply)

    def _creator_info(self, request: PublishRequest, patience: float) -> Reply:
        path = "/v2/post/publish/creator_info/query/"
        return self._http.request_for(request, "POST", path, headers=JSON_TYPE, patience=patience)

    def _person(self, request: PublishRequest) -> AccountInfo | NotDone:
        refused: NotDone | None = None
        for fields in NAMES:
            reply = self._http.request_for(
                request, "GET", "/v2/user/info/", query={"fields": fields}, patience=CHECK_PATIENCE_S
            )
            if is_ok(reply):
                user_id, handle = reply.text_at("data", "user", "open_id"), reply.text_at("data", "user", "username")
                return AccountInfo(user_id or None, handle or None)
            refused = self.failure(request, reply)
            if refused.code not in NO_SCOPE:
                return refused
        assert refused is not None
        return AccountInfo(None, None, (warning_remark(f"TikTok did not say whose account it is: {refused.message}"),))


def _creator(reply: Reply) -> Creator | None:
    return creator.read_creator(reply) if is_ok(reply) else None


def _creator_remarks(account: Account, able: Creator) -> Iterator[Remark]:
    """Yield what the creator may post, and whether the account's options fit."""
    if able.levels is not None:
        offered = clean_text(", ".join(able.levels))
        chosen = account.options.get(f"tiktok.{PRIVACY.name}")
        if chosen is not None and chosen not in able.levels:
            message = f"tiktok.{PRIVACY.name} is {chosen}, but TikTok offers {offered}"
            yield warning_remark(message, choices_hint(account.name, [PRIVACY]))
        else:
            yield ok_remark(f"privacy levels: {offered}")
    if able.closed:
        closed = ", ".join(sorted(option.removeprefix("disable_") for option in able.closed))
        yield ok_remark(f"switched off in the TikTok app: {closed}")
    if able.longest_s is not None:
        yield ok_remark(f"videos up to {able.longest_s} s")
