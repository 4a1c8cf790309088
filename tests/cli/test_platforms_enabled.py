"""Platforms from other packages: enabled by name, refused by name, and never a reason for the others to stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.platforms.case import find_cases
from ttp.cli import settings
from ttp.domain.account import WITHOUT_LOGIN, connect_action
from ttp.domain.action import action
from ttp.domain.config import KeyTable
from ttp.domain.errors import PlatformDisabled
from ttp.platforms.registry import Registry

FACTS = """
from ttp.domain.config import Key
from ttp.platforms.platform import Platform


class Paper(Platform):
    name, title, aliases = "paper", "Paper", ("pp",)
    api = {api}
    keys = (Key("base_url", "https://paper.example", "where Paper is reached"),)


PLATFORM = Paper()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with an entry point, as an installed wheel leaves it."""
    info = tmp_path / "ttp_paper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ttp-paper\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ttp.platforms]\npaper = ttp_paper_test:PLATFORM\n")
    (tmp_path / "ttp_paper_test.py").write_text(FACTS.format(api=1))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "ttp_paper_test", raising=False)
    yield tmp_path
    WITHOUT_LOGIN.discard("paper")


def told(*enabled: str) -> tuple[Registry, list[str]]:
    said: list[str] = []
    return Registry(enabled, warn=said.append), said


def test_an_installed_package_is_not_used_before_it_is_enabled(package: Path) -> None:
    found, said = told()
    assert "paper" not in found.names()
    assert said == []
    for asked in (found.facts, found.find, told("nostr")[0].find):
        with pytest.raises(PlatformDisabled, match="paper") as caught:
            asked("paper")
    (fix,) = caught.value.hints
    assert fix.way == action("config set", "platforms.enabled", "nostr", "paper"), "those enabled already stay so"


def test_an_enabled_platform_is_there_with_its_alias_and_settings(package: Path) -> None:
    found, said = told("paper")
    assert (found.names()[-1], found.find("PP").title, said) == ("paper", "Paper", [])
    assert not found.facts("paper").has_login
    assert connect_action("paper/me") == action("account add", "paper/me", credentials="FILE")
    assert KeyTable(found)["platforms.paper.base_url"].default == "https://paper.example"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (FACTS.format(api=2), "api 2"),
        ("1 / 0", "ZeroDivisionError"),
        ("PLATFORM = object()", "api None"),
    ],
)
def test_a_platform_that_cannot_be_used_is_told_in_a_line_and_the_others_go_on(
    package: Path, code: str, why: str
) -> None:
    (package / "ttp_paper_test.py").write_text(code)
    found, said = told("paper")
    assert len(said) == 1
    assert why in said[0]
    assert "paper" in said[0]
    assert "\n" not in said[0]
    assert found.find("x").name == "x"


def test_a_platform_that_is_not_installed_is_told() -> None:
    found, said = told("nostr")
    (note,) = said
    assert "nostr" in note
    assert "nostr" not in found.names()


def test_a_setting_is_accepted_by_the_name_that_it_had(tmp_path: Path) -> None:
    environ = {"TTP_HOME": str(tmp_path), "TTP_PUBLISH__SETTLE_X_S": "5"}
    assert settings.load(environ).seconds("platforms.x.settle_s") == 5.0
    (tmp_path / "config.toml").write_text("[publish]\nsettle_instagram_s = 7\n")
    assert settings.load({"TTP_HOME": str(tmp_path)}).seconds("platforms.instagram.settle_s") == 7.0


def test_numbers_are_read_by_themselves_where_that_is_free() -> None:
    pulled = settings.load({"TTP_HOME": "/none"}).texts("metrics.pull")
    readable = {name for name in Registry().names() if Registry().facts(name).has_metrics}
    assert readable - {*pulled} == {case.name for case in find_cases().values() if case.charges}


# A platform that is not enabled any more.


@pytest.fixture
def left(ttp: Program) -> Program:
    """A store with a post to a platform that is gone, and one to a platform that is there."""
    for name in ("x/me", "tiktok/me"):
        ttp.account(name)
    ttp.post("Hello", "--to", "x/me")
    ttp.post("Hello again", "--to", "x/me", "--at", "in 1h")
    ttp.sql("UPDATE account SET platform = 'paper' WHERE platform = 'x'")
    return ttp


COMMANDS = ["list", "list --status draft", "show 1", "account list", "status", "log 2", "audit"]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_stored_of_it_stays_readable(left: Program, command: str) -> None:
    ran = left(*command.split())
    assert ran.code == 0, ran.err
    shown = left(*command.split(), "--json")
    assert shown.code == 0
    if command in ("show 1", "account list"):
        assert "paper/me" in ran.out
        assert "paper/me" in shown.out


def test_its_account_is_told_and_can_be_removed(left: Program) -> None:
    (paper, tiktok) = sorted(left("account", "check", "--json").json["checks"], key=lambda check: str(check["name"]))
    assert (paper["status"], "paper" in paper["message"]) == ("fail", True)
    assert "paper" not in tiktok["message"]
    left.ok("account", "remove", "paper/me", "--yes")


def test_what_is_due_for_it_fails_by_its_account_and_the_publisher_ends_well(left: Program) -> None:
    left.clock.advance(hours=1, seconds=5)
    left("run", "--once", "--quiet")
    (delivery,) = left.shown(2)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "account")


@pytest.mark.sqlite("this one is in the store: test_shared_settings.py")
def test_where_a_setting_of_a_former_name_is_set_is_told(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PUBLISH__SETTLE_X_S", "5")
    (shown,) = ttp.ok("config", "show", "platforms.x.settle_s", "--json").json
    assert (shown["value"], shown["origin"]) == (5, "TTP_PUBLISH__SETTLE_X_S")
    ttp.ok("config", "set", "publish.settle_x_s", "7")
    assert "settle_s = 7" in (ttp.home / "config.toml").read_text()
