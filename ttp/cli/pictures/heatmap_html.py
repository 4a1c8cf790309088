"""`ttp optimal heatmap --html`: a page that needs nothing else, with a table that screen readers read as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ttp.cli.clean import safe
from ttp.cli.pictures.heat import BEST, NO_POST, NUMBERS, Scale, best_places, file_words, headline, scale_of, slot_words
from ttp.cli.pictures.palette import LIGHT, css
from ttp.cli.pictures.recommendation import signed
from ttp.domain.optimal import DAYS, Rating, Recommendation

_LEVELS = len(LIGHT.levels)
_STYLE = (
    *css(":root"),
    ":root { color-scheme: light dark; }",
    "body { margin: 0 auto; padding: 2rem 1.5rem; max-width: 72rem; background: var(--page); color: var(--ink);"
    " font: 1rem/1.5 system-ui, sans-serif; }",
    "h1 { font-size: 1.6rem; margin: 0 0 1.5rem; } h2 { font-size: 1.25rem; margin: 0; }",
    "section + section { margin-top: 3rem; padding-top: 2rem; border-top: 1px solid var(--line); }",
    "p { margin: .25rem 0; } .soft { color: var(--soft); }",
    ".scroll { overflow-x: auto; margin: 1rem 0; }",
    "table { border-collapse: separate; border-spacing: 3px; width: 100%; min-width: 62rem; table-layout: fixed;"
    " font-variant-numeric: tabular-nums; }",
    "caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }",
    "th { font-weight: 500; font-size: .85rem; color: var(--soft); } th[scope=row] { text-align: left; width: 3rem; }",
    "td { position: relative; height: 2.1rem; padding: 0; text-align: center; font-size: .8rem; border-radius: 5px; }",
    "td.best { outline: 2px solid var(--ink); outline-offset: -1px; font-weight: 700; }",
    "td small { position: absolute; top: 1px; right: 3px; font-size: .65rem; line-height: 1; }",
    "td small.none { top: 3px; font-size: 1.1rem; line-height: .5; } abbr { text-decoration: none; }",
    "ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 .75rem; padding: 0;"
    " font-size: .9rem; } li span { display: inline-block; width: 1.5rem; height: 1rem; margin-right: .4rem;"
    " border-radius: 4px; vertical-align: -.15rem; }",
    *(f".f{n} {{ background: var(--f{n}); color: var(--i{n}); }}" for n in range(_LEVELS)),
    "@media print { body { padding: 0; } td, li span { print-color-adjust: exact; } }",
)


def heatmap_html(all_told: Sequence[Recommendation]) -> str:
    """The weeks of some accounts, a section each."""
    title = "Best hours to post"
    names = ", ".join(safe(told.account) for told in all_told)
    sections = [line for told in all_told for line in _section(told)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(f'{title}: {names}' if names else title)}</title>",
            f'<meta name="description" content="{escape(" ".join(s for told in all_told for s in file_words(told)))}">',
            "<style>",
            *_STYLE,
            "</style></head>",
            f"<body><main><h1>{title}</h1>",
            *(sections or ["<p>There is no account yet.</p>"]),
            "</main></body></html>\n",
        ]
    )


def _section(told: Recommendation) -> Iterator[str]:
    yield f"<section><h2>{escape(safe(told.account))}</h2>"
    yield f'<p class="soft">{escape(headline(told))}</p>'
    if told.slots:
        scale = scale_of(told.slots, _LEVELS)
        yield '<div class="scroll" tabindex="0"><table>'
        yield f"<caption>{NUMBERS}</caption>"
        yield (
            "<thead><tr><td></td>" + "".join(f'<th scope="col">{hour:02}</th>' for hour in range(24)) + "</tr></thead>"
        )
        yield "<tbody>"
        best = best_places(told)
        for day, name in enumerate(DAYS):
            slots = told.slots[24 * day : 24 * day + 24]
            cells = (_cell(slot, scale, is_best=(slot.day, slot.hour) in best) for slot in slots)
            yield f'<tr><th scope="row"><abbr title="{name}">{name[:3]}</abbr></th>{"".join(cells)}</tr>'
        yield "</tbody></table></div>"
        yield from _legend(scale)
        yield from (f"<p>{escape(sentence)}</p>" for sentence in file_words(told))
    yield "</section>"


def _cell(slot: Rating, scale: Scale, *, is_best: bool) -> str:
    kinds = f"f{scale.level(slot.uplift)}" + (" best" if is_best else "")
    small = ""
    if is_best:
        small = f'<small aria-hidden="true">{BEST}</small>'
    elif not slot.data_points:
        small = f'<small class="none" aria-hidden="true">{NO_POST}</small>'
    words = escape(slot_words(slot, is_best=is_best))
    return f'<td class="{kinds}" title="{words}">{signed(slot.uplift)}{small}</td>'


def _legend(scale: Scale) -> Iterator[str]:
    yield '<ul aria-label="Colours">'
    for level in range(scale.levels):
        words = f"from {signed(scale.starts(level))} %" if level else f"under {signed(scale.starts(1))} %"
        yield f'<li><span class="f{level}"></span>{words}</li>'
    yield "</ul>"
