"""Reading back what published posts have collected: what every platform's reader offers, and what they share.

A reader only reads, never sleeps, and never touches the store. An unknown number is None, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

from ttp.domain.account import Account, Credentials
from ttp.domain.outcome import NotDone
from ttp.domain.sample import LARGEST_COUNT, Sample
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.outcomes import as_failure
from ttp.platforms.reply import Answer

if TYPE_CHECKING:
    from ttp.platforms.http import Http

STEP = "read the numbers"
LONGEST_TEXT = 150
"""Characters of a post's text that a sample keeps: enough to know the post by, and where TikTok cuts."""
RESERVE = 0.2
"""The share of a limit that reading leaves to publishing: its look-ups and uploads count against the same ones."""
NO_ENDS: Mapping[str, datetime] = MappingProxyType({})


class Asking(TypedDict, total=False):
    """The query and body of a request for numbers."""

    query: Mapping[str, str]
    json: object


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """A part of what was asked for. A post that is in neither of the two could not be read now.

    `gone`: ids that the platform no longer has. `ends`: when it will forget a post's numbers, by id. `note`: what a
    person should know of all that follows, in a line.
    """

    samples: tuple[Sample, ...] = ()
    gone: frozenset[str] = frozenset()
    ends: Mapping[str, datetime] = field(default_factory=lambda: NO_ENDS)
    note: str | None = None


@dataclass
class AccountSession:
    """The line to the platform for one account: its token, which is renewed once where the platform refuses it.

    `renew` gives other credentials than those that were refused, or None where there are none to be had.
    """

    account: Account
    credentials: Credentials
    renew: Callable[[Credentials], Credentials | None]
    patience: float | None = None
    """Seconds to wait for an answer where that is less than the settings say."""
    _renewed: bool = False

    def request(self, http: Http, policy: AnswerPolicy, method: str, path: str, **parts: Unpack[Asking]) -> Answer:
        """The answer to one request, where it is a success. Raises StepFailed, and what `renew` raises."""
        while True:
            request = PublishRequest(0, self.account, self.credentials, "")
            kept = http.gate.why_reserved(request, method, path, RESERVE)
            reply = kept or http.request_for(request, method, path, patience=self.patience, **parts)
            if isinstance(reply, Answer) and policy.accepts(reply):
                return reply
            failure = as_failure(reply, lambda answer: policy.judge(answer, self.account), policy.name)
            fresh = None
            if policy.refuses_token(failure) and not self._renewed:
                self._renewed = True
                fresh = self.renew(self.credentials)
            if fresh is None:
                raise StepFailed(STEP, failure)
            self.credentials = fresh


class AnswerPolicy(Protocol):
    """How one platform answers."""

    name: str

    def accepts(self, answer: Answer) -> bool:
        """Whether an answer is a success."""
        ...

    def judge(self, answer: Answer, account: Account) -> NotDone | None:
        """The refusal that an answer is, by the platform's table."""
        ...

    def refuses_token(self, failure: NotDone) -> bool:
        """Whether the token itself was refused, not what it may do."""
        ...


class MetricsReader(Protocol):
    """One platform's reader. Raises StepFailed, and what renewing a token raises; pages before that count."""

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """The numbers of the account's own posts of these ids, as they are now."""
        ...

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """The numbers of the account's newest posts, at most `most` of them, newest first."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def parse_count(value: object) -> int | None:
    """A number that can be a count; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    return None


def sum_known(*counts: int | None) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def first_line(text: object) -> str | None:
    """The first line of a post's text that says anything, cut; None if there is no such value."""
    lines = text.splitlines() if isinstance(text, str) else []
    line = next((line.strip() for line in lines if line.strip()), "")
    # A lone surrogate can be sent as a JSON escape, and neither be stored nor shown.
    line = line.encode("utf-8", "replace").decode()
    return (line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…") or None


def has_counts(sample: Sample) -> bool:
    """Whether a sample has any of the four numbers that make it one."""
    return any(one is not None for one in (sample.likes, sample.comments, sample.shares, sample.views))
