"""Commands on another machine's store write what they write here, and end with the same exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.commands import GIVEN, READING, REFUSED, WRITING
from tests.drift.operations_page import leaves, remote_paths
from tests.examples import every
from tests.pictures import picture
from tests.remote.conftest import Machines
from ttp.cli.remote.commands import HERE, REMOTE, SETTINGS_HERE, RemoteCommand, find_command
from ttp.cli.remote.commands import REFUSED as REFUSED_THERE
from ttp.domain.errors import NotAllowed


def is_remote(argv: tuple[str, ...]) -> bool:
    """Whether a call runs on a server."""
    return not {argv[0], " ".join(argv[:2])} & {*REFUSED_THERE, *HERE}


FORMS = [("--json",), (), ("--format", "table")]
BAD = [
    ("show", "999"),
    ("show", "many"),
    ("lst",),
    ("list", "--bogus"),
    ("list", "--fields", "nothing", "--json"),
    ("create", "Hi", "--to", "x/nobody"),
    ("create", "Hi", "--to", "x/me", "--at", "yesterdayish", "--json"),
    ("edit", "1"),
    ("delete", "1", "2"),
    ("publish", "1"),
    ("slots", "add", "never", "--account", "x/me"),
    ("repeat", "stop", "99"),
    ("import", "nothing.csv"),
    ("metrics", "import", "nothing.csv"),
    ("export", "posts.unknown"),
    ("create", "Hi", "--media", "nothing.jpg", "--to", "x/me"),
    ("create", "Hi", "--file", "nothing.md"),
    ("sync", "nothing", "--check"),
    ("certify", "x/nobody", "--yes"),
    ("account", "show", "x/nobody", "--json"),
    ("resolve", "1", "--account", "x/me", "--not-published"),
]
SOURCES = (
    ("add", "http://127.0.0.1:1/feed", "--to", "x/me"),
    ("list",),
    *((name, "9") for name in ("show", "preview", "poll", "pause", "resume", "remove", "post", "skip")),
    ("edit", "9", "--max-new", "3"),
)
MORE = [
    ("redo", "--yes"),
    ("slots", "add", "tue 09:00", "--account", "x/shop"),
    ("slots", "remove", "2"),
    ("repeat", "pause", "1"),
    ("repeat", "resume", "1"),
    ("repeat", "skip", "1"),
    ("repeat", "stop", "1"),
    ("account", "set", "x/me", "--tz", "Europe/Berlin"),
    ("account", "disable", "x/shop"),
    ("account", "enable", "x/shop"),
    ("account", "check", "x/nobody"),
    ("metrics", "pull", "--account", "x/nobody"),
    ("certify", "x/me"),
    ("reject", "99"),
    ("template", "list"),
    *(("source", *words) for words in SOURCES),
    ("template", "show", "none"),
    ("template", "preview", "none"),
    ("approve", "99"),
    ("approve-link", "create", "99"),
    ("approve-link", "list"),
    ("approve-link", "revoke", "9"),
]
"""At least one call of each command that the other tables do not have."""


def both(machines: Machines, *argv: str, stdin: str = "", token: str | None = None) -> None:
    here, there = machines.local(*argv, stdin=stdin), machines.remote(*argv, stdin=stdin, token=token)
    assert machines.plain(there) == machines.plain(here)


def both_read(machines: Machines, *argv: str) -> None:
    """The same for a command that changes nothing; again where a minute, an hour or a day began meanwhile."""
    for _ in range(3):
        before, there, after = (machines.plain(run(*argv)) for run in (machines.local, machines.remote, machines.local))
        if before == after:
            break
    assert there == after


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The caller's working directory."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", every(12, [name for name, argv in READING.items() if is_remote(argv)]))
def test_a_command_that_reads(machines: Machines, name: str) -> None:
    both_read(machines, *READING[name], *(() if name == "export" else ("--json",)))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name, argv in READING.items() if is_remote(argv) and name != "export"])
def test_a_command_that_reads_in_each_format(machines: Machines, name: str, form: tuple[str, ...]) -> None:
    both_read(machines, *READING[name], *form)


@pytest.mark.parametrize("argv", every(12, BAD), ids=" ".join)
def test_a_command_that_is_refused(machines: Machines, argv: tuple[str, ...]) -> None:
    both(machines, *argv)


@pytest.mark.parametrize("name", every(9, list(REFUSED)))
def test_an_error_in_json(machines: Machines, name: str) -> None:
    both(machines, *REFUSED[name], "--json")


@pytest.mark.parametrize("most", [6, pytest.param(None, marks=pytest.mark.slow)])
def test_commands_that_write_in_a_row(machines: Machines, most: int | None) -> None:
    calls = [((*argv, "--json"), GIVEN.get(name, "")) for name, argv in WRITING.items()]
    for argv, stdin in [*calls, *((argv, "") for argv in MORE)][:most]:
        if is_remote(argv):
            approves = argv[0] in ("approve", "approve-link", "reject")
            both(machines, *argv, stdin=stdin, token=machines.token("approve") if approves else None)
    both(machines, "list", "--json")


def test_every_remote_command_is_in_a_table(machines: Machines) -> None:
    called = [*READING.values(), *WRITING.values(), *BAD, *MORE]
    missing = [
        path
        for path in remote_paths()
        if not any(" ".join(argv).startswith(path.removesuffix(" add")) for argv in called)
    ]
    assert missing in ([], ["run"])


def test_each_command_runs_there_here_or_nowhere() -> None:
    assert {*leaves()} - {*remote_paths()} == {*HERE, *REFUSED_THERE}
    assert {*REMOTE} <= {*remote_paths()}
    assert set(REFUSED_THERE) >= SETTINGS_HERE
    for path in REFUSED_THERE:
        with pytest.raises(NotAllowed):
            find_command(path, {})


def test_the_files_of_each_command_are_its_parameters() -> None:
    for path in remote_paths():
        remote = REMOTE.get(path, RemoteCommand())
        named = {param.name: str(getattr(param, "metavar", "")) for param in leaves()[path].params}
        assert {*remote.files, *remote.refused, *remote.one_of} <= {*named}, path
        files = {name for name, shown in named.items() if any(w in shown for w in ("FILE", "DIR", "PATH", "F.md"))}
        assert files - {"search", "where"} == {*remote.files}, path


@pytest.mark.slow
def test_files_are_sent_and_written(machines: Machines, desk: Path) -> None:
    (desk / "photo.jpg").write_bytes(picture("JPEG"))
    (desk / "post.md").write_text("---\nto: [x/me]\nmedia: [photo.jpg]\nalt: [A cup]\n---\nFrom a file\n")
    both(machines, "create", "--file", "post.md", "--json")
    both(machines, "create", "Pic", "--media", str(desk / "photo.jpg"), "--to", "x/me", "--json")
    both(machines, "create", "Pic", "--media", str(desk / "phot.jpg"), "--to", "x/me")
    both(machines, "create", "Pic", "--thread", "b", "--media", f"2=x={desk / 'photo.jpg'}", "--to", "x/me", "--json")
    both(machines, "create", "Pic", "--thread", "b", "--media", "2=phot.jpg", "--media", "last=photo.jpg")
    both(machines, "create", "Pic", "--media", "photo.jpg,photo.jpg", "--to", "x/me", "--json")
    both(machines, "create", "photo.jpg", "--to", "x/me", "--json")
    both(machines, "create", "--to", "x/me", "--json", "--", "photo.jpg")
    both(machines, "edit", "1", "--add-media", str(desk / "photo.jpg"), "--alt", "A door", "--json")
    both(machines, "edit", "1", "--remove-media", "photo.jpg", "--add-media", "phot.jpg", "--json")
    both(machines, "create", "Pic", "--media", "../desk/photo.jpg", "--to", "x/me", "--json")
    (desk / "rows.csv").write_text("text,to,media\nWith a picture,x/me,photo.jpg\nWithout,x/me,\n")
    both(machines, "import", "rows.csv", "--json")
    both(machines, "import", str(desk / "rows.csv"), "--dry-run", "--json")
    both(machines, "import", "-", "--json", stdin="text,to,media\nFrom stdin,x/me,photo.jpg\n")


def test_folders_are_synced(machines: Machines, desk: Path) -> None:
    folder = desk / "content"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "cup.jpg").write_bytes(picture("JPEG"))
    (folder / "a.md").write_text("---\nto: [x/me]\nmedia: [sub/cup.jpg]\n---\nSynced\n")
    both(machines, "sync", "content", "--check", "--json")
    there = machines.remote("sync", "content", "--yes", "--write-status", "--json")
    written = (folder / "a.md").read_text()
    assert (there.code, "status: draft" in written) == (0, True)
    (folder / "a.md").write_text("---\nto: [x/me]\nmedia: [sub/cup.jpg]\n---\nSynced\n")
    here = machines.local("sync", "content", "--yes", "--write-status", "--json")
    assert machines.plain(there) == machines.plain(here)


@pytest.mark.slow
def test_files_that_a_command_writes(machines: Machines, desk: Path) -> None:
    for place in ("here", "there"):
        (desk / place).mkdir()
    here = machines.local("export", "here/out.csv", "--with", "media")
    there = machines.remote("export", "there/out.csv", "--with", "media")
    assert (here.code, here.rows[1:]) == (there.code, there.rows[1:])
    assert sorted(p.name for p in (desk / "here").rglob("*")) == sorted(p.name for p in (desk / "there").rglob("*"))
    assert machines.remote("export", "there/out.csv").code == 2
    assert machines.remote("export", "there/out.csv", "--force", "-q").code == 0
    assert machines.remote("export", "there/md", "--format", "md", "-q").code == 0
    again = machines.remote("export", "there/md", "--format", "md")
    assert ["unchanged", str(len(list((desk / "there" / "md").rglob("*.md"))))] in again.rows
    both(machines, "export", "nowhere/out.csv")
    for argv in (("--svg", "a.svg"), ("--html", "a.html")):
        assert machines.remote("optimal", "heatmap", "--account", "x/me", *argv).code == 0
    assert (desk / "a.svg").read_bytes().startswith(b"<svg ")
    (desk / "mine.txt").write_text("mine")
    both(machines, "optimal", "heatmap", "--account", "x/me", "--svg", "mine.txt")
    assert (desk / "mine.txt").read_text() == "mine"
    assert machines.remote("export", str(machines.caller.home / "config.toml"), "--format", "csv").code == 2
