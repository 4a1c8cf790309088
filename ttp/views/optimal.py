"""Recommendations, heat maps, explanations and backtests as JSON objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttp.domain.time import clock
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import OnlineFollowers
    from ttp.domain.optimal.backtest import Backtest, Lift
    from ttp.domain.optimal.explanation import PostBehind
    from ttp.domain.optimal.recommendation import Recommendation
    from ttp.services.optimal import Advice, ExplainedRating


RECOMMENDATION_FIELDS = (
    "account",
    "platform",
    "timezone",
    "from",
    "to",
    "bestHours",
    "bestDays",
    "dataPoints",
    "signal",
    "evidence",
    "onlineFollowers",
    "hours",
    "days",
    "slots",
)

FREE_SLOT_FIELDS = ("at", "day", "hour", "score", "why", "explored")
_WHOSE = ("account", "platform", "timezone", "from", "to", "dataPoints")
_RATED = ("score", "uplift", "low", "high")
HEATMAP_FIELDS = (*_WHOSE, "signal", "slots")

EXPLANATION_FIELDS = (
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

EXPLAINED_POST_FIELDS = (
    "publishedAt",
    "remoteId",
    "kind",
    "text",
    "engagement",
    "trend",
    "kindEffect",
    "outlier",
    "adjusted",
)

BACKTEST_FIELDS = (*_WHOSE, "heldOut", "inBestHours", "recommended", "meanPerHour", "difference")


@dataclass(frozen=True, slots=True)
class AccountAdvice:
    """The advice for one account. `zone_known`: its zone was set, else it is the machine's."""

    advice: Advice
    zone_known: bool = True
    platform: str = ""
    """The platform's name for people."""


def list_with_single(name: str) -> Callable[[list[Json]], Json]:
    """Return a function that puts objects in a list under `name`s, and a single one under `name` too."""

    def wrap(rows: list[Json]) -> Json:
        shape: Json = {"success": True, f"{name}s": rows}
        return {**shape, name: rows[0]} if len(rows) == 1 else shape

    return wrap


def next_hours_json(slots: Sequence[Json], *, counted: bool) -> Json:
    """Return the object of `ttp optimal next --json`; `counted`: with `--count`."""
    shape: Json = {"success": True, "slot": slots[0] if slots else None}
    return {**shape, "slots": list(slots)} if counted else shape


def week_json(days: Sequence[Json]) -> Json:
    return {"success": True, "schedule": list(days)}


def recommendation_json(told: AccountAdvice, *, everything: bool = False) -> Json:
    """Return the object of `ttp optimal --json`; `everything` adds all hours, days and slots."""
    found = told.advice.recommendation.as_json(everything=everything)
    found["onlineFollowers"] = told.advice.online and _online_json(told.advice.online)
    return {name: found[name] for name in RECOMMENDATION_FIELDS if name in found}


def _online_json(online: OnlineFollowers) -> Json:
    """Return the averages with the days and hours as the platform names them."""
    hours = [{"hour": hour, "followers": round(followers, 1)} for hour, followers in online.hours]
    return {"days": online.days, "from": online.first, "to": online.last, "hours": hours}


def best_rows(row: Json) -> Iterable[Json]:
    """Yield the rows of a recommendation: its hours, then its days."""
    for what, rows in (("hour", row["bestHours"]), ("day", row["bestDays"])):
        assert isinstance(rows, Sequence)
        for one in rows:
            yield {**one, "account": row["account"], "what": what, "value": one[what]}


def heatmap_json(told: AccountAdvice) -> Json:
    found = told.advice.recommendation
    shape = found.as_json()
    best = {(slot.day, slot.hour) for slot in found.best_slots}
    slots = [{**slot.as_json(), "best": (slot.day, slot.hour) in best} for slot in found.slots]
    return {**{name: shape[name] for name in HEATMAP_FIELDS[:-1]}, "slots": slots}


def heatmap_rows(found: Recommendation) -> Iterable[Json]:
    return [{"account": found.account, **slot.as_json()} for slot in found.slots]


def week_rows(row: Json) -> Iterable[Json]:
    assert isinstance(row["slots"], Sequence)
    return [{"day": row["day"], **slot} for slot in row["slots"]]


def explanation_json(one: ExplainedRating, most: int | None) -> Json:
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
        "posts": explained_posts(one, most),
    }


def explanation_rows(one: ExplainedRating, most: int | None) -> Iterable[Json]:
    account = one.explanation.recommendation.account
    return [{"account": account, **row} for row in explained_posts(one, most)]


def explained_posts(one: ExplainedRating, most: int | None) -> list[Json]:
    return [_post_behind(post, one.texts) for post in one.explanation.posts[:most]]


def _post_behind(behind: PostBehind, texts: Mapping[str, str]) -> Json:
    """Return a post with its parts: one plus engagement is (1 + trend) times one plus each of the three shares."""
    post, parts = behind.post, behind.parts
    return {
        "publishedAt": clock.format_json_instant(post.published_at),
        "remoteId": post.remote_id,
        "kind": post.kind or None,
        "text": texts.get(post.remote_id),
        "engagement": round(math.expm1(post.engagement)),
        "trend": round(math.expm1(parts.trend), 1),
        "kindEffect": _share(math.expm1(parts.kind)),
        "outlier": _share(math.expm1(parts.clipped)),
        "adjusted": _share(math.expm1(parts.adjusted)),
    }


def backtest_json(test: Backtest) -> Json:
    return attributes_json(
        test,
        BACKTEST_FIELDS,
        platform=test.account.partition("/")[0],
        timezone=test.zone.key,
        recommended=_lift(test.recommended),
        meanPerHour=_lift(test.mean_per_hour),
        difference=_lift(test.difference),
        **{"from": test.first_at, "to": test.last_at},
    )


def backtest_rows(test: Backtest) -> Iterable[Json]:
    for what in ("recommended", "meanPerHour", "difference"):
        lift = backtest_json(test)[what]
        if isinstance(lift, dict):
            yield {"account": test.account, "what": what, **lift}


def _lift(lift: Lift | None) -> Json | None:
    return {"lift": _share(lift.lift), "low": _share(lift.low), "high": _share(lift.high)} if lift else None


def _share(number: float | None) -> float | None:
    """Round to four decimals, without a negative zero."""
    return None if number is None else round(number, 4) + 0.0
