"""The steps of a new user: accounts, timezone, media host, publisher, a first post. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ttp.domain.account import first_action
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.platforms.media_host.availability import media_host_problem
from ttp.platforms.platform import Platform
from ttp.platforms.registry import Registry
from ttp.services.queries import Queries
from ttp.services.status import Status
from ttp.store.queries import PostFilter


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One part of the set-up. `value`: what is in force now; `done`: it needs nothing; `way`: what sets it."""

    name: str
    done: bool
    value: str
    way: WayOut


class Setup:
    """The state of the set-up. `zone`: the zone of the system; `service`: the service is installed."""

    def __init__(
        self, queries: Queries, status: Status, config: Config, platforms: Registry, *, zone: str, service: bool
    ) -> None:
        self._queries = queries
        self._status = status
        self._config = config
        self._platforms = platforms
        self._zone = zone
        self._service = service

    def steps(self, platforms: Sequence[str] = ()) -> Iterator[SetupStep]:
        """Yield all steps in their order. `platforms`: the platforms that the user posts to."""
        connected = [account for account in self._queries.accounts() if account.connected]
        here = {account.platform for account in connected}
        names = ", ".join(account.name for account in connected)
        if connected or not platforms:
            yield SetupStep("account", bool(connected), names, action("account connect", "PLATFORM"))
        for name in platforms:
            if name not in here:
                yield SetupStep("account", False, "", self._connect(self._platforms.facts(name)))
        zone = self._config.text("timezone")
        yield SetupStep("timezone", bool(zone), zone or self._zone, action("config set", "timezone", self._zone))
        if self.platforms_that_fetch(platforms if platforms or connected else self._platforms.names()):
            lack = media_host_problem(self._config)
            way = action("help", "media-host") if lack is None or lack.hint is None else lack.hint
            yield SetupStep("media_host", lack is None, self._config.text("media_host.kind"), way)
        runs = "service" if self._service else "running" if self._status.is_publishing() else ""
        yield SetupStep("publisher", bool(runs), runs, action("service install"))
        yield SetupStep("post", self.has_posts(), "", action("create", "Hello"))

    def platforms_that_fetch(self, platforms: Sequence[str] = ()) -> list[Platform]:
        """Return those of the connected and the wanted platforms that fetch media from a public URL."""
        used = [*(account.platform for account in self._queries.accounts() if account.connected), *platforms]
        names = [name for name in dict.fromkeys(used) if name in self._platforms.names()]
        return [facts for facts in map(self._platforms.facts, names) if facts.fetches_media]

    def has_posts(self) -> bool:
        return next(self._queries.posts(PostFilter(limit=1)), None) is not None

    def _connect(self, facts: Platform) -> WayOut:
        alone = facts.server == "fixed"
        return first_action(facts.name if alone else f"{facts.name}/{facts.handle_example}", facts)
