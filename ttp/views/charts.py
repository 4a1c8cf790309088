"""Charts as SVG, for files and pages. Classes name the parts; whoever shows a chart gives them colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from html import escape

from ttp.domain.metrics.report import MeasuredPost, Period, Report


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name, and what was there before it."""

    name: str
    value: int
    before: int | None = None


def engagement_by_day(report: Report, zone: tzinfo) -> list[Bar]:
    """Return the engagement of the posts of each day of the period, and of the same day of the period before."""
    days = _days(report.period, zone)
    sums = _sums(report.posts, days, zone)
    earlier = _days(report.before_period, zone)
    before = _sums(report.earlier_posts, earlier, zone)
    return [
        Bar(f"{day.day} {day:%b}", sums[place], before[place] if place < len(before) else None)
        for place, day in enumerate(days)
    ]


def _days(period: Period, zone: tzinfo) -> list[date]:
    first, last = (at.astimezone(zone).date() for at in (period.start, period.end - timedelta(milliseconds=1)))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _sums(posts: Sequence[MeasuredPost], days: Sequence[date], zone: tzinfo) -> list[int]:
    sums = dict.fromkeys(days, 0)
    for post in posts:
        day = post.published_at.astimezone(zone).date()
        if day in sums:
            sums[day] += post.sample.engagement or 0
    return list(sums.values())


def join_bars(bars: Sequence[Bar], most: int) -> list[Bar]:
    """Return at most `most` bars: each is the sum of an equal number of neighbours."""
    size = math.ceil(len(bars) / most)
    joined = []
    for place in range(0, len(bars), size):
        group = bars[place : place + size]
        name = group[0].name if len(group) == 1 else f"{group[0].name} to {group[-1].name}"
        before = [bar.before for bar in group if bar.before is not None]
        joined.append(Bar(name, sum(bar.value for bar in group), sum(before) if before else None))
    return joined


def bar_chart(title: str, bars: Sequence[Bar], *, width: int = 1000, height: int = 280, kind: str = "chart") -> str:
    """Return bars on a scale, and what was before as a dashed line. The title of each bar says its name and values.
    `width`, `height`: in units of about a pixel."""
    left, top, bottom = 48, 12, height - 26
    most = max([1, *(bar.value for bar in bars), *(bar.before or 0 for bar in bars)])
    step = _step(most / 4)
    ceiling = step * math.ceil(most / step)
    wide = (width - left) / max(len(bars), 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / ceiling

    lines = []
    for value in range(0, ceiling + 1, step):
        lines.append(f'<path class="axis" d="M{left} {y(value):.0f}H{width}"/>')
        lines.append(f'<text x="{left - 8}" y="{y(value) + 4:.0f}" text-anchor="end">{value:,}</text>')
    highest = max((bar.value for bar in bars), default=0)
    for place, bar in enumerate(bars):
        x = left + place * wide
        before = "" if bar.before is None else f", {bar.before:,} before"
        lines.append(
            f'<rect class="bar{" top" if bar.value == highest > 0 else ""}" x="{x + wide * 0.12:.1f}"'
            f' y="{y(bar.value):.1f}" width="{wide * 0.76:.1f}" height="{bottom - y(bar.value):.1f}" rx="2">'
            f"<title>{escape(bar.name)}: {bar.value:,}{before}</title></rect>"
        )
    points = [
        f"{left + (place + 0.5) * wide:.1f} {y(bar.before):.1f}"
        for place, bar in enumerate(bars)
        if bar.before is not None
    ]
    if len(points) > 1:
        lines.append(f'<path class="before" d="M{" L".join(points)}"/>')
    for place in _marks(len(bars), width):
        x = left + (place + 0.5) * wide
        name, is_last = bars[place].name.partition(" to ")[0], place == len(bars) - 1
        lines.append(
            f'<text x="{width if is_last else x:.0f}" y="{height - 8}" text-anchor="{"end" if is_last else "middle"}">'
            f"{escape(name)}</text>"
        )
    best = max(bars, key=lambda bar: bar.value, default=None)
    words = f"{title}, most on {best.name}: {best.value:,}" if best else title
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">'
        f"{''.join(lines)}</svg>"
    )


def _step(least: float) -> int:
    """Return 1, 2, 2.5 or 5 times a power of ten that is at least so much."""
    power = 10 ** max(0, math.floor(math.log10(max(least, 1))))
    factors = (factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least and power * factor % 1 == 0)
    return int(power * next(factors))


def _marks(count: int, width: int) -> list[int]:
    """Return the places whose names are drawn below: as many as have room, and the last."""
    if not count:
        return []
    every = math.ceil(count / max(2, width // 130))
    places = list(range(0, count - every, every)) if count > every else []
    return [*places, count - 1]
