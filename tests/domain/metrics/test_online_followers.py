"""The averages of online followers by hour."""

from __future__ import annotations

from ttp.domain.metrics.sample import OnlineDay, OnlineFollowers, average_online


def test_hours_are_averaged_over_the_days_that_have_them() -> None:
    days = [OnlineDay("mon", {"10": 4, "9": 1}), OnlineDay("tue", {}), OnlineDay("wed", {"10": 5, "late": 3})]
    found = average_online(days)
    assert found == OnlineFollowers(2, "mon", "wed", (("9", 1.0), ("10", 4.5), ("late", 3.0)))
    assert found.best == [("10", 4.5), ("late", 3.0), ("9", 1.0)]


def test_without_numbers_there_is_no_average() -> None:
    assert average_online([]) is None
    assert average_online([OnlineDay("mon", {})]) is None
