"""Audit the recorded steps of one delivery: do they follow the protocol and lead to its state?

Pure. Only the order of the records counts: clocks can be set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Phase

_S = DeliveryState
_DOUBTFUL = frozenset({_S.RECONCILING, _S.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One publishing call or look-up of a delivery. `told`: its outcome came with an id."""

    phase: Phase
    step: str
    outcome: str | None
    told: bool


def audit_records(state: DeliveryState, records: Iterable[AuditRecord], *, in_thread: bool) -> Iterator[str]:
    """Yield what is wrong with a delivery in `state` with these records, oldest first. `in_thread`: parts of a thread
    are published, so a published part may be followed by the next."""
    published: set[str] = set()
    accepted = looked = False
    last: AuditRecord | None = None
    calls = 0
    for record in records:
        if record.phase is Phase.PUBLISH:
            if last is not None and last.outcome is None:
                yield f'"{record.step}" began while the outcome of "{last.step}" was open'
            if record.step in published:
                yield f'"{record.step}" was made again after it was done'
            if accepted and not looked:
                yield f'"{record.step}" was made while the platform worked on it, without a look-up'
            last, looked, accepted = record, False, False
            calls += 1
            if record.outcome == "done":
                accepted = not record.told
                if record.told:
                    published.add(record.step)
        elif last is None:
            yield f"{record.step}: it was looked up before anything was sent"
        else:
            looked = True
            if record.outcome == "found":
                published.add(last.step)
    yield from _state(state, last, bool(published), in_thread=in_thread)


def _state(state: DeliveryState, last: AuditRecord | None, published: bool, *, in_thread: bool) -> Iterator[str]:
    is_open = last is not None and last.outcome is None
    if is_open is not (state is _S.SENDING):
        yield f"it is {state}, and {'an intent is open' if is_open else 'no intent is open'}"
    elif published and state is not _S.PUBLISHED and not in_thread:
        yield f"it was published, and it is {state}"
    elif state is _S.PUBLISHED and (last is None or not (published or last.outcome in ("done", "unknown"))):
        yield "it is published, and no call can have published it"
    elif state in _DOUBTFUL and (last is None or last.outcome not in ("done", "unknown")):
        yield f"it is {state}, and no call is in doubt"
    elif state is _S.PROCESSING and last is None:
        yield "the platform works on it, and nothing was sent"
