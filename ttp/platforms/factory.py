"""What speaks with a platform, for each thing that is asked of it; each is imported when it is first made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.time.clock import Clock

if TYPE_CHECKING:
    from ttp.platforms.check import Checker
    from ttp.platforms.client import Client
    from ttp.platforms.limits import Memory
    from ttp.platforms.metrics import Reader
    from ttp.platforms.oauth.grant import Login
    from ttp.platforms.take_down import Taker
    from ttp.platforms.tiktok.check import TikTokCheck


@dataclass(frozen=True, slots=True)
class Factory:
    """`memory`: where the platforms' limits are remembered. `lent`: the folder in which clients remember what they have
    put into a bucket."""

    config: Config
    clock: Clock
    memory: Memory
    lent: Path

    def client(self, platform: Platform) -> Client:
        from ttp.platforms.registry import client_for

        return client_for(platform, self.config, self.clock, memory=self.memory, lent=self.lent)

    def login(self, platform: Platform) -> Login:
        from ttp.platforms.oauth.registry import login_for

        return login_for(platform, self.config, self.clock)

    def reader(self, platform: Platform) -> Reader:
        from ttp.platforms.metrics import reader_for

        return reader_for(platform, self.config, self.clock, memory=self.memory)

    def taker(self, platform: Platform) -> Taker | None:
        from ttp.platforms.take_down import taker_for

        return taker_for(platform, self.config, self.clock, memory=self.memory)

    def checker(self, platform: Platform) -> Checker:
        from ttp.platforms.check import checker_for

        return checker_for(platform, self.config, self.clock, memory=self.memory)

    def tiktok_checker(self) -> TikTokCheck:
        from ttp.platforms.check import tiktok_checker

        return tiktok_checker(self.config, self.clock, memory=self.memory)
