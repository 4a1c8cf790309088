"""Link cards: which addresses a post shows as cards, and what was fetched of their pages.

`Post.cards` has an entry for each address that was chosen when the post was created or edited: empty until the page is
fetched, then its title, description and picture, or a `note` that says why the card is missing. What is stored is
published. The only default is applied when the entry is made: a stored post without an entry has no card.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ttp.domain.media.item import MediaItem
from ttp.domain.media.place import place_of, split_part

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.delivery import Delivery
    from ttp.domain.post import Post, PostFields
    from ttp.domain.rules import Platforms

OPTION, AUTO, NONE = "card", "auto", "none"
"""The option of a platform that shows cards, and its values besides an address."""
FETCHED_BEFORE = timedelta(minutes=10)
"""How long before its time the card of a page that did not answer is fetched."""


@dataclass(frozen=True, slots=True)
class Card:
    """The card of an address. Without a title it has no card: its page is still to be fetched, or `note` says why.
    With a title, `note` says why it has no picture."""

    url: str
    title: str | None = None
    description: str = ""
    picture: MediaItem | None = None
    note: str | None = None

    @property
    def state(self) -> str:
        return "fetched" if self.title is not None else "waiting" if self.note is None else "none"

    def as_entry(self) -> dict[str, Any]:
        """Return the entry of `Post.cards`: without what is not known."""
        entry = {name: value for name, value in asdict(self).items() if value not in (None, "") and name != "url"}
        if self.picture is not None:
            entry["picture"] = {name: value for name, value in entry["picture"].items() if value is not None}
        return entry


def card_of(url: str, entry: Mapping[str, Any]) -> Card:
    picture = entry.get("picture")
    item = MediaItem(**picture) if picture else None
    return Card(url, entry.get("title"), entry.get("description", ""), item, entry.get("note"))


def cards_of(post: PostFields) -> tuple[Card, ...]:
    return tuple(card_of(url, entry) for url, entry in post.cards.items())


def card_pictures(cards: Mapping[str, Any]) -> list[str]:
    """Return the SHA-256 of the pictures in `Post.cards`."""
    return [entry["picture"]["sha256"] for entry in cards.values() if entry.get("picture")]


def waiting_addresses(post: PostFields) -> list[str]:
    return [card.url for card in cards_of(post) if card.state == "waiting"]


def shown_cards(post: Post, delivery: Delivery, account: Account | None, platforms: Platforms) -> dict[int, Card]:
    """Return the cards of a delivery by the number of the part, from 1. An address that was named needs no entry."""
    shown = _addresses(post, delivery, account, platforms)
    is_named = _option(OPTION, post, delivery, account) not in (None, AUTO)
    return {number: card_of(url, post.cards.get(url, {})) for number, url in shown if is_named or url in post.cards}


def choose_cards(post: Post, accounts: Iterable[Account], platforms: Platforms, *, by_default: bool) -> Post:
    """Return a post that is created or edited with an entry for each address that it shows as a card. What was fetched
    stays. `by_default`: also where neither the post nor the account says so."""
    by_name = {account.name: account for account in accounts}
    cards: dict[str, Any] = {}
    for delivery in post.active:
        account = by_name.get(delivery.account)
        is_asked = by_default or _option(OPTION, post, delivery, account) is not None
        for _, url in _addresses(post, delivery, account, platforms):
            if url in post.cards:
                is_kept = "title" in post.cards[url] or delivery.parts_frozen
                if is_kept or url not in cards:
                    cards[url] = post.cards[url] if is_kept else {}
            elif is_asked and not delivery.parts_frozen and delivery.published_at is None:
                cards[url] = {}
    return replace(post, cards=cards)


def with_fetched(cards: Mapping[str, Any], fetched: Iterable[Card]) -> dict[str, Any]:
    """Return `Post.cards` with what was fetched of those that wait. A card that is stored never changes."""
    by_url = {card.url: card.as_entry() for card in fetched}
    return {url: entry or by_url.get(url, {}) for url, entry in cards.items()}


def _option(name: str, post: Post, delivery: Delivery, account: Account | None) -> str | None:
    name = f"{delivery.platform}.{name}"
    return post.options.get(name) or (account.options.get(name) if account else None)


def _addresses(
    post: Post, delivery: Delivery, account: Account | None, platforms: Platforms
) -> Iterator[tuple[int, str]]:
    """Yield the part's number and the address for each part that shows a card: the address that was named, else the
    first link of each part without media and quote."""
    choice = _option(OPTION, post, delivery, account)
    if choice == NONE or OPTION not in _options(delivery, platforms):
        return
    rules, facts = platforms.rules(delivery.platform), platforms.facts(delivery.platform)
    texts, media = post.parts_for(delivery, facts), post.media_for(delivery, facts)
    if choice not in (None, AUTO):
        part, url = split_part(choice or "")
        number = place_of(part, delivery.part_starts, len(texts))
        if number < len(texts) and not media[number]:
            yield number + 1, url
        return
    quote = _option("quote", post, delivery, account)
    quoted = place_of(split_part(quote)[0], delivery.part_starts, len(texts)) if quote else None
    for number, text in enumerate(texts):
        link = None if media[number] or number == quoted else rules.first_link(text)
        if link is not None:
            yield number + 1, link


def _options(delivery: Delivery, platforms: Platforms) -> Collection[str]:
    return platforms.options(delivery.platform) if delivery.platform in platforms.names() else ()
