"""`ttp optimal heatmap --svg` and `--html`: files that need nothing else, for light and dark pages and screen readers.

Every number is text in a table, and the title of each cell describes its slot in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from ttp.cli.escape import escape_text
from ttp.cli.render.heatmap import (
    BEST,
    NO_POST,
    NUMBERS,
    Scale,
    best_places,
    file_words,
    headline,
    scale_of,
    slot_words,
)
from ttp.cli.render.optimal import signed
from ttp.domain.optimal import DAYS, Rating, Recommendation


class Colors(NamedTuple):
    """Colours of a page: background, text, secondary text, lines, and background and text of each level."""

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


def _variables(colors: Colors) -> str:
    page = [f"--{part}: {getattr(colors, part)};" for part in ("page", "ink", "soft", "line")]
    levels = [f"--f{n}: {fill}; --i{n}: {ink};" for n, (fill, ink) in enumerate(colors.levels)]
    return " ".join([*page, *levels])


def css(name: str) -> Iterator[str]:
    """Yield CSS variables for the elements that `name` selects: --page, --ink, --f0 and --i0 for level 0, …"""
    yield f"{name} {{ {_variables(LIGHT)} }}"
    yield f"@media (prefers-color-scheme: dark) {{ {name} {{ {_variables(DARK)} }} }}"


_LEVELS = len(LIGHT.levels)


_WIDE, _HIGH, _GAP = 42, 34, 3


_LEFT, _TOP, _MARGIN = 70, 104, 28


_WIDTH = _LEFT + 24 * _WIDE + _MARGIN


_LINE = 20


_STYLE = (
    *css("svg"),
    "text { font-family: system-ui, sans-serif; font-size: 13px; fill: var(--ink); }",
    ".title { font-size: 21px; font-weight: 650; }",
    ".soft { fill: var(--soft); }",
    ".n { text-anchor: middle; font-size: 12.5px; font-variant-numeric: tabular-nums; }",
    ".m { text-anchor: end; font-size: 10px; }",
    ".best { stroke: var(--ink); stroke-width: 2; }",
    ".best + .n { font-weight: 700; }",
    *(f".f{n} {{ fill: var(--f{n}); }} .i{n}, .d{n} {{ fill: var(--i{n}); }}" for n in range(_LEVELS)),
)


def heatmap_svg(all_told: Sequence[Recommendation]) -> str:
    """Return an SVG picture of the weeks of some accounts, one below another."""
    drawn, top = list[str](), 0
    for told in all_told:
        lines = list(_account(told, top))
        drawn += lines
        top += _height(told)
    title = "Best hours to post: " + (", ".join(escape_text(told.account) for told in all_told) or "no account yet")
    words = " ".join(sentence for told in all_told for sentence in file_words(told)) or "No accounts yet."
    high = max(top, 2 * _MARGIN)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{high}" viewBox="0 0 {_WIDTH} {high}"'
            ' role="group" aria-labelledby="title description" lang="en">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(words)}</desc>',
            f"<style>{' '.join(_STYLE)}</style>",
            f'<rect width="{_WIDTH}" height="{high}" style="fill: var(--page)"/>',
            *(drawn or [_text(_MARGIN, 34, "No accounts yet.")]),
            "</svg>\n",
        ]
    )


def _height(told: Recommendation) -> int:
    return _TOP + (7 * _HIGH + 34 + _LINE * (1 + len(file_words(told))) if told.slots else 0) + _MARGIN // 2


def _account(told: Recommendation, top: int) -> Iterator[str]:
    yield f'<g transform="translate(0 {top})">'
    yield _text(_MARGIN, 42, escape_text(told.account), "title")
    yield _text(_MARGIN, 66, f"{headline(told)}. {NUMBERS}" if told.slots else headline(told), "soft")
    if told.slots:
        scale = scale_of(told.slots, _LEVELS)
        yield from _table(told, scale)
        below = _TOP + 7 * _HIGH + 30
        yield from _legend(scale, below)
        for place, sentence in enumerate(file_words(told), 1):
            yield _text(_MARGIN, below + 6 + place * _LINE, sentence, "soft")
    yield "</g>"


def _table(told: Recommendation, scale: Scale) -> Iterator[str]:
    yield f'<g role="table" aria-label="{escape(escape_text(told.account))}: expected percent over the average">'
    yield '<g role="row">'
    for hour in range(24):
        x = _LEFT + hour * _WIDE + (_WIDE - _GAP) / 2
        yield _text(x, _TOP - 9, f"{hour:02}", "n soft", "columnheader")
    yield "</g>"
    best = best_places(told)
    for day, name in enumerate(DAYS):
        y = _TOP + day * _HIGH
        yield '<g role="row">'
        yield _text(_MARGIN, y + 20, name[:3], "", "rowheader")
        for slot in told.slots[24 * day : 24 * day + 24]:
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


_HEATMAP_HTML_STYLE = (
    *css(":root"),
    ":root { color-scheme: light dark; }",
    "body { margin: 0 auto; padding: 2rem 1.5rem; max-width: 72rem; background: var(--page); color: var(--ink);"
    " font: 1rem/1.5 system-ui, sans-serif; }",
    "h1 { font-size: 1.6rem; margin: 0 0 1.5rem; } h2 { font-size: 1.25rem; margin: 0; }",
    "section + section { margin-top: 3rem; padding-top: 2rem; border-top: 1px solid var(--line); }",
    "p { margin: .25rem 0; } .soft { color: var(--soft); }",
    ".hours { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0; list-style: none; }",
    ".hours li { padding: .25rem .75rem; border-radius: 5px; }",
    ".scroll { overflow-x: auto; margin: 1rem 0; }",
    "table { border-collapse: separate; border-spacing: 3px; width: 100%; min-width: 62rem; table-layout: fixed;"
    " font-variant-numeric: tabular-nums; }",
    "caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }",
    "th { font-weight: 500; font-size: .85rem; color: var(--soft); } th[scope=row] { text-align: left; width: 3rem; }",
    "td { position: relative; height: 2.1rem; padding: 0; text-align: center; font-size: .8rem; border-radius: 5px; }",
    "td.best { outline: 2px solid var(--ink); outline-offset: -1px; font-weight: 700; }",
    "td small { position: absolute; top: 1px; right: 3px; font-size: .65rem; line-height: 1; }",
    "td small.none { top: 3px; font-size: 1.1rem; line-height: .5; } abbr { text-decoration: none; }",
    # A phone has room for seven columns, not for twenty-four: there the days are the columns.
    "@media (max-width: 64rem) { body { padding: 1rem .75rem; } table { display: flex; min-width: 0; flex-wrap: wrap; }"
    " caption { display: block; width: 100%; } thead { flex: 0 0 2.2rem; } tbody { flex: 1; }"
    " thead, tbody, tr { display: flex; } tr { flex: 1; flex-direction: column; }"
    " th, td { display: block; height: 1.7rem; line-height: 1.7rem; margin: 1px; } th[scope=row] { width: auto;"
    " text-align: center; } }",
    ".legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 .75rem; padding: 0;"
    " font-size: .9rem; } .legend span { display: inline-block; width: 1.5rem; height: 1rem; margin-right: .4rem;"
    " border-radius: 4px; vertical-align: -.15rem; }",
    *(f".f{n} {{ background: var(--f{n}); color: var(--i{n}); }}" for n in range(_LEVELS)),
    "@media print { body { padding: 0; } td, li, li span { print-color-adjust: exact; } }",
)


def heatmap_html(all_told: Sequence[Recommendation]) -> str:
    """Return a web page with a section for each account."""
    title = "Best hours to post"
    names = ", ".join(escape_text(told.account) for told in all_told)
    sections = [line for told in all_told for line in _section(told)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(f'{title}: {names}' if names else title)}</title>",
            f'<meta name="description" content="{escape(" ".join(s for told in all_told for s in file_words(told)))}">',
            "<style>",
            *_HEATMAP_HTML_STYLE,
            "</style></head>",
            f"<body><main><h1>{title}</h1>",
            *(sections or ["<p>No accounts yet.</p>"]),
            "</main></body></html>\n",
        ]
    )


def _section(told: Recommendation) -> Iterator[str]:
    yield f"<section><h2>{escape(escape_text(told.account))}</h2>"
    yield f'<p class="soft">{escape(headline(told))}</p>'
    if told.slots:
        scale = scale_of(told.slots, _LEVELS)
        yield from _best_hours(told, scale)
        yield '<div class="scroll" tabindex="0"><table>'
        yield f"<caption>{NUMBERS}</caption>"
        yield (
            "<thead><tr><td></td>" + "".join(f'<th scope="col">{hour:02}</th>' for hour in range(24)) + "</tr></thead>"
        )
        yield "<tbody>"
        best = best_places(told)
        for day, name in enumerate(DAYS):
            slots = told.slots[24 * day : 24 * day + 24]
            cells = (_heatmap_html_cell(slot, scale, is_best=(slot.day, slot.hour) in best) for slot in slots)
            yield f'<tr><th scope="row"><abbr title="{name}">{name[:3]}</abbr></th>{"".join(cells)}</tr>'
        yield "</tbody></table></div>"
        yield from _heatmap_html_legend(scale)
        yield from (f"<p>{escape(sentence)}</p>" for sentence in file_words(told))
    yield "</section>"


def _best_hours(told: Recommendation, scale: Scale) -> Iterator[str]:
    """List the five best hours above the table, which a narrow screen shows in part."""
    yield '<ul class="hours" aria-label="Best hours">'
    for hour in told.best_hours:
        level = scale.level(hour.uplift)
        yield f'<li class="f{level}"><b>{hour.hour:02}:00</b> {signed(hour.uplift)} %</li>'
    yield "</ul>"


def _heatmap_html_cell(slot: Rating, scale: Scale, *, is_best: bool) -> str:
    kinds = f"f{scale.level(slot.uplift)}" + (" best" if is_best else "")
    small = ""
    if is_best:
        small = f'<small aria-hidden="true">{BEST}</small>'
    elif not slot.data_points:
        small = f'<small class="none" aria-hidden="true">{NO_POST}</small>'
    words = escape(slot_words(slot, is_best=is_best))
    return f'<td class="{kinds}" title="{words}">{signed(slot.uplift)}{small}</td>'


def _heatmap_html_legend(scale: Scale) -> Iterator[str]:
    yield '<ul class="legend" aria-label="Colours">'
    for level in range(scale.levels):
        words = f"from {signed(scale.starts(level))} %" if level else f"under {signed(scale.starts(1))} %"
        yield f'<li><span class="f{level}"></span>{words}</li>'
    yield "</ul>"
