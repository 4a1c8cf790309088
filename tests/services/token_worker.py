"""One process that needs a token: `python -m tests.services.token_worker HOME URL PLATFORM/HANDLE [STORE]`.

With the address of a store in PostgreSQL, HOME is that of one host of several, and the credentials are in the store.

For each line on stdin, an instant in milliseconds, it asks for a token that can be used then, uses it, and answers with
one line of JSON: how many renewals it asked the platform for, and the status of the request made with the token, or
the error. The word `die` before the instant: it is killed when the platform's answer to a renewal has arrived.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.platforms.factories import PLATFORMS, login_for
from tests.settings import Config
from tests.store.backends import KEY
from ttp.cli.context import open_database
from ttp.domain.account import Account, Credentials, parse_account_name
from ttp.domain.errors import TtpError
from ttp.domain.time.clock import SystemClock, from_ms
from ttp.platforms.http import Http
from ttp.platforms.platform import Runtime
from ttp.platforms.reply import Answer
from ttp.services.connecting.tokens import Tokens
from ttp.store.credentials import CredentialsFile, CredentialsStore
from ttp.store.credentials.keys import Keys
from ttp.store.credentials.table import CredentialsTable
from ttp.store.database import Database

PROBE = {"x": ("/2/users/me", {}), "tiktok": ("/v2/user/info/", {"fields": "open_id"})}


class ToldClock(SystemClock):
    """The instant that the test says; the machine's own time since boot."""

    def __init__(self) -> None:
        self.at = from_ms(0)

    def now(self) -> datetime:
        return self.at


class Counting:
    """A login that counts renewals, and can die of one."""

    def __init__(self, login: Any) -> None:
        self._login = login
        self.asked = 0
        self.deadly = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._login, name)

    def refresh(self, credentials: Credentials) -> Any:
        self.asked += 1
        answer = self._login.refresh(credentials)
        if self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def places(home: Path, store: tuple[str, ...]) -> tuple[Database, CredentialsStore]:
    """Return where this process has the store and the credentials."""
    if not store:
        return Database(home), CredentialsFile(home)
    database = open_database(home, *store)
    return database, CredentialsTable(database, Keys(KEY, (), home))


def main(home: str, url: str, name: str, *store: str) -> None:
    platform, handle = parse_account_name(name, PLATFORMS)
    clock, config = ToldClock(), Config({f"platforms.{platform}.base_url": url})
    login = Counting(login_for(platform, config, clock))
    tokens = Tokens(*places(Path(home), store), lambda *_: login, config, clock, PLATFORMS)
    http = Runtime(config, clock).http(PLATFORMS.facts(platform))
    for line in sys.stdin:
        *deadly, instant = line.split()
        clock.at, login.deadly, login.asked = from_ms(int(instant)), bool(deadly), 0
        try:
            fresh = tokens.fresh(name)
        except TtpError as error:
            said: dict[str, object] = {"error": error.message}
        else:
            said = {"status": _use(http, platform, Account(platform, handle), fresh)}
        print(json.dumps({"asked": login.asked, **said}), flush=True)


def _use(http: Http, platform: str, account: Account, credentials: Credentials) -> int | None:
    path, query = PROBE[platform]
    bearer = {"Authorization": f"Bearer {credentials.access_token}"}
    reply = http.request("GET", path, query=query, headers=bearer)
    return reply.status if isinstance(reply, Answer) else None


if __name__ == "__main__":
    main(*sys.argv[1:])
