"""Sweeps of a publisher whose connection to the database is cut at one of its messages, from the first one on."""

from __future__ import annotations

import random
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from tests.faults.cutter import Cutter
from tests.faults.replica import go_on
from tests.faults.sample import seed
from tests.faults.sweep_restores import ONE, plan
from tests.faults.team import Case, Team

QUICK = {"PUBLISH__EVICT_AFTER_S": "2"}
POSTS = 16
ENDED = {"--once": (0, 5), "": (0, 5, 128 + signal.SIGTERM)}
"""How a run may end, and a loop that is stopped where it does not end by itself."""


def cut(count: int) -> Iterator[Case]:
    """One post is due at each run, and each run is cut at another message: before the server gets it, or before its
    answer comes. A case has as many places as posts; `count` cases have all of them by and by."""
    dice = random.Random(f"{seed()} cut at a message")
    for _ in range(count):
        share = dice.random()

        def go(team: Team, share: float = share) -> None:
            team.ask("UPDATE delivery SET next_at = next_at + 3600000")
            connect = partial(socket.create_connection, ("127.0.0.1", team.postgres.port))
            with closing(Cutter(connect)) as cutter:
                url = team.url_of(f"postgresql://ttp@127.0.0.1:{cutter.port}/postgres")
                most = 0
                for number in range(POSTS):
                    # The first one is not cut, and shows how many messages a run has.
                    at = 1 + int((number - 1 + share) * most / (POSTS - 1)) if number else 0
                    words, after = ("--once", "")[number % 2], number % 4 > 1
                    plan(team, (number + 1, ONE), 0.0)
                    cutter.begin(at, after=after)
                    publisher = team.start("a", *filter(None, [words]), STORE__URL=url, **QUICK)
                    if not words and publisher.wait_for("publisher.idle", 20.0):
                        publisher.signal(signal.SIGTERM)
                    publisher.end()
                    most = most or cutter.messages
                    if publisher.process.code not in ENDED[words] or "bug in ttp" in publisher.text:
                        team.note(f"cut at {at}: {publisher.process.code} {publisher.text[-500:]}")
            go_on(team, "a", **QUICK)

        yield Case("cut at a message", f"from {share:.2f} on", go, posts=POSTS, is_alone=True)
