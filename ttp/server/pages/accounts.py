"""The page of accounts: what needs a person, whether each works, its slots, and what is left of its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.post import PostStatus
from ttp.domain.time.slot_parser import format_slot_times
from ttp.server.pages.connect import setup_commands
from ttp.server.pages.visit import Visit
from ttp.store.queries import PostFilter

MOST_COUNTED = 100


class AccountState(NamedTuple):
    """How an account is: an outline, a word and a sentence. `until`: when that ends by itself, or a person must act."""

    shape: str
    word: str
    sentence: str
    until: datetime | None = None


def show_accounts(visit: Visit) -> Response:
    accounts = visit.reading.queries.accounts()
    may_connect = visit.may("sign-in at a platform")
    states = {account.name: state_of(visit, account) for account in accounts}
    slots: dict[str, list[str]] = {one.name: [] for one in accounts}
    for place in visit.reading.slots.all(accounts):
        slots[place.slot.account].append(format_slot_times(place.slot.cron))
    return visit.page(
        "accounts.html",
        accounts=accounts,
        states=states,
        waiting={one.name: _waiting(visit, one) for one in accounts if states[one.name].shape == "failed"},
        slots=slots,
        limits={one.name: limits_of(visit, one) for one in accounts},
        may_connect=may_connect,
        setup=_setup(visit, accounts) if may_connect else [],
        may_add=may_connect and visit.person.accounts is None,
        with_login={one.name for one in accounts if visit.installation.platforms.facts(one.platform).has_login},
        titles={one.name: visit.installation.platforms.facts(one.platform).title for one in accounts},
    )


def _waiting(visit: Visit, account: Account) -> list[Any]:
    """Return the scheduled posts of an account, the first due first."""
    statuses = (PostStatus.SCHEDULED,)
    return list(islice(visit.reading.queries.posts(PostFilter(statuses, accounts=(account.id or 0,))), MOST_COUNTED))


def limits_of(visit: Visit, account: Account) -> list[Any]:
    """Return what is left of the limits that the platform reported."""
    return [limit for limit in visit.installation.status.limits() if limit.account == account.name]


def _setup(visit: Visit, accounts: Sequence[Account]) -> list[tuple[str, list[str]]]:
    """Return the platforms in use whose app is not known here, each with the commands to type on the server."""
    config, registry = visit.installation.config, visit.installation.platforms
    used = {account.platform for account in accounts}
    for platform in map(registry.facts, registry.names()):
        has_key = any(key.name == "client_id" for key in platform.keys)
        if has_key and config.text(f"platforms.{platform.name}.client_id"):
            used.add(platform.name)
    commands = {platform.title: setup_commands(visit, platform) for platform in map(registry.facts, sorted(used))}
    return [(title, lines) for title, lines in commands.items() if lines]


def state_of(visit: Visit, account: Account) -> AccountState:
    if account.needs_reconnect:
        return AccountState("failed", "Log in again", "The platform ended the login.")
    if not account.connected:
        return AccountState("failed", "Not connected", "Its posts cannot be published.")
    if not account.enabled:
        return AccountState("draft", "Disabled", "Its posts fail when they are due.")
    if account.is_paused:
        return AccountState("hold", "Paused", "Its posts wait.")
    if account.hold_until is not None and account.hold_until > visit.now:
        return AccountState("hold", "On hold", account.hold_reason or "Its posts wait.", account.hold_until)
    if account.expires_at is None:
        return AccountState("published", "Ready", "The login does not end.")
    if visit.installation.renews_token(account):
        return AccountState("published", "Ready", "Login is renewed automatically.")
    return AccountState("published", "Ready", "Then log in again.", account.expires_at)
