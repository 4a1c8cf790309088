"""What commands need of the rooms below, built on first use: the only place of the command line's heavy imports."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ttp.cli import settings
from ttp.domain.clock import Clock, SystemClock

if TYPE_CHECKING:
    from ttp.daemon.runner import Runner
    from ttp.domain.account import Platform
    from ttp.domain.config import Config
    from ttp.platforms.client import Client
    from ttp.platforms.oauth.grant import Login
    from ttp.services.accounts import Accounts
    from ttp.services.book import Book
    from ttp.services.look import Look
    from ttp.services.metrics import Metrics
    from ttp.services.optimal import Optimal
    from ttp.services.outgoing import Outgoing
    from ttp.services.posts import Posts
    from ttp.services.tokens import Tokens
    from ttp.store.credentials import CredentialsFile
    from ttp.store.database import Database
    from ttp.store.media import MediaStore


class Context:
    """One call of the program."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()

    def now(self) -> datetime:
        return self.clock.now()

    @cached_property
    def home(self) -> Path:
        return settings.home()

    @cached_property
    def config(self) -> Config:
        return settings.load()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown: config, else the system's."""
        from ttp.cli.zones import Clash, zone_of

        found = zone_of(config=self.config.text("timezone") or None)
        assert not isinstance(found, Clash)
        return found

    @cached_property
    def database(self) -> Database:
        from ttp.store.database import Database

        return Database(self.home)

    @cached_property
    def look(self) -> Look:
        from ttp.services.look import Look

        return Look(self.database, self.home, self.clock, self.config)

    @cached_property
    def media(self) -> MediaStore:
        from ttp.store.media import MediaStore

        return MediaStore(self.home / "media", forbidden=(self.home,))

    @cached_property
    def credentials(self) -> CredentialsFile:
        from ttp.store.credentials import CredentialsFile

        return CredentialsFile(self.home)

    @cached_property
    def posts(self) -> Posts:
        from ttp.services.posts import Posts

        return Posts(self.book, self.media)

    @cached_property
    def outgoing(self) -> Outgoing:
        from ttp.services.outgoing import Outgoing

        return Outgoing(self.book, self.credentials)

    @cached_property
    def book(self) -> Book:
        from ttp.services.book import Book

        return Book(self.database, self.clock, self.config)

    @cached_property
    def accounts(self) -> Accounts:
        from ttp.services.accounts import Accounts

        return Accounts(self.database, self.credentials, self.clock, self.config)

    @cached_property
    def metrics(self) -> Metrics:
        from ttp.services.metrics import Metrics

        return Metrics(self.database, self.clock)

    @cached_property
    def optimal(self) -> Optimal:
        from ttp.services.optimal import Optimal

        return Optimal(self.database, self.clock, self.config)

    @cached_property
    def runner(self) -> Runner:
        from ttp.daemon.runner import Runner

        return Runner(self.database, self.media, self.tokens, cache(self._client), self.config, self.clock)

    @cached_property
    def tokens(self) -> Tokens:
        from ttp.services.tokens import Tokens

        return Tokens(self.database, self.credentials, self._login, self.config, self.clock)

    def _login(self, platform: Platform) -> Login:
        from ttp.platforms.oauth.registry import login_for

        return login_for(platform, self.config, self.clock)

    def _client(self, platform: Platform) -> Client:
        from ttp.platforms.registry import client_for

        return client_for(platform, self.config, self.clock)


_current = Context()


def context() -> Context:
    """The context of the call that runs now."""
    return _current


def begin(clock: Clock | None = None) -> Context:
    """Start a new call: nothing that was built for the one before is kept."""
    global _current
    _current = Context(clock)
    return _current


def can_ask() -> bool:
    """Whether there is a person to ask: stdin and stderr are terminals, and nobody said not to."""
    import sys

    if os.environ.get("TTP_NO_INPUT"):
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
