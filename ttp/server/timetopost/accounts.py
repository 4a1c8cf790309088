"""Routes at TimeToPost's paths: the caller, the capabilities of ttp, and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttp.domain.account import find_account
from ttp.domain.action import action
from ttp.domain.errors import Hint
from ttp.domain.media.item import NAMES
from ttp.domain.metrics.sample import COUNTS
from ttp.domain.post import PostStatus
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.guard import MOST_UPLOAD_BYTES
from ttp.server.problems import Unsupported
from ttp.server.requests import Services
from ttp.server.timetopost.answers import success
from ttp.server.timetopost.inputs import MOST_PARTS, MOST_VARIANTS, AccountId, MoveAccount, Provider
from ttp.server.timetopost.platforms import PlatformDataInput, account_name, only_account, provider_of
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.server.services import RequestServices

_LADDER = (TokenCapability.READ, TokenCapability.DRAFT, TokenCapability.PUBLISH)


def whoami(services: Services) -> JsonAnswer:
    """Return whose token this is, and what it may do."""
    token, machine = services.token, urlsplit(services.config.text("server.base_url")).hostname or "localhost"
    capabilities = [capability for capability in _LADDER if token.capability.allows(capability)]
    approvers = {TokenCapability.APPROVE}
    if not services.config.requires_approval:
        approvers.add(TokenCapability.PUBLISH)
    return success(
        user={"id": token.name, "name": token.name, "email": f"{token.name}@{machine}"},
        organization={"id": "ttp", "name": f"ttp on {machine}"},
        organizationWarning=None,
        capabilities=capabilities,
        canPublish=TokenCapability.PUBLISH in capabilities,
        canApprove=token.capability in approvers,
        accounts=None if token.accounts is None else [account.name for account in services.queries.accounts()],
        expiresAt=format_json_instant(token.expires_at),
    )


def get_capabilities(services: Services) -> JsonAnswer:
    """Return what ttp can do, and the accounts that are connected."""
    registry = services.platforms
    platforms = [
        {
            "provider": provider_of(name),
            "name": registry.title(name),
            "threads": registry.facts(name).max_parts > 1,
            "mediaRequired": not registry.facts(name).takes_text_alone,
            "options": {option.name: option.accepts for option in registry.options(name).values()},
        }
        for name in registry.names()
    ]
    return success(
        statuses=list(PostStatus),
        lifecycle="draft -> scheduled -> publishing -> published, failed or partial",
        thread={
            "maxParts": MOST_PARTS,
            "field": "thread",
            "platforms": [platform["provider"] for platform in platforms if platform["threads"]],
        },
        platforms=platforms,
        platformData=PlatformDataInput.model_json_schema(),
        drafts={
            "statuses": ["PENDING", "APPROVED", "REJECTED", "POSTED"],
            "maxVariants": MOST_VARIANTS,
            "idempotency": "the same externalRef updates pending drafts and leaves decided ones alone",
            "approvalRequired": services.config.requires_approval,
        },
        media={"contentTypes": list(NAMES), "maxBytes": MOST_UPLOAD_BYTES},
        metrics={"fields": list(COUNTS), "cadence": "as often as the publisher of ttp reads them"},
        accounts={"ids": "PLATFORM/HANDLE; a platform stands for its only account"},
        integrations=_integrations(services),
        notInTtp=["boards", "collections", "promptLibrary", "shorts", "personas", "autoseo", "sources", "dmFunnels"],
    )


def list_integrations(services: Services) -> JsonAnswer:
    """List the accounts that the token may use."""
    return success(integrations=_integrations(services))


def get_connect_link(provider: Provider, services: Services) -> JsonAnswer:
    """Refuse: a person connects accounts on the machine of the store."""
    name = services.platforms.find(account_name(provider)).name
    hint = Hint("fix", action("account connect", name))
    raise Unsupported("accounts are connected by a person, on the machine that has the store", hint)


def get_creator_info(provider: Provider, services: Services, account_id: AccountId = None) -> JsonAnswer:
    """Return what an account may choose for a post now, as its platform says it."""
    account = only_account(provider, account_id, services.queries.accounts(), services.platforms)
    return success(accountId=account.name, **services.installation.account_check.posting_settings(account))


def list_boards(services: Services) -> JsonAnswer:
    """List nothing: ttp does not publish to Pinterest."""
    return success(boards=[])


def move_account(body: MoveAccount, services: Services) -> JsonAnswer:
    """Change nothing: ttp has no collections of accounts."""
    account = find_account(account_name(body.accountId), services.queries.accounts(), services.platforms)
    warning = "ttp has no collections: the account was not grouped. Name the accounts of each post in accountIds."
    return success(accountId=account.name, collection=None, collections=[], warnings=[warning])


def _integrations(services: RequestServices) -> list[Json]:
    return [_integration(account) for account in services.queries.accounts()]


def _integration(account: Account) -> Json:
    return {
        "id": account.name,
        "provider": provider_of(account.platform),
        "platform": account.platform,
        "username": account.handle,
        "name": account.name,
        "status": _status(account),
        "collection": None,
        "expiresAt": format_json_instant(account.expires_at),
        "hasRefreshCapability": account.expires_at is not None and account.connected and not account.needs_reconnect,
        "timezone": account.timezone,
    }


def _status(account: Account) -> str:
    if account.needs_reconnect:
        return "needs_reconnect"
    if not account.connected:
        return "not_connected"
    return "connected" if account.enabled else "disabled"
