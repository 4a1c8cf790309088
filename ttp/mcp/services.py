"""The protocol of the services that tools use. The command line and the HTTP server provide them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ttp.domain.action import WayOut
    from ttp.domain.config import Config
    from ttp.domain.time.clock import Clock
    from ttp.platforms.registry import Registry
    from ttp.services.calendar import Calendar
    from ttp.services.metrics.report import Reports
    from ttp.services.optimal import Optimal
    from ttp.services.planning import Planning
    from ttp.services.posts import Posts
    from ttp.services.publishing import Publishing
    from ttp.services.queries import Queries
    from ttp.services.status import Status
    from ttp.services.time_resolver import TimeResolver


class Services(Protocol):
    """The services of one call of a tool."""

    @property
    def posts(self) -> Posts: ...
    @property
    def queries(self) -> Queries: ...
    @property
    def status(self) -> Status: ...
    @property
    def times(self) -> TimeResolver: ...
    @property
    def publishing(self) -> Publishing: ...
    @property
    def planning(self) -> Planning: ...
    @property
    def optimal(self) -> Optimal: ...
    @property
    def calendar(self) -> Calendar: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def platforms(self) -> Registry: ...
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def approver(self) -> str | None:
        """The person who approves posts, but not their own; None: the owner of the store, who may approve all."""
        ...

    def render_way_out(self, way: WayOut) -> str:
        """Return a way out for a person: a command to type."""
        ...

    def naming_choices(self) -> AbstractContextManager[None]:
        """Add the present choices of the account on its platform to a refusal in the block, if they can be read."""
        ...

    def refuse_elsewhere(self) -> None:
        """Raise OwnedElsewhere if this machine must not publish from the store."""
        ...

    def publish(self, ids: frozenset[int]) -> object:
        """Publish posts that are queued, and wait for the end."""
        ...

    def rehearsing(self) -> AbstractContextManager[Services]:
        """Provide the same services on a store in which each change is rolled back."""
        ...
