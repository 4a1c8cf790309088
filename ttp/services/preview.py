"""Preview a post before it is created, and what each account would get. Stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from ttp.domain.account import Account, account_warnings
from ttp.domain.delivery import Delivery
from ttp.domain.errors import ContentRefused, Problem
from ttp.domain.media.image_fit import NO_FITS, Aspects, ImageFit, ImageFits, SentMedia
from ttp.domain.media.item import MediaItem
from ttp.domain.optimal.factors import THREAD, ClassEffect, FormOfPost, form_of, places_of
from ttp.domain.platform import Proof
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.pricing import price_of
from ttp.domain.rules import form_for
from ttp.domain.time.resolve import ResolvedTime
from ttp.platforms.registry import Registry
from ttp.services.posts import Posts
from ttp.services.queries import PostView, accounts_of
from ttp.services.time_resolver import TimeResolver
from ttp.store.home.media import temporary_media

if TYPE_CHECKING:
    from ttp.domain.parts.cards import Card
    from ttp.services.optimal import Optimal


@dataclass(frozen=True, slots=True)
class TextPart:
    """One part of a post: its text, with its length and limit as the platform counts, and its media."""

    text: str
    length: int
    limit: int
    media: tuple[SentMedia, ...] = ()
    card: Card | None = None

    @property
    def excess(self) -> int:
        """Characters above the limit."""
        return max(0, self.length - self.limit)


@dataclass(frozen=True, slots=True)
class AccountVersion:
    """What one account gets. `price`: the platform's charge in thousandths of a dollar; None: the platform is free."""

    account: str
    parts: tuple[TextPart, ...]
    price: int | None
    title: str = ""
    """The platform's title."""
    tagged: int = 0
    """Links with UTM parameters."""
    unshortened: int = 0
    """Those of them that `links.shorten` will be run for."""
    media_first: bool = False
    """People see its media, and its text below or behind them."""
    aspects: Aspects | None = None
    """To what its images are cropped."""
    folds_at: int = 0
    """As of its platform's facts."""
    proof: Proof | None = None
    """What settles a lost answer; None for an account that is not stored."""
    comment: TextPart | None = None
    comment_proof: Proof | None = None
    """What settles a lost answer to the comment."""
    factors: tuple[ClassEffect, ...] = ()
    """What the account's posts like this one brought more, from `with_factors`."""


@dataclass(frozen=True, slots=True)
class PostPreview:
    """The post as it would be stored, without an id. `refused`: why it would not be stored; else `warnings`.
    `replayed`: an earlier request with its key stored this post."""

    post: PostView
    versions: tuple[AccountVersion, ...] = ()
    warnings: tuple[Problem, ...] = ()
    refused: ContentRefused | None = None
    replayed: bool = False


def preview_once(posts: Posts, post_input: PostInput, times: TimeResolver, optimal: Optimal) -> PostPreview:
    """Return what `Posts.create_once` would store, with factors. Raise the same errors."""
    time = None
    if posts.find_by_key(post_input) is None:
        post_input = posts.templates.fill_in(post_input, spare=())
        time = posts.time_of_new(times, post_input)
    preview = preview_post(posts, post_input, time)
    if preview.refused is not None:
        raise preview.refused
    return with_factors(preview, posts, optimal, times)


def preview_post(
    posts: Posts,
    post_input: PostInput,
    time: ResolvedTime | None,
    *,
    with_cards: bool = True,
    draft: Post | None = None,
) -> PostPreview:
    """Return what `Posts.create` would store. Raises the same errors, except ContentRefused, which is returned.
    `with_cards`: fetch the pages of its link cards. `draft`: the draft that holds its text."""
    with temporary_media(posts.media) as folder:
        posts = replace(posts, media=folder, shortens=False)
        first = posts.find_by_key(post_input)
        if first is not None:
            return PostPreview(first.post, replayed=True)
        post, accounts = posts.build_post(post_input, time, draft)
        warnings, refused = tuple[Problem, ...](), None
        try:
            warnings = posts.check_new(post, accounts, first=post_input.first)
            if with_cards and post.cards:
                chosen, post = post, posts.cards.fetch(post, accounts)
                warnings += posts.cards.warnings(post, chosen)
        except ContentRefused as error:
            refused = error
        with posts.database.reading() as db:
            if db is not None and refused is None:
                posts.refuse_forbidden_change(db, None, post)
            shown = posts.view(db, post)
        fits = posts.convert(post, accounts) if post.media else NO_FITS
        by_name = {account.name: account for account in posts.accounts()}
        links = posts.links.count_tagged(post, accounts)
        versions = tuple(
            _version(post, delivery, fits, posts.platforms, by_name.get(delivery.account), links)
            for delivery in post.deliveries
        )
        return PostPreview(shown, versions, warnings, refused)


def with_factors(preview: PostPreview, posts: Posts, optimal: Optimal, times: TimeResolver) -> PostPreview:
    """Return the preview with what posts of this kind and length brought each of its accounts more, or nothing."""
    by_name = {account.name: account for account in posts.accounts()}
    versions = []
    for one in preview.versions:
        if (account := by_name.get(one.account)) is not None:
            places = {place for form in _forms(one) for place in places_of(form)}
            lines = optimal.factors(account, times.account_zone(account)).lines
            one = replace(one, factors=tuple(line for line in lines if line.place in places))
        versions.append(one)
    return replace(preview, versions=tuple(versions))


def _forms(version: AccountVersion) -> Iterator[FormOfPost]:
    """Yield what platforms may call a post."""
    if len(version.parts) > 1:
        yield FormOfPost(THREAD)
        return
    (part,) = version.parts
    images = [item.sent.is_image for item in part.media]
    kinds = ("text",) if not images else ("image", "carousel") if all(images) else ("video", "carousel")
    if len(images) == 1:
        kinds = kinds[:1]
    for kind in kinds:
        yield form_of(kind, part.text)


def _version(
    post: Post,
    delivery: Delivery,
    fits: ImageFits,
    platforms: Registry,
    account: Account | None,
    links: Mapping[str, tuple[int, int]],
) -> AccountVersion:
    platform, rules = delivery.platform, platforms.rules(delivery.platform)
    facts = platforms.facts(platform)
    server = account.server_info if account else {}
    cards: Mapping[int, Card] = {}
    if post.cards:
        from ttp.domain.parts.cards import shown_cards

        cards = shown_cards(post, delivery, account, platforms)
    comment = delivery.comment
    texts = () if comment is None or comment.state == "cancelled" else comment.planned_parts
    form = form_for(post, platform, account, platforms)
    parts = zip(post.parts_for(delivery, facts), post.media_for(delivery, facts), strict=False)
    return AccountVersion(
        delivery.account,
        tuple(
            TextPart(text, *rules.text_use(text, items, server), sent, cards.get(number))
            for number, ((text, items), sent) in enumerate(
                zip(parts, _sent(post, delivery, account, fits, platforms), strict=False), 1
            )
        ),
        price_of(post, delivery, platforms),
        facts.title,
        *links.get(delivery.account, (0, 0)),
        media_first=not facts.takes_text_alone,
        aspects=form.aspects if form else None,
        folds_at=facts.folds_at,
        proof=None if account is None else facts.proof_for(account),
        comment=next((TextPart(text, *rules.text_use(text, (), server)) for text in texts), None),
        comment_proof=facts.comment_proof_for(account) if account is not None and texts else None,
    )


def preview_due(posts: Posts, queued: Iterable[PostView]) -> Iterator[PostPreview]:
    """Yield posts that were made due, if only in a rehearsal, with what each account gets that they are due for, and a
    warning for each account that cannot be published to now."""
    now, by_name = posts.clock.now(), {one.name: one for one in posts.accounts()}
    for shown in queued:
        post = replace(posts.post(shown.id or 0), deliveries=shown.deliveries)
        due = [d for d in post.deliveries if d.state == "pending" and d.next_at is not None and d.next_at <= now]
        accounts = [by_name[d.account] for d in due if d.account in by_name]
        fits = posts.convert(post, accounts) if post.media else NO_FITS
        links = posts.links.count_tagged(post, accounts)
        versions = (_version(post, d, fits, posts.platforms, by_name.get(d.account), links) for d in due)
        yield PostPreview(shown, tuple(versions), tuple(account_warnings(accounts)))


def with_sent(posts: Posts, post: PostView) -> PostView:
    """Return a stored post with what its accounts get of its media. Converts nothing."""
    stored = posts.post(post.id or 0) if post.media else None
    accounts = accounts_of(stored, posts.accounts()) if stored else ()
    if stored is None or not accounts:
        return post
    fits = posts.convert(stored, accounts, only_made=True)
    by_name = {one.name: one for one in accounts}
    sent = {
        row.account: tuple(chain(*_sent(stored, row, by_name[row.account], fits, posts.platforms)[:-1]))
        for row in stored.active
        if row.account in by_name
    }
    return replace(post, sent=sent)


def stored_versions(posts: Posts, post: PostView) -> tuple[AccountVersion, ...]:
    """Return what each account gets of a stored post. Converts and fetches nothing."""
    stored, accounts = posts.post(post.id or 0), posts.accounts()
    fits = posts.convert(stored, accounts_of(stored, accounts), only_made=True) if stored.media else NO_FITS
    by_name = {account.name: account for account in accounts}
    return tuple(
        _version(stored, delivery, fits, posts.platforms, by_name.get(delivery.account), {})
        for delivery in stored.active
    )


def _sent(
    post: Post, delivery: Delivery, account: Account | None, fits: ImageFits, platforms: Registry
) -> tuple[tuple[SentMedia, ...], ...]:
    """Return how the media of each part are sent, and those that are left out."""
    form = form_for(post, delivery.platform, account, platforms)
    taken = platforms.rules(delivery.platform).media_texts

    def one(item: MediaItem) -> SentMedia:
        fit = (form and fits.get((form, item))) or ImageFit()
        captions, thumbnail = (getattr(item, name) if name in taken else None for name in ("captions", "thumbnail"))
        item = replace(item, captions=captions, thumbnail=thumbnail)
        return SentMedia(item, fit.sent_item(item), fit.made is not None, fit.cropped)

    return tuple(tuple(map(one, items)) for items in post.media_for(delivery, platforms.facts(delivery.platform)))
