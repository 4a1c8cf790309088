"""What is known of accounts behind a program of the user's. Imports neither subprocess nor another module here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttp.domain.account import Account
    from ttp.domain.config import Config
    from ttp.domain.options import Option
    from ttp.platforms.command.client import CommandCheck, CommandClient, CommandDeleter
    from ttp.platforms.command.metrics import CommandReader
    from ttp.platforms.command.rules import CommandRules

LONGEST_S, ALARM_S = 60.0, 10.0
"""Seconds that a program may take if its rules do not say, and how much later its own alarm ends it for certain."""


class Command(Platform):
    name, title = "command", "Command"
    aliases = ("cmd",)
    server = "program"
    needs_credentials = False
    max_parts, thread_is_atomic = 24, True
    proof, settle_s, patience = "look_up", 30.0, 6
    post_id = r"[!-~]{1,200}"

    def settle_for(self, config: Config, account: Account | None = None) -> timedelta:
        """Return how long a post may take to appear: the program's time limit, and what its rules say beyond that."""
        said: Mapping[str, object] = {} if account is None else account.server_info
        longest, settle = (
            value if isinstance(value := said.get(name), int | float) else usual
            for name, usual in (("timeout_s", LONGEST_S), ("settle_s", self.settle_s))
        )
        return timedelta(seconds=longest + ALARM_S + settle)

    def rules(self) -> CommandRules:
        from ttp.platforms.command.rules import CommandRules

        return CommandRules()

    def options(self) -> tuple[Option, ...]:
        from ttp.platforms.command.rules import OPTIONS

        return OPTIONS

    def client(self, runtime: Runtime) -> CommandClient:
        from ttp.platforms.command.client import CommandClient

        return CommandClient(runtime.clock)

    def checker(self, runtime: Runtime) -> CommandCheck:
        from ttp.platforms.command.client import CommandCheck

        return CommandCheck(runtime.clock)

    def metrics_reader(self, runtime: Runtime) -> CommandReader:
        from ttp.platforms.command.metrics import CommandReader

        return CommandReader(runtime.clock)

    def deleter(self, runtime: Runtime) -> CommandDeleter:
        from ttp.platforms.command.client import CommandDeleter

        return CommandDeleter()


PLATFORM = Command()
