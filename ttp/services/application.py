"""The one place where services are built: `Installation` has what all callers share, `Application` the services for one
caller. Each part is built on first use, and its module is imported then: most commands need few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ttp import services
from ttp.domain.action import action
from ttp.domain.errors import ContentRefused, Hint, TtpError, UsageError
from ttp.domain.time.clock import SystemClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from ttp.domain.account import Account
    from ttp.domain.action import WayOut
    from ttp.domain.config import Config
    from ttp.domain.permissions import Caller
    from ttp.domain.time.calendar_range import CalendarRange
    from ttp.domain.time.clock import Clock
    from ttp.platforms.client import Checker, Client, Deleter
    from ttp.platforms.login import BrowserLogin, PasswordLogin
    from ttp.platforms.metrics_reader import MetricsReader
    from ttp.platforms.platform import Platform, Runtime
    from ttp.platforms.registry import Registry
    from ttp.services import accounts, approvals, backup, bulk_edit, calendar, doctor, drafts
    from ttp.services.connecting import account_check, connect
    from ttp.services import optimal, planning, posts, publishing, queries, remote_delete, repeats, slots, status
    from ttp.services import time_resolver, undo
    from ttp.services.connecting import tokens
    from ttp.services.files import export, importer, sync
    from ttp.services.templates import filling
    from ttp.services.metrics import imports, report
    from ttp.services.metrics import sync as metrics_sync
    from ttp.services.sources import polling, sources
    from ttp.services.server import api_tokens, approval_links, events, people, submitted_drafts, webhooks
    from ttp.store.credentials import CredentialsStore
    from ttp.store.credentials.table import CredentialsTable
    from ttp.store.database import Database
    from ttp.store.dialect import Connection
    from ttp.store.home.files import OwnFiles
    from ttp.store.home.media import MediaStore
    from ttp.store.home.unsaved_edits import UnsavedEdits
    from ttp.store.queries import PostFilter
    from ttp.store.rate_limits import Limits

T = TypeVar("T")


class _Shared(cached_property[T]):
    """A part of an installation, which is built on first use."""

    def __init__(self, build: Callable[[Installation], T]) -> None:
        super().__init__(build)


class _Part(cached_property[T]):
    """A part of an application, which is built on first use."""

    def __init__(self, build: Callable[[Application], T]) -> None:
        super().__init__(build)


class Installation:
    """One store with its settings, and what all callers share."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Config,
        platforms: Registry,
        *,
        system_zone: Callable[[], ZoneInfo],
        own_files: Callable[[], OwnFiles],
        render_way_out: Callable[[WayOut], str],
        credentials_key: str | None = None,
    ) -> None:
        """`system_zone`: finds the zone of this machine; `own_files`: the files of ttp that nothing may overwrite;
        `render_way_out`: writes a command to type; `credentials_key`: the content of TTP_CREDENTIALS_KEY."""
        self.database, self.clock, self.config, self.platforms = database, clock, config, platforms
        self.system_zone, self.own_files, self.render_way_out = system_zone, own_files, render_way_out
        self.credentials_key = credentials_key

    @cached_property
    def media(self) -> MediaStore:
        from ttp.store.home.media import MediaStore

        home = self.database.home
        if self.config.text("media.backend") == "folder":
            return MediaStore(home / "media", forbidden=(home,))
        from ttp.platforms.bucket import MediaBucket

        return MediaStore(home / "media", (home,), MediaBucket(self.config), self.database.media_adding_lock)

    @cached_property
    def credentials(self) -> CredentialsStore:
        """The store of tokens. UsageError if it is not available."""
        home = self.database.home
        match self.config.text("credentials.backend"):
            case "keyring":
                from ttp.store.credentials.keyring import CredentialsKeyring

                return CredentialsKeyring(home)
            case "command":
                from ttp.store.credentials.command import CredentialsCommand

                return CredentialsCommand(home, self.config.texts("credentials.command"))
            case "store":
                return self.credentials_table
            case _:
                from ttp.store.credentials import CredentialsFile

                return CredentialsFile(home)

    @cached_property
    def credentials_table(self) -> CredentialsTable:
        """The credentials that are in the store, encrypted. UsageError if the package for that is missing."""
        from ttp.store.credentials.keys import Keys
        from ttp.store.credentials.table import CredentialsTable

        keys = Keys(self.credentials_key, self.config.texts("credentials.key_command"), self.database.home)
        return CredentialsTable(self.database, keys)

    def check_credentials(self) -> None:
        """Raise KeyMissing if credentials are in the store and their key is not given here."""
        if self.config.text("credentials.backend") == "store":
            self.credentials_table.require_key()

    @cached_property
    def server_clock(self) -> Callable[[Connection], datetime] | None:
        """Reads the clock of the store's server. None without one, and for a clock that a test moves."""
        return self.database.server_clock if type(self.clock) is SystemClock else None

    @cached_property
    def limits(self) -> Limits:
        """The rate limits that platforms reported."""
        from ttp.store.rate_limits import Limits

        return Limits(self.database, self.clock)

    @cached_property
    def runtime(self) -> Runtime:
        """The arguments of the factories of platforms."""
        from ttp.platforms.platform import Platform, Runtime

        return Runtime(self.config, self.clock, memory=self.limits, lent=self.database.home / "lent")

    def client(self, name: str) -> Client:
        return self.platforms.facts(name).client(self.runtime)

    def renews_token(self, account: Account) -> bool:
        """Return whether ttp renews the token of an account; False where only a keyring or a program knows."""
        if self.config.text("credentials.backend") not in ("file", "store"):
            return False
        with suppress(TtpError):
            credentials = self.credentials.get(account.name)
            return credentials is not None and self.tokens.can_renew(account.name, credentials)
        return False

    @property
    def notified_names(self) -> tuple[str, ...]:
        """The names in `notify.to` that are set up. What only a keyring or a program knows is not asked for."""
        if not self.config.texts("notify.to"):
            return ()  # most commands need none of it
        from ttp.domain.notification import credentials_name, names_in_use

        def has_address(name: str) -> bool:
            if self.config.text("credentials.backend") in ("file", "store"):
                with suppress(TtpError):
                    return self.credentials.get(credentials_name(name)) is not None
            return True

        return names_in_use(self.config, has_address)

    def login(self, name: str, server: str | None = None) -> BrowserLogin | PasswordLogin | None:
        """Return a new login of a platform; None if it has none or is not enabled."""
        return self.platforms.facts(name).login(self.runtime, server) if name in self.platforms.names() else None

    def checker(self, name: str) -> Checker | None:
        return self.platforms.facts(name).checker(self.runtime) if name in self.platforms.names() else None

    def metrics_reader(self, name: str) -> MetricsReader | None:
        return self.platforms.facts(name).metrics_reader(self.runtime) if name in self.platforms.names() else None

    def deleter(self, name: str) -> Deleter | str:
        if name not in self.platforms.names():
            return f"platform {name} is not enabled"
        return self.platforms.facts(name).deleter(self.runtime)

    @contextmanager
    def connecting(
        self, platform: Platform, server: str | None, runtime: Runtime
    ) -> Iterator[tuple[connect.AccountConnector, BrowserLogin | PasswordLogin]]:
        """Yield the connect service and the login of a platform, and close its connections afterwards. Raise UsageError
        without a login."""
        login = platform.login(runtime, server)
        if login is None:
            raise UsageError(
                f"{platform.title} accounts cannot be connected by a login",
                Hint("try", action("account add", f"{platform.name}/HANDLE", credentials="FILE")),
            )
        with closing(login):
            connector = services.connecting.connect.AccountConnector(
                self.database, self.credentials, login, self.config, self.clock, self.platforms, server
            )
            yield connector, login

    @cached_property
    def unsaved_edits(self) -> UnsavedEdits:
        from ttp.store.home.unsaved_edits import UnsavedEdits

        return UnsavedEdits(self.database.home)

    tokens = _Shared(
        lambda self: services.connecting.tokens.Tokens(
            self.database, self.credentials, self.login, self.config, self.clock, self.platforms
        )
    )
    """Those of accounts; `api_tokens` are those of the HTTP API."""
    account_check = _Shared(
        lambda self: services.connecting.account_check.AccountCheck(
            self.database, self.tokens, self.checker, self.login, self.config, self.clock, self.platforms
        )
    )
    status = _Shared(
        lambda self: services.status.Status(
            self.database, self.clock, self.config, self.platforms, lambda: self.notified_names
        )
    )
    webhooks = _Shared(lambda self: services.server.webhooks.Webhooks(self.database, self.credentials, self.clock))
    api_tokens = _Shared(lambda self: services.server.api_tokens.ApiTokens(self.database, self.clock))
    approval_links = _Shared(lambda self: services.server.approval_links.ApprovalLinks(self.database, self.clock))
    people = _Shared(lambda self: services.server.people.People(self.database, self.clock))
    events = _Shared(lambda self: services.server.events.Events(self.database, self.clock))
    occurrences = _Shared(
        lambda self: services.repeats.Occurrences(self.database, self.clock, self.config, self.platforms)
    )


class Application:
    """The services for one caller. For one thread.

    `dry_run`: each change is rolled back. `expected`: the revision of the post that is changed, if the caller knows it.
    """

    dry_run = False
    is_command_line = False
    """Whoever calls may name files, and has templates in the working folder."""
    caller_root: Path | None = None
    """The folder with the files of a caller elsewhere: no template that is named by its path is read outside of it."""
    expected: int | None = None
    publish: Callable[[frozenset[int]], object]
    """Publish queued posts to their end, or wait for the publisher that does. The layers above have it."""

    def __init__(
        self, installation: Installation, caller: Caller, *, dry_run: bool = False, expected: int | None = None
    ) -> None:
        self.installation, self.caller = installation, caller
        self.clock: Clock = installation.clock
        self.dry_run, self.expected = dry_run, expected

    @cached_property
    def installation(self) -> Installation:
        raise NotImplementedError  # a subclass that is built without one makes it on first use

    @cached_property
    def caller(self) -> Caller:
        raise NotImplementedError

    @cached_property
    def config(self) -> Config:
        return self.installation.config

    @cached_property
    def platforms(self) -> Registry:
        return self.installation.platforms

    @cached_property
    def database(self) -> Database:
        database = self.installation.database
        return database.rehearsal() if self.dry_run else database

    @contextmanager
    def rehearsing(self) -> Iterator[Application]:
        """Yield the same services on a store in which each change is rolled back, and a temporary media folder."""
        from ttp.store.home.media import temporary_media

        with temporary_media(self.media) as media:
            rehearsal = Application(self.installation, self.caller, dry_run=True)
            rehearsal.media = media
            yield rehearsal

    def refuse_elsewhere(self) -> None:
        """Raise OwnedElsewhere if this machine must not publish from the store."""
        if (refused := self.status.elsewhere()) is not None:
            raise refused

    @contextmanager
    def naming_choices(self) -> Iterator[None]:
        """Add to a refusal of the block what the platform offers the account now, if that can be asked."""
        try:
            yield
        except ContentRefused as refused:
            installation = self.installation
            choices = services.connecting.account_check.OptionChoices(
                self.database, lambda: installation.tokens, installation.checker, self.platforms
            )
            raise choices.with_choices(refused) from None

    def bound(self, name: str, text: str | None) -> datetime | None:
        """Return a bound of a period, such as `7d` or a date; None without one. `name`: of its option. Raise
        TimeRefused."""
        if text is None:
            return None
        from ttp.domain.time.resolve import resolve_bound

        return resolve_bound(text, now=self.clock.now(), zone=self.zone, option=name)

    def days(
        self, when: str | None, *, month: bool = False, week: bool = False, tz: str | None = None, begun: bool = False
    ) -> CalendarRange:
        """Return a month or a week, as `parse_calendar_range`. `tz`: its zone, else the caller's. Raise UsageError,
        TimeRefused."""
        from ttp.domain.time.calendar_range import parse_calendar_range
        from ttp.domain.time.zones import parse_zone

        zone = self.zone if tz is None else parse_zone(tz)
        today = self.clock.now().astimezone(zone).date()
        return parse_calendar_range(
            when, month=month, week=week, today=today, zone=zone, begun=begun, week_begins=self.week_begins
        )

    @property
    def week_begins(self) -> int:
        """The weekday with which weeks begin: 0 is Monday."""
        from ttp.domain.time.calendar_range import WEEK_STARTS

        return WEEK_STARTS[self.config.text("calendar.week_start")]

    def post_filter(
        self,
        *,
        platforms: Iterable[str] = (),
        accounts: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        **others: Any,
    ) -> PostFilter:
        """Return the filter of posts by what a person types. `others`: further fields of the filter. Raise UsageError,
        NotFound, Ambiguous, TimeRefused."""
        from ttp.store.queries import PostFilter

        return PostFilter(
            platforms=tuple(self.platforms.find(name).name for name in platforms),
            accounts=tuple(one.id or 0 for one in self.queries.find_accounts(accounts)) if accounts else (),
            since=self.bound("since", since),
            until=self.bound("until", until),
            **others,
        )

    @cached_property
    def source_posts(self) -> posts.Posts:
        """Those that sources make: the publisher, which polls them, knows the templates of the home alone."""
        return replace(self.posts, templates=self.templates.of_home)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are read and shown: the caller's own, else the config's, else the system's."""
        return self.times.home_zone

    media = _Part(lambda self: replace(self.installation.media))  # remembers what it protects: for one thread
    status = _Part(lambda self: self.installation.status)
    queries = _Part(
        lambda self: services.queries.Queries(self.database, self.clock, self.config, self.platforms, self.caller)
    )
    templates = _Part(
        lambda self: services.templates.filling.Templates(
            self.installation.database.home,
            self.platforms,
            lambda: self.clock.now().astimezone(self.zone),
            is_command_line=self.is_command_line,
            root=self.caller_root,
        )
    )
    posts = _Part(
        lambda self: services.posts.Posts(
            self.database,
            self.media,
            self.clock,
            self.config,
            self.platforms,
            self.caller,
            self.templates,
            expected=self.expected,
            shortens=not self.dry_run,
        )
    )
    drafts = _Part(lambda self: services.drafts.Drafts(self.posts))
    undo = _Part(lambda self: services.undo.Undo(self.posts))
    publishing = _Part(lambda self: services.publishing.Publishing(self.posts, self.installation.credentials))
    remote_delete = _Part(
        lambda self: services.remote_delete.RemoteDelete(
            self.posts, self.installation.tokens, self.installation.deleter
        )
    )
    times = _Part(
        lambda self: services.time_resolver.TimeResolver(
            self.database, self.clock, self.config, self.installation.system_zone(), self.caller.timezone
        )
    )
    polling = _Part(lambda self: services.sources.polling.Polling(self.source_posts, self.times))
    sources = _Part(lambda self: services.sources.sources.Sources(self.source_posts, self.times, self.polling))
    slots = _Part(lambda self: services.slots.Slots(self.database, self.clock, self.config))
    calendar = _Part(lambda self: services.calendar.Calendar(self.database, self.queries, self.slots, self.clock))
    occurrences = _Part(
        lambda self: services.repeats.Occurrences(self.database, self.clock, self.config, self.platforms)
    )
    repeats = _Part(lambda self: services.repeats.Repeats(self.posts, self.occurrences))
    optimal = _Part(lambda self: services.optimal.Optimal(self.database, self.clock, self.config))
    planning = _Part(lambda self: services.planning.Planning(self.posts, self.optimal, self.slots, self.times))
    approvals = _Part(lambda self: services.approvals.Approvals(self.posts, self.times))
    submitted_drafts = _Part(
        lambda self: services.server.submitted_drafts.SubmittedDrafts(
            self.posts, self.queries, self.times, self.approvals
        )
    )
    bulk_edit = _Part(lambda self: services.bulk_edit.BulkEdit(self.posts, self.times))
    importer = _Part(
        lambda self: services.files.importer.Importer(
            self.posts, self.media, self.times, 0 if self.caller.is_owner else self.config.count("server.import_rows")
        )
    )
    export = _Part(
        lambda self: services.files.export.Export(
            self.database, self.media, self.installation.own_files(), self.platforms, self.caller
        )
    )
    sync = _Part(
        lambda self: services.files.sync.Sync(self.posts, self.media, self.installation.own_files(), self.times)
    )
    backups = _Part(lambda self: services.backup.Backups(self.database, self.media, self.installation.own_files()))
    metrics = _Part(lambda self: services.metrics.imports.StoredMetrics(self.database, self.clock, self.platforms))
    metrics_sync = _Part(
        lambda self: services.metrics.sync.MetricsSync(
            self.database,
            self.installation.tokens,
            self.installation.metrics_reader,
            self.config,
            self.clock,
            self.platforms,
        )
    )
    reports = _Part(lambda self: services.metrics.report.Reports(self.database, self.clock, self.times))
    events = _Part(lambda self: services.server.events.Events(self.database, self.clock, self.caller.accounts))
    pauses = _Part(lambda self: services.accounts.AccountPause(self.database, self.clock))
    accounts = _Part(
        lambda self: services.accounts.Accounts(
            self.database,
            self.installation.credentials,
            self.installation.login,
            self.clock,
            self.config,
            self.platforms,
        )
    )
    doctor = _Part(
        lambda self: services.doctor.Doctor(
            self.database,
            lambda: self.installation.credentials,
            lambda: self.installation.tokens,
            self.installation.login,
            self.config,
            self.clock,
            self.platforms,
            self.media.bucket,
        )
    )
