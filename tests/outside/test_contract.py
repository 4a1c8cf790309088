"""A platform of another package passes the suite too: one with many servers, its own keys and atomic threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from tests.outside.paper.ttp_paper.facts import PLATFORM
from tests.outside.press import TOKEN, Press, running_press
from ttp.domain.account import Account, Credentials
from ttp.domain.config import Value
from ttp.platforms.testing import PlatformSuite, Scenario, StandingClock


@dataclass
class PressStandIn:
    press: Press
    account: Account
    credentials: Credentials
    ahead: timedelta
    settings: Mapping[str, Value] = field(default_factory=dict)

    def count(self) -> int:
        return len(self.press.keys)

    def refuse(self, why: str) -> None:
        self.press.refuses = True

    def end_token(self) -> None:
        self.press.tokens.clear()


class TestPaper(PlatformSuite):
    platform = PLATFORM
    scenarios: ClassVar = {
        "page": Scenario(("POST", r"/pages$"), 201, refused_by="the list"),
        "thread": Scenario(("POST", r"/pages$"), 201, thread=("Two", "Three")),
    }

    @contextmanager
    def stand_in(self, scenario: Scenario, clock: StandingClock) -> Iterator[PressStandIn]:
        ahead = timedelta(hours=1)
        with running_press(lambda: clock.now() + ahead) as press:
            account = Account("paper", press.handle, server=press.url)
            yield PressStandIn(press, account, Credentials(TOKEN, host="127.0.0.1"), ahead)
