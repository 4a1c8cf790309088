"""`ttp optimal` on a terminal: bars of how likely an hour is among the best, and what it brought so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from ttp.cli.clean import safe
from ttp.cli.pictures.cells import cut, pad
from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.page import Page

Row: TypeAlias = Mapping[str, object]

_BAR = 20
"""Columns of a bar that stands for 100 %."""
_REST = 52
"""Columns of a line beside its bar."""
_SMALL = 0.03
_EIGHTHS = " ▏▎▍▌▋▊▉"


def recommendation_picture(
    row: Row, page: Page, next_at: datetime | None = None, way: str | None = None
) -> Iterator[str]:
    """One recommendation (an `R` of `ttp optimal --json`). `next_at`: its next free slot, where one was looked up;
    `way`: the command that gets numbers, where there are none."""
    hours, days = _rows(row["bestHours"]), _rows(row["bestDays"])
    account = safe(str(row["account"]))
    zone = safe(str(row["timezone"]))
    if not hours:
        yield page.paint(account, "bold")
        yield f"  No measured posts yet.  Get some:  {safe(way or 'ttp metrics import FILE')}"
        return
    span = _span(row, page)
    head = [page.paint(account, "bold"), plural(_count(row["dataPoints"]), "post") + span, f"hours in {zone}"]
    yield from page.flow(head)
    yield ""
    yield from _bars("Best hours", "among your true best five", hours, _hour, page)
    yield ""
    yield from _bars("Best days", "among your true best three", days, _day, page)
    if all(abs(_number(day["uplift"])) < _SMALL for day in days):
        yield "  Days make little difference for this account."
    yield ""
    yield f"  {_signal(str(row['signal']))}"
    if next_at is not None:
        yield _next_slot(next_at, page)


def slots_picture(slots: Sequence[Row], page: Page) -> Iterator[str]:
    """`ttp optimal next`: the slots with the probability of each."""
    if not slots:
        yield "No slot to recommend: nothing is measured yet.  Import some:  ttp metrics import FILE"
    for slot in slots:
        at = _instant(slot["at"])
        when = f"{page.full_day(at)} {page.time(at)} {page.zone_name()}"
        score = _percent(_number(slot["score"]))
        yield from page.flow([when, f"({page.utc(at)} UTC, {page.ago_long(at)})", f"{score} among your true best ten"])


def _bars(title: str, among: str, rows: Iterable[Row], label: Callable[[Row], str], page: Page) -> Iterator[str]:
    """A heading and a bar per row. The bar gives way where the page is narrow."""
    bar = max(0, min(_BAR, page.width - _REST))
    uplift_at = bar + 34
    head = pad(pad(f"  {title}", max(bar + 3, 14)) + among, uplift_at - 1)
    yield cut(f"{head} in your past posts", page.width)
    for row in rows:
        score = _number(row["score"])
        start = f"  {label(row):<5}  {_bar(score, bar)} {_percent(score):>5}"
        posts = plural(_count(row["dataPoints"]), "post")
        interval = f"({_signed(row['low'])} to {_signed(row['high'])})"
        yield cut(f"{start}    {posts:<10}     {_signed(row['uplift']) + ' %':>5}  {interval}", page.width)


def _bar(share: float, width: int) -> str:
    """A bar of `width` columns, filled by eighths."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return f"{'█' * (eighths // 8) + _EIGHTHS[eighths % 8].strip():<{width}}"


def _hour(row: Row) -> str:
    return f"{_count(row['hour']):02}:00"


def _day(row: Row) -> str:
    return safe(str(row["day"]))[:3]


def _span(row: Row, page: Page) -> str:
    """`, 28 Aug to 23 Nov 2026`, in the page's zone."""
    if not row.get("from") or not row.get("to"):
        return ""
    first, last = _instant(row["from"]), _instant(row["to"])
    year = page.local(last).year
    first_year = "" if page.local(first).year == year else f" {page.local(first).year}"
    return f", {page.month_day(first)}{first_year} to {page.month_day(last)} {year}"


def _signal(signal: str) -> str:
    match signal:
        case "ok":
            return "Enough signal: these hours beat your average in what was measured."
        case "thin":
            return "Thin signal: with so little to go by, a good part of this order is chance."
        case _:
            return "No signal: nothing can be told from this yet."


def _next_slot(at: datetime, page: Page) -> str:
    return f"  Next good slot: {page.day(at)} {page.time(at)} ({page.ago_long(at)}, {page.utc(at)} UTC)"


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _rows(value: object) -> Sequence[Row]:
    assert isinstance(value, Sequence)
    return value


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _count(value: object) -> int:
    assert isinstance(value, int)
    return value


def _percent(share: float) -> str:
    return f"{round(share * 100)} %"


def _signed(value: object) -> str:
    """`+12`, `-1`, `0` of 0.12, -0.01, 0.0."""
    percent = round(_number(value) * 100)
    return f"{percent:+d}" if percent else "0"
