"""What X charges for posts. Facts and sums; nothing is refused for its price.

Source: docs/reference/platforms/x.md, section 5 (pay per use since 6 February 2026, the price of links since 20 April).
Look-ups and token checks are left out: a thousandth of a dollar each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ttp.domain.account import Platform
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.post import PostFields
from ttp.domain.text_length import x_has_link

POST, LINK_POST, ALT_TEXT, DELETE = 15, 200, 5, 10
"""Thousandths of a US dollar: for a post, for one with a link in its text, for the alt text of an image or video, for
deleting a post."""


def price_of(post: PostFields, delivery: Delivery) -> int:
    """What X will charge for what is still to come of a post on one account, in thousandths of a dollar."""
    alts = 0 if delivery.parts else sum(item.alt is not None for item in post.media)
    return price(_left(post, delivery), alts)


def price(texts: Iterable[str], alts: int = 0) -> int:
    """What X will charge for these texts, and for so many alt texts, in thousandths of a dollar."""
    return sum(LINK_POST if x_has_link(text) else POST for text in texts) + ALT_TEXT * alts


def price_notes(post: PostFields) -> Iterator[Problem]:
    """What to say of a post before it gets a time: a link makes it thirteen times as dear."""
    coming = [d for d in post.active if d.platform is Platform.X and d.state is not DeliveryState.PUBLISHED]
    linked = [d for d in coming if any(map(x_has_link, _left(post, d)))]
    if not linked:
        return
    prices = [f"{dollars(LINK_POST)} for a post with a link", f"{dollars(POST)} for one without"]
    if any(item.alt is not None for item in post.media):
        prices.append(f"{dollars(ALT_TEXT)} for an alt text")
    total = dollars(sum(price_of(post, d) for d in coming))
    names = ", ".join(d.account for d in coming)
    message = f"X will charge {total} for this ({names}): {', '.join(prices)}"
    yield Problem("content", "price", message, coming[0].account if len(coming) == 1 else None, warning=True)


def dollars(thousandths: int) -> str:
    """`$0.20`, `$0.015`."""
    text = f"${thousandths // 1000}.{thousandths % 1000:03}"
    return text[:-1] if text.endswith("0") else text


def _left(post: PostFields, delivery: Delivery) -> Sequence[str]:
    return post.parts_for(delivery.account, delivery.platform)[len(delivery.parts) :]
