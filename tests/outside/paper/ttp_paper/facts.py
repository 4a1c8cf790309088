"""Paper: a platform of many servers ("presses"), whose posts have keys that the client chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.account import is_loopback
from ttp.domain.config import Key
from ttp.platforms.platform import Platform, Runtime

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.platform import Proof
    from ttp.domain.publishing.outcome import NotDone
    from ttp.domain.time.clock import Clock

    from .client import PaperClient
    from .login import PaperCheck, PaperLogin
    from .numbers import PaperDeleter, PaperReader
    from .rules import PaperMeter, PaperRules


class Paper(Platform):
    name, title, aliases, short = "paper", "Paper", ("pp",), "pp"
    handle = r"[a-z0-9_]+@[a-z0-9.-]+(?::[0-9]+)?"
    server = "in_handle"
    max_parts, thread_is_atomic = 9, True
    settle_s, patience = 60.0, 6
    post_url = r"https?://[^/]+/page/(?P<id>[0-9]+)"
    keys = (Key("settle_s", 60.0, "seconds until a page that is not found was never printed"),)

    def proof_for(self, account: Account) -> Proof:
        return "key"

    def find_server(self, runtime: Runtime, handle: str) -> str | NotDone | None:
        host = handle.partition("@")[2]
        return f"{'http' if is_loopback(host.partition(':')[0]) else 'https'}://{host}"

    def rules(self) -> PaperRules:
        from .rules import PaperRules

        return PaperRules()

    def options(self) -> tuple[Option, ...]:
        from .rules import OPTIONS

        return OPTIONS

    def exports(self) -> tuple[ExportColumns, ...]:
        from .rules import EXPORTS

        return EXPORTS

    def meter(self, clock: Clock) -> PaperMeter:
        from .rules import PaperMeter

        return PaperMeter(clock)

    def client(self, runtime: Runtime) -> PaperClient:
        from .client import PaperClient

        return PaperClient(runtime.http_by_server(self))

    def login(self, runtime: Runtime, server: str | None = None) -> PaperLogin:
        from .login import PaperLogin

        return PaperLogin(runtime.http(self, server), runtime.clock)

    def checker(self, runtime: Runtime) -> PaperCheck:
        from .login import PaperCheck

        return PaperCheck(runtime.http_by_server(self))

    def metrics_reader(self, runtime: Runtime) -> PaperReader:
        from .numbers import PaperReader

        return PaperReader(runtime.http_by_server(self), runtime.clock)

    def deleter(self, runtime: Runtime) -> PaperDeleter:
        from .numbers import PaperDeleter

        return PaperDeleter(runtime.http_by_server(self))


PLATFORM = Paper()
