"""TimeToPost's client against the server in this process."""

from __future__ import annotations

import pytest

from tests.server.conftest import Api
from tests.server.timetopost.client import TimeToPost


def client_of(api: Api) -> TimeToPost:
    assert api.token is not None
    return TimeToPost(api, api.token, now=api.ttp.clock.now)


@pytest.fixture
def theirs(api: Api) -> TimeToPost:
    """Their client with a token that may publish. The store has the accounts x/me and x/other."""
    return client_of(api)


@pytest.fixture
def single(api: Api) -> TimeToPost:
    """The same where x has one account."""
    api.ttp.ok("account", "remove", "x/other", "--yes")
    return client_of(api)
