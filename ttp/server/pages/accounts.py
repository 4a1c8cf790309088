"""The accounts: whether they work, until when, and what their platforms still allow."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.server.api_token import TokenCapability
from ttp.server.pages.connect import setup_commands
from ttp.server.pages.visit import Visit


def show_accounts(visit: Visit) -> Response:
    accounts = visit.reading.queries.accounts()
    names = {one.name for one in accounts}
    may_connect = visit.person.may(TokenCapability.PUBLISH)
    health = visit.installation.status.health()
    return visit.page(
        "accounts.html",
        accounts=accounts,
        states={one.name: _state(one) for one in accounts},
        may_connect=may_connect,
        setup=_setup(visit, accounts) if may_connect else [],
        may_add=visit.person.may(TokenCapability.PUBLISH) and visit.person.accounts is None,
        with_login={one.name for one in accounts if visit.installation.platforms.facts(one.platform).has_login},
        titles={one.name: visit.installation.platforms.facts(one.platform).title for one in accounts},
        holds={one.account: one for one in health.holds if one.account in names},
        limits={name: [one for one in health.limits if one.account == name] for name in names},
    )


def _setup(visit: Visit, accounts: Sequence[Account]) -> list[tuple[str, list[str]]]:
    """Return the platforms in use whose app is not known here, each with the commands to type on the server."""
    here = visit.installation
    used = {one.platform for one in accounts}
    for facts in map(here.platforms.facts, here.platforms.names()):
        if any(key.name == "client_id" and here.config.text(f"platforms.{facts.name}.client_id") for key in facts.keys):
            used.add(facts.name)
    found = ((one.title, setup_commands(visit, one)) for one in map(here.platforms.facts, sorted(used)))
    return [(title, commands) for title, commands in found if commands]


def _state(account: Account) -> tuple[str, str]:
    """Return a class and a word for how an account is."""
    if account.needs_reconnect:
        return "failed", "Needs reconnecting"
    if not account.connected:
        return "failed", "Not connected"
    if not account.enabled:
        return "draft", "Disabled"
    return ("need", "Paused") if account.is_paused else ("published", "Works")
