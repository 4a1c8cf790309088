"""The container's files name what the program has: commands, settings, paths, the port, extras. None is built here."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.cli import settings
from ttp.cli.app import load_command
from ttp.cli.commands.help import VARIABLES
from ttp.domain.config import KeyTable

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["ttp"]
ALWAYS_ON: dict[str, Any] = yaml.safe_load((ROOT / "docs/how-to/always-on/compose.yaml").read_text())["services"]
KEYS = KeyTable(PLATFORMS)


def instructions(name: str) -> list[str]:
    """What follows each of these instructions, with defaults of build arguments put in."""
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", RECIPE, re.MULTILINE))
    found = re.findall(rf"^{name} (.+)$", RECIPE, re.MULTILINE)
    return [re.sub(r"\$\{(\w+)\}", lambda one: defaults.get(one[1], one[0]), text) for text in found]


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in instructions("ENV") for pair in shlex.split(line))


def health_check() -> list[str]:
    (text,) = instructions("HEALTHCHECK")
    return list(json.loads(text[text.index("[") :]))


@each(
    "argv",
    [json.loads(instructions("CMD")[0]), health_check(), SERVICE["command"], ALWAYS_ON["ttp"]["command"]],
)
def test_its_commands_parse(argv: list[str]) -> None:
    program, name, *words = argv
    assert program == "ttp"
    load_command(name).make_context(name, words)


def test_the_proxy_of_an_always_on_server_is_the_one_that_ttp_trusts() -> None:
    command = ALWAYS_ON["ttp"]["command"]
    trusted = command[command.index("--trusted-proxy") + 1]
    assert ALWAYS_ON["caddy"]["networks"]["default"]["ipv4_address"] == trusted


def test_its_settings_exist() -> None:
    known = {settings.variable(key) for key in KEYS} | {
        word.strip() for names, _ in VARIABLES for word in names.split(",")
    }
    given = {
        name
        for name in (*variables(), *SERVICE["environment"], *ALWAYS_ON["ttp"]["environment"])
        if name.startswith("TTP_")
    }
    assert given >= {"TTP_HOME", "TTP_PUBLISH__ANY_MACHINE", "TTP_TZ"}
    assert given - known == set()


def test_the_folder_of_the_store_is_the_volume_and_belongs_to_a_user_that_is_not_root() -> None:
    home = variables()["TTP_HOME"]
    (made,) = re.findall(r"install -d -m 700 -o ttp -g ttp (\S+)", RECIPE)
    assert {home, made} == set(instructions("VOLUME")) | set(instructions("WORKDIR")[-1:])
    assert SERVICE["volumes"] == [f"ttp:{home}"]
    (uid,) = re.findall(r"useradd --uid (\d+)", RECIPE)
    assert instructions("USER") == [f"{uid}:{uid}"]
    assert int(uid) > 0


def test_the_port_is_that_of_the_server_and_only_this_machine_reaches_it() -> None:
    (port,) = {str(one.default) for one in load_command("serve").params if "--port" in one.opts}
    assert instructions("EXPOSE") == [port]
    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert SERVICE["environment"]["TTP_SERVER__BASE_URL"].endswith(f":{port}")


def test_it_may_write_nowhere_else_and_has_time_to_stop() -> None:
    assert SERVICE["read_only"] is True
    assert (SERVICE["cap_drop"], SERVICE["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    default = KEYS["publish.drain_s"].default
    assert isinstance(default, float)
    assert SERVICE["stop_grace_period"] == "1m"
    assert default < 60


def test_its_extras_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [word for text in re.findall(r"EXTRAS=([\w,]+)", RECIPE) for word in text.split(",")]
    assert {"server", "mcp"} <= set(named) <= set(extras)


def test_the_constraints_are_versions_without_hashes(tmp_path: Path) -> None:
    (script,) = re.findall(r"sed -E '([^']+)' requirements\.lock", RECIPE)
    made = subprocess.run(
        ["sed", "-E", script, str(ROOT / "requirements.lock")], check=True, capture_output=True, text=True, timeout=60
    )
    lines = made.stdout.splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+==[\w.+!-]+( ; .+)?", line)] == []
    assert {"httpx", "typer", "uvicorn"} <= {line.partition("==")[0] for line in lines}


def is_sent(path: str) -> bool:
    """Return whether .dockerignore lets a file through; the last line that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = [path, *(str(parent) for parent in Path(path).parents)]
        if line and not line.startswith("#") and any(fnmatch(part, pattern) for part in parts):
            sent = line.startswith("!")
    return sent


def test_what_is_sent_to_the_build_is_enough_and_has_nothing_private(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    sent = [path for path in listed.stdout.splitlines() if is_sent(path) and (ROOT / path).exists()]
    assert not is_sent(".git/config")
    assert not is_sent("credentials.json")
    for path in sent:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    assert len(list((tmp_path / "dist").iterdir())) == 1
