"""A platform from another package, built as a wheel and installed, through every command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.examples import every
from tests.outside.press import PASSWORD, Press, running_press

PROJECT = Path(__file__).parent / "paper"
NAME = "ttp_paper"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
OFFLINE = ("--no-index", "--no-build-isolation", "--no-deps")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has installed the wheel that the package's own build backend made."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(PROJECT, source, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([*PIP, "wheel", *OFFLINE, "-w", str(folder), str(source)], check=True, timeout=300)
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*PIP, "install", *OFFLINE, "--target", str(folder / "site"), str(wheel)], check=True, timeout=300)
    return folder / "site"


@pytest.fixture
def site(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which the package is installed, for one test; this process finds it there."""
    folder = tmp_path / "site"
    shutil.copytree(installed, folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    _forget()


def _forget() -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[module]


@pytest.fixture
def press(clock: FakeClock) -> Iterator[Press]:
    with running_press(clock.now) as press:
        yield press


@pytest.fixture
def me(press: Press) -> str:
    return f"paper/{press.handle}"


@pytest.fixture
def ttp_with_paper(site: Path, ttp: Program, me: str, tmp_path: Path) -> Program:
    ttp.ok("config", "set", "platforms.enabled", "paper")
    (tmp_path / "password").write_text(PASSWORD)
    ttp.ok("account", "connect", me, "--password-file", str(tmp_path / "password"))
    return ttp


def test_an_account_is_connected_with_a_password_at_its_own_server(
    ttp_with_paper: Program, press: Press, me: str, tmp_path: Path
) -> None:
    ttp = ttp_with_paper
    assert ttp.sql("SELECT server, server_info, user_id FROM account") == [(press.url, '{"most":40}', "7")]
    (tmp_path / "wrong").write_text("wrong")
    ran = ttp("account", "connect", me, "--password-file", str(tmp_path / "wrong"), "--json")
    assert (ran.code, "wrong" in ran.err) == (7, False)
    ran = ttp("account", "connect", me, "--no-input", "--json")
    assert (ran.code, "--password-file" in ran.err) == (2, True)
    assert ttp("account", "connect", "paper", "--json").code == 2, "which server is not known"
    assert ttp("account", "connect", me, "--server", "http://example.org", "--json").code == 2, "not https"
    assert ttp("account", "connect", "x/me", "--server", "https://example.org", "--json").code == 2
    press.tokens.clear()
    assert ttp("account", "check", me, "--json").code == 4


def test_its_token_goes_to_no_other_server(ttp_with_paper: Program, press: Press, me: str) -> None:
    ttp = ttp_with_paper
    ttp.sql("UPDATE account SET server = 'https://elsewhere.example'")
    post = ttp.post("Hello", "--to", me)
    before = len(press.requests)
    assert ttp("publish", str(post), "--yes", "--quiet").code != 0
    assert ttp("account", "check", me).code != 0
    assert len(press.requests) == before


def test_an_account_is_added_with_credentials_too(ttp_with_paper: Program, press: Press) -> None:
    ttp, other = ttp_with_paper, press.handle.replace("me@", "you@")
    ttp.account(f"pp/{other}")
    assert ttp.sql("SELECT server FROM account WHERE handle = ?", other) == [(press.url,)]
    assert len(ttp.ok("account", "list", "--json").json) == 2


def test_a_thread_is_published_in_one_call_with_its_option_and_is_not_repeated(
    ttp_with_paper: Program, press: Press, me: str
) -> None:
    ttp = ttp_with_paper
    ttp.account("x/me")
    post = ttp.post("One", "--thread", "Two", "--to", me, "--set", "pp.ink=BLUE", "--at", "in 1h")
    press.lose_answers = 1
    for seconds in (3601, 3):
        ttp.clock.advance(seconds=seconds)
        ttp("run", "--once", "--quiet")
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["remoteId"], delivery["url"]) == ("published", "1", f"{press.url}/page/1")
    assert [(page["text"], page["ink"]) for page in press.pages.values()] == [("One", "blue"), ("Two", "blue")]
    assert press.requests.count("POST /pages") == 1
    assert f"post {post}" not in ttp("audit").err
    assert ttp.ok("audit", "--json").json["ok"]


def test_its_rules_follow_what_the_server_allows(ttp_with_paper: Program, press: Press, me: str) -> None:
    ttp = ttp_with_paper
    ran = ttp("create", "x" * 41, "--to", me, "--at", "in 1h", "--json")
    assert [problem["code"] for problem in ran.error["problems"]] == ["text_too_long"]
    ttp.post("x" * 41, "--to", me)
    press.most = 50
    ttp.ok("account", "check", me)
    ttp.ok("create", "x" * 41, "--to", me, "--at", "in 1h")
    assert ttp.ok("create", "x" * 41, "--to", me, "--dry-run").rows[0][2:4] == ["41", "50"]


def test_a_refused_post_is_tried_again_under_the_same_key(ttp_with_paper: Program, press: Press, me: str) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", me)
    press.refuses = True
    ttp("publish", str(post), "--yes", "--quiet")
    assert ttp.shown(post)["status"] == "failed"
    (kept,) = ttp.sql("SELECT json_extract(handle, '$.keys[0]') FROM delivery")
    press.refuses = False
    ttp.ok("retry", str(post), "--yes", "--quiet")
    ttp("run", "--once", "--quiet")
    assert ttp.shown(post)["status"] == "published"
    assert list(press.keys) == list(kept)


def test_a_person_settles_it_by_its_address(ttp_with_paper: Program, me: str) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", me, "--at", "in 1h")
    ttp.sql("UPDATE delivery SET state = 'needs_review', next_at = NULL")
    ttp.ok("resolve", str(post), "--account", me, "--published", "https://press.example/page/77")
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["remoteId"]) == ("published", "77")


def test_its_numbers_are_read_imported_and_exported_and_its_pages_deleted(
    ttp_with_paper: Program, press: Press, me: str, tmp_path: Path
) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", me)
    ttp.ok("publish", str(post), "--yes", "--quiet")
    ttp.clock.advance(hours=2)
    ttp.ok("metrics", "pull", "--account", me)
    assert [one["likes"] for one in ttp.ok("metrics", "list", "--json").json] == [3]
    (tmp_path / "pages.csv").write_text("page,printed,hearts,readers\n900,2026-01-02 10:00,4,70\n")
    ttp.ok("metrics", "import", str(tmp_path / "pages.csv"), "--account", me, "--tz", "UTC")
    assert len(ttp.ok("metrics", "list", "--json").json) == 2
    assert me in ttp.ok("export", "--format", "csv").out
    ttp.ok("delete", str(post), "--remote", "--yes")
    assert press.pages == {}


def test_the_limits_of_a_server_are_shared_by_its_accounts(ttp_with_paper: Program, press: Press, me: str) -> None:
    ttp = ttp_with_paper
    press.calls_left = 0
    ttp.post("Hello", "--to", me, "--at", "in 1h")
    ttp.clock.advance(seconds=3601)
    ttp("run", "--once", "--quiet")
    (limit,) = ttp("status", "--json").json["limits"]
    assert limit["name"] == f"host {press.handle.partition('@')[2]} calls"
    assert ttp.sql("SELECT scope, subject FROM rate_limit") == [("host", press.handle.partition("@")[2])]


@pytest.mark.parametrize(
    "command",
    ["help paper", "account list", "account show {me}", "account check", "config show", "doctor", "status", "list"],
)
def test_other_commands_know_it(ttp_with_paper: Program, me: str, command: str) -> None:
    ran = ttp_with_paper(*command.format(me=me).split())
    assert "Traceback" not in ran.err
    assert ran.code in (0, 8) or command == "doctor"
    if command == "help paper":
        assert "paper.ink" in ran.out
        assert "platforms.paper.settle_s" in ran.out


def _run_apart(site: Path, home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a new process that finds the package where pip put it."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{site}:{PROJECT.parents[2]}", "TTP_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "ttp", *argv], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_completion_offers_its_account(ttp_with_paper: Program, me: str) -> None:
    assert me in ttp_with_paper.ok("__complete", "account", "paper/").out


# What a package may be like that cannot be used.

UNUSABLE = {
    "an older api": "\nPaper.api = 0\n",
    "a crash on import": "\nraise RuntimeError('no ink')\n",
    "another name": "\nPaper.name = 'pulp'\n",
    "no platform": "\nPLATFORM = 'paper'\n",
}


@pytest.mark.parametrize("fault", every(2, [*UNUSABLE, "uninstalled"]))
def test_one_that_cannot_be_used_is_reported_in_one_line_and_the_others_go_on(
    ttp_with_paper: Program, press: Press, site: Path, me: str, fault: str
) -> None:
    ttp = ttp_with_paper
    ttp.account("x/me")
    ttp.ok("config", "set", "platforms.paper.settle_s", "30")
    post, other = ttp.post("Hello", "--to", me, "--at", "in 1h"), ttp.post("Hello", "--to", "x/me", "--at", "in 5h")
    if fault == "uninstalled":
        for folder in site.glob("ttp_paper*"):
            shutil.rmtree(folder)
    else:
        with (site / NAME / "facts.py").open("a") as module:
            module.write(UNUSABLE[fault])
    _forget()
    before = len(press.requests)
    ran = _run_apart(site, ttp.home, "list", "--json")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (0, 1)
    assert "platform paper" in ran.stderr
    for command in (["show", str(post)], ["account", "list"], ["edit", str(other), "--tag", "a"]):
        said = ttp.ok(*command)
        assert said.err.count("platform paper") == 1
    checks = {one["name"]: one for one in ttp("doctor", "--json").json["checks"]}
    assert (checks["config"]["status"], "platforms.paper.settle_s" in checks["config"]["message"]) == ("warn", True)
    ttp.clock.advance(hours=1, seconds=1)
    shown = ttp("run", "--once", "--quiet")
    assert "Traceback" not in shown.err
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "account")
    assert ttp.shown(other)["status"] == "scheduled"
    assert len(press.requests) == before


def test_a_client_that_cannot_be_made_fails_its_posts_and_no_other(
    ttp_with_paper: Program, site: Path, me: str
) -> None:
    ttp = ttp_with_paper
    post = ttp.post("Hello", "--to", me, "--at", "in 1h")
    (site / NAME / "client.py").write_text("raise KeyError('ink')\n")
    _forget()
    ttp.clock.advance(hours=1, seconds=1)
    ran = ttp("run", "--once", "--quiet")
    assert "Traceback" not in ran.err
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "account")
    assert "KeyError" in delivery["error"]["message"]
