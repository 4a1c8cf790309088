"""What a person gets on Windows, and files that were written there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.pictures import picture
from ttp.store.home import media

REFUSED = """
import os
os.name = "nt"
from ttp.cli.main import main
raise SystemExit(main(["list"]))
"""


def test_windows_is_refused_in_one_line() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.partition(":")[0].strip() for line in done.stderr.splitlines()] == ["ttp", "fix"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_of_windows_are_not_a_part_of_a_text(ttp: Program, end: str) -> None:
    ttp.account("x/me")
    lines = {
        "post.md": ["---", "to: x/me", "---", "First", "second"],
        "posts.csv": ["content,to", "One,x/me", "Two,x/me"],
        "posts.json": ['[{"content": "Three", "to": ["x/me"]}]', ""],
    }
    for name, text in lines.items():
        (ttp.home.parent / name).write_bytes(end.join(text).encode())
    ttp.ok("create", "--file", str(ttp.home.parent / "post.md"))
    ttp.ok("import", str(ttp.home.parent / "posts.csv"))
    ttp.ok("import", str(ttp.home.parent / "posts.json"))
    ttp.ok("create", "-", stdin=end.join(["From a", "pipe"]))
    texts = [post["content"] for post in ttp.ok("list", "--json").json]
    assert sorted(texts) == ["First\nsecond", "From a\npipe", "One", "Three", "Two"]


def test_the_name_of_a_file_may_be_one_that_windows_makes(ttp: Program) -> None:
    folder = ttp.home.parent / "My Posts (2)"
    folder.mkdir()
    (folder / "Neu – Kopie.md").write_bytes(b"\xef\xbb\xbfHello\r\n")
    ttp.ok("create", "--file", str(folder / "Neu – Kopie.md"))
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["Hello"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"C:\My Photos\cup.jpg", "mnt/c/My Photos/cup.jpg"),
        (r"d:\cup one.jpg", "mnt/d/cup one.jpg"),
        (r"pictures\cup.jpg", "pictures/cup.jpg"),
        (r"C:\My Photos\gone.jpg", None),
        (r"\\server\share\cup.jpg", None),
    ],
)
def test_a_path_as_windows_writes_it_is_translated_if_the_file_is_there(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str | None
) -> None:
    monkeypatch.setattr(media, "DRIVES", tmp_path / "mnt")
    monkeypatch.chdir(tmp_path)
    ttp.account("x/me")
    if meant is not None:
        (tmp_path / meant).parent.mkdir(parents=True)
        (tmp_path / meant).write_bytes(picture("JPEG"))
    ran = ttp("create", "Hello", "--to", "x/me", "--media", typed, "--alt", "A cup")
    assert ran.code == 3
    commands = [shlex.split(line.partition("try: ")[2])[1:] for line in ran.err.splitlines() if "try: " in line]
    assert len(commands) == (meant is not None)
    if meant is None:
        return
    ttp.ok(*commands[0])
    assert ttp.shown()["media"][0]["alt"] == "A cup"


def test_a_sheet_with_a_path_of_windows_says_which_file_is_there(ttp: Program, tmp_path: Path) -> None:
    ttp.account("x/me")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cup.jpg").write_bytes(picture("JPEG"))
    sheet = tmp_path / "posts.csv"
    sheet.write_bytes(b"content,to,media\r\nHello,x/me,pictures\\cup.jpg\r\n")
    ran = ttp("import", str(sheet), "--json")
    assert ran.code != 0
    assert "pictures/cup.jpg" in json.dumps(ran.error)
    sheet.write_bytes(sheet.read_bytes().replace(b"\\", b"/"))
    ttp.ok("import", str(sheet))


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ","), ("utf-8-sig", ";"), ("utf-16", ","), ("utf-16", "\t")]
)
def test_sheets_are_read_as_excel_saves_them(ttp: Program, tmp_path: Path, encoding: str, separator: str) -> None:
    ttp.account("x/me")
    text = f"content{separator}to\r\nCafé{separator}x/me\r\n"
    (tmp_path / "posts.csv").write_bytes(text.encode(encoding))
    ttp.ok("import", str(tmp_path / "posts.csv"))
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["Café"]


def test_files_of_settings_and_secrets_may_have_line_ends_of_windows(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "held.json").write_bytes(b'{\r\n  "accessToken": "t"\r\n}\r\n')
    ttp.ok("account", "add", "x/me", "--credentials", str(tmp_path / "held.json"))
    config = ttp.home / "config.toml"
    config.write_bytes(b'timezone = "Europe/Berlin"\r\n\r\n[publish]\r\nconcurrency = 4\r\n')
    config.chmod(0o600)
    assert ttp.ok("config", "get", "publish.concurrency").out == "4\n"
    ttp.ok("config", "set", "publish.concurrency", "5")
    assert ttp.ok("config", "get", "publish.concurrency").out == "5\n"


def test_a_folder_is_the_same_with_either_line_end(ttp: Program, tmp_path: Path) -> None:
    """As git changes them by core.autocrlf."""
    ttp.account("x/me")
    (tmp_path / "posts").mkdir()
    file = tmp_path / "posts" / "a.md"
    lines = ["---", "to: x/me", "key: a", "---", "", "Hello", "there", ""]
    file.write_bytes("\n".join(lines).encode())
    ttp.ok("sync", str(file.parent), "--yes")
    before = ttp.shown()
    file.write_bytes("\r\n".join(lines).encode())
    ttp.ok("sync", str(file.parent), "--yes")
    assert ttp.shown() == before


def test_exported_files_have_names_that_windows_allows(ttp: Program, tmp_path: Path) -> None:
    for text in ('What? A "cup": <tea> | coffee*', "con", "ends with a dot.", "a\\b/c"):
        ttp.post(text)
    ttp.ok("export", str(tmp_path / "posts"), "--format", "md")
    names = [path.name for path in (tmp_path / "posts").iterdir()]
    assert len(names) == 4
    assert [name for name in names if re.search(r'[<>:"/\\|?*]|[. ]$|^(con|nul|aux|prn)\.', name, re.IGNORECASE)] == []
