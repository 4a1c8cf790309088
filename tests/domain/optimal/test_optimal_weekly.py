"""A week of hours: the scores of one account, the mean of several accounts' scores at the same instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.free_hours import Week, combine_weeks
from ttp.domain.optimal.recommendation import Recommendation, recommend, week_schedule
from ttp.domain.time.formatting import DAYS_IN_FULL

NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def told(account: str, zone: ZoneInfo, good: int, posts: int = 70) -> Recommendation:
    """The recommendation for an account that posts around the clock, and whose `good` hour (UTC) does better."""
    start = datetime(2026, 8, 3, tzinfo=UTC)
    times = [start + timedelta(days=n, hours=7 * n % 24) for n in range(posts)]
    samples = [
        Sample(account, str(n), at, at + timedelta(days=5), likes=200 if abs(at.hour - good) < 2 else 20)
        for n, at in enumerate(times)
    ]
    return recommend(samples, account=account, zone=zone)


def hours(found: Week, day: int) -> list[object]:
    return [slot["hour"] for slot in found.days[day]["slots"]]


def test_without_data_there_are_seven_days_without_hours() -> None:
    empty = Recommendation("x/none", BERLIN)
    for found in (combine_weeks([], NOW), combine_weeks([empty], NOW)):
        assert (found.accounts, found.zone) == ((), None)
        assert [(day["day"], day["slots"]) for day in found.days] == [(day, []) for day in DAYS_IN_FULL]


def test_one_account_has_its_own_week_and_accounts_without_data_change_nothing() -> None:
    one = told("x/me", BERLIN, 18)
    found = combine_weeks([Recommendation("x/none", NEW_YORK), one], NOW)
    assert (found.accounts, found.zone) == (("x/me",), BERLIN)
    assert list(found.days) == week_schedule(one)


def test_several_accounts_are_asked_at_the_same_instants() -> None:
    found = combine_weeks([told("x/me", BERLIN, 18), told("ig/shop", NEW_YORK, 18)], NOW)
    assert (found.accounts, found.zone) == (("x/me", "ig/shop"), BERLIN)
    assert [day["day"] for day in found.days] == list(DAYS_IN_FULL)
    assert all(sorted(map(str, hours(found, day))) == sorted(map(str, range(24))) for day in range(7))
    assert {19, 20} <= set(hours(found, 1)[:5])  # 18:00 UTC in Berlin, in winter and in summer time


def test_the_same_account_twice_is_as_good_as_once() -> None:
    one = told("x/me", BERLIN, 18)
    assert combine_weeks([one, one], NOW).days == combine_weeks([one], NOW).days
