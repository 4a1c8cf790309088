"""A platform from another package, as a wheel of its own, through the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import Program
from tests.outside import paper

NAME = "ttp_paper_platform"


def build_wheel(folder: Path) -> Path:
    """Write the wheel of a package whose only module is the platform."""
    info, wheel = f"{NAME}-1.0.dist-info", folder / f"{NAME}-1.0-py3-none-any.whl"
    files = {
        f"{NAME}.py": Path(paper.__file__).read_text(encoding="utf-8"),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[ttp.platforms]\npaper = {NAME}:PLATFORM\n",
        f"{info}/RECORD": "",
    }
    with ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the platform publishes into; its package is installed."""
    site = tmp_path / "site"
    with ZipFile(build_wheel(tmp_path)) as wheel:
        wheel.extractall(site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    monkeypatch.setenv("PAPER", str(tmp_path / "pages"))
    return tmp_path / "pages"


@pytest.fixture
def ttp_with_paper(file: Path, ttp: Program) -> Program:
    ttp.ok("config", "set", "platforms.enabled", "paper")
    ttp.account("paper/me")
    return ttp


def test_a_post_is_published_with_its_option_and_found_again(ttp_with_paper: Program, file: Path) -> None:
    ttp = ttp_with_paper
    ttp.account("x/me")
    post = ttp.post("Hello", "--to", "pp/me", "--set", "pp.ink=BLUE")
    ttp.ok("publish", str(post), "--yes", "--quiet")
    assert file.read_text() == "1 blue Hello\n"
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["account"], delivery["state"]) == ("paper/me", "published")
    assert delivery["url"] == "https://paper.example/1"
    assert "paper/me" in ttp.ok("list").out


def test_its_rules_refuse_a_time_and_not_a_draft(ttp_with_paper: Program) -> None:
    ran = ttp_with_paper("create", "x" * 41, "--to", "paper/me", "--at", "in 1h", "--json")
    assert ran.code != 0
    assert [problem["code"] for problem in ran.error["problems"]] == ["text_too_long"]
    ttp_with_paper.post("x" * 41, "--to", "paper/me")


def test_a_person_settles_it_by_its_address_and_a_failed_one_is_tried_again(ttp_with_paper: Program) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", "paper/me", "--at", "in 1h")
    ttp.sql("UPDATE delivery SET state = 'needs_review', next_at = NULL")
    ttp.ok("resolve", str(post), "--account", "paper/me", "--published", "https://paper.example/77")
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["remoteId"]) == ("published", "77")


@pytest.mark.parametrize(
    "command",
    ["help paper", "account list", "account check", "config get platforms.paper.base_url", "doctor", "status"],
)
def test_other_commands_know_it(ttp_with_paper: Program, command: str) -> None:
    ran = ttp_with_paper(*command.split())
    assert "Traceback" not in ran.err
    assert ran.code in (0, 8) or command == "doctor"
    if command == "help paper":
        assert "paper.ink" in ran.out
        assert "platforms.paper.base_url" in ran.out


def test_uninstalled_while_posts_wait_it_is_told_and_the_others_go_on(
    ttp_with_paper: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", "paper/me", "--at", "in 1h")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not one.endswith("site")])
    shown = ttp("show", str(post))
    assert shown.code == 0
    assert shown.err.count("platform paper is enabled and not installed") == 1
    ttp.clock.advance(hours=1, seconds=1)
    ttp("run", "--once", "--quiet")
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "account")


def test_a_client_that_cannot_be_made_fails_its_posts_and_no_other(
    ttp_with_paper: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", "paper/me", "--at", "in 1h")
    monkeypatch.delenv("PAPER")  # its client raises KeyError
    ttp.clock.advance(hours=1, seconds=1)
    ran = ttp("run", "--once", "--quiet")
    assert "Traceback" not in ran.err
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "account")
    assert "KeyError" in delivery["error"]["message"]
