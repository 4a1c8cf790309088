"""Measure how long the pages of `ttp serve` take to their first byte, as multiples of /healthz in the same run, and how
much they weigh with their style, scripts and icons, all compressed.

    python -m benchmarks.pages [--posts N] [--rounds N]

The store has five accounts, N posts in this month and N in the last one. What is past is published and has numbers. Ten
posts failed, ten may be live, and those to come wait for approval. One client asks for every page in turn.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import re
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
from typing import NamedTuple

import httpx

POSTS, ROUNDS, ACCOUNTS = 1000, 200, 5
GOALS_MS = {"/calendar": 100, "/queue": 100, "/posts": 100, "/best-times": 200}
"""Milliseconds to the first byte, on a quiet machine: of the fastest tenth of the answers on a busy one."""
MOST_KB = 60
"""Kilobytes of a page with what it loads, without pictures of posts."""
FIRST_ROUNDS = 3
"""Rounds that are not measured: they fill caches."""
HEALTH, LOGIN = "/healthz", "/login/none"
_PATIENCE_S = 60.0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=POSTS, help=f"in each of two months ({POSTS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"requests of each page ({ROUNDS})")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(home, options.posts))
        filling.start()
        filling.join()
        assert filling.exitcode == 0
        with _serving(home) as (address, link):
            found = _measure(address, link, options.rounds)
    health = [_percentile(found[HEALTH], percent) for percent in (10, 50, 95)]
    print("| page | KB | KB, compressed, with files | p10, ms | p10, p50, p95, of /healthz |\n|---|---|---|---|---|")
    for path, answers in found.items():
        times = [_percentile(answers, percent) for percent in (10, 50, 95)]
        goal = f" (goal: {GOALS_MS[path]})" if path in GOALS_MS else ""
        ratios = ", ".join(f"{time / least:.1f}" for time, least in zip(times, health, strict=True))
        sizes = f"{answers[-1].bytes / 1000:.0f} | {answers[-1].weight / 1000:.0f}"
        print(f"| `{path}` | {sizes} | {1000 * times[0]:.1f}{goal} | {ratios} |")
    heaviest = max(answers[-1].weight for answers in found.values()) / 1000
    print(f"\nthe heaviest: {heaviest:.0f} KB (goal: {MOST_KB})")
    is_quick = all(1000 * _percentile(found[path], 10) <= most for path, most in GOALS_MS.items())
    return 0 if is_quick and heaviest <= MOST_KB else 1


class Answer(NamedTuple):
    """`weight`: bytes of the page and its files, compressed; 0 in all answers but the last. `s`: to the first byte."""

    bytes: int
    weight: int
    s: float


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


def _measure(address: str, link: str, rounds: int) -> Mapping[str, Sequence[Answer]]:
    """Return every answer, by page."""
    found: dict[str, list[Answer]] = defaultdict(list)
    with httpx.Client(base_url=address, timeout=_PATIENCE_S, trust_env=False) as client:
        assert client.post(link).status_code == httpx.codes.SEE_OTHER
        for number in range(FIRST_ROUNDS + rounds):
            for path in _pages():
                began = time.perf_counter()
                with client.stream("GET", path) as answer:
                    took = time.perf_counter() - began
                    content = answer.read()
                assert answer.status_code == (404 if path == LOGIN else 200), (path, answer.status_code)
                if number >= FIRST_ROUNDS:
                    is_last = number == FIRST_ROUNDS + rounds - 1
                    found[path].append(Answer(len(content), _weight(client, content) if is_last else 0, took))
    return found


def _weight(client: httpx.Client, page: bytes) -> int:
    """Return the bytes of a page and of all its files, each once, compressed."""
    files = set(re.findall(r"/static/[^\"#]+", page.decode()))
    sizes = [int(client.get(address).headers["content-length"]) for address in files]
    return len(gzip.compress(page)) + sum(sizes)


def _pages() -> tuple[str, ...]:
    last = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    return (
        *(HEALTH, "/calendar", "/calendar?view=week", "/calendar?view=day", "/queue", "/posts", "/compose", "/posts/1"),
        "/posts/1/edit",
        *("/posts/1/delete", "/approvals", "/best-times", f"/report?when={last:%Y-%m}", "/accounts", LOGIN),
    )


def _percentile(found: Sequence[Answer], percent: int) -> float:
    return quantiles((answer.s for answer in found), n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    raise SystemExit(main())
