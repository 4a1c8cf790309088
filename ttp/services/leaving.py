"""Removing an account for good: forgotten here first, then its access taken back at the platform, where that can be.

The removal is stored before the platform is asked, and nothing that the platform does undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType

from ttp.domain import hosts
from ttp.domain.account import Account, Credentials, Platform, same_host
from ttp.domain.config import Config
from ttp.platforms.oauth.grant import Login
from ttp.services.accounts import Accounts
from ttp.store import reads
from ttp.store.credentials import Away, BrokenEntry, CredentialsStore
from ttp.store.database import Database

BY_HAND: Mapping[Platform, str] = MappingProxyType(
    {
        Platform.X: "on X: Settings, Security and account access, Apps and sessions",
        Platform.INSTAGRAM: "on Instagram: Settings, Apps and websites",
        Platform.TIKTOK: "in TikTok: Settings and privacy, Security and permissions, Manage app permissions",
    }
)
"""Where a person takes an app's access back."""
_ON_FACEBOOK = "on Facebook: Settings and privacy, Settings, Business integrations"


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
        logins: Callable[[Platform], Login],
        config: Config,
    ) -> None:
        self._accounts = accounts
        self._database = database
        self._credentials = credentials
        self._logins = logins
        self._config = config

    def remove(self, name: str, *, cancel: bool) -> Left:
        """As `Accounts.remove`; then the platform is asked to take the access back."""
        removed = self._accounts.remove(name, cancel=cancel)
        account, held = removed.account, removed.held
        if held is None:
            return Left(account, removed.cancelled)
        why = self._revoke(account, held)
        if why is None:
            return Left(account, removed.cancelled, f"{account.platform} has taken back ttp's access", revoked=True)
        by_hand = _ON_FACEBOOK if self._by_facebook(account) else BY_HAND[account.platform]
        return Left(account, removed.cancelled, f"ttp's access was not taken back: {why}\nto do it yourself, {by_hand}")

    def _revoke(self, account: Account, held: Credentials) -> str | None:
        """Ask the platform. None: done; else why not."""
        host = hosts.host(account.platform, self._config)
        if held.host and not same_host(held.host, host):
            return f"its credentials were made for {held.host} and are not sent to {host}"
        with closing(self._logins(account.platform)) as login:
            if (other := self._sharing(account, held, by_app=login.revokes_all)) is not None:
                return f"{other} may use the same login"
            answer = login.revoke(held)
        return None if answer is None else answer.message

    def _sharing(self, gone: Account, held: Credentials, *, by_app: bool) -> str | None:
        """An account that would lose its access too: one of the same token, or (`by_app`) of the same app."""
        with self._database.reading() as db:
            accounts = reads.accounts(db) if db else []
        for account in accounts:
            if account.platform is not gone.platform or account.name == gone.name:
                continue
            try:
                other = self._credentials.get(account.name)
            except (BrokenEntry, Away):
                if by_app:
                    return account.name  # for all that is known
                continue
            if other is not None and (
                other.access_token == held.access_token or (by_app and other.client_id == held.client_id)
            ):
                return account.name
        return None

    def _by_facebook(self, account: Account) -> bool:
        return account.platform is Platform.INSTAGRAM and hosts.by_facebook(self._config)
