"""Remove what ttp has put on this machine. Never removes what others made, and lists what is left to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Literal

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config
from ttp.domain.errors import TtpError
from ttp.platforms.login import Login, Logins
from ttp.platforms.media_host import s3
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.registry import Registry
from ttp.services.installation.background_service import BackgroundService
from ttp.store import accounts as stored_accounts
from ttp.store.credentials import CredentialsStore
from ttp.store.database import Database
from ttp.store.home.contents import lock_files, read_contents, remove_empty_folders, remove_lock_file
from ttp.store.home.locks import LockHeld, read_holder
from ttp.store.machine.ownership import this_machine

_LOOK_AGAIN_S = 0.1

Deed = Literal["remove", "revoke", "keep", "by_hand"]


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that ttp made. `kind`: service, completion, lock, token, object, file, link, home or store; `deed`:
    what happens to it; `done`: it has happened; `note`: why not, or what to do."""

    kind: str
    name: str
    deed: Deed
    done: bool = False
    note: str = ""

    @property
    def has_failed(self) -> bool:
        """Return whether it could not be removed; only after a real run."""
        return self.deed in ("remove", "revoke") and not self.done


@dataclass
class Uninstall:
    """`files`: completion scripts and a config file outside of the home, all made by ttp. `service_home`: where the
    installed service keeps its store; `stop_s`: how long a stopped service may go on."""

    database: Database
    credentials: Callable[[], CredentialsStore]
    logins: Logins
    config: Config
    platforms: Registry
    service: BackgroundService
    _: KW_ONLY
    service_home: Path
    completions: Sequence[Path]
    config_files: Sequence[Path]
    stop_s: float

    @property
    def home(self) -> Path:
        return self.database.home

    def refuse_while_running(self) -> None:
        """Raise LockHeld if a publisher runs that is not the service of this store."""
        if self.database.is_publisher_running() and not self._service_is_ours():
            raise LockHeld(read_holder(self.home))

    def run(self, *, purge: bool, dry_run: bool) -> Iterator[Removal]:
        """Remove the service, the completions and the lock files; with `purge` also the tokens and the store. Yield
        each thing once it is done. Raise LockHeld if a publisher runs."""
        yield from self._remove_service(dry_run)
        with self.database.publisher_lock() if not dry_run and self.home.is_dir() else nullcontext():
            yield from (self._remove_file("completion", path, dry_run) for path in self.completions)
            if purge:
                yield from self._revoke_tokens(dry_run)
                yield from self._delete_objects(dry_run)
                yield from self._remove_home(dry_run)
            else:
                yield from self._remove_locks(dry_run)
                if self.home.is_dir():
                    yield Removal("home", str(self.home), "keep", True, "the store, tokens, media and settings")
        if not self.database.has_files:
            why = "it is on a server, for all its hosts; dropdb deletes a database"
            yield Removal("store", self.database.name, "keep", True, why)

    def _service_is_ours(self) -> bool:
        """Return whether the installed service publishes from this store, and not from another."""
        state = self.service.state()
        return state.installed and self.service_home.resolve() == self.home.resolve()

    def _remove_service(self, dry_run: bool) -> Iterator[Removal]:
        state = self.service.state()
        if not state.installed:
            return
        if not self._service_is_ours():
            yield Removal("service", str(state.file), "keep", True, f"it publishes from {self.service_home}")
            return
        if not dry_run:
            self.service.uninstall()
            end = time.monotonic() + self.stop_s
            while self.database.is_publisher_running() and time.monotonic() < end:
                time.sleep(_LOOK_AGAIN_S)
        yield Removal("service", str(state.file), "remove", not dry_run)

    def _remove_file(self, kind: str, path: Path, dry_run: bool) -> Removal:
        if not dry_run:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                return Removal(kind, str(path), "remove", False, error.strerror or str(error))
        return Removal(kind, str(path), "remove", not dry_run)

    def _remove_locks(self, dry_run: bool) -> Iterator[Removal]:
        for path in lock_files(self.home):
            if dry_run or path.name == "publisher.lock":  # which this process holds
                yield self._remove_file("lock", path, dry_run)
            elif remove_lock_file(path):
                yield Removal("lock", str(path), "remove", True)
            else:
                yield Removal("lock", str(path), "remove", False, "another process holds it")

    def _revoke_tokens(self, dry_run: bool) -> Iterator[Removal]:
        if not self.database.has_files and self.config.text("credentials.backend") == "store":
            yield Removal("token", "all accounts", "keep", True, "they are in the store, for its other hosts")
            return
        try:
            accounts = self._accounts()
            credentials = self.credentials()
        except TtpError as error:
            yield Removal("token", "all accounts", "by_hand", False, f"{error.message}; revoke access on each platform")
            return
        elsewhere = self._owned_elsewhere() if accounts else None
        tokens: set[str] = set()
        for account in accounts:
            try:
                entry = credentials.get(account.name)
            except TtpError as error:
                yield Removal("token", account.name, "by_hand", False, self._by_hand(account, error.message))
                continue
            if entry is None:
                continue
            if elsewhere is not None:
                yield Removal("token", account.name, "keep", True, f"{elsewhere}: the token may be in use there")
            elif dry_run or entry.access_token in tokens:
                yield Removal("token", account.name, "revoke", not dry_run)
            else:
                yield self._revoke(account, entry)
            tokens.add(entry.access_token)
            if not dry_run:
                with suppress(
                    TtpError
                ):  # the file of tokens goes with the home; a keyring that is locked keeps its own
                    credentials.remove(account.name)
        if not dry_run:
            for name in self.config.texts("notify.to"):
                with suppress(TtpError):
                    credentials.remove(f"notify/{name}")

    def _revoke(self, account: Account, credentials: Credentials) -> Removal:
        login = self._login(account)
        if login is None:
            return Removal("token", account.name, "by_hand", False, "revoke it where you made it")
        with closing(login):
            wrong = self.platforms.host_mismatch(account, credentials, self.config)
            answer = None if wrong is not None else login.revoke(credentials)
            refused = wrong.message if wrong is not None else answer.message if answer is not None else None
            if refused is None:
                return Removal("token", account.name, "revoke", True)
            return Removal("token", account.name, "by_hand", False, f"{refused}; to revoke it, {login.revoke_at}")

    def _by_hand(self, account: Account, why: str) -> str:
        login = self._login(account)
        if login is None:
            return why
        with closing(login):
            return f"{why}; to revoke its access, {login.revoke_at}"

    def _login(self, account: Account) -> Login | None:
        return self.logins(account.platform, account.server)

    def _accounts(self) -> list[Account]:
        with self.database.as_it_is() as db:
            return stored_accounts.accounts(db) if db else []

    def _owned_elsewhere(self) -> str | None:
        """Return why this store may be a copy, whose original still uses the tokens; None if it is not."""
        owner = self.database.owner(this_machine(), any_machine=self.config["publish.any_machine"] is True)
        with self.database.as_it_is() as db:
            refusal = owner.refusal(db) if db else None
        return None if refusal is None else refusal.message.partition(";")[0]

    def _delete_objects(self, dry_run: bool) -> Iterator[Removal]:
        """Delete the objects in the bucket; name where other media hosts may still have copies."""
        for one in s3.list_objects(self.home / s3.LENT):
            name = f"{one.bucket}/{one.key}"
            try:
                if not dry_run:
                    s3.delete_object(self.config, one)
                yield Removal("object", name, "remove", not dry_run)
            except NoPublicUrl as error:
                yield Removal("object", name, "by_hand", False, error.message)
        match self.config.text("media_host.kind"):
            case "folder":
                folder = self.config.text("media_host.path")
                yield Removal(
                    "object", folder, "by_hand", False, "delete copies of media: their names are 64 hex digits"
                )
            case "command":
                program = " ".join(self.config.texts("media_host.command")[:1])
                yield Removal("object", program, "by_hand", False, "delete what this program has put online")

    def _remove_home(self, dry_run: bool) -> Iterator[Removal]:
        contents = read_contents(self.home)
        for path in (*contents.own, *self.config_files):
            yield self._remove_file("file", path, dry_run)
        foreign = [path for path in contents.foreign if path not in self.config_files]
        yield from (Removal("file", str(path), "keep", True, "ttp did not make it") for path in foreign)
        if not dry_run:
            remove_empty_folders(self.home)
            for folder in {path.parent for path in self.config_files}:
                with suppress(OSError):
                    folder.rmdir()
        if self.home.is_symlink():
            yield Removal("link", str(self.home), "keep", True, "ttp did not make this link")
