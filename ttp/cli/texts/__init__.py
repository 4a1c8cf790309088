"""Longer texts that ttp prints or writes: topics of `ttp help`, completion scripts, files of `ttp announce --init`."""

from __future__ import annotations

from pathlib import Path


def load_text(name: str, **parts: str) -> str:
    """Return a text of this folder, with each `@NAME@` in it replaced by a part."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    for part, value in parts.items():
        text = text.replace(f"@{part}@", value)
    return text
