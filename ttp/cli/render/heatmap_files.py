"""`ttp optimal heatmap --svg` and `--html`: one drawing, as a file or in a web page.

It needs no other file and suits light and dark pages. Every number is text, the table has ARIA roles, and the title of
a cell says all that is known of its slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from ttp.cli.render.heatmap import (
    BEST,
    NUMBERS,
    Scale,
    best_places,
    file_words,
    headline,
    scale_of,
    slot_words,
)
from ttp.cli.render.optimal import signed
from ttp.cli.terminal import escape_text
from ttp.domain.optimal import DAYS, Rating, Recommendation


class Colors(NamedTuple):
    """The colours of a page: ground, text, less important text, lines, and fill and text of each level."""

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
_LEVELS = len(LIGHT.levels)
_WIDE, _HIGH, _GAP = 42, 34, 3
_LEFT, _TOP, _MARGIN = 70, 104, 28
_WIDTH = _LEFT + 24 * _WIDE + _MARGIN
_LINE = 20
_NO_ACCOUNT = "No accounts yet."


def _rules(colors: Colors) -> Iterator[str]:
    """Yield CSS rules with plain colours: many converters do not know CSS variables."""
    yield f"text {{ fill: {colors.ink}; }} .soft {{ fill: {colors.soft}; }} .page {{ fill: {colors.page}; }}"
    yield f".best {{ stroke: {colors.ink}; }}"
    yield from (
        f".f{n} {{ fill: {fill}; }} text.i{n}, .d{n} {{ fill: {ink}; }}" for n, (fill, ink) in enumerate(colors.levels)
    )


_STYLE = (
    "text { font-family: system-ui, sans-serif; font-size: 13px; }",
    ".title { font-size: 21px; font-weight: 650; }",
    ".n { text-anchor: middle; font-size: 12.5px; font-variant-numeric: tabular-nums; }",
    ".m { text-anchor: end; font-size: 10px; }",
    ".best { stroke-width: 2; }",
    ".best + .n { font-weight: 700; }",
    *_rules(LIGHT),
    f"@media (prefers-color-scheme: dark) {{ {' '.join(_rules(DARK))} }}",
)


def _page_rules(colors: Colors) -> Iterator[str]:
    """Yield the CSS rules of a page and its table."""
    yield f":root {{ background: {colors.page}; color: {colors.ink}; }}"
    yield f"p.soft {{ color: {colors.soft}; }} td.best {{ box-shadow: inset 0 0 0 2px {colors.ink}; }}"
    yield from (f"td.f{n} {{ background: {fill}; color: {ink}; }}" for n, (fill, ink) in enumerate(colors.levels))


_PAGE_STYLE = (
    *_STYLE,
    ":root { color-scheme: light dark; }",
    *_page_rules(LIGHT),
    f"@media (prefers-color-scheme: dark) {{ {' '.join(_page_rules(DARK))} }}",
    "body { margin: 0 auto; padding: 2rem 1.5rem; max-width: 72rem; font: 1rem/1.5 system-ui, sans-serif; }",
    "h1 { font-size: 1.6rem; margin: 0; } section { margin-top: 2rem; } p { margin: .25rem 0; }",
    "svg { width: 100%; height: auto; display: block; } .narrow { display: none; }",
    "table { border-spacing: 2px; width: 100%; table-layout: fixed; margin: .5rem 0; font-size: .8rem; }",
    "th { font-weight: 400; } td { border-radius: 4px; text-align: center; } td.best { font-weight: 700; }",
    "@media (max-width: 60rem) { body { padding: 1rem; } .wide { display: none; } .narrow { display: block; } }",
    "@media print { svg, td { print-color-adjust: exact; } }",
)


def heatmap_svg(recommendations: Sequence[Recommendation]) -> str:
    """Return the weeks of some accounts, one below another, as an SVG file."""
    names = ", ".join(escape_text(one.account) for one in recommendations)
    words = " ".join(sentence for one in recommendations for sentence in file_words(one)) or _NO_ACCOUNT
    head = [
        f'<title id="title">{escape("Best hours to post: " + (names or "no account yet"))}</title>',
        f'<desc id="description">{escape(words)}</desc>',
        f"<style>{' '.join(_STYLE)}</style>",
    ]
    attributes = 'xmlns="http://www.w3.org/2000/svg" role="group" aria-labelledby="title description" lang="en"'
    return "\n".join([*_drawing(recommendations, attributes, head), ""])


def heatmap_html(recommendations: Sequence[Recommendation]) -> str:
    """Return the weeks of some accounts as a web page, the best hours first.

    A wide page has the drawing; a narrow one, as on a phone, a table with the days side by side, which fits its width.
    """
    title = "Best hours to post"
    names = ", ".join(escape_text(one.account) for one in recommendations)
    description = " ".join(sentence for one in recommendations for sentence in file_words(one))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(f'{title}: {names}' if names else title)}</title>",
            f'<meta name="description" content="{escape(description)}">',
            "<style>",
            *_PAGE_STYLE,
            "</style></head>",
            f"<body><main><h1>{title}</h1>",
            *(line for one in recommendations for line in _section(one)),
            *([] if recommendations else [f"<p>{_NO_ACCOUNT}</p>"]),
            "</main></body></html>\n",
        ]
    )


def _section(one: Recommendation) -> Iterator[str]:
    name = escape(escape_text(one.account))
    yield f'<section aria-label="{name}">'
    if not one.slots:
        yield f"<p>{name}: {escape(headline(one))}</p></section>"
        return
    hours = ", ".join(f"{rating.hour:02}:00" for rating in one.best_hours)
    yield f"<p>{name}: <strong>{hours}</strong></p>"
    yield '<div class="wide">'
    yield from _drawing([one], f'role="group" aria-label="{name}"', [])
    yield '</div><div class="narrow">'
    yield f'<p class="soft">{escape(f"{headline(one)}. {NUMBERS}")}</p>'
    yield from _days_side_by_side(one)
    yield from (f'<p class="soft">{escape(sentence)}</p>' for sentence in file_words(one))
    yield "</div></section>"


def _days_side_by_side(one: Recommendation) -> Iterator[str]:
    """Yield a table with a row for each hour and a column for each day."""
    scale, best = scale_of(one.slots, _LEVELS), best_places(one)
    days = "".join(f'<th scope="col">{name[:3]}</th>' for name in DAYS)
    yield f"<table><thead><tr><th></th>{days}</tr></thead><tbody>"
    for hour in range(24):
        cells = []
        for slot in one.slots[hour::24]:
            is_best = (slot.day, slot.hour) in best
            kind = f"f{scale.level(slot.uplift)}{' best' if is_best else ''}"
            words = escape(slot_words(slot, is_best=is_best))
            mark = f"{BEST}" if is_best else "" if slot.data_points else "·"
            cells.append(f'<td class="{kind}" title="{words}">{signed(slot.uplift)}{mark}</td>')
        yield f'<tr><th scope="row">{hour:02}</th>{"".join(cells)}</tr>'
    yield "</tbody></table>"


def _drawing(recommendations: Sequence[Recommendation], attributes: str, head: Sequence[str]) -> Iterator[str]:
    high = max(sum(map(_height, recommendations)), 2 * _MARGIN)
    yield f'<svg width="{_WIDTH}" height="{high}" viewBox="0 0 {_WIDTH} {high}" {attributes}>'
    yield from head
    yield f'<rect class="page" width="{_WIDTH}" height="{high}"/>'
    top = 0
    for one in recommendations:
        yield from _account(one, top)
        top += _height(one)
    if not recommendations:
        yield _text(_MARGIN, 34, _NO_ACCOUNT)
    yield "</svg>"


def _height(one: Recommendation) -> int:
    return _TOP + (7 * _HIGH + 34 + _LINE * (1 + len(file_words(one))) if one.slots else 0) + _MARGIN // 2


def _account(one: Recommendation, top: int) -> Iterator[str]:
    yield f'<g transform="translate(0 {top})">'
    yield _text(_MARGIN, 42, escape_text(one.account), "title")
    yield _text(_MARGIN, 66, f"{headline(one)}. {NUMBERS}" if one.slots else headline(one), "soft")
    if one.slots:
        scale = scale_of(one.slots, _LEVELS)
        yield from _table(one, scale)
        below = _TOP + 7 * _HIGH + 30
        yield from _legend(scale, below)
        for place, sentence in enumerate(file_words(one), 1):
            yield _text(_MARGIN, below + 6 + place * _LINE, sentence, "soft")
    yield "</g>"


def _table(one: Recommendation, scale: Scale) -> Iterator[str]:
    yield f'<g role="table" aria-label="{escape(escape_text(one.account))}: expected percent over the average">'
    yield '<g role="row">'
    for hour in range(24):
        x = _LEFT + hour * _WIDE + (_WIDE - _GAP) / 2
        yield _text(x, _TOP - 9, f"{hour:02}", "n soft", "columnheader")
    yield "</g>"
    best = best_places(one)
    for day, name in enumerate(DAYS):
        y = _TOP + day * _HIGH
        yield '<g role="row">'
        yield _text(_MARGIN, y + 20, name[:3], "", "rowheader")
        for slot in one.slots[24 * day : 24 * day + 24]:
            yield _cell(slot, scale, y, is_best=(slot.day, slot.hour) in best)
        yield "</g>"
    yield "</g>"


def _cell(slot: Rating, scale: Scale, y: int, *, is_best: bool) -> str:
    level = scale.level(slot.uplift)
    x = _LEFT + (slot.hour or 0) * _WIDE
    wide, high = _WIDE - _GAP, _HIGH - _GAP
    words = escape(slot_words(slot, is_best=is_best))
    mark = ""
    if is_best:
        mark = f'<text class="m i{level}" x="{x + wide - 3}" y="{y + 10}" aria-hidden="true">{BEST}</text>'
    elif not slot.data_points:
        mark = f'<circle class="d{level}" cx="{x + wide - 5}" cy="{y + 5}" r="1.6"/>'
    return (
        f'<g role="cell"><title>{words}</title>'
        f'<rect class="f{level}{" best" if is_best else ""}" x="{x}" y="{y}" width="{wide}" height="{high}" rx="5"/>'
        + _text(x + wide / 2, y + 20, signed(slot.uplift), f"n i{level}")
        + mark
        + "</g>"
    )


def _legend(scale: Scale, y: int) -> Iterator[str]:
    for level in range(scale.levels):
        x = _LEFT + level * 126
        words = f"from {signed(scale.starts(level))} %" if level else f"under {signed(scale.starts(1))} %"
        yield f'<rect class="f{level}" x="{x}" y="{y - 13}" width="24" height="17" rx="4"/>'
        yield _text(x + 32, y, words)


def _text(x: float, y: float, words: str, kind: str = "", role: str = "") -> str:
    kinds = f' class="{kind}"' if kind else ""
    roles = f' role="{role}"' if role else ""
    return f'<text x="{x:g}" y="{y:g}"{kinds}{roles}>{escape(words)}</text>'
