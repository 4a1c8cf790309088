"""A standby of a team's PostgreSQL, and a pooler in front of it: real programs, each ended by its number."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.team import PATIENCE_S, Postgres, Team
from tests.free_port import free_port

if TYPE_CHECKING:
    from collections.abc import Callable


class Replica(Postgres):
    """A standby of `primary` that receives its log. `promote` makes it a primary."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        self.primary = primary
        super().__init__(folder)

    def prepare(self) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "ttp"]
        self.call("pg_basebackup", *where, "-D", str(self.data), "-R", "--checkpoint=fast", "--no-sync", "-X", "stream")

    def promote(self) -> None:
        self.call("pg_ctl", "-D", str(self.data), "-w", "promote")


def wait_until(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


def go_on(team: Team, *hosts: str, **env: str) -> None:
    """End the publishers, and note hosts that do not publish without a question then."""
    team.end_publishers()
    for host in hosts:
        publisher = team.start(host, "--until-idle", **env)
        publisher.end()
        if publisher.process.code != 0:
            team.note(f"{host} does not go on: {publisher.process.code} {publisher.text[-500:]}")


def find_pooler() -> str | None:
    """Return the program of PgBouncer, if it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Pooler:
    """PgBouncer in transaction mode in front of a server."""

    def __init__(self, folder: Path, server: Postgres) -> None:
        program = find_pooler()
        assert program is not None
        self.port = free_port()
        config, users = folder / "pgbouncer.ini", folder / "users.txt"
        users.write_text('"ttp" ""\n')
        config.write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={server.port} dbname=postgres\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nauth_type = trust\nauth_file = {users}\n"
            "pool_mode = transaction\nunix_socket_dir =\ndefault_pool_size = 4\nmin_pool_size = 2\n"
        )
        as_nobody = ("nobody", "nogroup") if os.getuid() == 0 else (None, None)
        self._process = subprocess.Popen(
            [program, str(config)],
            user=as_nobody[0],
            group=as_nobody[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the pooler")

    def _answers(self) -> bool:
        assert self._process.poll() is None, "the pooler has ended"
        with closing(socket.socket()) as there:
            return there.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def url(self) -> str:
        return f"postgresql://ttp@127.0.0.1:{self.port}/postgres"

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self._process.terminate()
        self._process.wait(60)
