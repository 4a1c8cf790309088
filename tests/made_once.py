"""What all tests of a process share: made once, or left out."""

from __future__ import annotations

import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache, partial
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

import httpx._urlparse
import pytest
import typer.main
from typer.utils import get_params_from_function

from tests.store.stores import empty_store
from ttp.platforms import registry
from ttp.publisher.periodic import pull_once
from ttp.store import sqlite
from ttp.store.sqlite import SqliteConnection

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from typer.models import ParamMeta

_getaddrinfo, _find_entry_point, _get_param = socket.getaddrinfo, registry._entry_point, typer.main._get_param


@contextmanager
def made_once() -> Iterator[None]:
    """Make once what thousands of tests would make again, wait for no disk, and reach no other machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ttp.store.database.create_tables", lambda path: path.write_bytes(empty_store()))
        patch.setattr("ttp.store.database.connect", _connect_hastily)
        patch.setattr(os, "fsync", lambda descriptor: None)  # no test cuts the power
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        # httpx parses an address several times for each request, and looks at each of its characters.
        parse = lru_cache(4096)(httpx._urlparse.urlparse)
        patch.setattr("httpx._urlparse.urlparse", parse)
        patch.setattr("httpx._urls.urlparse", parse)
        patch.setattr("ttp.platforms.registry._entry_point", _entry_point)
        patch.setattr("typer.main.get_params_from_function", params_of)
        patch.setattr("typer.main._get_param", _option_of)
        patch.setattr(socket, "getaddrinfo", _find_this_machine_alone)
        # What a run does at its end, in the few seconds that a person waits for it, gets more of them.
        patch.setattr("ttp.publisher.periodic.PATIENCE_S", 60.0)
        patch.setattr("ttp.publisher.process.pull_once", partial(pull_once, budget_s=60.0))
        patch.setattr("ttp.platforms.tiktok.auth.LEVELS_PATIENCE_S", 60.0)
        yield


def _find_this_machine_alone(host: Any, *args: Any, **options: Any) -> Any:
    """Find no host by its name but this one: a link card of a test is not to be fetched from the network."""
    is_name = isinstance(host, str) and ":" not in host and re.search("[a-z]", host, re.IGNORECASE) is not None
    if is_name and not host.endswith("localhost"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _getaddrinfo(host, *args, **options)


def _entry_point(name: str) -> EntryPoint | None:
    """Look for a platform of another package once: it reads a file of each package that is installed."""
    return _entry_point_on(tuple(sys.path), name)


@cache
def _entry_point_on(path: tuple[str, ...], name: str) -> EntryPoint | None:
    return _find_entry_point(name)


_options: dict[int, tuple[ParamMeta, Any]] = {}


def _option_of(meta: ParamMeta) -> Any:
    """Return the option of a parameter that `params_of` returned: Typer would make all of them at each call."""
    if id(meta) not in _options:
        _options[id(meta)] = (meta, _get_param(meta))
    return _options[id(meta)][1]


class KeptConnection(SqliteConnection):
    """A connection that waits for the next command when it is closed: opening one reads the whole schema."""

    key: tuple[Path, int, float]
    is_lent = True

    def close(self) -> None:
        if not self.is_lent:
            return
        self.is_lent = False
        if self.in_transaction or not keeping:
            super().close()
        else:
            _kept.setdefault(self.key, []).append(self)


keeping = True
"""Whether connections are kept. Not in tests that look at the files of a store, or replace them."""
_kept: dict[tuple[Path, int, float], list[KeptConnection]] = {}
"""By file, its inode and the patience with other writers."""


def close_connections() -> None:
    """Close the connections that wait for a command. Called at the end of each test."""
    while _kept:
        for connection in _kept.popitem()[1]:
            SqliteConnection.close(connection)


def _connect_hastily(path: Path, busy_timeout_s: float) -> SqliteConnection:
    key = (path, path.stat().st_ino, busy_timeout_s)
    with suppress(LookupError):  # none waits, or another thread took the last one
        kept = _kept[key].pop()
        kept.is_lent = True
        return kept
    connection = sqlite.connect(path, busy_timeout_s)
    connection.execute("PRAGMA synchronous=OFF")
    connection.__class__ = KeptConnection
    assert isinstance(connection, KeptConnection)
    connection.key = key
    return connection


@cache
def _params_of(function: Callable[..., Any]) -> dict[str, Any]:
    return get_params_from_function(MethodType(function, object()))


def params_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters of a command's function, which Typer would read from its annotations at each call."""
    if isinstance(function, MethodType):  # bound to the context of one call
        return _params_of(function.__func__)
    return get_params_from_function(function)
