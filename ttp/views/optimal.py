"""Recommendations, heat maps, explanations and backtests as JSON objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttp.domain.time import clock
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import OnlineFollowers
    from ttp.domain.optimal.backtest import Backtest, Lift
    from ttp.domain.optimal.explanation import PostBehind
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.domain.optimal.recommendation import Rating, Recommendation
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


def rating_json(one: Rating) -> Json:
    """Return an hour (without a day), a weekday (without an hour) or a slot."""
    day = {} if one.day is None else {"day": DAYS_IN_FULL[one.day]}
    hour = {} if one.hour is None else {"hour": one.hour}
    numbers = {name: _share(getattr(one, name)) for name in _RATED}
    return {**day, **hour, **numbers, "dataPoints": one.data_points}


def ratings_json(found: Recommendation, *, everything: bool = False) -> Json:
    """Return the ratings of an account; `everything` adds all hours, days and slots to the best."""
    shape: Json = {
        "account": found.account,
        "platform": found.account.partition("/")[0],
        "timezone": found.zone.key,
        "from": found.first_at and clock.utc_text(found.first_at),
        "to": found.last_at and clock.utc_text(found.last_at),
        "bestHours": [rating_json(hour) for hour in found.best_hours],
        "bestDays": [rating_json(day) for day in found.best_days],
        "dataPoints": found.data_points,
        "signal": found.signal.value,
        "evidence": found.evidence.value,
    }
    if everything:
        shape["hours"] = [rating_json(hour) for hour in found.hours]
        shape["days"] = [rating_json(day) for day in found.days]
        shape["slots"] = [rating_json(slot) for slot in found.slots]
    return shape


def free_hour_json(found: FreeHour) -> Json:
    """Return a free hour. `why` and `explored` are there only where they apply."""
    day, score = DAYS_IN_FULL[found.day], round(found.score, 4)
    shape: Json = {"at": clock.utc_text(found.at), "day": day, "hour": found.hour, "score": score}
    if found.why:
        shape["why"] = found.why
    if found.explored:
        shape["explored"] = True
    return shape


def recommendation_json(told: AccountAdvice, *, everything: bool = False) -> Json:
    """Return the object of `ttp optimal --json`; `everything` adds all hours, days and slots."""
    found = ratings_json(told.advice.recommendation, everything=everything)
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
    shape = ratings_json(found)
    best = {(slot.day, slot.hour) for slot in found.best_slots}
    slots = [{**rating_json(slot), "best": (slot.day, slot.hour) in best} for slot in found.slots]
    return {**{name: shape[name] for name in HEATMAP_FIELDS[:-1]}, "slots": slots}


def heatmap_rows(found: Recommendation) -> Iterable[Json]:
    return [{"account": found.account, **rating_json(slot)} for slot in found.slots]


def week_rows(row: Json) -> Iterable[Json]:
    assert isinstance(row["slots"], Sequence)
    return [{"day": row["day"], **slot} for slot in row["slots"]]


def explanation_json(one: ExplainedRating, most: int | None) -> Json:
    found = one.explanation
    whose = ratings_json(found.recommendation)
    return {
        **{name: whose[name] for name in ("account", "platform", "timezone")},
        "day": None,
        "hour": None,
        **rating_json(found.rating),
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
