"""`ttp config …`: what is in force and why, and a config file that is changed without losing what a person wrote."""

from __future__ import annotations

import shlex
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.clock import START
from tests.conftest import Program
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.settings import KEYS
from ttp.cli import settings
from ttp.cli.commands.setup import config
from ttp.domain.config import Key, Value
from ttp.store.home import locks

BY_HAND = """# mine
timezone = "Europe/Berlin"  # at home

[publish] # slow
concurrency = 3
"""


@pytest.fixture
def file(ttp: Program) -> Path:
    ttp.home.mkdir(mode=0o700, exist_ok=True)
    path = ttp.home / "config.toml"
    path.write_text(BY_HAND)
    return path


def test_show_tells_each_setting_and_where_it_comes_from(
    ttp: Program, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__DRAIN_S", "60")
    monkeypatch.setenv("TTP_TZ", "Asia/Tokyo")
    shown = {one["key"]: one for one in ttp.ok("config", "show", "--json").json}
    assert list(shown) == list(KEYS)
    assert [(shown[name]["value"], shown[name]["origin"]) for name in
            ("publish.concurrency", "publish.drain_s", "timezone", "publish.poll_s")] == [
        (3, str(file)), (60.0, "TTP_PUBLISH__DRAIN_S"), ("Asia/Tokyo", "TTP_TZ"), (30.0, "default"),
    ]  # fmt: skip
    changed = ttp.ok("config", "show", "publish", "--changed", "--origin").out
    assert changed == f"publish.concurrency\t3\t{file}\npublish.drain_s\t60\tTTP_PUBLISH__DRAIN_S\n"


def test_where_each_comes_from_is_read_on_a_narrow_terminal(
    ttp: Program, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TTP_PLATFORMS__INSTAGRAM__AUTHORIZE_URL", "http://127.0.0.1:8700/" + "a" * 60)
    shown = ttp.ok("config", "show", "--origin", "--format", "table").out.splitlines()
    assert shown[0].split() == ["KEY", "ORIGIN", "VALUE"]
    assert max(map(len, shown)) <= 80
    found = {line.split()[0]: line.split()[1] for line in shown}
    assert (found["publish.concurrency"], found["publish.poll_s"]) == ("config.toml", "default")
    assert found["platforms.instagram.authorize_url"] == "TTP_PLATFORMS__INST…"


def test_get_prints_the_value_alone(ttp: Program, file: Path) -> None:
    assert ttp.ok("config", "get", "publish.concurrency").out == "3\n"
    assert ttp.ok("config", "get", "plan.quiet_hours").out == "\n"
    free = [name for name in PLATFORMS.names() if PLATFORMS.charges_for_reading(name) is False]
    assert "linkedin" not in free
    assert ttp.ok("config", "get", "metrics.pull", "--json").json["value"] == free
    assert ttp.ok("config", "path").out == f"{file}\n"


def test_a_switch_is_told_as_it_is_written(ttp: Program) -> None:
    ttp.ok("config", "set", "guard.strict", "yes")
    assert ttp.ok("config", "get", "guard.strict", "--format", "table").out == "true\n"


@pytest.mark.parametrize("words", [("get",), ("set", "3"), ("unset",), ("show",)])
def test_a_name_that_is_none_is_refused_with_the_nearest(ttp: Program, words: tuple[str, ...]) -> None:
    command, *rest = words
    refused = ttp("config", command, "publish.concurency", *rest)
    assert (refused.code, refused.out) == (2, "")
    assert f"try: ttp config {' '.join([command, 'publish.concurrency', *rest])}\n" in refused.err


def test_set_and_unset_keep_what_a_person_wrote(ttp: Program, file: Path) -> None:
    file.chmod(0o600)
    ttp.ok("config", "set", "publish.concurrency", "5")
    ttp.ok("config", "set", "plan.blackout", "2026-12-24", "2026-12-31")
    ttp.ok("config", "set", "media_host.s3.url", "s3://bucket/folder")
    ttp.ok("config", "unset", "timezone")
    text = file.read_text()
    assert text.startswith("# mine\n\n[publish] # slow\nconcurrency = 5\n")
    assert settings.read_config_file(file) == {
        "publish.concurrency": 5,
        "plan.blackout": ["2026-12-24", "2026-12-31"],
        "media_host.s3.url": "s3://bucket/folder",
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_a_link_stays_one(ttp: Program, file: Path, tmp_path: Path) -> None:
    target = file.rename(tmp_path / "dotfiles.toml")
    file.symlink_to(target)
    ttp.ok("config", "set", "publish.concurrency", "5")
    assert file.is_symlink()
    assert settings.read_config_file(target)["publish.concurrency"] == 5


def test_a_setting_in_the_place_of_a_table_is_told(ttp: Program, file: Path) -> None:
    file.write_text("publish = 3\n")
    refused = ttp("config", "set", "publish.concurrency", "5")
    assert refused.code == 2
    assert '"publish"' in refused.err
    assert ttp("config", "unset", "publish.concurrency").code == 0


def test_a_file_that_is_no_toml_is_not_written_to(ttp: Program, file: Path) -> None:
    file.write_text("[publish\n")
    assert ttp("config", "set", "publish.concurrency", "5").code == 2
    assert file.read_text() == "[publish\n"


def test_set_says_where_the_environment_goes_before_it(
    ttp: Program, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__CONCURRENCY", "4")
    ran = ttp.ok("config", "set", "publish.concurrency", "5", "--json")
    assert ran.json["value"] == 4
    assert "TTP_PUBLISH__CONCURRENCY" in ran.err


def test_a_name_in_the_file_that_is_none_is_a_note_and_not_when_quiet(ttp: Program, file: Path) -> None:
    file.write_text("[publish]\nconcurency = 3\n")
    said = ttp.ok("list").err
    assert all(word in said for word in (str(file), '"publish.concurency"', '"publish.concurrency"'))
    assert ttp.ok("list", "-q").err == ""


def editing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """An editor that does what `script` says with the file, `$1`."""
    program = tmp_path / "editor.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("TTP_EDITOR", str(program))


def test_edit_puts_the_file_in_place_once_it_is_right(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(monkeypatch, tmp_path, 'sed -i.bak "s/= 3/= 6/" "$1"')
    ttp.ok("config", "edit")
    assert file.read_text() == BY_HAND.replace("= 3", "= 6")
    editing(monkeypatch, tmp_path, 'echo "retry_max = 7" > "$1"; echo "[" >> "$1"')
    refused = ttp("config", "edit")
    assert refused.code == 2
    assert "fix: ttp config edit" in refused.err
    assert file.read_text() == BY_HAND.replace("= 3", "= 6")


def test_what_was_refused_is_there_when_it_is_edited_again(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(monkeypatch, tmp_path, 'echo "timezone = 3 # typed for long" > "$1"')
    assert ttp("config", "edit").code == 2
    editing(monkeypatch, tmp_path, 'sed -i.bak "s/3/\'Asia\\/Tokyo\'/" "$1"')
    ttp.ok("config", "edit")
    assert file.read_text() == "timezone = 'Asia/Tokyo' # typed for long\n"
    assert not Path(f"{file}.edit").exists()


def test_edit_without_a_file_opens_one_that_sets_nothing(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(monkeypatch, tmp_path, f'cp "$1" {tmp_path}/seen; echo "[hooks]" > /dev/null')
    ttp.ok("config", "edit")
    assert not (ttp.home / "config.toml").exists()
    uncommented = "".join(
        line.removeprefix("# ") if " = " in line and not line.startswith("# #") else ""
        for line in (tmp_path / "seen").read_text().splitlines(keepends=True)
    )
    assert "retry_max = 8\n" in uncommented
    assert settings.read_config_file(tmp_path / "seen") == {}


@pytest.mark.parametrize(("script", "code"), [("exit 3", 1), (None, 1)])
def test_an_editor_that_fails_is_told(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, code: int
) -> None:
    if script is None:
        monkeypatch.setenv("TTP_EDITOR", str(tmp_path / "none"))
    else:
        editing(monkeypatch, tmp_path, script)
    assert ttp("config", "edit").code == code
    assert file.read_text() == BY_HAND


def _values(key: Key) -> st.SearchStrategy[Value]:
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    match key.default:
        case bool():
            return st.booleans()
        case int():
            return st.integers(1, 1_000_000)
        case float():
            return st.floats(0, 1e9)
        case tuple():
            return st.lists(texts, max_size=3).map(tuple)
        case _:
            return texts


@given(data=st.data())
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_what_is_put_is_what_is_read_and_nothing_else_changes(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BY_HAND)
    expected: dict[str, object] = {"timezone": "Europe/Berlin", "publish.concurrency": 3}
    for name in data.draw(st.lists(st.sampled_from(list(KEYS)), max_size=4)):
        value = data.draw(st.one_of(st.none(), _values(KEYS[name])))
        config.write_settings(path, [(KEYS[name], value)])
        if value is None:
            expected.pop(name, None)
        else:
            expected[name] = list(value) if isinstance(value, tuple) else value
    assert settings.read_config_file(path) == expected
    assert path.read_text().startswith("# mine\n")


def test_unset_leaves_no_empty_table(ttp: Program, file: Path) -> None:
    ttp.ok("config", "set", "media_host.s3.url", "s3://bucket/folder")
    ttp.ok("config", "unset", "media_host.s3.url")
    assert "media_host" not in file.read_text()
    assert file.read_text().startswith("# mine\n")


@pytest.mark.slow
def test_two_who_change_settings_at_once_both_do(ttp: Program, file: Path) -> None:
    """Each reads the whole file and writes it back; no other process may write in between."""
    names = [f"platforms.{platform}.client_id" for platform in ("x", "instagram", "tiktok")]
    begun = [
        subprocess.Popen([sys.executable, "-m", "ttp", "config", "set", name, str(number)])
        for number in range(4)
        for name in names
    ]
    assert [process.wait(300) for process in begun] == [0] * 12
    assert set(names) <= set(settings.read_config_file(file))


def test_an_edit_does_not_overwrite_what_was_set_meanwhile(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho "[plan]" >> "$1"\necho "min_gap_s = 60" >> "$1"\necho "# other" >> {file}\n')
    editor.chmod(0o755)
    monkeypatch.setenv("TTP_EDITOR", str(editor))
    refused = ttp("config", "edit", "--json")
    assert (refused.code, refused.error["code"]) == (2, "conflict")
    assert file.read_text() == f"{BY_HAND}# other\n"
    assert "min_gap_s = 60" in file.with_name("config.toml.edit").read_text()
    editor.write_text("#!/bin/sh\n")
    ttp.ok("config", "edit")
    assert "min_gap_s = 60" in file.read_text()


@pytest.mark.parametrize(
    ("key", "value", "way"),
    [
        ("timezone", "Europe/Berln", "ttp config set timezone Europe/Berlin"),
        ("timezone", "Mars", "ttp config set timezone Europe/Berlin"),
        ("plan.quiet_hours", "noon", ""),
        ("http.read_timeout_s", "nan", ""),
        ("publish.max_lateness_s", "2h", "ttp config set publish.max_lateness_s 7200"),
        ("publish.require_approval", "maybe", "ttp config set publish.require_approval true"),
        ("media_host.kind", "ftp", "ttp config set media_host.kind folder"),
        ("platforms.linkedin.version", "2024-01", "ttp config set platforms.linkedin.version 202609"),
        ("platforms.enabled", "x,bluesky", "ttp config set platforms.enabled x bluesky"),
        ("platforms.enabled", "nostr", "ttp help"),
    ],
)
def test_a_value_that_it_cannot_have_is_refused_with_what_may_be_meant(
    ttp: Program, file: Path, key: str, value: str, way: str
) -> None:
    before = file.read_text()
    refused = ttp("config", "set", key, value)
    assert (refused.code, refused.out, file.read_text()) == (2, "", before)
    assert [line.partition(": ")[2] for line in refused.err.splitlines()[1:2]] == [way][: bool(way)]
    if way:
        ttp.ok(*shlex.split(way)[1:])
    assert ttp("config", "set", key, value, "--json").error["code"] == ("time" if key == "timezone" else "usage")


def test_a_number_in_the_place_of_a_text_is_told_without_quotes(ttp: Program, file: Path) -> None:
    file.write_text("[platforms.linkedin]\nversion = 202609\n")
    refused = ttp("config", "get", "platforms.linkedin.version")
    assert refused.code == 2
    assert refused.err.splitlines()[0].endswith(" 202609")


def test_a_zone_that_is_none_is_refused_from_the_editor_too(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(monkeypatch, tmp_path, """echo "timezone = 'Mars'" > "$1" """)
    refused = ttp("config", "edit")
    assert (refused.code, file.read_text()) == (2, BY_HAND)
    assert refused.err.endswith("  fix: ttp config edit\n")
    assert '"Mars"' in refused.err


def test_an_editor_that_nobody_can_use_leaves_nothing_behind(ttp: Program, file: Path) -> None:
    refused = ttp("config", "edit")
    assert (refused.code, "is kept" in refused.err) == (2, False)
    assert [entry.name for entry in file.parent.glob("config*")] == [file.name]


def test_a_variable_that_is_nearly_a_setting_s_is_told(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PUBLISH__CONCURENCY", "3")
    said = 'TTP_PUBLISH__CONCURENCY: no setting "publish.concurency"; did you mean "publish.concurrency"?'
    assert said in ttp.ok("list").err
    monkeypatch.setenv("TTP_PUBLISH__CONCURRENCY", "abc")
    assert "fix: unset TTP_PUBLISH__CONCURRENCY\n" in ttp("list").err


@pytest.mark.parametrize("script", ['rm "$1"', 'echo "retry_max = 7" > "$1"; rm "$1"', 'mv "$1" "$1.away"'])
def test_a_file_that_is_gone_when_the_editor_ends_empties_nothing(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    editing(monkeypatch, tmp_path, script)
    refused = ttp("config", "edit", "--json")
    assert (refused.code, refused.error["code"]) == (2, "conflict")
    assert file.read_text() == BY_HAND


def test_two_who_edit_at_once_empty_nothing(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    until = "while [ ! -e {} ]; do sleep 0.02; done"
    editing(monkeypatch, tmp_path, f"touch {begun}; {until.format(ended)}")
    slow = subprocess.Popen([sys.executable, "-m", "ttp", "config", "edit"], stderr=subprocess.PIPE)
    while not begun.exists():
        time.sleep(0.02)
    editing(monkeypatch, tmp_path, "exit 0")
    ttp.ok("config", "edit")
    ended.touch()
    _, err = slow.communicate(timeout=60)
    assert slow.returncode == 2
    assert err.startswith(b"ttp: error: ")
    assert file.read_text() == BY_HAND


def test_nothing_is_kept_of_an_edit_that_failed_before_anything_was_written(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(monkeypatch, tmp_path, "exit 3")
    assert "fix: ttp config edit" not in ttp("config", "edit").err
    ttp.ok("config", "set", "plan.min_gap_s", "60")
    editing(monkeypatch, tmp_path, 'echo "# mine" >> "$1"')
    ttp.ok("config", "edit")
    assert settings.read_config_file(file)["plan.min_gap_s"] == 60


def test_a_publisher_that_runs_on_with_the_old_settings_is_told(
    ttp: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "note: the running publisher keeps its old settings until it is restarted\n"
    words = ("config", "set", "publish.concurrency", "5")
    locks.write_holder(ttp.home, locks.Holder(4711, "loop", START, START))
    assert ttp.ok(*words).err == ""
    with locks.publisher_lock(ttp.home):
        assert ttp.ok(*words).err == f"{told}      stop it:  kill 4711\n"
        assert told in ttp.ok("config", "unset", "publish.concurrency").err
        editing(monkeypatch, tmp_path, "exit 0")
        assert ttp.ok("config", "edit").err == ""
        editing(monkeypatch, tmp_path, 'echo "# more" >> "$1"')
        assert told in ttp.ok("config", "edit").err
        locks.write_holder(ttp.home, locks.Holder(4711, "once", START, START))
        assert ttp.ok(*words).err == ""


@pytest.mark.parametrize(
    ("key", "typed", "fix"),
    [
        ("notify.ntfy.url", "ntfy.sh/topic", "ttp config set notify.ntfy.url https://ntfy.sh/topic"),
        ("notify.ntfy.url", "127.0.0.1:8080/topic", "ttp config set notify.ntfy.url http://127.0.0.1:8080/topic"),
        ("notify.ntfy.click", "queue", "such as https://posts.example.org/queue"),
        ("notify.ntfy.url", "ftp://example.org", "such as https://ntfy.sh/TOPIC"),
        ("notify.ntfy.url", "https://exa mple.org", "such as https://ntfy.sh/TOPIC"),
        ("server.base_url", "posts.example.org", "ttp config set server.base_url https://posts.example.org"),
        ("server.base_url", "https://ann:secret@posts.example.org", "such as https://posts.example.org"),
        ("server.base_url", "https://posts.example.org:0", "such as https://posts.example.org"),
        ("server.base_url", "https://[::1", "such as https://posts.example.org"),
        ("server.url", "unix://ttp.sock", "such as https://posts.example.org"),
    ],
)
def test_a_web_address_is_checked_when_it_is_set(ttp: Program, key: str, typed: str, fix: str) -> None:
    ran = ttp("config", "set", key, typed, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert fix in ttp("config", "set", key, typed).err
    assert ttp.ok("config", "get", key, "--json").json["value"] in (None, "")


def test_a_setting_is_named_with_what_was_written_where_a_variable_overrides_it(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__CONCURRENCY", "7")
    ran = ttp.ok("config", "set", "publish.concurrency", "5", "--format", "table")
    words = ran.out.partition(str(ttp.home))[0].replace(",", "").split()
    assert "5" in words
    assert "7" not in words
    assert "TTP_PUBLISH__CONCURRENCY" in ran.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TIMEZONE", "timezone"),
        ("publsh.retry_max", "publish.retry_max"),
        ("publish.retry.max", "publish.retry_max"),
        ("notify.on", None),
        ("notify.email.foo", None),
    ],
)
def test_a_setting_of_a_near_name_is_meant_if_each_part_is_near(ttp: Program, typed: str, meant: str | None) -> None:
    ran = ttp("config", "get", typed, "--json")
    assert (ran.code, ran.error["hint"]) == (2, f"ttp config get {meant} --json" if meant else "ttp config show")


def test_an_empty_text_empties_a_list(ttp: Program) -> None:
    ttp.ok("config", "set", "notify.to", "desktop")
    assert ttp.ok("config", "set", "notify.to", "", "--json").json["value"] == []


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("notify.ntfy.url", "http://127.0.0.1:8080/topic"),
        ("server.base_url", "https://posts.example.org/ttp/"),
        ("server.url", "unix:///run/ttp.sock"),
    ],
)
def test_a_web_address_that_fits_is_stored(ttp: Program, key: str, typed: str) -> None:
    ttp.ok("config", "set", key, typed)
    assert typed in settings_file(ttp)


def settings_file(ttp: Program) -> str:
    return (ttp.home / "config.toml").read_text()
