"""Reading metrics of published posts: the interface of every platform's reader, and what they share. A reader never
sleeps and never touches the store. None: an unknown number, never zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypedDict, TypeVar, Unpack

from ttp.domain.account import Account, Credentials
from ttp.domain.metrics.sample import LARGEST_COUNT, MAIN_COUNTS, OnlineDay, Sample
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import from_ms, to_ms
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.reply import Answer, as_failure

if TYPE_CHECKING:
    from ttp.platforms.http import Http

STEP = "read the metrics"
LONGEST_TEXT = 300
"""Characters of a post's text kept in a sample: enough to recognize the post, and to compare lengths and links."""
RESERVE = 0.2
"""Share of a limit that reading leaves to publishing, whose look-ups and uploads count against the same limit."""
Cursor = TypeVar("Cursor", str, int)
NO_ENDS: Mapping[str, datetime] = MappingProxyType({})


class Asking(TypedDict, total=False):
    """Query and body of a metrics request."""

    query: Mapping[str, str]
    json: object


class Counts(TypedDict, total=False):
    """What a platform reports of a post."""

    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    saves: int | None
    reach: int | None
    kind: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """One page of results. A post in neither `samples` nor `gone` could not be read now.

    `gone`: ids that the platform no longer has. `ends`: when the platform will drop a post's metrics, by id. `note`:
    one line for the user about everything that follows. `online`: when followers of the account were online, if the
    platform reports it.
    """

    samples: tuple[Sample, ...] = ()
    gone: frozenset[str] = frozenset()
    ends: Mapping[str, datetime] = field(default_factory=lambda: NO_ENDS)
    note: str | None = None
    online: tuple[OnlineDay, ...] = ()


@dataclass
class AccountSession:
    """Requests for one account, whose token is renewed once if the platform rejects it. `renew` returns newer
    credentials than the rejected ones, or None if it cannot."""

    account: Account
    credentials: Credentials
    renew: Callable[[Credentials], Credentials | None]
    patience: float | None = None
    """Seconds to wait for an answer, if shorter than the setting."""
    _renewed: bool = False

    def request(self, http: Http, policy: AnswerPolicy, method: str, path: str, **parts: Unpack[Asking]) -> Answer:
        """Make a request and return its successful answer. Raises StepFailed, and what `renew` raises."""
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

    def accepts(self, answer: Answer) -> bool: ...

    def judge(self, answer: Answer, account: Account) -> NotDone | None:
        """Return the refusal that an answer matches in the platform's table."""

    def refuses_token(self, failure: NotDone) -> bool:
        """Whether the token was rejected, rather than a missing permission."""


class MetricsReader(Protocol):
    """Reads metrics of one platform. Raises StepFailed, and errors of renewing a token; earlier pages stay valid."""

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        """Return the current metrics of these posts of the account."""

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        """Return the metrics of the account's newest posts, at most `most`, newest first."""

    def close(self) -> None: ...


def read_pages(
    most: int, fetch: Callable[[Cursor | None, int], tuple[Iterable[Sample], Cursor | None]]
) -> Iterator[MetricsPage]:
    """Yield the pages of a list up to `most` posts, each once, until a page leads no further or back.

    `fetch` gets the cursor of a page (None: the first) and how many posts are still wanted, and returns the page's
    samples and the cursor of the next one.
    """
    post_ids, cursors, cursor = set[str](), set[Cursor](), None
    while most > 0:
        listed, following = fetch(cursor, most)
        samples = [one for one in listed if one.remote_id not in post_ids][:most]
        post_ids.update(one.remote_id for one in samples)
        most -= len(samples)
        yield MetricsPage(tuple(samples))
        if not following or following in cursors:
            return
        cursor = following
        cursors.add(following)


def unreadable(what: str) -> StepFailed:
    """Return the failure for an answer that is not what was asked for. It may pass."""
    return StepFailed(STEP, NotDone(Kind.SERVER, what, passing=True))


def parse_count(value: object) -> int | None:
    """Return a non-negative whole number; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    return None


def short_text(text: object) -> str | None:
    """Return a post's text in one line, cut to length; None without one."""
    line = " ".join(text.split()) if isinstance(text, str) else ""
    # A lone surrogate can be sent as a JSON escape, but can be neither stored nor printed.
    line = line.encode("utf-8", "replace").decode()
    return (line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…") or None


def new_sample(
    account: Account, remote_id: str, published_at: datetime, now: datetime, **rest: Unpack[Counts]
) -> Sample | None:
    """Return the sample of a post that was read `now`; None without any of the four main counts."""
    now = max(from_ms(to_ms(now)), published_at)
    sample = Sample(account.name, remote_id, published_at, now, **rest)
    return None if all(getattr(sample, name) is None for name in MAIN_COUNTS) else sample
