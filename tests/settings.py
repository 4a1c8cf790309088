"""Settings with those of the platforms that ttp brings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tests.platforms.factories import PLATFORMS
from ttp.domain import config
from ttp.domain.config import KeyTable, Value

KEYS = KeyTable(PLATFORMS)


class Config(config.Config):
    def __init__(self, values: Mapping[str, Value] = MappingProxyType({})) -> None:
        super().__init__(values, KEYS)
