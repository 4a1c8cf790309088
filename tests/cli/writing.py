"""Editors that tests write with: programs that do what a script says with the file, `$1`."""

from __future__ import annotations

from pathlib import Path

import pytest


def editor(patch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    """An editor that first copies what it was opened on to `seen`, which is answered, and then does what `script`
    says."""
    program, seen = folder / "editor.sh", folder / "seen"
    program.write_text(f'#!/bin/sh\ncp "$1" {seen}\n{script}\n')
    program.chmod(0o700)
    patch.setenv("TTP_EDITOR", str(program))
    return seen


def writes(patch: pytest.MonkeyPatch, folder: Path, text: str | bytes) -> Path:
    """An editor that writes this in the place of what was there; as `editor`."""
    (folder / "typed").write_bytes(text.encode() if isinstance(text, str) else text)
    return editor(patch, folder, f'cat {folder / "typed"} > "$1"')


def left(home: Path) -> list[str]:
    """What is in the folder of what was not saved yet."""
    folder = home / "writing"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
