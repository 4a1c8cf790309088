"""Accounts: names, credentials, holds. Written `platform/handle`, because a shell splits words at `:` and `@`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from ttp.domain.action import Action, action
from ttp.domain.errors import Ambiguous, Hint, NotFound, Problem, UsageError
from ttp.domain.platform import Facts, PlatformFacts

PAUSED_UNTIL = datetime(9999, 12, 31, tzinfo=UTC)
"""The hold of an account that a person has paused, which only a person ends."""
WITHOUT_LOGIN: set[str] = set()
"""The platforms of other packages whose accounts have no login. The registry adds them when it loads one: a hint that
names an account has only its name."""
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Account:
    """One connected identity on a platform."""

    platform: str
    handle: str
    id: int | None = None
    user_id: str | None = None
    """The platform's own id of the user, once known."""
    connected: bool = False
    needs_reconnect: bool = False
    enabled: bool = True
    timezone: str | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    hold_until: datetime | None = None
    hold_reason: str | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)
    server: str | None = None
    """The root URL of its server's API, where the platform has many servers."""
    server_info: Mapping[str, object] = field(default_factory=lambda: NO_OPTIONS)
    """What its server allows, as the server said it last. Empty: unknown."""
    split: bool | None = None
    """Whether texts that are too long become parts, for posts that do not say."""
    utm: bool | None = None
    """Whether links of the user's own hosts get UTM parameters, for posts that do not say."""

    @property
    def name(self) -> str:
        return f"{self.platform}/{self.handle}"

    @property
    def is_paused(self) -> bool:
        return self.hold_until is not None and self.hold_until >= PAUSED_UNTIL


class Hold(NamedTuple):
    """An account that the publisher skips until an instant (None: until a person resumes it)."""

    account: str
    until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one account. Its repr never shows them. `host` is the host they were made for; they are never sent
    to another (all loopback addresses count as one)."""

    access_token: str = field(repr=False)
    host: str = ""
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    user_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    """Set for user keys of OAuth 1.0a: `client_id` and `client_secret` are then the app's API key and its secret."""
    issued_at: datetime | None = None
    refresh_expires_at: datetime | None = None

    @property
    def by_keys(self) -> bool:
        """Whether they are OAuth 1.0a user keys, which no login gives."""
        return self.token_secret is not None


def connect_action(name: str, *, by_keys: bool = False) -> Action:
    """The command that gives an account new credentials: connected, or added for user keys (`by_keys`) and for a
    platform without a login. `name`: the account's, or a platform's."""
    platform, slash, rest = name.partition("/")
    if platform == "notify":  # an address or a token of notifications is stored as notify/NAME
        return action("notify add", rest)
    if by_keys or platform in WITHOUT_LOGIN:
        return action("account add", name if slash else f"{platform}/HANDLE", credentials="FILE")
    return action("account connect", name)


def first_action(name: str, facts: Facts) -> Action:
    """The command that makes an account."""
    return action("account add", name, program="PATH") if facts.server == "program" else connect_action(name)


def parse_account_name(text: str, platforms: PlatformFacts) -> tuple[str, str]:
    """`ig/shop` -> ("instagram", "shop"). A leading @ of the handle is dropped. Raises UsageError if it is neither."""
    head, slash, handle = text.strip().partition("/")
    if not slash:
        raise UsageError(f'"{text}" is not an account (PLATFORM/HANDLE, such as x/me)')
    facts = platforms.find(head)
    handle = handle.removeprefix("@")
    if not re.fullmatch(facts.handle, handle):
        what = "a handle: letters, digits, dot, dash and underscore only"
        if facts.handle_example != "HANDLE":
            what = f"a {facts.title} handle"
        raise UsageError(f'"{handle}" is not {what}', Hint("try", f"{facts.name}/{facts.handle_example}"))
    return facts.name, handle


def same_host(one: str, other: str) -> bool:
    """Return whether two hosts count as one: equal, or both on this machine's loopback."""
    return one.lower() == other.lower() or (is_loopback(one) and is_loopback(other))


def host_mismatch(account: Account, credentials: Credentials, host: str) -> UsageError | None:
    """Return why credentials are not sent to a host, with the fix; None if they may be sent. Credentials of a sandbox
    do not need another login, but the setting with the sandbox's address."""
    if not credentials.host or same_host(credentials.host, host):
        return None
    if is_loopback(credentials.host):
        variable = f"TTP_PLATFORMS__{account.platform.upper()}__BASE_URL"
        message = (
            f"the login of {account.name} is for a sandbox on {credentials.host}, but ttp uses {host}: check {variable}"
        )
        return UsageError(message, Hint("fix", action("help", "sandbox")))
    message = f"the login of {account.name} is for {credentials.host} and is not sent to {host}"
    return UsageError(message, Hint("fix", connect_action(account.name, by_keys=credentials.by_keys)))


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's loopback."""
    bare = host.strip("[]").lower()
    return bare in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", bare) is not None


def resolve_accounts(
    names: Iterable[str], accounts: Sequence[Account], platforms: PlatformFacts
) -> tuple[Account, ...]:
    """Return the accounts that `--to` names, each once, as typed. Raises NotFound, Ambiguous, UsageError."""
    by_name: dict[str, Account] = {}
    for name in names:
        if name.lower() == "all" and (connected := ",".join(one.name for one in accounts if one.connected)):
            raise UsageError('"all" is not an account', Hint("try", connected, (name, connected)))
        account = (
            find_account(name, accounts, platforms)
            if "/" in name
            else _only_one(name, accounts, platforms, enabled=True)
        )
        by_name[account.name] = account
    return tuple(by_name.values())


def find_account(name: str, accounts: Sequence[Account], platforms: PlatformFacts) -> Account:
    """Return the account of a name, or the only account of a platform. Raises NotFound, Ambiguous or UsageError."""
    exact = next((account for account in accounts if account.name.lower() == name.strip().lower()), None)
    if exact is not None:  # also of a platform that is not enabled any more
        return exact
    if "/" not in name:
        return _only_one(name, accounts, platforms, enabled=False)
    if of_user := _of_user(name, accounts, platforms):
        return of_user[0] if len(of_user) == 1 else _ambiguous(name, of_user)
    platform, handle = parse_account_name(name, platforms)
    for account in accounts:
        if account.platform == platform and account.handle.lower() == handle.lower():
            return account
    raise NotFound(
        f"no account {platform}/{handle}",
        *_like(f"{platform}/{handle}", name, accounts),
        Hint("see", action("account list")),
        Hint("fix", first_action(f"{platform}/{handle}", platforms.facts(platform))),
    )


def _of_user(name: str, accounts: Sequence[Account], platforms: PlatformFacts) -> list[Account]:
    """Return the accounts that a name without its server can mean, `mastodon/me` for `mastodon/me@example.org`."""
    head, _, user = name.strip().lower().partition("/")
    platform = platforms.find(head).name
    start = f"{user.removeprefix('@')}@"
    return [one for one in accounts if one.platform == platform and one.handle.lower().startswith(start)]


def _ambiguous(name: str, accounts: Sequence[Account]) -> NoReturn:
    names = [account.name for account in accounts]
    raise Ambiguous(
        f'"{name}" could be {", ".join(names[:-1])} or {names[-1]}', *(Hint("try", n, (name, n)) for n in names)
    )


def _like(name: str, typed: str, accounts: Sequence[Account]) -> tuple[Hint, ...]:
    from difflib import get_close_matches

    near = get_close_matches(name, [a.name for a in accounts], n=3)
    same = [like for like in near if like.partition("/")[0] == name.partition("/")[0]]
    return tuple(Hint("try", like, (typed, like)) for like in same or near)


def _only_one(name: str, accounts: Sequence[Account], platforms: PlatformFacts, *, enabled: bool) -> Account:
    """Return the only account of a platform, or the only connected one. `enabled`: of the enabled accounts. UsageError
    for none, Ambiguous for several."""
    try:
        facts = platforms.find(name)
    except UsageError as unknown:
        handle = name.strip().lstrip("@").lower()
        same = [one.name for one in accounts if one.handle.lower() == handle]
        unknown.hints = tuple(Hint("try", one, (name, one)) for one in same) or unknown.hints
        raise
    platform = facts.name
    candidates = [one for one in accounts if one.platform == platform and (one.enabled or not enabled)]
    connected = [account for account in candidates if account.connected]
    match connected if len(connected) == 1 else candidates:
        case [account]:
            return account
        case []:
            off = [account.name for account in accounts if account.platform == platform]
            if off:
                raise UsageError(
                    f"no {platform} account is enabled", *(Hint("fix", action("account enable", n)) for n in off)
                )
            raise UsageError(
                f"no {platform} account yet",
                Hint("fix", first_action(f"{platform}/NAME" if facts.server == "program" else platform, facts)),
            )
    return _ambiguous(name, candidates)


def account_warnings(accounts: Sequence[Account]) -> Iterator[Problem]:
    """Yield why posts of an account would fail or wait in its present state."""
    for account in accounts:
        name = account.name
        if account.is_paused:
            resume = action("resume", account=name)
            yield Problem("accounts", "paused", f"{name} is paused; its posts wait", name, resume, warning=True)
        if not account.enabled:
            message = f"{name} is disabled; its due posts fail"
            yield Problem("accounts", "disabled", message, name, action("account enable", name), warning=True)
        if account.needs_reconnect or not account.connected:
            code = "reconnect" if account.connected else "not_connected"
            state = "must be reconnected. Reconnect" if account.connected else "is not connected. Connect"
            message = f"{name} {state} it before the post is due."
            yield Problem("accounts", code, message, name, connect_action(name), warning=True)


TOKEN_MARGIN = timedelta(seconds=30)
"""A token this close to its end is not used any more: the request needs time to arrive."""


def refresh_due_at(facts: Facts, credentials: Credentials) -> datetime | None:
    """Return when to refresh the token; None if its end is unknown."""
    end = credentials.expires_at
    if end is None:
        return None
    begin = credentials.issued_at
    if begin is None:
        begin = end - (facts.token_life or timedelta(0))
    return max(begin + (end - begin) * facts.renew_at, begin + facts.renew_after)


def is_alive(credentials: Credentials, now: datetime) -> bool:
    """Return whether the token may still be used; True if its end is unknown."""
    return credentials.expires_at is None or credentials.expires_at - TOKEN_MARGIN > now


def works_until(credentials: Credentials) -> datetime | None:
    """Return until when the account works without a person: the end of its refresh token, else its token."""
    renewable = credentials.refresh_expires_at if credentials.refresh_token else None
    return renewable or credentials.expires_at
