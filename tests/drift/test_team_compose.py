"""The team's compose.yaml names what the program has: commands, settings, extras, secrets. None is started here."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.cli import settings
from ttp.cli.app import load_command
from ttp.domain.config import KeyTable
from ttp.domain.store_url import is_store_url, passwords_in
from ttp.store.postgresql.address import read_address

ROOT = Path(__file__).parents[2]
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docs/how-to/team/compose.yaml").read_text())
PROGRAMS = {name: service for name, service in FILE["services"].items() if name != "db"}
KEYS = KeyTable(PLATFORMS)


@each("name", PROGRAMS)
def test_its_commands_parse(name: str) -> None:
    program, command, *words = PROGRAMS[name]["command"]
    assert program == "ttp"
    load_command(command).make_context(command, words)


def test_two_publishers_and_one_server_have_one_store_and_folders_of_their_own() -> None:
    runs = [one["command"][1] for one in PROGRAMS.values()]
    assert sorted(runs) == ["init", "run", "run", "serve"]
    assert "--no-publish" in PROGRAMS["serve"]["command"]
    volumes = [volume for one in FILE["services"].values() for volume in one["volumes"]]
    assert len(set(volumes)) == len(volumes)
    assert {volume.partition(":")[0] for volume in volumes} == set(FILE["volumes"])


def test_its_settings_have_values_that_are_accepted() -> None:
    names = {settings.variable(key.name): key for key in KEYS.values()}
    for service in PROGRAMS.values():
        given = {name: value for name, value in service["environment"].items() if name.startswith("TTP_")}
        assert set(given) - set(names) == {"TTP_TZ"}
        for name, value in given.items():
            if name in names and not value.startswith("${"):
                settings.parse_value(names[name], [value])


def test_every_program_opens_the_same_database_without_a_password_in_the_file() -> None:
    urls = {service["environment"]["TTP_STORE__URL"] for service in PROGRAMS.values()}
    (url,) = urls | {word for service in PROGRAMS.values() for word in service["command"] if is_store_url(word)}
    assert not passwords_in(url)
    parts, db = read_address(url), FILE["services"]["db"]["environment"]
    assert (parts["host"], parts["user"], parts["dbname"]) == ("db", db["POSTGRES_USER"], db["POSTGRES_DB"])


def test_its_secrets_are_files_and_all_are_read() -> None:
    read = {
        json.loads(PROGRAMS["serve"]["environment"][name])[-1]
        for name in ("TTP_STORE__PASSWORD_COMMAND", "TTP_CREDENTIALS__KEY_COMMAND")
    }
    assert read == {f"/run/secrets/{name}" for name in FILE["secrets"]}


def test_its_extras_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(FILE["x-ttp"]["build"]["args"]["EXTRAS"].split(",")) <= set(extras)


def test_it_builds_from_the_root() -> None:
    folder = (ROOT / "docs/how-to/team" / FILE["x-ttp"]["build"]["context"]).resolve()
    assert (folder / FILE["x-ttp"]["build"]["dockerfile"]).exists()
