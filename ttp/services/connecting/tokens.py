"""Refresh tokens before they expire, one process at a time and never during a publish.

All code that needs a token asks here. A new pair is stored before it is used, and a single-use refresh token is
recorded before it is sent. If a platform refuses the refresh, the account is marked "reconnect".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ttp.domain.account import (
    Account,
    Credentials,
    connect_action,
    is_alive,
    parse_account_name,
    refresh_due_at,
    works_until,
)
from ttp.domain.config import Config
from ttp.domain.errors import Hint, ReconnectNeeded, TtpError
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.login import Grant, Login, Logins
from ttp.platforms.registry import Registry
from ttp.store import accounts as store
from ttp.store.credentials import BackendUnavailable, BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.home.locks import RefreshRecord, TokenLocked

TOKEN_REFUSED = frozenset({400, 401})
"""Statuses that refuse the token itself. 403 is about its permissions, which a refresh does not change."""
SUSPENDED_AFTER_S = 5.0
"""Seconds between the record of an intent and its first byte after which nothing is sent: the machine slept."""
PAUSE_S = 300.0
"""Seconds to use a still valid token before the next try, after a refresh failed for a passing reason."""
_PASSING_KINDS = frozenset({Kind.NETWORK, Kind.SERVER, Kind.RATE_LIMIT})
"""Failures unrelated to the token. Any other failure of an expired token revokes it."""


class TokenRevoked(ReconnectNeeded):
    """The account's token no longer works; a person must reconnect."""

    def __init__(self, account: str, outcome: NotDone, message: str | None = None, *, by_keys: bool = False) -> None:
        command = connect_action(account, by_keys=by_keys)
        super().__init__(message or f"{account} must be connected again: {outcome.message}", Hint("fix", command))
        self.outcome = replace(outcome, kind=Kind.AUTH, hint=command)


class TokenUnavailable(TtpError):
    """The account's token cannot be used now; it may work later."""

    def __init__(self, account: str, outcome: NotDone, message: str | None = None) -> None:
        super().__init__(message or f"the token of {account} could not be refreshed: {outcome.message}")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """An account whose token was due. `error` None: it was refreshed."""

    account: str
    error: TtpError | None = None


@dataclass(frozen=True, slots=True)
class RefreshedToken:
    """The result of a refresh: the spent token, the credentials to store, and scopes if the platform returned them."""

    spent: str = field(repr=False)
    credentials: Credentials
    scopes: tuple[str, ...]


class LockedToken:
    """An account's token while its lock is held: no other process refreshes it."""

    def __init__(self, tokens: Tokens, name: str, credentials: Credentials) -> None:
        self._tokens = tokens
        self._name = name
        self.credentials = credentials

    def may_replace(self, answer: object) -> bool:
        """Return whether an answer refuses the token and a refresh could replace it."""
        return self._tokens.may_replace(self._name, self.credentials, answer)

    def renew(self) -> Credentials:
        """Refresh because a platform refused the token. Raise TokenRevoked, TokenUnavailable."""
        self.credentials = self._tokens._replace_refused(self._name, self.credentials)
        return self.credentials


@dataclass
class Tokens:
    """`logins` creates a platform's login, closed after one refresh. Safe for several threads."""

    database: Database
    credentials: CredentialsStore
    logins: Logins
    config: Config
    clock: Clock
    platforms: Registry
    _pause_until: dict[str, float] = field(default_factory=dict, init=False)
    _unstored: dict[str, RefreshedToken] = field(default_factory=dict, init=False)

    def fresh(self, name: str) -> Credentials:
        """Return usable credentials, refreshed if due. Raise TokenRevoked, TokenUnavailable, UsageError."""
        account, credentials = self._load(name)
        if not self._is_due(account, credentials):
            return credentials
        try:
            with self._locked(name):
                return self._load_fresh(name)
        except TokenLocked as other:
            account, credentials = self._load(name)
            return self._keep_or_raise(account, credentials, NotDone(Kind.NETWORK, other.message, passing=True))

    @contextmanager
    def lock_token(self, name: str, account_row: Account | None = None) -> Iterator[LockedToken]:
        """Like `fresh`, but no other process refreshes the token until the block ends.

        Raise TokenLocked, TokenRevoked, TokenUnavailable, UsageError.

        For publishing: a publish uses one token from start to end. `account_row`: the account as just read, which saves
        opening the store for each delivery.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.database.token_lock(name, patience_s=0, has_account=True))
            except TokenLocked:
                patience_s = self._patience_s()
                stack.enter_context(self.database.token_lock(name, patience_s=patience_s, has_account=True))
                account_row = None  # the process that had the lock may have changed the account
            yield LockedToken(self, name, self._load_fresh(name, account_row))

    def can_renew(self, name: str, credentials: Credentials) -> bool:
        """Return whether the account's platform refreshes such credentials."""
        login = self.logins(name.partition("/")[0])
        return login is not None and login.renews(credentials)

    def may_replace(self, name: str, credentials: Credentials, answer: object) -> bool:
        """Return whether an answer refuses the token and a refresh could replace it."""
        if not isinstance(answer, NotDone) or answer.kind is not Kind.AUTH or answer.http_status not in TOKEN_REFUSED:
            return False
        too_young, issued_at = self.platforms.facts(name.partition("/")[0]).renew_after, credentials.issued_at
        if too_young and issued_at is not None and self.clock.now() - issued_at < too_young:
            return False  # a permission may be missing, and a refused renewal would end the account
        return self.can_renew(name, credentials)

    def replace_refused(self, name: str, refused: Credentials) -> Credentials:
        """Return a replacement for credentials that a platform refused: stored by another process, or refreshed once.
        Raise TokenLocked, TokenRevoked, TokenUnavailable, UsageError."""
        with self._locked(name):
            return self._replace_refused(name, refused)

    def refresh_due(self, now: datetime, stopping: Callable[[], bool] = lambda: False) -> list[RefreshResult]:
        """Refresh every token that is due and not locked. Errors of an account are in its result. Ends after the
        present refresh if `stopping` returns true."""
        done = []
        for account in self._accounts():
            if stopping():
                break
            try:
                credentials = self._stored(account)
                if (
                    credentials is None
                    or not self.can_renew(account.name, credentials)
                    or not self._is_due(account, credentials, now)
                ):
                    continue
                with self.database.token_lock(account.name, patience_s=0):
                    before = self._stored(account)
                    after = self._load_fresh(account.name)
            except TokenLocked:
                continue
            except TtpError as error:
                done.append(RefreshResult(account.name, error))
            else:
                if before != after:
                    done.append(RefreshResult(account.name))
        return done

    def rotating_accounts(self) -> list[str]:
        """Return the accounts whose tokens must be where every publisher finds them: those that are refreshed, and
        those whose credentials are not here."""
        names = []
        for account in self._accounts():
            credentials = self.credentials.get(account.name)
            is_elsewhere = credentials is None and self.platforms.facts(account.platform).needs_credentials
            if is_elsewhere or (credentials is not None and self.can_renew(account.name, credentials)):
                names.append(account.name)
        return names

    def _stored(self, account: Account) -> Credentials | None:
        """Return the stored credentials. Raise TokenRevoked for an unreadable entry, TokenUnavailable otherwise."""
        try:
            return self.credentials.get(account.name)
        except BrokenEntry as broken:
            raise self._revoked(account, NotDone(Kind.AUTH, broken.message), broken.message) from None
        except BackendUnavailable as away:
            raise _unavailable_error(account, away) from None

    def _accounts(self) -> list[Account]:
        with self.database.reading() as db:
            return [a for a in (store.accounts(db) if db else []) if a.connected and not a.needs_reconnect]

    def _locked(self, name: str) -> AbstractContextManager[None]:
        return self.database.token_lock(name, patience_s=self._patience_s())

    def _patience_s(self) -> float:
        """Return how long another process's refresh can take, in seconds."""
        return 5 + sum(self.config.seconds(f"http.{wait}_timeout_s") for wait in ("connect", "read"))

    def _load(self, name: str, account_row: Account | None = None) -> tuple[Account, Credentials]:
        """Return the account (`account_row`, if given) and its stored credentials, if they may be used here."""
        account = account_row
        if account is None:
            platform, handle = parse_account_name(name, self.platforms)
            with self.database.reading() as db:
                account = store.account(db, platform, handle) if db else None
        credentials = None
        if account is not None:
            facts = self.platforms.facts(account.platform)  # PlatformDisabled is not a problem of the token
            credentials = self._stored(account) or (None if facts.needs_credentials else Credentials(""))
        if account is None or credentials is None:
            missing = f"{name} is not connected"
            raise TokenRevoked(name, NotDone(Kind.AUTH, missing), missing)
        if account.needs_reconnect:
            raise TokenRevoked(
                account.name, NotDone(Kind.AUTH, "its token no longer works"), by_keys=credentials.by_keys
            )
        if (wrong := self.platforms.host_mismatch(account, credentials, self.config)) is not None:
            raise wrong
        return account, credentials

    def _is_due(self, account: Account, credentials: Credentials, now: datetime | None = None) -> bool:
        now = now or self.clock.now()
        due = refresh_due_at(self.platforms.facts(account.platform), credentials)
        if due is None or due > now:
            return False
        return not is_alive(credentials, now) or self.clock.boot() >= self._pause_until.get(account.name, 0.0)

    def _load_fresh(self, name: str, account_row: Account | None = None) -> Credentials:
        """Return the stored credentials, refreshed if due. The caller holds the lock."""
        account, credentials = self._load(name, account_row)
        if not self._is_due(account, credentials):
            return credentials
        return self._refresh(account, credentials) if account_row is None else self._load_fresh(name)

    def _replace_refused(self, name: str, refused: Credentials) -> Credentials:
        """Return the stored credentials, refreshed if they are the refused ones. The caller holds the lock."""
        account, credentials = self._load(name)
        if credentials.access_token != refused.access_token:
            return credentials
        if not self.can_renew(account.name, credentials):
            what = NotDone(Kind.AUTH, f"{account.platform} no longer accepts its token")
            raise self._revoked(account, what, by_keys=credentials.by_keys)
        # A refused token is not valid, whatever its expiry time says.
        return self._refresh(account, replace(credentials, expires_at=self.clock.now()))

    def _refresh(self, account: Account, credentials: Credentials) -> Credentials:
        """Exchange the token for a new one and store it before returning it."""
        login, now = self.logins(account.platform, account.server), self.clock.now()
        if login is None or not login.renews(credentials):
            return self._keep_or_raise(account, credentials, NotDone(Kind.AUTH, "its token has expired"))
        spent, patience_s = credentials.refresh_token or credentials.access_token, self._patience_s()
        with closing(login), self.database.refreshing(account.name, patience_s=patience_s) as record:
            waiting = self._unstored.get(account.name)
            if waiting is not None and waiting.spent == spent:
                fresh = self._store(account, waiting)
                record.end()
                return fresh
            if record.is_shared and (other := self._refreshed_elsewhere(account, credentials)) is not None:
                return other
            started = self.clock.boot()
            begun = record.begin(spent, now)
            if self.clock.boot() - started > SUSPENDED_AFTER_S:
                if begun is None:
                    record.end()  # it was not sent
                slept = "the machine slept before the token could be refreshed"
                return self._keep_or_raise(account, credentials, NotDone(Kind.NETWORK, slept, passing=True))
            return self._exchange(account, credentials, spent, login, record, begun)

    def _refreshed_elsewhere(self, account: Account, credentials: Credentials) -> Credentials | None:
        """Return the stored credentials if another host has replaced `credentials`, which was read before the lock."""
        stored = self._stored(account)
        if stored is None or (stored.access_token, stored.refresh_token) == (
            credentials.access_token,
            credentials.refresh_token,
        ):
            return None
        return stored

    def _exchange(
        self,
        account: Account,
        credentials: Credentials,
        spent: str,
        login: Login,
        record: RefreshRecord,
        begun: datetime | None,
    ) -> Credentials:
        """Send the token and store what the platform returns for it."""
        match login.refresh(credentials):
            case Grant() as grant:
                fresh = self._store(account, RefreshedToken(spent, _with_grant(credentials, grant), grant.scopes))
                record.end()
                return fresh
            case refusal:
                if refusal.passing:
                    self._pause_until[account.name] = self.clock.boot() + PAUSE_S
                    return self._keep_or_raise(account, credentials, refusal)
                if begun is not None:
                    # An earlier refresh sent this token; its answer, perhaps a new token, was lost.
                    lost = f"{refusal.message} (a refresh started {begun:%Y-%m-%d %H:%M} UTC got no answer)"
                    refusal = replace(refusal, message=lost)
                record.end()
                raise self._revoked(account, refusal)

    def _store(self, account: Account, fresh: RefreshedToken) -> Credentials:
        """Store new credentials before returning them. If that fails, the next call stores them."""
        self._unstored[account.name] = fresh
        try:
            self.credentials.put(account.name, fresh.credentials)
        except BackendUnavailable as away:
            raise _unavailable_error(account, away) from None
        del self._unstored[account.name]
        self._pause_until.pop(account.name, None)
        with closing(self.database.connect()) as db:
            store.save_renewal(db, account, until=works_until(fresh.credentials), scopes=fresh.scopes)
        return fresh.credentials

    def _keep_or_raise(self, account: Account, credentials: Credentials, outcome: NotDone) -> Credentials:
        """Return the old credentials while valid. Raise TokenUnavailable after that, TokenRevoked if final."""
        if is_alive(credentials, self.clock.now()):
            return credentials
        if outcome.passing and outcome.kind in _PASSING_KINDS:
            raise TokenUnavailable(account.name, outcome)
        raise self._revoked(account, outcome)

    def _revoked(
        self, account: Account, outcome: NotDone, message: str | None = None, *, by_keys: bool = False
    ) -> TokenRevoked:
        """Mark the account as "reconnect" in the store, and return the error."""
        assert account.id is not None
        with closing(self.database.connect()) as db:
            store.mark_account(db, account.id, needs_reconnect=True)
        return TokenRevoked(account.name, outcome, message, by_keys=by_keys)


def _with_grant(credentials: Credentials, grant: Grant) -> Credentials:
    """Return the credentials with a new grant. Keeps the refresh token if no new one came."""
    return replace(
        credentials,
        access_token=grant.access_token,
        issued_at=grant.issued_at,
        expires_at=grant.expires_at,
        refresh_token=grant.refresh_token or credentials.refresh_token,
        refresh_expires_at=grant.refresh_expires_at if grant.refresh_token else credentials.refresh_expires_at,
    )


def _unavailable_error(account: Account, away: BackendUnavailable) -> TokenUnavailable:
    return TokenUnavailable(account.name, NotDone(Kind.ACCOUNT, away.message, passing=True), away.message)
