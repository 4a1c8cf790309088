"""`ttp optimal explain` on a terminal: the posts behind a rating, and the way from their numbers to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.cells import wrap
from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.recommendation import interval, percent, place_name, signal_words, signed, wrapped
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.optimal import Signal
from ttp.domain.optimal.explanation import NEAR_H, Explanation, PostBehind

if TYPE_CHECKING:
    from ttp.services.optimal import Explained

SHOWN = 10
_LABEL = 12
"""Columns before the sentence of a step."""
_COLUMNS = (
    Column("PUBLISHED"),
    Column("COUNTED", right=True),
    Column("USUAL", right=True),
    Column("KIND", right=True, drop=2),
    Column("OUTLIER", right=True, drop=1),
    Column("LEFT", right=True),
    Column("TEXT"),
)


def explanation_picture(explained: Explained, page: Page, most: int | None = None) -> Iterator[str]:
    """One explanation, with its `most` most telling posts (`SHOWN` where that is None)."""
    found = explained.explanation
    told = found.recommendation
    page = replace(page, zone=told.zone)
    yield from page.flow(
        [
            page.paint(f"{safe(told.account)}   {place_name(found.rating)}", "bold"),
            f"of {plural(told.data_points, 'post')}",
            f"hours in {safe(told.zone.key)}",
        ]
    )
    yield ""
    yield from _posts(explained, found.posts[: SHOWN if most is None else most], page)
    for label, sentence in _steps(found):
        first, *more = wrap(sentence, page.width - _LABEL)
        yield f"  {label:<{_LABEL - 2}}{first}"
        yield from (" " * _LABEL + line for line in more)
    if told.signal is not Signal.OK:
        yield from wrapped(signal_words(told), page)


def _posts(explained: Explained, shown: Sequence[PostBehind], page: Page) -> Iterator[str]:
    """The table of posts, and how many it does not show."""
    if not shown:
        return
    yield from table(
        _COLUMNS, [_row(one, explained.texts.get(one.post.remote_id), page) for one in shown], page, least=8
    )
    every = len(explained.explanation.posts)
    if every > len(shown):
        yield f"  And {every - len(shown)} more that tell less:  --limit {every}"
    yield ""


def _row(behind: PostBehind, text: str | None, page: Page) -> list[Cell]:
    post, parts = behind.post, behind.parts
    when = f"{page.weekday(post.published_at)} {page.date(post.published_at)} {page.time(post.published_at)}"
    return [
        Cell(when),
        Cell(f"{round(math.expm1(post.engagement)):,}"),
        Cell(f"{round(math.expm1(parts.trend)):,}"),
        Cell(f"{post.kind} {_percent_of(parts.kind):>6}".strip()),
        Cell(_percent_of(parts.clipped)),
        Cell(_percent_of(parts.adjusted), "green" if parts.adjusted > 0 else ""),
        Cell(one_line(text) if text else safe(post.remote_id), "" if text else "dim"),
    ]


def _percent_of(log: float) -> str:
    """`+12 %` of a difference of logs, `-` of none."""
    share = math.expm1(log)
    return f"{signed(share)} %" if abs(share) >= 0.005 else "-"


def _steps(found: Explanation) -> Iterator[tuple[str, str]]:
    """From what was counted to the score, a label and a sentence a step."""
    rating = found.rating
    name, posts = place_name(rating), plural(rating.data_points, "post")
    near = f"{plural(found.nearby, 'post')} within {NEAR_H} hours" if found.nearby else ""
    if found.raw is None or found.adjusted is None:
        yield "Counted", f"no post of yours at {name}, {near or 'and none near it'}"
    else:
        yield "Counted", f"{signed(found.raw)} % over your average, in {posts}"
        yield "Adjusted", f"{signed(found.adjusted)} %, once trend, kind and outliers are taken out"
    rests = " and ".join(filter(None, [posts if found.raw is not None else "", near])) or "the rest of the week"
    yield "Expected", f"{signed(rating.uplift)} % {interval(rating)}: what {rests} can say against chance"
    top, kind = (5, "hours") if rating.day is None else (3, "days") if rating.hour is None else (10, "slots")
    among = f"{percent(rating.score)} that it is one of the true best {top} {kind}"
    yield "Score", f"{among}; by that it is number {found.rank}"
