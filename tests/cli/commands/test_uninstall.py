"""`ttp uninstall`: what it removes, and what it leaves."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.store.backends import memory_ring
from ttp.cli import errors
from ttp.sandbox.server import RunningSandbox
from ttp.services.installation import background_service
from ttp.services.installation.background_service import CommandOutput, Launchd, ServiceDefinition, Systemd
from ttp.store.home.locks import publisher_lock

on_linux = pytest.mark.skipif(sys.platform == "darwin", reason="launchd has another file")


@pytest.fixture(autouse=True)
def user(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user, on a system that answers every question of ttp."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS", "BASH_COMPLETION_USER_DIR", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(background_service, "run_command", _answer)
    monkeypatch.setattr(Systemd.__init__, "__defaults__", (tmp_path,))
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


def _answer(argv: Sequence[str]) -> CommandOutput:
    return CommandOutput(1, "no crontab") if argv[0] == "crontab" else CommandOutput(0, "ActiveState=active")


def removed(found: list[dict[str, Any]], kind: str) -> set[str]:
    return {
        Path(one["name"]).name for one in found if one["kind"] == kind and one["action"] == "remove" and one["done"]
    }


def noted(found: list[dict[str, Any]], kind: str) -> list[tuple[str, bool]]:
    return [(one["action"], one["done"]) for one in found if one["kind"] == kind]


@pytest.mark.parametrize("options", [[], ["--keep", "--purge"]])
def test_one_of_two_must_be_chosen(ttp: Program, options: list[str]) -> None:
    assert ttp("uninstall", *options).code == 2
    assert ttp("uninstall", *options, "--dry-run", "--json").error["hints"][0] == "ttp uninstall --keep --dry-run"


def test_purging_removes_the_secrets_of_notifications_from_a_keyring(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "keyring")
    ttp.ok("config", "set", "notify.ntfy.url", "https://ntfy.example.com/topic")
    with memory_ring() as ring:
        ttp.ok("notify", "add", "ntfy", stdin="tk_1")
        assert len(ring.held) == 1
        ttp.ok("uninstall", "--purge", "--yes")
        assert ring.held == {}


def test_purging_asks_and_a_script_needs_yes(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account()
    ttp.post("Hello")
    refused = ttp("uninstall", "--purge", "--json")
    assert (refused.code, refused.error["hint"]) == (2, "ttp uninstall --purge --json --yes")
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    assert ttp("uninstall", "--purge", stdin="n\n").code == 1
    assert ttp.count("post") == 1
    assert ttp("uninstall", "--purge", stdin="y\n").code == 0
    assert not ttp.home.exists()


@pytest.mark.parametrize("how", ["--keep", "--purge"])
def test_a_dry_run_changes_nothing_and_reads_only(
    ttp: Program, user: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ttp.account("x/me")
    ttp.ok("service", "install")
    before = {path: path.stat().st_mtime_ns for path in ttp.home.rglob("*")}
    monkeypatch.setenv("TTP_CAPABILITY", "read")
    found = ttp.ok("uninstall", how, "--dry-run", "--json").json
    assert not any(one["done"] for one in found if one["action"] != "keep")
    assert {path: path.stat().st_mtime_ns for path in ttp.home.rglob("*")} == before
    monkeypatch.delenv("TTP_CAPABILITY")
    done = ttp("uninstall", how, "--yes", "--json").json
    named = {one["name"] for one in found}
    assert {one["name"] for one in done} - named <= {str(ttp.home / "publisher.lock")}


def test_keep_leaves_the_store_and_says_where_it_is(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("run", "--once")
    for name in ("media.lock", "webhooks.lock"):
        (ttp.home / name).touch(0o600)
    found = ttp.ok("uninstall", "--keep", "--json").json
    assert {"name": str(ttp.home), "kind": "home", "action": "keep"}.items() <= next(
        one for one in found if one["kind"] == "home"
    ).items()
    assert {"publisher.lock", "media.lock", "webhooks.lock", "x-me.lock"} <= removed(found, "lock")
    assert not list(ttp.home.rglob("*.lock"))
    assert ttp.ok("account", "list", "--fields", "account,connected").rows == [["x/me", "true"]]


def test_purge_leaves_what_others_made(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    ttp.post("Hello")
    ttp.ok("config", "set", "timezone", "Europe/Berlin")
    (ttp.home / "media").mkdir(exist_ok=True)
    for name in ("notes.txt", "media/holiday.jpg"):
        (ttp.home / name).write_text("mine")
    (ttp.home / "writing").symlink_to(tmp_path)
    for name in ("webhooks.lock", "server.address"):
        (ttp.home / name).touch(0o600)
    found = ttp.ok("uninstall", "--purge", "--yes", "--json").json
    left = {path.relative_to(ttp.home).as_posix() for path in ttp.home.rglob("*")}
    assert left == {"notes.txt", "media", "media/holiday.jpg", "writing"}
    kept = {one["name"] for one in found if one["kind"] == "file" and one["action"] == "keep"}
    assert kept == {str(ttp.home / name) for name in ("notes.txt", "media/holiday.jpg", "writing")}


def test_a_linked_home_is_emptied_and_its_link_and_folder_stay(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    ttp.post("Hello")
    link = tmp_path / "link"
    link.symlink_to(ttp.home)
    monkeypatch.setenv("TTP_HOME", str(link))
    found = ttp.ok("uninstall", "--purge", "--yes", "--json").json
    assert noted(found, "link") == [("keep", True)]
    assert link.is_symlink()
    assert list(ttp.home.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "stays"), [("[publish]\npoll_s = 5\n", False), ('theme = "dark"\n', True), ("not toml", True)]
)
def test_a_config_file_is_removed_if_it_has_settings_of_ttp_only(ttp: Program, text: str, stays: bool) -> None:
    ttp.account()
    ttp.post("Hello")
    (ttp.home / "config.toml").write_text(text)
    ran = ttp("uninstall", "--purge", "--yes", "--json")
    assert (ttp.home / "config.toml").exists() is stays, ran


def test_a_config_file_elsewhere_stays(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CONFIG", str(tmp_path / "ttp.toml"))
    ttp.ok("config", "set", "timezone", "UTC")
    ttp.account()
    ttp.post("Hello")
    ttp.ok("uninstall", "--purge", "--yes")
    assert (tmp_path / "ttp.toml").exists()
    assert not ttp.home.exists()


def test_it_is_refused_while_a_publisher_runs(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello")
    with publisher_lock(ttp.home):
        for how in ("--keep", "--purge"):
            assert ttp("uninstall", how, "--yes").code == 5
    assert ttp.count("post") == 1


@on_linux
def test_the_service_of_this_store_is_removed_and_that_of_another_stays(
    ttp: Program, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = user / ".config" / "systemd" / "user" / "ttp.service"
    ttp.account()
    ttp.post("Hello")
    ttp.ok("service", "install")
    monkeypatch.setenv("TTP_HOME", str(tmp_path / "other"))
    assert noted(ttp.ok("uninstall", "--purge", "--yes", "--json").json, "service") == [("keep", True)]
    assert unit.exists()
    monkeypatch.setenv("TTP_HOME", str(ttp.home))
    assert noted(ttp.ok("uninstall", "--keep", "--json").json, "service") == [("remove", True)]
    assert not unit.exists()


@pytest.mark.parametrize("home", ["/srv/ttp", '/srv/my "own" 100% \\ttp', None])
def test_a_service_file_says_which_home_it_has(tmp_path: Path, home: str | None) -> None:
    job = ServiceDefinition(("ttp", "run"), {} if home is None else {"TTP_HOME": home}, 20.0)
    for service in (Systemd(tmp_path, "me", _answer, tmp_path), Launchd(tmp_path, 1, _answer)):
        assert service.home() is None
        service.install(job)
        assert service.home() == home


def test_completions_of_the_user_are_removed_and_other_files_of_that_name_stay(ttp: Program, user: Path) -> None:
    own = {
        user / ".local/share/bash-completion/completions/ttp": "bash",
        user / ".zfunc/_ttp": "zsh",
        user / ".config/fish/completions/ttp.fish": "fish",
    }
    for path, shell in own.items():
        path.parent.mkdir(parents=True)
        path.write_text(ttp.ok("completion", shell).out)
    foreign = user / ".zsh/completions/_ttp"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("#compdef ttp\n# of another program\n")
    (user / ".bashrc").write_text('eval "$(ttp completion bash)"\n')
    found = ttp.ok("uninstall", "--keep", "--json").json
    assert not any(path.exists() for path in own)
    assert foreign.exists()
    assert (user / ".bashrc").exists()
    assert noted(found, "completion").count(("by_hand", False)) == 1


def test_cron_lines_are_named(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "# ttp run\n0 1 * * * backup\n* * * * *  /bin/ttp run --once --quiet\n"
    monkeypatch.setattr(background_service, "run_command", lambda argv: CommandOutput(0, lines))
    found = ttp.ok("uninstall", "--keep", "--json").json
    assert [one["name"] for one in found if one["kind"] == "cron"] == ["* * * * *  /bin/ttp run --once --quiet"]


@pytest.fixture
def connected(ttp: Program, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program with accounts whose platforms are stand-ins."""
    for name in ("X", "TIKTOK", "INSTAGRAM"):
        monkeypatch.setenv(f"TTP_PLATFORMS__{name}__BASE_URL", shared_sandbox.url)
    return ttp


def test_tokens_are_revoked_where_the_platform_does_so_and_listed_elsewhere(connected: Program) -> None:
    connected.account("x/me", clientId="app", clientSecret="s")
    connected.account("instagram/shop")
    connected.post("Soon", "--to", "x/me", "--at", "2098-01-01T09:00Z")
    found = connected("uninstall", "--purge", "--yes", "--json").json
    tokens = {one["name"]: one for one in found if one["kind"] == "token"}
    assert set(tokens) == {"x/me", "instagram/shop"}
    assert tokens["instagram/shop"]["action"] == "by_hand"
    assert tokens["instagram/shop"]["note"]
    assert not connected.home.exists()


@pytest.mark.sqlite("a copied home has the same store in a server")
def test_tokens_of_a_copy_are_left_to_the_original(
    connected: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.account("x/me", clientId="app", clientSecret="s")
    connected.ok("run", "--once")
    shutil.copytree(connected.home, tmp_path / "copy")
    (tmp_path / "copy").chmod(0o700)
    monkeypatch.setenv("TTP_HOME", str(tmp_path / "copy"))
    found = connected.ok("uninstall", "--purge", "--yes", "--json").json
    assert noted(found, "token") == [("keep", True)]
    assert not (tmp_path / "copy").exists()
    assert json.loads((connected.home / "credentials.json").read_text())["accounts"]


@pytest.mark.sqlite("the file of the store is damaged")
def test_a_damaged_store_can_be_left_too(ttp: Program) -> None:
    ttp.account("x/me")
    (ttp.home / "ttp.db").write_bytes(b"not a database" * 1000)
    found = ttp("uninstall", "--purge", "--yes", "--json").json
    assert noted(found, "token") == [("by_hand", False)]
    assert not ttp.home.exists()


@pytest.mark.parametrize(
    ("kind", "value"), [("folder", ("media_host.path", "/srv")), ("command", ("media_host.command", "put"))]
)
def test_a_media_host_of_another_kind_is_named(ttp: Program, kind: str, value: tuple[str, str]) -> None:
    ttp.account()
    ttp.post("Hello")
    ttp.ok("config", "set", "media_host.kind", kind)
    ttp.ok("config", "set", *value)
    found = ttp.ok("uninstall", "--purge", "--yes", "--json").json
    assert noted(found, "object") == [("by_hand", False)]


def test_objects_of_another_bucket_are_named(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello")
    record = {"bucket": "s3://old", "endpoint": "", "sha256": "0", "given": "0", "whole": True}
    (ttp.home / "lent").mkdir(0o700)
    (ttp.home / "lent" / ("0" * 32 + ".jpg")).write_text(json.dumps(record))
    found = ttp.ok("uninstall", "--purge", "--yes", "--json").json
    assert noted(found, "object") == [("by_hand", False)]


@pytest.mark.skipif(sys.platform == "darwin", reason="root is not asked about modes")
def test_what_cannot_be_removed_is_exit_code_6(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account()
    ttp.post("Hello")
    whole = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "credentials.json":
            raise PermissionError(13, "Permission denied")
        whole(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    ran = ttp("uninstall", "--purge", "--yes", "--json")
    assert ran.code == 6
    assert not next(one for one in ran.json if one["name"].endswith("credentials.json"))["done"]


def test_the_command_that_removes_ttp_fits_how_it_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = errors._Clone("/src/my ttp", is_editable=True)
    monkeypatch.setattr(errors, "_clone", lambda: clone)
    assert errors.package_command("upgrade").startswith("git -C '/src/my ttp' pull && ")
    assert " -e '/src/my ttp[server]'" in errors.fit_install_commands("pip install 'ttp-cli[server]'")
    monkeypatch.setattr(errors, "_clone", lambda: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "pipx" / "venvs" / "ttp-cli"))
    assert errors.package_command("uninstall") == "pipx uninstall ttp-cli"
    assert errors.fit_install_commands(f"fix: {errors.UPGRADE}") == "fix: pipx upgrade ttp-cli"
    tool = tmp_path / "tools" / "ttp-cli"
    tool.mkdir(parents=True)
    (tool / "uv-receipt.toml").touch()
    monkeypatch.setattr(sys, "prefix", str(tool))
    assert errors.package_command("uninstall") == "uv tool uninstall ttp-cli"
    assert errors.fit_install_commands(f"fix: {errors.UPGRADE}") == "fix: uv tool upgrade ttp-cli"
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert errors.package_command("uninstall").endswith("uninstall ttp-cli") or "--python" in errors.package_command(
        "uninstall"
    )


def test_a_table_groups_what_was_done(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello")
    said = ttp.ok("uninstall", "--purge", "--yes", "--format", "table").out
    assert said.startswith("Removed:\n")
    assert "\n\n" in said or said.count(":\n") > 1


def test_a_store_on_a_server_stays_and_no_word_of_it_in_the_home(
    ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    ttp.account("x/me")
    ttp.post("Hello")
    (ttp.home / "notes.txt").write_text("mine")
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    asked = ttp("uninstall", "--purge", stdin="n\n")
    assert str(ttp.database.name) in asked.err
    for how in ("--keep", "--purge"):
        found = ttp("uninstall", how, "--yes", "--json").json
        assert [(one["name"], one["action"]) for one in found if one["kind"] == "store"] == [
            (ttp.database.name, "keep")
        ], how
    assert [path.name for path in ttp.home.iterdir()] == ["notes.txt"]
    assert ttp.count("post") == 1
