"""What speaks with a platform, made by its factories as the program does."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import httpx

from ttp.domain.config import Config
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Checker, Client, Deleter
from ttp.platforms.limits import LimitMemory, RateLimiter
from ttp.platforms.login import BrowserLogin
from ttp.platforms.metrics_reader import MetricsReader
from ttp.platforms.platform import Runtime
from ttp.platforms.registry import Registry

PLATFORMS = Registry()


def client_for(
    name: str,
    config: Config,
    clock: Clock,
    *,
    memory: LimitMemory | None = None,
    lent: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Client:
    return PLATFORMS.facts(name).client(Runtime(config, clock, memory=memory, lent=lent, transport=transport))


def login_for(name: str, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None) -> BrowserLogin:
    return cast(BrowserLogin, PLATFORMS.facts(name).login(Runtime(config, clock, transport=transport)))


def checker_for(name: str, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None) -> Checker:
    return cast(Checker, PLATFORMS.facts(name).checker(Runtime(config, clock, transport=transport)))


def reader_for(
    name: str, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None
) -> MetricsReader:
    return cast(MetricsReader, PLATFORMS.facts(name).metrics_reader(Runtime(config, clock, transport=transport)))


def deleter_for(
    name: str, config: Config, clock: Clock, *, transport: httpx.BaseTransport | None = None
) -> Deleter | str:
    return PLATFORMS.facts(name).deleter(Runtime(config, clock, transport=transport))


def gate_for(name: str, clock: Clock, memory: LimitMemory | None = None) -> RateLimiter:
    return RateLimiter(clock, PLATFORMS.facts(name).meter(clock), memory)
