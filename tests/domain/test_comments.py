"""Which accounts get a comment, and when it is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clock import START
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.comments import check, due_at, plan_comments
from ttp.domain.config import Config
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.parts.links import NO_RULES
from ttp.domain.post import Post

MINUTE = timedelta(minutes=1)


@each(
    ("published_in", "after_s", "now_in", "due_in"),
    [
        (1, None, 1, 1),
        (1, 600.0, 1, 11),
        (1, 600.0, 60, 60),  # it was written later
        (1, 1e300, 1, 1 + 100 * 365.25 * 1440),
        (-1440, 600.0, -1440, 10),  # the clock was set back meanwhile
    ],
)
def test_it_is_due_after_its_post(published_in: int, after_s: float | None, now_in: int, due_in: float) -> None:
    parent = Delivery("x/me", "x", DeliveryState.PUBLISHED, due_at=START, published_at=START + published_in * MINUTE)
    assert due_at(parent, after_s, START + now_in * MINUTE) == START + due_in * MINUTE


def planned(*deliveries: Delivery, comment: str | None = "Links") -> tuple[Delivery, ...]:
    return plan_comments(Post("Hello", deliveries, comment=comment), [], PLATFORMS, NO_RULES).deliveries


@pytest.mark.parametrize("platform", ["linkedin", "nostr"])
def test_only_networks_that_are_enabled_and_have_comments_get_one(platform: str) -> None:
    there, elsewhere = planned(Delivery("x/me", "x"), Delivery(f"{platform}/me", platform))
    assert there.comment is not None
    assert elsewhere.comment is None
    post = Post("Hello", (there, elsewhere), comment="Links")
    (problem,) = check(post, [], PLATFORMS, Config())
    assert (problem.code, problem.warning) == ("comment_elsewhere", True)


@each("state", sorted(IN_FLIGHT | {DeliveryState.PUBLISHED, DeliveryState.NEEDS_REVIEW}))
@each("text", ["Other links", None])
def test_what_is_sent_or_may_be_stays(state: DeliveryState, text: str | None) -> None:
    comment = Delivery("x/me", "x", state, id=2, parent_id=1, planned_parts=("Links",))
    parent = Delivery("x/me", "x", DeliveryState.PUBLISHED, id=1, comment=comment)
    assert planned(parent, comment=text) == (parent,)


def test_one_that_is_disabled_later_is_not_checked() -> None:
    comment = Delivery("nostr/me", "nostr", id=2, parent_id=1, planned_parts=("Links",))
    post = Post("Hello", (Delivery("nostr/me", "nostr", id=1, comment=comment),), comment="Links")
    assert [one.code for one in check(post, [], PLATFORMS, Config())] == ["comment_nowhere"]


def test_one_that_is_not_stored_goes_without_a_trace() -> None:
    (delivery,) = planned(Delivery("x/me", "x"))
    assert planned(delivery, comment=None) == (replace(delivery, comment=None),)
