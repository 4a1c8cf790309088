"""`ttp create`: what is stored, what is refused, and that nothing is stored by half."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg, movie
from ttp.cli.errors import BY_CODE
from ttp.services.installation import battery
from ttp.store.home import locks

TABLES = ("post", "delivery", "post_media", "post_tag")


def rows(ttp: Program) -> list[int]:
    return [ttp.count(table) for table in TABLES]


# What is stored.


def test_a_text_alone_is_a_draft_and_its_id_is_all_that_a_pipe_gets(ttp: Program) -> None:
    ran = ttp("create", "Hello")
    assert (ran.code, ran.out, ran.err) == (0, "1\n", "")
    assert ttp("show", "1", "--json").json["status"] == "draft"


def test_the_word_help_alone_is_no_draft_by_mistake(ttp: Program) -> None:
    ran = ttp("create", "help")
    assert (ran.code, "try: ttp create --help\n" in ran.err, ttp.count("post")) == (2, True, 0)
    assert ttp.ok("create", "--", "help").out == "1\n"


def test_a_time_makes_it_scheduled_for_every_account_that_was_named(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    post = ttp("create", "Hello", "--to", "x/me,x/shop", "--to", "x/me", "--at", "tomorrow 9am", "--json").json
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2026-11-25T09:00:00Z")
    assert [(d["account"], d["state"], d["dueAt"]) for d in post["deliveries"]] == [
        ("x/me", "pending", "2026-11-25T09:00:00Z"),
        ("x/shop", "pending", "2026-11-25T09:00:00Z"),
    ]


def test_everything_that_was_typed_is_in_the_post(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    picture = tmp_path / "a.jpg"
    picture.write_bytes(jpeg())
    post = ttp.ok(
        *(
            "create",
            "Hello",
            "--to",
            "twitter",
            "--media",
            str(picture),
            "--alt",
            "A door",
            "--tag",
            "b,a",
            "--tag",
            "b",
        ),
        *("--text", "x=Hi", "--set", "tiktok.privacy_level=self_only", "--key", "k", "--max-late", "2h", "--json"),
    ).json
    assert post["variants"] == {"x": "Hi"}
    assert post["options"] == {"tiktok.privacy_level": "SELF_ONLY"}
    assert (post["tags"], post["key"], post["maxLatenessS"]) == (["b", "a"], "k", 7200)
    assert [(m["name"], m["alt"], m["width"]) for m in post["media"]] == [("a.jpg", "A door", 1080)]


def test_a_draft_is_always_accepted_with_a_warning(ttp: Program) -> None:
    ttp.account()
    ran = ttp("create", "a" * 281, "--to", "x", "--json")
    assert (ran.code, ran.json["status"]) == (0, "draft")
    assert ran.json["warnings"] == ["x/me: text is 281 of 280"]
    assert ran.err == "note: x/me: text is 281 of 280\n"


def test_an_account_without_a_token_is_warned_of_when_there_is_a_time(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    ran = ttp("create", "Hello", "--to", "x", "--at", "in 1h")
    assert ran.code == 0
    assert "\n      fix: ttp account connect x/me\n" in ran.err


def test_a_character_that_postgresql_cannot_keep_is_refused(
    ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    refused = ttp("create", "-", "--json", stdin="a\0b")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert ttp.count("post") == 0


# Stdin.


def test_a_dash_reads_stdin_without_its_last_line_breaks_and_without_a_byte_order_mark(ttp: Program) -> None:
    ttp.ok("create", "-", stdin="\ufeffOne\r\n\r\nTwo\n\n")
    assert ttp("show", "1", "--json").json["content"] == "One\n\nTwo"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        *((["--to", "x/me", "--at", "tomorow 9am"], "time"), (["--at", "tomorrow 9am"], "usage")),
        *((["--to", "x/nobody"], "not_found"), (["--media", "missing.jpg"], "not_found")),
        *(
            (["--set", "tiktok.nonsense=1"], "usage"),
            (["--text", "novalue"], "usage"),
            (["--max-late", "soon"], "time"),
        ),
        (["--key", ""], "usage"),
        (["--to", "x/me", "--at", "tomorrow 9am", "--text", "x=" + "a" * 281], "content"),
    ],
)
def test_a_text_from_stdin_is_kept_as_a_draft_whatever_is_wrong_with_the_rest(
    ttp: Program, options: list[str], code: str
) -> None:
    ttp.account()
    ran = ttp("create", "-", *options, "--json", stdin="A long text\nof two lines\n")
    assert (ran.code, ran.out, ran.error["code"]) == (BY_CODE[code], "", code)
    assert "draft 1" in ran.error["message"]
    assert ttp("show", "1", "--json").json["content"] == "A long text\nof two lines"
    assert ttp.count("post") == 1


def test_a_text_from_stdin_whose_time_is_refused_keeps_the_rest_that_was_typed(ttp: Program) -> None:
    ttp.account()
    wish = ("--to", "x/me", "--at", "tomorrow 9am", "--tag", "a", "--key", "k")
    assert "281 of 280" in ttp("create", "-", *wish, stdin="a" * 281).err
    post = ttp("show", "1", "--json").json
    assert (post["accounts"], post["tags"], post["scheduledAt"], post["key"]) == (["x/me"], ["a"], None, None)
    assert ttp.ok("create", "-", *wish, stdin="a").rows == [["2"]]


def test_the_command_to_type_for_a_kept_text_goes_on_with_its_draft(ttp: Program) -> None:
    ttp.account()
    ran = ttp("create", "-", "--to", "x/me", "--tag", "a b", "--at", "tomorow 9am", "--json", stdin="Hello")
    assert ran.error["hint"] == "ttp edit 1 --at 'tomorrow 9am'"
    assert ttp.ok("edit", "1", "--at", "tomorrow 9am", "--json").json["tags"] == ["a b"]


def test_an_empty_stdin_is_nothing_to_keep(ttp: Program) -> None:
    ran = ttp("create", "-", "--json", stdin=" \n")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert not ttp.home.exists()


def test_an_empty_stdin_beside_media_is_a_post_without_text(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    assert ttp("create", "-", "--media", str(tmp_path / "a.jpg"), stdin="").code == 0


def test_stdin_that_is_not_utf8_is_refused_in_one_line(ttp: Program) -> None:
    ran = ttp("create", "-", stdin=b"caf\xe9")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_a_long_text_from_stdin_is_kept_and_refused_at_once(ttp: Program) -> None:
    ttp.account()
    ran = ttp("create", "-", "--to", "x", "--at", "in 1h", stdin="word " * 20_000)
    assert ran.code == 2
    assert len(ran.err) < 1000
    assert ttp.sql("SELECT length(content) FROM post") == [(100_000,)]


LONG = "a" * 100_001


@pytest.mark.parametrize(
    ("argv", "field"),
    [
        (["create", "-"], "content"),
        (["create", "--file", "long.md"], None),
        (["create", "a", "--text", f"x={LONG}"], "variants"),
        (["create", "a", "--thread", LONG], "thread"),
        (["edit", "1", "-"], "content"),
        (["import", "long.csv"], None),
        (["repeat", "1", "--cron", "0 9 * * 1", "--vary", "long.txt"], None),
    ],
)
def test_a_text_of_more_than_100000_characters_is_refused_at_every_door(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], field: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    ttp.account()
    ttp.ok("create", "One", "--to", "x", "--at", "2098-01-01T09:00Z")
    Path("long.md").write_text(f"---\nto: x\n---\n{LONG}\n")
    Path("long.csv").write_text(f"content\n{LONG}\n")
    Path("long.txt").write_text(f"{LONG}\nb\n")
    ran = ttp(*argv, "--json", stdin=LONG)
    assert ran.code in (2, 6), ran
    assert len(ran.err) + len(ran.out) < 3000
    if field is not None:
        assert [one["field"] for one in ran.error["problems"]] == [field]
    assert ttp.sql("SELECT content FROM post") == [("One",)]


# What is refused, with nothing stored.


def test_bad_input_is_one_error_with_its_exit_code_and_stores_nothing(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("movie.jpg").write_bytes(movie())
    Path("empty.png").touch()
    ttp.account("x/me")
    ttp.account("x/shop")
    for argv, code in [
        *(([], "usage"), (["  "], "usage"), (["hi", "--at", "tomorrow 9am"], "usage"), (["hi", "--key", " "], "usage")),
        *((["hi", "--to", "x"], "ambiguous"), (["hi", "--to", "ig"], "usage"), (["hi", "--to", "x/mee"], "not_found")),
        *((["hi", "--to", "fb/me"], "usage"), (["hi", "--to", "x/m e"], "usage")),
        (["hi", "--to", "x/me", "--at", "2026-11-24 09:00"], "past"),
        *((["hi", "--to", "x/me", "--at", text], "time") for text in ("12/11/2026", "tomorrow", "")),
        (["hi", "--to", "x/me", "--at", "2027-03-28 02:30", "--tz", "Europe/Berlin"], "dst"),
        (["hi", "--to", "x/me", "--at", "9am", "--tz", "Mars"], "time"),
        (["a" * 281, "--to", "x/me", "--at", "in 1h"], "content"),
        *((["hi", "--media", "missing.jpg"], "not_found"), (["hi", "--media", "."], "usage")),
        *((["hi", "--media", "fifo"], "usage"), (["hi", "--media", "/dev/null"], "usage")),
        *((["hi", "--media", "movie.jpg"], "usage"), (["hi", "--media", "empty.png"], "usage")),
        *((["hi", "--media", "http://example.org/a.jpg"], "usage"), (["hi", "--alt", "x"], "usage")),
        (["hi", "--media", "https://me:word@a.example/b"], "usage"),
        *((["hi", "--media", f"sha256:{name}"], "usage") for name in ("", "../../x", "abc", f"{'0' * 65}/a.jpg")),
        (["hi", "--media", f"sha256:{'0' * 64}"], "not_found"),
    ]:
        ran = ttp("create", *argv)
        assert (ran.code, ran.out) == (BY_CODE[code], ""), argv
        assert ran.err.startswith("ttp: error: "), argv
        assert ran.err.count("ttp: error") == 1, argv
        assert "me:word" not in ran.err, argv
        assert "Traceback" not in ran.err, argv
        assert ttp("create", *argv, "--json").error["code"] == code, argv
    assert rows(ttp) == [0, 0, 0, 0]


def test_all_problems_of_all_accounts_are_told_at_once(ttp: Program) -> None:
    for name in ("x/me", "ig/shop", "tt/me"):
        ttp.account(name)
    ran = ttp("create", "a" * 2201, "--to", "x,ig,tt", "--at", "in 1h", "--json")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.error["code"] == "content"
    assert {(p["account"], p["code"]) for p in ran.error["problems"]} >= {
        ("x/me", "text_too_long"),
        ("instagram/shop", "text_too_long"),
        ("instagram/shop", "media_missing"),
        ("tiktok/me", "media_missing"),
        ("tiktok/me", "option_missing"),
    }


def test_a_corrected_command_keeps_the_zone_and_every_option_that_was_typed(ttp: Program) -> None:
    ttp.account()
    wish = ["create", "it's", "--to", "x/me", "--tag", "a", "--key", "k", "--tz", "Europe/Berlin"]
    ran = ttp(*wish, "--at", "2027-03-28 02:30", "--json")
    assert ran.error["code"] == "dst"
    assert ran.error["hint"] == (
        "ttp create 'it'\"'\"'s' --to x/me --tag a --key k --tz Europe/Berlin --at '2027-03-28 03:30' --json"
    )


def test_a_corrected_command_can_be_typed_whatever_the_text_is(ttp: Program) -> None:
    ttp.account()
    dashed = ttp("create", "--to", "x/me", "--at", "tomorow 9am", "--json", "--", "-5% off")
    assert dashed.error["hint"] == "ttp create --to x/me --at 'tomorrow 9am' --json -- '-5% off'"
    lines = ttp("create", "a\nit's\x1b", "--to", "x/me", "--at", "tomorow 9am", "--json")
    assert lines.error["hint"] == r"ttp create $'a\nit\'s\x1b' --to x/me --at 'tomorrow 9am' --json"


@pytest.mark.parametrize("text", ["-5% off", "- a list", "--hello world", "-1"])
def test_a_text_that_begins_with_a_dash_is_refused_with_the_form_to_type(ttp: Program, text: str) -> None:
    ttp.account()
    ran = ttp("create", text, "--to", "x/me", "--json")
    assert ran.code == 2
    assert ran.error["hint"].startswith("ttp create --to x/me --json -- ")
    assert ttp("create", "--to", "x/me", "--", text).code == 0
    assert ttp("show", "1", "--json").json["content"] == text


@pytest.mark.parametrize("text", ["-hello", "--hello", "-x"])
def test_what_may_be_an_option_or_a_text_is_told_both_ways(ttp: Program, text: str) -> None:
    ran = ttp("create", text)
    assert ran.code == 2
    assert f"ttp create -- {text}" in ran.err


def test_bytes_that_are_not_utf8_are_refused_wherever_they_stand(ttp: Program) -> None:
    for argv in (["a\udcff"], ["a", "--tag", "\udcff"], ["a", "--key", "\udcff"], ["a", "--text", "x=\udcff"]):
        ran = ttp("create", *argv)
        assert (ran.code, ran.err.count("ttp: error: ")) == (2, 1), argv
    assert not ttp.home.exists()


# Keys.


def test_the_same_key_again_is_the_first_post_also_after_its_time(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    picture = tmp_path / "a.jpg"
    picture.write_bytes(jpeg())
    wish = ["create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--key", "k", "--media", str(picture)]
    first = ttp(*wish, "--json").json
    assert "replayed" not in first
    ttp.clock.advance(days=2)
    again = ttp(*wish, "--json")
    assert (again.code, again.json["id"], again.json["replayed"]) == (0, 1, True)
    assert ttp(*wish).out == "1\n"
    assert rows(ttp) == [1, 1, 1, 0]


def test_a_replay_looks_at_the_bytes_of_media_and_not_at_their_name(ttp: Program, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg())
    ttp.ok("create", "hi", "--key", "k", "--media", str(tmp_path / "a.jpg"))
    assert ttp("create", "hi", "--key", "k", "--media", str(tmp_path / "b.jpg"), "--json").json["replayed"]
    (tmp_path / "a.jpg").write_bytes(jpeg(1200, 1200))
    assert ttp("create", "hi", "--key", "k", "--media", str(tmp_path / "a.jpg")).code == 2


@pytest.mark.parametrize(
    "other",
    [
        ["create", "ho", "--to", "x/me", "--at", "tomorrow 9am"],
        ["create", "hi", "--to", "x/shop", "--at", "tomorrow 9am"],
        ["create", "hi", "--to", "x/me", "--at", "tomorrow 10am"],
        ["create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--tz", "Asia/Tokyo"],
        ["create", "hi", "--to", "x/me"],
        ["create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--set", "tiktok.is_aigc=true"],
        ["create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--tag", "t"],
        ["create", "hi", "--to", "nowhere/at-all", "--at", "rubbish"],
    ],
)
def test_a_key_with_anything_else_is_a_conflict_before_any_other_check(ttp: Program, other: list[str]) -> None:
    ttp.account("x/me")
    ttp.account("x/shop")
    ttp.ok("create", "hi", "--to", "x/me", "--at", "tomorrow 9am", "--key", "k")
    ran = ttp(*other, "--key", "k", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert (ran.error["code"], ran.error["exit"], ran.error["hint"]) == ("conflict", 2, "ttp show 1")
    assert ttp.count("post") == 1


def test_a_replay_reads_stdin_and_keeps_no_second_draft(ttp: Program) -> None:
    ttp.ok("create", "-", "--key", "k", stdin="hi")
    ran = ttp("create", "-", "--key", "k", "--json", stdin="hi\n")
    assert ran.json["replayed"]
    assert ttp.count("post") == 1


# The note that nothing runs.


def test_scheduling_says_that_nothing_is_running(ttp: Program) -> None:
    ttp.account()
    note = "Nothing will publish this yet: no publisher runs. fix: ttp run see: ttp help cron"
    ran = ttp("create", "hi", "--to", "x", "--at", "in 1h", "--json")
    assert (ran.code, " ".join(ran.err.split()), ran.json["warnings"]) == (0, f"note: {note}", [note])
    quiet = ttp("create", "another", "--to", "x", "--at", "in 2h", "--json", "-q")
    assert (quiet.err, quiet.json["warnings"]) == ("", [])
    assert ttp("create", "a draft").err == ""


def test_a_run_that_has_ended_is_told_at_once_and_one_of_cron_comes_again(ttp: Program) -> None:
    ttp.account()
    for mode, at, is_told in (("loop", "in 1h", True), ("once", "in 9h", False)):
        locks.write_holder(ttp.home, locks.Holder(1, mode, ttp.clock.now(), ttp.clock.now()))
        ran = ttp.ok("create", f"after {mode}", "--to", "x", "--at", at, "--json")
        assert bool(ran.json["warnings"]) is is_told


@pytest.mark.parametrize(
    "argv", [["schedule", "1", "--at", "in 1h"], ["edit", "1", "--at", "in 1h"], ["publish", "1", "--no-wait", "--yes"]]
)
def test_every_command_that_gives_a_time_says_so(ttp: Program, argv: list[str]) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    assert "fix: ttp run\n" in ttp.ok(*argv).err
    assert ttp.ok(*argv, "-q").err == ""


def test_a_person_is_told_once_a_day_below_the_answer(ttp: Program) -> None:
    ttp.account()
    argv = ["--to", "x", "--format", "table", "--at"]
    assert not ttp.ok("create", "One", *argv, "in 1h", "-q").err
    first = ttp.ok("create", "Two", *argv, "in 3h")
    assert [line.partition(":")[0] for line in first.err.splitlines()] == ["note"]
    assert stat.S_IMODE((ttp.home / "not-running.noted").stat().st_mode) == 0o600
    assert not ttp.ok("create", "Three", *argv, "in 5h").err
    assert ttp.ok("create", "Four", "--to", "x", "--at", "in 7h", "--json").json["warnings"]
    ttp.clock.advance(hours=24)
    assert ttp.ok("create", "Five", *argv, "in 9h").err == first.err


@pytest.mark.sqlite("other machines may publish from a store in PostgreSQL")
def test_a_person_reads_once_that_a_laptop_publishes_only_while_it_is_awake(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ttp.account()
    ttp.ok("run", "--once")
    monkeypatch.setattr(battery.has_battery, "__defaults__", (tmp_path,))
    monkeypatch.setattr(sys, "platform", "linux")
    for name, facts in {"AC": {"type": "Mains"}, "mouse": {"type": "Battery", "scope": "Device"}}.items():
        (tmp_path / name).mkdir()
        for fact, value in facts.items():
            (tmp_path / name / fact).write_text(f"{value}\n")

    def notes(hours: int, *argv: str) -> int:
        ran = ttp.ok("create", f"Hi {hours}", "--to", "x", "--at", f"in {hours}h", *argv)
        return ran.err.count("note:")

    person = ("--format", "table")
    assert not notes(1, *person)
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "type").write_text("Battery\n")
    assert [notes(3, "--json"), notes(5), notes(7, *person), notes(9, *person)] == [0, 0, 1, 0]
    assert not ttp.ok("schedule", "1", "--at", "in 11h", *person).err
    assert not battery.has_battery(tmp_path / "none")


def test_it_is_silent_once_something_has_run_lately(ttp: Program) -> None:
    ttp.account()
    ttp.ok("run", "--once")
    assert ttp.ok("create", "hi", "--to", "x", "--at", "in 1h").err == ""
    ttp.clock.advance(minutes=16)
    assert "fix: ttp run\n" in ttp.ok("create", "hi", "--to", "x", "--at", "in 1h").err


def test_a_refusal_tells_what_must_be_mended_and_no_warnings(ttp: Program) -> None:
    ttp.account()
    ttp.post("One", "--to", "x", "--at", "tomorrow 9am")
    refused = ttp("create", "a" * 300, "--to", "x", "--at", "tomorrow 9am")
    assert [line.partition(":")[0] for line in refused.err.splitlines()] == ["ttp", "  draft"]
