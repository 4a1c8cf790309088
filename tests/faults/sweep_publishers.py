"""Sweeps of several publishers on one PostgreSQL, by real processes.

    python -m tests.faults --store postgresql [--count N] [--publishers NAME] [--mutants]

Each run has its own posts; of every post the platform must have exactly one in the end. Also counted: how long what
a publisher had in hand waits for another one after the first has died.
"""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from tests.faults import sweep_networks, sweep_servers
from tests.faults.team import Case, Postgres, Publisher, Result, Team
from tests.faults.team_process import STEPS
from tests.platforms.sandboxed import control
from ttp.sandbox.server import running_sandbox
from ttp.sandbox.x import posts

EVICT_AFTER_S = 2.0
QUICK = {"PUBLISH__EVICT_AFTER_S": str(EVICT_AFTER_S)}
LONG_WINDOW_S = 15.0
"""A settle window longer than a stop between the check and the first byte."""
TAKEN_OVER_WITHIN_S = 3.0
PATIENCE_S = 120.0


@dataclass
class Tally:
    """What one sweep found."""

    runs: int = 0
    posts: int = 0
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    needs_review: int = 0
    takeovers: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Case, result: Result, takeovers: Sequence[float]) -> None:
        self.runs += 1
        self.posts += result.posts
        self.duplicates += result.duplicates
        self.lost += result.lost
        self.stuck += result.stuck
        self.needs_review += result.needs_review
        self.takeovers += takeovers
        if not result.is_good:
            self.wrong.append(f"{case.sweep}: {case.what}: {result}")

    def line(self, name: str) -> str:
        late = sorted(self.takeovers)
        p95 = f"{late[int(0.95 * (len(late) - 1))]:.2f}" if late else "-"
        numbers = (self.runs, self.posts, self.duplicates, self.lost, self.stuck, self.needs_review, p95)
        return f"{name:32}" + "".join(f"{number!s:>10}" for number in numbers)


HEADER = f"{'sweep':32}" + "".join(
    f"{word:>10}" for word in ("runs", "posts", "twice", "lost", "stuck", "review", "p95 s")
)


def killed(count: int, seed: int = 1) -> Iterator[Case]:
    """`kill -9` of one of two publishers at a random time; sometimes it is started again."""
    dice = random.Random(seed)
    for _ in range(count):
        after, again = dice.uniform(0.1, 1.2), dice.random() < 0.5

        def go(team: Team, after: float = after, again: bool = again) -> None:
            first, _ = start_two(team, **QUICK)
            time.sleep(after)
            first.signal(signal.SIGKILL)
            team.measure_takeover()
            if again:
                team.start("a", **QUICK)

        yield Case("killed", f"after {after:.2f} s{', started again' if again else ''}", go)


def stopped(count: int) -> Iterator[Case]:
    """A publisher that stops itself at a step for longer than eviction, and is continued."""
    for number in range(count):
        step = STEPS[number % len(STEPS)]

        def go(team: Team, step: str = step) -> None:
            env = QUICK
            if step == "after a look-up":
                # There must be something to look up: what another one left.
                dead = team.start("c", stop_at="after the answer", mutant=team.mutant, **env)
                dead.wait_stopped(20)
                dead.signal(signal.SIGKILL)
            first = team.start("a", stop_at=step, mutant=team.mutant, **env)
            if first.wait_stopped(20):
                team.start("b", mutant=team.mutant, **env)
                team.measure_takeover(EVICT_AFTER_S + TAKEN_OVER_WITHIN_S + 1)
                time.sleep(1.0)
            first.signal(signal.SIGCONT)

        settle_s = LONG_WINDOW_S if step == "after the check" else 1.0
        yield Case("stopped and evicted", step, go, settle_s=settle_s)


def stopped_in_turn() -> Iterator[Case]:
    """The first publisher sleeps after its intent until another one resends; that one sleeps before it sends."""

    def go(team: Team) -> None:
        env = QUICK
        first = team.start("a", stop_at="after the intent", mutant=team.mutant, **env)
        if not first.wait_stopped(20):
            return
        second = team.start("b", stop_at="after the check", mutant=team.mutant, **env)
        if second.wait_stopped(40):
            first.signal(signal.SIGCONT)
            time.sleep(1.0)
        second.signal(signal.SIGCONT)

    yield Case("stopped in turn", "after the intent, after the check", go, 1, 1, 0.0, 0.2)


def refused_late() -> Iterator[Case]:
    """A publisher is disconnected in mid-call. Its call is refused when another one has the post and sends it."""

    def go(team: Team) -> None:
        env = QUICK
        first = team.start("a", mutant=team.mutant, first_call="refuse:12", **env)
        first.wait_for("first call")
        second = team.start("b", mutant=team.mutant, first_call="send:20", **env)
        second.wait_for("publisher.started")
        team.end_session(first)
        second.wait_for("first call")
        time.sleep(16.0)
        # The account's lock keeps the post from being sent again, whatever is written. But nothing may be written.
        if "nothing was sent" in first.text:
            team.note("a publisher that had lost the post recorded a refusal of it")

    yield Case("refused late", "disconnected in mid-call", go, 1, 1, 0.0, 0.2)


def restarted(count: int, seed: int = 2) -> Iterator[Case]:
    """The server is stopped or crashes, and starts again after a while."""
    dice = random.Random(seed)
    for number in range(count):
        mode = ("fast", "immediate")[number % 2]
        after, down = dice.uniform(0.3, 1.5), dice.uniform(0.0, 2.0)

        def go(team: Team, mode: str = mode, after: float = after, down: float = down) -> None:
            start_two(team, **QUICK)
            time.sleep(after)
            team.postgres.stop(mode)
            time.sleep(down)
            team.postgres.start()

        yield Case("server restarted", f"{mode} after {after:.2f} s, down for {down:.2f} s", go)


def many(count: int) -> Iterator[Case]:
    """Ten publishers, of which two are killed."""
    for _ in range(count):

        def go(team: Team) -> None:
            # On few processors ten of them start slowly, and are late with their reports.
            env = {"PUBLISH__EVICT_AFTER_S": "15", "PUBLISH__CONCURRENCY": "4"}
            started = [team.start(f"h{number}", **env) for number in range(10)]
            for publisher in started[:3]:
                publisher.wait_for("delivery.published", 60)
            for publisher in started[:2]:
                publisher.signal(signal.SIGKILL)
            team.measure_takeover(TAKEN_OVER_WITHIN_S)

        yield Case("ten publishers", "two killed", go, accounts=200, posts=400, spread_s=8.0)


def clocks(count: int) -> Iterator[Case]:
    """A publisher whose clock is an hour wrong beside one whose clock is right."""
    for number in range(count):
        shift = ("3600", "-3600")[number % 2]

        def go(team: Team, shift: str = shift) -> None:
            team.start("a", clock_s=shift, **QUICK)
            time.sleep(1.0)
            team.start("b", **QUICK)

        yield Case("clocks an hour apart", f"{shift} s", go)


def apart(count: int) -> Iterator[Case]:
    """A publisher whose clock is ahead makes a long call, posts at its end and stops. One whose clock is behind takes
    over, and the post is not listed before the settle window ends."""
    for number in range(count):
        shift = (7, 25, 6)[number % 3]

        def go(team: Team, shift: int = shift) -> None:
            call = f"send:{2 * shift + 2}"
            env = {"PUBLISH__EVICT_AFTER_S": "2"}
            first = team.start(
                "a", mutant=team.mutant, clock_s=f"{shift}", first_call=call, stop_at="after the answer", **env
            )
            if first.wait_stopped(2 * shift + 30):
                team.start("b", mutant=team.mutant, clock_s=f"-{shift}", **env)
                team.wait()
            first.signal(signal.SIGCONT)

        yield Case("clocks of two hosts apart", f"{shift} s each", go, 1, 1, 0.0, settle_s=6.0, lag_s=5.0)


def edited(count: int) -> Iterator[Case]:
    """A person's change of a post that begins before the post is due and ends after it."""
    for _ in range(count):

        def go(team: Team) -> None:
            start_two(team, **QUICK)
            team.edit_slowly(8.0)

        yield Case("changed by a person", "for 8 s", go, accounts=2, posts=2, spread_s=16.0)


def start_two(team: Team, **env: str) -> tuple[Publisher, Publisher]:
    """Start two publishers, and wait until both publish."""
    two = team.start("a", mutant=team.mutant, **env), team.start("b", mutant=team.mutant, **env)
    for one in two:
        one.wait_for("publisher.started")
    return two


SWEEPS: dict[str, Callable[[int], Iterator[Case]]] = {
    "killed": killed,
    "stopped and evicted": stopped,
    "stopped in turn": lambda count: stopped_in_turn(),
    "refused late": lambda count: refused_late(),
    "server restarted": restarted,
    "ten publishers": lambda count: many(max(1, count // 10)),
    "clocks an hour apart": clocks,
    "clocks of two hosts apart": apart,
    "changed by a person": edited,
    "failed over": sweep_servers.failed_over,
    "old primary is writable": sweep_servers.split,
    "commits not replicated": sweep_servers.not_replicated,
    "behind a pooler": sweep_servers.pooled,
    "network cut": sweep_networks.cut,
}
CATCH = {
    "no fence": "refused late",
    "lock on another session": "stopped and evicted",
    "no row lock": "changed by a person",
    "no keepalive": "network cut",
    "own clock": "clocks of two hosts apart",
    "no warning": "commits not replicated",
}
"""The sweep that must notice each mutant."""


def run(cases: Iterator[Case], tally: Tally, mutant: str = "") -> None:
    """Run cases one after the other on one server."""
    with tempfile.TemporaryDirectory(prefix="ttp-team-") as folder, ExitStack() as held:
        shared: Postgres | None = None
        sandbox = held.enter_context(running_sandbox())
        # X refuses a text that it has already: what is sent twice would not be seen.
        held.enter_context(patch.object(posts, "DUPLICATE_MS", 0))
        for number, case in enumerate(cases):
            place = Path(folder) / str(number)
            place.mkdir()
            with ExitStack() as alone:
                if case.is_alone:
                    postgres = Postgres(place, listen=case.listen)
                    alone.callback(postgres.close)
                else:
                    if shared is None:
                        shared = Postgres(Path(folder))
                        held.callback(shared.close)
                    postgres = shared
                team = alone.enter_context(closing(Team(place, postgres, sandbox, number)))
                team.mutant = mutant
                control(sandbox.url, "POST", "settings", {"lag_s": case.lag_s})
                team.prepare(case.accounts, case.posts, spread_s=case.spread_s, settle_s=case.settle_s)
                case.go(team)
                team.wait(PATIENCE_S)
                team.end_publishers()
                tally.add(case, team.judge(), team.takeovers)


def main(count: int, only: str | None, *, mutants: bool) -> int:
    if mutants:
        return _try_mutants()
    print(HEADER)
    wrong: list[str] = []
    for name, sweep in SWEEPS.items():
        if only in (None, name):
            tally = Tally()
            run(sweep(count), tally)
            print(tally.line(name), flush=True)
            wrong += tally.wrong
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def _try_mutants() -> int:
    missed = 0
    for mutant, name in CATCH.items():
        if name not in SWEEPS:
            print(f"{mutant}: {name} cannot run here")
            continue
        tally = Tally()
        run(SWEEPS[name](1), tally, mutant)
        print(f"{mutant}: {'caught by ' + name if tally.wrong else 'NOT CAUGHT'}", flush=True)
        missed += not tally.wrong
    return 1 if missed else 0
