"""Check an account on X: `GET /2/users/me` and its limit headers (docs/reference/platforms/x.md, 6 and 8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import Remark, ok_remark, warning_remark
from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, PublishRequest
from ttp.platforms.http import Http
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer, parse_numeric_id
from ttp.platforms.x.errors import refusal
from ttp.platforms.x.limits import QUARTER, read_header_limits


class XCheck:
    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def platform_at(self, account: Account) -> datetime | None:
        return self._http.platform_at(account.name)

    def offered(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        return ()

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        reply = self._http.request_for(request, "GET", "/2/users/me", patience=CHECK_PATIENCE_S)
        if (
            isinstance(reply, Answer)
            and reply.is_success
            and (user_id := parse_numeric_id(reply.value_at("data", "id")))
        ):
            handle = reply.text_at("data", "username") or None
            return AccountInfo(user_id, handle, tuple(self._left(reply)))
        now = self._clock.now()
        return as_failure(reply, lambda answer: refusal(answer, account, now, credentials), "X")

    def _left(self, answer: Answer) -> Iterator[Remark]:
        """Yield what is left of the limits that the answer reports."""
        for reading in read_header_limits(answer, self._clock.now()):
            span = "15 min" if reading.which == QUARTER else "24 h"
            of = "" if reading.limit is None else f" of {reading.limit}"
            said = f"{reading.left}{of} token checks left in {span}"
            yield ok_remark(said) if reading.left else warning_remark(said)
