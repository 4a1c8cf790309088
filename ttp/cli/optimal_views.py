"""How the answers of `ttp optimal` and its subcommands look: JSON keys and objects, TSV columns, pictures.

As in `ttp.cli.shapes`, keys are only ever added. Shares of engagement are as everywhere: 0.12 is 12 % more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ttp.cli import shapes
from ttp.cli.shapes import Json
from ttp.cli.views import View

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.domain.optimal.backtest import Backtest, Lift
    from ttp.domain.optimal.explanation import PostBehind
    from ttp.domain.optimal.free_hours import Week
    from ttp.services.optimal import Advice, Explained

_WHOSE = ("account", "platform", "timezone", "from", "to", "dataPoints")
_RATED = ("score", "uplift", "low", "high")
HEATMAP = (*_WHOSE, "signal", "slots")
EXPLANATION = (
    "account",
    "platform",
    "timezone",
    "day",
    "hour",
    *_RATED,
    "dataPoints",
    "rank",
    "raw",
    "adjusted",
    "nearby",
    "posts",
)
POST_BEHIND = ("publishedAt", "remoteId", "kind", "text", "engagement", "trend", "kindEffect", "outlier", "adjusted")
BACKTEST = (*_WHOSE, "heldOut", "inBestHours", "recommended", "meanPerHour", "difference")


@dataclass(frozen=True, slots=True)
class Told:
    """What one account is told, and whether somebody said which zone its hours are in."""

    advice: Advice
    zone_known: bool = True


def recommendations(*, everything: bool = False, tz: str | None = None, several: bool = False) -> View[Told]:
    """`ttp optimal`: the R of each account; `everything`: with all hours, days and slots. `tz`: as it was typed.
    `several`: there is more than one account, which its rows name first."""

    def picture(all_told: Sequence[Told], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.recommendation import recommendation_picture

        draw = partial(recommendation_picture, page=page, tz=tz)
        yield from _apart(draw(told.advice, zone_known=told.zone_known) for told in all_told)

    def shape(told: Told) -> Json:
        return told.advice.recommendation.as_json(everything=everything)

    return View(
        shapes.RECOMMENDATION,
        (*(("account",) if several else ()), "what", "value", "score", "uplift", "dataPoints"),
        shape,
        picture,
        rows=lambda told: _best(shape(told)),
        wrap=_each("recommendation"),
    )


def heatmaps() -> View[Told]:
    """`ttp optimal heatmap`: the 168 slots of each account."""

    def picture(all_told: Sequence[Told], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.heatmap import heatmap_picture

        yield from _apart(heatmap_picture(told.advice, page, zone_known=told.zone_known) for told in all_told)

    return View(
        HEATMAP,
        ("day", "hour", "score", "uplift", "dataPoints"),
        _heatmap,
        picture,
        rows=lambda told: [slot.as_json() for slot in told.advice.recommendation.slots],
        wrap=_each("heatmap"),
    )


def week(of: Week | None = None) -> View[Json]:
    """`ttp optimal week`: seven days with their hours; `of`: the week they are of, for the picture."""

    def picture(_: Sequence[Json], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.week import week_picture

        assert of is not None
        return week_picture(of, page)

    return View(
        ("day", "slots"),
        ("day", "hour", "score"),
        dict,
        picture,
        rows=_hours_of_day,
        wrap=lambda days: {"success": True, "schedule": days},
    )


def explanations(most: int | None = None) -> View[Explained]:
    """`ttp optimal explain`; `most`: so many posts of each are shown."""

    def picture(explained: Sequence[Explained], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.explanation import explanation_picture

        yield from _apart(explanation_picture(one, page, most) for one in explained)

    return View(
        EXPLANATION,
        tuple(name for name in POST_BEHIND if name != "text"),
        partial(_explanation, most=most),
        picture,
        rows=lambda one: _posts_behind(one, most),
        wrap=_each("explanation"),
    )


def backtests(ways: Mapping[str, str]) -> View[Backtest]:
    """`ttp optimal backtest`. `ways`: by account, the command that gets numbers of its posts."""

    def picture(tests: Sequence[Backtest], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.backtest import backtest_picture

        yield from _apart(backtest_picture(one, page, ways[one.account]) for one in tests)

    return View(
        BACKTEST, ("account", "what", "lift", "low", "high"), _backtest, picture, rows=_lifts, wrap=_each("backtest")
    )


def _apart(pictures: Iterable[Iterable[str]]) -> Iterable[str]:
    """Pictures with an empty line between them."""
    for place, lines in enumerate(pictures):
        if place:
            yield ""
        yield from lines


def _each(name: str) -> Callable[[list[Json]], Json]:
    """All of them in a list, and the only one by itself."""

    def wrap(rows: list[Json]) -> Json:
        shape: Json = {"success": True, f"{name}s": rows}
        return {**shape, name: rows[0]} if len(rows) == 1 else shape

    return wrap


def _best(row: Json) -> Iterable[Json]:
    """A recommendation's hours, then its days."""
    for what, rows in (("hour", row["bestHours"]), ("day", row["bestDays"])):
        assert isinstance(rows, Sequence)
        for one in rows:
            yield {**one, "account": row["account"], "what": what, "value": one[what]}


def _heatmap(told: Told) -> Json:
    found = told.advice.recommendation
    shape = found.as_json()
    best = {(slot.day, slot.hour) for slot in found.best_slots}
    slots = [{**slot.as_json(), "best": (slot.day, slot.hour) in best} for slot in found.slots]
    return {**{name: shape[name] for name in HEATMAP[:-1]}, "slots": slots}


def _hours_of_day(row: Json) -> Iterable[Json]:
    assert isinstance(row["slots"], Sequence)
    return [{"day": row["day"], **slot} for slot in row["slots"]]


def _explanation(one: Explained, most: int | None) -> Json:
    found = one.explanation
    whose = found.recommendation.as_json()
    return {
        **{name: whose[name] for name in ("account", "platform", "timezone")},
        "day": None,
        "hour": None,
        **found.rating.as_json(),
        "rank": found.rank,
        "raw": _share(found.raw),
        "adjusted": _share(found.adjusted),
        "nearby": found.nearby,
        "posts": _posts_behind(one, most),
    }


def _posts_behind(one: Explained, most: int | None) -> list[Json]:
    return [_post_behind(post, one.texts) for post in one.explanation.posts[:most]]


def _post_behind(behind: PostBehind, texts: Mapping[str, str]) -> Json:
    """A post and what it was made of: one plus engagement is (1 + trend) times one plus each of the three shares."""
    post, parts = behind.post, behind.parts
    return {
        "publishedAt": shapes.instant(post.published_at),
        "remoteId": post.remote_id,
        "kind": post.kind or None,
        "text": texts.get(post.remote_id),
        "engagement": round(math.expm1(post.engagement)),
        "trend": round(math.expm1(parts.trend), 1),
        "kindEffect": _share(math.expm1(parts.kind)),
        "outlier": _share(math.expm1(parts.clipped)),
        "adjusted": _share(math.expm1(parts.adjusted)),
    }


def _backtest(test: Backtest) -> Json:
    return {
        "account": test.account,
        "platform": test.account.partition("/")[0],
        "timezone": test.zone.key,
        "from": shapes.instant(test.first_at),
        "to": shapes.instant(test.last_at),
        "dataPoints": test.data_points,
        "heldOut": test.held_out,
        "inBestHours": test.in_best_hours,
        "recommended": _lift(test.recommended),
        "meanPerHour": _lift(test.mean_per_hour),
        "difference": _lift(test.difference),
    }


def _lifts(test: Backtest) -> Iterable[Json]:
    for what in ("recommended", "meanPerHour", "difference"):
        lift = _backtest(test)[what]
        if isinstance(lift, dict):
            yield {"account": test.account, "what": what, **lift}


def _lift(lift: Lift | None) -> Json | None:
    return {"lift": _share(lift.lift), "low": _share(lift.low), "high": _share(lift.high)} if lift else None


def _share(number: float | None) -> float | None:
    """Four decimals, and never a negative zero."""
    return None if number is None else round(number, 4) + 0.0
