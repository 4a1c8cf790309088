"""`--utm` on the command line: the hosts of the user are asked for once."""

from __future__ import annotations

import pytest

from tests.conftest import Program

LINK = "https://www.example.com/a"
CREATE = ("create", f"New: {LINK}", "--utm", "--to", "x/me", "--at", "in 1h", "--json")


@pytest.mark.parametrize(
    ("answer", "own"), [("\n", "example.com"), ("mine.example\n", "mine.example"), ("a b\n", ""), ("", "")]
)
def test_a_person_is_asked_once_for_the_own_hosts(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, answer: str, own: str
) -> None:
    ttp.account()
    monkeypatch.setattr("ttp.cli.own_hosts.is_interactive", lambda: True)
    assert ttp(*CREATE, "--dry-run", stdin=answer).code == 2
    assert ttp("config", "get", "links.own").out.strip() == ""
    ran = ttp(*CREATE, stdin=answer)
    assert ttp("config", "get", "links.own").out.strip() == own
    assert (ran.code == 0) == bool(own)
    if own:
        assert ttp.ok(*CREATE[:1], f"Again: {LINK}", *CREATE[2:]).json
    planned = [
        one["plannedParts"] for post in ttp("list", "--json").json for one in ttp.shown(post["id"])["deliveries"]
    ]
    assert [f"{LINK}?utm_source=x" in one[0]["text"] for one in planned if one] == [True] * (2 * (own == "example.com"))


def test_elsewhere_the_post_is_refused_with_the_command_and_an_account_too(ttp: Program) -> None:
    ttp.account()
    ran = ttp(*CREATE)
    fix = "ttp config set links.own example.com"
    assert (ran.code, [fix in ran.error["hint"]], ttp("list", "--json").json) == (2, [True], [])
    assert fix in ttp("account", "set", "x/me", "--utm").err
    ttp.ok("config", "set", "links.own", "example.com")
    assert ttp.ok("account", "set", "x/me", "--utm", "--json").json["utm"] is True
    (version,) = ttp.ok("create", LINK, "--to", "x/me", "--dry-run", "--json").json["versions"]
    assert (version["taggedLinks"], version["unshortenedLinks"]) == (1, 0)


@pytest.mark.parametrize("hosts", [["mailto:me@example.com"], ["com"], ["example.com", "two words"]])
def test_own_hosts_are_names_of_hosts(ttp: Program, hosts: list[str]) -> None:
    assert ttp("config", "set", "links.own", *hosts).code == 2
