"""The heat map on a terminal, and as SVG or HTML: one drawing, as a file or in a web page. It needs no other file and
suits light and dark pages. Every number is text, the table has ARIA roles, and the title of a cell says all that is
known of its slot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from ttp.cli.render.labels import plural
from ttp.cli.render.optimal import head, no_posts, signal_words, wrap_indented, zone_words
from ttp.cli.render.page import Page
from ttp.cli.render.spec import OutputSpec, separate
from ttp.cli.terminal import escape_text
from ttp.cli.texts import load_text
from ttp.domain.optimal.recommendation import Recommendation
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views.heatmap import DARK, LIGHT, Colors, HourCell, Scale, scale_of, week_cells
from ttp.views.optimal import HEATMAP_FIELDS, AccountAdvice, heatmap_json, heatmap_rows, heatmaps_json

if TYPE_CHECKING:
    from ttp.services.optimal import Advice


NO_POST, BEST = "·", "★"
NUMBERS = "Numbers: expected engagement above the average of the account, in percent."


def headline(recommendation: Recommendation) -> str:
    """Return `585 posts, …, hours in Europe/Berlin`, for a file."""
    if not recommendation.data_points:
        return "No measured posts yet."
    period = f", {recommendation.first_at:%Y-%m-%d} to {recommendation.last_at:%Y-%m-%d}"
    return f"{plural(recommendation.data_points, 'post')}{period}, hours in {escape_text(recommendation.zone.key)}"


def file_words(recommendation: Recommendation) -> list[str]:
    """Return the sentences below a heat map in a file."""
    if not recommendation.slots:
        return [f"{escape_text(recommendation.account)}: no measured posts yet."]
    hours = ", ".join(f"{rating.hour:02}:00" for rating in recommendation.best_hours)
    return [
        f"Best hours: {hours}. {signal_words(recommendation)}",
        f"{BEST} one of the ten best slots. {NO_POST} no post there yet. Values are smoothed estimates.",
    ]


_INDENT = 6
_SHADES = " ░▒▓█"
_WHITE, _BLACK = 231, 16
_COLORS = ((236, _WHITE), (23, _WHITE), (30, _WHITE), (37, _BLACK), (79, _BLACK), (158, _BLACK), (230, _BLACK))
"""Background and text of each level, dark to light: they differ in brightness too."""


def render_heatmap(advice: Advice, page: Page, *, zone_known: bool = True) -> Iterator[str]:
    """Draw the week of an account. `zone_known`: its timezone is set."""
    recommendation = advice.recommendation
    yield from head(recommendation, page)
    if not recommendation.slots:
        yield from no_posts(advice.data_action, page)
        return
    wide = 2 if page.width >= _INDENT + 48 else 1
    scale = scale_of(recommendation.slots, len(_COLORS) if page.color else len(_SHADES))
    yield ""
    yield page.paint(" " * _INDENT + "".join(f"{hour:02}".ljust(3 * wide) for hour in range(0, 24, 3)).rstrip(), "dim")
    for name, cells in zip(DAYS_IN_FULL, week_cells(recommendation, scale), strict=True):
        yield f"  {name[:3]} {''.join(_cell(cell, wide, page) for cell in cells)}".rstrip()
    yield ""
    yield from (f"  {line}" for line in page._replace(width=page.width - 2).flow(_legend(scale, page)))
    yield from wrap_indented(f"{BEST} the ten best   {NO_POST} no post yet   (smoothed estimates)", page)
    yield from wrap_indented(signal_words(recommendation), page)
    if not zone_known:
        yield from zone_words(recommendation, page)


def _cell(cell: HourCell, wide: int, page: Page) -> str:
    """Draw an hour: its shade, and its mark in the last column."""
    mark = BEST if cell.is_best else NO_POST if not cell.slot.data_points else ""
    if page.color:
        return page.ground(f"{mark:>{wide}}", *_COLORS[cell.level])
    return _SHADES[cell.level] * (wide - len(mark)) + mark


def _legend(scale: Scale, page: Page) -> Iterator[str]:
    """Yield each level and the uplift at which it begins."""
    for level, words in enumerate(scale.words()):
        swatch = page.ground("  ", *_COLORS[level]) if page.color else _SHADES[level] * 2
        yield f"{swatch} {words.removeprefix('from ')}"


def heatmaps_spec(*, several: bool = False) -> OutputSpec[AccountAdvice]:
    """Return the spec of `ttp optimal heatmap`: the 168 slots of each account. `several`: rows name their account."""

    def render(all_told: Sequence[AccountAdvice], page: Page) -> Iterable[str]:
        yield from separate(render_heatmap(advice.advice, page, zone_known=advice.zone_known) for advice in all_told)

    return OutputSpec(
        HEATMAP_FIELDS,
        (*(("account",) if several else ()), "day", "hour", "score", "uplift", "dataPoints"),
        heatmap_json,
        render,
        rows=lambda advice: heatmap_rows(advice.advice.recommendation),
        to_document=heatmaps_json,
    )


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


def _style() -> str:
    return load_text("heatmap.css", LIGHT="\n".join(_rules(LIGHT)), DARK=" ".join(_rules(DARK)))


def _page_rules(colors: Colors) -> Iterator[str]:
    """Yield the CSS rules of a page and its table."""
    yield f":root {{ background: {colors.page}; color: {colors.ink}; }}"
    yield f"p.soft {{ color: {colors.soft}; }} td.best {{ box-shadow: inset 0 0 0 2px {colors.ink}; }}"
    yield from (f"td.f{n} {{ background: {fill}; color: {ink}; }}" for n, (fill, ink) in enumerate(colors.levels))


def _page_style() -> str:
    own = load_text("heatmap_page.css", LIGHT="\n".join(_page_rules(LIGHT)), DARK=" ".join(_page_rules(DARK)))
    return f"{_style()}{own}"


def heatmap_svg(recommendations: Sequence[Recommendation]) -> str:
    """Return the weeks of some accounts, one below another, as an SVG file."""
    names = ", ".join(escape_text(one.account) for one in recommendations)
    words = " ".join(sentence for one in recommendations for sentence in file_words(one)) or _NO_ACCOUNT
    head = [
        f'<title id="title">{escape("Best hours to post: " + (names or "no account yet"))}</title>',
        f'<desc id="description">{escape(words)}</desc>',
        f"<style>{' '.join(_style().splitlines())}</style>",
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
            _page_style().rstrip(),
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
    week = week_cells(one, scale_of(one.slots))
    days = "".join(f'<th scope="col">{name[:3]}</th>' for name in DAYS_IN_FULL)
    yield f"<table><thead><tr><th></th>{days}</tr></thead><tbody>"
    for hour in range(24):
        cells = []
        for cell in (day[hour] for day in week):
            kind = f"f{cell.level}{' best' if cell.is_best else ''}"
            mark = BEST if cell.is_best else "" if cell.slot.data_points else "·"
            cells.append(f'<td class="{kind}" title="{escape(cell.words)}">{cell.number}{mark}</td>')
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
        scale = scale_of(one.slots)
        yield from _table(one, scale)
        below = _TOP + 7 * _HIGH + 30
        yield from _drawn_legend(scale, below)
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
    for day, (name, cells) in enumerate(zip(DAYS_IN_FULL, week_cells(one, scale), strict=True)):
        y = _TOP + day * _HIGH
        yield '<g role="row">'
        yield _text(_MARGIN, y + 20, name[:3], "", "rowheader")
        yield from (_drawn_cell(cell, y) for cell in cells)
        yield "</g>"
    yield "</g>"


def _drawn_cell(cell: HourCell, y: int) -> str:
    level, x = cell.level, _LEFT + (cell.slot.hour or 0) * _WIDE
    wide, high = _WIDE - _GAP, _HIGH - _GAP
    mark = ""
    if cell.is_best:
        mark = f'<text class="m i{level}" x="{x + wide - 3}" y="{y + 10}" aria-hidden="true">{BEST}</text>'
    elif not cell.slot.data_points:
        mark = f'<circle class="d{level}" cx="{x + wide - 5}" cy="{y + 5}" r="1.6"/>'
    kind = f"f{level} best" if cell.is_best else f"f{level}"
    return (
        f'<g role="cell"><title>{escape(cell.words)}</title>'
        f'<rect class="{kind}" x="{x}" y="{y}" width="{wide}" height="{high}" rx="5"/>'
        + _text(x + wide / 2, y + 20, cell.number, f"n i{level}")
        + mark
        + "</g>"
    )


def _drawn_legend(scale: Scale, y: int) -> Iterator[str]:
    for level, words in enumerate(scale.words()):
        x = _LEFT + level * 126
        yield f'<rect class="f{level}" x="{x}" y="{y - 13}" width="24" height="17" rx="4"/>'
        yield _text(x + 32, y, words)


def _text(x: float, y: float, words: str, kind: str = "", role: str = "") -> str:
    kinds = f' class="{kind}"' if kind else ""
    roles = f' role="{role}"' if role else ""
    return f'<text x="{x:g}" y="{y:g}"{kinds}{roles}>{escape(words)}</text>'
