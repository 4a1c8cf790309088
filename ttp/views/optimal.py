"""Recommendations, heat maps, explanations and backtests as JSON objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ttp.domain.time import clock
from ttp.domain.time.durations import compact_duration
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views import Json, attributes_json
from ttp.views.factors import class_json, class_words, factor_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import OnlineFollowers
    from ttp.domain.optimal.backtest import Backtest, Lift
    from ttp.domain.optimal.explanation import PostBehind
    from ttp.domain.optimal.factors import Factors
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.domain.optimal.recommendation import Rating, Recommendation
    from ttp.services.optimal import Advice, ExplainedRating
    from ttp.views import number_answers as answers


RECOMMENDATION_FIELDS = (
    *("account", "platform", "timezone", "from", "to", "bestHours", "bestDays", "dataPoints", "signal", "evidence"),
    *("daysFirst", "leftOut", "onlineFollowers", "factors", "noFactors", "hours", "days", "slots"),
)
_WHOSE = ("account", "platform", "timezone", "from", "to", "dataPoints")
_RATED = ("score", "uplift", "low", "high")
HEATMAP_FIELDS = (*_WHOSE, "signal", "slots")

EXPLANATION_FIELDS = (
    *("account", "platform", "timezone", "day", "hour", *_RATED, "dataPoints"),
    *("rank", "raw", "adjusted", "nearby", "posts", "factors"),
)
EXPLAINED_POST_FIELDS = (
    *("publishedAt", "remoteId", "kind", "text", "engagement"),
    *("trend", "kindEffect", "outlier", "adjusted"),
)
BACKTEST_FIELDS = (*_WHOSE, "heldOut", "inBestHours", "recommended", "meanPerHour", "difference", "factors")


@dataclass(frozen=True, slots=True)
class AccountAdvice:
    """The advice for one account. `zone_known`: its zone was set, else it is the machine's."""

    advice: Advice
    zone_known: bool = True
    platform: str = ""
    """The platform's name for people."""


def list_with_single(name: str) -> Callable[[list[Any]], Any]:
    """Return a function that puts objects in a list under `name`s, and a single one under `name` too."""

    def wrap(rows: list[Json]) -> Json:
        shape: Json = {"success": True, f"{name}s": rows}
        return {**shape, name: rows[0]} if len(rows) == 1 else shape

    return wrap


recommendations_json: Callable[[list[answers.RecommendationAnswer]], answers.OptimalAnswer]
recommendations_json = list_with_single("recommendation")
heatmaps_json: Callable[[list[answers.HeatmapAnswer]], answers.HeatmapsAnswer] = list_with_single("heatmap")


def next_hours_json(slots: list[answers.NextHourAnswer], *, counted: bool) -> answers.NextHoursAnswer:
    """Return the object of `ttp optimal next --json`; `counted`: with `--count`."""
    shape: answers.NextHoursAnswer = {"success": True, "slot": slots[0] if slots else None}
    if counted:
        shape["slots"] = slots
    return shape


def week_json(days: Sequence[answers.ScoredDay]) -> answers.WeekAnswer:
    return {"success": True, "schedule": list(days)}


def _rating(one: Rating) -> answers.RatingAnswer:
    return {
        "score": _share(one.score),
        "uplift": _share(one.uplift),
        "low": _share(one.low),
        "high": _share(one.high),
        "dataPoints": one.data_points,
    }


def hour_json(one: Rating) -> answers.HourAnswer:
    return {"hour": one.hour or 0, **_rating(one)}


def day_json(one: Rating) -> answers.DayAnswer:
    return {"day": DAYS_IN_FULL[one.day or 0], **_rating(one)}


def week_slot_json(one: Rating) -> answers.WeeklySlotAnswer:
    return {"day": DAYS_IN_FULL[one.day or 0], **hour_json(one)}


def ratings_json(
    recommendation: Recommendation,
    online: OnlineFollowers | None = None,
    factors: Factors | None = None,
    *,
    everything: bool = False,
) -> answers.RecommendationAnswer:
    """Return the ratings of an account; `everything` adds all hours, days and slots to the best."""
    shape: answers.RecommendationAnswer = {
        "account": recommendation.account,
        "platform": recommendation.account.partition("/")[0],
        "timezone": recommendation.zone.key,
        "from": clock.format_json_instant(recommendation.first_at),
        "to": clock.format_json_instant(recommendation.last_at),
        "bestHours": [hour_json(hour) for hour in recommendation.best_hours],
        "bestDays": [day_json(day) for day in recommendation.best_days],
        "dataPoints": recommendation.data_points,
        "signal": recommendation.signal.value,
        "evidence": recommendation.evidence.value,
        "daysFirst": recommendation.days_first,
        "leftOut": recommendation.left_out,
        "onlineFollowers": None if online is None else _online_json(online),
        "factors": [] if factors is None else list(map(factor_json, factors.lines)),
        "noFactors": None if factors is None or factors.silence is None else factors.silence.value,
    }
    if everything:
        shape["hours"] = [hour_json(hour) for hour in recommendation.hours]
        shape["days"] = [day_json(day) for day in recommendation.days]
        shape["slots"] = [week_slot_json(slot) for slot in recommendation.slots]
    return shape


def free_hour_json(hour: FreeHour) -> answers.NextHourAnswer:
    later = hour.later
    return {
        **_hour(hour),
        "later": None if later is None else {**_hour(later.hour), "within": compact_duration(later.within)},
    }


def _hour(hour: FreeHour) -> answers.FreeHourAnswer:
    """Return a free hour. `why` and `explored` are there only where they apply."""
    shape: answers.FreeHourAnswer = {
        "at": clock.utc_text(hour.at),
        "day": DAYS_IN_FULL[hour.day],
        "hour": hour.hour,
        "score": _share(hour.score),
        "uplift": _share(hour.uplift),
    }
    if hour.why:
        shape["why"] = hour.why
    if hour.explored:
        shape["explored"] = True
    return shape


def recommendation_json(advice: AccountAdvice, *, everything: bool = False) -> answers.RecommendationAnswer:
    """Return the object of `ttp optimal --json`; `everything` adds all hours, days and slots."""
    one = advice.advice
    return ratings_json(one.recommendation, one.online, one.factors, everything=everything)


def _online_json(online: OnlineFollowers) -> answers.OnlineAnswer:
    """Return the averages with the days and hours as the platform names them."""
    return {
        "days": online.days,
        "from": online.first,
        "to": online.last,
        "hours": [{"hour": hour, "followers": round(followers, 1)} for hour, followers in online.hours],
    }


def best_rows(row: answers.RecommendationAnswer) -> Iterable[Json]:
    """Yield the rows of a recommendation: its hours, then its days."""
    for hour in row["bestHours"]:
        yield {**hour, "account": row["account"], "what": "hour", "value": hour["hour"]}
    for day in row["bestDays"]:
        yield {**day, "account": row["account"], "what": "day", "value": day["day"]}


def heatmap_json(advice: AccountAdvice) -> answers.HeatmapAnswer:
    recommendation, whose = advice.advice.recommendation, cast("Json", recommendation_json(advice))
    best = {(slot.day, slot.hour) for slot in recommendation.best_slots}
    slots = [{**week_slot_json(slot), "best": (slot.day, slot.hour) in best} for slot in recommendation.slots]
    return cast("answers.HeatmapAnswer", {**{name: whose[name] for name in (*_WHOSE, "signal")}, "slots": slots})


def heatmap_rows(recommendation: Recommendation) -> Iterable[Json]:
    return [{"account": recommendation.account, **week_slot_json(slot)} for slot in recommendation.slots]


def week_rows(row: answers.ScoredDay) -> Iterable[Json]:
    return [{"day": row["day"], **slot} for slot in row["slots"]]


def explanation_json(one: ExplainedRating, most: int | None) -> Json:
    explanation, rating = one.explanation, one.explanation.rating
    whose = ratings_json(explanation.recommendation)
    return {
        "account": whose["account"],
        "platform": whose["platform"],
        "timezone": whose["timezone"],
        "day": None if rating.day is None else DAYS_IN_FULL[rating.day],
        "hour": rating.hour,
        **_rating(rating),
        "rank": explanation.rank,
        "raw": None if explanation.raw is None else _share(explanation.raw),
        "adjusted": None if explanation.adjusted is None else _share(explanation.adjusted),
        "nearby": explanation.nearby,
        "posts": explained_posts(one, most),
        "factors": list(map(class_json, one.factors.effects)),
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
        factors=[{**factor_json(one.line), "came": _lift(one.later)} for one in test.factors],
        **{"from": test.first_at, "to": test.last_at},
    )


def backtest_rows(test: Backtest) -> Iterable[Json]:
    for what in ("recommended", "meanPerHour", "difference"):
        lift = backtest_json(test)[what]
        if isinstance(lift, dict):
            yield {"account": test.account, "what": what, **lift}
    for one in test.factors:
        yield {"account": test.account, "what": class_words(one.line.place), **(_lift(one.later) or {})}


def _lift(lift: Lift | None) -> Json | None:
    return {"lift": _share(lift.lift), "low": _share(lift.low), "high": _share(lift.high)} if lift else None


def _share(number: float) -> float:
    """Round to four decimals, without a negative zero."""
    return round(number, 4) + 0.0
