"""Bluesky: an account that moves to another server is noticed within a day, and not published to on the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta

import httpx
import pytest

from tests.platforms.bluesky.test_identity import DID, document
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.diagnostics import Grade
from ttp.domain.publishing.outcome import Kind
from ttp.platforms.client import AccountInfo, PublishRequest, Ready, StepDone, StepFailed
from ttp.platforms.platform import Runtime
from ttp.platforms.testing import NOON, StandingClock

HERE, THERE = "https://pds.example.org", "https://new.example.net"
STEP = "look up the account's server"


class Network:
    """The old server, and the directory with the server that it names."""

    def __init__(self, names: object = HERE, settings: Mapping[str, str] | None = None) -> None:
        self.names = names
        self.asked: list[str] = []
        self.clock = StandingClock(NOON)
        self.runtime = Runtime(Config(settings or {}), self.clock, transport=httpx.MockTransport(self._answer))
        self.account = Account("bluesky", "alice.example.org", 1, DID, connected=True, server=HERE)
        self.credentials = Credentials("token", "pds.example.org", "again", user_id=DID)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        if request.url.host == "plc.directory":
            return httpx.Response(503) if self.names is None else httpx.Response(200, json=document(self.names))
        said = {"did": DID, "handle": "alice.example.org", "active": True, "emailConfirmed": True}
        return httpx.Response(200, json=said, headers={"Date": "Tue, 24 Nov 2026 12:00:00 GMT"})

    def prepare(self) -> tuple[list[StepDone], Ready | None]:
        """The steps of one post; what they report of the account's server is stored, as the publisher does."""
        request = PublishRequest(1, self.account, self.credentials, "Hello", key_seed="1")
        with closing(PLATFORMS.facts("bluesky").client(self.runtime)) as client:
            steps: list[StepDone] = []
            preparing = client.prepare(request, {})
            while True:
                try:
                    step = next(preparing)
                except StopIteration as end:
                    return steps, end.value
                assert isinstance(step, StepDone)
                steps.append(step)
                if step.server_info is not None:
                    self.learn(step.server_info)

    def learn(self, info: Mapping[str, object]) -> None:
        self.account = Account("bluesky", "alice.example.org", 1, DID, connected=True, server=HERE, server_info=info)

    def check(self) -> AccountInfo:
        checker = PLATFORMS.facts("bluesky").checker(self.runtime)
        assert checker is not None
        with closing(checker):
            seen = checker.check(self.account, self.credentials)
        assert isinstance(seen, AccountInfo)
        return seen


def steps_of(network: Network) -> Iterator[str]:
    return (step.step for step in network.prepare()[0])


def test_the_server_is_looked_up_once_a_day() -> None:
    network = Network()
    assert STEP in steps_of(network)
    network.clock.at += timedelta(hours=23)
    assert STEP not in steps_of(network)
    network.clock.at += timedelta(hours=2)
    assert STEP in steps_of(network)


def test_an_account_that_moved_is_not_published_to_on_its_old_server() -> None:
    network = Network()
    network.prepare()
    network.names = THERE
    network.clock.at += timedelta(hours=25)
    with pytest.raises(StepFailed) as failed:
        network.prepare()
    outcome = failed.value.outcome
    assert (outcome.kind, outcome.code, outcome.passing) == (Kind.ACCOUNT, "moved", False)
    assert outcome.hint == action("account connect", "bluesky/alice.example.org")
    network.names = None  # what was seen counts, whether or not the directory answers
    with pytest.raises(StepFailed):
        network.prepare()


def test_a_server_that_the_user_named_is_left_alone_while_nothing_moves() -> None:
    network = Network(names=THERE)
    assert network.prepare()[1] is not None
    network.clock.at += timedelta(hours=25)
    assert network.prepare()[1] is not None


def test_a_directory_that_does_not_answer_stops_nothing() -> None:
    network = Network(names=None)
    steps, ready = network.prepare()
    assert ready is not None
    assert (STEP in [step.step for step in steps], "plc.directory" in network.asked) == (False, True)


def test_nothing_is_looked_up_where_the_settings_name_the_server() -> None:
    network = Network(settings={"platforms.bluesky.base_url": HERE})
    network.prepare()
    network.check()
    assert "plc.directory" not in network.asked


def test_a_check_reports_the_move() -> None:
    network = Network()
    seen = network.check()
    assert seen.server_info is not None
    assert [remark for remark in seen.remarks if remark.status is Grade.FAIL] == []
    network.learn(seen.server_info)
    network.names = f"{THERE}:8443"
    moved = network.check()
    (remark,) = moved.remarks
    assert (remark.status, remark.reconnect) == (Grade.FAIL, True)
    assert "new.example.net:8443" in remark.message
    assert moved.server_info is not None
    network.learn(moved.server_info)
    network.names = None
    assert [remark.status for remark in network.check().remarks] == [Grade.FAIL]
    with pytest.raises(StepFailed):  # although the server was looked up today
        network.prepare()
    network.names = HERE
    assert network.prepare()[1] is not None
    network.names = None
    assert network.prepare()[1] is not None
