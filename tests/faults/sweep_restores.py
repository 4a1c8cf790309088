"""Sweeps of a PostgreSQL store that is put back in place: by a dump, as a folder, or by a base backup.

What was published since the backup must not be published again: each host that can know asks for `--take-over` first.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from psycopg import errors

from tests.faults.replica import go_on, wait_until
from tests.faults.sample import seed
from tests.faults.team import Case, Publisher, Team

QUICK = {"PUBLISH__EVICT_AFTER_S": "2"}
REFUSED = 5
SEEN_S = 2.5
"""How long what other hosts do may be unknown to one that runs."""
LATER_S = 15.0
"""Longer than a backup takes: what is published after it is planned before."""
ONE = -1
"""No post: SQL has no list of a single one as Python writes it."""
BEFORE, AFTER, LAST = (1, 2, 3), (4, 5, 6, 7), (8, ONE)
"""Ids of posts, as SQL lists them."""
Restore = Callable[[], None]


def by_dump(team: Team) -> Restore:
    """`pg_restore --clean` into the same database."""
    dump = _dump(team)

    def restore() -> None:
        wait_until(partial(_runs, team, "pg_restore", "--clean", "--if-exists", "--no-owner", str(dump)), "pg_restore")

    return restore


def by_data(team: Team) -> Restore:
    """The rows alone, in place of those that are there."""
    dump = _dump(team, "--data-only", "--disable-triggers")
    listed = f"SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = '{team.schema}'"

    def truncate() -> bool:
        with suppress(errors.DeadlockDetected):
            team.rows(f"TRUNCATE {team.ask(listed)}")
            return True
        return False

    def restore() -> None:
        wait_until(truncate, "TRUNCATE")
        assert _runs(team, "pg_restore", "--data-only", "--disable-triggers", str(dump))

    return restore


def by_folder(team: Team) -> Restore:
    """The folder of the stopped server."""
    copy = team.folder / "copied"
    team.postgres.stop("fast")
    subprocess.run(["cp", "-a", str(team.postgres.data), str(copy)], check=True)
    team.postgres.start()
    return partial(put_in_place, team, copy)


def put_in_place(team: Team, data: Path) -> None:
    """Stop the server, put other data in the place of its own, and start it again."""
    team.postgres.stop("fast")
    shutil.rmtree(team.postgres.data)
    subprocess.run(["cp", "-a", str(data), str(team.postgres.data)], check=True)
    team.postgres.start()


def by_base_backup(team: Team) -> Restore:
    """A base backup of the running server, without `recovery.signal`."""
    copy = team.postgres.make_folder("base")
    _run(team, "pg_basebackup", "-D", str(copy), "--checkpoint=fast", "--no-sync", "-X", "stream")
    return partial(put_in_place, team, copy)


def _dump(team: Team, *options: str) -> Path:
    dump = team.postgres.make_folder("dump") / "dump"
    _run(team, "pg_dump", "--format=custom", f"--file={dump}", *options, "postgres")
    return dump


def _run(team: Team, program: str, *argv: str) -> None:
    where = ["-h", "127.0.0.1", "-p", str(team.postgres.port), "-U", "ttp"]
    team.postgres.call(program, *where, *argv)


def _runs(team: Team, program: str, *argv: str) -> bool:
    """Return whether it succeeded: publishers that run may be in the way."""
    with suppress(subprocess.CalledProcessError):
        _run(team, program, "-d", "postgres", *argv)
        return True
    return False


def put_back(name: str, back_up: Callable[[Team], Restore], count: int, *, knows_all: bool) -> Iterator[Case]:
    """Some posts are published, a backup is made, more are published, and the store is put back: by turns beside
    publishers that run, and without. `knows_all`: a host that never saw the store knows it, too."""
    dice = random.Random(f"{seed()} {name}")
    first = dice.randrange(2)
    for number in range(count):
        is_running, by = (number + first) % 2 == 1, dice.choice("abc" if knows_all else "ab")

        def go(team: Team, is_running: bool = is_running, by: str = by) -> None:
            team.ask("UPDATE delivery SET next_at = next_at + 3600000")
            running = [team.start(host, **QUICK) for host in "ab"] if is_running else []
            for publisher in running:
                publisher.wait_for("publisher.started")
            hosts = "" if is_running else "ab"
            plan(team, BEFORE, 0.0)
            publish(team, BEFORE, hosts)
            plan(team, AFTER, LATER_S if is_running else 0.0)
            restore = back_up(team)
            publish(team, AFTER, hosts)
            time.sleep(SEEN_S if is_running else 0.0)
            restore()
            for publisher in running:
                publisher.end()
                if publisher.process.code != REFUSED:  # in the middle of a restore, tables may be missing
                    team.note(f"it runs on: {publisher.process.code} {publisher.text[-500:]}")
            for host in "cba" if knows_all else "bac":  # the first that knows tells it to the others
                refused(team, ran(team, host, "--once"), host)
            if (sent := team.sent()) != len(BEFORE + AFTER):
                team.note(f"{sent} posts were sent, not {len(BEFORE + AFTER)}")
            ran(team, by, "--until-idle", "--take-over")
            go_on(team, "a", "b", "c")
            if states := team.ask("SELECT count(*) FROM delivery WHERE state = 'needs_review'"):
                team.note(f"{states} posts need review")
            plan(team, LAST, 0.0)
            publish(team, LAST, "c")

        how = "beside publishers" if is_running else "without publishers"
        yield Case(name, f"{how}, taken over by {by}", go, posts=8, spread_s=0.0, is_alone=True)


def plan(team: Team, posts: tuple[int, ...], in_s: float) -> None:
    """Make posts due in so many seconds."""
    due = f"(extract(epoch FROM clock_timestamp()) * 1000)::bigint + {int(1000 * in_s)}"
    team.ask(f"UPDATE delivery SET due_at = {due}, next_at = {due} WHERE post_id IN {posts}")
    team.ask(f"UPDATE post SET scheduled_at = {due} WHERE id IN {posts}")
    team.ask("NOTIFY ttp_changes")


def publish(team: Team, posts: tuple[int, ...], hosts: str) -> None:
    """Wait until posts are published: by these hosts, or by those that run."""
    for host in hosts:
        ran(team, host, "--until-idle")
    left = f"SELECT count(*) FROM delivery WHERE post_id IN {posts} AND state <> 'published'"
    wait_until(lambda: team.ask(left) == 0, f"posts {posts}")


def ran(team: Team, host: str, *words: str) -> Publisher:
    publisher = team.start(host, *words, **QUICK)
    publisher.end()
    return publisher


def refused(team: Team, publisher: Publisher, who: str) -> None:
    if publisher.process.code != REFUSED or "--take-over" not in publisher.text:
        team.note(f"{who} is not asked for a take-over: {publisher.process.code} {publisher.text[-500:]}")


WAYS: dict[str, tuple[Callable[[Team], Restore], bool]] = {
    "dump restored in place": (by_dump, True),
    "rows restored in place": (by_data, True),
    "folder put back": (by_folder, False),
    "base backup put back": (by_base_backup, False),
}
"""How a store is put back, and whether a host that never saw it knows."""


def sweeps() -> dict[str, Callable[[int], Iterator[Case]]]:
    """Return a sweep for each way."""

    def sweep(name: str) -> Callable[[int], Iterator[Case]]:
        back_up, knows_all = WAYS[name]
        return lambda count: put_back(name, back_up, count, knows_all=knows_all)

    return {name: sweep(name) for name in WAYS}
