"""Measure how long the pages of `ttp serve` take, as multiples of /healthz in the same run.

    python -m benchmarks.pages [--posts N] [--rounds N]

The store has five accounts, N posts in this month and N in the last one. What is past is published and has numbers. Ten
posts failed, ten may be live, and those to come wait for approval. One client asks for every page in turn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import httpx

POSTS, ROUNDS, ACCOUNTS = 1000, 200, 5
GOAL = 12.0
FIRST_ROUNDS = 3
"""Rounds that are not measured: they fill caches."""
HEALTH, LOGIN = "/healthz", "/login/none"
_PATIENCE_S = 60.0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=POSTS, help=f"in each of two months ({POSTS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"requests of each page ({ROUNDS})")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(home, asked.posts))
        filling.start()
        filling.join()
        assert filling.exitcode == 0
        with _serving(home) as (address, link):
            found = _measure(address, link, asked.rounds)
    at_best, health = (_percentile(found[HEALTH], percent) for percent in (50, 95))
    print("| page | KB | p50, ms | of /healthz | p95, ms | of /healthz |\n|---|---|---|---|---|---|")
    for path, answers in found.items():
        size, p50, p95 = max(size for size, _ in answers), _percentile(answers, 50), _percentile(answers, 95)
        times = f"{1000 * p50:.1f} | {p50 / at_best:.1f} | {1000 * p95:.1f} | {p95 / health:.1f}"
        print(f"| `{path}` | {size / 1000:.0f} | {times} |")
    worst = max(_percentile(answers, 95) for answers in found.values()) / health
    print(f"\nthe slowest, p95: {worst:.1f} times /healthz (goal: {GOAL:.0f})")
    return 0 if worst <= GOAL else 1


def _fill(home: Path, posts: int) -> None:
    from benchmarks.stores import fill_months, make_store

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    this = today.replace(day=1)
    last, following = (this - timedelta(days=1)).replace(day=1), (this + timedelta(days=32)).replace(day=1)
    fill_months(make_store(home, ACCOUNTS), (last, this, following), posts, ACCOUNTS)


@contextmanager
def _serving(home: Path) -> Iterator[tuple[str, str]]:
    """Run `ttp serve`; yield its address and a login link."""
    settings = {"TTP_HOME": str(home), "TTP_TZ": "UTC", "TTP_PUBLISH__REQUIRE_APPROVAL": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ttp", "serve", "--port", "0", "--no-publish"],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = [process.stderr.readline().strip() for _ in range(3)]
        assert said[0].startswith("Serving on "), said
        yield said[0].removeprefix("Serving on "), said[2]
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)
        process.stderr.close()


def _measure(address: str, link: str, rounds: int) -> Mapping[str, Sequence[tuple[int, float]]]:
    """Return the bytes and seconds of every answer, by page."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    with httpx.Client(base_url=address, timeout=_PATIENCE_S, trust_env=False) as client:
        assert client.post(link).status_code == httpx.codes.SEE_OTHER
        for number in range(FIRST_ROUNDS + rounds):
            for path in _pages():
                began = time.perf_counter()
                answer = client.get(path)
                took = time.perf_counter() - began
                assert answer.status_code == (404 if path == LOGIN else 200), (path, answer.status_code)
                if number >= FIRST_ROUNDS:
                    found[path].append((len(answer.content), took))
    return found


def _pages() -> tuple[str, ...]:
    last = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    return (
        *(
            HEALTH,
            "/calendar",
            "/calendar?view=week",
            "/calendar?view=day",
            "/queue",
            "/compose",
            "/posts/1",
            "/posts/1/edit",
        ),
        *("/posts/1/delete", "/approvals", "/best-times", f"/report?when={last:%Y-%m}", "/accounts", LOGIN),
    )


def _percentile(found: Sequence[tuple[int, float]], percent: int) -> float:
    return quantiles((seconds for _, seconds in found), n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    raise SystemExit(main())
