"""Connect an account through its platform's login. An existing account is reconnected in place: id, history and
settings stay, and it must be the same user. One that has another handle now is renamed if a person wants it. Nothing is
stored before the user is known."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ttp.domain.account import Account, Credentials, parse_account_name, same_host, works_until
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.errors import Ambiguous, Hint, NotAllowed, StateRefused, TtpError, UsageError
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.login import App, BrowserLogin, Grant, Identity, PasswordLogin, missing_scopes
from ttp.platforms.oauth import code_login
from ttp.platforms.oauth.callback import Code, Denied
from ttp.platforms.registry import Registry
from ttp.services.accounts import LOCK_WAIT_S
from ttp.store import accounts as store
from ttp.store import queries
from ttp.store.credentials import BrokenEntry, CredentialsStore
from ttp.store.database import Database
from ttp.store.dialect import Connection

T = TypeVar("T")
_WRONG_APP = frozenset({"invalid_client", "unauthorized_client"})
"""OAuth error codes (RFC 6749) caused by the app, not by the user."""


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login in progress. `url`: the page to open; `handle` None: whoever logs in."""

    platform: str
    handle: str | None
    app: App
    redirect_uri: str
    url: str
    state: str = field(repr=False)
    verifier: str | None = field(repr=False)

    @property
    def name(self) -> str:
        return self.platform if self.handle is None else f"{self.platform}/{self.handle}"


@dataclass(frozen=True, slots=True)
class ConnectResult:
    """Result of a login. `missing`: needed scopes not granted. `failed`: deliveries that failed for the old token.
    `renamed`: the name that the account had before."""

    account: Account
    again: bool
    missing: tuple[str, ...] = ()
    failed: int = 0
    renamed: str | None = None


class KnownIdentity(UsageError):
    """Who logged in is an account under another handle. `AccountConnector.rename` renames it; else nothing was done."""

    def __init__(self, account: Account, pending: PendingLogin, person: Identity) -> None:
        super().__init__(
            f"{pending.name} is {account.name}: its handle has changed",
            Hint("fix", action("account connect", pending.name, yes=True), sure=False),  # it renames: a person decides
            Hint("try", action("account connect", account.name)),
        )
        self.account, self.pending, self.person = account, pending, person


@dataclass
class AccountConnector:
    """Connects accounts through the `login` of one platform, or of one `server` of it."""

    database: Database
    credentials: CredentialsStore
    login: BrowserLogin | PasswordLogin
    config: Config
    clock: Clock
    platforms: Registry
    server: str | None = None

    def known_app(self, name: str) -> App | None:
        """Return the stored app and its secret, preferring the named account's; None without one. If the settings name
        a client id, only an app with that id."""
        platform, handle = self._parse_name(name)
        client_id = self.config.text(f"platforms.{platform}.client_id")
        with self.database.reading() as db:
            accounts = [a for a in (store.accounts(db) if db else []) if a.platform == platform]
        accounts.sort(key=lambda account: account.handle.lower() != (handle or "").lower())
        host = self.platforms.facts(platform).host(self.config, self.server)
        for account in accounts:
            credentials = self._stored_credentials(account)
            fits = credentials is not None and credentials.token_secret is None and same_host(credentials.host, host)
            fits = fits and account.server == self.server
            if credentials is not None and fits and credentials.client_id and client_id in ("", credentials.client_id):
                return App(credentials.client_id, credentials.client_secret)
        return None

    def begin(self, name: str, app: App, *, redirect_uri: str, scopes: tuple[str, ...] = ()) -> PendingLogin:
        """Start a login to `platform` or `platform/handle`. `scopes` replace the default ones: those of the login, and
        the extra ones that the account has. Raise UsageError."""
        platform, handle = self._parse_name(name)
        login = self.login
        assert isinstance(login, BrowserLogin)
        if self.platforms.facts(platform).needs_client_secret and not app.client_secret:
            raise UsageError(f"{platform} apps need a client secret, and none was given")
        state, verifier = code_login.new_state(), code_login.new_verifier()
        challenge = login.challenge(verifier, redirect_uri)
        url = login.authorize_url(
            app,
            state=state,
            redirect_uri=redirect_uri,
            scopes=scopes or (*login.scopes, *self._extra_scopes(login, platform, handle)),
            challenge=challenge,
        )
        return PendingLogin(platform, handle, app, redirect_uri, url, state, None if challenge is None else verifier)

    def _extra_scopes(self, login: BrowserLogin, platform: str, handle: str | None) -> tuple[str, ...]:
        """Return the extra scopes that the account has; without a handle, that any of the platform has."""
        with self.database.reading() as db:
            accounts = [a for a in (store.accounts(db) if db else []) if a.platform == platform]
        granted = {one for a in accounts if handle is None or a.handle.lower() == handle.lower() for one in a.scopes}
        return tuple(scope for scope in login.extra_scopes if scope in granted)

    def finish(self, pending: PendingLogin, answer: Code | Denied) -> ConnectResult:
        """Exchange the code, look up the user, and store the account. Raise NotAllowed, UsageError, Ambiguous,
        TtpError. After an error nothing has changed."""
        if isinstance(answer, Denied):
            reason = f": {answer.words}" if answer.words else ""
            raise NotAllowed(
                f"{pending.platform} did not connect the account ({answer.error}{reason})", _retry_hint(pending.name)
            )
        login = self.login
        assert isinstance(login, BrowserLogin)
        grant = login.exchange(
            pending.app, code=answer.code, verifier=pending.verifier, redirect_uri=pending.redirect_uri
        )
        return self._complete(pending, _require_answer(pending, grant))

    def register(self, name: str, redirect_uri: str) -> App | None:
        """Register an app with the account's server. None if the user brings the app. Raise NotAllowed, TtpError."""
        assert isinstance(self.login, BrowserLogin)
        made = self.login.register(redirect_uri)
        return None if made is None else _require_answer(self._login_without_page(name), made)

    def sign_in(self, name: str, answers: Mapping[str, str]) -> ConnectResult:
        """Sign in with a password and store the account. Raises what `finish` raises."""
        pending, login = self._login_without_page(name), self.login
        assert isinstance(login, PasswordLogin)
        return self._complete(pending, _require_answer(pending, login.sign_in(pending.handle or "", answers)))

    def _login_without_page(self, name: str) -> PendingLogin:
        platform, handle = self._parse_name(name)
        return PendingLogin(platform, handle, App(""), "", "", "", None)

    def _complete(self, pending: PendingLogin, grant: Grant) -> ConnectResult:
        people = _require_answer(pending, self.login.who(grant))
        with self.database.reading() as db:
            accounts = store.accounts(db) if db else []
        there, person = self._match_user(pending, people, accounts)
        parse_account_name(f"{pending.platform}/{person.handle}", self.platforms)
        same = next(
            (one for one in accounts if one.platform == pending.platform and one.user_id == person.user_id), None
        )
        if there is None and same is not None:
            raise KnownIdentity(same, pending, person)
        name = there.name if there is not None else f"{pending.platform}/{person.handle}"
        with self.database.token_lock(name, patience_s=LOCK_WAIT_S):
            return self._store(pending, person)

    def rename(self, known: KnownIdentity) -> ConnectResult:
        """Give the account its new handle, with its posts, numbers and settings, and store its new credentials. Raise
        StateRefused while a post is being published to it, or if the new name is of an account that was removed."""
        before, person = known.account, known.person
        after = replace(before, handle=person.handle)
        with ExitStack() as locks:
            for name in sorted((before.name, after.name)):
                locks.enter_context(self.database.token_lock(name, patience_s=LOCK_WAIT_S))
            credentials = self._stored_credentials(before)
            if credentials is not None:  # before the transaction, see `_store`
                self.credentials.put(after.name, credentials)
            try:
                with self.database.writing() as db:
                    self._refuse_rename(db, before, after)
                    store.rename(db, before, after)
            except TtpError:
                self.credentials.remove(after.name)
                raise
            result = self._store(known.pending, person)
            self.credentials.remove(before.name)
        return replace(result, renamed=before.name)

    def _refuse_rename(self, db: Connection, before: Account, after: Account) -> None:
        if store.account(db, after.platform, after.handle, removed=True) is not None:
            raise StateRefused(
                f"{after.name} was an account here before, so {before.name} keeps its name",
                Hint("try", action("account connect", before.name)),
            )
        db.lock_posts(ids := queries.posts_naming(db, before.id or 0))
        for post in queries.posts_by_id(db, ids):
            busy = IN_FLIGHT - {DeliveryState.RETRYING}
            if any(one.account_id == before.id and one.state in busy for one in (*post.active, *post.comments)):
                raise StateRefused(
                    f"post {post.id} is being published to {before.name}", Hint("see", action("show", post.id))
                )

    def _match_user(
        self, pending: PendingLogin, people: tuple[Identity, ...], accounts: list[Account]
    ) -> tuple[Account | None, Identity]:
        """Return the known account, if any, and the matching user. Raise UsageError, Ambiguous."""
        accounts = [account for account in accounts if account.platform == pending.platform]
        if pending.handle is not None:
            named = next((a for a in accounts if a.handle.lower() == pending.handle.lower()), None)
            for person in people:
                if self._is_same_user(named, pending, person):
                    return named, person
            raise _other_user_error(pending, people)
        if len(people) > 1:
            raise Ambiguous(
                f"this login has access to {len(people)} accounts: {', '.join(p.handle for p in people)}",
                *(_retry_hint(f"{pending.platform}/{person.handle}") for person in people),
            )
        (person,) = people
        there = next((a for a in accounts if a.user_id == person.user_id), None) or next(
            (a for a in accounts if a.handle.lower() == person.handle.lower()), None
        )
        if there is not None and not self._is_same_user(there, pending, person):
            raise _other_user_error(replace(pending, handle=there.handle), people)
        return there, person

    def _is_same_user(self, account: Account | None, pending: PendingLogin, person: Identity) -> bool:
        """Return whether the user owns the account: by the platform's user id where both are known, else by the handle.
        Some platforms' user ids differ per app, so they prove nothing after a change of app."""
        same_handle = (account.handle if account else pending.handle or "").lower() == person.handle.lower()
        if account is None or account.user_id is None:
            return same_handle
        if account.user_id == person.user_id:
            return True
        credentials = self._stored_credentials(account)
        other_app = credentials is None or credentials.client_id != pending.app.client_id
        return self.platforms.facts(account.platform).user_id_per_app and other_app and same_handle

    def _store(self, pending: PendingLogin, person: Identity) -> ConnectResult:
        """Store the account and its credentials. The caller holds the token lock."""
        with self.database.reading() as db:
            there, _ = self._match_user(pending, (person,), store.accounts(db) if db else [])
            before = there or (store.account(db, pending.platform, person.handle, removed=True) if db else None)
        account = before or Account(pending.platform, person.handle)
        credentials = self._new_credentials(account, pending, person.grant)
        # Before the transaction: a keyring or a program can be slow, and others wait for the transaction.
        self.credentials.put(account.name, replace(credentials, user_id=person.user_id))
        with self.database.writing() as db:
            account = store.account(db, account.platform, account.handle, removed=True) or account
            account = replace(
                account,
                connected=True,
                needs_reconnect=False,
                user_id=person.user_id,
                expires_at=works_until(credentials),
                scopes=person.grant.scopes,
                server=self.server,
                server_info=person.server_info,
            )
            account = replace(account, id=store.save(db, account, now=self.clock.now()))
        with closing(self.database.connect()) as db:
            failed = store.count_failed(db, account, Kind.AUTH)
        return ConnectResult(account, there is not None, missing_scopes(self.login.scopes, person.grant.scopes), failed)

    def _parse_name(self, name: str) -> tuple[str, str | None]:
        """Split `x` or `x/me`. Raise UsageError for anything else."""
        if "/" in name:
            return parse_account_name(name, self.platforms)
        return self.platforms.find(name).name, None

    def _stored_credentials(self, account: Account) -> Credentials | None:
        """Return the stored credentials; None for an unreadable entry, which connecting replaces."""
        try:
            return self.credentials.get(account.name)
        except BrokenEntry:
            return None

    def _new_credentials(self, account: Account, pending: PendingLogin, grant: Grant) -> Credentials:
        """Return the new credentials. Keeps the app's old refresh token if the platform returned none."""
        credentials = self._stored_credentials(account)
        app, host = pending.app, self.platforms.facts(pending.platform).host(self.config, self.server)
        fresh = Credentials(
            access_token=grant.access_token,
            host=host,
            refresh_token=grant.refresh_token,
            expires_at=grant.expires_at,
            client_id=app.client_id or None,
            client_secret=app.client_secret,
            issued_at=grant.issued_at,
            refresh_expires_at=grant.refresh_expires_at,
        )
        same_app = (
            credentials is not None
            and (credentials.client_id or "") == app.client_id
            and same_host(credentials.host, host)
        )
        if (
            credentials is None
            or not same_app
            or credentials.token_secret is not None
            or grant.refresh_token is not None
        ):
            return fresh
        return replace(
            fresh, refresh_token=credentials.refresh_token, refresh_expires_at=credentials.refresh_expires_at
        )


def _require_answer(pending: PendingLogin, answer: T | NotDone) -> T:
    """Return the answer. Raise NotAllowed if the platform refused, TtpError for a passing failure."""
    if not isinstance(answer, NotDone):
        return answer
    kind = TtpError if answer.passing else NotAllowed
    hint = _retry_hint(pending.name) if answer.hint is None else Hint("try", answer.hint)
    if answer.code in _WRONG_APP:  # a retry would use the stored app, with its old secret
        hint = Hint("try", action("account connect", pending.name, client_secret="FILE"))  # noqa: S106 (a file's name)
    raise kind(f"the login was not completed: {answer.message}", hint)


def _other_user_error(pending: PendingLogin, people: tuple[Identity, ...]) -> UsageError:
    """Return the error for a login by another user: the browser had another session, or the handle changed owner."""
    names = [f"{pending.platform}/{person.handle}" for person in people]
    return UsageError(
        f"you logged in as {' and '.join(names[:5])}, not as {pending.name}",
        *(Hint("try", action("account connect", name)) for name in names[:5] if name != pending.name),
        Hint("try", action("account connect", pending.name)),
    )


def _retry_hint(name: str) -> Hint:
    return Hint("try", action("account connect", name))
