"""Facts of accounts behind a program of the user's. Imports neither subprocess nor another module here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttp.domain.account import Account
    from ttp.domain.config import Config
    from ttp.domain.platform import Proof

LONGEST_S, ALARM_S = 60.0, 10.0
"""Seconds that a program may take if its rules do not say, and how much later its own alarm ends it for certain."""


class CommandPlatform(Platform):
    name, title = "command", "Command"
    aliases = ("cmd",)
    server = "program"
    needs_credentials = False
    max_parts, thread_is_atomic = 24, True
    settle_s, patience = 30.0, 6
    post_id = r"[!-~]{1,200}"
    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:CommandRules",
        "options": "rules:OPTIONS",
        "client": "client:CommandClient",
        "checker": "client:CommandCheck",
        "metrics_reader": "metrics:CommandReader",
    }

    def proof_for(self, account: Account) -> Proof:
        verbs = account.server_info.get("verbs")
        return "look_up" if isinstance(verbs, list) and "lookup" in verbs else "none"

    def settle_for(self, config: Config, account: Account | None = None) -> timedelta:
        """Return how long a post may take to appear: the program's time limit, and what its rules say beyond that."""
        rules: Mapping[str, object] = {} if account is None else account.server_info
        longest, settle = (
            value if isinstance(value := rules.get(name), int | float) else usual
            for name, usual in (("timeout_s", LONGEST_S), ("settle_s", self.settle_s))
        )
        return timedelta(seconds=longest + ALARM_S + settle)

    def _connect(self, name: str, runtime: Runtime, *more: object) -> Any:
        return None if name not in self.parts else self._part(name)(runtime.clock)


PLATFORM = CommandPlatform()
