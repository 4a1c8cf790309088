"""Keeping tokens alive: renewed before they end, by one process at a time, never in the middle of a publish.

Whoever needs a token asks here. A new pair is on disk before anyone uses it; a refresh token that works once is noted
before it is sent. A token that a platform will not renew marks its account: only a person can connect it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ttp.domain.account import (
    Account,
    Credentials,
    connect_action,
    host_mismatch,
    is_alive,
    parse_account_name,
    refresh_due_at,
    works_until,
)
from ttp.domain.config import Config
from ttp.domain.errors import Hint, ReconnectNeeded, TtpError, UsageError
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.login import Grant, Logins
from ttp.platforms.registry import Registry
from ttp.store import accounts
from ttp.store import accounts as store
from ttp.store.credentials import BackendUnavailable, BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.home import locks
from ttp.store.home.locks import TokenLocked, token_lock

PAUSE_S = 300.0
"""After a try that failed for a passing reason, a token that still lives is used for so long before the next try."""

_WORTH_WAITING = frozenset({Kind.NETWORK, Kind.SERVER, Kind.RATE_LIMIT})
"""Failures that say nothing of the token. Anything else, for a token that has ended, is its end."""


class TokenRevoked(ReconnectNeeded):
    """The account's token works no more, and only a person can mend that."""

    def __init__(self, account: str, outcome: NotDone, message: str | None = None, *, by_keys: bool = False) -> None:
        command = connect_action(account, by_keys=by_keys)
        super().__init__(
            message or f"{account} must be connected again: {outcome.message}",
            Hint("fix", command),
        )
        self.outcome = replace(outcome, kind=Kind.AUTH, hint=command)


class TokenUnavailable(TtpError):
    """The account's token cannot be used now; it may work later."""

    def __init__(self, account: str, outcome: NotDone, message: str | None = None) -> None:
        super().__init__(message or f"the token of {account} could not be renewed: {outcome.message}")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Renewal:
    """One account whose token was due. `error` None: it has a new one."""

    account: str
    error: TtpError | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """What came for a token that is spent: the credentials to keep, and what they may do where that was told."""

    spent: str = field(repr=False)
    credentials: Credentials
    scopes: tuple[str, ...]


class LockedToken:
    """An account's token while its lock is held: nobody else renews it."""

    def __init__(self, tokens: Tokens, name: str, credentials: Credentials) -> None:
        self._tokens = tokens
        self._name = name
        self.credentials = credentials

    @property
    def can_renew(self) -> bool:
        """Whether there is a way to new credentials without a person."""
        return self._tokens.can_renew(self._name, self.credentials)

    def renew(self) -> Credentials:
        """New credentials because a platform refused these. TokenRevoked, TokenUnavailable."""
        self.credentials = self._tokens._replace(self._name, self.credentials)
        return self.credentials


class Tokens:
    """`logins` makes a new login of a platform, which is closed after its one renewal. Safe for several threads."""

    def __init__(
        self,
        database: Database,
        credentials: CredentialsStore,
        logins: Logins,
        config: Config,
        clock: Clock,
        platforms: Registry,
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._logins = logins
        self._config = config
        self._clock = clock
        self._platforms = platforms
        self._pause_until: dict[str, float] = {}
        self._unstored: dict[str, Fresh] = {}

    def fresh(self, name: str) -> Credentials:
        """Return usable credentials, refreshed if due. Raises TokenRevoked, TokenUnavailable, UsageError."""
        account, held = self._usable(name)
        if not self._is_due(account, held):
            return held
        try:
            with self._locked(name):
                return self._renewed(name)
        except TokenLocked as other:
            account, held = self._usable(name)
            return self._still(account, held, NotDone(Kind.NETWORK, other.message, passing=True))

    @contextmanager
    def held(self, name: str, known: Account | None = None) -> Iterator[LockedToken]:
        """As `fresh`, and no other process refreshes the token until the block ends.

        Raises TokenLocked, TokenRevoked, TokenUnavailable, UsageError.

        For publishing: the token that a publish began with is the one that it ends with. `known`: the account as it was
        read a moment ago, which saves opening the store for each delivery.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(token_lock(self._database.home, name, patience_s=0))
            except TokenLocked:
                stack.enter_context(self._locked(name))
                known = None  # whoever had it may have changed the account
            yield LockedToken(self, name, self._renewed(name, known))

    def can_renew(self, name: str, held: Credentials) -> bool:
        """Whether the account's platform renews such credentials."""
        login = self._logins(name.partition("/")[0])
        return login is not None and login.renews(held)

    def replaced(self, name: str, refused: Credentials) -> Credentials:
        """Other credentials than `refused`, which a platform did not take: what another process stored meanwhile, or
        renewed once. TokenLocked, TokenRevoked, TokenUnavailable, UsageError."""
        with self._locked(name):
            return self._replace(name, refused)

    def refresh_due(self, now: datetime, stopping: Callable[[], bool] = lambda: False) -> list[Renewal]:
        """Renew every account's token that is due. Skips what another has in hand. Raises nothing of one account.

        Ends after the renewal that is going on once `stopping` says so.
        """
        done = []
        for account in self._accounts():
            if stopping():
                break
            try:
                held = self._stored(account)
                if held is None or not self.can_renew(account.name, held) or not self._is_due(account, held, now):
                    continue
                with token_lock(self._database.home, account.name, patience_s=0):
                    before = self._stored(account)
                    after = self._renewed(account.name)
            except TokenLocked:
                continue
            except TtpError as error:
                done.append(Renewal(account.name, error))
            else:
                if before != after:
                    done.append(Renewal(account.name))
        return done

    def _stored(self, account: Account) -> Credentials | None:
        """Return the stored credentials. Raises TokenRevoked or TokenUnavailable for an entry that cannot be read."""
        try:
            return self._credentials.get(account.name)
        except BrokenEntry as broken:
            raise self._dead(account, NotDone(Kind.AUTH, broken.message), broken.message) from None
        except BackendUnavailable as away:
            raise _away(account, away) from None

    def _accounts(self) -> list[Account]:
        with self._database.reading() as db:
            return [a for a in (accounts.accounts(db) if db else []) if a.connected and not a.needs_reconnect]

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with token_lock(self._database.home, name, patience_s=self._patience_s()):
            yield

    def _patience_s(self) -> float:
        """As long as another process's renewal may take."""
        return 5 + sum(self._config.seconds(f"http.{wait}_timeout_s") for wait in ("connect", "read"))

    def _usable(self, name: str, known: Account | None = None) -> tuple[Account, Credentials]:
        """The account, unless it is `known`, and its credentials as they are stored now, if they may be used here."""
        account = known
        if account is None:
            platform, handle = parse_account_name(name, self._platforms)
            with self._database.reading() as db:
                account = accounts.account(db, platform, handle) if db else None
        held = None
        if account is not None:
            facts = self._platforms.facts(account.platform)  # PlatformDisabled says nothing of its token
            held = self._stored(account) or (None if facts.needs_credentials else Credentials(""))
        if account is None or held is None:
            missing = f"{name} is not connected"
            raise TokenRevoked(name, NotDone(Kind.AUTH, missing), missing)
        if account.needs_reconnect:
            raise TokenRevoked(account.name, NotDone(Kind.AUTH, "its token no longer works"), by_keys=held.by_keys)
        host = self._platforms.facts(account.platform).host(self._config, account.server)
        if (wrong := host_mismatch(account, held, host)) is not None:
            raise UsageError(wrong[0], Hint("fix", wrong[1]))
        return account, held

    def _is_due(self, account: Account, held: Credentials, now: datetime | None = None) -> bool:
        now = now or self._clock.now()
        due = refresh_due_at(self._platforms.facts(account.platform), held)
        if due is None or due > now:
            return False
        return not is_alive(held, now) or self._clock.boot() >= self._pause_until.get(account.name, 0.0)

    def _renewed(self, name: str, known: Account | None = None) -> Credentials:
        """The lock is held: what is stored now, renewed where that is due."""
        account, held = self._usable(name, known)
        if not self._is_due(account, held):
            return held
        return self._renew(account, held) if known is None else self._renewed(name)

    def _replace(self, name: str, refused: Credentials) -> Credentials:
        """The lock is held: what is stored now, renewed where it is what was refused."""
        account, held = self._usable(name)
        if held.access_token != refused.access_token:
            return held
        if not self.can_renew(account.name, held):
            what = NotDone(Kind.AUTH, f"{account.platform} does not take its token any more")
            raise self._dead(account, what, by_keys=held.by_keys)
        # It was refused, so it is not alive, whatever its time says.
        return self._renew(account, replace(held, expires_at=self._clock.now()))

    def _renew(self, account: Account, held: Credentials) -> Credentials:
        """Spend the token for a new one, and store that before anyone sees it."""
        login, now = self._logins(account.platform, account.server), self._clock.now()
        if login is None or not login.renews(held):
            return self._still(account, held, NotDone(Kind.AUTH, "its token has ended"))
        home, spent = self._database.home, held.refresh_token or held.access_token
        waiting = self._unstored.get(account.name)
        if waiting is not None and waiting.spent == spent:
            return self._keep(account, waiting)
        begun = locks.refresh_started_at(home, account.name, spent)
        locks.note_refresh_started(home, account.name, spent, begun or now)
        with closing(login):
            answer = login.refresh(held)
        match answer:
            case Grant() as grant:
                return self._keep(account, Fresh(spent, _with(held, grant), grant.scopes))
            case refusal:
                if refusal.passing:
                    self._pause_until[account.name] = self._clock.boot() + PAUSE_S
                    return self._still(account, held, refusal)
                if begun is not None:
                    # It was sent before: what came back then, perhaps its replacement, never arrived or was not stored.
                    lost = f"{refusal.message} (a renewal that began {begun:%Y-%m-%d %H:%M} UTC got no answer)"
                    refusal = replace(refusal, message=lost)
                locks.forget_refresh(home, account.name)
                raise self._dead(account, refusal)

    def _keep(self, account: Account, fresh: Fresh) -> Credentials:
        """Store what came, and only then let it be seen. Where that fails it is not lost: the next call stores it."""
        self._unstored[account.name] = fresh
        try:
            self._credentials.put(account.name, fresh.credentials)
        except BackendUnavailable as away:
            raise _away(account, away) from None
        del self._unstored[account.name]
        locks.forget_refresh(self._database.home, account.name)
        self._pause_until.pop(account.name, None)
        with closing(self._database.connect()) as db:
            store.save_renewal(db, account, until=works_until(fresh.credentials), scopes=fresh.scopes)
        return fresh.credentials

    def _still(self, account: Account, held: Credentials, outcome: NotDone) -> Credentials:
        """Return the old credentials while they live.

        Raises TokenUnavailable after that, or TokenRevoked if waiting cannot help.
        """
        if is_alive(held, self._clock.now()):
            return held
        if outcome.passing and outcome.kind in _WORTH_WAITING:
            raise TokenUnavailable(account.name, outcome)
        raise self._dead(account, outcome)

    def _dead(
        self, account: Account, outcome: NotDone, message: str | None = None, *, by_keys: bool = False
    ) -> TokenRevoked:
        """Mark the account, once for all processes."""
        assert account.id is not None
        with closing(self._database.connect()) as db:
            accounts.mark_account(db, account.id, needs_reconnect=True)
        return TokenRevoked(account.name, outcome, message, by_keys=by_keys)


def _with(held: Credentials, grant: Grant) -> Credentials:
    """The credentials with what was granted. A refresh token that did not come again stays."""
    return replace(
        held,
        access_token=grant.access_token,
        issued_at=grant.issued_at,
        expires_at=grant.expires_at,
        refresh_token=grant.refresh_token or held.refresh_token,
        refresh_expires_at=grant.refresh_expires_at if grant.refresh_token else held.refresh_expires_at,
    )


def _away(account: Account, away: BackendUnavailable) -> TokenUnavailable:
    return TokenUnavailable(account.name, NotDone(Kind.ACCOUNT, away.message, passing=True), away.message)
