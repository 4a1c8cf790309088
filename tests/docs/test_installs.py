"""The documents install nothing by a name that may be a stranger's: the package is in no index yet."""

from __future__ import annotations

import re

from tests.docs.console import ROOT

_INSTALL = re.compile(
    r"(?:\b(?:npx|uvx|uv tool run|pipx run)|\b(?:pip|pipx|npm|uv tool|uv pip) (?:install|i))"
    r" +(?:-{1,2}\S+ +)*([^\s`|&]+)"
)
_CLONE = re.compile(r"['\"]?\.")
"""`.`, `'.[media]'`."""
_WARNED_OF = {"ttp"}


def test_nothing_is_installed_by_a_name() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    names = {found[1]: page.name for page in pages for found in _INSTALL.finditer(page.read_text(encoding="utf-8"))}
    assert {name: page for name, page in names.items() if not _CLONE.match(name) and name not in _WARNED_OF} == {}
