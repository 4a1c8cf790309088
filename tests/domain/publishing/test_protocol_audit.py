"""Replaying a delivery's records: what keeps the protocol passes, and each breach of it is named."""

from __future__ import annotations

from tests.rows import each
from ttp.domain.delivery import DeliveryState as S
from ttp.domain.publishing.outcome import Phase
from ttp.domain.publishing.protocol_audit import AuditRecord, audit_records


def read(text: str) -> list[AuditRecord]:
    """`done` `accepted` `unknown` `not_done` `open`: a call; `part2:done`: of another step; `?found`: a look-up."""
    records = []
    for word in text.split():
        if word.startswith("?"):
            records.append(AuditRecord(Phase.LOOK_UP, "look up", word[1:], False))
            continue
        step, _, outcome = word.rpartition(":")
        said = {"accepted": "done", "open": None}.get(outcome, outcome)
        records.append(AuditRecord(Phase.PUBLISH, step or "POST", said, outcome == "done"))
    return records


@each(
    ("state", "story"),
    [
        (S.PENDING, ""),
        (S.CANCELLED, ""),
        (S.FAILED, ""),
        (S.CLAIMED, "not_done"),
        (S.SENDING, "open"),
        (S.SENDING, "not_done withdrawn refused not_ready open"),
        (S.PUBLISHED, "done"),
        (S.PUBLISHED, "not_done unknown ?absent ?absent ?absent done"),
        (S.PUBLISHED, "unknown ?unclear ?found"),
        (S.PUBLISHED, "accepted ?working ?found ?found"),
        (S.PUBLISHED, "unknown ?unclear"),  # a person said so
        (S.PUBLISHED, "accepted ?working"),  # a person said so
        (S.PUBLISHED, "accepted ?refused done"),
        (S.PROCESSING, "accepted"),
        (S.PROCESSING, "unknown ?working"),
        (S.RECONCILING, "unknown"),
        (S.NEEDS_REVIEW, "unknown ?unclear"),
        (S.NEEDS_REVIEW, "accepted ?working"),
        (S.RETRYING, "accepted ?refused"),
        (S.PENDING, "unknown ?unclear"),  # a person said that it is not live, and retried it
    ],
)
def test_what_keeps_the_protocol_passes(state: S, story: str) -> None:
    assert list(audit_records(state, read(story), in_thread=False)) == []


@each(
    ("state", "story"),
    [
        (S.CLAIMED, "part1:done"),
        (S.RETRYING, "part1:unknown ?found"),
        (S.SENDING, "part1:done part2:open"),
        (S.NEEDS_REVIEW, "part1:done part2:unknown ?unclear"),
        (S.PUBLISHED, "part1:done part2:unknown ?absent part2:done"),
        (S.RECONCILING, "takeover:unknown ?found"),
    ],
)
def test_the_parts_of_a_thread_follow_each_other(state: S, story: str) -> None:
    assert list(audit_records(state, read(story), in_thread=True)) == []


@each(
    ("state", "story", "says"),
    [
        (S.PUBLISHED, "done done", '"POST" was made again after it was done'),
        (S.PUBLISHED, "unknown ?found done", '"POST" was made again after it was done'),
        (S.SENDING, "done open", '"POST" was made again after it was done'),
        (S.PUBLISHED, "part1:done part2:done part1:done", '"part1" was made again after it was done'),
        (S.PUBLISHED, "accepted done", '"POST" was made while the platform worked on it, without a look-up'),
        (S.PUBLISHED, "open done", '"POST" began while the outcome of "POST" was open'),
        (S.PUBLISHED, "?found done", "look up: it was looked up before anything was sent"),
        (S.SENDING, "not_done", "it is sending, and no intent is open"),
        (S.SENDING, "", "it is sending, and no intent is open"),
        (S.CLAIMED, "open", "it is claimed, and an intent is open"),
        (S.RETRYING, "done", "it was published, and it is retrying"),
        (S.FAILED, "unknown ?found", "it was published, and it is failed"),
        (S.PUBLISHED, "", "it is published, and no call can have published it"),
        (S.PUBLISHED, "not_done", "it is published, and no call can have published it"),
        (S.NEEDS_REVIEW, "not_done", "it is needs_review, and no call is in doubt"),
        (S.RECONCILING, "", "it is reconciling, and no call is in doubt"),
        (S.PROCESSING, "", "the platform works on it, and nothing was sent"),
    ],
)
def test_each_breach_is_named(state: S, story: str, says: str) -> None:
    told = list(audit_records(state, read(story), in_thread=False))
    assert told[0] == says
    assert len(told) == 1 or (state, story) == (S.SENDING, "done open")
