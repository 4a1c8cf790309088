"""Sweeps of a publisher of the next version beside one of this version, on the schema of the next.

There is no earlier version with PostgreSQL: the schema of 0.1.0 has no fence. So the next version is this program with
one more migration (`next_version`), which adds to what publishers read and write.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator

from tests.faults.sample import seed
from tests.faults.team import Case, Team
from tests.store.migrations.next_version import NEXT

QUICK = {"PUBLISH__EVICT_AFTER_S": "2"}


def beside(count: int) -> Iterator[Case]:
    """The next version upgrades the store while this version publishes; both go on; one is killed, and this version is
    started again on the newer schema."""
    dice = random.Random(f"{seed()} two versions")
    for number in range(count):
        after, killed = dice.uniform(0.0, 1.5), ("this version", "the next version")[number % 2]

        def go(team: Team, after: float = after, killed: str = killed) -> None:
            this = team.start("a", call_s="0.6", **QUICK)
            this.wait_for("publisher.started")
            team.make_due(spread_s=4.0)
            time.sleep(after)
            following = team.start("b", version="next", call_s="0.6", **QUICK)
            if not following.wait_for("publisher.started"):
                team.note(f"the next version did not start: {following.text[-300:]}")
            if team.ask("SELECT version_num FROM alembic_version") != NEXT:
                team.note("the store was not upgraded")
            time.sleep(after)
            team.measure_takeover(team.kill(this if killed == "this version" else following))
            again = team.start("c", **QUICK)
            if not again.wait_for("publisher.started"):
                team.note(f"this version did not start on the newer schema: {again.text[-300:]}")
            for one in (this, following):
                if one.process.wait(0) not in (None, -signal.SIGKILL):
                    team.note(f"it ended: {one.text[-300:]}")

        yield Case("two versions", f"upgraded after {after:.2f} s, {killed} is killed", go, posts=24)
