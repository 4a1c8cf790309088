"""Fetch the link cards that were not fetched when their post was stored: of an import, or of a page that was not live.

From ten minutes before its time each minute, next to publishing; and if none of that brought it, once more by the
worker that has the delivery, which waits for it as for a platform. Then the post is published with a bare link.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from threading import Thread

from ttp.domain.account import Account
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import TtpError
from ttp.domain.parts.cards import FETCHED_BEFORE, Card, shown_cards, waiting_addresses
from ttp.domain.post import Post
from ttp.domain.time.clock import Clock
from ttp.platforms.registry import Registry
from ttp.store import accounts as stored_accounts
from ttp.store import cards as stored_cards
from ttp.store.database import Database
from ttp.store.home.media import MediaStore

EVERY_S = 60.0
MOST_S = 20.0
"""Seconds that one turn of the periodic work spends."""


class LateFetch(Thread):
    """The last try for some addresses, in a separate thread. `cards` is complete when it has ended."""

    def __init__(self, urls: Collection[str], media: MediaStore, database: Database, *, loopback: bool) -> None:
        super().__init__(name="ttp-late-card", daemon=True)
        self._urls, self._media, self._database, self._loopback = urls, media, database, loopback
        self.cards = [Card(url, note=f"no link card: {url} was not live") for url in urls]

    def run(self) -> None:
        from ttp.platforms.link_page import EACH_S
        from ttp.services.attachments.cards import fetch_cards

        self.cards = fetch_cards(
            self._urls, self._media, self._database, loopback=self._loopback, seconds=EACH_S, last=True
        )


class LateCards:
    """Safe to use from several threads."""

    def __init__(
        self, media: MediaStore, database: Database, platforms: Registry, config: Config, clock: Clock
    ) -> None:
        self._media, self._database, self._platforms, self._config, self._clock = (
            media,
            database,
            platforms,
            config,
            clock,
        )
        self._tried: dict[str, float] = {}

    def begin(self, post: Post, delivery: Delivery, account: Account) -> LateFetch | None:
        """Begin the last try for the cards of a delivery that are not fetched; None without any. An address that
        was tried within a minute is not tried again."""
        if not post.cards and not any(name.endswith(".card") for name in (*post.options, *account.options)):
            return None
        cards = shown_cards(post, delivery, account, self._platforms).values()
        urls = list(dict.fromkeys(card.url for card in cards if card.state == "waiting"))
        if not urls:
            return None
        since = self._clock.boot() - EVERY_S
        fresh = [url for url in urls if self._tried.get(url, since) <= since]
        late = LateFetch(urls, self._media, self._database, loopback=self._is_rehearsed([account]))
        if fresh:
            late.start()
        return late

    def fetch_coming(self) -> None:
        """Fetch what waits of the posts that are due soon."""
        until = self._clock.now() + FETCHED_BEFORE
        with self._database.reading() as db:
            posts = [] if db is None else stored_cards.posts_waiting_for_cards(db, until)
            by_id = {one.id: one for one in stored_accounts.accounts(db)} if db is not None and posts else {}
        accounts = {post.id: [by_id[d.account_id] for d in post.active if d.account_id in by_id] for post in posts}
        for loopback in (False, True):
            some = [post for post in posts if self._is_rehearsed(accounts[post.id]) is loopback]
            if some:
                self._fetch(some, loopback=loopback)

    def _fetch(self, posts: Collection[Post], *, loopback: bool) -> None:
        from ttp.services.attachments.cards import fetch_cards

        boot = self._clock.boot()
        tried = {url: at for url, at in self._tried.items() if boot - at < 2 * EVERY_S}
        urls = sorted({url for post in posts for url in waiting_addresses(post)}, key=lambda url: tried.get(url, 0.0))
        cards = {
            card.url: card for card in fetch_cards(urls, self._media, self._database, loopback=loopback, seconds=MOST_S)
        }
        if self._clock.boot() - boot < MOST_S:  # else some were not reached
            tried |= dict.fromkeys(urls, boot)
        self._tried = tried
        for post in posts:
            fetched = [cards[url] for url in waiting_addresses(post) if url in cards]
            if fetched:
                with suppress(TtpError), self._database.writing() as db:
                    stored_cards.save_cards(db, post.id or 0, fetched)

    def _is_rehearsed(self, accounts: Collection[Account]) -> bool:
        from ttp.services.attachments.cards import is_rehearsed

        return is_rehearsed(accounts, self._platforms, self._config)
