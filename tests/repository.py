"""A Git repository with a tag, whose releases are announced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHEN = "2026-11-27T09:00:00+0000"
CHANGES = "# Changes\n\n## [2.1.0] - 2026-11-27\n\n- Faster.\n\n## 2.0.0\n\n- Old.\n"
TEXT = "{{ vars.project }} {{ vars.version }} is out.\n\n{{ vars.notes|fit }}\n\n{{ vars.link }}"


def git(folder: Path, *args: str) -> None:
    who = {f"GIT_{one}_{name}": text for one in ("AUTHOR", "COMMITTER") for name, text in _WHO.items()}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *args], cwd=folder, env={**os.environ, **who, **alone}, check=True, capture_output=True)


_WHO = {"NAME": "Ann", "EMAIL": "ann@example.org", "DATE": WHEN}


def make_repository(
    folder: Path, *to: str, project: str = "acme/widget", tag: str = "v2.1.0", text: str = TEXT, more: str = ""
) -> Path:
    """Make a repository with a tag and a file for its announcements. `more`: lines of that file."""
    (folder / ".ttp").mkdir(parents=True, exist_ok=True)
    accounts = ", ".join(f'"{name}"' for name in to)
    (folder / ".ttp/announce.toml").write_text(f"to = [{accounts}]\ntext = '''\n{text}\n'''\n{more}\n")
    (folder / "CHANGELOG.md").write_text(CHANGES)
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
        git(folder, "remote", "add", "origin", f"git@github.com:{project}.git")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "Begin")
        git(folder, "tag", tag)
    return folder
