"""`ttp optimal week` on a terminal: a line per day, its best hours first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ttp.cli.clean import safe
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.recommendation import percent, wrapped
from ttp.domain.optimal.free_hours import Week

_HOUR = 15
"""Columns of an hour with its probability and the gap behind it."""


def week_picture(week: Week, page: Page) -> Iterator[str]:
    """The best hours of each day, as many as fit in a line."""
    if week.zone is None:
        yield "Nothing is measured yet.  Import some:  ttp metrics import FILE"
        return
    yield from page.flow([page.paint(safe(", ".join(week.accounts)), "bold"), f"hours in {safe(week.zone.key)}"])
    yield ""
    shown = max(1, min(6, (page.width - 7) // _HOUR))
    for day in week.days:
        slots = day["slots"]
        assert isinstance(slots, Sequence)
        hours = "".join(f"{_hour(slot):<{_HOUR}}" for slot in slots[:shown])
        yield f"  {str(day['day'])[:3]}  {hours}".rstrip()
    yield ""
    yield from wrapped("Beside each hour: the probability that it is among the true best ten of the week.", page)
    yield from wrapped("All 24 of each day:  ttp optimal week --json", page)


def _hour(slot: Mapping[str, float]) -> str:
    return f"{slot['hour']:02}:00 {percent(slot['score']):>5}"
