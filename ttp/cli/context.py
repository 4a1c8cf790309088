"""One call of the program: the command line's application, with its terminal, output, settings and home."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttp.cli import settings, terminal
from ttp.cli.system_zone import system_zone
from ttp.cli.typed_command import TypedCommand, is_file_name
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.permissions import VARIABLE, Caller, Capability
from ttp.domain.time.clock import Clock, SystemClock
from ttp.services.application import Application, Installation

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ttp.cli.output import Output
    from ttp.domain.account import Account
    from ttp.domain.config import Config, KeyTable
    from ttp.domain.platform import Proof
    from ttp.platforms.registry import Registry
    from ttp.publisher.notifications import Notifications
    from ttp.publisher.process import PublisherProcess, RunResult
    from ttp.store.database import Database
    from ttp.store.home.files import OwnFiles


class Context(Application):
    """One call of the program. Settings, platforms and the store are read when a command needs them."""

    is_command_line = True
    argv: Sequence[str] = ()
    """What was typed after `ttp`."""
    params: Sequence[Any] = ()
    path: Sequence[str] = ()
    """What the command takes, as Typer has it, and its name."""
    only_reads = False
    checks_values = False
    steps = 0
    """Whether the command is read and not run, also its values, and how many wrong words were corrected in it
    (`ttp.cli.readings`)."""
    parser: Any = None
    """What parses command lines (`ttp.cli.app.Parser`), for suggestions."""
    yes = False
    no_input = False
    """Whether `--yes` and `--no-input` were typed."""
    shows_help = False
    """Whether the command line asks for a help page, which Typer writes."""
    shows_all_help = False
    """Whether a help page describes all options, also those that find no room on the terminal."""
    open_out: Output | None = None
    """The output, if it is open."""
    store_in_use: Database | None = None
    """The store, if this command used it: its names are kept for completion at the end."""

    def __init__(self, clock: Clock | None = None, credentials_key: str | None = None) -> None:
        """`credentials_key`: the content of TTP_CREDENTIALS_KEY, which is no longer in the environment."""
        # Not that of an application: the installation is made when it is used.
        self.clock = clock or SystemClock()
        self.credentials_key = credentials_key

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def line(self) -> TypedCommand:
        return TypedCommand(self.argv, self.params, self.path)

    def admit(self, path: str, given: Collection[str], values: dict[str, Any]) -> bool:
        """Return whether a command may be for another machine; `cli.remote.client` decides.

        `path`: such as `slots add`; `given`: the names of its options and arguments; `values`: their values, which the
        command gets. Raise NotAllowed if TTP_CAPABILITY does not allow it, UsageError for a text that is a file here.
        """
        have = settings.capability()
        if have is not Capability.PUBLISH:
            from ttp.domain.operations import capability_here, find_operation

            needed = Capability(capability_here(find_operation(path, given)))
            if not have.allows(needed):
                see = Hint("see", "ttp help capability")
                raise NotAllowed(f"{VARIABLE} is {have}, and ttp {path} needs {needed}", see)
        if is_file_name((values.get("text") or "").removeprefix("@")):
            from ttp.cli.usage_errors import refuse_file_as_text

            refuse_file_as_text(self.line, values)
        return settings.names_server()

    def confirm(self, question: str, *, refusal: str = "") -> bool:
        """Return whether to go on: with `--yes`, or after a yes on the terminal. A no is confirmed on stderr.

        Without a terminal, UsageError says that `refusal` ("deleting 3 posts") needs --yes; without a `refusal` it goes
        on.
        """
        if self.yes:
            return True
        asking = terminal.ask_elsewhere or (terminal.ask if terminal.is_interactive() else None)
        if asking is not None and not self.no_input:
            if asking(question):
                return True
            terminal.write_text(sys.stderr, "Cancelled. Nothing was changed.\n", flush=True)
            return False
        if refusal:
            raise UsageError(f"{refusal} needs confirmation", Hint("try", other_options(no_input=False, yes=True)))
        return True

    def publish(self, ids: frozenset[int]) -> RunResult:
        """Publish posts to their end, silently: here if no publisher runs, else by the one that runs."""
        return self.publisher.publish(ids, lambda event: None)

    def open_output(self, **options: Any) -> None:
        """Open the output by the shared options. UsageError for options that do not go together."""
        from ttp.cli.output import output_of_process

        self.open_out = output_of_process(now=self.now, zone=lambda: self.zone, **options)

    @property
    def out(self) -> Output:
        """The output; that of a command without the shared options, if it is not open."""
        if self.open_out is None:
            self.open_output()
        assert self.open_out is not None
        return self.open_out

    def proof_for(self, account: Account) -> Proof | None:
        """Return what settles a lost answer on an account; None if its platform is not enabled."""
        is_enabled = account.platform in self.platforms.names()
        return self.platforms.facts(account.platform).proof_for(account) if is_enabled else None

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

    def reload_settings(self) -> None:
        """Read the config file again. Services that were not used yet follow the new settings."""
        self.own_config = settings.load(warn=self.out.note, keys=self.keys)
        for name in ("config", "installation"):
            self.__dict__.pop(name, None)

    @cached_property
    def keys(self) -> KeyTable:
        from ttp.domain.config import KeyTable

        return KeyTable(self.platforms)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are read and shown: from the config, else from the system."""
        from ttp.domain.time.zones import home_zone

        return home_zone(config=self.config.text("timezone") or None, system=system_zone().zone)

    @cached_property
    def platforms(self) -> Registry:
        from ttp.platforms.registry import Registry

        return Registry(settings.enabled_platforms(), warn=lambda text: self.out.note(text))

    @cached_property
    def database(self) -> Database:
        def report(backup: Path) -> None:
            if self.open_out is not None:
                self.open_out.note(f"the store was brought up to date; as it was before:  {backup}")

        has_server = settings.names_database()
        self.store_in_use = open_database(
            self.home,
            self.own_config.text("store.url") if has_server else "",
            self.own_config.texts("store.password_command") if has_server else (),
            may_upgrade=settings.capability() != "read",
            report_upgrade=report,
        )
        return self.store_in_use

    @cached_property
    def caller(self) -> Caller:
        """Whoever types: the owner of the store."""
        capability = settings.capability()
        return Caller(settings.user_name(), capability, sees_private=capability.allows(Capability.DRAFT))

    @cached_property
    def installation(self) -> Installation:
        from ttp.cli.errors import command_text

        return Installation(
            self.database,
            self.clock,
            self.config,
            self.platforms,
            system_zone=lambda: system_zone().zone,
            own_files=lambda: self.own_files,
            render_way_out=command_text,
            credentials_key=self.credentials_key,
        )

    # What the layer of the publisher builds of an application.

    @cached_property
    def publisher(self) -> PublisherProcess:
        from ttp.publisher.periodic import PATIENCE_S
        from ttp.publisher.process import Notifier, PublisherProcess

        return PublisherProcess(
            installation=self.installation,
            notify=Notifier(os.environ.get("NOTIFY_SOCKET", "")),
            numbers=replace(self.metrics_sync, patience=PATIENCE_S).pull_due,
            notifications=self.notifications if self.config.texts("notify.to") else None,
        )

    @cached_property
    def notifications(self) -> Notifications:
        from ttp.publisher.notifications import Notifications

        return Notifications(self.installation, os.environ.get("TTP_NTFY_TOKEN", ""))


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
