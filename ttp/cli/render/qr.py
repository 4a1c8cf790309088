"""QR codes in half-block characters, two rows of modules in each line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BORDER = 2
"""Light modules around a code. The standard asks for 4; phones read it with 2, which fits on 24 lines."""
_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""By whether the upper and the lower module are dark. What is drawn is light: most terminals are dark."""
_WHITE_ON_BLACK = "\x1b[38;5;231;48;5;16m{}\x1b[0m"


def qr_lines(text: str, *, width: int, height: int, color: bool) -> list[str]:
    """Return the lines of a QR code; none if it does not fit, or the package that makes codes is not installed."""
    try:
        import segno
    except ImportError:
        return []
    code = segno.make_qr(text, error="l")
    lines = half_blocks([[bool(module) for module in row] for row in code.matrix_iter(border=BORDER)])
    if len(lines) > height or len(lines[0]) > width:
        return []
    return [_WHITE_ON_BLACK.format(line) for line in lines] if color else lines


def half_blocks(rows: Sequence[Sequence[bool]]) -> list[str]:
    """Draw rows of modules, True for a dark one."""
    below: Iterable[Sequence[bool]] = [*rows[1::2], [False] * len(rows[0])]
    return ["".join(_BLOCKS[pair] for pair in zip(*pair, strict=True)) for pair in zip(rows[::2], below, strict=False)]
