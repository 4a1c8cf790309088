"""The sweep of what changes between two parts of a split post: by an edit, in the account, on the server, in ttp.

Whatever it is, the parts are those that were planned: each once, in order, none missing, none cut anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tests.faults.bench import Bench
from tests.faults.judge import Verdict
from tests.faults.posts import JSON, KINDS
from tests.faults.proxy import Fault, made
from tests.faults.sweeps import Run, calls_of, spoiling
from tests.faults.troubles import dated
from tests.platforms.case import Kind
from tests.store.migrations.next_version import NEXT
from ttp.sandbox.mastodon.records import PROFILES
from ttp.store.columns import REVISIONS

Change: TypeAlias = Callable[[Bench, Kind], None]
USUAL = PROFILES["mastodon"]
REFUSALS = {
    "x": (403, {"title": "Forbidden", "detail": "Not permitted", "type": "about:blank", "status": 403}),
    "bluesky": (400, {"error": "InvalidRequest", "message": "Not permitted"}),
    "mastodon": (422, {"error": "Validation failed: not permitted"}),
}
"""Answers that prove that a part was not published, and end the delivery as failed."""
WHEN = ("in the call", "killed", "refused")


def changes() -> Iterator[Run]:
    """Each change at each part: while its call is made, after the publisher is killed there, and after the platform
    refused the part."""
    for name, change in CHANGES.items():
        for kind in (kind for kind in KINDS.values() if kind.is_split):
            for where in calls_of(kind) if name != SMALLER or kind.platform == "mastodon" else ():
                for when in WHEN:

                    def go(
                        bench: Bench,
                        kind: Kind = kind,
                        change: Change = change,
                        number: int = where.call or 0,
                        when: str = when,
                    ) -> Verdict:
                        return _changed(bench, kind, change, number, when)

                    yield Run(name, f"{kind.name}, {where} {when}", go, covers=(kind.name, name, when), at_call=True)


def _changed(bench: Bench, kind: Kind, change: Change, number: int, when: str) -> Verdict:
    def answer(real: bytes) -> bytes | None:
        if when == "killed":
            return None
        status, body = REFUSALS[kind.platform]
        return made(f"{status} No", json.dumps(body).encode(), dated(bench, JSON))

    acts = {"in the call": lambda: change(bench, kind), "killed": bench.kill}
    spoils = when != "in the call"
    fault = Fault(when, when != "refused", answer=answer if spoils else None, act=acts.get(when))

    def go(bench: Bench) -> None:
        # The wish is the account's alone, so that a change of it could be felt.
        bench.sql("UPDATE post SET split = NULL")
        bench.sql("UPDATE account SET split = ?", True)
        bench.settle(runs=1)
        if spoils:
            change(bench, kind)
            _go_on(bench)
        bench.settle()
        PROFILES["mastodon"] = USUAL
        _go_on(bench)
        bench.settle()
        if bench.is_next and bench.sql("SELECT version_num FROM alembic_version")[0][0] != NEXT:
            bench.amiss.append("the store was not upgraded")
        bench.sql("UPDATE alembic_version SET version_num = ?", REVISIONS[-1])  # what was added is in nobody's way
        if (texts := tuple(post["text"] for post in bench.seen(kind))) != kind.texts:
            bench.amiss.append(f"other parts: {texts}")

    return bench.case(kind, spoiling(kind, calls_of(kind)[number], fault), go)


def _go_on(bench: Bench) -> None:
    """Have a post that failed, or whose account was named again, continue."""
    if bench.state() in ("failed", "pending"):
        bench.ok("publish" if bench.state() == "pending" else "retry", "1", "--no-wait", "--yes")


def _typed(*commands: tuple[str, ...]) -> Change:
    """Commands, which may be refused. ACCOUNT stands for the account of the post."""

    def change(bench: Bench, kind: Kind) -> None:
        bench.ok("account", "add", "x/other")
        for command in commands:
            fork = bench.run(*(word.replace("ACCOUNT", kind.account) for word in command))
            if fork.wait() not in (0, 2):
                bench.amiss.append(f"{command}: exit {fork.code}: {fork.said[-300:]}")
            bench.ran.remove(fork)  # a refusal is no exit code of a publisher

    return change


def _upgrade(bench: Bench, kind: Kind) -> None:
    """Every process from now on is of the next version: it migrates the store, and splits into shorter parts."""
    bench.is_next = True
    assert bench.run("list").wait() is not None, "the upgrade does not end"


def _allow_less(bench: Bench, kind: Kind) -> None:
    PROFILES["mastodon"] = USUAL._replace(characters=100)


SMALLER = "the server allows less"
CHANGES: dict[str, Change] = {
    "the text is edited": _typed(("edit", "1", "Another text", "--add-tag", "a")),
    "the split is edited": _typed(("edit", "1", "--no-split"), ("edit", "1", "--number-parts")),
    "the account is dropped and named again": _typed(
        ("edit", "1", "--to", "x/other"), ("edit", "1", "--to", "ACCOUNT")
    ),
    "the account no longer splits": _typed(("account", "set", "ACCOUNT", "--split", "never")),
    SMALLER: _allow_less,
    "ttp is upgraded": _upgrade,
}
