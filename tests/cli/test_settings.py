"""Where things are and what is set: flag, environment, file, default; and what is refused."""

from __future__ import annotations

import pwd
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.rows import each
from ttp.cli import settings
from ttp.domain.errors import UsageError

NO_ENVIRONMENT: Mapping[str, str] = {}


def written(tmp_path: Path, text: str | bytes) -> dict[str, str]:
    """An environment whose config file says `text`."""
    (tmp_path / "config.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    return {"TTP_HOME": str(tmp_path)}


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    environ = written(tmp_path, "[publish]\nretry_max = 3\nretry_base_s = 1.5\n")
    config = settings.load({**environ, "TTP_PUBLISH__RETRY_MAX": "5"})
    assert (config.count("publish.retry_max"), config.seconds("publish.retry_base_s")) == (5, 1.5)
    assert config.seconds("publish.retry_cap_s") == 900
    assert settings.load({**environ, "TTP_PUBLISH__RETRY_MAX": ""}).count("publish.retry_max") == 3


def test_everything_is_below_the_home_and_the_config_file_can_be_elsewhere(tmp_path: Path) -> None:
    assert settings.home({"TTP_HOME": str(tmp_path)}) == tmp_path
    assert settings.config_path({"TTP_HOME": str(tmp_path)}) == tmp_path / "config.toml"
    assert settings.config_path({"TTP_HOME": "/h", "TTP_CONFIG": str(tmp_path / "c")}) == tmp_path / "c"


def test_without_a_home_the_platforms_own_folders_are_used() -> None:
    assert settings.home(NO_ENVIRONMENT).name == "ttp"
    assert settings.config_path(NO_ENVIRONMENT).name == "config.toml"
    assert settings.config_path(NO_ENVIRONMENT).parent.name == "ttp"


@each(
    ("text", "named"),
    [
        ("[publish]\nretry_max = 'many'\n", "publish.retry_max"),
        ("[publish]\nretry_max = 0\n", "publish.retry_max"),
        ("[publish]\nconcurrency = true\n", "publish.concurrency"),
        ("[publish]\nretry_base_s = -1\n", "publish.retry_base_s"),
        ("[publish]\nretry_base_s = nan\n", "publish.retry_base_s"),
        ("[publish]\nretry_base_s = [1]\n", "publish.retry_base_s"),
        ("[media_host]\nkind = 'ftp'\n", "media_host.kind"),
        ("[media_host]\npath = 3\n", "media_host.path"),
        ("[platforms.x]\nbase_url = 'http://api.x.com'\n", "platforms.x.base_url"),
        ("[platforms.x]\nbase_url = 'https://'\n", "platforms.x.base_url"),
        ("[platforms.x]\nbase_url = 'https://u:p@api.x.com'\n", "platforms.x.base_url"),
        ("[platforms.x]\nbase_url = 'https://[::1'\n", "platforms.x.base_url"),
        ("[platforms.x\n", "config.toml"),
        (b"\xff", "config.toml"),
    ],
)
def test_a_file_that_means_nothing_is_refused(tmp_path: Path, text: str | bytes, named: str) -> None:
    with pytest.raises(UsageError) as refused:
        settings.load(written(tmp_path, text))
    assert named in refused.value.message


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[publish]\nretry_mxa = 3\n", ['"publish.retry_mxa"', '"publish.retry_max"']),
        ("colour = 3\n", ['"colour"']),
        ("[publish.retry_max]\na = 1\n", ['"publish.retry_max.a"', '"publish.retry_max"']),
    ],
)
def test_a_name_in_the_file_that_is_no_setting_is_warned_of(tmp_path: Path, text: str, names: list[str]) -> None:
    said: list[str] = []
    config = settings.load(written(tmp_path, f"timezone = 'Asia/Tokyo'\n{text}"), said.append)
    (warning,) = said
    assert all(name in warning for name in (str(tmp_path / "config.toml"), *names))
    assert config.text("timezone") == "Asia/Tokyo"


def test_a_home_that_is_a_file_is_refused_with_the_variable(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_HOME", __file__)
    for command in (("list",), ("create", "hi"), ("config", "show")):
        ran = ttp(*command, "--json")
        assert (ran.error["code"], ran.error["hint"]) == ("usage", "export TTP_HOME=FOLDER")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match=r"config\.toml"):
        settings.load({"TTP_HOME": str(tmp_path)})


@each("url", ["http://127.0.0.1:8700", "http://localhost:1", "http://[::1]:8700", "https://api.x.com"])
def test_from_the_environment_a_platform_is_itself_or_this_machine(url: str) -> None:
    assert settings.load({"TTP_HOME": "/none", "TTP_PLATFORMS__X__BASE_URL": url}).text("platforms.x.base_url") == url


@each(
    "url",
    [
        "https://evil.example",
        "https://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://api.x.com@evil.example",
        "https://api.x.com.evil.example",
        "http://api.x.com",
        "api.x.com",
        "ftp://127.0.0.1",
    ],
)
def test_from_the_environment_no_other_host_can_get_the_tokens(url: str) -> None:
    with pytest.raises(UsageError):
        settings.load({"TTP_HOME": "/none", "TTP_PLATFORMS__X__BASE_URL": url})


def test_another_host_can_be_written_in_the_file(tmp_path: Path) -> None:
    environ = written(tmp_path, "[platforms.x]\nbase_url = 'https://proxy.example/x'\n")
    assert settings.load(environ).text("platforms.x.base_url") == "https://proxy.example/x"
    with pytest.raises(UsageError) as refused:
        settings.load({**environ, "TTP_PLATFORMS__X__BASE_URL": "https://other.example"})
    assert refused.value.hints[0].way == 'platforms.x.base_url = "https://other.example"'


def test_a_bad_setting_is_one_line_and_a_way_out_from_every_command(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__RETRY_MAX", "lots")
    ran = ttp("status")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("ttp: error: TTP_PUBLISH__RETRY_MAX: ")
    assert ran.err.endswith("  fix: unset TTP_PUBLISH__RETRY_MAX\n")


def test_the_zone_is_the_flags_then_the_settings(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(*argv: str) -> str:
        return str(ttp.ok("create", "hi", "--to", "x/me", "--at", "tomorrow 9am", *argv, "--json").json["scheduledAt"])

    ttp.account()
    assert at() == "2026-11-25T09:00:00Z"
    monkeypatch.setenv("TTP_TZ", "Europe/Berlin")
    assert at() == "2026-11-25T08:00:00Z"
    monkeypatch.delenv("TTP_TZ")
    ttp.home.joinpath("config.toml").write_text('timezone = "America/New_York"\n')
    assert at() == "2026-11-25T14:00:00Z"
    ttp.ok("account", "set", "x/me", "--tz", "Asia/Tokyo")
    assert at() == "2026-11-25T14:00:00Z"
    assert at("--tz", "account") == "2026-11-25T00:00:00Z"
    assert at("--tz", "UTC") == "2026-11-25T09:00:00Z"


def test_a_zone_in_the_settings_that_does_not_exist_is_refused(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TTP_TZ", raising=False)
    ttp.home.mkdir(exist_ok=True)
    ttp.home.joinpath("config.toml").write_text('timezone = "Europe/Berlni"\n')
    ran = ttp("list", "--format", "table")
    assert (ran.code, "ttp config set timezone Europe/Berlin" in ran.err) == (2, True)
    monkeypatch.setenv("TTP_TIMEZONE", "America/Lma")
    ran = ttp("list", "--format", "table")
    assert (ran.code, "  try: export TTP_TIMEZONE=America/Lima\n" in ran.err) == (2, True)
    monkeypatch.setenv("TTP_TZ", "Mars")
    ttp.account()
    ran = ttp("create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--json")
    assert (ran.code, ran.error["hints"][0]) == (2, "export TTP_TZ=Europe/Berlin")


@each(("text", "words"), [('["put", "a b"]', ("put", "a b")), ("put 'a b'", ("put", "a b")), ("put", ("put",))])
def test_a_list_comes_from_the_environment_as_json_or_as_words(text: str, words: tuple[str, ...]) -> None:
    assert (
        settings.load({"TTP_CONFIG": "/nowhere/c.toml", "TTP_MEDIA_HOST__COMMAND": text})["media_host.command"] == words
    )


@pytest.mark.parametrize("words", [["put", "a b"], ['["put", "a b"]']])
def test_a_list_is_set_by_its_members_or_as_json(ttp: Program, words: list[str]) -> None:
    assert ttp("config", "set", "media_host.command", *words).code == 0
    assert ttp("config", "get", "media_host.command", "--json").json["value"] == ["put", "a b"]


@each(
    ("variable", "text"),
    [
        ("TTP_MEDIA_HOST__COMMAND", "[1]"),
        ("TTP_MEDIA_HOST__COMMAND", "'open"),
        ("TTP_MEDIA_HOST__COMMAND", "[broken"),
        ("TTP_METRICS__PULL", "myspace"),
    ],
)
def test_what_is_no_such_list_is_refused(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=r"(command|pull) is "):
        settings.load({"TTP_CONFIG": "/nowhere/c.toml", variable: text})


def test_who_is_at_work_has_a_name_where_no_variable_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = pwd.struct_passwd(("bob", "x", 1, 1, "", "/", "/bin/sh"))
    monkeypatch.setattr("pwd.getpwuid", lambda uid: entry)
    assert settings.user_name({}).partition("@")[0] == "bob"
    assert settings.user_name({"LOGNAME": "ann"}).partition("@")[0] == "ann"
