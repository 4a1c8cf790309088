"""The colours of heat maps in files, for light and for dark pages. A test holds every text readable on its ground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Colors(NamedTuple):
    """One page: its ground, ink for text, soft ink for what is beside the point, and fill and ink of each level."""

    page: str
    ink: str
    soft: str
    line: str
    levels: tuple[tuple[str, str], ...]


_DEEP, _PALE = "#0f2a33", "#ffffff"
LIGHT = Colors(
    "#ffffff",
    "#16242d",
    "#54636d",
    "#d5dde2",
    (
        ("#eff3f5", "#41525c"),
        ("#dcebee", _DEEP),
        ("#bfdfe1", _DEEP),
        ("#94cdcb", _DEEP),
        ("#5cb3b0", _DEEP),
        ("#1f7f86", _PALE),
        ("#0d5763", _PALE),
    ),
)
DARK = Colors(
    "#10181d",
    "#e4ecef",
    "#9fb0b8",
    "#2b3a43",
    (
        ("#19242b", "#a9b8bf"),
        ("#1c323a", "#dbe6ea"),
        ("#1d444c", "#e4f0f2"),
        ("#1f5a61", "#f0f8f8"),
        ("#2d787e", "#ffffff"),
        ("#5cbcb7", "#08191d"),
        ("#9fe6d8", "#08191d"),
    ),
)


def css(name: str) -> Iterator[str]:
    """CSS variables of both pages on the elements that `name` selects: --page, --ink, --f0 and --i0 for level 0, …"""
    yield f"{name} {{ {_variables(LIGHT)} }}"
    yield f"@media (prefers-color-scheme: dark) {{ {name} {{ {_variables(DARK)} }} }}"


def _variables(colors: Colors) -> str:
    page = [f"--{part}: {getattr(colors, part)};" for part in ("page", "ink", "soft", "line")]
    levels = [f"--f{n}: {fill}; --i{n}: {ink};" for n, (fill, ink) in enumerate(colors.levels)]
    return " ".join([*page, *levels])
