"""The routes of accounts, of the status and of the health of the server."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from ttp.server.answers import JsonAnswer
from ttp.server.inputs import AccountName
from ttp.server.requests import Services
from ttp.server.services import Installation
from ttp.views.accounts import account_json
from ttp.views.status import status_json


def list_accounts(services: Services) -> JsonAnswer:
    """List the accounts that the token may use."""
    return JsonAnswer([account_json(one) for one in services.queries.accounts()])


def get_account(account: AccountName, services: Services) -> JsonAnswer:
    return JsonAnswer(account_json(services.queries.account(account)))


def get_status(services: Services) -> JsonAnswer:
    """Return the publisher, the queue and what needs a person, of all accounts."""
    asked = services.installation.status
    return JsonAnswer(status_json(replace(asked.health(), costs=asked.costs(), elsewhere=asked.elsewhere())))


def get_health(request: Request) -> JsonAnswer:
    """Answer 200, or 503 while posts are overdue and nothing publishes. Needs no token."""
    installation: Installation = request.app.state.installation
    stalled = installation.status.health().stalled
    return JsonAnswer({"ok": not stalled}, 503 if stalled else 200)
