"""How a wish changes a post: accounts in and out, alt texts, and the ids in addresses that people copy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.account import Account
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import (
    PostInput,
    new_delivery,
    request_fingerprint,
    with_accounts,
    with_derived_status,
    with_time,
)
from ttp.domain.publishing.resolution import remote_id_of, resolve_delivery

ACCOUNTS = tuple(Account("x", f"a{i}", id=i) for i in range(1, 5))
HOUR = timedelta(hours=1)
some = st.sets(st.integers(0, 3)).map(lambda places: [ACCOUNTS[place] for place in places])
quiet = st.sampled_from([DeliveryState.PENDING, DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.CANCELLED])


@given(st.lists(quiet, max_size=4), some)
def test_after_a_redirection_every_account_has_one_delivery_and_published_ones_stay(
    states: list[DeliveryState], wanted: list[Account]
) -> None:
    before = tuple(
        Delivery(account.name, account.platform, state, due_at=START, id=10 + i, account_id=account.id)
        for i, (account, state) in enumerate(zip(ACCOUNTS, states, strict=False))
    )
    post = with_derived_status(Post("hi", before, scheduled_at=START), START)
    after = with_accounts(post, wanted, START - HOUR)
    assert len({d.account_id for d in after.deliveries}) == len(after.deliveries)
    held = {d.account_id: d for d in after.deliveries}
    assert {account.id for account in wanted} <= {d.account_id for d in after.active}
    for one in before:
        now = held[one.account_id]
        assert now.id == one.id
        if one.state is DeliveryState.PUBLISHED:
            assert now == one
        elif one.account_id not in {account.id for account in wanted}:
            assert now.state is DeliveryState.CANCELLED


def test_a_new_account_goes_out_with_the_others_as_long_as_none_has_begun() -> None:
    post = with_time(Post("hi", (new_delivery(ACCOUNTS[0], None),)), START)
    overdue = with_derived_status(post, START + HOUR)
    assert overdue.status is PostStatus.SCHEDULED
    after = with_accounts(overdue, ACCOUNTS[:2], START + HOUR)
    assert [d.due_at for d in after.deliveries] == [START, START]


UGC, ACTIVITY = "urn:li:ugcPost:7141138937766391808", "urn:li:activity:7141138937766391808"


@each(
    ("platform", "text", "found"),
    [
        ("x", "1890000000000000000", "1890000000000000000"),
        ("x", " https://x.com/me/status/189?s=20 ", "189"),
        ("x", "https://twitter.com/i/web/status/189/photo/1", "189"),
        ("tiktok", "https://www.tiktok.com/@me/video/7711772948752497734?lang=en", "7711772948752497734"),
        ("tiktok", "https://www.tiktok.com/@me/photo/77", "77"),
        ("instagram", "https://www.instagram.com/p/DEMO123/", None),
        ("instagram", "17900", "17900"),
        ("instagram", "https://www.instagram.com/share/reel/DEMO123/", None),
        ("threads", "https://www.threads.com/@me/post/DEMO123?xmt=a", None),
        ("linkedin", "urn:li:share:7141138937766391808", "urn:li:share:7141138937766391808"),
        ("linkedin", "https://www.linkedin.com/feed/update/urn:li:ugcPost:7141138937766391808/?a=b", UGC),
        (
            "linkedin",
            "https://www.linkedin.com/posts/me_a-share-2-b-ugcPost-7141138937766391808-AbCd?utm_source=c",
            UGC,
        ),
        ("linkedin", "https://de.linkedin.com/posts/me_a-activity-7141138937766391808-AbCd", ACTIVITY),
        ("linkedin", "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A7141138937766391808", ACTIVITY),
    ],
)
def test_an_id_is_found_in_what_a_person_copies(platform: str, text: str, found: str | None) -> None:
    assert remote_id_of(PLATFORMS.facts(platform), text) == found


def test_a_part_whose_address_has_no_id_is_not_taken_for_a_published_one() -> None:
    delivery = Delivery("threads/me", "threads", DeliveryState.NEEDS_REVIEW, id=10, account_id=1)
    post, facts = Post("One", (delivery,), thread=("Two",)), PLATFORMS.facts("threads")
    with pytest.raises(UsageError):
        resolve_delivery(post, delivery, facts, "https://www.threads.net/@me/post/DEMO123", START)
    assert resolve_delivery(post, delivery, facts, "17900", START).parts == ("17900",)


NO_POST = ("", "two words", "http://x.com/me/status/1", "https://x.com/me", "x.com/me/status/1")
NO_LINKEDIN_POST = (
    "https://www.linkedin.com/in/me/recent-activity/all/",
    "https://www.linkedin.com/posts/me",
    "7141138",
)
NO_THREADS_POST = ("https://www.threads.net/@me", "https://example.com/@me/post/DEMO123")
NO_INSTAGRAM_POST = ("https://www.instagram.com/me/", "https://x.com/me/status/1")


@each(
    ("platform", "text"),
    [
        *(("x", text) for text in NO_POST),
        *(("linkedin", text) for text in NO_LINKEDIN_POST),
        *(("threads", text) for text in NO_THREADS_POST),
        *(("instagram", text) for text in NO_INSTAGRAM_POST),
    ],
)
def test_what_is_no_post_is_refused(platform: str, text: str) -> None:
    with pytest.raises(UsageError):
        remote_id_of(PLATFORMS.facts(platform), text)


def test_the_mark_of_a_key_knows_accounts_by_any_spelling_and_order_but_nothing_else() -> None:
    one = request_fingerprint(PostInput(text="hi", to=("x/Me", "ig/shop")), (), PLATFORMS)
    assert (
        request_fingerprint(
            PostInput(text="hi", kept=True, to=("instagram/@shop", "twitter/me", "x/me")), (), PLATFORMS
        )
        == one
    )
    for other in (
        PostInput(text="hi", to=("x/me",)),
        PostInput(text="hi ", to=("x/me", "ig/shop")),
        PostInput(text="hi", to=("x/me", "ig/shop"), at="now"),
        PostInput(text="hi", to=("x/me", "ig/shop"), tz="UTC"),
        PostInput(text="hi", to=("x/me", "ig/shop"), variants={"x": "ho"}),
        PostInput(text="hi", to=("x/me", "ig/shop"), max_lateness_s=60),
        PostInput(text="hi", to=("x/me", "ig/shop"), snippets=("signature",)),
    ):
        assert request_fingerprint(other, (), PLATFORMS) != one
