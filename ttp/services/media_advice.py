"""What to say to somebody with an Instagram account whose local files have no public URL: one sentence, one way out."""

from __future__ import annotations

from collections.abc import Iterable

from ttp.domain.account import Account, Platform
from ttp.domain.config import Config
from ttp.domain.errors import Hint
from ttp.platforms.media_host.trouble import trouble


def media_host_advice(config: Config, accounts: Iterable[Account]) -> tuple[str, Hint] | None:
    """Why local files cannot go to Instagram, and what to set; None where they can, or no account is Instagram's."""
    lack = trouble(config)
    if lack is None or not any(account.platform is Platform.INSTAGRAM for account in accounts):
        return None
    sentence = f"Instagram fetches media from a public URL, and local files have none: {lack.message}"
    return sentence, Hint("set one up", lack.hint)
