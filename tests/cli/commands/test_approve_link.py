"""`ttp approve-link`: which posts it takes, how long it works, and its end. The page is in `tests/server/pages`."""

from __future__ import annotations

import pytest

from tests.conftest import Program

HOUR = 3600


@pytest.fixture
def ttp(ttp: Program) -> Program:
    ttp.account("x/me")
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("config", "set", "server.base_url", "https://ttp.example.org/")
    for days, tag in ((1, "client"), (2, "other"), (20, "client")):
        ttp.post(f"In {days}", "--to", "x/me", "--at", f"in {days}d", "--tag", tag)
    ttp.post("No time", "--to", "x/me", "--tag", "client")
    return ttp


TAKEN: list[tuple[list[str], list[int]]] = [
    (["--tag", "client", "--week"], [1]),
    (["--week"], [1, 2]),
    (["--tag", "client"], [1, 3]),
    (["--until", "in 30h"], [1]),
    (["2-4"], [2, 3]),
    (["create", "3", "1"], [1, 3]),
    (["create"], [1, 2, 3]),
]
REFUSED = [
    (["create", "4"], 3),
    (["create", "99"], 3),
    (["--tag", "nobody"], 3),
    (["create", "1", "--tag", "client"], 2),
    (["--week", "--until", "in 2d"], 2),
    (["--week", "--expires", "soon"], 2),
    (["--week", "--name", "a b"], 2),
]


def test_it_takes_the_posts_that_wait(ttp: Program) -> None:
    for argv, posts in TAKEN:
        made = ttp.ok("approve-link", *argv, "--json").json
        assert (made["posts"], made["leftOut"], made["name"]) == (posts, [], "client"), argv
        assert made["url"].startswith("https://ttp.example.org/approve/")
    assert ttp.ok("approve-link", "--week").out.startswith("https://ttp.example.org/approve/")
    assert ("4" in ttp.ok("approve-link", "2-4").err, ttp.ok("approve-link", "2-3").err) == (True, "")


def test_it_is_listed_until_it_expires_or_is_revoked(ttp: Program) -> None:
    for name, expires in (("maria", "2h"), ("otto", "3h"), ("tom", "9d")):
        ttp.ok("approve-link", "--week", "--name", name, "--expires", expires)
    assert [one["name"] for one in ttp.ok("approve-link", "list", "--json").json] == ["tom", "otto", "maria"]
    assert ttp.ok("approve-link", "revoke", "2", "--json").json["name"] == "otto"
    assert ttp("approve-link", "revoke", "2").code == 3
    ttp.clock.advance(2 * HOUR)
    assert [one["id"] for one in ttp.ok("approve-link", "list", "--json").json] == [3]


def test_what_it_refuses_makes_no_link(ttp: Program) -> None:
    assert [ttp("approve-link", *argv).code for argv, _ in REFUSED] == [code for _, code in REFUSED]
    ttp.ok("config", "unset", "server.base_url")
    assert ttp("approve-link", "--week").code == 3, "no server runs, so there is no address"
    assert ttp.count("approval_link") == 0
