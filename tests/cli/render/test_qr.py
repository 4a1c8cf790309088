"""QR codes of links: only on a terminal, only where they fit, and what is drawn is the code."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime

import pytest

from ttp.cli.output import Output
from ttp.cli.render.qr import half_blocks, qr_lines

LINK = "https://ttp.example.org/login/" + "a1b2c3d4" * 6
_MODULES = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}


class Screen(io.StringIO):
    """A terminal of 24 lines, which the tests set by LINES."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def drawn(stream: io.StringIO, **options: object) -> str:
    out = Output(stream, io.StringIO(), now=lambda: datetime.now(UTC), **options)  # type: ignore[arg-type]  # by keyword
    out.write_qr(LINK)
    return stream.getvalue()


def test_the_lines_are_the_modules_of_the_code() -> None:
    segno = pytest.importorskip("segno")
    modules = [[bool(one) for one in row] for row in segno.make_qr(LINK, error="l").matrix_iter(border=2)]
    lines = half_blocks(modules)
    read = [[_MODULES[char][lower] for char in line] for line in lines for lower in (0, 1)]
    assert read[: len(modules)] == modules
    assert len(lines) <= 21, "with its two lines above on 24 lines"
    assert qr_lines(LINK, width=len(lines[0]), height=21, color=False) == lines
    assert qr_lines(LINK, width=len(lines[0]) - 1, height=21, color=False) == []


@pytest.mark.parametrize(
    ("height", "format", "stream", "is_shown"),
    [
        (24, "table", Screen, True),
        (20, "table", Screen, False),
        (24, "json", Screen, False),
        (24, "tsv", Screen, False),
        (24, "table", io.StringIO, False),
    ],
)
def test_a_code_is_shown_where_it_fits(
    monkeypatch: pytest.MonkeyPatch, height: int, format: str, stream: type, is_shown: bool
) -> None:
    pytest.importorskip("segno")
    monkeypatch.setenv("LINES", str(height))
    assert ("█" in drawn(stream(), format=format, width=80)) is is_shown


def test_ascii_and_a_missing_package_give_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "24")
    assert drawn(Screen(), format="table", width=80, plain=True) == ""
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_lines(LINK, width=80, height=24, color=False) == []
