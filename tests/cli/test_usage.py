"""What is typed wrong: unknown commands and options, formats that clash, and where an error is written."""

from __future__ import annotations

import json
import shlex
import threading

import pytest

from tests.conftest import Program
from tests.rows import each


@each(
    ("argv", "hint"),
    [
        *((["shedule", "44"], "ttp schedule"), (["LIST"], "ttp list"), (["xyzzy"], "ttp --help")),
        *((["account", "ad"], "ttp account add"), (["account", "xyzzy"], "ttp account --help")),
        *(
            (["account"], "ttp account --help"),
            (["metrics"], "ttp metrics --help"),
            (["help", "tiem"], "ttp help time"),
        ),
        *((["optimal", "nxt"], "ttp optimal next"), (["list", "--stauts", "x"], "--status")),
        *(
            (["list", "extra"], "ttp list --help"),
            (["create", "Hello", "big", "world"], "ttp create 'Hello big world'"),
        ),
        *((["show"], "ttp show --help"), (["show", "abc"], "ttp list"), (["show", "-1"], "ttp show --help")),
        *((["schedule", "1"], "ttp schedule 1 --at"), (["list", "--limit"], "ttp list --help")),
        *(
            (["publish"], "ttp list"),
            (["undo", "all"], "ttp undo --list"),
            (["repeat", "skip"], "ttp repeat list"),
            (["completion"], "ttp completion zsh"),
        ),
        (["config", "set", "publish.retry_max", "-1"], 'not "-1"'),
        (["config", "set", "notify.program", "hear", "-v"], "ttp config set notify.program -- hear -v"),
        (["config", "set", "notify.command", "hear", "-v"], "ttp config set notify.program -- hear -v"),
    ],
)
def test_what_does_not_exist_is_one_error_with_what_was_meant(ttp: Program, argv: list[str], hint: str) -> None:
    ran = ttp(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("ttp: error: ") == 1
    assert hint in ran.err
    as_json = ttp(*argv, "--json")
    assert (as_json.code, as_json.out, as_json.error["exit"]) == (2, "", 2)
    assert as_json.error["code"] in ("usage", "state")


@each(
    ("argv", "meant"),
    [
        *((f"{word} Hello", "create Hello") for word in ("new", "add", "post", "tweet", "write")),
        *((f"{word} 3", "delete 3") for word in ("rm", "remove")),
        ("cancel 3", "unschedule 3"),
        ("stop", "service uninstall"),
        ("token delete ann", "token revoke ann"),
        ("webhook rm 1", "webhook remove 1"),
        ("notify send", "notify test"),
        ("version", "--version"),
        ("ls", "list"),
        ("login x", "account connect x"),
        ("logout x/me", "account remove x/me"),
        ("queue", "list --status scheduled"),
        ("next", "status"),
        ("stats", "metrics summary"),
        ("best", "optimal"),
        ("account delete x/me", "account remove x/me"),
        ("config timezone Europe/Berlin", "config set timezone Europe/Berlin"),
        ("config timezone", "config get timezone"),
        ("optimal x/demo", "optimal --account x/demo"),
        ("optimal ig", "optimal --platform ig"),
        ("list --order time", "list --sort time"),
        ("create Hi --image a.jpg", "create Hi --media a.jpg"),
        ("create Hi --photo a.jpg", "create Hi --media a.jpg"),
        ("create Hi --file a.jpg", "create Hi --media a.jpg"),
        ("create Hi --accounts x", "create Hi --to x"),
        ("create Hi --account x/me", "create Hi --to x/me"),
        ("create Hi --schedule 9am", "create Hi --at 9am"),
        ("create Hi -t x/me", "create Hi --to x/me"),
        ("create Hi -t 9am", "create Hi --at 9am"),
        ("create Hi -t launch", "create Hi --tag launch"),
        ("edit 3 --account x/me", "edit 3 --to x/me"),
        ("edit 3 --photo a.jpg", "edit 3 --add-media a.jpg"),
    ],
)
def test_what_people_try_first_gets_the_right_command(ttp: Program, argv: str, meant: str) -> None:
    ran = ttp(*argv.split(), "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error["hints"][0].removesuffix(" --json") == f"ttp {meant}"


@pytest.mark.parametrize(
    "argv",
    [
        *("xyzzy", "list --zzz", "create Hi a.jpg --zzz"),
        *("account set x/me --unset a", "list --no-status x"),
    ],
)
def test_a_word_that_is_like_no_other_gets_no_guess(ttp: Program, argv: str) -> None:
    assert ttp(*argv.split(), "--json").error["hint"].endswith("--help")


def test_the_last_word_of_schedule_can_be_the_time(ttp: Program) -> None:
    ttp.account("x/me")
    for _ in range(2):
        ttp.ok("create", "Hi", "--to", "x/me")
    assert ttp.ok("schedule", "1", "2", "2099-12-01 09:00", "-q").out == "1\n2\n"
    for argv in (["1", "tomorrow", "9am"], ["9am"], ["9am", "1"]):
        ran = ttp("schedule", *argv, "--json")
        assert (ran.code, ran.error["hints"][0][:12]) == (2, "ttp schedule")


@pytest.mark.parametrize("ask", [["--json"], ["--jsonl"], ["--format", "json"], ["--format=jsonl"]], ids=" ".join)
def test_with_json_an_error_is_one_json_line_on_stderr_whatever_went_wrong(ttp: Program, ask: list[str]) -> None:
    for argv in (["show", "9"], ["list", "--nope"], ["shedule"], ["create", "hi", "--at", "9am"]):
        ran = ttp(*argv, *ask)
        assert ran.out == ""
        (line,) = ran.err.splitlines()
        error = json.loads(line)["error"]
        assert list(error) == ["code", "message", "hint", "hints", "exit", "problems"]
        assert error["exit"] == ran.code


def test_a_text_behind_two_dashes_is_no_option(ttp: Program) -> None:
    assert ttp("create", "--", "--json").out == "1\n"
    ran = ttp("create", "--", "--json", "extra")
    assert ran.err.startswith("ttp: error: ")


def test_the_form_of_an_answer_is_never_chosen_by_the_environment(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.ok("create", "hi")
    plain = ttp("list").out
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS"):
        monkeypatch.setenv(name, "1")
    assert ttp("list").out == plain
    drawn = ttp("list", "--format", "table").out
    assert "\x1b[" in drawn
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in ttp("list", "--format", "table").out
    assert "\x1b[" in ttp("list", "--format", "table", "--color", "always").out
    for argv in (["--help"], ["list", "--help"], ["list", "--nope"]):
        ran = ttp(*argv)
        assert "\x1b[" not in ran.out + ran.err
        assert "─" not in ran.out + ran.err


def test_version_and_help(ttp: Program) -> None:
    from ttp import __version__

    assert ttp("--version").out == f"ttp {__version__}\n"
    assert ttp("--help").out == ttp("help").out == ttp().out != ttp("help", "--all").out
    assert ttp("list", "--help").out == ttp("help", "list").out
    assert "Examples:\n  ttp list\n" in ttp("list", "-h").out
    assert (ttp().code, ttp("account", "--help").code) == (0, 0)
    assert not ttp.home.exists()


def test_a_failure_that_nobody_foresaw_is_one_line_that_says_how_to_see_more(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ttp.services.status import Status

    def broken(self: Status, *_: object) -> None:
        raise RuntimeError("out\nof \x1b[31mthings")

    monkeypatch.setattr(Status, "health", broken)
    ran = ttp("status")
    assert (ran.code, ran.out) == (1, "")
    assert r"RuntimeError: out\nof \x1b[31mthings" in ran.err
    assert ran.err.endswith("\n  see: TTP_DEBUG=1 ttp status\n")
    assert ttp("status", "--json").error["code"] == "internal"


def test_control_c_in_the_middle_of_a_lock_is_no_bug(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `threading.Event.wait` does if it comes between the release of its lock and the wait."""
    from ttp.services.status import Status

    def stopped(self: Status, *_: object) -> None:
        lock = threading.Lock()
        with lock:
            lock.release()
            raise KeyboardInterrupt

    monkeypatch.setattr(Status, "health", stopped)
    ran = ttp("status")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        ("create hi photo.jpg clip.mp4 --to x", "create hi --media photo.jpg --media clip.mp4 --to x"),
        ("create hi --to x --at tomorrow 9am -q", "create hi --to x --at 'tomorrow 9am' -q"),
        ("create --to x --at tomorrow 9am", "create --to x --at 'tomorrow 9am'"),
        ("edit 1 --at tomorrow 9pm", "edit 1 --at 'tomorrow 9pm'"),
        ("edit 1 hello world", "edit 1 'hello world'"),
        ("edit 1 hello photo.jpg --tag a", "edit 1 hello --add-media photo.jpg --tag a"),
        ("create -5% --alt -5%", "create --alt -5% -- -5%"),
        ("list --search --statu --statu draft", "list --search --statu --status draft"),
        ("create hi --now --to x", "create hi --at=now --to x"),
        ("account connect x/me --headless", "account connect x/me --paste"),
        ("optimal week x/me", "optimal week --account x/me"),
        ("pause x/me", "pause --account x/me"),
        ("list --today x/me", "list --today --account x/me"),
        ("report prev x/me", "report prev --account x/me"),
        ("slots add 'sat 18.30' --account x/me", "slots add 'sat 18:30' --account x/me"),
        ("service start", "service install"),
    ],
)
def test_the_command_that_is_suggested_keeps_every_word(ttp: Program, argv: str, meant: str) -> None:
    ttp.account("x/me")
    ttp.post("Hello")
    ran = ttp(*shlex.split(argv))
    assert (ran.code, [line for line in ran.err.splitlines() if "try:" in line]) == (2, [f"  try: ttp {meant}"])


@pytest.mark.parametrize(
    "argv",
    ["create hi --to x foo --tag a bar", "optimal heatmap --svg a b", "create a -- b c", "show 1 2"],
)
def test_surplus_words_without_a_clear_place_get_no_command(ttp: Program, argv: str) -> None:
    ttp.account("x/me")
    ran = ttp(*shlex.split(argv))
    assert ran.code == 2
    assert "try:" not in ran.err


def test_a_text_that_is_a_time_is_accepted(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("create", "9am", "--to", "x", "--at", "2099-01-01 09:00")
    assert ttp("create", "9am", "--to", "x", "--at", "tomorrow").code == 2


@pytest.mark.parametrize(("argv", "meant"), [("list -n 3", "list --limit 3"), ("create Hi -n", "create Hi --dry-run")])
def test_n_is_what_the_command_has(ttp: Program, argv: str, meant: str) -> None:
    assert ttp(*argv.split(), "--json").error["hint"].removesuffix(" --json") == f"ttp {meant}"
