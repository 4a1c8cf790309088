"""`ttp init`: what it asks, what it stores, and what it leaves alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.conftest import Program, Ran
from tests.drift.terminal import on_a_terminal
from ttp.cli.commands.setup import init as init_module
from ttp.cli.context import Context
from ttp.domain.errors import TimeRefused
from ttp.services.installation import background_service
from ttp.services.installation.background_service import CommandOutput

on_linux = pytest.mark.skipif(sys.platform == "darwin", reason="launchd has another file")


@pytest.fixture(autouse=True)
def no_service(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without a service manager; where its units would be."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "Europe/Vienna")
    monkeypatch.delenv("TTP_TZ")
    monkeypatch.setattr(background_service, "run_command", lambda argv: CommandOutput(1, "no bus"))
    return tmp_path / "config" / "systemd" / "user"


def wizard(ttp: Program, monkeypatch: pytest.MonkeyPatch, *answers: str) -> Ran:
    """Run it as on a terminal, with these answers and then the end of input."""
    monkeypatch.setattr(init_module, "is_interactive", lambda: True)
    return ttp("init", "--format", "table", stdin="".join(f"{one}\n" for one in answers))


def changed(ttp: Program) -> dict[str, object]:
    """The settings in the config file, with their values."""
    found = ttp.ok("config", "show", "--changed", "--json").json
    return {one["key"]: one["value"] for one in found if not one["origin"].startswith("TTP_")}


def numbered(ran: Ran) -> int:
    return sum(line[:1].isdigit() for line in ran.err.splitlines())


def test_without_a_terminal_it_says_what_to_set_and_changes_nothing(ttp: Program) -> None:
    rows = ttp.ok("init").rows
    assert [row[0] for row in rows] == ["account", "timezone", "media_host", "publisher", "post"]
    assert {row[1] for row in rows} == {"false"}
    found = ttp.ok("init", "--json").json
    assert {one["step"]: one["command"] for one in found}["timezone"] == "ttp config set timezone Europe/Vienna"
    assert all(set(one) == {"step", "done", "value", "command"} for one in found)
    assert not ttp.home.exists()


def test_a_variable_changes_no_step(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_TZ", "Europe/Paris")
    found = {one["step"]: one["command"] for one in ttp.ok("init", "--json").json}
    assert found["timezone"].startswith("ttp config set timezone ")


def test_a_zone_is_suggested_as_the_answer_that_it_is() -> None:
    with pytest.raises(TimeRefused) as refused:
        init_module.Questions(Context(), Mock())._read_zone("Berlin")
    assert [hint.way for hint in refused.value.hints] == ["Europe/Berlin"]


def test_a_user_without_a_name_can_use_it(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for words in (["init"], ["service", "--print"], ["uninstall", "--keep"]):
        ttp.ok(*words)


@pytest.mark.parametrize("option", [["--json"], ["--no-input", "--format", "table"], ["--format", "tsv"]])
def test_who_wants_data_or_no_questions_is_not_asked(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, option: Sequence[str]
) -> None:
    monkeypatch.setattr(init_module, "is_interactive", lambda: True)
    ran = ttp.ok("init", *option)
    assert ran.out
    assert numbered(ran) == 0


def test_enter_everywhere_changes_nothing(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = wizard(ttp, monkeypatch, *[""] * 6)
    assert ran.code == 0
    assert numbered(ran) == 5
    assert not ttp.home.exists()


def test_the_end_of_input_skips_the_rest(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = wizard(ttp, monkeypatch, "bluesky")
    assert (ran.code, numbered(ran)) == (0, 2)
    assert "ttp account connect bluesky/" in ran.out
    assert not ttp.home.exists()


def test_seven_questions_at_most_and_each_answer_is_stored(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = (
        "ig, x",
        "Europe/Berlin",
        "folder",
        "/srv/media https://media.example.org/",
        "ref",
        "cron",
        "Hello world",
    )
    ran = wizard(ttp, monkeypatch, *answers)
    assert (ran.code, numbered(ran)) == (0, 7)
    assert ttp.ok("config", "get", "timezone").out == "Europe/Berlin\n"
    found = changed(ttp)
    assert found == {
        "timezone": "Europe/Berlin",
        "media_host.kind": "folder",
        "media_host.path": "/srv/media",
        "media_host.base_url": "https://media.example.org/",
        "guard.alt": "refuse",
    }
    assert (ttp.shown()["status"], ttp.shown()["content"]) == ("draft", "Hello world")
    lines = ran.out.splitlines()
    assert "  ttp account connect instagram" in lines
    assert "  ttp account connect x" in lines
    assert [line for line in lines if "* * * * *" in line and f"TTP_HOME={ttp.home}" in line]


@pytest.mark.parametrize(
    ("kind", "detail", "stored"),
    [
        ("s3", "s3://bucket/ttp", {"media_host.kind": "s3", "media_host.s3.url": "s3://bucket/ttp"}),
        (
            "command",
            "'/my bin/put' --fast",
            {"media_host.kind": "command", "media_host.command": ["/my bin/put", "--fast"]},
        ),
        ("s3", "", {}),
    ],
)
def test_a_media_host_is_set_with_its_detail_or_not_at_all(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, kind: str, detail: str, stored: dict[str, object]
) -> None:
    wizard(ttp, monkeypatch, "instagram", "", kind, detail, "", "")
    assert changed(ttp) == stored


def test_a_wrong_answer_is_asked_for_again(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ("mastodonn", "mastodon and ig", "Berlin", "", "cloud", "folder", "/only", "'open", "")
    ran = wizard(ttp, monkeypatch, *answers, "never", "", "sometimes", "hand", "")
    assert (ran.code, numbered(ran)) == (0, 7)
    assert list(changed(ttp)) == ["timezone"]
    assert "sometimes" in ran.err


def test_a_second_time_it_shows_what_is_set_and_keeps_it(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("instagram/shop")
    ttp.post("There is a post")
    for words in (("timezone", "Asia/Tokyo"), ("media_host.kind", "s3"), ("media_host.s3.url", "s3://b")):
        ttp.ok("config", "set", *words)
    before = (ttp.home / "config.toml").read_bytes()
    ran = wizard(ttp, monkeypatch, "", "", "", "", "")
    assert numbered(ran) == 5, "no first draft, and no detail of the media host"
    for shown in ("[instagram]", "[Asia/Tokyo]", "[s3]", "[warn]", "[hand]"):
        assert shown in ran.err, ran.err
    wizard(ttp, monkeypatch, "", "Asia/Tokyo", "s3", "warn", "hand")
    assert (ttp.home / "config.toml").read_bytes() == before
    assert ttp.count("post") == 1


@on_linux
def test_the_service_is_installed_once(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_service: Path
) -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> CommandOutput:
        asked.append(argv)
        return CommandOutput(0, "yes")

    monkeypatch.setattr(background_service, "run_command", run)
    monkeypatch.setattr(background_service.Systemd.__init__, "__defaults__", (tmp_path,))
    assert wizard(ttp, monkeypatch, "", "", "", "service", "").code == 0
    assert f"TTP_HOME={ttp.home}" in (no_service / "ttp.service").read_text()
    assert any("restart" in argv for argv in asked)
    asked.clear()
    assert wizard(ttp, monkeypatch, "", "", "", "service", "").code == 0
    assert not any("restart" in argv for argv in asked)


@on_linux
def test_where_no_service_can_be_installed_the_rest_goes_on(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = wizard(ttp, monkeypatch, "", "", "", "service", "Hello")
    assert ran.code == 0
    assert ttp.shown()["content"] == "Hello"
    assert "  ttp run" in ran.out.splitlines()


def test_a_variable_that_overrides_the_answer_is_named(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_TZ", "UTC")
    ran = wizard(ttp, monkeypatch, "", "Europe/Berlin")
    assert "TTP_TZ" in ran.err


def test_control_c_keeps_what_was_answered_and_prints_the_commands(ttp: Program, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "TTP_HOME": str(ttp.home), "LANG": "C.UTF-8", "HOME": str(tmp_path)}
    with on_a_terminal([sys.executable, "-m", "ttp", "init"], cwd=tmp_path, env=environ) as terminal:
        seen = terminal.until("[none] ")
        terminal.type("instagram\n")
        seen += terminal.until("] ")
        terminal.type("Europe/Berlin\n")
        seen += terminal.until("[none] ")
        terminal.interrupt()
        seen += terminal.rest()
        assert terminal.code() == 130, seen
    assert ttp.ok("config", "get", "timezone").out == "Europe/Berlin\n"
    assert "ttp account connect instagram" in seen
    assert max(len(line) for line in seen.splitlines() if str(ttp.home) not in line) <= 80


def test_what_is_no_address_of_a_database_is_refused_with_the_form_to_type(ttp: Program) -> None:
    ran = ttp("init", "mysql://x", "--json")
    assert ran.code == 2
    assert ran.error["hint"] == "ttp init postgresql://USER@HOST/DATABASE"
    assert not ttp.home.exists()
