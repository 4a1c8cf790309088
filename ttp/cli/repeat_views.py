"""How recurrences are written: their JSON objects, TSV columns and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.domain.recurrence import Tally

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page

REPEAT = (
    "id",
    "post",
    "pool",
    "cron",
    "timezone",
    "until",
    "count",
    "texts",
    "coolDownS",
    "state",
    "nextAt",
    "made",
    "skipped",
    "missed",
)


def repeat(tally: Tally) -> Json:
    """A recurrence. `until`: no time from then on; `texts`: how many come in turn; `missed`: times without a post."""
    one = tally.recurrence
    return {
        "id": one.id,
        "post": one.post_id,
        "pool": one.pool,
        "cron": one.cron,
        "timezone": one.timezone,
        "until": instant(one.until),
        "count": one.count,
        "texts": len(one.texts),
        "coolDownS": one.cool_down_s,
        "state": one.state,
        "nextAt": instant(tally.next_at),
        "made": tally.made,
        "skipped": tally.skipped,
        "missed": tally.missed,
    }


def begun(posts: Sequence[int], warnings: Sequence[str]) -> View[Tally]:
    """What `ttp repeat ID` answers: the recurrence, the ids of the posts that were made at once, what to warn of."""
    more: Json = {"posts": list(posts), "warnings": list(warnings)}
    return replace(REPEATS, fields=(*REPEAT, *more), columns=("id",), shape=lambda one: {**repeat(one), **more})


def _picture(tallies: Sequence[Tally], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.repeats import repeats_picture

    return repeats_picture(tallies, page)


REPEATS: View[Tally] = View(
    REPEAT,
    ("id", "state", "post", "pool", "cron", "timezone", "nextAt", "made", "skipped", "missed", "until", "count"),
    repeat,
    _picture,
)
"""`ttp repeat list`."""
CHANGED = replace(REPEATS, columns=("id",))
"""What the commands that change a recurrence answer."""
