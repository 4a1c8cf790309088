"""What would become of a post that was typed, and what each account would get of it. Stores nothing, makes no store."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from ttp.domain.delivery import Delivery
from ttp.domain.errors import ContentRefused, Problem
from ttp.domain.image_fit import ImageFit, ImageFits
from ttp.domain.media import MediaItem
from ttp.domain.post import Post
from ttp.domain.post_input import Typed
from ttp.domain.pricing import price_of
from ttp.platforms.registry import Registry
from ttp.services.drafts import When, Writing, request_fingerprint
from ttp.services.media import Fitting
from ttp.services.post_changes import Book
from ttp.store.home.media import MediaStore, borrowed


@dataclass(frozen=True, slots=True)
class Part:
    """A text as a platform counts it: so many of so many."""

    text: str
    length: int
    limit: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A media item, and what is sent of it: a converted copy, or itself."""

    item: MediaItem
    sent: MediaItem
    converted: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What one account gets. `price`: what the platform charges, in thousandths of a dollar; None: nothing ever."""

    account: str
    parts: tuple[Part, ...]
    media: tuple[Sent, ...]
    price: int | None
    title: str = ""
    """The platform's."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The post as it would be stored, without a number. `refused`: why it would not be; else `warnings`.

    `replayed`: its key made this post before, and nothing new would be.
    """

    post: Post
    versions: tuple[Version, ...] = ()
    warnings: tuple[Problem, ...] = ()
    refused: ContentRefused | None = None
    replayed: bool = False


def rehearse(book: Book, media: MediaStore, typed: Typed, when: When) -> Rehearsed:
    """What `Writing.create` would do. Raises what it would raise, but for what a platform would refuse: that is told
    with the versions."""
    with borrowed(media) as folder:
        book = copy.copy(book)
        book.fitting = Fitting(folder, book.platforms)
        writing = Writing(book, folder)
        mark = request_fingerprint(typed, book.platforms) if typed.key else None
        first = writing.made_before(typed, mark)
        if first is not None:
            return Rehearsed(first.post, replayed=True)
        made = writing.made(typed, when, mark)
        post, warnings, refused = made.post, tuple[Problem, ...](), None
        try:
            warnings = writing.judge(made, first=typed.first)
        except ContentRefused as error:
            refused = error
        else:
            with book.database.reading() as db:
                if db is not None:
                    book.permit(db, None, post)
        fits = book.fitting.fits(post.media, post.platforms)
        versions = tuple(_version(post, delivery, fits, book.platforms) for delivery in post.deliveries)
        return Rehearsed(book.told(post), versions, warnings, refused)


def _version(post: Post, delivery: Delivery, fits: ImageFits, platforms: Registry) -> Version:
    platform, rules = delivery.platform, platforms.rules(delivery.platform)
    texts = post.parts_for(delivery.account, platforms.facts(platform))
    return Version(
        delivery.account,
        tuple(Part(text, *rules.text_use(text, post.media, {})) for text in texts),
        tuple(_sent(item, fits.get((platform, item.sha256), ImageFit())) for item in post.media),
        price_of(post, delivery, platforms),
        platforms.facts(platform).title,
    )


def _sent(item: MediaItem, fit: ImageFit) -> Sent:
    return Sent(item, fit.sent(item), fit.made is not None)
