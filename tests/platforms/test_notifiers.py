"""What each kind of notification sends, and what stops it: on this machine only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.receivers import HttpReceiver, http_receiver
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.config import Value
from ttp.platforms import apprise_program, notifiers
from ttp.platforms.notifiers import Notifiers, Outgoing, SendingFailed

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # a plugin of Apprise imports it
OUT = Outgoing(
    "notification-7", "ttp: post 5 failed on x/me", "no answer\ntry:  ttp retry 5", {"event": "delivery.failed"}
)
LINKED = replace(OUT, url="https://ttp.example.com/posts/5")
TOKEN = Credentials("tk_SECRET")


def notifier(**settings: Value) -> Notifiers:
    named = {f"notify.{name.replace('__', '.')}": value for name, value in settings.items()}
    return Notifiers(Config({"notify.timeout_s": 60.0, **named}), FakeClock())


def why(kind: str, there: Notifiers, secret: Credentials | None = None, out: Outgoing = OUT) -> SendingFailed:
    with pytest.raises(SendingFailed) as raised:
        there.send(kind, out, secret)
    return raised.value


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


# ntfy.


def test_ntfy_gets_the_text_with_title_click_and_token(web: HttpReceiver) -> None:
    there = notifier(ntfy__url=web.url, ntfy__click="https://ttp.example.com/queue")
    there.send("ntfy", OUT, Credentials("tk_1"))
    ((headers, body),) = web.got
    assert (headers["title"], headers["click"], body.decode()) == (OUT.title, "https://ttp.example.com/queue", OUT.text)
    assert headers["authorization"] == "Bearer tk_1"


def test_a_tap_on_ntfy_opens_the_page_about_it_unless_another_is_set(web: HttpReceiver) -> None:
    notifier(ntfy__url=web.url).send("ntfy", LINKED, None)
    notifier(ntfy__url=web.url, ntfy__click="https://ttp.example.com/queue").send("ntfy", LINKED, None)
    assert [headers["click"] for headers, _ in web.got] == [LINKED.url, "https://ttp.example.com/queue"]


@pytest.mark.parametrize("title", ["Grüße", "a\r\nX-Evil: 1", "日本 👩‍🚀", "\x00\x1b[31m", "=?utf-8?q?x?="])
def test_no_title_is_more_than_one_header(web: HttpReceiver, title: str) -> None:
    notifier(ntfy__url=web.url).send("ntfy", Outgoing("1", title, "text", {}), None)
    ((headers, _),) = web.got
    assert "x-evil" not in headers
    assert "authorization" not in headers
    ((whole, charset),) = decode_header(headers["title"])
    assert charset is None or (isinstance(whole, bytes) and whole.decode(charset) == title)


def test_a_text_is_as_long_as_ntfy_shows(web: HttpReceiver) -> None:
    notifier(ntfy__url=web.url).send("ntfy", Outgoing("1", "t", "é" * 9000, {}), None)
    assert len(web.got[0][1]) <= notifiers.MOST_BYTES + 3
    assert web.got[0][1].decode().endswith("é…")


def test_a_refusal_and_a_redirect_are_failures_that_show_no_secret(web: HttpReceiver) -> None:
    web.status, web.answer = 403, f"not with {TOKEN.access_token}"
    message = why("ntfy", notifier(ntfy__url=web.url), TOKEN).message
    assert "403" in message
    assert TOKEN.access_token not in message
    web.status = 302
    assert "302" in why("ntfy", notifier(ntfy__url=web.url), TOKEN).message


def test_a_receiver_that_hangs_is_left(web: HttpReceiver) -> None:
    web.status = 0
    why("ntfy", notifier(ntfy__url=web.url, timeout_s=0.2))


@each("url", ["ftp://host/topic", "topic", "https://user:pw@host/t", "https://ho st/", "https://[::1/t"])
def test_an_address_must_be_one(url: str) -> None:
    assert why("ntfy", notifier(ntfy__url=url)).fix == action("config set", "notify.ntfy.url", "VALUE")


def test_a_token_goes_to_its_host_only_and_encrypted(web: HttpReceiver) -> None:
    assert why("ntfy", notifier(ntfy__url=web.url), Credentials("tk_1", "ntfy.example.com")).fix
    assert "encrypted" in why("ntfy", notifier(ntfy__url="http://192.0.2.1/topic"), Credentials("tk_1")).message
    assert why("ntfy", notifier(ntfy__url=web.url), Credentials("tk\r\nX: 1")).fix
    assert web.got == []


# Apprise.


def order(web: HttpReceiver, **more: object) -> dict[str, object]:
    address = f"{web.url.replace('http://', 'json://user:PASSWORD@')}/SECRETPATH?redirect=yes"
    return {"address": address, "limit_s": 20.0, "title": OUT.title, "text": OUT.text, "url": "", **more}


@pytest.mark.parametrize(
    ("status", "arrives"),
    [(200, True), (204, True), (302, False), (307, False), (404, False), (429, False), (500, False)],
)
def test_what_a_service_answers_decides(web: HttpReceiver, status: int, *, arrives: bool) -> None:
    web.status = status
    answer = apprise_program.answer(order(web))
    assert (answer["service"], "error" in answer) == ("JSON", not arrives)
    assert arrives or str(status) in answer["error"]
    assert "SECRETPATH" not in str(answer)
    assert len(web.got) == 1


@pytest.mark.parametrize("hangs", [True, False])
def test_an_answer_that_does_not_come_and_a_refused_connection_may_have_arrived(
    web: HttpReceiver, monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    monkeypatch.setattr("apprise.url.URLBase.socket_read_timeout", 0.1)
    web.status = 0
    asked = order(web, limit_s=0.2) if hangs else order(web, address="json://127.0.0.1:1/x")
    assert "error" in apprise_program.answer(asked)
    assert len(web.got) == hangs


def test_a_long_text_is_cut_and_ends_with_its_page(web: HttpReceiver) -> None:
    assert "error" not in apprise_program.answer(order(web, title="t" * 999, text="x" * 1_000_000, url=LINKED.url))
    got = json.loads(web.got[0][1])
    assert got["message"].endswith(f"…\n\n{LINKED.url}")
    assert len(got["message"]) <= apprise_program.MOST
    assert len(got["title"]) < 999


BAD_ADDRESSES = (
    "",
    "discrod://1234/SECRET",
    "https://hooks.slack.com/services/SECRET",
    "tgram://",
    "file:///etc/passwd",
)


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_of_no_service_is_refused_without_a_word_of_it(
    address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = apprise_program.answer({"address": address, "limit_s": 1.0})
    assert set(answer) == {"error"}
    assert "SECRET" not in str((answer, capfd.readouterr()))


def test_apprise_sends_in_a_process_that_says_nothing_else(
    web: HttpReceiver, capfd: pytest.CaptureFixture[str]
) -> None:
    address = Credentials(str(order(web)["address"]))
    notifier().send("phone", OUT, address)
    assert json.loads(web.got[0][1])["message"] == OUT.text
    assert capfd.readouterr() == ("", "")


PROGRAMS = {
    "sleep": ("import time; time.sleep(60)", "longer than"),
    "crash": ("import os; os.abort()", "ended with"),
    "noise": ("print('SECRET')", "without an answer"),
}


@pytest.mark.parametrize("fault", PROGRAMS)
def test_a_process_of_apprise_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    program, message = PROGRAMS[fault]
    monkeypatch.setattr(notifiers, "_APPRISE", (sys.executable, "-I", "-S", "-c", program))
    there = notifier(timeout_s=0.3 if fault == "sleep" else 60.0)
    failed = why("phone", there, Credentials("json://h/SECRET"))
    assert message in failed.message
    assert "SECRET" not in failed.message


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifiers, "find_spec", lambda name: None)
    assert "[notify]" in str(why("phone", notifier(), Credentials("json://h/x")).fix)
    assert why("phone", notifier()).fix


# Programs.


def script(folder: Path, lines: str) -> Path:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o700)
    return program


def test_a_program_gets_the_notification_on_stdin(tmp_path: Path) -> None:
    there = notifier(program=(str(script(tmp_path, f'cat > "{tmp_path}/$1"')), "heard"))
    there.send("program", OUT, None)
    assert json.loads((tmp_path / "heard").read_text()) == {"id": OUT.id, **OUT.data}


@pytest.mark.parametrize(
    ("lines", "said"), [("echo no room >&2; exit 3", "3: no room"), ("sleep 60", "longer than"), ("yes", "more than")]
)
def test_what_is_wrong_with_a_program_is_said(tmp_path: Path, lines: str, said: str) -> None:
    there = notifier(program=(str(script(tmp_path, lines)),), timeout_s=0.5 if said == "longer than" else 60.0)
    assert said in why("program", there).message


def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    why("program", notifier(program=(str(tmp_path / "none"),)))


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_desktop_gets_title_and_text_as_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    name = "notify-send" if system == "linux" else "osascript"
    script(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/heard').rename(tmp_path / name)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    notifier().send("desktop", Outgoing("1", "ttp: $(touch x)", "<b>&`id`", {}), None)
    heard = (tmp_path / "heard").read_text().splitlines()
    assert heard[-2:] == ["ttp: $(touch x)", "&lt;b&gt;&amp;`id`" if system == "linux" else "<b>&`id`"]
    notifier().send("desktop", replace(LINKED, url=LINKED.url + "?a&b"), None)
    linked = '<a href="{0}">{0}</a>' if system == "linux" else "{0}"
    last = (tmp_path / "heard").read_text().splitlines()[-1]
    assert last == linked.format(LINKED.url + ("?a&amp;b" if system == "linux" else "?a&b"))


# Checks.


def test_a_check_looks_for_the_program_and_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SendingFailed):
        notifier().check("desktop", None)
    program = script(tmp_path, "exit 1")
    assert str(program) in notifier(program=(str(program),)).check("program", None)
    assert "127.0.0.1" in notifier(ntfy__url="http://127.0.0.1:9/topic").check("ntfy", None)
    with pytest.raises(SendingFailed):
        notifier(ntfy__url="http://host.invalid./x").check("ntfy", None)


@pytest.mark.parametrize("kind", ["ntfy", "program"])
def test_a_missing_setting_is_named(kind: str) -> None:
    with pytest.raises(SendingFailed) as raised:
        notifier().check(kind, None)
    assert raised.value.fix is not None
