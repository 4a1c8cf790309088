"""TimeToPost's names of platforms, and its fields of single platforms. The rest of the server names no platform."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict

from ttp.domain.account import Account
from ttp.domain.errors import NotFound, UsageError
from ttp.platforms.registry import Registry
from ttp.server.inputs import RequestBody

_PROVIDERS = {"x": "twitter"}
_ALIASES = {"x_post": "x", "x_thread": "x"}
_OPTIONS = {
    "tiktok.privacy_level": ("privacy", False),
    "tiktok.disable_comment": ("allowComments", True),
    "tiktok.disable_duet": ("allowDuet", True),
    "tiktok.disable_stitch": ("allowStitch", True),
    "tiktok.brand_organic_toggle": ("yourBrand", False),
    "tiktok.brand_content_toggle": ("brandedContent", False),
}
"""The field of each option, and whether it says the opposite."""


class TikTokInput(RequestBody):
    """What TikTok wants a person to choose for each post."""

    privacy: str
    allowComments: bool
    allowDuet: bool
    allowStitch: bool
    yourBrand: bool
    brandedContent: bool


class PinterestInput(BaseModel):
    """Accepted, and used by nothing: ttp does not publish to Pinterest."""

    model_config = ConfigDict(extra="allow")


class PlatformDataInput(RequestBody):
    tiktok: TikTokInput | None = None
    pinterest: PinterestInput | None = None


def provider_of(platform: str) -> str:
    """Return TimeToPost's name of a platform."""
    return _PROVIDERS.get(platform, platform)


def account_name(text: str) -> str:
    """Return the name of an account, or of a platform with one account, by its id or provider key at TimeToPost."""
    name = unquote(text.strip())
    return _ALIASES.get(name.lower(), name)


def options_of(data: PlatformDataInput | None) -> dict[str, str | bool]:
    """Return the options that `platformData` sets."""
    if data is None or data.tiktok is None:
        return {}
    fields = data.tiktok.model_dump()
    return {name: fields[field] is False if negated else fields[field] for name, (field, negated) in _OPTIONS.items()}


def platform_data(platform: str, options: Mapping[str, str]) -> dict[str, object]:
    """Return the fields of `platformData` for a platform that options set."""
    fields: dict[str, object] = {}
    for name, (field, negated) in _OPTIONS.items():
        if name in options and name.startswith(f"{platform}."):
            value = options[name]
            fields[field] = (value == "true") is not negated if value in ("true", "false") else value
    return fields


def only_account(provider: str, name: str | None, accounts: list[Account], platforms: Registry) -> Account:
    """Return the named account of a platform, else its only one. Raise NotFound, UsageError."""
    platform = platforms.find(account_name(provider)).name
    matches = [account for account in accounts if account.platform == platform]
    if name:
        matches = [account for account in matches if account.name.lower() == account_name(name).lower()]
    if not matches:
        raise NotFound(
            f"there is no account {account_name(name)}" if name else f"no account of {provider} is connected"
        )
    if len(matches) > 1:
        raise UsageError(f"there are {len(matches)} accounts of {provider}; name one in accountId")
    return matches[0]
