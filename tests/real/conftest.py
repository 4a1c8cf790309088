"""Servers for a whole test run. A test is skipped, with the reason, where its server cannot be installed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.real.fediverse import Fediverse, running_mock, running_snac
from tests.real.install import Missing
from tests.real.network import Network, running_network
from tests.real.pds import Pds, running_pds


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pds]:
    """A PDS for all tests of a run: each test creates its own accounts."""
    try:
        with running_pds(tmp_path_factory.mktemp("pds")) as server:
            yield server
    except Missing as missing:
        pytest.skip(f"no PDS: {missing}")


@pytest.fixture(scope="session")
def network(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A PDS with an AppView for all tests of a run: each test creates its own accounts."""
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as session:
        session.execute("CREATE DATABASE bluesky")
    database = urlsplit(postgresql)._replace(path="/bluesky").geturl()
    try:
        with running_network(tmp_path_factory.mktemp("network"), database) as server:
            yield server
    except Missing as missing:
        pytest.skip(f"no AppView: {missing}")


@pytest.fixture(scope="session")
def mastodon_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fediverse]:
    """mastodon-mock for all tests of a run: each test creates its own accounts."""
    try:
        with running_mock(tmp_path_factory.mktemp("mastodon-mock")) as server:
            yield server
    except Missing as missing:
        pytest.skip(f"no mastodon-mock: {missing}")


@pytest.fixture(scope="session")
def snac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fediverse]:
    """snac for all tests of a run: each test creates its own accounts."""
    try:
        with running_snac(tmp_path_factory.mktemp("snac")) as server:
            yield server
    except Missing as missing:
        pytest.skip(f"no snac: {missing}")


@pytest.fixture(params=["mastodon_mock", "snac"])
def fediverse(request: pytest.FixtureRequest) -> Fediverse:
    """Each server with Mastodon's API."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, Fediverse)
    return server
