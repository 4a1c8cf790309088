"""`ttp account connect` while a browser, a web page or another program sends it all sorts of things."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

import tests
from tests.clock import FakeClock
from tests.conftest import Program
from tests.drift.terminal import on_a_terminal
from tests.examples import every
from tests.login_page import goes_back, says
from ttp.platforms.oauth import callback
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.tiktok import records as tiktok_records
from ttp.sandbox.x import records as x_records

ROOT = Path(tests.__file__).parent.parent
HTML = "<b onload=alert(1)>No</b>\x1b[31m\u202e" + "x" * 70_000


@pytest.fixture
def sandbox(
    ttp: Program, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox
) -> RunningSandbox:
    shared_sandbox.reset(now=clock.now)
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", shared_sandbox.url)
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_ID", x_records.PUBLIC.id)
    monkeypatch.setenv("TTP_PLATFORMS__X__REDIRECT_URI", "http://127.0.0.1:0/callback")
    monkeypatch.setenv("DISPLAY", ":0")
    return shared_sandbox


class Visits:
    """What the browser visits of the terminal's own address: `{}` is the query of a login that was approved, STATE its
    state."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self._got: list[int] = []
        self._ended = threading.Event()

    def browse(self, url: str) -> None:
        answer = urlsplit(says(url))
        state = answer.query.partition("state=")[2]
        for visit in self.planned:
            address = f"http://{answer.netloc}{visit.replace('{}', answer.query).replace('STATE', state)}"
            self._got.append(httpx.get(address, trust_env=False).status_code)
        self._ended.set()

    def got(self) -> list[int]:
        """The status of each visit, once all were made."""
        assert self._ended.wait(60)
        return self._got


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Visits:
    made = Visits()
    monkeypatch.setattr("webbrowser.open", made.browse)
    return made


@pytest.mark.parametrize("page", ["error=access_denied&" + urlencode({"error_description": HTML}), "error=%3Cb%3E"])
def test_html_in_a_refusal_is_told_in_one_plain_line(
    ttp: Program, sandbox: RunningSandbox, visits: Visits, page: str
) -> None:
    visits.planned += [f"/callback?{page[:3000]}&state=STATE"]
    ran = ttp("account", "connect", "x", "--json")
    assert (ran.code, ran.error["code"]) == (7, "not_allowed")
    assert len(ran.error["message"]) < 500
    assert ran.error["message"].isprintable()
    assert "\x1b" not in ran.err
    assert ran.error["hint"] == "ttp account connect x"
    assert not (ttp.home / "credentials.json").exists()


def test_an_answer_without_a_code_is_waited_past(ttp: Program, sandbox: RunningSandbox, visits: Visits) -> None:
    visits.planned += ["/callback?state=STATE", "/callback?code=&state=STATE", "/callback?{}"]
    ttp.ok("account", "connect", "x")
    assert visits.got() == [400, 400, 200]


def test_nobody_who_answers_ends_the_wait_with_two_ways_out(
    ttp: Program, sandbox: RunningSandbox, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = callback.Listener.wait

    def wait_briefly(listener: callback.Listener, state: str, ready: Callable[[], object]) -> object:
        return wait(listener, state, 0.5, ready=lambda: (ready(), visits.got()))

    monkeypatch.setattr(callback.Listener, "wait", wait_briefly)
    visits.planned += ["/callback?code=a&state=foreign"]
    ran = ttp("account", "connect", "x")
    assert ran.code == 1
    assert "ttp account connect x --paste" in ran.err
    assert not ttp.home.exists()


def test_a_browser_that_stays_open_does_not_hold_the_terminal_up(
    ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()

    def stays_open(url: str) -> None:
        goes_back(url)
        closed.wait(60)

    monkeypatch.setattr("webbrowser.open", stays_open)
    try:
        ttp.ok("account", "connect", "x")
    finally:
        closed.set()


def test_a_secret_that_the_platform_no_longer_takes_is_asked_for_again(
    ttp: Program, sandbox: RunningSandbox, visits: Visits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_ID", x_records.CONFIDENTIAL.id)
    (tmp_path / "secret").write_text("of yesterday")
    visits.planned += ["/callback?{}"]
    ran = ttp("account", "connect", "x", "--client-secret", str(tmp_path / "secret"), "--json")
    assert ran.code == 7
    assert ran.error["hints"][0] == "ttp account connect x --client-secret FILE"
    assert "of yesterday" not in ran.err


# On a real terminal, as a separate process.


@pytest.fixture
def environment(ttp: Program, sandbox: RunningSandbox) -> dict[str, str]:
    given = {**os.environ, "TTP_HOME": str(ttp.home), "PYTHONPATH": str(ROOT), "TERM": "dumb", "NO_COLOR": "1"}
    given["TTP_PLATFORMS__TIKTOK__BASE_URL"] = sandbox.url
    given.pop("DISPLAY")
    return given


def program(*words: str) -> list[str]:
    return [sys.executable, "-m", "ttp", "account", "connect", *words]


def test_a_person_types_the_app_once_and_its_secret_is_never_shown(environment: dict[str, str], tmp_path: Path) -> None:
    with on_a_terminal(program("tiktok", "--paste"), cwd=tmp_path, env=environment) as terminal:
        terminal.until("Client key: ")
        terminal.type(f"{tiktok_records.APP.id}\n")
        shown = terminal.until("Client secret (hidden): ")
        terminal.type(f"{tiktok_records.APP.secret}\n")
        shown += terminal.until("Paste it here: ")
        url = next(line.strip() for line in shown.splitlines() if "/v2/auth/authorize/" in line)
        terminal.type("not this\n")
        shown += terminal.until("Paste it here: ")  # once more
        terminal.type(says(url, handle="roastery") + "\n")
        shown += terminal.until("[y/N] ")  # its history
        terminal.type("n\n")
        shown += terminal.rest()
    assert "tiktok/roastery is connected." in shown
    assert (tiktok_records.APP.secret or "-") not in shown


@pytest.mark.parametrize(("ends", "code"), [("Ctrl-C", 130), ("Ctrl-D", 2)])
@pytest.mark.parametrize("prompt", every(3, ["Client secret (hidden): ", "Client key: ", "Paste it here: "]))
def test_whoever_stops_typing_connects_nothing(
    environment: dict[str, str], tmp_path: Path, ttp: Program, prompt: str, ends: str, code: int
) -> None:
    with on_a_terminal(program("tiktok", "--paste"), cwd=tmp_path, env=environment) as terminal:
        for asked in ("Client key: ", "Client secret (hidden): ", "Paste it here: "):
            terminal.until(asked)
            if asked == prompt:
                break
            terminal.type("something\n")
        if ends == "Ctrl-C":
            terminal.interrupt()
        else:
            terminal.type("\x04")
        shown = terminal.rest()
        assert terminal.code() == code, shown
    assert "Traceback" not in shown
    assert not ttp.home.exists()


def test_ctrl_c_ends_the_wait_for_the_browser(environment: dict[str, str], tmp_path: Path, ttp: Program) -> None:
    with on_a_terminal(program("x", "--no-input"), cwd=tmp_path, env=environment) as terminal:
        shown = terminal.until("connect x --paste")
        terminal.interrupt()
        shown += terminal.rest()
        assert terminal.code() == 130, shown
    assert "Traceback" not in shown
    assert not ttp.home.exists()


def test_two_logins_at_once_on_one_port_are_one_login_and_a_way_out(
    environment: dict[str, str], tmp_path: Path
) -> None:
    first = subprocess.Popen(
        program("x", "--no-browser", "--json"),
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with first:
        assert first.stderr is not None
        url = next(line.strip() for line in first.stderr if "/i/oauth2/authorize" in line)
        (place,) = parse_qs(urlsplit(url).query)["redirect_uri"]
        given = {**environment, "TTP_PLATFORMS__X__REDIRECT_URI": place}
        second = subprocess.run(program("x"), cwd=tmp_path, env=given, stdin=subprocess.DEVNULL, capture_output=True)
        assert second.returncode == 5
        assert b"ttp account connect x --paste" in second.stderr
        goes_back(url)
        out, _ = first.communicate(timeout=60)
    assert (first.returncode, json.loads(out)["account"]) == (0, "x/demo")
