"""What a person gets on Windows, and files that were written there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import Program

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
