"""Everything that a person can do to accounts. Credentials go to where credentials are kept, and nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from ttp.domain.account import (
    PAUSED_UNTIL,
    Account,
    Credentials,
    find_account,
    parse_account_name,
    same_host,
    works_until,
)
from ttp.domain.action import action
from ttp.domain.attempt import Kind
from ttp.domain.config import Config
from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.errors import Hint, PartlyFailed, StateRefused, TtpError, UsageError
from ttp.domain.outcome import NotDone
from ttp.domain.platform import Facts
from ttp.domain.post_edit import merge_options, with_derived_status
from ttp.domain.time.clock import Clock
from ttp.platforms.addresses import parse_server
from ttp.platforms.login import Login, Logins
from ttp.platforms.platform import Runtime
from ttp.platforms.registry import Registry
from ttp.store import accounts, posts, queries
from ttp.store import accounts as store
from ttp.store import accounts as stored_accounts
from ttp.store.accounts import lift_hold
from ttp.store.credentials import BackendUnavailable, BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.locks import token_lock

_TEXTS = ("refreshToken", "userId", "clientId", "clientSecret", "apiKey", "apiSecret", "accessTokenSecret")


_KEYS = ("apiKey", "apiSecret", "accessToken", "accessTokenSecret")
"""What OAuth 1.0a signs with: all four, or none but the access token."""


PATIENCE_S = 90.0
"""How long a change of credentials waits for a process that renews the old ones or publishes with them."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What is left of an account, the posts whose deliveries to it were cancelled, and the tokens that it had."""

    account: Account
    cancelled: tuple[int, ...]
    held: Credentials | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Switched:
    """An account as it is now. `waiting`: posts that are to go out to it. `failed`: those that failed because it was
    disabled."""

    account: Account
    waiting: int
    failed: int


class Accounts:
    def __init__(
        self, database: Database, credentials: CredentialsStore, clock: Clock, config: Config, platforms: Registry
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._clock = clock
        self._config = config
        self._platforms = platforms

    def add(
        self,
        name: str,
        credentials: str | None,
        server: str | None = None,
        server_info: Mapping[str, object] | None = None,
    ) -> Account:
        """Add an account, or give one new credentials (a JSON text), which clears "reconnect". No network call.

        `server`: the root URL of its server, where the platform has many; `server_info`: what that allows."""
        platform, handle = parse_account_name(name, self._platforms)
        known = self._platforms.facts(platform)
        host = known.host(self._config, server)
        held = None if credentials is None else parse_credentials(credentials, host, known)
        with token_lock(self._database.home, f"{platform}/{handle}", patience_s=PATIENCE_S):
            if held is not None:
                # Before the transaction, which others wait for: a keyring or a program takes its time.
                self._credentials.put(f"{platform}/{handle}", held)
            return self._added(platform, handle, held, server, server_info)

    def _added(
        self,
        platform: str,
        handle: str,
        held: Credentials | None,
        server: str | None,
        server_info: Mapping[str, object] | None,
    ) -> Account:
        with self._database.writing() as db:
            there = accounts.account(db, platform, handle, removed=True)
            account = there or Account(platform, handle)
            if server is not None and server != account.server:
                account = replace(account, server=server, server_info={})
            if server_info is not None:
                account = replace(account, server_info=server_info)
            if held is None and not self._platforms.facts(platform).needs_credentials:
                account = replace(account, connected=True)
            if held is not None:
                account = replace(
                    account,
                    connected=True,
                    needs_reconnect=False,
                    expires_at=works_until(held),
                    user_id=held.user_id or account.user_id,
                )
            return replace(account, id=store.save(db, account, now=self._clock.now()))

    def set(self, name: str, *, timezone: str | None, options: Mapping[str, str]) -> Account:
        """Change an account's zone ('' for none) and its platform options ('' takes one away). NotFound, UsageError."""
        self._find(name)
        with self._database.writing() as db:
            account = self._find_in(db, name)
            wrong = [key for key in options if not key.startswith(f"{account.platform}.")]
            if wrong:
                raise UsageError(
                    f"{wrong[0]} is not an option of {account.platform} accounts",
                    Hint("see", action("help", "account set")),
                )
            changed = replace(
                account,
                timezone=account.timezone if timezone is None else timezone or None,
                options=merge_options(account.options, options),
            )
            store.save(db, changed, now=self._clock.now())
            return changed

    def enable(self, name: str) -> Switched:
        """Let posts go out to an account: again where it was disabled, and at once where it is held. NotFound."""
        return self._switched(name, enabled=True)

    def disable(self, name: str) -> Switched:
        """Let no post go out to an account: what comes due for it fails, and the rest stays as it is. NotFound."""
        return self._switched(name, enabled=False)

    def _switched(self, name: str, *, enabled: bool) -> Switched:
        self._find(name)
        with self._database.writing() as db:
            account, now = replace(self._find_in(db, name), enabled=enabled), self._clock.now()
            store.save(db, account, now=now)
            if enabled:
                lift_hold(db, account.id or 0, now)
                account = replace(account, hold_until=None, hold_reason=None)
            waiting, failed = store.count_waiting(db, account), store.count_failed(db, account, Kind.ACCOUNT)
            return Switched(account, waiting, failed)

    def remove(self, name: str, *, cancel: bool) -> Removed:
        """Forget an account and its credentials; its published posts and metrics stay.

        Refused while posts name it; with `cancel` their deliveries to it are cancelled.
        """
        there = self._find(name)
        with token_lock(self._database.home, there.name, patience_s=PATIENCE_S):
            # Asked first: what keeps the tokens and does not answer now could not forget them either.
            try:
                held = self._credentials.get(there.name)
            except BrokenEntry:
                held = None
            gone, cancelled = self._removed(there.name, cancel=cancel)
            try:
                self._credentials.remove(there.name)
            except TtpError as error:
                raise PartlyFailed(
                    f"{there.name} is removed, but its tokens are not: {error.message}",
                    Hint("fix", action("account add", there.name)),
                    Hint("fix", action("account remove", there.name)),
                ) from error
            return Removed(gone, tuple(cancelled), held)

    def _removed(self, name: str, *, cancel: bool) -> tuple[Account, list[int]]:
        """Take the account off the lists, in one transaction; the posts that were cancelled for it."""
        now = self._clock.now()
        with self._database.writing() as db:
            account = self._find_in(db, name)
            naming = queries.posts_naming(db, account.id or 0)
            if naming and not cancel:
                some = " ".join(str(i) for i in naming[:5]) + (" …" if len(naming) > 5 else "")
                raise StateRefused(
                    f"{len(naming)} {'post goes' if len(naming) == 1 else 'posts go'} to {account.name}: {some}",
                    Hint("fix", action("account remove", account.name, yes=True)),
                )
            for post in list(queries.posts_by_id(db, naming)):
                mine = next(d for d in post.active if d.account_id == account.id)
                if mine.state in IN_FLIGHT or mine.state is DeliveryState.NEEDS_REVIEW:
                    raise StateRefused(
                        f"post {post.id} is being published to {account.name}", Hint("see", action("show", post.id))
                    )
                gone = tuple(d.cancelled() if d is mine else d for d in post.deliveries)
                posts.update(db, with_derived_status(replace(post, deliveries=gone), now), None)
            forgotten = replace(account, connected=False, needs_reconnect=False, expires_at=None)
            store.save(db, forgotten, now=now, removed=True)
            return forgotten, naming

    def _find(self, name: str) -> Account:
        """Return the account of a full name. Called before a change too, which would create a store."""
        with self._database.reading() as db:
            return self._find_in(db, name)

    def _find_in(self, db: Connection | None, name: str) -> Account:
        return find_account(name, accounts.accounts(db) if db else [], self._platforms)


def find_server(
    platforms: Registry, runtime: Runtime, name: str, named: str | None, program: str | None = None
) -> str | None:
    """Return the root URL of the server that an account is to be connected at; None where the platform has one host.

    `named`: the server that the user names; `program`: the program, where that is what publishes. UsageError,
    NotAllowed, TtpError.
    """
    platform = platforms.find(name.partition("/")[0])
    if platform.server == "program":
        if program is None:
            way = action("account add", name, program="PATH")
            raise UsageError(f"{platform.title} accounts need your program", Hint("try", way))
        return Path(program).expanduser().absolute().as_uri()
    if program is not None:
        raise UsageError(f"{platform.title} accounts have no program")
    if platform.server == "fixed":
        if named is not None:
            raise UsageError(f"{platform.title} accounts have no server of their own")
        return None
    if named is not None:
        return parse_server(named)
    if "/" not in name:
        raise UsageError(
            f"which {platform.title} account is to be connected?",
            Hint("try", action("account connect", f"{platform.name}/HANDLE")),
        )
    _, handle = parse_account_name(name, platforms)
    found = platform.find_server(runtime, handle)
    if isinstance(found, str):
        return parse_server(found)
    if found is None and platform.base_url(runtime.config):
        return None  # the settings name one server for all accounts
    why = "" if found is None else f": {found.message}"
    kind = TtpError if found is not None and found.passing else UsageError
    raise kind(
        f"the server of {name} was not found{why}",
        Hint("try", action("account connect", name, server="https://HOST")),
    )


def ask_server(platforms: Registry, runtime: Runtime, name: str, server: str | None) -> Mapping[str, object] | None:
    """Return what an account may do, of a platform that needs no credentials; None where there is nothing to ask.

    UsageError with the fix.
    """
    platform, handle = parse_account_name(name, platforms)
    facts = platforms.facts(platform)
    checker = None if facts.needs_credentials else facts.checker(runtime)
    if checker is None:
        return None
    with closing(checker):
        found = checker.check(Account(platform, handle, server=server), Credentials(""))
    if isinstance(found, NotDone):
        raise UsageError(found.message, *(Hint("fix", way) for way in (found.hint,) if way is not None))
    return found.server_info


def parse_credentials(text: str, host: str, platform: Facts) -> Credentials:
    """Credentials as `account add --credentials` takes them. UsageError says what is wrong, and never shows a value."""
    shape = Hint("try", '{"accessToken": "…", "refreshToken": "…", "expiresAt": "2027-01-31T00:00:00Z"}')
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("the credentials are not JSON", shape) from None
    if not isinstance(data, dict):
        raise UsageError("the credentials are not a JSON object", shape)
    signs = [name for name in _KEYS if name != "accessToken" and data.get(name)]
    if signs and (not platform.user_keys or not all(data.get(name) for name in _KEYS)):
        _refuse_user_keys(data, platform)
    token = data.get("accessToken")
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token.strip()):
        raise UsageError('the credentials have no usable "accessToken"', shape)
    for name in _TEXTS:
        value = data.get(name)
        if value is not None and not (isinstance(value, str) and value.isprintable()):
            raise UsageError(f'"{name}" in the credentials is not a text', shape)
    if signs:
        return _user_keys(data, token.strip(), host)
    return Credentials(
        access_token=token.strip(),
        host=host,
        refresh_token=data.get("refreshToken"),
        expires_at=_expiry(data.get("expiresAt"), shape),
        user_id=data.get("userId"),
        client_id=data.get("clientId"),
        client_secret=data.get("clientSecret"),
    )


def _refuse_user_keys(data: Mapping[str, object], platform: Facts) -> NoReturn:
    shape = Hint("try", '{"apiKey": "…", "apiSecret": "…", "accessToken": "…", "accessTokenSecret": "…"}')
    missing = [name for name in _KEYS if not data.get(name)]
    what = (
        f"are not accepted by {platform.title}"
        if not platform.user_keys
        else f"come as four; missing: {', '.join(missing)}"
    )
    raise UsageError(f"keys of OAuth 1.0a {what}", shape)


def _user_keys(data: Mapping[str, str], token: str, host: str) -> Credentials:
    """Keys of OAuth 1.0a, which X takes and which never end."""
    return Credentials(
        access_token=token,
        host=host,
        user_id=data.get("userId"),
        client_id=data["apiKey"],
        client_secret=data["apiSecret"],
        token_secret=data["accessTokenSecret"],
    )


def _expiry(value: object, shape: Hint) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        utc = at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        utc = None
    if utc is None:
        raise UsageError('"expiresAt" in the credentials is not a time like 2027-01-31T00:00:00Z', shape)
    return utc


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of the account, the posts that were cancelled for it, and what became of its access, in a line:
    None where it had none. `revoked`: the platform has taken it back."""

    account: Account
    cancelled: tuple[int, ...]
    access: str | None = None
    revoked: bool = False


class Leaving:
    """`logins` makes the login of a platform, which is closed after its one request."""

    def __init__(
        self,
        accounts: Accounts,
        database: Database,
        credentials: CredentialsStore,
        logins: Logins,
        config: Config,
        platforms: Registry,
    ) -> None:
        self._accounts = accounts
        self._database = database
        self._credentials = credentials
        self._logins = logins
        self._config = config
        self._platforms = platforms

    def remove(self, name: str, *, cancel: bool) -> Left:
        """As `Accounts.remove`; then the platform is asked to take the access back."""
        removed = self._accounts.remove(name, cancel=cancel)
        account, held = removed.account, removed.held
        if held is None:
            return Left(account, removed.cancelled)
        login = self._logins(account.platform, account.server)
        if login is None:
            return Left(account, removed.cancelled)
        with closing(login):
            why = self._revoke(account, held, login)
        if why is None:
            return Left(account, removed.cancelled, f"{account.platform} has taken back ttp's access", revoked=True)
        said = f"ttp's access was not taken back: {why}\nto do it yourself, {login.revoke_at}"
        return Left(account, removed.cancelled, said)

    def _revoke(self, account: Account, held: Credentials, login: Login) -> str | None:
        """Ask the platform. None: done; else why not."""
        host = self._platforms.facts(account.platform).host(self._config, account.server)
        if held.host and not same_host(held.host, host):
            return f"its credentials were made for {held.host} and are not sent to {host}"
        if (other := self._sharing(account, held, by_app=login.revokes_all)) is not None:
            return f"{other} may use the same login"
        answer = login.revoke(held)
        return None if answer is None else answer.message

    def _sharing(self, gone: Account, held: Credentials, *, by_app: bool) -> str | None:
        """An account that would lose its access too: one of the same token, or (`by_app`) of the same app."""
        with self._database.reading() as db:
            accounts = stored_accounts.accounts(db) if db else []
        for account in accounts:
            if account.platform != gone.platform or account.name == gone.name:
                continue
            try:
                other = self._credentials.get(account.name)
            except (BrokenEntry, BackendUnavailable):
                if by_app:
                    return account.name  # for all that is known
                continue
            if other is not None and (
                other.access_token == held.access_token or (by_app and other.client_id == held.client_id)
            ):
                return account.name
        return None


REASON = "paused"


class Pausing:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause(self, wanted: Sequence[Account]) -> list[Account]:
        """Let nothing go out to these accounts until they are resumed. What is under way goes on."""
        if not wanted:
            return []
        with self._database.writing() as db:
            known = accounts.accounts_by_id(db, [account.id or 0 for account in wanted])
            paused = [replace(one, hold_until=PAUSED_UNTIL, hold_reason=REASON) for one in known.values()]
            for account in paused:
                store.save(db, account, now=self._clock.now())
        return sorted(paused, key=lambda account: account.name)

    def resume(self, wanted: Sequence[Account]) -> list[Account]:
        """Let posts go out again to those of these accounts that are paused; answers them."""
        if not wanted:
            return []
        now = self._clock.now()
        with self._database.writing() as db:
            known = accounts.accounts_by_id(db, [account.id or 0 for account in wanted])
            resumed = [account for account in known.values() if account.is_paused]
            for account in resumed:
                lift_hold(db, account.id or 0, now)
        return [replace(account, hold_until=None, hold_reason=None) for account in resumed]
