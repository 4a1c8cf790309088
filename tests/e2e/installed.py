"""What a person does with an installed ttp, from the first command to the last.

    python -m tests.e2e.installed TTP [--sandbox]

TTP is the program of an environment that has the wheel and nothing else of this repository. With --sandbox, only what
needs that extra: the demo, and publishing. Needs the standard library only. `.ci/package` runs it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.drift.terminal import on_a_terminal

TESTS = Path(__file__).parents[1]
RELEASES = TESTS / "compat" / "releases"
OLDEST = min((TESTS / "store" / "migrations" / "old_stores").glob("*.sql"))
LONGEST_S = 120.0
FREE_PORT = "0"


class Installed:
    """A program in its own environment, and a user who has nothing else."""

    def __init__(self, ttp: Path, user: Path) -> None:
        self.ttp = ttp
        self.user = user
        # What `ttp` starts must not find another Python: the folder of the program comes first.
        self.environ = {
            "PATH": f"{ttp.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(user),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "TTP_HOME": str(user / "store"),
        }

    @property
    def home(self) -> Path:
        return Path(self.environ["TTP_HOME"])

    def run(self, *words: str, code: int | None = 0, stdin: str = "", argv: Sequence[str] = ()) -> str:
        """Run a command and return its stdout. AssertionError for another exit code than `code` (None: any)."""
        command = [*(argv or [str(self.ttp)]), *words]
        ran = subprocess.run(
            command,
            env=self.environ,
            cwd=self.user,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert code in (None, ran.returncode), (command, ran)
        assert "Traceback" not in ran.stderr + ran.stdout, ran
        assert "bug in ttp" not in ran.stderr, ran
        self.said = ran.stderr
        return ran.stdout

    def json(self, *words: str, stdin: str = "") -> Any:
        return json.loads(self.run(*words, "--json", stdin=stdin))

    def new_store(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)


def try_first_commands(on: Installed) -> None:
    """Every command that the start page names has help."""
    assert re.fullmatch(r"ttp \d+\.\d+\.\d+\n", on.run("--version"))
    names = re.findall(r"^  (\w+) {2,}\w", on.run(), re.MULTILINE)
    assert {"create", "init", "run", "list"} <= {*names}
    for name in names:
        assert on.run(name, "--help").startswith("Usage: ")
    for shell in ("bash", "zsh", "fish"):
        assert on.run("completion", shell)
    share = on.ttp.parent.parent / "share"
    if share.is_dir():  # pipx and uv tool put the program elsewhere
        assert (share / "man/man1/ttp.1").is_file()
        assert (share / "bash-completion/completions/ttp").is_file()


def try_wizard(on: Installed) -> None:
    """Without a terminal it prints what to set; on one it asks at most seven questions, and its commands work."""
    steps = [line.split("\t")[0] for line in on.run("init").splitlines()]
    assert steps == ["account", "timezone", "media_host", "publisher", "post"]
    assert not on.home.exists()

    folder = f"{on.user}/web https://media.example.org/"
    answers = ["bluesky, ig", "Europe/Berlin", "folder", folder, "refuse", "cron", "Hello"]
    with on_a_terminal([str(on.ttp), "init"], cwd=on.user, env=on.environ) as terminal:
        for number, answer in enumerate(answers, 1):
            assert f"\n{number}. " in terminal.until("] ").replace("\r", "")
            terminal.type(f"{answer}\n")
        shown = terminal.rest().replace("\r", "")
        assert terminal.code() == 0, shown
    following = [line.strip() for line in shown.partition("Next:\n")[2].splitlines() if line.strip()]
    assert "ttp account connect instagram" in following
    assert following[-1] == "ttp status"
    assert on.json("show", "1")["status"] == "draft"
    assert on.run("config", "get", "timezone") == "Europe/Berlin\n"
    on.run("status")
    (cron,) = [line for line in following if line.startswith("* * * * *")]
    on.run(argv=["/bin/sh", "-c", cron.removeprefix("* * * * *").replace(r"\%", "%")])

    on.new_store()
    with on_a_terminal([str(on.ttp), "init"], cwd=on.user, env=on.environ) as terminal:
        asked = 0
        while "] " in (shown := terminal.until_one_of("] ", "Next:")):
            asked += 1
            terminal.type("\n")
        terminal.rest()
        assert terminal.code() == 0
    assert asked == 5
    assert not on.home.exists(), "Enter everywhere changes nothing"


def try_demo(on: Installed) -> None:
    """It ends with commands that work."""
    last = on.run("demo").rstrip().splitlines()[-1]
    commands = re.split(r" {3,}", last.partition(":")[2].strip())
    assert len(commands) == 3
    for command in commands:
        on.run(*shlex.split(command)[1:])
    on.new_store()


WEEK = {
    "roast.md": "---\nto: x/demo\n---\nHow we roast.\n",
    "beans.md": "---\nto: x/demo\ntags: [beans]\n---\nFresh beans.\n",
    "cup.md": "---\nto: x/shop\n---\nMonday looks better like this.\n",
}


def try_week(on: Installed) -> None:
    """Plan a week of texts onto slots, without a platform."""
    for name in ("x/demo", "x/shop"):
        on.run("account", "add", name, "--credentials", "-", stdin='{"accessToken": "made-up"}')
    on.run("slots", "add", "mon,wed,fri 09:00", "--account", "x/demo", "--tz", "Europe/Berlin")
    on.run("slots", "add", "tue,thu 18:00", "--account", "x/shop", "--tz", "Europe/Berlin")
    (on.user / "week").mkdir(exist_ok=True)
    for name, text in WEEK.items():
        (on.user / "week" / name).write_text(text)
    on.run("import", "week", "--spread", "slots", "--dry-run")
    assert on.run("list") == ""
    on.run("import", "week", "--spread", "slots", "--quiet")
    assert [post["status"] for post in on.json("list")] == ["scheduled"] * len(WEEK)
    on.run("calendar", "--week", "next", "--format", "table")
    on.run("optimal", "--account", "x/demo", code=None)
    on.run("export", "--format", "ics")
    on.run("undo", "--yes")
    assert {post["status"] for post in on.json("list")} <= {"draft"}
    on.new_store()


@contextmanager
def sandbox(on: Installed) -> Iterator[str]:
    """Run the stand-ins; their address."""
    with subprocess.Popen(
        [str(on.ttp), "sandbox", "--port", FREE_PORT], env=on.environ, cwd=on.user, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def try_publishing(on: Installed) -> None:
    """Publish a post, and run the command of the service file as the service manager would."""
    with sandbox(on) as url:
        on.environ["TTP_PLATFORMS__X__BASE_URL"] = url
        with urllib.request.urlopen(f"{url}/_sandbox/accounts", timeout=30) as answer:
            held = {one["account"]: one["credentials"] for one in json.load(answer)}
        on.run("account", "add", "x/demo", "--credentials", "-", stdin=json.dumps(held["x/demo"]))
        on.run("create", "Hello", "--to", "x/demo", "--at", "now", "--quiet")
        on.run("run", "--until-idle")
        assert on.json("show", "1")["status"] == "published"
        on.run("create", "By the service", "--to", "x/demo", "--at", "in 1s", "--quiet")
        with service(on) as process:
            _wait_for(lambda: on.json("show", "2")["status"] == "published")
            assert on.json("status")["publisher"]["running"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(LONGEST_S) == 0
        assert on.json("audit")["ok"]
        del on.environ["TTP_PLATFORMS__X__BASE_URL"]
    on.new_store()


@contextmanager
def service(on: Installed) -> Iterator[subprocess.Popen[str]]:
    """Start what the service file starts, with its environment only."""
    text = on.run("service", "--print")
    assert "WantedBy=default.target" in text
    (command,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    environ = dict(shlex.split(line)[0].split("=", 1) for line in re.findall(r"^Environment=(.+)$", text, re.MULTILINE))
    assert environ["TTP_HOME"] == str(on.home)
    with subprocess.Popen(shlex.split(command), env={"HOME": str(on.user), **environ}, cwd="/", text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _wait_for(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_S
    while not is_done():
        assert time.monotonic() < end
        time.sleep(0.2)


def try_upgrades(on: Installed) -> None:
    """Open the store of the oldest version that is read, and the homes of released ones; refuse a newer store."""
    homes: list[Path | None] = [None, *sorted(RELEASES.iterdir())]
    for release in homes:
        on.new_store()
        if release is None:
            on.home.mkdir(mode=0o700)
        else:
            shutil.copytree(release, on.home)
        on.home.chmod(0o700)
        script = OLDEST if release is None else on.home / "ttp.db.sql"
        (on.home / "ttp.db").touch(0o600)
        with closing(sqlite3.connect(on.home / "ttp.db")) as db:
            db.executescript(script.read_text(encoding="utf-8"))
            (before,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
        for path in on.home.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        assert on.run("list")
        said, kept = on.said, list(on.home.glob("ttp.db.before-*"))
        with closing(sqlite3.connect(on.home / "ttp.db")) as db:
            (after,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
        assert [str(path) in said for path in kept] == [True] * (before != after)
        on.run("create", "New")
        on.run("config", "show")
    with closing(sqlite3.connect(on.home / "ttp.db", isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    on.run("list", code=5)
    assert "newer" in on.said.splitlines()[0]
    on.new_store()


def try_leaving(on: Installed) -> None:
    """Keep the store, then delete it; ttp says how it is removed itself."""
    on.run("create", "Hello", "--quiet")
    on.run("config", "set", "timezone", "UTC")
    on.run("run", "--once", "--quiet")
    on.run("uninstall", code=2)
    on.run("uninstall", "--keep")
    assert not list(on.home.glob("*.lock"))
    assert on.json("show", "1")["content"] == "Hello"
    on.run("uninstall", "--purge", "--dry-run")
    on.run("uninstall", "--purge", "--no-input", code=None)
    assert on.home.exists(), "no person was asked"
    with on_a_terminal([str(on.ttp), "uninstall", "--purge"], cwd=on.user, env=on.environ) as terminal:
        terminal.until("cannot be undone")
        terminal.type("y\n")
        shown = terminal.rest()
        assert terminal.code() == 0, shown
    assert not on.home.exists()
    left = sorted(str(path.relative_to(on.user)) for path in on.user.rglob("*") if path.is_file())
    assert [path for path in left if not path.startswith(("week/", "web/"))] == []
    assert "ttp-cli" in shown


def try_removal(on: Installed) -> None:
    """The command that `uninstall` names removes the program itself."""
    (command,) = [one["note"] for one in on.json("uninstall", "--keep") if one["kind"] == "package"]
    on.environ["PATH"] += f":{os.environ['PATH']}"  # where uv or pipx is
    on.run(argv=["/bin/sh", "-c", command], stdin="y\n")
    assert not on.ttp.exists()


PARTS = (try_first_commands, try_wizard, try_week, try_upgrades, try_leaving, try_removal)
PARTS_WITH_SANDBOX = (try_demo, try_publishing)


def main(program: str, option: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        on = Installed(Path(program).absolute(), Path(folder).resolve())
        for part in PARTS_WITH_SANDBOX if option == "--sandbox" else PARTS:
            began = time.monotonic()
            part(on)
            print(f"  ok: {part.__name__.removeprefix('try_').replace('_', ' ')}, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    os.umask(0o022)
    main(*sys.argv[1:])
