"""Reads numbers of posts with a program of the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ttp.domain.metrics.sample import COUNTS, KINDS, Sample
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import StepFailed
from ttp.platforms.command.client import read_id
from ttp.platforms.command.program import BadAnswer, CannotRun, ask, current_rules
from ttp.platforms.command.rules import verbs_of
from ttp.platforms.metrics_reader import STEP, AccountSession, Counts, MetricsPage, new_sample, parse_count, short_text
from ttp.platforms.reply import list_at, parse_instant


class CommandReader:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def close(self) -> None: ...

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        answer = _ask(session, {"ids": list(ids)})
        post_ids = frozenset(ids)
        samples = tuple(one for one in self._samples(session, answer) if one.remote_id in post_ids)
        gone = frozenset(map(str, list_at(answer.get("gone"))))
        yield MetricsPage(samples, gone & post_ids - {one.remote_id for one in samples})

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        yield MetricsPage(tuple(self._samples(session, _ask(session, {"newest": most})))[:most])

    def _samples(self, session: AccountSession, answer: Mapping[str, object]) -> Iterator[Sample]:
        """Yield what can be read; a post without an id, a time or any number is left out."""
        now = self._clock.now()
        for post in list_at(answer.get("posts")):
            if not isinstance(post, dict):
                continue
            remote_id, at, kind = read_id(post.get("id")), parse_instant(post.get("publishedAt")), post.get("kind")
            if remote_id is None or at is None:
                continue
            counts = Counts(**{name: parse_count(post.get(name)) for name in COUNTS})  # type: ignore[typeddict-item]
            sample = new_sample(
                session.account,
                remote_id,
                at,
                now,
                kind=kind if kind in KINDS else None,
                text=short_text(post.get("text")),
                **counts,
            )
            if sample is not None:
                yield sample


def _ask(session: AccountSession, order: Mapping[str, object]) -> Mapping[str, object]:
    """Return the program's answer. Raises StepFailed."""
    try:
        rules = current_rules(session.account)
        if "metrics" not in verbs_of(rules):
            return {}  # the publisher asks every account: not to count is not an error
        return ask(session.account, rules, "metrics", order)
    except CannotRun as why:
        raise StepFailed(STEP, NotDone(Kind.ACCOUNT, why.message, hint=why.hint)) from None
    except BadAnswer as why:
        raise StepFailed(STEP, NotDone(Kind.SERVER, why.message, passing=True)) from None
