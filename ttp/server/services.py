"""The store and settings that the server is started with, and the services of the token of one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from ttp.domain.action import WayOut
from ttp.domain.config import Config
from ttp.domain.server.api_token import POST_CAPABILITIES, ApiToken, Caller, TokenCapability
from ttp.domain.time.clock import Clock
from ttp.platforms.platform import Runtime
from ttp.platforms.registry import Registry
from ttp.publisher.watch import PostWatch
from ttp.services.account_check import AccountCheck
from ttp.services.approvals import Approvals
from ttp.services.calendar import Calendar
from ttp.services.files.importer import Importer
from ttp.services.metrics.imports import StoredMetrics
from ttp.services.metrics.report import Reports
from ttp.services.optimal import Optimal
from ttp.services.planning import Planning
from ttp.services.posts import Posts
from ttp.services.publishing import Publishing
from ttp.services.queries import Queries
from ttp.services.repeats import Occurrences, Repeats
from ttp.services.server.api_tokens import ApiTokens
from ttp.services.server.approval_links import ApprovalLinks
from ttp.services.server.events import Events
from ttp.services.server.people import People
from ttp.services.slots import Slots
from ttp.services.status import Status
from ttp.services.time_resolver import TimeResolver
from ttp.store.credentials import CredentialsStore
from ttp.store.database import Database
from ttp.store.home.media import MediaStore
from ttp.store.home.unsaved_edits import UnsavedEdits
from ttp.store.server.idempotency_keys import Reservation


@dataclass(frozen=True, slots=True)
class Installation:
    """One store with its settings. `system`: the zone of this machine; `render_way_out`: writes a way out as a command
    to type; `account_check`: makes a check of accounts on their platforms; `runtime`: the arguments of logins;
    `credentials_key`: the value of TTP_CREDENTIALS_KEY, for the commands that run here for a token."""

    database: Database
    media: MediaStore
    clock: Clock
    config: Config
    platforms: Registry
    credentials: CredentialsStore
    system: ZoneInfo
    render_way_out: Callable[[WayOut], str]
    account_check: Callable[[], AccountCheck]
    runtime: Runtime
    credentials_key: str | None = field(default=None, repr=False)

    @property
    def tokens(self) -> ApiTokens:
        return ApiTokens(self.database, self.clock)

    @property
    def approval_links(self) -> ApprovalLinks:
        return ApprovalLinks(self.database, self.clock)

    @property
    def unsaved_edits(self) -> UnsavedEdits:
        return UnsavedEdits(self.database.home)

    @property
    def people(self) -> People:
        return People(self.database, self.clock)

    @property
    def status(self) -> Status:
        return Status(self.database, self.clock, self.config, self.platforms)


class RequestServices:
    """The services on behalf of a token or a person, made for one request.

    `dry_run`: each change is rolled back. `expected`: the revision of the post that the request is about.
    """

    def __init__(
        self,
        installation: Installation,
        token: ApiToken | Caller,
        *,
        dry_run: bool = False,
        expected: int | None = None,
    ) -> None:
        self.installation = installation
        self.caller = token
        self.dry_run = dry_run
        self._expected = expected
        self._database = installation.database.rehearsal() if dry_run else installation.database

    def work_for(self, request: Reservation) -> None:
        """Make the changes for an idempotency key. Called before any of the services is used."""
        self._database = self._database.for_request(request)

    @property
    def token(self) -> ApiToken:
        """The token of a request to the API."""
        assert isinstance(self.caller, ApiToken)
        return self.caller

    @property
    def actor(self) -> str:
        """Who makes the changes, as the history of changes names them."""
        return self.caller.name

    @property
    def config(self) -> Config:
        return self.installation.config

    @property
    def clock(self) -> Clock:
        return self.installation.clock

    @property
    def platforms(self) -> Registry:
        return self.installation.platforms

    @property
    def sees_private(self) -> bool:
        """Whether the caller may write posts, and so sees what readers do not."""
        return self.caller.capability.allows(TokenCapability.DRAFT)

    @cached_property
    def queries(self) -> Queries:
        accounts = self.caller.accounts
        return Queries(self._database, self.clock, self.config, self.platforms, accounts, self.sees_private)

    @cached_property
    def posts(self) -> Posts:
        installation = self.installation
        return Posts(
            self._database,
            replace(installation.media),  # remembers what it protects from cleanup: for one thread
            installation.clock,
            installation.config,
            installation.platforms,
            POST_CAPABILITIES[self.caller.capability],
            actor=self.actor,
            within=self.caller.accounts,
            expected=self._expected,
            capability_source="your capability here" if isinstance(self.caller, Caller) else "the token's capability",
            sees_private=self.sees_private,
        )

    @cached_property
    def times(self) -> TimeResolver:
        installation = self.installation
        own = self.caller.timezone
        return TimeResolver(self._database, installation.clock, installation.config, installation.system, own)

    @cached_property
    def publishing(self) -> Publishing:
        return Publishing(self.posts, self.installation.credentials)

    @cached_property
    def slots(self) -> Slots:
        return Slots(self._database, self.clock, self.config)

    @cached_property
    def repeats(self) -> Repeats:
        return Repeats(self.posts, Occurrences(self._database, self.clock, self.config, self.platforms))

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self._database, self.queries, self.slots, self.clock)

    @cached_property
    def optimal(self) -> Optimal:
        return Optimal(self._database, self.clock, self.config)

    @cached_property
    def reports(self) -> Reports:
        return Reports(self._database)

    @cached_property
    def metrics(self) -> StoredMetrics:
        return StoredMetrics(self._database, self.clock, self.platforms)

    @cached_property
    def planning(self) -> Planning:
        return Planning(self.posts, self.optimal, self.slots, self.times)

    @cached_property
    def importer(self) -> Importer:
        return Importer(self.posts, self.posts.media, self.times, self.config.count("server.import_rows"))

    @cached_property
    def events(self) -> Events:
        return Events(self.installation.database, self.clock, self.token.accounts)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.posts)

    def watch(self, ids: frozenset[int]) -> PostWatch:
        """Return a watch that tells whether posts have ended."""
        needed = self.config.requires_approval
        return PostWatch(self.installation.database, ids, lambda event: None, self.clock, approved=needed)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone in which times are read and shown: the caller's own, else the config's, else the system's."""
        return self.times.home_zone()
