"""A short sample of the runs that load the server and kill it. The commands run as long as asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.key_kills import kill_beside_clients
from tests.server.kills import kill_again_and_again
from tests.server.load import OPERATIONS, load_server


@pytest.mark.slow
def test_a_killed_server_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    assert kill_again_and_again(tmp_path, 10, seed=7) == []


@pytest.mark.slow
def test_requests_with_keys_are_done_once_whenever_the_server_is_killed(tmp_path: Path) -> None:
    assert kill_beside_clients(tmp_path, 3, 12, seed=7, stuck_s=300) == []


@pytest.mark.slow
def test_many_clients_at_once_lose_nothing(tmp_path: Path) -> None:
    load, wrong = load_server(tmp_path, clients=20, seconds=6)
    assert wrong == []
    assert load.due
    assert {*load.seconds} == {*OPERATIONS}
