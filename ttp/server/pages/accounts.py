"""The page of accounts: whether they work, until when, and what is left of the limits of their platforms."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.server.pages.connect import setup_commands
from ttp.server.pages.visit import Visit


def show_accounts(visit: Visit) -> Response:
    accounts = visit.reading.queries.accounts()
    facts = {account.name: visit.installation.platforms.facts(account.platform) for account in accounts}
    may_connect = visit.may("sign-in at a platform")
    holds, limits = visit.installation.status.holds(), visit.installation.status.limits()
    return visit.page(
        "accounts.html",
        accounts=accounts,
        states={account.name: _state(account) for account in accounts},
        may_connect=may_connect,
        setup=_setup(visit, accounts) if may_connect else [],
        may_add=may_connect and visit.person.accounts is None,
        with_login={name for name, platform in facts.items() if platform.has_login},
        titles={name: platform.title for name, platform in facts.items()},
        holds={hold.account: hold for hold in holds if hold.account in facts},
        limits={name: [limit for limit in limits if limit.account == name] for name in facts},
    )


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


def _state(account: Account) -> tuple[str, str]:
    """Return a class and a word for how an account is."""
    if account.needs_reconnect:
        return "failed", "Needs reconnecting"
    if not account.connected:
        return "failed", "Not connected"
    if not account.enabled:
        return "draft", "Disabled"
    return ("need", "Paused") if account.is_paused else ("published", "Works")
