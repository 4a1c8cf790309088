"""Limits: how much is left, whose they are, and until when nothing may be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.rows import each
from ttp.domain.publishing.rate_limit import LONGEST, Limit, LimitKey, owner

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@each(
    ("left", "resets_at", "closed"),
    [
        (0, NOW + SECOND, True),
        (0, NOW + LONGEST, True),
        (0, NOW + LONGEST + SECOND, False),
        (0, NOW, False),
        (0, NOW - SECOND, False),
        (0, None, False),
        (1, NOW + SECOND, False),
    ],
)
def test_it_is_closed_while_nothing_is_left_and_the_reset_can_be_believed(
    left: int, resets_at: datetime | None, closed: bool
) -> None:
    assert Limit("x/me", "POST /2/tweets", left, 100, resets_at).closed_until(NOW) == (resets_at if closed else None)


@each(
    ("left", "limit", "share"),
    [(0, 15, 0.0), (3, 15, 0.2), (15, 15, 1.0), (20, 15, 1.0), (0, None, 0.0), (5, None, 1.0)],
)
def test_the_share_that_is_left_is_between_none_and_all(left: int, limit: int | None, share: float) -> None:
    assert Limit("x/me", "posts", left, limit).share_left == share


def test_a_limit_of_an_app_or_a_host_holds_for_all_accounts_of_the_platform() -> None:
    assert owner("x/me", LimitKey("POST /2/tweets")) == "x/me"
    assert owner("x/me", LimitKey("POST /2/tweets in 24 h", "app", "1a2b3c4d")) == "x"
    assert owner("x/me", LimitKey("calls", "host", "example.org")) == "x"


def test_a_shared_limit_is_labelled_with_who_shares_it() -> None:
    assert Limit("x/me", "posts", 1, 2).label == "posts"
    assert Limit("x/me", "calls", 1, 2, None, "host", "example.org").label == "host example.org calls"
