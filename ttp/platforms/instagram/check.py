"""Check an account on Instagram: its profile, today's quota, and with Facebook Login the token's scopes and expiry.

See docs/reference/platforms/instagram.md, sections 2 and 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config
from ttp.domain.diagnostics import SOON, Remark, failure_remark, format_end, ok_remark, warning_remark
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest, StepFailed, diagnostic_of_refusal
from ttp.platforms.http import Http
from ttp.platforms.instagram import limits
from ttp.platforms.instagram.answers import NO_USER_ID, unwrap
from ttp.platforms.instagram.errors import refusal
from ttp.platforms.oauth.token_response import read_scopes, without_none
from ttp.platforms.outcomes import RefusalReader, as_failure, reconnect_hint
from ttp.platforms.reply import Answer, parse_numeric_id

PERSONAL = "PERSONAL"
"""`account_type` of accounts that are not professional; the API does not publish for them."""


class InstagramCheck:
    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        self._http = http
        self._root = f"/{config.text('platforms.instagram.version')}"
        self._by_facebook = config.text("platforms.instagram.login") == "facebook"
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def platform_at(self, account: Account) -> datetime | None:
        return self._http.platform_at(account.name)

    def offered(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        return ()

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        person = self._person(request)
        if isinstance(person, NotDone):
            return person
        scopes, more = self._debugged(request) if self._by_facebook else ((), ())
        return replace(person, scopes=scopes, remarks=(*person.remarks, *self._quota(request, person.user_id), *more))

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
        if isinstance(me, Answer) and me.is_success:
            user_id = parse_numeric_id(me.value_at("id" if self._by_facebook else "user_id"))
            if user_id is not None:
                kind = me.text_at("account_type").upper()
                wrong = [failure_remark("a personal account; Instagram publishes for professional accounts only")]
                return AccountInfo(user_id, me.text_at("username") or None, tuple(wrong if kind == PERSONAL else ()))
        return as_failure(reply, self._judge(request), "Instagram")

    def _quota(self, request: PublishRequest, user_id: str | None) -> Iterator[Remark]:
        path = f"{self._root}/{user_id}/content_publishing_limit"
        try:
            did = limits.check_quota(self._http, request, path, self._judge(request), self._clock.now())
        except StepFailed as failed:
            full = failed.outcome.code == "quota"
            yield warning_remark(failed.outcome.message) if full else diagnostic_of_refusal(failed.outcome, "the quota")
            return
        told = did.http_status is not None and did.http_status < 300
        yield (
            ok_remark(f"quota used: {did.message}") if told else warning_remark(f"the quota is unknown: {did.message}")
        )

    def _debugged(self, request: PublishRequest) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
        """Return the scopes of a Facebook token, and until when it gives access to data.

        Uses the app's own token if its secret is known, because some apps get no answer otherwise.
        """
        held = request.credentials
        by_app = held.client_id and held.client_secret
        asking = f"{held.client_id}|{held.client_secret}" if by_app else held.access_token
        reply = self._http.request(
            "GET",
            f"{self._root}/debug_token",
            query={"input_token": held.access_token, "access_token": asking},
            account=request.account.name,
            secrets=without_none(held.access_token, held.client_secret),
            verbatim=False,
            patience=CHECK_PATIENCE_S,
        )
        if not (isinstance(reply, Answer) and reply.is_success and isinstance(reply.value_at("data"), dict)):
            refused = as_failure(reply, self._judge(request), "Facebook")
            return (), (ok_remark(f"Facebook did not report the token's permissions: {refused.message}"),)
        return read_scopes(reply.value_at("data", "scopes")), tuple(self._ends(request, reply))

    def _ends(self, request: PublishRequest, answer: Answer) -> Iterator[Remark]:
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
            said = f"{what}: {format_end(end, now)}"
            if end <= now:
                yield failure_remark(said, reconnect_hint(request.account), reconnect=True)
            else:
                yield warning_remark(said, reconnect_hint(request.account)) if end - now < SOON else ok_remark(said)

    def _judge(self, request: PublishRequest) -> RefusalReader:
        return lambda answer: refusal(answer, request.account, self._clock.now())
