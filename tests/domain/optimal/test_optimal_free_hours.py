"""The next hour for a post, and the free ones among the ten best slots of the week, as instants that exist."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from math import exp
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import examples
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.estimate import Effects
from ttp.domain.optimal.free_hours import (
    ANYWHERE,
    EXPLORED,
    LEAD,
    OF_BEST_HOURS,
    WEIGHED,
    FreeHour,
    LaterHour,
    Reach,
    draw_free_hour,
    free_best_slots,
    full_hours,
    next_free_hour,
)
from ttp.domain.optimal.recommendation import Evidence, Rating, Recommendation, recommend
from ttp.domain.time.quiet_hours import QuietHours, parse_quiet_hours
from ttp.views.optimal import free_hour_json

BERLIN = ZoneInfo("Europe/Berlin")
GAP_S = 3600.0
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday, 13:00 in Berlin."""
TEN = [(1, 18), (1, 19), (2, 12), (3, 18), (4, 18), (5, 10), (5, 11), (6, 10), (0, 9), (0, 18)]


def rated(account: str = "x/me", best: list[tuple[int, int]] = TEN, zone: ZoneInfo = BERLIN) -> Recommendation:
    """An account whose best slots, in this order, are `best`."""
    scores = {place: 0.9 - 0.01 * rank for rank, place in enumerate(best)}
    slots = tuple(
        Rating(day, hour, score, score - 0.1, 0.0, 0.0, 0)
        for day in range(7)
        for hour in range(24)
        for score in (scores.get((day, hour), 0.01),)
    )
    return Recommendation(account, zone, slots=slots, data_points=40)


def find(
    *accounts: Recommendation, now: datetime = NOW, busy: dict[str, list[datetime]] | None = None, count: int = 1
) -> list[datetime]:
    """The first free ones of the ten best slots."""
    return [slot.at for slot in best_slots(*(accounts or (rated(),)), now=now, busy=busy, count=count)]


def best_slots(
    *accounts: Recommendation,
    now: datetime = NOW,
    busy: dict[str, list[datetime]] | None = None,
    gap_s: float = GAP_S,
    count: int = 1,
) -> list[FreeHour]:
    taken = [(busy or {}).get(one.account, []) for one in accounts]
    return list(islice(free_best_slots([one for one in accounts if one.slots], now, taken, gap_s), count))


def berlin(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def test_the_earliest_of_the_ten_best_is_next_and_not_the_best_of_them() -> None:
    assert best_slots(rated()) == [FreeHour(berlin(24, 18), 1, 18, 0.9, 0.8)]
    assert find(now=berlin(25, 0)) == [berlin(25, 12)]


def test_the_json_of_a_slot_is_the_contract() -> None:
    slot = FreeHour(berlin(24, 18), 1, 18, 0.123456)
    assert free_hour_json(slot) == {
        "at": "2026-11-24T17:00:00Z",
        "day": "Tuesday",
        "hour": 18,
        "score": 0.1235,
        "uplift": 0.0,
        "later": None,
    }
    later = LaterHour(replace(slot, uplift=0.24), timedelta(days=4))
    assert free_hour_json(replace(slot, later=later))["later"] == {
        "at": "2026-11-24T17:00:00Z",
        "day": "Tuesday",
        "hour": 18,
        "score": 0.1235,
        "uplift": 0.24,
        "within": "4d",
    }
    half_a_second_later = FreeHour(berlin(24, 18) + timedelta(milliseconds=500), 1, 18, 0.5)
    assert free_hour_json(half_a_second_later)["at"] == "2026-11-24T17:00:00.500Z"


def test_a_slot_is_at_least_ten_minutes_ahead() -> None:
    assert find(now=berlin(24, 18) - LEAD) == [berlin(24, 18)]
    assert find(now=berlin(24, 18) - LEAD + timedelta(microseconds=1)) == [berlin(24, 19)]


def test_a_post_of_the_account_within_the_gap_takes_a_slot() -> None:
    almost = timedelta(minutes=59, seconds=59)
    assert find(busy={"x/me": [berlin(24, 18) - almost]}) == [berlin(24, 19)]
    assert find(busy={"x/me": [berlin(24, 18) + almost]}) == [berlin(25, 12)]
    assert find(busy={"x/me": [berlin(24, 17), berlin(24, 19)]}) == [berlin(24, 18)]
    assert find(busy={"x/other": [berlin(24, 18)]}) == [berlin(24, 18)]


def test_several_slots_come_in_order_with_the_gap_between_them() -> None:
    assert find(count=4) == [berlin(24, 18), berlin(24, 19), berlin(25, 12), berlin(26, 18)]
    wide = best_slots(rated(), gap_s=7200, count=2)
    assert [slot.at for slot in wide] == [berlin(24, 18), berlin(25, 12)]


def test_the_weeks_after_are_searched_where_this_one_is_taken() -> None:
    this_week = find(count=10)
    assert find(busy={"x/me": this_week}) == [berlin(1, 18, month=12)]


def test_a_slot_that_is_just_over_comes_back_in_a_week_and_lets_no_eleventh_in() -> None:
    eleven = [*TEN, (1, 15)]
    assert find(rated(best=eleven), now=berlin(24, 14)) == [berlin(24, 18)]
    assert find(count=11, now=berlin(24, 18))[-1] == berlin(1, 19, month=12)
    assert find(count=10, now=berlin(24, 18))[-1] == berlin(1, 18, month=12)


def test_an_account_that_is_busy_for_a_year_has_no_next_free_hour() -> None:
    every_hour = [NOW + timedelta(hours=i) for i in range(54 * 168)]
    assert find(busy={"x/me": every_hour}) == []


def test_without_data_there_is_no_slot() -> None:
    assert next_free_hour([Recommendation("x/me", BERLIN)], now=NOW, busy={}, min_gap_s=GAP_S) == ()
    assert next_free_hour([], now=NOW, busy={}, min_gap_s=GAP_S) == ()


def test_several_accounts_are_asked_by_their_mean_score_and_all_must_be_free() -> None:
    first, second = rated("x/me", [(1, 20), (3, 9)]), rated("x/you", [(3, 9), (4, 7)])
    slot = best_slots(first, second, count=20)
    by_place = {(s.day, s.hour): s.score for s in slot}
    assert by_place[3, 9] == pytest.approx((0.89 + 0.9) / 2)
    assert by_place[1, 20] == pytest.approx((0.9 + 0.01) / 2)
    assert find(first, second, busy={"x/you": [berlin(24, 20)]}, now=berlin(24, 19)) != [berlin(24, 20)]
    assert find(first, second, now=berlin(24, 19)) == [berlin(24, 20)]


def test_an_account_without_data_has_no_say_but_its_posts_are_respected() -> None:
    mute = Recommendation("x/new", BERLIN)
    assert find(mute, rated()) == [berlin(24, 18)]
    assert find(mute, rated(), busy={"x/new": [berlin(24, 18)]}) == [berlin(24, 19)]


def test_each_account_is_asked_by_its_own_wall_clock() -> None:
    tokyo = rated("x/tokyo", [(2, 2)], ZoneInfo("Asia/Tokyo"))
    mine = rated("x/me", [(1, 18)])
    assert best_slots(mine, tokyo)[0].score == pytest.approx(0.9)
    assert find(mine, tokyo) == [berlin(24, 18)]


def test_an_hour_that_the_clocks_skip_is_no_slot_that_day() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    sunday_night = rated(best=[(6, 2), *TEN[:9]])
    found = find(sunday_night, now=before, count=30)
    assert all(at.astimezone(BERLIN).hour != 3 for at in found)
    assert datetime(2026, 3, 29, 1, tzinfo=UTC) not in found
    assert datetime(2026, 4, 5, 0, tzinfo=UTC) in found


def test_a_doubled_hour_is_one_slot_at_its_first_pass() -> None:
    sunday_night = rated(best=[(6, 2), *TEN[:9]])
    first_pass, second_pass = datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    found = find(sunday_night, now=datetime(2026, 10, 24, 12, tzinfo=UTC), count=20)
    assert first_pass in found
    assert second_pass not in found
    between = find(sunday_night, now=second_pass - LEAD, count=20)
    assert second_pass not in between
    assert between[-1] > second_pass


@examples(40)
@given(
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    st.integers(0, 366 * 24 * 60),
    st.integers(1, 12),
)
@example("Australia/Lord_Howe", 385881, 12)  # its clocks skip half an hour
def test_every_slot_is_a_full_hour_of_the_ten_best_ahead_and_apart(zone: str, minute: int, count: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    account = rated(best=[*TEN[:8], (6, 2), (6, 3)], zone=ZoneInfo(zone))
    found = best_slots(account, now=now, count=count)
    ats = [slot.at for slot in found]
    assert len(ats) == count
    assert ats[0] >= now + LEAD
    assert all(later - earlier >= timedelta(seconds=GAP_S) for earlier, later in pairwise(ats))
    for slot in found:
        local = slot.at.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (slot.day, slot.hour, 0)
        assert slot.score > 0.5


def test_an_explored_hour_is_among_the_ten_best_of_a_draw_and_has_the_score_that_is_known() -> None:
    draw = Effects([0.0] * 24, [0.0] * 7, [float(place in range(48, 58)) for place in range(168)])
    told = replace(rated(), draws=(draw,))

    def drawn(quiet: QuietHours) -> FreeHour:
        found = draw_free_hour([told], Random(1), now=NOW, busy={}, min_gap_s=GAP_S, quiet=quiet)
        assert found is not None
        return found

    found = drawn(QuietHours())
    assert (found.at, found.score, found.explored) == (berlin(25, 0), 0.01, True)
    assert (free_hour_json(found)["explored"], free_hour_json(found)["why"]) == (True, EXPLORED)
    assert drawn(QuietHours(parse_quiet_hours("22-4"))).at == berlin(25, 4)


def test_full_hours_are_those_of_the_wall_clock() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    start = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
    assert full_hours(start, start + timedelta(hours=2), kolkata) == [
        datetime(2026, 11, 24, hour, 30, tzinfo=UTC) for hour in (12, 13)
    ]
    night = datetime(2027, 10, 30, 22, 0, tzinfo=UTC)
    shown = [at.astimezone(BERLIN).hour for at in full_hours(night, night + timedelta(hours=5), BERLIN)]
    assert shown == [0, 1, 2, 3]


# --- the next hour ---

USUAL = {18: 0.2, 17: 0.15, 19: 0.14, 12: 0.1, 9: 0.05}
"""What hours bring over the average; all others bring less than it."""


def known(
    account: str = "x/me",
    hours: dict[int, float] | None = None,
    slots: dict[tuple[int, int], float] | None = None,
    tried: Sequence[int] = tuple(range(8, 22)),
    low: float = -0.1,
    zone: ZoneInfo = BERLIN,
    evidence: Evidence = Evidence.STRONG,
) -> Recommendation:
    """An account that posts every day at the hours in `tried`; `slots`: hours of single days that differ."""
    uplifts = USUAL if hours is None else hours
    of_hours = tuple(
        Rating(None, h, uplifts.get(h, -0.1), uplifts.get(h, -0.1), low, 1.0, 7 * (h in tried)) for h in range(24)
    )
    of_days = tuple(Rating(d, None, 0.4, 0.0, low, 1.0, len(tried)) for d in range(7))
    of_slots = tuple(
        Rating(d, h, 0.1, (slots or {}).get((d, h), uplifts.get(h, -0.1)), low, 1.0, int(h in tried))
        for d in range(7)
        for h in range(24)
    )
    return Recommendation(
        account, zone, hours=of_hours, days=of_days, slots=of_slots, data_points=40, evidence=evidence
    )


def hours(
    *accounts: Recommendation,
    now: datetime = NOW,
    busy: dict[str, list[datetime]] | None = None,
    days: float = 7,
    count: int = 1,
    reach: Reach = ANYWHERE,
    gap_s: float = GAP_S,
) -> tuple[FreeHour, ...]:
    horizon_s = days * 86_400
    return next_free_hour(
        accounts, now=now, busy=busy or {}, min_gap_s=gap_s, horizon_s=horizon_s, reach=reach, count=count
    )


def shown(hour: FreeHour) -> str:
    return f"{hour.at.astimezone(BERLIN):%a %d %H}"


def following(*accounts: Recommendation, **more: Any) -> list[tuple[str, str]]:
    return [(shown(hour), hour.why) for hour in hours(*accounts, **more)]


def test_the_best_hour_tonight_is_next() -> None:
    assert following(known()) == [("Tue 24 18", WEIGHED)]


@pytest.mark.parametrize(
    ("of_hours", "at"),
    [
        pytest.param({**USUAL, 15: 0.199}, "Tue 24 15", id="three hours of waiting are worth less than 0.3 %"),
        pytest.param({**USUAL, 15: 0.19}, "Tue 24 18", id="but 1 % is worth three hours"),
        pytest.param({**USUAL, 10: 0.21}, "Tue 24 18", id="and not 15 hours"),
        pytest.param({**USUAL, 10: 0.23}, "Wed 25 10", id="which 3 % are"),
    ],
)
def test_a_day_of_waiting_costs_two_percent(of_hours: dict[int, float], at: str) -> None:
    assert [shown(hour) for hour in hours(known(hours=of_hours))] == [at]


def test_the_expectation_of_a_slot_is_the_mean_of_its_own_and_that_of_hour_and_day() -> None:
    account = known(slots={(1, 18): 0.3})
    tuesdays = tuple(replace(day, uplift=0.1 if day.day == 1 else 0.0) for day in account.days)
    (hour,) = hours(replace(account, days=tuesdays))
    assert hour.uplift == pytest.approx((0.3 + 1.2 * 1.1 - 1) / 2)


@pytest.mark.parametrize(
    ("evidence", "days", "at"),
    [
        pytest.param(Evidence.STRONG, 7, "Thu 26 18", id="three days"),
        pytest.param(Evidence.SOME, 2, "Wed 25 18", id="within the horizon"),
        pytest.param(Evidence.THIN, 7, "Tue 24 18", id="a day while the evidence is thin"),
    ],
)
def test_how_far_ahead_an_hour_is_sought(evidence: Evidence, days: float, at: str) -> None:
    later = {(2, 18): 0.5, (3, 18): 0.9, (4, 18): 2.0}
    assert [shown(hour) for hour in hours(known(slots=later, evidence=evidence), days=days)] == [at]


def test_of_several_accounts_one_with_evidence_is_enough_to_wait() -> None:
    thin, sure = (known(slots={(3, 18): 0.9}, evidence=one) for one in (Evidence.THIN, Evidence.SOME))
    assert following(thin, replace(sure, account="x/you"))[0][0] == "Thu 26 18"


@pytest.mark.parametrize(
    ("reach", "at"),
    [
        pytest.param(Reach(7 * 86_400.0), "Sat 28 18", id="the best, however late"),
        pytest.param(Reach(86_400.0), "Wed 25 10", id="within a day"),
        pytest.param(Reach(3 * 3600.0), "Tue 24 15", id="below the average too"),
        pytest.param(Reach(start=berlin(25, 0)), "Wed 25 10", id="from a time on, at its price"),
        pytest.param(Reach(start=berlin(27, 0), end=berlin(27, 16)), "Fri 27 10", id="between two times"),
        pytest.param(Reach(start=berlin(28, 18), end=berlin(28, 19)), "Sat 28 18", id="the first included"),
        pytest.param(Reach(start=berlin(28, 17), end=berlin(28, 18)), "Sat 28 17", id="and not the last"),
        pytest.param(Reach(end=berlin(29, 0) + timedelta(weeks=2)), "Sat 28 18", id="beyond the horizon"),
        pytest.param(Reach(7 * 86_400.0, end=berlin(25, 9)), "Tue 24 18", id="the nearer end"),
        pytest.param(Reach(start=berlin(27, 0), end=berlin(27, 5)), "Fri 27 01", id="untried where nothing else is"),
        pytest.param(Reach(300.0), None, id="nothing so soon"),
    ],
)
def test_the_best_hour_of_a_typed_reach(reach: Reach, at: str | None) -> None:
    account = known(hours={**USUAL, 10: 0.24, 15: -0.05, 1: -0.02}, slots={(5, 18): 0.6})
    assert [shown(hour) for hour in hours(account, reach=reach)] == ([at] if at else [])


def test_a_later_hour_is_named_with_a_reach_that_chooses_it() -> None:
    account = known(slots={(3, 19): 0.34, (5, 18): 0.6})
    (hour,) = hours(account)
    assert (shown(hour), hour.later and shown(hour.later.hour)) == ("Tue 24 18", "Sat 28 18")
    assert hour.later is not None
    assert hour.later.within == timedelta(days=5)
    (later,) = hours(account, reach=Reach(hour.later.within.total_seconds()), busy={"x/me": [hour.at]})
    assert (later.at, later.uplift) == (hour.later.hour.at, hour.later.hour.uplift)


@pytest.mark.parametrize(
    ("account", "more"),
    [
        pytest.param(known(), {}, id="the chosen one is the best"),
        pytest.param(known(slots={(5, 18): 0.22}), {}, id="hardly better"),
        pytest.param(known(slots={(5, 18): 0.6}, evidence=Evidence.THIN), {}, id="thin"),
        pytest.param(known(slots={(5, 18): 0.6}), {"count": 2}, id="of several hours"),
        pytest.param(known(slots={(5, 18): 0.6}), {"reach": Reach(86_400.0)}, id="with an end"),
        pytest.param(known(slots={(5, 18): 0.6}), {"gap_s": 5 * 86_400.0}, id="too close to the chosen one"),
    ],
)
def test_no_later_hour_is_named(account: Recommendation, more: dict[str, Any]) -> None:
    assert all(hour.later is None for hour in hours(account, **more))


def test_the_reach_of_a_later_hour_is_at_most_the_horizon() -> None:
    (hour,) = hours(known(slots={(3, 18): 0.26}), days=2.5)
    assert hour.later is not None
    assert hour.later.within == timedelta(hours=53)


def test_an_hour_that_was_never_tried_is_not_next_unless_it_is_surely_good() -> None:
    of_hours = {**USUAL, 15: 0.21}
    habit = [hour for hour in range(8, 22) if hour != 15]
    assert following(known(hours=of_hours, tried=habit)) == [("Tue 24 18", WEIGHED)]
    assert following(known(hours=of_hours, tried=habit, low=0.01)) == [("Tue 24 15", WEIGHED)]


def test_where_nothing_tried_is_above_the_average_the_best_of_the_five_best_hours_is_next() -> None:
    only = known(hours={22: 0.9})
    assert following(only) == [("Tue 24 22", OF_BEST_HOURS)]
    assert following(only, now=berlin(24, 22)) == [("Wed 25 22", OF_BEST_HOURS)]
    (typed,) = hours(only, reach=Reach(86_400.0))
    assert (shown(typed), typed.uplift > 0) == ("Tue 24 22", True)


def test_beyond_the_usual_reach_the_horizon_is_sought_before_the_five_best_hours() -> None:
    assert following(known(hours={}, slots={(5, 18): 0.6})) == [("Sat 28 18", WEIGHED)]


def test_taken_hours_give_way_to_the_next_best_and_then_to_later_weeks() -> None:
    tonight = [berlin(24, 18)]
    assert following(known(), busy={"x/me": tonight}) == [("Wed 25 18", WEIGHED)]
    week = following(known(), count=40)
    assert len(set(week)) == 40
    assert {at[7:] for at, _ in week} == {"18", "17", "19", "12", "09"}
    assert any(at[4:6] < "20" for at, _ in week)


def test_an_account_whose_best_hours_are_taken_for_a_year_has_no_next_one() -> None:
    every_hour = [NOW + timedelta(hours=i) for i in range(54 * 168)]
    assert following(known(), busy={"x/me": every_hour}) == []


def test_several_accounts_have_the_hour_that_is_best_on_average_and_free_and_tried_by_all() -> None:
    first, second = known(hours={18: 0.3, 20: 0.2}), known("x/you", hours={20: 0.3})
    assert following(first, second) == [("Tue 24 20", WEIGHED)]
    assert following(first, second, busy={"x/you": [berlin(24, 20)]})[0][0] == "Wed 25 20"
    never = known("x/you", hours={20: 0.3}, tried=[9])
    assert following(first, never) == [("Tue 24 20", OF_BEST_HOURS)]
    assert following(Recommendation("x/new", BERLIN), first, busy={"x/new": [berlin(24, 18)]})[0][0] == "Wed 25 18"


def test_where_nothing_tells_hours_apart_the_night_is_left_out() -> None:
    equal = dict.fromkeys(range(24), 0.0)
    assert following(known(hours=equal, tried=[3, 21])) == [("Tue 24 21", WEIGHED)]
    assert following(known(hours=equal, tried=[3]))[0][1] == OF_BEST_HOURS


def test_an_hour_that_the_clocks_skip_is_not_next() -> None:
    night = known(hours={2: 0.5}, tried=[2])
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert following(night, now=before) == [("Mon 30 02", WEIGHED)]
    never = known(hours={2: 0.5}, tried=[])
    assert following(never, now=before) == [("Mon 30 02", OF_BEST_HOURS)]


@pytest.mark.parametrize("seed", range(6))
def test_without_an_effect_of_days_tonights_best_hour_is_not_passed_over_for_an_untried_one(seed: int) -> None:
    """Posts of half a year at four hours of weekdays and two of the weekend; 18:00 brings most, on every day alike."""
    random, monday = Random(seed), datetime(2026, 5, 25, tzinfo=BERLIN)
    samples = []
    for n in range(180):
        day = monday + timedelta(days=n)
        hour = random.choice([9, 12, 17, 18] if day.weekday() < 5 else [10, 18])
        at = day.replace(hour=hour).astimezone(UTC)
        likes = round(100 * exp(0.4 * (hour in (17, 18)) + random.gauss(0, 0.6)))
        samples.append(Sample("x/me", str(n), at, at + timedelta(days=5), likes=likes, comments=0, shares=0))
    told = recommend(samples, account="x/me", zone=BERLIN)
    (found,) = next_free_hour([told], now=berlin(27, 9), busy={}, min_gap_s=GAP_S)
    local = found.at.astimezone(BERLIN)
    assert told.slots[24 * local.weekday() + local.hour].data_points or local.date() == date(2026, 11, 27)
    assert told.hours[local.hour].data_points or told.hours[local.hour].low > 0
    assert local.hour in {hour.hour for hour in told.best_hours}
