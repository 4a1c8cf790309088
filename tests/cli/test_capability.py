"""`TTP_CAPABILITY`: what an environment may do that may only look, or only write drafts."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Fill, Program
from tests.drift.operations_page import leaves
from tests.rows import each
from ttp.cli.help_pages import split_help
from ttp.domain.operations import OPERATIONS, capability_here, find_operation

NEEDS = {path: capability_here(OPERATIONS[path]) for path in leaves()}
May = Callable[[str], None]


def example(path: str) -> list[str]:
    """The words of the first example in a command's help that needs the capability of the command itself."""
    _, examples = split_help(leaves()[path].help)
    several = [shlex.split(re.split(r" [|<>] ", one)[0])[1:] for one in examples]
    return next(words for words in several if find_operation(path, words).name == path)


@pytest.fixture
def may(monkeypatch: pytest.MonkeyPatch) -> May:
    return lambda what: monkeypatch.setenv("TTP_CAPABILITY", what)


@pytest.fixture
def store(fill: Fill, may: May) -> Program:
    ttp = fill(seven_posts)
    may("draft")
    return ttp


def seven_posts(ttp: Program) -> None:
    """Draft 1, scheduled 2, failed 3; a repeat of 4, whose copies are 5 and 6; a pool of the tag tips: 7."""
    ttp.account()
    ttp.post("one", "--to", "x")
    ttp.post("two", "--to", "x", "--at", "in 1h")
    ttp.post("three", "--to", "x", "--at", "in 2h")
    ttp.bring(3, "failed", next_at=None, error=("content", "no"))
    ttp.post("four", "--to", "x")
    ttp.ok("repeat", "4", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "2")
    ttp.post("seven", "--to", "x", "--tag", "tips")
    ttp.ok("repeat", "--pool", "tips", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "1")


def refused(ttp: Program, *argv: str, stdin: str = "") -> str:
    """Run what must not be allowed; what it says."""
    before = ttp.sql("SELECT max(id), count(*), sum(updated_at) FROM post")
    ran = ttp(*argv, "--json", stdin=stdin)
    assert (ran.code, ran.out) == (7, ""), ran
    assert ran.error["code"] == "not_allowed"
    assert ran.error["hint"]
    if not stdin:
        assert ttp.sql("SELECT max(id), count(*), sum(updated_at) FROM post") == before
    return str(ran.error["message"])


def test_a_wrong_value_is_told_and_nothing_is_done(ttp: Program, may: May) -> None:
    may("drafts")
    ran = ttp("create", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert '"drafts"' in ran.err
    assert not ttp.home.exists()
    assert ttp("list", "--json").error["code"] == "usage"
    assert ttp("list", "--help").code == ttp("--version").code == 0


@pytest.mark.parametrize("what", ["", "publish"])
def test_without_it_everything_is_allowed(ttp: Program, may: May, what: str) -> None:
    may(what)
    ttp.account()
    ttp.ok("create", "hi", "--to", "x", "--at", "in 1h")


LOOKING = (
    *("slots list", "slots preview", "repeat list", "optimal", "optimal next", "optimal week", "optimal heatmap"),
    *(
        "optimal explain 9:00",
        "optimal backtest",
        "status",
        "list",
        "show 1",
        "log 1",
        "history",
        "audit",
        "metrics list",
    ),
    *(
        "metrics summary",
        "report",
        "export",
        "export -",
        "account list",
        "account show x/me",
        "doctor",
        "completion bash",
    ),
    *("help", "help capability", "service --print", "optimal heatmap --svg -"),
    *(
        "config show",
        "config get timezone",
        "config path",
        "token list",
        "calendar",
        "calendar --week --json",
        "calendar --ics",
        "report",
    ),
)
"""Commands that only look, with what the store has. For one that is not here, the example in its help is run."""
ELSEWHERE = ("service status", "mcp")
"""Asks the system; has its test in `tests/mcp`."""


def files(home: Path) -> dict[str, str]:
    """What is in a folder: names and bytes, but for what SQLite keeps while it reads."""
    found = (path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_whoever_may_only_look_writes_nothing(store: Program, may: May) -> None:
    store.sql("UPDATE recurrence SET ended_at = NULL, next_at = 0, count = NULL, made_until = NULL")
    if store.database.has_files:
        store.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    may("read")
    before = files(store.home), store.count("post"), store.count("occurrence")
    named = {" ".join(words.split()[:n]) for words in LOOKING for n in (1, 2)}
    others = [example(path) for path, needed in NEEDS.items() if needed == "read" and path not in (*named, *ELSEWHERE)]
    for words in (*map(str.split, LOOKING), *others):
        ran = store(*words)
        assert ran.code != 7, ran
        assert "bug" not in ran.err, ran
    assert (files(store.home), store.count("post"), store.count("occurrence")) == before


@pytest.mark.parametrize(
    "command",
    [
        *("create hi", "edit 1 hi", "delete 1", "import x.csv", "sync x", "plan 1 --dry-run", "backup x"),
        *("optimal heatmap --svg x.svg", "optimal heatmap --html x.html", "schedule 1 --at now"),
        *("doctor --online",),
    ],
)
def test_whoever_may_only_look_is_told_what_it_needs(store: Program, may: May, command: str) -> None:
    may("read")
    message = refused(store, *command.split())
    words = command.split()
    path = " ".join(words[:2]) if words[0] == "optimal" else words[0]
    need = "publish" if path in ("schedule", "doctor") else "draft"
    assert store("export", "x.csv").code == 7
    assert (path in message, message.endswith(need)) == (True, True)


def test_a_store_of_an_older_ttp_is_not_brought_up_to_date_by_a_look(store: Program, may: May) -> None:
    store.sql("UPDATE alembic_version SET version_num = '0005'")
    may("read")
    ran = store("list", "--json")
    assert (ran.code, ran.error["code"]) == (5, "older_store")
    assert store.sql("SELECT version_num FROM alembic_version") == [("0005",)]


def test_drafts_are_written_changed_and_deleted(store: Program) -> None:
    store.ok("edit", "1", "better", "--to", "x/me", "--tag", "launch")
    store.ok("edit", "--where", "tag=launch", "--replace-link", "https://a", "https://b", "--yes")
    made = store.post("new", "--to", "x", "--text", "x=for X")
    store.ok("delete", "1", str(made), "--yes")
    assert made == store.count("post") == 9


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (("create", "hi", "--to", "x", "--at", "in 1h"), "TTP_CAPABILITY"),
        (("create", "hi", "--to", "x", "--first"), "TTP_CAPABILITY"),
        (("create", "hi", "--at", "tomorow"), "TTP_CAPABILITY"),
        (("edit", "1", "--at", "in 1h"), "TTP_CAPABILITY"),
        (("edit", "2", "hi"), "post 2"),
        (("edit", "3", "hi"), "post 3"),
        (("edit", "--where", "status=scheduled", "--shift", "+1d", "--yes"), "post 2"),
        (("delete", "2"), "post 2"),
        (("delete", "1", "2", "--yes"), "post 2"),
        (("edit", "4", "hi"), "repeat 1"),
        (("delete", "4"), "repeat 1"),
        (("edit", "7", "hi"), "repeat 2"),
        (("edit", "1", "--tag", "tips"), "repeat 2"),
        (("create", "hi", "--to", "x", "--tag", "tips"), "repeat 2"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_draft_environment_makes_nothing_go_out(store: Program, argv: tuple[str, ...], named: str) -> None:
    assert named in refused(store, *argv)


@each("path", [path for path, needed in NEEDS.items() if needed == "publish"])
def test_what_publishes_or_sets_up_is_not_allowed_to_it(ttp: Program, may: May, path: str) -> None:
    may("draft")
    ran = ttp(*example(path), "--json")
    assert ran.code == 7, ran
    assert (ran.error["code"], ran.error["message"].endswith("publish")) == ("not_allowed", True)
    assert not ttp.home.exists()


def test_deleting_on_the_platforms_needs_more_than_deleting_a_draft(store: Program) -> None:
    assert refused(store, "delete", "1", "--remote").endswith("publish")


def test_a_text_from_a_pipe_is_kept_as_a_draft_when_its_time_is_refused(store: Program) -> None:
    said = refused(store, "create", "-", "--to", "x", "--at", "in 1h", stdin="a long text")
    assert said.startswith("TTP_CAPABILITY is draft: ")
    kept = max(post["id"] for post in store.ok("list", "--status", "draft", "--json").json)
    assert (store.shown(kept)["content"], store.shown(kept)["accounts"]) == ("a long text", [])


def test_files_bring_drafts_and_nothing_that_has_a_time(store: Program, tmp_path: Path) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("key,accounts,scheduledAt,content\na,x/me,,one\nb,x/me,2026-12-01T09:00Z,two\n")
    refused(store, "import", str(sheet))
    assert store.sql("SELECT count(*) FROM post WHERE key IN ('a', 'b')") == [(0,)], "all, or none"
    sheet.write_text("key,accounts,scheduledAt,content\na,x/me,,one\n")
    store.ok("import", str(sheet))
    refused(store, "import", str(sheet), "--spread", "even")
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "a.md").write_text("---\nto: x/me\n---\nHello\n")
    store.ok("sync", str(folder), "--yes")
    (folder / "a.md").write_text("---\nto: x/me\nat: 2026-12-01T09:00Z\n---\nHello\n")
    refused(store, "sync", str(folder), "--yes")


def test_files_are_written_by_whoever_may_write_drafts(store: Program, tmp_path: Path) -> None:
    store.ok("export", str(tmp_path / "posts.csv"))
    if store.database.has_files:
        store.ok("backup", str(tmp_path / "ttp.db"))
    assert store.ok("plan", "1", "--dry-run").rows
