"""`ttp account connect` from the command line: against the sandbox, with a browser that says yes or no."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import tests
from tests.clock import FakeClock
from tests.conftest import Program
from tests.login_page import goes_back, says
from tests.settings import Config
from ttp.cli.commands import account as account_module
from ttp.sandbox.control import ordered_post
from ttp.sandbox.instagram import records as instagram_records
from ttp.sandbox.records import SandboxApp
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.tiktok import records as tiktok_records
from ttp.sandbox.x import records as x_records
from ttp.store.credentials import CredentialsFile

ROOT = Path(tests.__file__).parent.parent
HERE, AWAY = "http://127.0.0.1:0/callback", Config().text("platforms.instagram.redirect_uri")


@pytest.fixture(autouse=True)
def free_ports(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port that the settings name may be another program's."""
    for platform in ("X", "TIKTOK", "MASTODON"):
        monkeypatch.setenv(f"TTP_PLATFORMS__{platform}__REDIRECT_URI", HERE)


@pytest.fixture
def sandbox(
    ttp: Program, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox
) -> RunningSandbox:
    """A sandbox that the settings point at, with the id of its app for each platform."""
    shared_sandbox.reset(now=clock.now)
    for platform, app in (
        ("X", x_records.PUBLIC),
        ("TIKTOK", tiktok_records.APP),
        ("INSTAGRAM", instagram_records.INSTAGRAM),
    ):
        monkeypatch.setenv(f"TTP_PLATFORMS__{platform}__BASE_URL", shared_sandbox.url)
        monkeypatch.setenv(f"TTP_PLATFORMS__{platform}__CLIENT_ID", app.id)
    monkeypatch.setenv("TTP_PLATFORMS__INSTAGRAM__REDIRECT_URI", AWAY)
    monkeypatch.setenv("DISPLAY", ":0")
    return shared_sandbox


class Browser:
    """Replace the machine's browser; open each address on its own thread and act as the test says."""

    def __init__(self, act: Callable[[str], object]) -> None:
        self.act = act
        self.seen: list[str] = []
        self.threads: list[threading.Thread] = []

    def open(self, url: str) -> bool:
        self.seen.append(url)
        self.threads.append(threading.Thread(target=self.act, args=(url,)))
        self.threads[-1].start()
        return True


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    made = Browser(goes_back)
    monkeypatch.setattr("webbrowser.open", made.open)
    yield made
    for thread in made.threads:
        thread.join()


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], str]]:
    """A person at the terminal: what they type at each prompt, by its first word."""
    typed: dict[str, Callable[[], str]] = {"secret": lambda: ""}
    monkeypatch.setattr(account_module, "is_interactive", lambda: True)
    monkeypatch.setattr(account_module, "_line", lambda prompt: typed[prompt.split()[0]]())
    monkeypatch.setattr(account_module, "_secret", lambda prompt: typed["secret"]())
    return typed


def secret_file(folder: Path, app: SandboxApp) -> str:
    path = folder / "secret"
    path.write_text(f"{app.secret}\n")
    return str(path)


def ordered(sandbox: RunningSandbox, **account: object) -> dict[str, str]:
    """The credentials of an account of the sandbox, which gets new ones."""
    url, data = f"{sandbox.url}/_sandbox/accounts", json.dumps(account).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer)["credentials"])


def test_x_is_connected_in_the_browser_and_works(ttp: Program, sandbox: RunningSandbox, browser: Browser) -> None:
    ran = ttp.ok("account", "connect", "x", "--json")
    assert (ran.json["account"], ran.json["connected"], ran.json["needsReconnect"]) == ("x/demo", True, False)
    assert set(ran.json["scopes"]) >= {"tweet.write", "offline.access"}
    assert browser.seen[0] in ran.err
    assert browser.seen[0].startswith(f"{sandbox.url}/i/oauth2/authorize?")
    held = CredentialsFile(ttp.home).get("x/demo")
    assert held is not None
    assert held.refresh_token
    for secret in (held.access_token, held.refresh_token):
        assert secret not in ran.out + ran.err
    ttp.ok("create", "Connected", "--to", "x", "--at", "now")
    ttp.ok("run", "--until-idle")
    assert [post.text for post in sandbox.state.visible_posts()] == ["Connected"]


def test_an_account_with_a_new_handle_is_renamed_after_a_question_and_its_queue_follows(
    ttp: Program, sandbox: RunningSandbox, browser: Browser
) -> None:
    ttp.ok("account", "connect", "x")
    credentials, before = CredentialsFile(ttp.home), ttp.ok("account", "show", "x", "--json").json
    held = credentials.get("x/demo")
    assert held is not None
    credentials.put("x/old", held)
    credentials.remove("x/demo")
    ttp.sql("UPDATE account SET handle = 'old'")
    ttp.ok("create", "To all", "--to", "x/old", "--text", "x/old=To x", "--at", "in 1h")
    refused = ttp("account", "connect", "x/demo", "--json")
    assert (refused.code, refused.error["hint"]) == (2, None)  # a person decides whether it is the same account
    assert [one["account"] for one in ttp.ok("account", "list", "--json").json] == ["x/old"]
    assert credentials.get("x/demo") is None
    renamed = ttp.ok("account", "connect", "x/demo", "--yes", "--json").json
    assert renamed == {**before, **renamed}
    assert renamed["account"] == "x/demo"
    assert credentials.get("x/old") is None
    assert ttp.ok("show", "1", "--json").json["variants"] == {"x/demo": "To x"}
    ttp.ok("publish", "1", "--yes")
    assert [post.text for post in sandbox.state.visible_posts()] == ["To x"]


def test_the_credentials_of_an_account_add_no_second_one_of_another_name(ttp: Program) -> None:
    keys = json.dumps({"accessToken": "a", "userId": "7"})
    ttp.ok("account", "add", "x/old", "--credentials", "-", stdin=keys)
    refused = ttp("account", "add", "x/new", "--credentials", "-", "--json", stdin=keys)
    assert (refused.code, refused.error["hint"]) == (2, "ttp account connect x/new")
    assert [one["account"] for one in ttp.ok("account", "list", "--json").json] == ["x/old"]
    assert CredentialsFile(ttp.home).get("x/new") is None
    ttp.ok("account", "add", "x/OLD", "--credentials", "-", stdin=keys)
    ttp.ok("account", "add", "x/new", "--credentials", "-", stdin=json.dumps({"accessToken": "b", "userId": "8"}))


def test_the_secret_may_come_from_stdin(ttp: Program, sandbox: RunningSandbox, browser: Browser) -> None:
    ran = ttp.ok("account", "connect", "tiktok", "--client-secret", "-", stdin=tiktok_records.APP.secret or "")
    assert "tiktok/demo" in ran.out


@pytest.mark.parametrize("login", ["instagram", "facebook"])
def test_instagram_is_connected_by_pasting_with_either_login(
    ttp: Program,
    sandbox: RunningSandbox,
    person: dict[str, Callable[[], str]],
    monkeypatch: pytest.MonkeyPatch,
    login: str,
) -> None:
    app = instagram_records.INSTAGRAM if login == "instagram" else instagram_records.FACEBOOK
    monkeypatch.setenv("TTP_PLATFORMS__INSTAGRAM__LOGIN", login)
    monkeypatch.setenv("TTP_PLATFORMS__INSTAGRAM__CLIENT_ID", app.id)
    seen: list[str] = []
    monkeypatch.setattr(account_module, "_browse", seen.append)
    person["secret"] = lambda: app.secret or ""
    person["Paste"] = lambda: says(seen[0])
    ran = ttp.ok("account", "connect", "ig", "--json")
    assert ran.json["account"] == "instagram/demo"
    assert (ran.json["expiresAt"] is None) == (login == "facebook")
    assert "media_host" in ran.err


def test_what_is_pasted_wrong_may_be_pasted_again_three_times(
    ttp: Program, sandbox: RunningSandbox, person: dict[str, Callable[[], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(account_module, "_browse", seen.append)
    pasted = ["nothing of the kind", "https://127.0.0.1/callback?code=a&state=other", ""]
    person["Paste"] = lambda: pasted.pop(0)
    ran = ttp("account", "connect", "x", "--paste")
    assert ran.code == 2
    assert pasted == []
    assert "ttp account connect x --paste" in ran.err
    pasted[:] = ["nothing of the kind", says(seen[-1])]
    person["Paste"] = lambda: pasted.pop(0) if len(pasted) > 1 else says(seen[-1])
    assert ttp("account", "connect", "x", "--paste").code == 0


def test_someone_else_in_the_browser_is_refused(ttp: Program, sandbox: RunningSandbox, browser: Browser) -> None:
    ttp.ok("account", "connect", "x/demo")
    held = CredentialsFile(ttp.home).get("x/demo")
    browser.act = lambda url: goes_back(url, handle="other")
    ran = ttp("account", "connect", "x/demo")
    assert ran.code == 2
    assert "x/other" in ran.err
    assert CredentialsFile(ttp.home).get("x/demo") == held
    assert ttp.ok("account", "connect", "x", "--json").json["account"] == "x/other"


def test_a_dead_token_fails_what_is_due_at_once_and_nothing_else_and_connecting_again_says_how_to_go_on(
    ttp: Program, sandbox: RunningSandbox, browser: Browser
) -> None:
    before = ttp.ok("account", "connect", "x", "--json").json
    browser.act = lambda url: goes_back(url, handle="other")
    ttp.ok("account", "connect", "x", "-q")
    due = ttp.post("Too soon", "--to", "x/demo,x/other", "--at", "now")
    later = ttp.post("Later", "--to", "x/demo", "--at", "in 1h")
    ordered(sandbox, account="x/demo")  # new credentials end the old ones, of which ttp knows nothing
    sandbox.state.answered.clear()
    assert ttp("run", "--until-idle").code == 4
    asked = [path for _, path, _ in sandbox.state.answered]
    assert asked.count("/2/oauth2/token") == 1
    deliveries = {d["account"]: d for d in ttp.shown(due)["deliveries"]}
    assert deliveries["x/demo"]["error"]["kind"] == "auth"
    assert deliveries["x/demo"]["error"]["hint"] == "ttp account connect x/demo"
    assert deliveries["x/other"]["state"] == "published"
    assert ttp.shown(later)["deliveries"][0]["state"] == "pending"
    warned = ttp.ok("create", "Another", "--to", "x/demo", "--at", "in 2h", "--json").json["warnings"]
    assert any("x/demo" in warning for warning in warned)
    browser.act = goes_back
    ran = ttp.ok("account", "connect", "x/demo", "--json")
    assert ran.json == {**before, "needsReconnect": False}
    assert "ttp retry --failed --account x/demo" in ran.err
    ttp.ok("retry", "--failed", "--account", "x/demo", "--yes")
    seen = [(post.account, post.text) for post in sandbox.state.visible_posts()]
    assert seen == [("x/other", "Too soon"), ("x/demo", "Too soon")]


def test_permissions_that_are_missing_are_named(ttp: Program, sandbox: RunningSandbox, browser: Browser) -> None:
    ran = ttp.ok("account", "connect", "x", "--scopes", "users.read,tweet.read,tweet.write,offline.access")
    assert "media.write" in ran.err


def test_without_a_browser_the_address_is_printed_and_nothing_opened(
    ttp: Program, sandbox: RunningSandbox, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_module, "print_prompt", lambda *lines: browser.open(lines[2].strip()))
    monkeypatch.setattr(account_module, "_browse", lambda url: pytest.fail("a browser was opened"))
    ttp.ok("account", "connect", "x", "--no-browser")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    ttp.ok("account", "connect", "x")


def test_a_person_is_asked_for_the_app_once(
    ttp: Program,
    sandbox: RunningSandbox,
    browser: Browser,
    person: dict[str, Callable[[], str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TTP_PLATFORMS__TIKTOK__CLIENT_ID")
    person["Client"] = lambda: tiktok_records.APP.id
    person["secret"] = lambda: tiktok_records.APP.secret or ""
    ran = ttp.ok("account", "connect", "tiktok")
    assert "ttp help tiktok" in ran.err
    person.clear()
    ttp.ok("account", "connect", "tiktok")


def test_user_keys_of_oauth_1_are_added_signed_with_and_never_renewed(ttp: Program, sandbox: RunningSandbox) -> None:
    keys = ordered(sandbox, account="x/demo", signed=True)
    assert set(keys) >= {"apiKey", "apiSecret", "accessToken", "accessTokenSecret"}
    ran = ttp.ok("account", "add", "x/demo", "--credentials", "-", "--json", stdin=json.dumps(keys))
    assert (ran.json["connected"], ran.json["expiresAt"], ran.err) == (True, None, "")
    ttp.clock.advance(days=400)
    ttp.ok("create", "Signed", "--to", "x", "--at", "now")
    ttp.ok("run", "--until-idle")
    assert [post.text for post in sandbox.state.visible_posts()] == ["Signed"]


@pytest.mark.parametrize(
    ("name", "keys", "named"),
    [
        ("x/me", {"apiKey": "a", "accessToken": "t"}, "apiSecret, accessTokenSecret"),
        (
            "ig/me",
            {"apiKey": "a", "apiSecret": "s", "accessToken": "t", "accessTokenSecret": "u"},
            "Instagram",
        ),
    ],
)
def test_user_keys_that_cannot_sign_are_refused(ttp: Program, name: str, keys: dict[str, str], named: str) -> None:
    ran = ttp("account", "add", name, "--credentials", "-", stdin=json.dumps(keys))
    assert ran.code == 2
    assert named in ran.err


def test_adding_a_pair_says_to_keep_the_home(ttp: Program) -> None:
    pair = json.dumps({"accessToken": "a", "refreshToken": "r"})
    ran = ttp.ok("account", "add", "x/me", "--credentials", "-", stdin=pair)
    assert "TTP_HOME" in ran.err
    assert "TTP_HOME" not in ttp.ok("account", "add", "x/me", "--credentials", "-", "-q", stdin=pair).err


@pytest.mark.parametrize("name", ["x", "tiktok", "instagram/shop"])
def test_an_unknown_app_and_nobody_to_ask_is_refused_with_the_command(ttp: Program, name: str) -> None:
    ran = ttp("account", "connect", name, "--json")
    platform = name.partition("/")[0]
    assert ran.code == 2
    assert ran.error["hints"][0] == f"TTP_PLATFORMS__{platform.upper()}__CLIENT_ID=CLIENT_ID ttp account connect {name}"
    assert not ttp.home.exists()


def test_a_secret_that_is_missing_and_cannot_be_asked_for_is_said_to_be(ttp: Program, sandbox: RunningSandbox) -> None:
    ran = ttp("account", "connect", "tiktok", "--json")
    assert (ran.code, ran.error["hints"][0]) == (2, "ttp account connect tiktok --client-secret FILE")


def test_pasting_without_a_terminal_is_refused(ttp: Program, sandbox: RunningSandbox) -> None:
    ran = ttp("account", "connect", "x", "--paste", "--json")
    assert (ran.code, ran.error["hints"][0]) == (2, "ttp account add x/HANDLE --credentials FILE")


@pytest.mark.parametrize("name", ["myspace", "x/", "x/a b", ""])
def test_a_name_that_is_none_is_refused(ttp: Program, name: str) -> None:
    assert ttp("account", "connect", name).code == 2


def test_a_secret_file_that_is_not_there_is_said_to_be(ttp: Program, sandbox: RunningSandbox) -> None:
    assert ttp("account", "connect", "tiktok", "--client-secret", "/nowhere/secret").code == 3


@pytest.mark.parametrize(
    "address", ["callback", "http://", "http://127.0.0.1:port/", "http://[/", "ftp://127.0.0.1:1/"]
)
def test_a_redirect_address_that_is_none_is_refused(
    ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TTP_PLATFORMS__X__REDIRECT_URI", address)
    ran = ttp("account", "connect", "x", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert address in ran.error["message"]


def test_a_taken_port_is_refused(ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = sandbox.url.rpartition(":")[2]
    monkeypatch.setenv("TTP_PLATFORMS__X__REDIRECT_URI", f"http://127.0.0.1:{taken}/callback")
    ran = ttp("account", "connect", "x", "--json")
    assert (ran.code, ran.error["code"]) == (5, "busy")
    assert ran.error["hint"] == "ttp account connect x --paste"


def test_what_browsers_write_does_not_reach_stdout(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: os.write(1, b"Opening in existing browser session.\n"))
    with account_module._browsers_silent():
        account_module._open("http://127.0.0.1/")
    os.write(1, b"data\n")
    assert capfd.readouterr().out == "data\n"


@pytest.mark.parametrize(("name", "app"), [("x", None), ("tiktok", tiktok_records.APP)], ids=["x", "tiktok"])
def test_an_account_that_is_removed_is_taken_back_at_the_platform(
    ttp: Program, sandbox: RunningSandbox, browser: Browser, name: str, app: SandboxApp | None, tmp_path: Path
) -> None:
    secret = () if app is None else ("--client-secret", secret_file(tmp_path, app))
    ttp.ok("account", "connect", name, *secret)
    held = CredentialsFile(ttp.home).get(f"{name}/demo")
    assert held is not None
    ran = ttp.ok("account", "remove", f"{name}/demo", "--json")
    assert ran.json["connected"] is False
    assert not any(account.accepts(held.access_token) for account in sandbox.state.accounts.values())
    assert held.access_token not in ran.out + ran.err


def test_uninstalling_takes_the_tokens_of_all_accounts_back(
    ttp: Program, sandbox: RunningSandbox, browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ttp.ok("account", "connect", "x")
    ttp.ok("account", "connect", "tiktok", "--client-secret", secret_file(tmp_path, tiktok_records.APP))
    held = [CredentialsFile(ttp.home).get(name) for name in ("x/demo", "tiktok/demo")]
    ttp.ok("uninstall", "--purge", "--dry-run")
    accounts = sandbox.state.accounts.values()
    assert all(any(account.accepts(one.access_token) for account in accounts) for one in held if one)
    found = ttp.ok("uninstall", "--purge", "--yes", "--json").json
    tokens = {one["name"]: (one["action"], one["done"]) for one in found if one["kind"] == "token"}
    assert tokens == {"x/demo": ("revoke", True), "tiktok/demo": ("revoke", True)}
    assert not any(account.accepts(one.access_token) for account in accounts for one in held if one)
    assert not ttp.home.exists()


def test_a_sandbox_that_is_gone_keeps_no_account_from_being_removed(
    ttp: Program, sandbox: RunningSandbox, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.ok("account", "connect", "x")
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        ran = ttp.ok("account", "remove", "x/demo")
    assert "127.0.0.1" in ran.err
    assert ttp.ok("account", "list").out == ""


@pytest.mark.parametrize("platform", ["x", "tiktok"])
def test_the_history_of_a_new_account_is_read_after_a_question_where_that_is_free(
    ttp: Program,
    sandbox: RunningSandbox,
    browser: Browser,
    person: dict[str, Callable[[], str]],
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
) -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("ttp.cli.commands.metrics.ask", ask)
    monkeypatch.setattr("ttp.cli.output.Output.for_people", True)
    person["secret"] = lambda: tiktok_records.APP.secret or "" if platform == "tiktok" else ""
    at = (ttp.clock.now() - timedelta(days=3)).isoformat()
    sandbox.state.insert(ordered_post(sandbox.state, {"account": f"{platform}/demo", "text": "Before", "at": at}))
    ran = ttp.ok("account", "connect", platform)
    read = ttp.sql("SELECT text FROM sample")
    if platform == "x":
        assert (asked, read, "$2.50" in ran.err) == ([], [], True)
        assert "metrics pull --history 500 --account x/demo" in ran.err
    else:
        assert (len(asked), [tuple(row) for row in read]) == (1, [("Before",)])
