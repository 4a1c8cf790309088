"""The routes of accounts, of the status and of the health of the server."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request, Response

from ttp.domain.diagnostics import Checkup
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import AccountName, DryRun, Empty
from ttp.server.prometheus import CONTENT_TYPE, prometheus_text
from ttp.server.requests import Services
from ttp.server.services import Installation
from ttp.services.delivery_counts import DeliveryCounter
from ttp.views.accounts import account_json
from ttp.views.status import check_json, checkup_json, status_json


def list_accounts(services: Services) -> JsonAnswer:
    """List the accounts that the token may use."""
    return JsonAnswer([account_json(one) for one in services.queries.accounts()])


def get_account(account: AccountName, services: Services) -> JsonAnswer:
    return JsonAnswer(account_json(services.queries.account(account)))


def check_account(account: AccountName, services: Services, body: Empty = None, dry_run: DryRun = False) -> JsonAnswer:
    """Check an account on its platform: token, permissions, quota. A token that is due is renewed; an account whose
    token is refused is marked. A dry run looks for the account only."""
    found = services.queries.account(account)
    checked = Checkup(()) if dry_run else services.installation.account_check().accounts([found])
    return JsonAnswer(checkup_json(checked, [check_json(one) for one in checked.checks]))


def get_status(services: Services) -> JsonAnswer:
    """Return the publisher, the queue and what needs a person, of all accounts."""
    asked = services.installation.status
    return JsonAnswer(status_json(replace(asked.health(), costs=asked.costs(), elsewhere=asked.elsewhere())))


def get_counts(request: Request, services: Services) -> Response:
    """Return how many deliveries are due, failed, need review and were published, and how late, by platform: the text
    format of Prometheus. What was published counts from the start of the server on."""
    counter: DeliveryCounter = request.app.state.counter
    text = prometheus_text(counter.count(), stalled=services.installation.status.health().stalled)
    return Response(text, media_type=CONTENT_TYPE)


def get_health(request: Request) -> JsonAnswer:
    """Answer 200, or 503 while posts are overdue and nothing publishes. Needs no token."""
    installation: Installation = request.app.state.installation
    stalled = installation.status.health().stalled
    return JsonAnswer({"ok": not stalled}, 503 if stalled else 200)
