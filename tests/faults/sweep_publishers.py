"""Sweeps of several publishers on one PostgreSQL, by real processes.

    python -m tests.faults --store postgresql [--count N] [--publishers NAME] [--mutants]

Each run has its own posts; of every post the platform must have exactly one in the end. Also counted: how long what
a publisher had in hand waits for another one after the first has died.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import queue
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.faults import sweep_cuts, sweep_networks, sweep_restores, sweep_servers, sweep_versions
from tests.faults.forks import Forks
from tests.faults.replica import go_on
from tests.faults.sample import SEED, seed
from tests.faults.team import Case, Postgres, Publisher, Result, Team
from tests.faults.team_process import STEPS
from tests.memory import prefer_memory
from ttp.platforms import BUILT_IN
from ttp.sandbox.server import running_sandbox
from ttp.sandbox.x import posts

EVICT_AFTER_S = 2.0
QUICK = {"PUBLISH__EVICT_AFTER_S": str(EVICT_AFTER_S)}
LONG_WINDOW_S = 60.0
"""A settle window longer than a stop between the check and the first byte."""
EVICTED_WITHIN_S = 60.0
"""What takes longer is wrong, however busy the machine."""
PATIENCE_S = 300.0
IMPORTED = (
    *("psycopg", "httpx", "httpcore", "h11", "anyio", "certifi", "filelock"),
    *(f"ttp.platforms.{name}.facts" for name in BUILT_IN),
    *(f"ttp.platforms.x.{name}" for name in ("auth", "client", "limits", "look_up")),
    *("ttp.cli.app", "ttp.cli.commands.run", "ttp.cli.progress", "ttp.services.metrics.sync"),
    *("ttp.store.postgresql.database", "ttp.store.shared_settings", "ttp.store.completion_cache"),
    *("ttp.publisher.process", "ttp.publisher.shared_coordination", "tests.faults.team_process"),
)
"""What every publisher imports: once, before it is forked."""


@dataclass
class Tally:
    """What one sweep found."""

    runs: int = 0
    posts: int = 0
    duplicates: int = 0
    unprotected: int = 0
    lost: int = 0
    stuck: int = 0
    needs_review: int = 0
    takeovers: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Case, result: Result, takeovers: Sequence[float]) -> None:
        self.runs += 1
        self.posts += result.posts
        self.duplicates += 0 if case.is_unprotected else result.duplicates
        self.unprotected += result.duplicates if case.is_unprotected else 0
        self.lost += result.lost
        self.stuck += result.stuck
        self.needs_review += result.needs_review
        self.takeovers += takeovers
        if not result.is_good_for(case):
            self.wrong.append(f"{case.sweep}: {case.what}: {result.summary}")

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def line(self, name: str) -> str:
        late = sorted(self.takeovers)
        p50, p95 = (f"{late[int(share * (len(late) - 1))]:.2f}" if late else "-" for share in (0.5, 0.95))
        twice = f"{self.duplicates}+{self.unprotected}" if self.unprotected else self.duplicates
        numbers = (self.runs, self.posts, twice, self.lost, self.stuck, self.needs_review, p50, p95)
        return f"{name:32}" + "".join(f"{number!s:>10}" for number in numbers)


HEADER = f"{'sweep':32}" + "".join(
    f"{word:>10}" for word in ("runs", "posts", "twice", "lost", "stuck", "review", "p50 s", "p95 s")
)


def killed(count: int) -> Iterator[Case]:
    """`kill -9` of one of two publishers at a random time; sometimes it is started again."""
    dice = random.Random(f"{seed()} killed")
    for _ in range(count):
        after, again = dice.uniform(0.0, 1.5), dice.random() < 0.5

        def go(team: Team, after: float = after, again: bool = again) -> None:
            first, _ = start_two(team, call_s="0.6", **QUICK)
            team.make_due(spread_s=2.0)
            first.wait_for("delivery.sending")
            time.sleep(after)
            team.measure_takeover(team.kill(first))
            if again:
                team.start("a", **QUICK)

        yield Case("killed", f"{after:.2f} s after its first call{', started again' if again else ''}", go)


def stopped(count: int) -> Iterator[Case]:
    """A publisher that stops itself at a step for longer than eviction, and is continued."""
    for number in range(count):
        step = STEPS[number % len(STEPS)]

        def go(team: Team, step: str = step) -> None:
            env = QUICK
            if step == "after a look-up":
                # There must be something to look up: what another one left.
                dead = team.start("c", stop_at="after the answer", **env)
                dead.wait_stopped(20)
                dead.signal(signal.SIGKILL)
            first = team.start("a", stop_at=step, **env)
            if first.wait_stopped(20):
                had = team.open()
                team.start("b", **env)
                team.measure_takeover(had, EVICTED_WITHIN_S)
                time.sleep(1.0)
            first.signal(signal.SIGCONT)

        settle_s = LONG_WINDOW_S if step == "after the check" else 1.0
        yield Case("stopped and evicted", step, go, settle_s=settle_s)


def stopped_in_turn(count: int) -> Iterator[Case]:
    """The first publisher sleeps after its intent until another one resends; that one sleeps before it sends."""
    for _ in range(count):

        def go(team: Team) -> None:
            first = team.start("a", stop_at="after the intent", **QUICK)
            if not first.wait_stopped(20):
                return
            second = team.start("b", stop_at="after the check", **QUICK)
            if second.wait_stopped(40):
                first.signal(signal.SIGCONT)
                time.sleep(1.0)
            second.signal(signal.SIGCONT)

        yield Case("stopped in turn", "after the intent, after the check", go, 1, 1, 0.0, 0.2)


def refused_late(count: int) -> Iterator[Case]:
    """A publisher is disconnected in mid-call. Its call is refused when another one has the post and sends it."""
    for _ in range(count):

        def go(team: Team) -> None:
            refuse, send = team.folder / "refuse", team.folder / "send"
            first = team.start("a", first_call=f"refuse:{refuse}", **QUICK)
            first.wait_for("first call")
            second = team.start("b", first_call=f"send:{send}", **QUICK)
            second.wait_for("publisher.started")
            first.signal(signal.SIGSTOP)  # in a new session it could take its own post over
            team.end_session(first)
            if not second.wait_for("first call"):
                team.note("nobody took the post over")
            first.signal(signal.SIGCONT)
            refuse.touch()
            # The account's lock keeps the post from being sent again, whatever is written. But nothing may be written.
            if first.wait_for("nothing was sent", 3.0):
                team.note("a publisher that had lost the post recorded a refusal of it")
            send.touch()

        yield Case("refused late", "disconnected in mid-call", go, 1, 1, 0.0, 0.2)


def restarted(count: int) -> Iterator[Case]:
    """The server is stopped or crashes, and starts again after a while."""
    dice = random.Random(f"{seed()} restarted")
    for number in range(count):
        mode = ("fast", "immediate")[number % 2]
        after, down = dice.uniform(0.1, 3.0), dice.uniform(0.0, 2.0)

        def go(team: Team, mode: str = mode, after: float = after, down: float = down) -> None:
            start_two(team, **QUICK)
            team.make_due()
            time.sleep(after)
            team.postgres.stop(mode)
            time.sleep(down)
            team.postgres.start()
            team.wait()
            go_on(team, "a", "b")

        yield Case("server restarted", f"{mode} after {after:.2f} s, down for {down:.2f} s", go)


def many(count: int) -> Iterator[Case]:
    """Ten publishers, of which two are killed."""
    for _ in range(count):

        def go(team: Team) -> None:
            # On few processors ten of them start slowly, and are late with their reports.
            env = {"PUBLISH__EVICT_AFTER_S": "15", "PUBLISH__CONCURRENCY": "4"}
            started = [team.start(f"h{number}", **env) for number in range(10)]
            for publisher in started[:3]:
                publisher.wait_for("delivery.published")
            team.measure_takeover({one for publisher in started[:2] for one in team.kill(publisher)})

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
        shift = (8.0, 12.0, 7.5)[number % 3]

        def go(team: Team, shift: float = shift) -> None:
            gate = team.folder / "gate"
            first = team.start("a", clock_s=f"{shift}", first_call=f"send:{gate}", stop_at="after the answer", **QUICK)
            if not first.wait_for("first call"):
                team.note("it never called")
            time.sleep(2 * shift + 0.5)
            gate.touch()
            if first.wait_stopped(30):
                team.start("b", clock_s=f"-{shift}", **QUICK)
                team.wait()
            first.signal(signal.SIGCONT)

        yield Case("clocks of two hosts apart", f"{shift} s each", go, 1, 1, 0.0, settle_s=6.5, lag_s=6.0)


def edited(count: int) -> Iterator[Case]:
    """A person's change of a post that begins before the post is due and ends after it."""
    for _ in range(count):

        def go(team: Team) -> None:
            team.ask("UPDATE delivery SET next_at = next_at + 3600000")
            start_two(team, **QUICK)
            team.make_due(spread_s=4.0)
            team.edit_slowly(6.0)

        yield Case("changed by a person", "for 6 s", go, accounts=2, posts=2)


def start_two(team: Team, *, call_s: str = "0.2", **env: str) -> tuple[Publisher, Publisher]:
    """Start two publishers, and wait until both publish."""
    two = team.start("a", call_s=call_s, **env), team.start("b", call_s=call_s, **env)
    for one in two:
        one.wait_for("publisher.started")
    return two


SWEEPS: dict[str, Callable[[int], Iterator[Case]]] = {
    "killed": killed,
    "stopped and evicted": stopped,
    "stopped in turn": stopped_in_turn,
    "refused late": refused_late,
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
    "two versions": sweep_versions.beside,
    **sweep_restores.sweeps(),
    "cut at a message": sweep_cuts.cut,
}
CATCH = {
    "no fence": "refused late",
    "lock on another session": "stopped and evicted",
    "no row lock": "changed by a person",
    "no keepalive": "network cut",
    "own clock": "clocks of two hosts apart",
    "no warning": "commits not replicated",
    "no mark of the store": "dump restored in place",
    "no mark of the host": "folder put back",
}
"""The sweep that must notice each mutant."""


class Runner:
    """Runs cases one after the other, on one server and one sandbox."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._number = 0
        self._shared: Postgres | None = None
        outputs = folder / "outputs"
        outputs.mkdir()
        self._forks = self._held.enter_context(closing(Forks(outputs, IMPORTED)))
        self._sandbox = self._held.enter_context(running_sandbox())
        # X refuses a text that it has already, also of the same millisecond: what is sent twice would not be seen.
        self._held.enter_context(patch.object(posts, "DUPLICATE_MS", -1))

    def run(self, case: Case, mutant: str = "") -> tuple[Result, list[float]]:
        """Return what became of the posts, and how long take-overs took."""
        self._number += 1
        place = self._folder / str(self._number)
        place.mkdir()
        with ExitStack() as alone:
            if case.is_alone:
                postgres = Postgres(place, listen=case.listen, template=self._server().template)
                alone.callback(postgres.close)
            else:
                postgres = self._server()
            self._sandbox.reset(lag_s=case.lag_s)
            team = alone.enter_context(closing(Team(place, postgres, self._sandbox, self._forks, self._number)))
            team.mutant = mutant
            team.prepare(case.accounts, case.posts, spread_s=case.spread_s, settle_s=case.settle_s)
            case.go(team)
            team.wait(PATIENCE_S)
            team.end_publishers()
            return team.judge(is_unprotected=case.is_unprotected), team.takeovers

    def close(self) -> None:
        self._held.close()

    def _server(self) -> Postgres:
        if self._shared is None:
            self._shared = Postgres(self._folder)
            self._held.callback(self._shared.close)
        return self._shared


@contextmanager
def open_runner() -> Iterator[Runner]:
    with tempfile.TemporaryDirectory(prefix="ttp-team-") as folder, closing(Runner(Path(folder))) as runner:
        yield runner


def main(count: int, only: str | None, *, mutants: bool, jobs: int = 3, seconds: float = math.inf) -> int:
    """Run `count` cases of each sweep by turns, `jobs` at a time; none is begun after `seconds`."""
    if mutants:
        return _try_mutants(only)
    names = [name for name in SWEEPS if only in (None, name)]
    context = multiprocessing.get_context("spawn")
    turns, ended = context.Value("i", 0), context.Queue()
    end = time.time() + seconds
    workers = [context.Process(target=_work, args=(names, count, turns, ended, end)) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    tallies = {name: Tally() for name in names}
    print(f"seed {seed()} ({SEED}={seed()} makes the same runs again)", flush=True)
    left = jobs
    while left:
        try:
            name, case, *found = ended.get(timeout=5.0)
        except queue.Empty:
            left = min(left, sum(worker.is_alive() for worker in workers))
            continue
        if not name:
            left -= 1
            continue
        result, takeovers = found
        tallies[name].add(case, result, takeovers)
        took = " ".join(f"{seconds:.2f}" for seconds in takeovers)
        print(f"{name}: {case.what}: {result.counts} {took}", file=sys.stderr, flush=True)
        if not result.is_good_for(case):
            print(f"wrong: {tallies[name].wrong[-1]}", *result.story, sep="\n    ", flush=True)
    print(HEADER)
    for name, tally in tallies.items():
        if tally.runs:
            print(tally.line(name))
    print(sum(tallies.values(), Tally()).line("all"))
    for worker in workers:
        worker.join()
    return 1 if any(worker.exitcode for worker in workers) or any(tally.wrong for tally in tallies.values()) else 0


def _work(names: Sequence[str], count: int, turns: Any, ended: Any, end: float) -> None:
    """Run the cases whose turn nobody has taken, and tell what each found."""
    with open_runner() as runner:
        for index, (name, case) in enumerate(_by_turns(names, count)):
            if time.time() > end:
                break
            if index < turns.value:
                continue
            with turns.get_lock():
                if index < turns.value:
                    continue
                turns.value = index + 1
            ended.put((name, replace(case, go=_done), *runner.run(case)))
    ended.put(("", None))


def _done(team: Team) -> None:
    """Nothing: a case that has been run is sent to another process."""


def _by_turns(names: Sequence[str], count: int) -> Iterator[tuple[str, Case]]:
    """Yield the first case of each sweep, then the second of each, and so on: always the same ones for a seed."""
    waiting = {name: SWEEPS[name](count) for name in names}
    while waiting:
        for name in list(waiting):
            case = next(waiting[name], None)
            if case is None:
                del waiting[name]
            else:
                yield name, case


def _try_mutants(only: str | None) -> int:
    missed = 0
    with open_runner() as runner:
        for mutant, name in CATCH.items():
            # Two: a restore is beside publishers, or without them, by turns, and a mutant may show in one way only.
            cases = SWEEPS[name](2) if only in (None, name) else iter(())
            tried = ((case, runner.run(case, mutant)[0]) for case in cases)
            results = [(result.summary, result.is_good_for(case)) for case, result in tried]
            if results:
                caught = next((summary for summary, is_good in results if not is_good), None)
                print(f"{mutant}: {'NOT CAUGHT' if caught is None else f'caught by {name}: {caught}'}", flush=True)
                missed += caught is None
    return 1 if missed else 0


def _main() -> int:
    prefer_memory()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.sweep_publishers")
    parser.add_argument("--count", type=int, default=7, help="runs of each sweep")
    parser.add_argument("--publishers", metavar="NAME", choices=list(SWEEPS), help="only this sweep")
    parser.add_argument("--jobs", type=int, default=3, help="runs beside each other")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no run after this time")
    parser.add_argument("--mutants", action="store_true", help="show that the sweeps catch mistakes")
    said = parser.parse_args()
    return main(said.count, said.publishers, mutants=said.mutants, jobs=said.jobs, seconds=said.seconds)


if __name__ == "__main__":
    sys.exit(_main())
