"""The growth of a post's metrics."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ttp.sandbox.engagement import count_engagement, rhythm
from ttp.sandbox.records import SandboxAccount, SandboxPost

ACCOUNT = SandboxAccount("x/a", "1")
AT = int(datetime(2026, 11, 24, 18, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000


@given(st.text(min_size=1, max_size=20), st.integers(0, 30 * DAY), st.integers(0, 30 * DAY))
def test_metrics_never_fall_and_are_consistent(post_id: str, first: int, later: int) -> None:
    post = SandboxPost(post_id, "x/a", "", (), AT)
    before = count_engagement(ACCOUNT, post, AT + first)
    after = count_engagement(ACCOUNT, post, AT + first + later)
    assert all(a <= b for a, b in zip(astuple(before), astuple(after), strict=True))
    assert after.likes <= after.views
    assert after.reach <= after.views
    assert all(type(number) is int and number >= 0 for number in astuple(after))


def test_a_post_has_no_metrics_before_its_time() -> None:
    assert set(astuple(count_engagement(ACCOUNT, SandboxPost("1", "x/a", "", (), AT), AT - DAY))) == {0}


def test_evenings_beat_mornings_and_tuesdays_beat_saturdays() -> None:
    assert rhythm(AT) > rhythm(AT - DAY // 2)
    assert rhythm(AT) > rhythm(AT + 4 * DAY)


def test_a_private_post_gets_no_engagement() -> None:
    assert set(astuple(count_engagement(ACCOUNT, SandboxPost("1", "x/a", "", (), AT, private=True), AT + DAY))) == {0}
