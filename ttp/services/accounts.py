"""Add, change, pause and remove accounts. Credentials go to the credentials store only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from ttp.domain.account import PAUSED_UNTIL, Account, Credentials, find_account, parse_account_name, works_until
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.errors import Hint, PartlyFailed, StateRefused, TtpError, UsageError
from ttp.domain.platform import Facts
from ttp.domain.post_edit import merge_options, with_delivery, with_derived_status
from ttp.domain.publishing.attempt import Kind
from ttp.domain.publishing.outcome import NotDone
from ttp.domain.time.clock import Clock, parse_instant
from ttp.platforms.addresses import parse_server
from ttp.platforms.login import Login, Logins
from ttp.platforms.platform import Runtime
from ttp.platforms.registry import Registry
from ttp.store import accounts as store
from ttp.store import approvals, posts, queries
from ttp.store.accounts import lift_hold
from ttp.store.credentials import BackendUnavailable, BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.dialect import Connection

_TEXTS = ("refreshToken", "userId", "clientId", "clientSecret", "apiKey", "apiSecret", "accessTokenSecret")
_KEYS = ("apiKey", "apiSecret", "accessToken", "accessTokenSecret")
"""OAuth 1.0a signs with all four keys. OAuth 2.0 needs only the access token."""
LOCK_WAIT_S = 90.0
"""Seconds to wait for a process that is refreshing or using the old credentials."""


@dataclass(frozen=True, slots=True)
class AccountSwitch:
    """An account after enable or disable. `waiting`: posts to publish to it; `failed`: because it was disabled."""

    account: Account
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account with new settings. `withdrawn`: posts that lost their approval for it."""

    account: Account
    withdrawn: int


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """A removed account, the posts cancelled for it, and what happened to ttp's access, if it had any."""

    account: Account
    cancelled: tuple[int, ...]
    access: str | None = None


@dataclass
class Accounts:
    """`logins` creates a platform's login, closed after one request."""

    database: Database
    credentials: CredentialsStore
    logins: Logins
    clock: Clock
    config: Config
    platforms: Registry

    def add(
        self,
        name: str,
        credentials: str | None,
        server: str | None = None,
        server_info: Mapping[str, object] | None = None,
    ) -> Account:
        """Add an account, or replace its credentials (a JSON text). Makes no network call. `server`: the root URL of
        the account's server, for platforms with many servers; `server_info`: what it allows. UsageError for the
        credentials of an account that has another name here."""
        platform, handle = parse_account_name(name, self.platforms)
        facts = self.platforms.facts(platform)
        host = facts.host(self.config, server)
        new_credentials = None if credentials is None else parse_credentials(credentials, host, facts)
        with self.database.token_lock(f"{platform}/{handle}", patience_s=LOCK_WAIT_S):
            if new_credentials is not None:
                self._refuse_second_name(platform, handle, new_credentials.user_id)
                # Before the transaction: a keyring or a program can be slow, and others wait for the transaction.
                self.credentials.put(f"{platform}/{handle}", new_credentials)
            return self._save_account(platform, handle, new_credentials, server, server_info)

    def _refuse_second_name(self, platform: str, handle: str, user_id: str | None) -> None:
        with self.database.reading() as db:
            accounts = [one for one in store.accounts(db) if one.platform == platform] if db else []
        if any(one.handle.lower() == handle.lower() for one in accounts):
            return
        same = next((one for one in accounts if user_id is not None and one.user_id == user_id), None)
        if same is not None:
            raise UsageError(
                f"these are the credentials of {same.name}, and a second account would publish twice on it",
                Hint("fix", action("account connect", f"{platform}/{handle}")),  # asks whether to rename it
            )

    def _save_account(
        self,
        platform: str,
        handle: str,
        credentials: Credentials | None,
        server: str | None,
        server_info: Mapping[str, object] | None,
    ) -> Account:
        with self.database.writing() as db:
            there = store.account(db, platform, handle, removed=True)
            account = there or Account(platform, handle)
            if server is not None and server != account.server:
                account = replace(account, server=server, server_info={})
            if server_info is not None:
                account = replace(account, server_info=server_info)
            if credentials is None and not self.platforms.facts(platform).needs_credentials:
                account = replace(account, connected=True)
            if credentials is not None:
                account = replace(
                    account,
                    connected=True,
                    needs_reconnect=False,
                    expires_at=works_until(credentials),
                    user_id=credentials.user_id or account.user_id,
                )
            return replace(account, id=store.save(db, account, now=self.clock.now()))

    def set(
        self,
        name: str,
        *,
        timezone: str | None,
        options: Mapping[str, str],
        split: bool | None = None,
        utm: bool | None = None,
    ) -> AccountChange:
        """Change an account's timezone and options; '' removes one. Posts that would be published with other options
        than before lose their approval. `split` and `utm`: of posts to come. Raise NotFound, UsageError."""
        self._find(name)
        with self.database.writing() as db:
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
                split=account.split if split is None else split,
                utm=account.utm if utm is None else utm,
            )
            if utm and not self.config.texts("links.own"):
                raise UsageError(
                    "links get UTM parameters only on your own hosts, and links.own names none",
                    Hint("fix", action("config set", "links.own", "example.com")),
                )
            if split and self.platforms.facts(account.platform).max_parts == 1:
                raise UsageError(f"{account.platform} has no threads, so texts cannot be split there")
            withdrawn = self._withdraw_approvals(db, account, changed)  # before: publishers read the account last
            store.save(db, changed, now=self.clock.now())
            return AccountChange(changed, withdrawn)

    def _withdraw_approvals(self, db: Connection, before: Account, after: Account) -> int:
        """Withdraw the approval of posts that do not choose all changed options themselves. Return how many had it."""
        keys = {key for key, _ in before.options.items() ^ after.options.items()}
        if not keys:
            return 0
        language = f"{after.platform}.{self.platforms.facts(after.platform).language_option}"
        own_keys = approvals.unpublished_posts(db, after.id or 0, language)
        return approvals.withdraw(db, after.id or 0, [post_id for post_id, own in own_keys.items() if keys - own])

    def enable(self, name: str) -> AccountSwitch:
        """Publish to an account again, and end its hold. Raise NotFound."""
        return self._set_enabled(name, enabled=True)

    def disable(self, name: str) -> AccountSwitch:
        """Stop publishing to an account: posts that come due for it fail. Raise NotFound."""
        return self._set_enabled(name, enabled=False)

    def _set_enabled(self, name: str, *, enabled: bool) -> AccountSwitch:
        self._find(name)
        with self.database.writing() as db:
            account, now = replace(self._find_in(db, name), enabled=enabled), self.clock.now()
            store.save(db, account, now=now)
            if enabled:
                lift_hold(db, account.id or 0, now)
                account = replace(account, hold_until=None, hold_reason=None)
            waiting, failed = store.count_waiting(db, account), store.count_failed(db, account, Kind.ACCOUNT)
            return AccountSwitch(account, waiting, failed)

    def remove(self, name: str, *, cancel: bool) -> RemovalResult:
        """Remove an account and its credentials, then ask the platform to revoke them; its published posts and metrics
        stay. Refused while posts are to be published to it; with `cancel` those deliveries are cancelled."""
        there = self._find(name)
        with self.database.token_lock(there.name, patience_s=LOCK_WAIT_S):
            # Asked first: a credentials store that does not answer now could not delete the tokens either.
            try:
                credentials = self.credentials.get(there.name)
            except BrokenEntry:
                credentials = None
            account, cancelled = self._mark_removed(there.name, cancel=cancel)
            try:
                self.credentials.remove(there.name)
            except TtpError as error:
                raise PartlyFailed(
                    f"{there.name} was removed, but its tokens were not: {error.message}",
                    Hint("fix", action("account add", there.name)),
                    Hint("fix", action("account remove", there.name)),
                ) from error
        login = None if credentials is None else self.logins(account.platform, account.server)
        if credentials is None or login is None:
            return RemovalResult(account, tuple(cancelled))
        with closing(login):
            why = self._revoke(account, credentials, login)
        access = f"{self.platforms.title(account.platform)} revoked ttp's access"
        if why is not None:
            access = f"ttp's access was not revoked: {why}\nto revoke it yourself, {login.revoke_at}"
        return RemovalResult(account, tuple(cancelled), access)

    def _mark_removed(self, name: str, *, cancel: bool) -> tuple[Account, list[int]]:
        """Mark the account as removed in one transaction. Return it and the ids of the cancelled posts."""
        now = self.clock.now()
        with self.database.writing() as db:
            account = self._find_in(db, name)
            db.lock_posts(queries.posts_naming(db, account.id or 0))
            naming = queries.posts_naming(db, account.id or 0)  # again: a publisher may have been faster
            if naming and not cancel:
                some = " ".join(str(i) for i in naming[:5]) + (" …" if len(naming) > 5 else "")
                raise StateRefused(
                    f"{account.name} still has {len(naming)} post{'s' * (len(naming) > 1)} to publish: {some}",
                    Hint("fix", action("account remove", account.name, yes=True), sure=False),  # it cancels posts
                )
            for post in list(queries.posts_by_id(db, naming)):
                mine = next(d for d in post.active if d.account_id == account.id)
                rows = [mine] if mine.comment is None else [mine, mine.comment]
                if any(d.state in IN_FLIGHT or d.state is DeliveryState.NEEDS_REVIEW for d in rows):
                    raise StateRefused(
                        f"post {post.id} is being published to {account.name}", Hint("see", action("show", post.id))
                    )
                is_out = mine.state is DeliveryState.PUBLISHED  # and its comment is to come
                gone = replace(mine, comment=mine.cancelled_comment) if is_out else mine.cancel()
                posts.update(db, with_derived_status(with_delivery(post, mine, gone), now), None)
            forgotten = replace(account, connected=False, needs_reconnect=False, expires_at=None)
            store.save(db, forgotten, now=now, removed=True)
            return forgotten, naming

    def _revoke(self, account: Account, credentials: Credentials, login: Login) -> str | None:
        """Ask the platform to revoke the token. Return why it did not, or None."""
        if (wrong := self.platforms.host_mismatch(account, credentials, self.config)) is not None:
            return wrong.message
        if (other := self._account_sharing_token(account, credentials, by_app=login.revokes_all)) is not None:
            return f"{other} may use the same login"
        answer = login.revoke(credentials)
        return None if answer is None else answer.message

    def _account_sharing_token(self, removed: Account, credentials: Credentials, *, by_app: bool) -> str | None:
        """Return another account that would lose access: it has the same token, or with `by_app` the same app."""
        with self.database.reading() as db:
            accounts = store.accounts(db) if db else []
        for account in accounts:
            if account.platform != removed.platform or account.name == removed.name:
                continue
            try:
                other = self.credentials.get(account.name)
            except (BrokenEntry, BackendUnavailable):
                if by_app:
                    return account.name  # it may: its credentials cannot be read
                continue
            if other is not None and (
                other.access_token == credentials.access_token or (by_app and other.client_id == credentials.client_id)
            ):
                return account.name
        return None

    def _find(self, name: str) -> Account:
        """Return the account with this full name. Also called before a change, which would create a store."""
        with self.database.reading() as db:
            return self._find_in(db, name)

    def _find_in(self, db: Connection | None, name: str) -> Account:
        return find_account(name, store.accounts(db) if db else [], self.platforms)


def find_server(
    platforms: Registry, runtime: Runtime, name: str, named: str | None, program: str | None = None
) -> str | None:
    """Return the root URL of the server to connect at; None if the platform has one host. `named`: the server that the
    user gave; `program`: the path of the user's program. Raise UsageError, NotAllowed, TtpError."""
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
            f"Which {platform.title} account should be connected?",
            Hint("try", action("account connect", f"{platform.name}/HANDLE")),
        )
    _, handle = parse_account_name(name, platforms)
    answer = platform.find_server(runtime, handle)
    if isinstance(answer, str):
        return parse_server(answer)
    if answer is None and platform.base_url(runtime.config):
        return None  # the settings name one server for all accounts
    why = "" if answer is None else f": {answer.message}"
    if answer is not None and answer.passing and "@" in handle:  # its server is named, and did not answer
        raise TtpError(f"the server of {name} was not found{why}", Hint("see", "your network, and the server's name"))
    kind = TtpError if answer is not None and answer.passing else UsageError
    raise kind(
        f"the server of {name} was not found{why}", Hint("try", action("account connect", name, server="https://HOST"))
    )


def ask_server(platforms: Registry, runtime: Runtime, name: str, server: str | None) -> Mapping[str, object] | None:
    """Return what an account without credentials may do; None if there is nothing to ask. UsageError with the fix."""
    platform, handle = parse_account_name(name, platforms)
    facts = platforms.facts(platform)
    checker = None if facts.needs_credentials else facts.checker(runtime)
    if checker is None:
        return None
    with closing(checker):
        answer = checker.check(Account(platform, handle, server=server), Credentials(""))
    if isinstance(answer, NotDone):
        raise UsageError(answer.message, *(Hint("fix", way) for way in (answer.hint,) if way is not None))
    return answer.server_info


def parse_credentials(text: str, host: str, platform: Facts) -> Credentials:
    """Parse the JSON of `account add --credentials`. The UsageError never shows a value."""
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
    app = ("apiKey", "apiSecret") if signs else ("clientId", "clientSecret")
    return Credentials(
        access_token=token.strip(),
        host=host,
        refresh_token=None if signs else data.get("refreshToken"),
        expires_at=None if signs else _expiry(data.get("expiresAt"), shape),
        user_id=data.get("userId"),
        client_id=data.get(app[0]),
        client_secret=data.get(app[1]),
        token_secret=data["accessTokenSecret"] if signs else None,
    )


def _refuse_user_keys(data: Mapping[str, object], platform: Facts) -> NoReturn:
    shape = Hint("try", '{"apiKey": "…", "apiSecret": "…", "accessToken": "…", "accessTokenSecret": "…"}')
    missing = [name for name in _KEYS if not data.get(name)]
    what = (
        f"are not accepted by {platform.title}"
        if not platform.user_keys
        else f"need all four values; missing: {', '.join(missing)}"
    )
    raise UsageError(f"OAuth 1.0a keys {what}", shape)


def _expiry(value: object, shape: Hint) -> datetime | None:
    if value is None:
        return None
    at = parse_instant(value)
    if at is None:
        raise UsageError('"expiresAt" in the credentials is not a time like 2027-01-31T00:00:00Z', shape)
    return at


PAUSE_REASON = "paused"


class AccountPause:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause(self, accounts: Sequence[Account]) -> list[Account]:
        """Publish nothing to these accounts until they are resumed. Deliveries in flight continue."""
        if not accounts:
            return []
        with self._database.writing() as db:
            by_id = store.accounts_by_id(db, [account.id or 0 for account in accounts])
            paused = [replace(one, hold_until=PAUSED_UNTIL, hold_reason=PAUSE_REASON) for one in by_id.values()]
            for account in paused:
                store.save(db, account, now=self._clock.now())
        return sorted(paused, key=lambda account: account.name)

    def resume(self, accounts: Sequence[Account]) -> list[Account]:
        """Resume those of these accounts that are paused, and return them."""
        if not accounts:
            return []
        now = self._clock.now()
        with self._database.writing() as db:
            by_id = store.accounts_by_id(db, [account.id or 0 for account in accounts])
            resumed = [account for account in by_id.values() if account.is_paused]
            for account in resumed:
                lift_hold(db, account.id or 0, now)
        return [replace(account, hold_until=None, hold_reason=None) for account in resumed]
