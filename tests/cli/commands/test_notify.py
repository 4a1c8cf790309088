"""Notifications as a user has them: `ttp notify`, `ttp status --notify`, and those of a publisher. By a program that
keeps what it gets; the other ways to send are in `tests/platforms/test_notifiers.py`."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program, inherited
from tests.receivers import http_receiver
from ttp.platforms.notifiers import SendingFailed
from ttp.publisher.notifications import Notifications, Sent
from ttp.publisher.process import RunResult
from ttp.sandbox.server import RunningSandbox
from ttp.server.routes import ROUTES
from ttp.store.home import locks

PATIENCE_S = 60.0


class Heard:
    """What the program of `notify.program` got."""

    def __init__(self, ttp: Program, folder: Path) -> None:
        self._file = folder / "heard"
        program = folder / "hear"
        program.write_text(f"#!/bin/sh\ncat >> {self._file}\n")
        program.chmod(0o700)
        ttp.ok("config", "set", "notify.to", "program")
        ttp.ok("config", "set", "notify.program", str(program))

    def all(self) -> list[Any]:
        return [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []

    def events(self) -> list[str]:
        return [one["event"] for one in self.all()]


@pytest.fixture
def heard(ttp: Program, tmp_path: Path) -> Heard:
    return Heard(ttp, tmp_path)


@pytest.fixture
def x(ttp: Program) -> Program:
    ttp.account("x/me")
    return ttp


def failed_post(ttp: Program, text: str = "Hello", state: str = "failed") -> int:
    post = ttp.post(text, "--to", "x/me", "--at", "2026-12-01 09:00")
    ttp.bring(post, state, error=("network", "no answer"))
    return post


# What is said.


def test_a_failed_post_is_said_once_with_what_to_type(x: Program, heard: Heard) -> None:
    post = failed_post(x)
    x.ok("status", "--notify")
    x.ok("status", "--notify")
    (one,) = heard.all()
    assert (one["event"], one["url"]) == ("delivery.failed", None)
    assert one["about"] == [{"post": post, "account": "x/me", "message": "no answer"}]
    assert f"ttp retry {post}" in one["try"]
    assert one["text"].endswith(f"ttp retry {post}")
    (row,) = x.ok("notify", "list", "--json").json
    assert (row["state"], row["post"], row["account"], row["tries"]) == ("sent", post, "x/me", 1)


def test_it_leads_to_its_page_where_people_reach_the_server(x: Program, heard: Heard) -> None:
    x.ok("config", "set", "server.base_url", "https://posts.example.org/ttp/")
    post = failed_post(x)
    x.ok("status", "--notify")
    failed_post(x)
    failed_post(x)
    x.ok("status", "--notify")
    x.sql("UPDATE account SET needs_reconnect = true")
    x.ok("status", "--notify")
    assert [one["url"] for one in heard.all()] == [
        f"https://posts.example.org/ttp/{page}" for page in (f"posts/{post}", "queue", "accounts")
    ]


def test_posts_without_approval_are_remembered_together(x: Program, heard: Heard) -> None:
    x.ok("config", "set", "server.base_url", "https://posts.example.org")
    posts = [x.post(f"Number {number}", "--to", "x/me", "--at", "in 23h") for number in range(2)]
    x.ok("status", "--notify")
    assert heard.events() == [], "approval is not required"
    x.ok("config", "set", "publish.require_approval", "true")
    x.ok("status", "--notify")
    x.ok("approve", str(posts[0]))
    x.clock.advance(21 * 3600)
    for _ in range(2):
        x.ok("status", "--notify")
    day, hours = heard.all()
    assert [[about["post"] for about in one["about"]] for one in (day, hours)] == [posts, posts[1:]]
    assert (day["event"], day["url"]) == ("post.unapproved", "https://posts.example.org/approvals")
    assert hours["try"] == [f"ttp approve {posts[1]}"]


@pytest.mark.sqlite("any machine publishes from a server")
def test_a_store_of_another_machine_is_said_once(x: Program, heard: Heard) -> None:
    x.ok("run", "--once")
    x.sql("UPDATE store SET host = 'another'")
    assert x("run", "--once").code != 0
    assert x("run", "--once").code != 0
    assert heard.events() == ["publisher.refused"]
    assert "take-over" in heard.all()[0]["text"]
    x.ok("run", "--once", "--take-over")
    assert heard.events() == ["publisher.refused", "publisher.allowed"]


@pytest.mark.sqlite("publishing goes by the server's clock")
def test_a_clock_that_is_behind_is_said_until_it_is_right(x: Program, heard: Heard) -> None:
    x.post("Hello", "--to", "x/me", "--at", "2026-12-01 09:00")
    x.ok("run", "--once")
    x.clock.advance(days=-30)
    assert x("run", "--once").code != 0
    x("status", "--notify")
    assert heard.events() == ["publisher.refused"]
    x.clock.advance(days=30)
    x.ok("run", "--once")
    assert heard.events() == ["publisher.refused", "publisher.allowed"]


def test_posts_that_nobody_publishes_are_said_after_a_while(x: Program, heard: Heard) -> None:
    x.post("Hello", "--to", "x/me", "--at", "in 1h")
    x.clock.advance(hours=1, minutes=1)
    assert x("status", "--notify").code == 1
    assert heard.events() == []
    x.clock.advance(minutes=5)
    x("status", "--notify")
    x("status", "--notify")
    assert heard.events() == ["publisher.stalled"]
    assert heard.all()[0]["try"] == ["ttp run"]
    x.ok("unschedule", "1")
    x("status", "--notify")
    assert heard.events() == ["publisher.stalled", "publisher.recovered"]


def test_a_publisher_that_hangs_is_said_once_and_again_when_it_is_well(x: Program, heard: Heard) -> None:
    x.post("Hello", "--to", "x/me", "--at", "in 1m")
    began = x.clock.now()

    def beat() -> None:
        locks.write_holder(x.home, locks.Holder(4711, "loop", began, x.clock.now()))

    with locks.publisher_lock(x.home):
        x.clock.advance(hours=1)
        beat()
        x.clock.advance(minutes=4)
        x("status", "--notify")
        assert heard.events() == []
        x.clock.advance(minutes=2)
        for _ in range(2):
            x("status", "--notify")
        assert heard.events() == ["publisher.stalled"]
        assert "4711" in heard.all()[0]["text"]
        beat()
        x("status", "--notify")
        assert heard.events() == ["publisher.stalled", "publisher.recovered"]


def test_a_publisher_that_is_only_slow_is_not_said_to_hang(
    x: Program, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_NOTIFY__STALLED_AFTER_S", "1")
    x.post("Hello", "--to", "x/me", "--at", "in 1m")
    x.clock.advance(hours=1)
    with locks.publisher_lock(x.home):
        locks.write_holder(x.home, locks.Holder(4711, "loop", x.clock.now(), x.clock.now()))
        x.clock.advance(seconds=59)
        x("status", "--notify")
    assert heard.events() == []


def test_a_cron_that_publishes_is_not_called_dead(x: Program, heard: Heard) -> None:
    x.ok("run", "--once")
    x.post("Hello", "--to", "x/me", "--at", "in 1m")
    x.sql("UPDATE delivery SET due_at = due_at - 600000, next_at = next_at - 600000")
    x.clock.advance(minutes=1)
    x("status", "--notify")
    assert heard.events() == []


# What cannot be sent.


def test_what_cannot_be_sent_is_listed_and_tried_again(x: Program, heard: Heard) -> None:
    failed_post(x)
    x.ok("config", "set", "notify.program", "false")
    assert "false" in x.ok("status", "--notify").err
    (row,) = x.ok("notify", "list", "--json").json
    assert (row["state"], row["tries"]) == ("waiting", 1)
    assert row["error"]
    x.clock.advance(hours=3)
    x.ok("status", "--notify")
    assert [one["tries"] for one in x.ok("notify", "list", "--json").json] == [2]
    assert "waiting" in x.ok("notify", "list", "--format", "table").out


def test_one_kind_that_fails_does_not_stop_another(x: Program, heard: Heard) -> None:
    x.ok("config", "set", "notify.to", "ntfy", "program")
    x.ok("config", "set", "notify.ntfy.url", "http://127.0.0.1:9/topic")
    failed_post(x)
    x.ok("status", "--notify")
    assert heard.events() == ["delivery.failed"]
    assert {row["kind"]: row["state"] for row in x.ok("notify", "list", "--json").json} == {
        "ntfy": "waiting",
        "program": "sent",
    }


def test_a_name_waits_for_no_other(x: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    x.ok("config", "set", "notify.to", "ntfy", "program")
    is_sent = threading.Event()

    def send(here: Notifications, kind: str, *message: object) -> Sent:
        if kind == "program":
            is_sent.set()
        return Sent(kind, None if is_sent.wait(10) else "the other one has not come")

    monkeypatch.setattr(Notifications, "_send", send)
    failed_post(x)
    assert x.ok("status", "--notify").err == ""
    assert {row["state"] for row in x.ok("notify", "list", "--json").json} == {"sent"}


def test_a_receiver_that_hangs_holds_up_no_publishing(
    ttp: Program, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.rehearse(monkeypatch, shared_sandbox, "x/demo")
    monkeypatch.setenv("TTP_NOTIFY__TIMEOUT_S", "1")
    with http_receiver() as web:
        web.status = 0
        ttp.ok("config", "set", "notify.to", "ntfy")
        ttp.ok("config", "set", "notify.ntfy.url", web.url)
        ttp.account("x/me")
        failed_post(ttp)
        post = ttp.post("Hello", "--to", "x/demo", "--at", "now")
        ttp.ok("run", "--once")
        assert ttp.shown(post)["status"] == "published"
        until(lambda: bool(web.got))
        assert len(web.got) == 1
    (row,) = ttp.ok("notify", "list", "--json").json
    assert row["state"] == "waiting"


# Commands.

TESTED = {"program": "sent", "ntfy": "failed"}


def test_a_test_is_sent_to_one_name_or_to_all(ttp: Program, heard: Heard) -> None:
    assert ttp.ok("notify", "test", "--json").json == [{"kind": "program", "sent": True, "error": None, "hint": None}]
    assert heard.events() == ["notify.test"]
    ran = ttp("notify", "test", "ntfy", "--json")
    assert ran.code == 1
    assert ran.json[0]["hint"] == "ttp config set notify.ntfy.url VALUE"
    unknown = ttp("notify", "test", "pigeon", "--json")
    assert (unknown.code, unknown.error["hint"]) == (3, "ttp notify add pigeon")
    ttp.ok("config", "unset", "notify.to")
    assert ttp("notify", "test").code == 2
    assert ttp("status", "--notify").code == 2
    listed = [(row["event"], row["kind"], row["state"]) for row in ttp.ok("notify", "list", "--json").json]
    assert set(listed) == {("notify.test", kind, state) for kind, state in TESTED.items()}
    assert all(row["error"] for row in ttp.ok("notify", "list", "--json").json if row["state"] == "failed")


def test_the_token_of_ntfy_goes_to_its_host_and_is_never_shown(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ttp("notify", "add", "ntfy", "-", stdin="tk_1").code == 2  # no address yet
    with http_receiver() as web:
        ttp.ok("config", "set", "notify.ntfy.url", web.url)
        ttp.ok("notify", "add", "ntfy", stdin="tk_1\n")
        ttp.ok("notify", "test")
        assert web.got[0][0]["authorization"] == "Bearer tk_1"
        monkeypatch.setenv("TTP_NTFY_TOKEN", "tk_2")
        ttp.ok("notify", "test", "ntfy")
        assert web.got[1][0]["authorization"] == "Bearer tk_2"
        monkeypatch.delenv("TTP_NTFY_TOKEN")
        ttp.ok("config", "set", "notify.ntfy.url", web.url.replace("127.0.0.1", "localhost"))
        ran = ttp("notify", "test", "ntfy", "--json")
        assert (ran.code, ran.json[0]["hint"]) == (1, "ttp notify add ntfy")
        assert "tk_1" not in ran.out + ran.err


class Service:
    """What Apprise is asked, in place of its process. It refuses addresses that begin with `bad`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[dict[str, Any]] = []
        monkeypatch.setattr("ttp.platforms.notifiers.Notifiers._ask_apprise", self.ask)

    def ask(self, address: str, **message: str) -> str:
        self.asked.append({"address": address, **message})
        if address.startswith("bad"):
            raise SendingFailed("no such service")
        return "Pigeons"


ADDRESS = "tgram://123456:SECRET/4711"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(monkeypatch)


def test_an_address_is_stored_used_and_never_shown(x: Program, heard: Heard, service: Service) -> None:
    shown = [x.ok("notify", "add", "phone", stdin=f"{ADDRESS}\n")]
    assert x.ok("config", "get", "notify.to", "--json").json["value"] == ["program", "phone"]
    shown += [x.ok("notify", "add", "team", "-", "--json", stdin=ADDRESS), x.ok("notify", "remove", "team", "--json")]
    failed_post(x)
    shown += [
        x.ok("status", "--notify"),
        x.ok("notify", "test"),
        x.ok("notify", "list"),
        x("doctor"),
        x.ok("config", "show"),
    ]
    assert [one["address"] for one in service.asked] == [ADDRESS] * 5
    assert [one.json for one in shown[1:3]] == [
        {"name": "team", "to": ["program", "phone", "team"]},
        {"name": "team", "to": ["program", "phone"]},
    ]
    assert service.asked[2]["title"] == heard.all()[0]["title"]
    assert not any("SECRET" in one.out + one.err for one in shown)
    files = [one for one in x.home.iterdir() if one.is_file() and "credentials" not in one.name]
    assert not any(b"SECRET" in one.read_bytes() for one in files)
    assert x.ok("status", "--json").json["notify"] == ["program", "phone"]
    x.ok("notify", "remove", "phone")
    assert x("notify", "remove", "phone").code == 3
    assert "phone" in x("config", "set", "notify.to", "desktop", "phone", "--json").error["hint"]
    assert x.ok("config", "get", "notify.to", "--json").json["value"] == ["program"]


def test_what_has_no_place_is_not_asked_for(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("ttp.cli.commands.notify.is_interactive", lambda: True)
    monkeypatch.setattr("ttp.cli.commands.notify.read_secret", asked.append)
    for name in ("ntfy", "command", "My Phone", "", "../x"):
        assert ttp("notify", "add", name).code == 2
    for name, meant in (("desktp", "desktop"), ("NTFY", "ntfy"), ("Team", "team"), ("command", "program")):
        assert ttp("notify", "add", name, "--json").error["hints"] == [f"ttp notify add {meant}"]
    ttp.ok("notify", "add", "desktop")
    assert ttp.ok("config", "get", "notify.to", "--json").json["value"] == ["desktop"]
    assert asked == []
    assert "notify.program" in ttp.ok("notify", "add", "program", "--format", "table").out


def test_the_missing_extra_is_named_with_the_command_of_this_installation(
    ttp: Program, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.ok("notify", "add", "phone", stdin=ADDRESS)
    monkeypatch.undo()
    monkeypatch.setattr("ttp.platforms.notifiers.find_spec", lambda _: None)
    monkeypatch.setattr("ttp.cli.errors._install_command", lambda extra: f"get {extra}")
    for argv in (("doctor",), ("notify", "test"), ("notify", "add", "team", "-")):
        ran = ttp(*argv, "--format", "table", stdin=ADDRESS)
        assert [line.split()[1:] for line in (ran.out + ran.err).splitlines() if "fix:" in line and "get" in line] == [
            ["get", "notify"]
        ]


@pytest.mark.parametrize("typed", ["bad://SECRET", "", "two words", "a\nb"])
def test_an_address_that_cannot_be_used_is_refused(ttp: Program, service: Service, typed: str) -> None:
    ran = ttp("notify", "add", "phone", "-", stdin=typed)
    assert ran.code == 2
    assert "SECRET" not in ran.out + ran.err
    assert ttp("notify", "add", "phone", ADDRESS).code == 2
    assert ttp("config", "set", "notify.to", "phone").code == 2


@pytest.mark.parametrize("argv", ["notify add", "notify test", "notify remove", "config set notify.to desktop"])
def test_an_address_in_place_of_a_name_is_refused_and_not_shown(ttp: Program, argv: str) -> None:
    ran = ttp(*argv.split(), "json://host/SECRET")
    assert (ran.code, ran.out) == (2, "")
    assert "SECRET" not in ran.err
    assert ttp.ok("notify", "list", "--json").json == []


def test_an_address_in_the_settings_is_refused_and_not_shown(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_NOTIFY__TO", "json://host/SECRET")
    ran = ttp("status")
    assert (ran.code, ran.out) == (2, "")
    assert "unset TTP_NOTIFY__TO" in ran.err
    assert "SECRET" not in ran.out + ran.err


def test_who_has_no_address_here_is_not_told(x: Program, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_NOTIFY__TO", "phone")
    assert x.ok("status", "--json").json["notify"] == []
    x.ok("notify", "add", "phone", "-", stdin=ADDRESS)
    assert x.ok("status", "--json").json["notify"] == ["phone"]


# Settings of earlier versions.

OLD = """# mine
[notify]
kinds = ["desktop", "email", "command"]
command = ["hear", "--now"]
[notify.email]
host = "smtp.example.com"
to = ["me@example.com"]
[notify.webhook]
url = "https://hooks.example.com"
"""


def config_check(ttp: Program) -> Any:
    return next(one for one in ttp("doctor", "--json").json["checks"] if one["name"] == "config")


def test_old_settings_are_named_with_the_commands_that_replace_them(
    ttp: Program, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_EDITOR", "sed -i.bak s/^command/program/")
    ttp.home.mkdir(0o700)
    (ttp.home / "config.toml").write_text(OLD)
    check = config_check(ttp)
    assert check["status"] == "fail"
    for argv in (("list",), ("status",), ("run", "--once")):
        assert ttp(*argv).err.count(check["hint"]) == 1
    assert "--now" not in check["message"] + check["hint"]
    assert ttp.ok("status", "--json").json["notify"] == []
    for command in check["hint"].split(" && "):
        ttp.ok(*shlex.split(command)[1:], stdin=ADDRESS)
    assert ttp.ok("list").err == ""
    assert ttp.ok("status", "--json").json["notify"] == ["desktop", "email", "program"]
    assert ttp.ok("config", "get", "notify.program", "--json").json["value"] == ["hear", "--now"]
    assert "# mine" in (ttp.home / "config.toml").read_text()


def test_a_publisher_says_if_nobody_would_be_told(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.publisher.process.PublisherProcess.run", lambda *_, **__: RunResult(clean=True))
    assert "ttp notify add desktop" in ttp.ok("run").err
    ttp.ok("notify", "add", "desktop")
    assert "notify" not in ttp.ok("run").err
    monkeypatch.setenv("TTP_NOTIFY__TO", "phone")  # its address is not here
    assert "ttp notify add desktop" in ttp.ok("run").err


def test_old_variables_are_named_with_those_that_replace_them(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_NOTIFY__KINDS", "ntfy command")
    monkeypatch.setenv("TTP_NOTIFY__COMMAND", "hear 'it now'")
    monkeypatch.setenv("TTP_NOTIFY__EMAIL__HOST", "smtp.example.com")
    monkeypatch.setenv("TTP_NOTIFY__EMAIL__TO", "me@example.com")
    names = ("KINDS", "COMMAND", "EMAIL__HOST", "EMAIL__TO")
    program, to, unset = map(shlex.split, config_check(ttp)["hint"].split(" && "))
    assert program == ["export", "TTP_NOTIFY__PROGRAM=$TTP_NOTIFY__COMMAND"]
    assert to == ["export", "TTP_NOTIFY__TO=ntfy program"]
    assert (unset[0], {*unset[1:]}) == ("unset", {f"TTP_NOTIFY__{name}" for name in names})


@pytest.mark.parametrize("url", ["TTP_NOTIFY__WEBHOOK__URL", "UNSET"])
def test_old_settings_of_the_file_and_of_variables_are_replaced_together(
    ttp: Program, service: Service, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(url, "https://hooks.example.com/SECRET")
    ttp.home.mkdir(0o700)
    (ttp.home / "config.toml").write_text('[notify]\nkinds = ["webhook"]\n')
    check = config_check(ttp)
    assert "sign" in check["message"]
    for command in check["hint"].split(" && "):
        if command == f"unset {url}":
            monkeypatch.delenv(url)
        else:
            ttp.ok(*shlex.split(command)[1:], stdin=ADDRESS)
    assert ttp.ok("status", "--json").json["notify"] == ["webhook"]
    assert ttp.ok("list").err == ""


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        (("set", "notify.kinds", "desktop"), "config set notify.to desktop"),
        (("set", "notify.command", "hear", "it"), "config set notify.program hear it"),
        (("get", "notify.kinds"), "config get notify.to"),
        (("set", "notify.to", "desktop", "command"), "config set notify.to desktop program"),
    ],
)
def test_an_old_setting_is_refused_with_what_replaces_it(ttp: Program, argv: tuple[str, ...], fix: str) -> None:
    ran = ttp("config", *argv, "--json")
    assert (ran.code, ran.error["hint"]) == (2, f"ttp {fix} --json")
    assert ttp("config", "set", "notify.webhook.url", "x", "--json").error["hint"] == "ttp notify add webhook"


def test_the_doctor_checks_each_name_and_sends_nothing(ttp: Program, heard: Heard) -> None:
    ttp.ok("config", "set", "notify.to", "program", "ntfy")
    checks = {one["name"]: one["status"] for one in ttp("doctor", "--json").json["checks"]}
    assert (checks["notify.program"], checks["notify.ntfy"]) == ("ok", "fail")
    assert heard.events() == []


def test_no_route_shows_or_changes_notifications() -> None:
    assert not [route for route in ROUTES if "notif" in route.path or "config" in route.path]


# A publisher that dies.


@pytest.fixture
def environ(ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of real processes, with an account x/demo on the sandbox."""
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", sandbox.url)
    held = sandbox.state.accounts["x/demo"].credentials()
    ttp.ok("account", "add", "x/demo", "--credentials", "-", stdin=json.dumps(held))
    given = {name: value for name, value in os.environ.items() if name.startswith("TTP_")}
    return {**inherited(), **given, "TTP_NOTIFY__STALLED_AFTER_S": "0.2", "LANG": "C.UTF-8"}


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def call(environ: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ttp", *argv]
    return subprocess.run(command, env=environ, text=True, capture_output=True, timeout=PATIENCE_S, check=False)


def kill_a_publisher(environ: dict[str, str]) -> None:
    """Start a publisher, kill it, and add a post that is due."""
    running = subprocess.Popen(
        [sys.executable, "-m", "ttp", "run"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: bool(json.loads(call(environ, "status", "--json").stdout)["publisher"]["running"]))
    finally:
        running.kill()
        running.wait(PATIENCE_S)
    assert call(environ, "create", "Hello", "--to", "x/demo", "--at", "now").returncode == 0


@pytest.mark.slow
def test_many_processes_say_a_thing_once(ttp: Program, heard: Heard, environ: dict[str, str]) -> None:
    post = ttp.post("Hello", "--to", "x/demo", "--at", "2026-12-01 09:00")
    ttp.bring(post, "failed", error=("network", "no answer"))
    command = [sys.executable, "-m", "ttp", "status", "--notify", "--json"]
    looking = [subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert {one.wait(PATIENCE_S) for one in looking} <= {0, 1}
    assert heard.events() == ["delivery.failed"]


@pytest.mark.slow
def test_a_killed_publisher_is_said_by_status_once_and_again_when_it_is_well(
    ttp: Program, heard: Heard, environ: dict[str, str]
) -> None:
    kill_a_publisher(environ)

    def is_said() -> bool:
        assert call(environ, "status", "--notify").returncode == 1
        return bool(heard.events())

    until(is_said)
    call(environ, "status", "--notify")
    assert heard.events() == ["publisher.stalled"]
    assert call(environ, "run", "--until-idle").returncode == 0
    call(environ, "status", "--notify")
    assert heard.events() == ["publisher.stalled", "publisher.recovered"]


@pytest.mark.slow
def test_a_killed_publisher_is_said_by_a_server_that_does_not_publish(
    ttp: Program, heard: Heard, environ: dict[str, str]
) -> None:
    kill_a_publisher(environ)
    server = subprocess.Popen(
        [sys.executable, "-m", "ttp", "serve", "--no-publish", "--port", "0"], env=environ, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: heard.events() == ["publisher.stalled"])
        assert call(environ, "run", "--until-idle").returncode == 0
        until(lambda: heard.events() == ["publisher.stalled", "publisher.recovered"])
        server.terminate()
        assert server.wait(PATIENCE_S) == 0
    finally:
        if server.poll() is None:
            server.kill()
        server.wait(PATIENCE_S)
