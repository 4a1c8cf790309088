"""What a publisher is given: the store, the settings, the platforms and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Client
from ttp.platforms.registry import Registry
from ttp.services.tokens import Tokens
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.media import MediaStore
from ttp.store.rate_limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherServices:
    database: Database
    media: MediaStore
    tokens: Tokens
    clients: Callable[[str], Client]
    """Makes a new client of a platform."""
    config: Config
    clock: Clock
    platforms: Registry
    limits: Limits | None = None
    server_clock: Callable[[Connection], datetime] | None = None
    """Reads the clock of the store's server, by which several publishers agree."""
