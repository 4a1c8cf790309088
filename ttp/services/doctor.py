"""Check everything here that publishing needs. Changes nothing, asks no platform; one failure stops no check."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from ttp import __version__
from ttp.domain.account import Account, connect_action
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.diagnostics import Check, Remark, combine_remarks, failure_remark, format_end, ok_remark, warning_remark
from ttp.domain.errors import TtpError
from ttp.domain.platform import PlatformFacts
from ttp.domain.store_url import passwords_in
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms.login import Logins
from ttp.platforms.media_host.availability import is_usable, media_host_problem
from ttp.platforms.registry import Registry
from ttp.services.connecting.account_check import SET_CLOCK, expiry_remarks, permission_remarks, state_remarks
from ttp.services.connecting.tokens import Tokens
from ttp.store.columns import REVISIONS
from ttp.store.copies.inspection import Survey, paths_open_to_others, survey
from ttp.store.credentials import BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.home import locks
from ttp.store.home.files import expand_user
from ttp.store.home.media import Bucket
from ttp.store.machine.clock_check import DIFFER_AT_MOST, clock_behind
from ttp.store.machine.ownership import this_machine
from ttp.store.sqlite import VERSION as SQLITE

ACCOUNT_PREFIX = "account."
"""Prefix of the name of each account's check."""
CRON_MODES = ("once",)
"""Modes of a publisher that ends by itself and is started again."""
MOST_APART = timedelta(seconds=5)
"""How far the clocks of this machine and of the store's server may be apart."""
FAR_MS = 50.0
"""From how many milliseconds on a server is far away."""
MOST_NAMED = 5
"""Most files to name one by one."""


@dataclass
class Doctor:
    """`credentials` and `tokens` are created when first needed: their backend may be unusable. `bucket`: of media."""

    database: Database
    credentials: Callable[[], CredentialsStore]
    tokens: Callable[[], Tokens]
    logins: Logins
    config: Config
    clock: Clock
    platforms: Registry
    bucket: Bucket | None = None
    _survey: Survey | None = field(default=None, init=False)

    @property
    def accounts(self) -> Sequence[Account]:
        """The store's accounts; empty until `here` has read the store."""
        return () if self._survey is None else self._survey.accounts

    def program(self) -> Check:
        message = f"ttp {__version__}, Python {platform.python_version()}, SQLite {SQLITE}"
        return combine_remarks("program", [ok_remark(message)])

    def here(self) -> Iterator[Check]:
        """Check everything but the settings and the accounts."""
        yield from run_check("modes", self._file_modes)
        yield from run_check("store", self._store)
        if not self.database.has_files:
            yield from run_check("server", self._server)
        if self._survey is not None and self._survey.is_current:
            yield from run_check("machine", self._machine)
            yield from run_check("clock", self._local_clock)
            if sources := self._sources():
                yield from run_check("sources", lambda: iter(sources))
        yield from run_check("publisher", self._publisher)
        yield from run_check("credentials", self._credentials_backend)
        if self.bucket is not None:
            yield from run_check("media", partial(self._media_bucket, self.bucket))
        yield from run_check("media_host", self._media_host)

    def account_states(self) -> Iterator[Check]:
        """Check each account from what is stored."""
        for account in self.accounts:
            yield from run_check(ACCOUNT_PREFIX + account.name, partial(self._account_remarks, account))

    def _file_modes(self) -> Iterator[Remark]:
        home, folder = self.database.home, self.config.text("media_host.path")
        served = (expand_user(folder, "media_host.path"),) if folder else ()
        paths = list(paths_open_to_others(home, but=served))
        if not paths:
            yield ok_remark(f"only you can read {home}" if home.exists() else f"{home} does not exist yet")
            return
        named = [shlex.quote(str(path)) for path in paths]
        few = len(paths) <= MOST_NAMED
        fix = f"chmod go-rwx {' '.join(named)}" if few else f"chmod -R go-rwx {shlex.quote(str(home))}"
        which = ", ".join(str(path) for path in paths[:MOST_NAMED]) + ("" if few else ", …")
        yield failure_remark(f"other users can read {len(paths)} of your files: {which}", fix)

    def _store(self) -> Iterator[Remark]:
        self._survey = survey(self.database, self.clock.now(), approved=self.config.requires_approval)
        if self._survey is None:
            yield ok_remark(f"none yet in {self.database.home}; the first post or account creates it")
            return
        size, revision = self._survey.bytes, self._survey.revision
        shown = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
        if self._survey.unreadable:
            for why in self._survey.unreadable:
                yield failure_remark(f"{why}; the publisher skips the post, account or repeat it belongs to")
            return
        intact = ", intact" if self.database.has_files else ""
        yield ok_remark(f"{self.database.name}, {shown}{intact}, schema {int(revision)}")
        if not self._survey.is_current:
            message = f"its schema is older than {int(REVISIONS[-1])}; the next command upgrades it"
            yield warning_remark(message, action("status"))

    def _sources(self) -> list[Remark]:
        """Return what is wrong with sources; nothing without any."""
        from ttp.services.status import source_health

        with suppress(TtpError), self.database.reading() as db:
            sources = source_health(db, self.clock.now()) if db else ()
            wrong = [warning_remark(one.message, action("source show", one.id)) for one in sources if one.message]
            return wrong or [ok_remark(f"sources that are read: {len(sources)}")] if sources else []
        return []

    def _server(self) -> Iterator[Remark]:
        from ttp.store.postgresql.database import PostgresDatabase

        assert isinstance(self.database, PostgresDatabase)
        state = self.database.server_state(self.clock.now)
        yield ok_remark(f"PostgreSQL {state.version}, as {state.user}, {state.latency_ms:.1f} ms away")
        url = action("config set", "store.url", "URL")
        if state.is_standby:
            yield failure_remark("the server is a standby, which nothing can be written to", url)
        if state.lacking:
            yield failure_remark(
                f"{state.user} may not change everything in {', '.join(state.lacking[:MOST_NAMED])}",
                f"psql -d DATABASE -c 'GRANT ALL ON ALL TABLES IN SCHEMA public TO {state.user}'",
            )
        if state.synchronous_commit == "off":
            yield failure_remark(
                "synchronous_commit is off: a crash of the server could lose the last changes",
                f"psql -d DATABASE -c 'ALTER ROLE {state.user} SET synchronous_commit = on'",
            )
        elif not state.waits_for_standby and (state.standbys or state.publishers > 1):
            yield warning_remark(
                "commits wait for no standby (synchronous_standby_names): a failover can lose the last changes, and"
                " posts can appear twice",
                action("help", "postgresql"),
            )
        if abs(state.ahead) > MOST_APART:
            seconds = abs(state.ahead.total_seconds())
            which = "before" if state.ahead > timedelta() else "behind"
            wrong = f"the server's clock is {seconds:.0f} s {which} this machine's"
            if abs(state.ahead) > DIFFER_AT_MOST:
                yield failure_remark(f"{wrong}: nothing is published from here", SET_CLOCK)
            else:
                yield warning_remark(wrong, SET_CLOCK)
        if state.latency_ms > FAR_MS:
            yield warning_remark(f"a statement takes {state.latency_ms:.0f} ms, and publishing one post about ten")
        if state.shares_sessions:
            yield failure_remark("a pooler gives one session to several programs: nothing can be published", url)
        if passwords_in(self.config.text("store.url")):
            yield warning_remark(
                "store.url has a password: keep it in ~/.pgpass, or let a program print it",
                action("help", "postgresql"),
            )

    def _machine(self) -> Iterator[Remark]:
        owner = self.database.owner(this_machine(), any_machine=self.config["publish.any_machine"] is True)
        with self.database.as_it_is() as db:
            doubt = None if db is None else owner.refusal(db)
        if doubt is None:
            yield ok_remark("this machine may publish from the store")
        else:
            yield failure_remark(doubt.message, doubt.hints[0].way)

    def _local_clock(self) -> Iterator[Remark]:
        now, newest = self.clock.now(), self._survey.newest if self._survey else None
        if not self.database.has_files:  # other hosts have dated what is in the store
            yield ok_remark(f"{now:%Y-%m-%d %H:%M} UTC; publishing goes by the server's")
        elif newest is not None and clock_behind(now, newest) is not None:
            wrong = f"the clock says {now:%Y-%m-%d %H:%M} UTC, but the store was written {newest:%Y-%m-%d %H:%M} UTC"
            yield failure_remark(wrong, SET_CLOCK)
        else:
            yield ok_remark(f"{now:%Y-%m-%d %H:%M} UTC, later than everything in the store")

    def _publisher(self) -> Iterator[Remark]:
        now, survey = self.clock.now(), self._survey
        holder, running = locks.read_holder(self.database.home), self.database.is_publisher_running()
        overdue, waiting = (survey.overdue, survey.waiting) if survey else (0, 0)
        if running:
            who = f"running, pid {holder.pid}, started {format_end(holder.since, now)}" if holder else "running"
            if holder and holder.version not in (None, __version__):
                yield warning_remark(
                    f"{who}, but with ttp {holder.version}, and this is {__version__}: stop and start it"
                )
            else:
                yield ok_remark(who)
            return
        ran = None if holder is None else holder.last_run_at
        lately = ran is not None and now - ran <= timedelta(seconds=self.config.seconds("publish.expect_every_s"))
        last = f"last run {format_end(ran, now)}" if ran is not None else "never run"
        if overdue:
            yield failure_remark(f"nothing publishes ({last}), and {_posts(overdue)} overdue", action("run"))
        elif waiting and not lately:
            due = survey.next_due_at if survey else None
            soon = f", the next is due {format_end(due, now)}" if due else ""
            yield warning_remark(f"nothing publishes ({last}); {_posts(waiting)} scheduled{soon}", action("run"))
        elif survey is None and self.database.exists():
            yield warning_remark(
                f"nothing publishes ({last}), and the scheduled posts cannot be read", action("status")
            )
        else:
            state = f"cron: {last}" if lately and holder and holder.mode in CRON_MODES else f"not running now, {last}"
            yield ok_remark(state + ("" if waiting else "; nothing is scheduled"))

    def _credentials_backend(self) -> Iterator[Remark]:
        yield ok_remark(f"kept in {self.credentials().check()}")

    def _media_bucket(self, bucket: Bucket) -> Iterator[Remark]:
        bucket.check()
        url, most = self.config.text("media.s3.url"), self.config.count("media.cache_mb")
        yield ok_remark(f"in the bucket {clean_text(url)}; copies here, at most {most} MB")

    def _media_host(self) -> Iterator[Remark]:
        advice = media_host_advice(self.config, self.accounts, self.platforms)
        kind = self.config.text("media_host.kind")
        if not kind:
            unknown = self._survey is None and self.database.exists()
            yield (warning_remark(*advice) if advice else ok_remark("none" if unknown else "none, and none needed"))
            return
        if (missing_settings := media_host_problem(self.config)) is not None:
            yield failure_remark(missing_settings.message, missing_settings.hint)
            return
        match kind:
            case "folder":
                yield from self._folder()
            case "command":
                name = self.config.texts("media_host.command")[0]
                if shutil.which(name) is None:
                    yield failure_remark(
                        f"media_host.command: program {name} not found", f"command -v {shlex.quote(name)}"
                    )
                else:
                    yield ok_remark(f"the program {name}")
            case _:
                yield ok_remark(f"the bucket {self.config.text('media_host.s3.url')}")

    def _folder(self) -> Iterator[Remark]:
        folder = expand_user(self.config.text("media_host.path"), "media_host.path")
        url = self.config.text("media_host.base_url")
        platforms = {account.platform for account in self.accounts} or self.platforms.names()
        rehearsal = any(self.platforms.facts(one).is_local(self.config) for one in platforms)
        if not folder.is_dir():
            yield failure_remark(
                f"media_host.path: folder {folder} does not exist", f"mkdir -p {shlex.quote(str(folder))}"
            )
        elif not _writable(folder):
            yield failure_remark(f"media_host.path: {folder} cannot be written", f"ls -ld {shlex.quote(str(folder))}")
        if not is_usable(url, loopback=rehearsal):
            yield failure_remark(f"media_host.base_url: platforms fetch over https only, not from {url}")
        if folder.is_dir() and _writable(folder) and is_usable(url, loopback=rehearsal):
            yield ok_remark(f"the folder {folder}, served as {url}")

    def _account_remarks(self, account: Account) -> Iterator[Remark]:
        now = self.clock.now()
        remarks = list(state_remarks(account, now))
        yield from remarks
        if account.needs_reconnect or not account.connected:
            return
        again, facts = connect_action(account.name), self.platforms.facts(account.platform)
        yield from facts.setting_remarks(self.config, now)
        try:
            credentials = self.credentials().get(account.name)
        except BrokenEntry as broken:
            yield failure_remark(broken.message, again, reconnect=True)
            return
        if credentials is None and not facts.needs_credentials:
            return
        if credentials is None:
            yield failure_remark("its credentials are missing", again, reconnect=True)
            return
        if (wrong := self.platforms.host_mismatch(account, credentials, self.config)) is not None:
            yield failure_remark(wrong.message, wrong.hints[0].way)
        yield from expiry_remarks(
            account, credentials, now, facts, renews=self.tokens().can_renew(account.name, credentials)
        )
        if account.scopes:
            yield from permission_remarks(
                account, credentials, account.scopes, self.logins(account.platform, account.server)
            )


def run_check(name: str, look: Callable[[], Iterator[Remark]]) -> Iterator[Check]:
    """Run one check. An exception in it becomes its failure."""
    try:
        yield combine_remarks(name, list(look()))
    except TtpError as error:
        yield combine_remarks(name, [failure_remark(error.message, next((hint.way for hint in error.hints), None))])
    except OSError as error:
        yield combine_remarks(name, [failure_remark(f"the check failed: {error.filename}: {error.strerror}")])
    except Exception as error:  # noqa: BLE001 (a damaged store may hold anything, and the other checks must still run)
        yield combine_remarks(name, [failure_remark(f"the check failed: {type(error).__name__}: {error}")])


def _posts(count: int) -> str:
    return "1 post is" if count == 1 else f"{count} posts are"


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def media_host_advice(
    config: Config, accounts: Iterable[Account], platforms: PlatformFacts
) -> tuple[str, WayOut] | None:
    """Return why local files cannot be sent to a platform that fetches media by URL, and the fix; None if they can or
    no account needs it."""
    lack = media_host_problem(config)
    fetching = [facts.title for one in accounts if (facts := platforms.facts(one.platform)).fetches_media]
    if lack is None or not fetching:
        return None
    sentence = f"{fetching[0]} fetches media from a public URL, and local files have none: {lack.message}"
    return sentence, lack.hint
