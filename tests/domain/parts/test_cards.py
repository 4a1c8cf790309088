"""Which addresses a post shows as cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.platforms.factories import PLATFORMS
from ttp.domain.account import Account
from ttp.domain.delivery import Delivery
from ttp.domain.media.item import MediaItem
from ttp.domain.parts.cards import choose_cards
from ttp.domain.parts.links import host_of
from ttp.domain.post import Post
from ttp.domain.rules import plan_parts

LINK = "https://example.org/a"
ACCOUNTS = tuple(Account("bluesky", name, id=number) for number, name in enumerate(("me.example", "us.example"), 1))
POST = Post(f"See {LINK}", tuple(Delivery(one.name, "bluesky", account_id=one.id) for one in ACCOUNTS))
PHOTO = MediaItem("photo.jpg", "image/jpeg", 400_000, "a" * 64, 1080, 1350)


@pytest.mark.parametrize(
    ("post", "cards"),
    [
        (POST, {LINK: {}}),
        (replace(POST, cards={LINK: {"note": "was not live"}}), {LINK: {}}),
        (replace(POST, cards={LINK: {"title": "Menu"}}), {LINK: {"title": "Menu"}}),
        (replace(POST, options={"bluesky.card": LINK}, media=(PHOTO,)), {}),
    ],
    ids=["new", "not there before", "kept", "named where media are"],
)
def test_an_address_has_one_entry(post: Post, cards: dict[str, object]) -> None:
    assert choose_cards(post, ACCOUNTS, PLATFORMS, by_default=True).cards == cards


def test_a_platform_without_cards_has_no_first_link_and_an_address_that_is_none_no_host() -> None:
    assert PLATFORMS.rules("x").first_link(LINK) is None
    assert host_of("https://[::1/a") is None


def test_parts_for_a_platform_that_is_gone_are_left_as_they_are() -> None:
    account = Account("gone", "me", id=3)
    post = Post("One", (Delivery(account.name, "gone", account_id=3),), thread=("Two",))
    assert plan_parts(post, (account,), PLATFORMS) == post
