"""What the state machines of tests share: a store for each, and a fixed clock."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from tests.clock import FakeClock
from tests.store.stores import add_account, new_store
from ttp.store.writer import Writer


class StoreMachine(RuleBasedStateMachine):
    """Call `open_store` first of all."""

    def open_store(self, accounts: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.home = Path(self._folder.name) / "home"
        self.clock = FakeClock()
        self.database = new_store(self.home)
        for name in accounts:
            add_account(self.database, name)
        self.db = self.database.connect()
        self.writer = Writer(self.database.connect)

    def teardown(self) -> None:
        if hasattr(self, "_folder"):
            self.writer.close()
            self.db.close()
            self._folder.cleanup()
