"""Sweeps of several publishers whose database fails over, does not replicate, or is behind a pooler."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from tests.faults.replica import Pooler, Replica, find_pooler, go_on, wait_until
from tests.faults.sample import seed
from tests.faults.team import Case, Team
from tests.platforms.sandboxed import control

_PUBLISHED = "SELECT p.content FROM post p JOIN delivery d ON d.post_id = p.id WHERE d.state = 'published'"
QUICK = {"PUBLISH__EVICT_AFTER_S": "2"}


def start_standby(team: Team, *, synchronous: bool) -> Replica:
    """Start a standby, and wait until it receives the log. `synchronous`: each commit waits for it from now on."""
    place = team.folder / "standby"
    place.mkdir()
    replica = Replica(place, team.postgres)
    team.held.callback(replica.close)
    wait_until(lambda: team.ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1, "standby")
    if synchronous:
        wait_for_standbys(team, "*")
        wait_until(lambda: team.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1, "sync")
    return replica


def wait_for_standbys(team: Team, names: str) -> None:
    """Let each commit wait for these standbys."""
    team.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    team.ask("SELECT pg_reload_conf()")
    wait_until(lambda: team.ask("SHOW synchronous_standby_names") == names, "the setting")


def failed_over(count: int) -> Iterator[Case]:
    """The primary crashes, and its standby is promoted: by turns without and with synchronous replication."""
    dice = random.Random(f"{seed()} failed over")
    for number in range(count):
        synchronous, after = number % 2 == 1, dice.uniform(0.2, 1.5)

        def go(team: Team, synchronous: bool = synchronous, after: float = after) -> None:
            replica = start_standby(team, synchronous=synchronous)
            team.make_due()
            hosts = f"127.0.0.1:{team.postgres.port},127.0.0.1:{replica.port}"
            url = team.url_of(f"postgresql://ttp@{hosts}/postgres", "target_session_attrs=read-write")
            for name in ("a", "b"):
                team.start(name, STORE__URL=url, **QUICK)
            for publisher in team.publishers:
                publisher.wait_for("publisher.started")
            time.sleep(after)
            had = team.in_hand(team.publishers[0]) | team.in_hand(team.publishers[1])
            team.postgres.stop("immediate")
            replica.promote()
            team.postgres = replica
            wait_for_standbys(team, "")
            team.measure_takeover(had, 90.0)
            team.wait()
            go_on(team, "a", "b", STORE__URL=url)

        how = "synchronous" if synchronous else "asynchronous"
        yield Case("failed over", f"{how}, after {after:.2f} s", go, posts=24, is_alone=True)


def split(count: int) -> Iterator[Case]:
    """The standby is promoted while the old primary stays writable, with a publisher on each. With synchronous
    replication commits of the old one wait for a standby that is gone: it sends nothing any more. Without, both sides
    publish what is due from now on, and nothing can prevent that; what was published before is not published again."""
    for number in range(count):
        synchronous = number % 2 == 0

        def go(team: Team, synchronous: bool = synchronous) -> None:
            replica = start_standby(team, synchronous=synchronous)
            team.make_due(spread_s=6.0)
            old = team.start("a", **QUICK)
            old.wait_for("delivery.published")
            former = team.postgres
            replica.promote()
            team.postgres = replica
            wait_for_standbys(team, "")
            before = {row[0] for row in team.rows(_PUBLISHED)}
            team.start("b", **QUICK)
            team.wait()
            if not synchronous:
                old.wait_for("publisher.idle")
                seen = Counter(post["text"] for post in control(team.sandbox.url, "GET", "posts"))
                if again := sorted(text for text in before if seen[text] > 1):
                    team.note(f"published before the failover and again: {again}")
            former.stop("immediate")

        how = "synchronous" if synchronous else "asynchronous"
        yield Case("old primary is writable", how, go, posts=24, is_alone=True, is_unprotected=not synchronous)


def not_replicated(count: int) -> Iterator[Case]:
    """The server waits for a missing standby. Each wait is cancelled, and each commit returns with a warning."""
    for _ in range(count):

        def go(team: Team) -> None:
            team.ask("UPDATE delivery SET next_at = next_at + 3600000")
            for name in ("a", "b"):
                team.start(name, **QUICK)
            for publisher in team.publishers:
                publisher.wait_for("publisher.started")
            wait_for_standbys(team, "nobody")
            # It counts once the server's checkpointer knows it, too. Then the reports of the publishers wait.
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            wait_until(lambda: team.ask(waiting) > 0, "a commit that waits")
            team.make_due()
            end, cancelled = time.monotonic() + 8.0, 0
            while time.monotonic() < end or (cancelled < 20 and time.monotonic() < end + 30.0):
                cancelled += team.ask(
                    "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                )
                time.sleep(0.05)
            if sent := team.sent():
                team.note(f"{sent} posts were sent though no commit was durable")
            if not cancelled:
                team.note("no commit waited for a standby")
            wait_for_standbys(team, "")

        yield Case("commits not replicated", "cancelled for 8 s", go, is_alone=True)


def pooled(count: int) -> Iterator[Case]:
    """With a pooler in transaction mode, commands work, and publishing is refused in one line."""
    if find_pooler() is None:
        print("behind a pooler: skipped: PgBouncer is not installed")
        return
    for _ in range(count):

        def go(team: Team) -> None:
            team.search_by_role()
            with closing(Pooler(team.folder, team.postgres)) as pooler:
                listed = team.run("a", "list", "--json", STORE__URL=pooler.url)
                if listed.returncode != 0 or len(json.loads(listed.stdout)) == 0:
                    team.note(f"ttp list: {listed.returncode} {listed.stderr}")
                made = team.run("a", "create", "by a person", STORE__URL=pooler.url)
                if made.returncode != 0 and len(made.stderr.strip().splitlines()) > 2:
                    team.note(f"ttp create: {made.returncode} {made.stderr}")
                for words in (("run", "--once"), ("run", "--until-idle")):
                    ran = team.run("a", *words, STORE__URL=pooler.url)
                    if ran.returncode != 5 or "pooler" not in ran.stderr or "Traceback" in ran.stderr:
                        team.note(f"ttp {' '.join(words)}: {ran.returncode} {ran.stderr}")
            if team.sent():
                team.note("posts were sent through a pooler")
            team.start("a", **QUICK)

        yield Case("behind a pooler", "in transaction mode", go, is_alone=True)
