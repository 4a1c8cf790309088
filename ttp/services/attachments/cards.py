"""Fetch the link cards of posts. Imported only where a post has one."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from ttp.domain.account import Account, is_loopback
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.errors import Problem, TtpError
from ttp.domain.parts.cards import NONE, OPTION, Card, cards_of, choose_cards, waiting_addresses, with_fetched
from ttp.domain.parts.links import plain_link
from ttp.domain.permissions import Caller
from ttp.domain.post import Post
from ttp.domain.time.clock import Clock
from ttp.platforms.link_page import FetchedPage, NoPage, fetch_pages
from ttp.platforms.registry import Registry
from ttp.store import short_links
from ttp.store.database import Database
from ttp.store.home.card_fetches import take_fetches
from ttp.store.home.media import MediaStore

MOST_S = 10.0
"""Seconds that one command spends on cards."""
NO_PICTURE = "the link card has no picture"


def is_rehearsed(accounts: Collection[Account], platforms: Registry, config: Config) -> bool:
    """Return whether all accounts are on servers of this machine: then pages on it are fetched, too."""
    enabled = [one for one in accounts if one.platform in platforms.names()]
    hosts = [platforms.facts(one.platform).host(config, one.server) for one in enabled]
    return bool(hosts) and all(map(is_loopback, hosts))


def fetch_cards(
    urls: Collection[str], media: MediaStore, database: Database, *, loopback: bool, seconds: float, last: bool = False
) -> list[Card]:
    """Fetch the pages of some addresses, and store their pictures: as they were before they were shortened, without UTM
    parameters, so that no click is counted. A page that may be live later is left out, unless this is the `last` try.
    Raises nothing."""
    links: dict[str, str] = {}
    with suppress(TtpError), database.reading() as db:
        links = short_links.find_links(db, urls) if db else {}
    plain = {url: plain_link(links.get(url, url)) for url in urls}
    pages = fetch_pages(dict.fromkeys(plain.values()), loopback=loopback, seconds=seconds)
    late = NoPage("does not answer", may_pass=True)
    cards = (_card(url, pages.get(plain[url], late), media, last=last) for url in urls)
    return [card for card in cards if card is not None]


def _card(url: str, page: FetchedPage | NoPage, media: MediaStore, *, last: bool) -> Card | None:
    if isinstance(page, NoPage):
        return None if page.may_pass and not last else Card(url, note=f"no link card: {url} {page.why}")
    note = None if page.no_picture is None else f"{NO_PICTURE}: {page.no_picture}"
    card = Card(url, page.title, page.description, note=note)
    if page.picture is None:
        return card
    data = page.picture

    def write(file: BinaryIO) -> None:
        file.write(data)

    try:
        return replace(card, picture=media.add_written("card", url, write))
    except TtpError as error:  # without it the post is still worth publishing
        return replace(card, note=f"{NO_PICTURE}: {error.message}")


@dataclass
class PostCards:
    """Chooses and fetches the link cards of posts that a command stores. Its home counts what tokens fetch."""

    media: MediaStore
    clock: Clock
    config: Config
    platforms: Registry
    caller: Caller
    database: Database

    def choose(self, post: Post, accounts: Collection[Account]) -> Post:
        """Return the post with the cards that it shows now. What was fetched stays."""
        return choose_cards(post, accounts, self.platforms, by_default=self.config["write.cards"] == "auto")

    def fetch(self, post: Post, accounts: Collection[Account]) -> Post:
        """Return the post with what the pages of its cards answer within ten seconds; for a token so many as it may
        fetch. Call it before a transaction."""
        urls = waiting_addresses(post)
        if not self.caller.is_owner:
            urls = urls[: take_fetches(self.database.home / "media", self.caller.name, len(urls), self.clock.now())]
        loopback = is_rehearsed(accounts, self.platforms, self.config)
        fetched = fetch_cards(urls, self.media, self.database, loopback=loopback, seconds=MOST_S) if urls else ()
        return replace(post, cards=with_fetched(post.cards, fetched))

    def warnings(self, post: Post, before: Post) -> tuple[Problem, ...]:
        """Return a warning for each card that was fetched since `before` and is not as it should be."""
        names = [name for name in post.platforms if OPTION in self.platforms.options(name)]
        none = tuple(f"{name}.{OPTION}={NONE}" for name in names)
        problems = []
        for card in (one for one in cards_of(post) if not before.cards.get(one.url)):
            fix = action("edit", post.id, set=none) if post.id is not None and card.title is None else None
            if card.state == "waiting":
                message = f"{card.url} does not answer yet: its card is fetched ten minutes before the time of the post"
                problems.append(Problem("options", "card_waits", message, hint=fix, warning=True))
            elif card.note is not None:
                problems.append(Problem("options", "card_missing", card.note, hint=fix, warning=True))
        return tuple(problems)
