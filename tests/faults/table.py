"""All sweeps by name, the sample size of each, and the table of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.sweep_changes import changes
from tests.faults.sweep_clocks import host_alone, jumping, jumping_late, skewed, suspended, zones
from tests.faults.sweep_clones import clones
from tests.faults.sweep_copies import copies, damaged, disks
from tests.faults.sweep_hostile import hostile
from tests.faults.sweep_look_ups import hidden, missed_looks, twins
from tests.faults.sweep_processes import MESSAGES, SYSTEM_CALLS, crowds, killed, killed_in_a_call, overlapping
from tests.faults.sweep_programs import programs
from tests.faults.sweep_tokens import renewals
from tests.faults.sweep_user_programs import user_programs
from tests.faults.sweeps import Run, lagging, no_look_ups, one_trouble, two_troubles

EACH = len(KINDS) + 1
"""A sample that has every kind of post."""
KILLS, CROWDS, PROGRAMS = 5000, EACH, 2000
SAMPLES = {
    "one trouble": 3 * EACH,
    "two troubles": EACH,
    "no look-ups": EACH,
    "lagging lists": EACH,
    "missed looks": EACH,
    "hidden posts": EACH,
    "twins": EACH,
    "kills": EACH,
    "system calls": 12,
    "overlaps": EACH,
    "crowds": EACH,
    "tokens": EACH,
    "skewed clocks": EACH,
    "jumping clocks": 12,
    "late lists and jumps": EACH,
    "suspends": EACH,
    "zones": 6,
    "copies": EACH,
    "clones": EACH,
    "disks": EACH,
    "damage": 6,
    "hostile answers": EACH + 4,
    "changes": 12,
    "programs": 24,
    "user programs": 20,
}
"""How many runs of each sweep CI makes; `--full` makes all."""
POSTGRESQL_SAMPLES = {
    "one trouble": 14,
    "two troubles": 6,
    "no look-ups": 3,
    "lagging lists": 5,
    "missed looks": 3,
    "hidden posts": 3,
    "twins": 3,
    "kills": 8,
    "messages": 8,
    "overlaps": 4,
    "crowds": 3,
    "tokens": 4,
    "skewed clocks": 3,
    "jumping clocks": 3,
    "host clocks": 3,
    "late lists and jumps": 3,
    "suspends": 4,
    "zones": 1,
    "hostile answers": 5,
    "changes": 3,
    "programs": 5,
    "user programs": 3,
}
"""The same for posts in PostgreSQL."""
NOT_ON_POSTGRESQL = {
    "copies": "files of a store are copied and put back; tests/store and tests/services copy databases",
    "clones": "a folder is copied: its copy leads to the same database, and is another host",
    "disks": "the disk of the store's file refuses; what a server cannot write is an error of a statement",
    "system calls": "most of them write the store's file; `messages` kills at each message to the server",
    "damage": "the store's file is damaged; a server checks what it reads",
}
"""The sweeps that are about a file, and why they are not made on PostgreSQL."""


SWEEPS: Mapping[str, Callable[[], Iterator[Run]]] = {
    "one trouble": one_trouble,
    "two troubles": two_troubles,
    "no look-ups": no_look_ups,
    "lagging lists": lagging,
    "missed looks": missed_looks,
    "hidden posts": hidden,
    "twins": twins,
    "tokens": renewals,
    "late lists and jumps": jumping_late,
    "suspends": suspended,
    "kills": partial(killed, KILLS),
    "system calls": partial(killed_in_a_call, SYSTEM_CALLS),
    "messages": partial(killed_in_a_call, MESSAGES),
    "overlaps": overlapping,
    "crowds": partial(crowds, CROWDS),
    "skewed clocks": skewed,
    "jumping clocks": jumping,
    "host clocks": host_alone,
    "zones": zones,
    "copies": copies,
    "clones": clones,
    "disks": disks,
    "damage": damaged,
    "user programs": user_programs,
    "changes": changes,
    "programs": partial(programs, PROGRAMS),
    "hostile answers": hostile,
}
"""All runs of each sweep."""


@dataclass
class Row:
    """One line of the table."""

    places: set[str] = field(default_factory=set)
    runs: int = 0
    duplicates: int = 0
    losses: int = 0
    stuck: int = 0
    needs_review: int = 0
    wrong: int = 0
    seconds: float = 0.0

    def add(self, run: Run, verdict: Verdict) -> None:
        self.places.add(run.place)
        self.runs += 1
        self.duplicates += verdict.duplicates
        self.losses += verdict.lost if "failed" not in run.ends or verdict.state == "published" else 0
        self.stuck += verdict.stuck
        self.needs_review += verdict.needs_review
        self.wrong += bool(run.breaches(verdict))
        self.seconds = max(self.seconds, verdict.seconds)


HEAD = ("positions", "runs", "duplicates", "losses", "stuck", "needs review", "wrong")


def lines(what: str, rows: dict[str, Row]) -> Iterator[str]:
    """The table in Markdown, with its sums. `what`: what a row is of."""
    yield "| " + " | ".join((what, *HEAD)) + " |"
    yield "|---|" + "--:|" * len(HEAD)
    told = [
        (name, len(r.places), r.runs, r.duplicates, r.losses, r.stuck, r.needs_review, r.wrong)
        for name, r in rows.items()
    ]
    sums = [sum(column) for column in list(zip(*told, strict=True))[1:]] if told else []
    for row in [*told, ("**all**", *sums)]:
        yield "| " + " | ".join(str(one) if isinstance(one, str) else f"{one:,}" for one in row) + " |"
