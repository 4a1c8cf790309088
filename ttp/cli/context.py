"""The services that commands need, built on first use; the only module with the heavy imports."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttp.cli import settings
from ttp.domain.errors import ContentRefused, Hint, NotAllowed, UsageError
from ttp.domain.permissions import VARIABLE, Capability
from ttp.domain.time.clock import Clock, SystemClock

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ttp.cli.output import Output
    from ttp.domain.action import WayOut
    from ttp.domain.config import Config, KeyTable
    from ttp.platforms.client import Checker, Deleter
    from ttp.platforms.login import BrowserLogin, PasswordLogin
    from ttp.platforms.metrics_reader import MetricsReader
    from ttp.platforms.platform import Runtime
    from ttp.platforms.registry import Registry
    from ttp.publisher.certification import Certification
    from ttp.publisher.notifications import Notifications
    from ttp.publisher.process import PublisherProcess, RunResult
    from ttp.services.account_check import AccountCheck, OptionChoices
    from ttp.services.accounts import Accounts
    from ttp.services.backup import Backups
    from ttp.services.bulk_edit import BulkEdit
    from ttp.services.calendar import Calendar
    from ttp.services.doctor import Doctor
    from ttp.services.drafts import Drafts
    from ttp.services.files.export import Export
    from ttp.services.files.importer import Importer
    from ttp.services.files.sync import Sync
    from ttp.services.metrics.imports import StoredMetrics
    from ttp.services.metrics.report import Reports
    from ttp.services.metrics.sync import MetricsSync
    from ttp.services.optimal import Optimal
    from ttp.services.planning import Planning
    from ttp.services.posts import Posts
    from ttp.services.publishing import Publishing
    from ttp.services.queries import Queries
    from ttp.services.remote_delete import RemoteDelete
    from ttp.services.repeats import Occurrences
    from ttp.services.server.api_tokens import ApiTokens
    from ttp.services.server.webhooks import Webhooks
    from ttp.services.slots import Slots
    from ttp.services.status import Status
    from ttp.services.time_resolver import TimeResolver
    from ttp.services.tokens import Tokens
    from ttp.store.credentials import CredentialsStore
    from ttp.store.credentials.table import CredentialsTable
    from ttp.store.database import Database
    from ttp.store.home.files import OwnFiles
    from ttp.store.home.media import MediaStore
    from ttp.store.rate_limits import Limits


class Context:
    """One call of the program."""

    argv: Sequence[str] = ()
    """What was typed after `ttp`."""
    shows_help = False
    """Whether the command line asks for a help page, which Typer writes."""
    approver: str | None = None
    capability_source = VARIABLE
    """What limits the capability, for messages."""
    within: frozenset[int] | None = None
    """The ids of the only accounts there are for whoever runs the command; None: all."""

    def __init__(self, clock: Clock | None = None, credentials_key: str | None = None) -> None:
        """`credentials_key`: the content of TTP_CREDENTIALS_KEY, which is no longer in the environment."""
        self.clock = clock or SystemClock()
        self.credentials_key = credentials_key

    def now(self) -> datetime:
        return self.clock.now()

    def admit(self, path: str, given: Collection[str], values: dict[str, Any]) -> bool:
        """Return whether a command may be for another machine; `cli.remote.client` decides.

        `path`: such as `slots add`; `given`: the names of its options and arguments; `values`: their values, which the
        command gets. Raise NotAllowed if TTP_CAPABILITY does not allow it.
        """
        have = settings.capability()
        if have is not Capability.PUBLISH:
            from ttp.domain.operations import capability_here, find_operation

            needed = Capability(capability_here(find_operation(path, given)))
            if not have.allows(needed):
                see = Hint("see", "ttp help capability")
                raise NotAllowed(f"{VARIABLE} is {have}, and ttp {path} needs {needed}", see)
        return settings.names_server()

    def render_way_out(self, way: WayOut) -> str:
        """Return a way out as a command to type."""
        from ttp.cli.errors import command_text

        return command_text(way)

    def remember_names(self) -> None:
        """Keep the words for shell completion of a store in a server, if this command used one."""
        database: Database | None = self.__dict__.get("database")
        if database is not None:
            database.remember_names()

    def refuse_elsewhere(self) -> None:
        """Raise OwnedElsewhere if this machine must not publish from the store."""
        self.publisher.refuse_elsewhere()

    def publish(self, ids: frozenset[int]) -> RunResult:
        """Publish posts to their end, silently: here if no publisher runs, else by the one that runs."""
        return self.publisher.publish(ids, lambda event: None)

    @contextmanager
    def rehearsing(self) -> Iterator[Context]:
        """Yield the same services on a store in which each change is rolled back."""
        from ttp.store.home.media import temporary_media

        with temporary_media(self.media) as media:
            rehearsal = Context(self.clock, self.credentials_key)
            rehearsal.out, rehearsal.config, rehearsal.media = self.out, self.config, media
            rehearsal.database = self.database.rehearsal()
            rehearsal.actor, rehearsal.approver, rehearsal.within = self.actor, self.approver, self.within
            rehearsal.capability_source = self.capability_source
            yield rehearsal

    def open_output(self, **options: Any) -> None:
        """Open the output by the shared options. UsageError for options that do not go together."""
        from ttp.cli.output import output_of_process

        self.out = output_of_process(now=self.now, zone=lambda: self.zone, **options)

    @property
    def open_out(self) -> Output | None:
        """Return the output if it is open."""
        return self.__dict__.get("out")

    @cached_property
    def out(self) -> Output:
        """The output of a command without the shared options."""
        self.open_output()
        return self.out

    @cached_property
    def home(self) -> Path:
        return settings.home()

    @cached_property
    def own_files(self) -> OwnFiles:
        """The files and folders of ttp that no command may overwrite."""
        from ttp.store.home.files import OwnFiles

        return OwnFiles(*settings.own_places())

    @cached_property
    def config(self) -> Config:
        """The settings in force: those of this host, and those that all hosts of a store in a server share."""
        if not settings.names_database():
            return self.own_config
        from ttp.store import shared_settings

        settings.refuse_shared(self.keys)
        with self.database.reading() as db:
            assert db is not None
            return self.own_config.with_values(shared_settings.read(db))

    @cached_property
    def own_config(self) -> Config:
        """The settings of this host: its variables and config file."""
        return settings.load(warn=lambda text: self.out.note(text), keys=self.keys)

    @cached_property
    def keys(self) -> KeyTable:
        """All settings."""
        from ttp.domain.config import KeyTable

        return KeyTable(self.platforms)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are read and shown: from the config, else from the system."""
        from ttp.domain.time.zones import home_zone

        return home_zone(config=self.config.text("timezone") or None, system=settings.system_zone().zone)

    @cached_property
    def database(self) -> Database:
        def report(backup: Path) -> None:
            if self.open_out is not None:
                self.open_out.note(f"the store was brought up to date; as it was before:  {backup}")

        has_server = settings.names_database()
        return open_database(
            self.home,
            self.own_config.text("store.url") if has_server else "",
            self.own_config.texts("store.password_command") if has_server else (),
            may_upgrade=settings.capability() != "read",
            report_upgrade=report,
        )

    @cached_property
    def queries(self) -> Queries:
        from ttp.services.queries import Queries

        return Queries(self.database, self.clock, self.config, self.platforms, self.within)

    @cached_property
    def status(self) -> Status:
        from ttp.services.status import Status

        return Status(self.database, self.clock, self.config, self.platforms)

    @cached_property
    def media(self) -> MediaStore:
        from ttp.store.home.media import MediaStore

        if self.config.text("media.backend") == "folder":
            return MediaStore(self.home / "media", forbidden=(self.home,))
        from ttp.platforms.bucket import MediaBucket

        return MediaStore(self.home / "media", (self.home,), MediaBucket(self.config), self.database.media_adding_lock)

    @cached_property
    def credentials(self) -> CredentialsStore:
        """The store of tokens. UsageError if it is not available."""
        match self.config.text("credentials.backend"):
            case "keyring":
                from ttp.store.credentials.keyring import CredentialsKeyring

                return CredentialsKeyring(self.home)
            case "command":
                from ttp.store.credentials.command import CredentialsCommand

                return CredentialsCommand(self.home, self.config.texts("credentials.command"))
            case "store":
                return self.credentials_table
            case _:
                from ttp.store.credentials import CredentialsFile

                return CredentialsFile(self.home)

    @cached_property
    def credentials_table(self) -> CredentialsTable:
        """The credentials that are in the store, encrypted. UsageError if the package for that is missing."""
        from ttp.store.credentials.keys import Keys
        from ttp.store.credentials.table import CredentialsTable

        keys = Keys(self.credentials_key, self.config.texts("credentials.key_command"), self.home)
        return CredentialsTable(self.database, keys)

    @cached_property
    def actor(self) -> str:
        """Who makes the changes, as the history of changes names them."""
        return settings.user_name()

    @cached_property
    def posts(self) -> Posts:
        from ttp.services.posts import Posts

        return Posts(
            self.database,
            self.media,
            self.clock,
            self.config,
            self.platforms,
            settings.capability(),
            actor=self.actor,
            within=self.within,
            capability_source=self.capability_source,
        )

    @cached_property
    def drafts(self) -> Drafts:
        from ttp.services.drafts import Drafts

        return Drafts(self.posts)

    @cached_property
    def times(self) -> TimeResolver:
        from ttp.services.time_resolver import TimeResolver

        return TimeResolver(self.database, self.clock, self.config, settings.system_zone().zone)

    @cached_property
    def publishing(self) -> Publishing:
        from ttp.services.publishing import Publishing

        return Publishing(self.posts, self.credentials)

    @cached_property
    def backups(self) -> Backups:
        from ttp.services.backup import Backups

        return Backups(self.database, self.media, self.own_files)

    @cached_property
    def accounts(self) -> Accounts:
        from ttp.services.accounts import Accounts

        return Accounts(self.database, self.credentials, self.login, self.clock, self.config, self.platforms)

    @cached_property
    def api_tokens(self) -> ApiTokens:
        """The tokens of the HTTP API; `tokens` has those of the platforms."""
        from ttp.services.server.api_tokens import ApiTokens

        return ApiTokens(self.database, self.clock)

    @cached_property
    def webhooks(self) -> Webhooks:
        from ttp.services.server.webhooks import Webhooks

        return Webhooks(self.database, self.credentials, self.clock)

    @cached_property
    def account_check(self) -> AccountCheck:
        from ttp.services.account_check import AccountCheck

        return AccountCheck(
            self.database, self.tokens, self._checker, self.login, self.config, self.clock, self.platforms
        )

    @cached_property
    def option_choices(self) -> OptionChoices:
        from ttp.services.account_check import OptionChoices

        return OptionChoices(self.database, lambda: self.tokens, self._checker, self.platforms)

    @contextmanager
    def naming_choices(self) -> Iterator[None]:
        """Add to a refusal of the block what the platform offers the account now, if that can be asked."""
        try:
            yield
        except ContentRefused as refused:
            raise self.option_choices.with_choices(refused) from None

    @cached_property
    def doctor(self) -> Doctor:
        from ttp.services.doctor import Doctor

        return Doctor(
            self.database,
            lambda: self.credentials,
            lambda: self.tokens,
            self.login,
            self.config,
            self.clock,
            self.platforms,
            self.media.bucket,
        )

    @cached_property
    def remote_delete(self) -> RemoteDelete:
        from ttp.services.remote_delete import RemoteDelete

        return RemoteDelete(self.posts, self.tokens, self._deleter)

    @cached_property
    def certification(self) -> Certification:
        from ttp.publisher.certification import Certification

        return Certification(self.posts, self.publishing, self.remote_delete, self.publisher)

    @cached_property
    def export(self) -> Export:
        from ttp.services.files.export import Export

        return Export(self.database, self.media, self.own_files, self.platforms)

    @cached_property
    def bulk_edit(self) -> BulkEdit:
        from ttp.services.bulk_edit import BulkEdit

        return BulkEdit(self.posts, self.times)

    @cached_property
    def importer(self) -> Importer:
        from ttp.services.files.importer import Importer

        return Importer(self.posts, self.media, self.times)

    @cached_property
    def sync(self) -> Sync:
        from ttp.services.files.sync import Sync

        return Sync(self.posts, self.media, self.own_files, self.times)

    @cached_property
    def metrics(self) -> StoredMetrics:
        from ttp.services.metrics.imports import StoredMetrics

        return StoredMetrics(self.database, self.clock, self.platforms)

    @cached_property
    def optimal(self) -> Optimal:
        from ttp.services.optimal import Optimal

        return Optimal(self.database, self.clock, self.config)

    @cached_property
    def reports(self) -> Reports:
        from ttp.services.metrics.report import Reports

        return Reports(self.database)

    @cached_property
    def planning(self) -> Planning:
        from ttp.services.planning import Planning

        return Planning(self.posts, self.optimal, self.slots, self.times)

    @cached_property
    def calendar(self) -> Calendar:
        from ttp.services.calendar import Calendar

        return Calendar(self.database, self.queries, self.slots, self.clock)

    @cached_property
    def slots(self) -> Slots:
        from ttp.services.slots import Slots

        return Slots(self.database, self.clock, self.config)

    @cached_property
    def occurrences(self) -> Occurrences:
        from ttp.services.repeats import Occurrences

        return Occurrences(self.database, self.clock, self.config)

    @cached_property
    def publisher(self) -> PublisherProcess:
        from ttp.publisher.periodic import PATIENCE_S
        from ttp.publisher.process import Notifier, PublisherProcess
        from ttp.publisher.services import PublisherServices

        platforms, runtime = self.platforms, self.runtime
        in_store = self.config.text("credentials.backend") == "store"
        services = PublisherServices(
            database=self.database,
            media=self.media,
            tokens=self.tokens,
            clients=lambda name: platforms.facts(name).client(runtime),
            config=self.config,
            clock=self.clock,
            platforms=platforms,
            limits=self.limits,
            # A clock that a test moves has nothing to do with the server's.
            server_clock=self.database.server_clock if type(self.clock) is SystemClock else None,
        )
        return PublisherProcess(
            services=services,
            notify=Notifier(os.environ.get("NOTIFY_SOCKET", "")),
            numbers=self._pull(PATIENCE_S).pull_due,
            notifications=self.notifications if self.config.texts("notify.kinds") else None,
            check_credentials=self.credentials_table.require_key if in_store else None,
        )

    @cached_property
    def notifications(self) -> Notifications:
        from ttp.cli.errors import command_text
        from ttp.publisher.notifications import Notifications

        return Notifications(
            database=self.database,
            credentials=lambda: self.credentials,
            status=self.status,
            config=self.config,
            clock=self.clock,
            secrets=settings.notification_secrets(),
            render=command_text,
        )

    @cached_property
    def metrics_sync(self) -> MetricsSync:
        return self._pull(None)

    @cached_property
    def limits(self) -> Limits:
        """The rate limits that platforms reported."""
        from ttp.store.rate_limits import Limits

        return Limits(self.database, self.clock)

    @cached_property
    def tokens(self) -> Tokens:
        from ttp.services.tokens import Tokens

        return Tokens(self.database, self.credentials, self.login, self.config, self.clock, self.platforms)

    @cached_property
    def platforms(self) -> Registry:
        """The enabled platforms."""
        from ttp.platforms.registry import Registry

        return Registry(settings.enabled_platforms(), warn=lambda text: self.out.note(text))

    @cached_property
    def runtime(self) -> Runtime:
        """The arguments of the factories of platforms."""
        from ttp.platforms.platform import Runtime

        return Runtime(self.config, self.clock, memory=self.limits, lent=self.home / "lent")

    def login(self, name: str, server: str | None = None) -> BrowserLogin | PasswordLogin | None:
        """Return a new login of a platform; None if it has none or is not enabled."""
        return self.platforms.facts(name).login(self.runtime, server) if name in self.platforms.names() else None

    def _checker(self, name: str) -> Checker | None:
        return self.platforms.facts(name).checker(self.runtime) if name in self.platforms.names() else None

    def _reader(self, name: str) -> MetricsReader | None:
        return self.platforms.facts(name).metrics_reader(self.runtime) if name in self.platforms.names() else None

    def _deleter(self, name: str) -> Deleter | str:
        if name not in self.platforms.names():
            return f"platform {name} is not enabled"
        return self.platforms.facts(name).deleter(self.runtime)

    def _pull(self, patience: float | None) -> MetricsSync:
        from ttp.services.metrics.sync import MetricsSync

        return MetricsSync(self.database, self.tokens, self._reader, self.config, self.clock, self.platforms, patience)


def open_database(
    home: Path,
    url: str = "",
    password_command: Sequence[str] = (),
    *,
    may_upgrade: bool = True,
    report_upgrade: Callable[[Path], object] = lambda backup: None,
) -> Database:
    """Return the store of a home: in the PostgreSQL database at `url`, or without one in a file. Connects to nothing.

    `password_command`: a program that prints the database's password. Raises UsageError for an address that cannot be
    read, and if psycopg is not installed.
    """
    from ttp.store.database import Database

    if not url:
        return Database(home, may_upgrade=may_upgrade, report_upgrade=report_upgrade)
    try:
        from ttp.store.postgresql.database import PostgresDatabase
    except ImportError as missing:
        why = f"a store in PostgreSQL needs the extra postgres: {missing}"
        raise UsageError(why, Hint("fix", "pip install 'ttp-cli[postgres]'")) from None
    return PostgresDatabase(home, url, password_command, may_upgrade=may_upgrade)
