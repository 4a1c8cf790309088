"""Check accounts with their platforms. Renews tokens that are due; marks an account whose token no longer works."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ttp.domain.account import Account, Credentials, connect_action, find_account, is_alive
from ttp.domain.action import Action, action
from ttp.domain.config import Config
from ttp.domain.diagnostics import (
    SOON,
    Check,
    Checkup,
    Remark,
    combine_remarks,
    failure_remark,
    format_end,
    ok_remark,
    warning_remark,
)
from ttp.domain.errors import Busy, ContentRefused, Hint, Problem, ReconnectNeeded, StateRefused, TtpError
from ttp.domain.options import Option, options_of
from ttp.domain.platform import Facts
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import AccountInfo, Checker, SettingsChecker
from ttp.platforms.login import Login, Logins, missing_scopes
from ttp.platforms.registry import Registry
from ttp.services.connecting.tokens import TokenRevoked, Tokens
from ttp.store import accounts as stored_accounts
from ttp.store.database import Database
from ttp.store.home.locks import TokenLocked

CLOCK_WARNING, CLOCK_FAILURE = timedelta(seconds=10), timedelta(minutes=5)
"""A clock this far off is worth a warning, and a failure: past five minutes OAuth 1.0a signatures are refused and token
expiry is judged wrongly. A Date header has whole seconds only."""

SET_CLOCK = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
"""Sets the clock from the network on macOS and most Linux systems."""


@dataclass
class AccountCheck:
    """Asks platforms about accounts. `checkers` creates a platform's checker; each is closed after one call."""

    database: Database
    tokens: Tokens
    checkers: Callable[[str], Checker | None]
    logins: Logins
    config: Config
    clock: Clock
    platforms: Registry

    def accounts(self, accounts: Iterable[Account]) -> Checkup:
        """Check each account. Raise Damaged, Busy."""
        return Checkup(tuple(check for check, _, _ in self._check_each(accounts)))

    def with_clocks(self, accounts: Iterable[Account], prefix: str) -> Iterator[Check]:
        """Check each account, then the clock of each platform that reported its time."""
        offsets: dict[str, timedelta] = {}
        for check, platform, ahead in self._check_each(accounts, prefix):
            yield check
            if ahead is not None:
                offsets[platform] = ahead
        for platform, ahead in offsets.items():
            yield combine_remarks(f"clock.{platform}", [_clock_remark(ahead)])

    def posting_settings(self, account: Account) -> Mapping[str, object]:
        """Return what an account may choose for a post, in the platform's own fields; empty if the platform does not
        say. Raise StateRefused, ReconnectNeeded, Busy."""
        again = Hint("fix", connect_action(account.name))
        if not account.connected:
            raise StateRefused(f"{account.name} is not connected", again)
        checker = self.checkers(account.platform)
        if checker is None:
            return {}
        with closing(checker):
            if not isinstance(checker, SettingsChecker):
                return {}
            credentials = self.tokens.fresh(account.name)
            answer = checker.posting_settings(account, credentials)
            if self.tokens.may_replace(account.name, credentials, answer):
                answer = checker.posting_settings(account, self.tokens.replace_refused(account.name, credentials))
        if not isinstance(answer, NotDone):
            return answer
        if answer.kind is Kind.AUTH:
            raise ReconnectNeeded(f"{account.name} must be connected again: {answer.message}", again)
        raise (Busy if answer.passing else StateRefused)(f"{account.name}: {answer.message}")

    def _check_each(
        self, accounts: Iterable[Account], prefix: str = ""
    ) -> Iterator[tuple[Check, str, timedelta | None]]:
        """Yield each account's check and platform, and how far the local clock is ahead of the platform's, if known."""
        made: dict[str, Checker | None] = {}
        try:
            for account in accounts:
                if account.platform not in made:
                    made[account.platform] = self.checkers(account.platform)
                checker = made[account.platform]
                check = combine_remarks(prefix + account.name, self._remarks(account, checker))
                at = None if checker is None else checker.platform_at(account)
                yield check, account.platform, None if at is None else self.clock.now() - at
        finally:
            for one in filter(None, made.values()):
                one.close()

    def _remarks(self, account: Account, checker: Checker | None) -> Iterator[Remark]:
        yield from state_remarks(account, self.clock.now())
        if account.platform not in self.platforms.names():
            yield failure_remark(f"platform {account.platform} is not enabled: posts due there fail")
        else:
            yield from self.platforms.facts(account.platform).setting_remarks(self.config, self.clock.now())
            if checker is None:
                yield ok_remark("this platform has no online check")
        if account.needs_reconnect or not account.connected or checker is None:
            return
        try:
            credentials = self.tokens.fresh(account.name)
            answer = checker.check(account, credentials)
            if self.tokens.may_replace(account.name, credentials, answer):
                credentials = self.tokens.replace_refused(account.name, credentials)
                answer = checker.check(account, credentials)
        except TtpError as trouble:
            yield _error_remark(trouble)
            return
        if isinstance(answer, NotDone):
            yield self._refusal_remark(account, credentials, answer)
            return
        if answer.server_info is not None:
            with closing(self.database.connect()) as db:
                stored_accounts.mark_account(db, account.id or 0, server_info=answer.server_info)
        if not self.platforms.facts(account.platform).needs_credentials:
            yield from answer.remarks
            return
        yield self._identity_remark(account, answer)
        yield from answer.remarks
        after = self._reload(account)
        yield from permission_remarks(
            account, credentials, answer.scopes or after.scopes, self.logins(account.platform, account.server)
        )
        renews, facts = self.tokens.can_renew(account.name, credentials), self.platforms.facts(account.platform)
        yield from expiry_remarks(account, credentials, self.clock.now(), facts, renews=renews)

    def _refusal_remark(self, account: Account, credentials: Credentials, refusal: NotDone) -> Remark:
        """Say why the platform refused. A refused token marks the account as "reconnect"."""
        if refusal.kind is not Kind.AUTH:
            busy = refusal.kind is Kind.RATE_LIMIT
            return (
                warning_remark(refusal.message, refusal.hint) if busy else failure_remark(refusal.message, refusal.hint)
            )
        assert account.id is not None
        with closing(self.database.connect()) as db:
            stored_accounts.mark_account(db, account.id, needs_reconnect=True)
        again = connect_action(account.name, by_keys=credentials.by_keys)
        return failure_remark(f"must be connected again: {refusal.message}", again, reconnect=True)

    def _identity_remark(self, account: Account, info: AccountInfo) -> Remark:
        """Say whether the token still belongs to the account: by the platform's user id, else by the handle. Some
        platforms' user ids differ per app, so they prove nothing after a change of app."""
        same_name = info.handle is not None and info.handle.lower() == account.handle.lower()
        if account.user_id is None or info.user_id is None:
            is_known, same = info.handle is not None, same_name
        else:
            per_app = self.platforms.facts(account.platform).user_id_per_app
            is_known, same = True, info.user_id == account.user_id or (per_app and same_name)
        if not is_known:
            return ok_remark("token works")
        if not same:
            who = f"{account.platform}/{info.handle}" if info.handle else f"the user {info.user_id}"
            return failure_remark(
                f"its token belongs to {who}, another account", connect_action(account.name), reconnect=True
            )
        if info.handle is not None and not same_name:
            new = connect_action(f"{account.platform}/{info.handle}")
            return warning_remark(f"token works; {account.platform} calls it {info.handle} now", new)
        return ok_remark("token works")

    def _reload(self, account: Account) -> Account:
        """Read the account again: a token refresh may have stored its scopes."""
        with self.database.reading() as db:
            assert db is not None
            return stored_accounts.account(db, account.platform, account.handle) or account


def _error_remark(trouble: TtpError) -> Remark:
    hint = next((hint.way for hint in trouble.hints), None)
    if isinstance(trouble, TokenRevoked):
        return failure_remark(f"must be connected again: {trouble.outcome.message}", hint, reconnect=True)
    return (
        warning_remark(trouble.message, hint)
        if isinstance(trouble, TokenLocked)
        else failure_remark(trouble.message, hint)
    )


def _clock_remark(ahead: timedelta) -> Remark:
    off = abs(ahead)
    if off <= CLOCK_WARNING:
        return ok_remark("agrees with this machine's clock")
    seconds = round(off.total_seconds())
    span = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    message = f"this machine's clock is {span} {'ahead' if ahead > timedelta() else 'behind'}"
    return failure_remark(message, SET_CLOCK) if off >= CLOCK_FAILURE else warning_remark(message, SET_CLOCK)


def state_remarks(account: Account, now: datetime) -> Iterator[Remark]:
    """Yield what a person or the publisher marked the account with."""
    name = account.name
    if not account.enabled:
        yield warning_remark("disabled: posts due for it fail", action("account enable", name))
    if account.needs_reconnect:
        yield failure_remark("must be connected again: its token no longer works", connect_action(name), reconnect=True)
    elif not account.connected:
        yield warning_remark(
            "not connected: its metrics can be used, but nothing can be published", connect_action(name)
        )
    if account.is_paused:
        yield warning_remark("paused: its posts wait", action("resume", account=name))
    elif account.hold_until is not None and account.hold_until > now:
        why = f": {account.hold_reason}" if account.hold_reason else ""
        yield warning_remark(
            f"held, its posts wait; ends {format_end(account.hold_until, now)}{why}", action("account enable", name)
        )


def expiry_remarks(
    account: Account, credentials: Credentials, now: datetime, facts: Facts, *, renews: bool
) -> Iterator[Remark]:
    """Yield when the credentials expire. `renews`: the platform refreshes them without a person."""
    if credentials.by_keys:
        yield ok_remark("keys that do not expire")
        return
    again = connect_action(account.name)
    end, alive = credentials.expires_at, is_alive(credentials, now)
    if not renews:
        yield from _end_remarks("token, which cannot be refreshed," if end else "token", end, again, now)
    elif not facts.renews_ended:
        yield from _end_remarks("token, which is refreshed automatically,", end, again, now)
    else:
        expiry = f"token expires {format_end(end, now)}" if end else "token without a known expiry"
        yield ok_remark(
            f"{expiry}; refreshed automatically" if alive else "token has expired; refreshed when it is used"
        )
        if credentials.refresh_expires_at is not None:
            yield from _end_remarks("its refresh token", credentials.refresh_expires_at, again, now)


def _end_remarks(what: str, end: datetime | None, again: Action, now: datetime) -> Iterator[Remark]:
    if end is None:
        yield ok_remark(f"{what} without a known expiry")
    elif end <= now:
        yield failure_remark(f"{what} expired {format_end(end, now)}", again, reconnect=True)
    else:
        expires = f"{what} expires {format_end(end, now)}"
        yield warning_remark(expires, again) if end - now < SOON else ok_remark(expires)


def permission_remarks(
    account: Account, credentials: Credentials, granted: tuple[str, ...], login: Login | None
) -> Iterator[Remark]:
    """Compare granted with needed scopes. OAuth 1.0a keys and passwords have none."""
    if credentials.by_keys or login is None or not login.scopes:
        return
    if not granted:
        yield ok_remark("the platform did not report its permissions")
        return
    lacking = missing_scopes(login.scopes, granted)
    if not lacking:
        yield ok_remark("has all permissions")
        return
    again = connect_action(account.name)
    lack = f"without permission for {', '.join(lacking)}"
    if not login.can_publish(granted, options_of(account.platform, account.options)):
        yield failure_remark(f"{lack}: it cannot publish", again, reconnect=True)
    else:
        yield warning_remark(lack, again)


@dataclass
class OptionChoices:
    """Adds the values an account may choose to a refusal for a missing option. `tokens` and `checkers` are created only
    for a question; the checker is closed after it."""

    database: Database
    tokens: Callable[[], Tokens]
    checkers: Callable[[str], Checker | None]
    platforms: Registry

    def with_choices(self, refused: ContentRefused) -> ContentRefused:
        """Return the refusal with the values that the platform now allows the account."""
        problems = tuple(self._with_choices(problem) for problem in refused.problems)
        message = refused.message
        for before, after in zip(refused.problems, problems, strict=True):
            message = message.replace(before.message, after.message)
        return ContentRefused(message, *refused.hints, problems=problems, details=refused.details)

    def _with_choices(self, problem: Problem) -> Problem:
        if problem.code != "option_missing" or problem.account is None:
            return problem
        platform = problem.account.partition("/")[0]
        for option in self.platforms.options(platform).values():
            name = f"{platform}.{option.name}"
            documented = f"{name} ({option.accepts})"
            if option.asked_live and documented in problem.message:
                values = self._choices(problem.account, option)
                if values:
                    message = problem.message.replace(documented, f"{name} ({', '.join(values)})")
                    problem = replace(problem, message=message)
        return problem

    def _choices(self, name: str, option: Option) -> tuple[str, ...]:
        """Return the values the platform allows now; none if it or the token fails."""
        with suppress(TtpError):
            account, credentials = self._account(name), self.tokens().fresh(name)
            checker = self.checkers(account.platform)
            if checker is not None:
                with closing(checker):
                    return checker.option_values(account, credentials, option.name)
        return ()

    def _account(self, name: str) -> Account:
        with self.database.reading() as db:
            return find_account(name, stored_accounts.accounts(db) if db else [], self.platforms)
