"""A program of the user's as a platform: orders, answers, and everything that a bad program can do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from tests.last_words import last_words
from tests.platforms.case import PHOTOS
from tests.platforms.factories import PLATFORMS
from tests.platforms.pinned import USUAL_KINDS, Pinned, PinnedFacts
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.config import Config, Value
from ttp.domain.media.item import MediaItem
from ttp.domain.platform_post import PlatformPost
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unclear, Unknown, Working
from ttp.platforms import user_program
from ttp.platforms.client import Deleted, PublishRequest, Ready, StepDone, StepFailed
from ttp.platforms.command import program as program_module
from ttp.platforms.command.client import CommandCheck, CommandClient
from ttp.platforms.command.metrics import CommandReader
from ttp.platforms.command.rules import DEFAULTS, BadRules, CommandRules, read_rules
from ttp.platforms.metrics_reader import AccountSession
from ttp.platforms.testing import NOON, PlatformSuite, Scenario, StandingClock

BOX = """
order = json.load(sys.stdin)
box = pathlib.Path(__file__).with_name("box")
box.mkdir(exist_ok=True)
file = box / str(order.get("key"))
ids = [order.get("key")] + [f"{order.get('key')}.{n}" for n, _ in enumerate(order.get("thread", []), 2)]
match order["verb"]:
    case "publish":
        order["bytes"] = [len(pathlib.Path(one["path"]).read_bytes()) for one in order["media"]]
        file.write_text(json.dumps(order))
        answer = {"id": ids[0], "url": f"https://box.example/{ids[0]}", "parts": ids}
    case "lookup":
        answer = {"found": True, "id": ids[0], "parts": ids} if file.exists() else {"found": False}
    case "delete":
        (box / order["id"]).unlink(missing_ok=True)
        answer = {"deleted": True}
    case "metrics":
        ids = order.get("ids", ["1", "2", "3"])
        answer = {"posts": [{"id": one, "publishedAt": "2026-11-20T10:00:00+01:00", "likes": 3} for one in ids]}
print(json.dumps(answer))
"""
"""A program that publishes into the folder next to it, and can do everything."""
ALL = 'verbs = ["publish", "lookup", "delete", "metrics"]\n'


def write_program(folder: Path, lines: str = BOX, rules: str = ALL) -> Account:
    """Write a program and its rules, and return an account that publishes with it."""
    program = folder / "box.py"
    program.write_text(f"#!{sys.executable}\nimport json, os, pathlib, sys, time\n{lines}")
    program.chmod(0o700)
    program.with_suffix(".toml").write_text(rules)
    return Account("command", "box", 1, connected=True, server=program.as_uri())


def request_of(account: Account, **more: object) -> PublishRequest:
    return PublishRequest(1, account, Credentials(""), "Hello", key_seed="store/1", **more)  # type: ignore[arg-type]  # by name


def prepare(request: PublishRequest) -> tuple[list[StepDone], Ready]:
    steps, preparing = [], CommandClient(StandingClock()).prepare(request, {})
    while True:
        try:
            steps.append(next(preparing))
        except StopIteration as end:
            return steps, end.value  # type: ignore[return-value]  # it never waits


def publish(account: Account) -> object:
    return CommandClient(StandingClock()).publish(request_of(account), {})


def look_up(account: Account) -> object:
    return CommandClient(StandingClock()).look_up(request_of(account), {}, NOON).finding


@dataclass
class BoxStandIn:
    folder: Path
    account: Account
    credentials: Credentials = field(default_factory=lambda: Credentials(""))
    ahead: timedelta = timedelta(0)
    settings: Mapping[str, Value] = field(default_factory=dict)

    def count(self) -> int:
        box = self.folder / "box"
        return len(list(box.iterdir())) if box.exists() else 0

    def refuse(self, why: str) -> None:
        write_program(self.folder, f"print(json.dumps({{'refused': {why!r}}}))")

    def end_token(self) -> None:
        raise NotImplementedError


class TestCommand(PinnedFacts, PlatformSuite):
    platform = PLATFORMS.facts("command")
    pinned = Pinned(USUAL_KINDS, "none", 30.0, 6, None)
    scenarios: ClassVar = {
        "text": Scenario(None, refused_by="not here"),
        "images": Scenario(None, media=PHOTOS),
        "thread": Scenario(None, thread=("Two", "Three")),
        "no look-up": Scenario(None, options={"verbs": "publish"}),
    }

    @contextmanager
    def stand_in(self, scenario: Scenario, clock: StandingClock) -> Iterator[BoxStandIn]:
        verbs = 'verbs = ["publish"]\n' if scenario.options else ALL
        account = write_program(self.folder, rules=f"{verbs}media_count = 4\nthread_parts = 5")
        yield BoxStandIn(self.folder, replace(account, server_info=read_rules(self.folder / "box.py")))

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "program"
        self.folder.mkdir()


# Orders and answers.


def test_the_order_has_all_of_a_post_and_a_key_that_never_changes(tmp_path: Path) -> None:
    account = write_program(tmp_path)
    _, ready = prepare(request_of(account, options={"title": "T"}))
    CommandClient(StandingClock()).publish(request_of(account, options={"title": "T"}), ready.handle)
    (file,) = (tmp_path / "box").iterdir()
    order = json.loads(file.read_text())
    assert order["key"] == ready.handle["keys"][0] == prepare(request_of(account))[1].handle["keys"][0]  # type: ignore[index]  # JSON
    assert (order["version"], order["verb"], order["account"]) == (1, "publish", "command/box")
    assert (order["text"], order["thread"], order["options"]) == ("Hello", [], {"title": "T"})
    assert prepare(replace(request_of(account), key_seed="store/2"))[1].handle["keys"] != ready.handle["keys"]


def test_the_rules_are_stored_with_the_account_when_they_change(tmp_path: Path) -> None:
    account = write_program(tmp_path)
    (step,), _ = prepare(request_of(account))
    assert step.server_info == {**DEFAULTS, "verbs": ["publish", "lookup", "delete", "metrics"]}
    assert prepare(request_of(replace(account, server_info=step.server_info or {})))[0] == []


def test_a_thread_goes_as_its_first_part_where_the_program_has_no_threads(tmp_path: Path) -> None:
    account = write_program(tmp_path)
    outcome = CommandClient(StandingClock()).publish(request_of(account, thread=("Two",)), {})
    assert isinstance(outcome, Done)
    assert outcome.handle is None
    (file,) = (tmp_path / "box").iterdir()
    assert json.loads(file.read_text())["thread"] == []


@pytest.mark.parametrize(
    ("answer", "kind", "passing", "retry_at"),
    [
        ({"refused": "too rude"}, Kind.CONTENT, False, None),
        ({"refused": "no", "kind": "network"}, Kind.NETWORK, True, None),
        (
            {"refused": "slow", "kind": "rate_limit", "retryAfterS": 60},
            Kind.RATE_LIMIT,
            True,
            NOON + timedelta(minutes=1),
        ),
        ({"refused": ""}, Kind.CONTENT, False, None),
    ],
)
def test_a_refusal_is_proof(
    tmp_path: Path, answer: object, kind: Kind, passing: bool, retry_at: datetime | None
) -> None:
    outcome = publish(write_program(tmp_path, f"print(json.dumps({answer!r}))"))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing, outcome.retry_at) == (kind, passing, retry_at)
    assert outcome.message


ODD: tuple[dict[str, object], ...] = (
    {},
    {"id": ""},
    {"id": None},
    {"id": True},
    {"id": "two words"},
    {"id": "x" * 201},
    {"refused": 1},
    {"refused": "x", "kind": "auth"},
    {"refused": "x", "id": "1"},
    {"refused": "x", "retryAfterS": -1},
    {"refused": "x", "retryAfterS": True},
    {"found": True, "refused": None},
)


@pytest.mark.parametrize("answer", ODD, ids=str)
def test_an_odd_answer_to_publish_proves_nothing(tmp_path: Path, answer: object) -> None:
    outcome = publish(write_program(tmp_path, f"print(json.dumps({answer!r}))"))
    assert isinstance(outcome, Unknown)
    assert outcome.message.isprintable()


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        ({"found": True, "id": 7, "url": "https://a.example/7"}, Found),
        ({"found": False}, Absent),
        ({"found": "later"}, Working),
        ({"found": False, "id": "7"}, Unclear),
        ({"found": True}, Unclear),
        ({"found": 0}, Unclear),
        ({"id": "7"}, Unclear),
        ({}, Unclear),
    ],
    ids=str,
)
def test_what_a_lookup_may_answer(tmp_path: Path, answer: object, finding: type) -> None:
    found = look_up(write_program(tmp_path, f"print(json.dumps({answer!r}))"))
    assert isinstance(found, finding)
    if isinstance(found, Found):
        assert (found.remote_id, found.url) == ("7", "https://a.example/7")
    assert not (isinstance(found, Absent) and found.certain)


def test_no_text_of_an_answer_has_characters_that_no_store_keeps(tmp_path: Path) -> None:
    account = write_program(tmp_path, r"""print(r'{"id": "7\u0000"}')""")
    assert program_module.ask(account, DEFAULTS, "publish", {}) == {"id": "7\ufffd"}


def test_a_program_without_lookup_is_not_run_and_a_person_must_look(tmp_path: Path) -> None:
    finding = look_up(write_program(tmp_path, rules='verbs = ["publish"]'))
    assert isinstance(finding, Unclear)
    assert finding.final
    assert not (tmp_path / "box").exists()


# Bad programs.

BAD = {
    "no JSON": ("print('done')", "done"),
    "nothing": ("", "nothing"),
    "a list": ("print('[1]')", "[1]"),
    "deep JSON": ("print('[' * 100_000)", "[[["),
    "binary": ("os.write(1, bytes(range(256)))", "box.py"),
    "an exit code": ("print('{\"id\": \"1\"}'); sys.exit('no room\\x07')", "no room"),
    "killed": ("os.kill(os.getpid(), 9)", "SIGKILL"),
    "an odd signal": ("os.kill(os.getpid(), 40)", "40"),
    "huge": ("while True: os.write(1, b'x' * 65536)", "kB"),
    "hanging": ("time.sleep(60)", "timeout_s"),
    "hanging with closed output": ("os.close(1); os.close(2); time.sleep(60)", "timeout_s"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_program_is_one_line_and_never_proof(tmp_path: Path, name: str) -> None:
    lines, said = BAD[name]
    account = write_program(tmp_path, lines, rules=f"{ALL}timeout_s = {1 if said == 'timeout_s' else 60}")
    outcome, finding = publish(account), look_up(account)
    assert isinstance(outcome, Unknown)
    assert isinstance(finding, Unclear)
    assert not finding.final
    for message in (outcome.message, finding.message):
        assert said in message
        assert message.isprintable()
        assert len(message) <= 400


def test_a_program_that_cannot_run_is_refused_with_the_fix_and_nothing_was_sent(tmp_path: Path) -> None:
    account = write_program(tmp_path)
    program = tmp_path / "box.py"

    def problem() -> NotDone:
        with pytest.raises(StepFailed) as failed:
            prepare(request_of(account))
        outcome = publish(account)
        assert isinstance(outcome, NotDone)
        assert failed.value.outcome.kind is outcome.kind is Kind.ACCOUNT
        assert isinstance(CommandClient(StandingClock()).delete(request_of(account), "1"), NotDone)
        assert isinstance(CommandCheck(StandingClock()).check(account, Credentials("")), NotDone)
        return outcome

    program.with_suffix(".toml").write_text("text_lenght = 1")
    assert "text_lenght" in problem().message
    program.with_suffix(".toml").unlink()
    program.chmod(0o600)
    if os.geteuid() or not os.access(program, os.X_OK):
        assert problem().hint == f"chmod +x {program}"
    program.unlink()
    assert problem().hint == action("account add", "command/box", program="PATH")
    assert isinstance(publish(replace(account, server=None)), NotDone)


@pytest.mark.parametrize("content", ["#!/nowhere/interpreter\n", "print(1)\n", "\x7fELF"])
def test_a_file_that_the_system_cannot_start_was_never_sent(tmp_path: Path, content: str) -> None:
    account = write_program(tmp_path)
    (tmp_path / "box.py").write_text(content)
    if content.startswith("print"):
        pytest.skip("some systems run a file without an interpreter line with a shell")
    outcome = publish(account)
    assert isinstance(outcome, NotDone)
    assert outcome.hint == "#!/usr/bin/env python3"


def test_what_a_hanging_program_started_ends_with_it(tmp_path: Path) -> None:
    with last_words(tmp_path) as left:
        lines = f"import subprocess; subprocess.run([sys.executable, '-c', {left.program!r}])"
        outcome = publish(write_program(tmp_path, lines, rules="timeout_s = 1"))
        assert isinstance(outcome, Unknown)
        assert left.read() == b""


def test_a_program_gets_an_alarm_that_ends_it_without_ttp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`getitimer` shows the alarm that the program inherited."""
    lines = "import signal; print(json.dumps({'id': round(signal.getitimer(signal.ITIMER_REAL)[0])}))"
    outcome = publish(write_program(tmp_path, lines, rules="timeout_s = 100"))
    assert isinstance(outcome, Done)
    assert 100 < int(outcome.remote_id or 0) <= 100 + user_program.GRACE_S


def test_a_post_may_appear_until_the_program_has_certainly_ended() -> None:
    platform = PLATFORMS.facts("command")
    account = Account("command", "box", server_info={"timeout_s": 100, "settle_s": 7})
    assert platform.settle_for(Config(), account) > timedelta(seconds=100 + user_program.GRACE_S + 7)
    assert platform.settle_for(Config()) > timedelta(seconds=60 + user_program.GRACE_S)


def test_a_program_that_does_not_read_its_order_may_answer(tmp_path: Path) -> None:
    account = write_program(tmp_path, 'os.close(0); print(\'{"id": "1"}\')')
    outcome = CommandClient(StandingClock()).publish(replace(request_of(account), text="x" * 1_000_000), {})
    assert isinstance(outcome, Done)


# Rules.


def test_rules_have_defaults_and_may_be_set(tmp_path: Path) -> None:
    write_program(tmp_path)
    program = tmp_path / "box.py"
    program.with_suffix(".toml").unlink()
    assert read_rules(program) == DEFAULTS
    program.with_suffix(".toml").write_text('text_length = 9\ntext_unit = "bytes"\nmedia_types = ["image/png"]')
    assert read_rules(program) == {**DEFAULTS, "text_length": 9, "text_unit": "bytes", "media_types": ["image/png"]}


@pytest.mark.parametrize(
    "rules",
    [
        "text_length =",
        "text_length = 0",
        "text_length = true",
        'text_length = "9"',
        "timeout_s = 301",
        'text_unit = "words"',
        'verbs = ["lookup"]',
        'verbs = "publish"',
        'verbs = ["publish", "dance"]',
        'media_types = ["image/tiff"]',
        "media_types = []",
        "text_required = 1",
        "colour = 1",
    ],
)
def test_bad_rules_are_refused_in_one_line_that_names_the_file(tmp_path: Path, rules: str) -> None:
    account = write_program(tmp_path, rules=rules)
    with pytest.raises(BadRules):
        read_rules(tmp_path / "box.py")
    with pytest.raises(program_module.CannotRun) as caught:
        program_module.current_rules(account)
    assert str(tmp_path / "box.toml") in caught.value.message
    assert caught.value.message.isprintable()


def test_a_program_cannot_be_its_own_rules(tmp_path: Path) -> None:
    with pytest.raises(BadRules):
        read_rules(tmp_path / "box.toml")


def test_posts_are_checked_by_the_programs_rules() -> None:
    def codes(
        text: str = "Hello", media: tuple[MediaItem, ...] = (), thread: tuple[str, ...] = (), **rules: object
    ) -> set[str]:
        post = PlatformPost("command/box", text, media, {}, thread=thread, server=rules)
        return {problem.code for problem in CommandRules().problems(post) if not problem.warning}

    png = MediaItem("a.png", "image/png", 500, "0" * 64)
    assert codes() == set()
    assert codes("x" * 5001) == {"text_too_long"}
    assert codes("ää", text_length=3, text_unit="bytes") == {"text_too_long"}
    assert codes("👨‍👩‍👧‍👦" * 3, text_length=3, text_unit="graphemes") == set()
    assert codes("😀", text_length=1, text_unit="utf16") == {"text_too_long"}
    assert codes(" ", (png,), text_required=True, media_count=1) == {"text_missing"}
    assert codes(media=(png,)) == {"media_count"}
    assert codes(media=(png,), media_count=1) == set()
    assert codes(media=(png,), media_count=1, media_bytes=499) == {"media_size"}
    assert codes(media=(png,), media_count=1, media_types=["image/jpeg"]) == {"media_kind"}
    assert codes(thread=("Two",)) == set()
    assert codes(thread=("x" * 6000,)) == set()
    assert codes(thread=("Two", "Three"), thread_parts=2) == {"thread_count"}
    assert codes(thread=("x" * 6000,), thread_parts=2) == {"text_too_long"}
    assert CommandRules().text_use("ää", (), {"text_unit": "bytes"}) == (4, 5000)
    assert [CommandRules().kind(media, {}) for media in ((), (png,), (replace(png, mime="video/mp4"),))] == [
        "text",
        "image",
        "video",
    ]


# Check, delete, metrics.


def test_a_check_runs_nothing_and_reads_the_rules(tmp_path: Path) -> None:
    checker = CommandCheck(StandingClock())
    info = checker.check(write_program(tmp_path), Credentials(""))
    assert not isinstance(info, NotDone)
    assert info.server_info is not None
    assert len(info.remarks) == 1
    info = checker.check(write_program(tmp_path, rules=""), Credentials(""))
    assert not isinstance(info, NotDone)
    assert len(info.remarks) == 2
    assert not (tmp_path / "box").exists()


def test_a_post_is_deleted(tmp_path: Path) -> None:
    account = write_program(tmp_path)
    outcome = publish(account)
    assert isinstance(outcome, Done)
    assert isinstance(CommandClient(StandingClock()).delete(request_of(account), outcome.remote_id or ""), Deleted)
    assert list((tmp_path / "box").iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "passing"),
    [
        ("print(json.dumps({'refused': 'never'}))", False),
        ("print('{}')", False),
        ("sys.exit(3)", True),
    ],
)
def test_what_is_not_deleted_says_why(tmp_path: Path, lines: str, passing: bool) -> None:
    outcome = CommandClient(StandingClock()).delete(request_of(write_program(tmp_path, lines)), "1")
    assert isinstance(outcome, NotDone)
    assert outcome.passing is passing
    assert isinstance(
        CommandClient(StandingClock()).delete(request_of(write_program(tmp_path, lines, rules="")), "1"), NotDone
    )


def session_of(account: Account) -> AccountSession:
    return AccountSession(account, Credentials(""), lambda refused: None)


def test_numbers_are_read_by_id_and_newest_first(tmp_path: Path) -> None:
    reader, session = CommandReader(StandingClock()), session_of(write_program(tmp_path))
    (page,) = reader.read(session, ["8", "9"])
    assert [(one.remote_id, one.likes, one.views) for one in page.samples] == [("8", 3, None), ("9", 3, None)]
    assert page.samples[0].published_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    (page,) = reader.history(session, 2)
    assert [one.remote_id for one in page.samples] == ["1", "2"]


def test_numbers_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    good = {"id": "1", "publishedAt": "2026-11-20T10:00:00Z", "views": 4, "kind": "image", "text": "One\nTwo"}
    posts = [good, 1, {}, {**good, "id": "2", "publishedAt": "today"}, {**good, "id": "3", "publishedAt": "2026-11-20"}]
    posts += [{**good, "id": "4", "views": -1}, {**good, "id": "5"}]
    answer = {"posts": posts, "gone": ["6", "7", 1]}
    session = session_of(write_program(tmp_path, f"print(json.dumps({answer!r}))"))
    (page,) = CommandReader(StandingClock()).read(session, ["1", "2", "3", "4", "6"])
    assert [(one.remote_id, one.views, one.kind, one.text) for one in page.samples] == [("1", 4, "image", "One Two")]
    assert page.gone == {"6"}


def test_a_program_that_counts_nothing_is_not_asked(tmp_path: Path) -> None:
    session = session_of(write_program(tmp_path, "sys.exit(3)", ""))
    assert [page.samples for page in CommandReader(StandingClock()).read(session, ["1"])] == [()]


@pytest.mark.parametrize("rules", [ALL, "colour = 1"])
def test_a_program_that_gives_no_numbers_says_why(tmp_path: Path, rules: str) -> None:
    session = session_of(write_program(tmp_path, "sys.exit(3)", rules))
    with pytest.raises(StepFailed) as failed:
        list(CommandReader(StandingClock()).read(session, ["1"]))
    assert failed.value.outcome.passing is (rules == ALL)
