"""Measure the speed of `ttp plan`, and compare its score with first come, first served and an even spread.

    python -m benchmarks.plan

prints one table. The accounts are simulated with 300 posts each and an evening, a morning or a lunch peak. All plans
have the same limits. "whole command" is a `ttp plan --drafts --yes` process, including start-up and the transaction.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from ttp.cli.context import Context
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.recommendation import recommend
from ttp.domain.plan.assignment import best_beside, improve_picks, place_families, total
from ttp.domain.plan.bound import Picks
from ttp.domain.plan.grid import Family
from ttp.domain.plan.planner import spread
from ttp.domain.plan.scoring import SCALE, AccountSchedule, Draft, PlanLimits, ScoredHours

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEAKS = (19, 8, 12, 21)
CASES = (
    # posts, days, accounts, whether posts go to several of them, hours between two posts
    (10, 7, 1, False, 1),
    (60, 30, 1, False, 3),
    (500, 60, 1, False, 1),
    (500, 60, 1, False, 2),
    (500, 60, 3, False, 1),
    (12, 7, 2, True, 1),
    (60, 30, 3, True, 1),
    (500, 60, 2, True, 1),
    (500, 60, 3, True, 1),
)


def samples(account: str, peak: int, random: Random) -> Iterator[Sample]:
    """Return samples of 300 posts of an account."""
    for n in range(300):
        at = START - timedelta(days=300 - n, hours=random.randrange(24))
        distance = min((at.astimezone(ZONE).hour - peak) % 24, (peak - at.astimezone(ZONE).hour) % 24)
        likes = round(random.lognormvariate(4 + 0.5 * math.exp(-(distance**2) / 8), 0.8))
        yield Sample(account, str(n), at, at + timedelta(days=5), likes=likes, comments=2, shares=1)


def greedy_plans(drafts: Sequence[Draft], scored: ScoredHours, per_day: int) -> tuple[float, float]:
    """The totals of each post in turn on the best free hour, and of the best of two greedy plans after each
    family of posts was placed again among the others, until no move helps."""
    grid, families = scored.grid(per_day), scored.families({draft.id for draft in drafts})
    place = {family.accounts: i for i, family in enumerate(families)}
    in_turn: Picks = [[] for _ in families]
    for draft in drafts:
        i = place[draft.accounts]
        own = Family(draft.accounts, 1, families[i].values)
        in_turn[i] += best_beside(grid, [*families, own], [*in_turn, []], len(families))
    by_size = sorted(range(len(families)), key=lambda i: -len(families[i].accounts))
    starts = ([sorted(hours) for hours in in_turn], place_families(grid, families, by_size))
    plans = [improve_picks(grid, families, start) for start in starts]
    best = max(plans, key=lambda picks: (sum(map(len, picks)), total(families, picks)))
    return total(families, in_turn) / SCALE, total(families, best) / SCALE


def row(posts: int, days: int, accounts: int, together: bool, gap_h: int) -> str:
    random = Random(1)
    names = [f"x/{letter}" for letter in "abcd"[:accounts]]
    told = {name: recommend(samples(name, PEAKS[i], random), account=name, zone=ZONE) for i, name in enumerate(names)}
    sets = [one for size in range(1, accounts + 1) for one in combinations(names, size) if together or size == 1]
    drafts = [Draft(n, random.choice(sets)) for n in range(1, posts + 1)]
    schedules = {name: AccountSchedule(one) for name, one in told.items()}
    limits = PlanLimits(START, START + timedelta(days=days), gap_s=3600.0 * gap_h)
    began = time.process_time()
    plan = spread(drafts, schedules, limits)
    took = time.process_time() - began
    in_turn, greedy = greedy_plans(drafts, ScoredHours(drafts, schedules, limits), plan.per_day or 24)
    if plan.left_out:
        raise AssertionError("a case has more posts than room")
    command = whole_command(drafts, names, days, gap_h)
    where = f"{accounts}{', shared' if together else ''}"
    times = f"{took:.2f} s | {command:.2f} s"
    gain = f"{100 * (plan.score / greedy - 1):+.1f} %"
    scores = f"{plan.score:.2f} | {100 * plan.score / plan.bound:.1f} % | {greedy:.2f} | {gain} | {in_turn:.2f}"
    return f"| {posts} in {days} days | {where} | {gap_h} h | {times} | {scores} | {plan.even_score:.2f} |"


def whole_command(drafts: Sequence[Draft], names: Sequence[str], days: int, gap_h: int) -> float:
    """Return the CPU seconds of `ttp plan --drafts --yes` on a store with these drafts and the accounts' samples."""
    import os
    import resource

    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "TTP_HOME": str(Path(folder) / "home"), "TTP_TZ": ZONE.key}
        _store(Path(folder) / "home", drafts, names)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = ["plan", "--drafts", "--days", str(days), "--min-gap", f"{gap_h}h", "--yes", "-q"]
        ran = subprocess.run([sys.executable, "-m", "ttp", *words], env=environ, check=True, capture_output=True)
        assert len(ran.stdout.splitlines()) == len(drafts)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _store(home: Path, drafts: Sequence[Draft], names: Sequence[str]) -> None:
    import os

    from ttp.domain.delivery import Delivery
    from ttp.domain.post import Post
    from ttp.domain.time.clock import SystemClock
    from ttp.store import accounts as stored_accounts
    from ttp.store import posts as store
    from ttp.store.metrics import samples as stored_samples

    os.environ["TTP_HOME"] = str(home)
    here, random, now = Context(), Random(1), SystemClock().now()
    for name in names:
        here.accounts.add(name, None)
    with here.database.writing() as db:
        known = {account.name: account for account in stored_accounts.accounts(db)}
        for i, name in enumerate(names):
            stored_samples.save_samples(db, samples(name, PEAKS[i], random), {name: known[name].id or 0})
        for draft in drafts:
            rows = [Delivery(name, known[name].platform, account_id=known[name].id) for name in draft.accounts]
            store.insert(db, Post(f"Draft {draft.id}", tuple(rows), created_at=now, updated_at=now), None)


def main() -> None:
    names = ("posts", "accounts", "gap", "planning", "whole command", "score", "of the bound", "greedy", "gain")
    print(f"| {' | '.join((*names, 'first come', 'even'))} |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        print(row(*case), flush=True)


if __name__ == "__main__":
    main()
