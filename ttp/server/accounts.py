"""The routes of accounts."""

from __future__ import annotations

from ttp.server.answers import JsonAnswer
from ttp.server.inputs import AccountName
from ttp.server.requests import Services
from ttp.views.accounts import account_json


def list_accounts(services: Services) -> JsonAnswer:
    """List the accounts that the token may use."""
    return JsonAnswer([account_json(one) for one in services.queries.accounts()])


def get_account(account: AccountName, services: Services) -> JsonAnswer:
    return JsonAnswer(account_json(services.queries.account(account)))
