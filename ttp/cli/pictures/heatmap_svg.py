"""`ttp optimal heatmap --svg`: one picture that needs nothing else, for light and dark pages and for screen readers.

Every number is text, a table by its roles, and each cell says in its title all that is known of its slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ttp.cli.clean import safe
from ttp.cli.pictures.heat import BEST, NUMBERS, Scale, best_places, file_words, headline, scale_of, slot_words
from ttp.cli.pictures.palette import LIGHT, css
from ttp.cli.pictures.recommendation import signed
from ttp.domain.optimal import DAYS, Rating, Recommendation

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
    """The weeks of some accounts, one under another."""
    drawn, top = list[str](), 0
    for told in all_told:
        lines = list(_account(told, top))
        drawn += lines
        top += _height(told)
    title = "Best hours to post: " + (", ".join(safe(told.account) for told in all_told) or "no account yet")
    words = " ".join(sentence for told in all_told for sentence in file_words(told)) or "There is no account yet."
    high = max(top, 2 * _MARGIN)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{high}" viewBox="0 0 {_WIDTH} {high}"'
            ' role="group" aria-labelledby="title description" lang="en">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(words)}</desc>',
            f"<style>{' '.join(_STYLE)}</style>",
            f'<rect width="{_WIDTH}" height="{high}" style="fill: var(--page)"/>',
            *(drawn or [_text(_MARGIN, 34, "There is no account yet.")]),
            "</svg>\n",
        ]
    )


def _height(told: Recommendation) -> int:
    return _TOP + (7 * _HIGH + 34 + _LINE * (1 + len(file_words(told))) if told.slots else 0) + _MARGIN // 2


def _account(told: Recommendation, top: int) -> Iterator[str]:
    yield f'<g transform="translate(0 {top})">'
    yield _text(_MARGIN, 42, safe(told.account), "title")
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
    yield f'<g role="table" aria-label="{escape(safe(told.account))}: expected percent over the average">'
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
