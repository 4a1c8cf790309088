"""What X charges: a link makes a post thirteen times as dear, each part of a thread is a post, each alt text costs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.domain.pricing import dollars, price_notes, price_of

X = Delivery("x/me", "x")
PHOTO = MediaItem("photo.jpg", "image/jpeg", 400_000, "a" * 64)
LINK = "see https://example.com/menu"


def post(*parts: str, to: tuple[Delivery, ...] = (X,), **fields: object) -> Post:
    return Post(parts[0], to, thread=parts[1:], **fields)  # type: ignore[arg-type]  # fields by name


def alt(text: str | None = "A cup") -> MediaItem:
    return replace(PHOTO, alt=text)


@each(
    ("written", "thousandths"),
    [
        (post("Hello"), 15),
        (post(LINK), 200),
        (post("see example.com now"), 200),
        (post("3.5 kg, e.g. of it"), 15),
        (post("One", "Two", "Three"), 45),
        (post("One", LINK, "Three"), 230),
        (post("One", media=(alt(), alt(None), alt())), 25),
        (post(LINK, variants={"x": "short"}), 15),
    ],
)
def test_a_post_has_its_price(written: Post, thousandths: int) -> None:
    assert price_of(written, X, PLATFORMS) == thousandths


def test_what_is_published_of_a_thread_is_paid_already() -> None:
    half = replace(X, handle={"parts": ["1", "2"], "of": 3})
    assert price_of(post(LINK, LINK, "Three", media=(alt(),)), half, PLATFORMS) == 15


@each(("thousandths", "text"), [(0, "$0.00"), (5, "$0.005"), (15, "$0.015"), (200, "$0.20"), (1230, "$1.23")])
def test_dollars_have_two_places_or_three(thousandths: int, text: str) -> None:
    assert dollars(thousandths) == text


def notes(written: Post) -> list[list[str]]:
    """The prices and accounts that each note names."""
    return [re.findall(r"\$[\d.]+|x/\w+", note.message) for note in price_notes(written, PLATFORMS)]


BOTH = ("$0.20", "$0.015")
"""Of a post with a link, and of one without."""


def test_a_link_is_told_with_what_it_costs_and_without_what() -> None:
    assert notes(post(LINK)) == [["$0.20", "x/me", *BOTH]]
    assert notes(post("One", LINK, "Three")) == [["$0.23", "x/me", *BOTH]]
    (note,) = price_notes(post(LINK), PLATFORMS)
    assert (note.warning, note.account, note.code) == (True, "x/me", "price")


def test_one_note_is_for_all_accounts_and_names_what_adds_to_it() -> None:
    other = Delivery("x/shop", "x")
    assert notes(post(LINK, to=(X, other), media=(alt(),))) == [["$0.41", "x/me", "x/shop", *BOTH, "$0.005"]]


@pytest.mark.parametrize(
    "written",
    [
        post("Hello", "Two", media=(alt(),)),
        post(LINK, to=(Delivery("instagram/me", "instagram"),)),
        post(LINK, to=(replace(X, state=DeliveryState.PUBLISHED),)),
        post(LINK, "Two", to=(replace(X, handle={"parts": ["1"], "of": 2}),)),
    ],
    ids=["no link", "not on X", "published", "the part with the link is published"],
)
def test_without_a_link_to_come_there_is_nothing_to_say(written: Post) -> None:
    assert notes(written) == []


def test_plain_text_is_priced_without_the_library() -> None:
    program = (
        "import sys; from ttp.domain.pricing import price_notes; from ttp.platforms.registry import Registry;"
        "from ttp.domain.post import Post;"
        "from ttp.domain.delivery import Delivery;"
        "assert list(price_notes(Post('Hello. 30 % at 9.30', (Delivery('x/me', 'x'),)), Registry())) == [];"
        "assert 'twitter_text' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
