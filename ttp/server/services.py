"""The services of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.permissions import Caller
from ttp.publisher.watch import PostWatch
from ttp.services.application import Application, Installation

if TYPE_CHECKING:
    from ttp.domain.server.api_token import ApiToken
    from ttp.store.server.idempotency_keys import Reservation


class RequestServices(Application):
    """The services on behalf of a token or a person. `dry_run`, `expected`: as those of an application."""

    def __init__(
        self,
        installation: Installation,
        whom: ApiToken | Caller,
        *,
        dry_run: bool = False,
        expected: int | None = None,
    ) -> None:
        caller = whom if isinstance(whom, Caller) else whom.caller
        super().__init__(installation, caller, dry_run=dry_run, expected=expected)
        self._token = None if isinstance(whom, Caller) else whom

    @property
    def token(self) -> ApiToken:
        assert self._token is not None
        return self._token

    def work_for(self, request: Reservation) -> None:
        """Make the changes for an idempotency key. Called before any of the services is used."""
        self.database = self.database.for_request(request)

    def watch(self, ids: frozenset[int]) -> PostWatch:
        """Return a watch that tells whether posts have ended."""
        needed = self.config.requires_approval
        return PostWatch(self.database, ids, lambda event: None, self.clock, approved=needed)
