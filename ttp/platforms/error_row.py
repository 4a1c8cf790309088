"""The rows of a platform's table of definite refusals: which answers each fits, and what they mean."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.action import WayOut
from ttp.domain.publishing.outcome import Kind, NotDone


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """What a refusal means. The answer has one of `statuses`, and one of `codes` and of `words` (lower case) if the row
    has any; the first row that fits counts. `wait_s`: the platform's time until the next try. `hold`: for the whole
    account. `advice`: for the user. `code`: replaces the platform's."""

    kind: Kind
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    passing: bool = False
    not_ready: bool = False
    wait_s: float | None = None
    hold: bool = False
    advice: str = ""
    code: str = ""

    def fits(self, status: int, codes: Collection[str], words: str) -> bool:
        """Return whether an answer with this status, these codes and this text in lower case is the refusal."""
        of_code = not self.codes or any(code in codes for code in self.codes)
        return status in self.statuses and of_code and (not self.words or any(one in words for one in self.words))

    def not_done(
        self,
        message: str,
        code: str | None,
        http_status: int | None,
        *,
        retry_at: datetime | None,
        hint: WayOut | None,
    ) -> NotDone:
        return NotDone(
            self.kind, message, self.code or code, http_status, self.passing, self.not_ready, retry_at, self.hold, hint
        )
