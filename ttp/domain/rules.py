"""Content rules: what each platform would refuse, found before anything is saved as scheduled.

Pure: every problem of a post at once, never the first one only; nothing is changed, cut or converted to fit. What one
platform accepts is in its folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ttp.domain.account import Account
from ttp.domain.action import LONGEST_TEXT, WayOut, action, other_options
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import PlatformDisabled, Problem
from ttp.domain.media.image_fit import NO_FITS, ImageFit, ImageFits, ImageForm
from ttp.domain.media.item import ALT_EXAMPLE, MediaHostProblem, MediaItem
from ttp.domain.options import OptionTables, options_of
from ttp.domain.parts.links import NO_RULES, LinkRules, is_tagged, tag_parts
from ttp.domain.parts.split import Length, SplitParts, Unsplittable, split_texts
from ttp.domain.platform import Facts, PlatformFacts
from ttp.domain.platform_post import PlatformPost
from ttp.domain.post import Post
from ttp.domain.pricing import PriceLists, dollars, price_of

_HALVES = re.compile("[\ud800-\udfff]")
_MAY_LINK = re.compile(r"\w\.[^\W\d]|://")


class Rules(Protocol):
    """What one platform accepts. `media_texts`: which of captions and thumbnails of media it takes."""

    media_texts: tuple[str, ...] = ()
    takes_audio: bool = False

    @property
    def image_form(self) -> ImageForm | None:
        """What its images must be like; None: images are sent unchanged."""

    def image_form_for(self, server: Mapping[str, object], options: Mapping[str, str]) -> ImageForm | None:
        """Return it for an account's server and a post's options, by their names without the platform's."""
        return self.image_form

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        """Yield every problem of a post with the platform; warnings among them, marked as such."""

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        """Return what the platform makes of such media. `options` by their names without the platform's."""
        if not media:
            return "text"
        return "video" if media[0].is_video else "audio" if media[0].is_audio else "image"

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        """Return how much of the text limit a text with such media uses: `(241, 280)`, in the platform's own unit."""

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return False

    def part_use(self, post: PlatformPost, text: str) -> tuple[int, int]:
        """Return how much of the text limit a part of this post uses, its options considered."""
        return self.text_use(text, post.media, post.server)

    def arrange(self, post: PlatformPost) -> tuple[str, ...]:
        """Return the texts of a thread as the options of the post arrange them, before one is split."""
        return (post.text, *post.thread)

    def unbroken_spans(self, text: str) -> Iterable[tuple[int, int]]:
        """Return where the platform finds links, mentions and hashtags that a split must not cut."""
        return ()

    def most_parts(self, post: PlatformPost) -> int:
        return post.most_parts

    def first_link(self, text: str) -> str | None:
        """Return the whole address of the first link in a text. Only asked where the platform has the option `card`."""
        return None


class Platforms(OptionTables, Protocol):
    """The enabled platforms, with what rules and options need."""

    def rules(self, name: str) -> Rules: ...


class PricedPlatforms(Platforms, PriceLists, Protocol):
    """The enabled platforms, with what they charge too."""


def check(
    post: Post,
    accounts: Mapping[str, Account],
    platforms: Platforms,
    *,
    no_host: MediaHostProblem | None,
    config: Config,
    fits: ImageFits = NO_FITS,
    rehearsed: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Return every problem of `post` with the accounts that it is still to be published to, warnings included.

    `accounts` by name; a missing one has no options. `no_host`: why local files get no public URL (None: they do).
    `config`: settings that rules read. `fits`: how images are converted; `rehearsed`: platforms on this machine, which
    fetch from it. Whether the accounts can publish at all is not checked.
    """
    to_come = [d for d in post.active if d.state is not DeliveryState.PUBLISHED]
    problems = list(_post_problems(post))
    if any(problem.code == "empty" for problem in problems):
        return tuple(problems)  # every account would only say the same
    described = set[str]()
    for delivery in to_come:
        account, rules = accounts.get(delivery.account), platforms.rules(delivery.platform)
        case = _case(post, delivery, account, platforms, no_host=no_host, config=config, fits=fits, rehearsed=rehearsed)
        problems += case.invalid_option_problems()
        if not rules.takes_audio and (audio := case.audio):
            message = f" takes no audio ({', '.join(audio)})"
            takers = [d.platform for d in to_come if platforms.rules(d.platform).takes_audio]
            alone = other_options(media=f"{takers[0]}=FILE") if takers and len(post.media) == 1 else None
            problems.append(case.breach("media", "media_kind", message, case.media_hint or alone))
            continue
        problems += case.idle_media_warnings(rules.media_texts)
        breaches = rules.problems(case)
        try:
            _split(post, delivery, case, account, rules)
        except Unsplittable as why:
            problems.append(case.unsplittable(why, rules.most_parts(case)))
            breaches = (one for one in breaches if one.code != "text_too_long")
        problems += breaches
        problems += _later_media_problems(case, platforms.facts(delivery.platform), rules.most_parts(case))
        described |= {item.name for part in case.parts_to_come() for item in part.media if rules.takes_alt(case, item)}
    return (
        *problems,
        *_alt_problems(post, described, config),
        *_thread_problems(post, to_come, platforms),
        *_left_out_media(post, to_come, platforms),
    )


def plan_parts(post: Post, accounts: Iterable[Account], platforms: Platforms, links: LinkRules = NO_RULES) -> Post:
    """Return the post with the parts of each delivery that may still be planned: where they differ from the texts as
    written. A text that cannot be split stays whole; `check` says why. A delivery that is not stored yet gets the
    languages of its account."""
    by_name = {account.name: account for account in accounts}

    def planned(delivery: Delivery) -> Delivery:
        account = by_name.get(delivery.account)
        if delivery.id is None and delivery.langs is None:
            delivery = replace(delivery, langs=_languages(account, platforms))
        bare = replace(delivery, planned_parts=(), part_starts=())
        if not delivery.may_plan:
            return delivery
        options = {**(account.options if account else {}), **post.options}
        may_differ = _splits(post, account) or is_tagged(post, account) or options_of(bare.platform, options)
        if not (may_differ or post.thread):  # a program may take no threads
            return bare
        try:
            case, rules = _case(post, bare, account, platforms), platforms.rules(bare.platform)
        except PlatformDisabled:
            return bare
        written = (case.text, *case.thread)
        text, *thread = tag_parts(post, account, written, links)
        case = replace(case, text=text, thread=tuple(thread))
        try:
            parts, starts = _split(post, bare, case, account, rules)
        except Unsplittable:
            parts, starts = rules.arrange(case), ()
        if parts == written:
            return bare
        return replace(bare, planned_parts=parts, part_starts=starts[: len(written)])

    return replace(post, deliveries=tuple(map(planned, post.deliveries)))


def may_have_cards(post: Post, accounts: Iterable[Account]) -> bool:
    """Return whether a post may show link cards. Cheap: most posts have no link."""
    texts = (post.content, *post.variants.values(), *post.thread)
    names = [name for options in (post.options, *(one.options for one in accounts)) for name in options]
    return any(map(_MAY_LINK.search, texts)) or any(name.endswith(".card") for name in names)


def offer_split(
    post: Post,
    accounts: Iterable[Account],
    platforms: PricedPlatforms,
    problems: Iterable[Problem],
    way: WayOut,
    links: LinkRules,
) -> Problem | None:
    """Return what a split would make of the texts that are too long, as a warning; None where it would not help with
    all of them. `way`: how to ask for it."""
    long = {problem.account for problem in problems if problem.code == "text_too_long"}
    if not long or post.split or post.number_parts:
        return None
    whole = plan_parts(replace(post, split=True), accounts, platforms, links)
    split = [d for d in whole.active if d.account in long]
    if not all(d.planned_parts for d in split):
        return None
    offers: list[str] = []
    for d in split:
        count = f"{len(d.planned_parts)} parts" if not offers else str(len(d.planned_parts))
        cost = price_of(whole, d, platforms)
        offers.append(f"{count} on {d.account}{f' ({dollars(cost)})' if cost else ''}")
    return Problem("content", "text_splittable", f"Split, it would be {', '.join(offers)}.", hint=way, warning=True)


def _languages(account: Account | None, platforms: PlatformFacts) -> str | None:
    """Return the languages of an account, as of now; None if its platform has no such option."""
    try:
        option = "" if account is None else platforms.facts(account.platform).language_option
    except PlatformDisabled:
        return None
    return account.options.get(f"{account.platform}.{option}", "") if account and option else None


def _splits(post: Post, account: Account | None) -> bool:
    """Return whether the texts of a post that are too long become parts on an account."""
    return bool(post.number_parts or (account and account.split)) if post.split is None else post.split


def _split(post: Post, delivery: Delivery, case: PlatformPost, account: Account | None, rules: Rules) -> SplitParts:
    """Return the parts in which the texts of a delivery are to be published; none if they are planned. Raises
    Unsplittable."""
    if delivery.planned_parts or not delivery.may_plan:
        return SplitParts((), ())
    most, texts = rules.most_parts(case), rules.arrange(case)
    fits = (count <= limit for count, limit in (rules.part_use(case, text) for text in texts))
    if most == 1 or not _splits(post, account) or all(fits):
        return SplitParts(texts, ())
    return split_texts(
        texts,
        lambda text: rules.part_use(case, text),
        spans=rules.unbroken_spans,
        most=most,
        numbered=bool(post.number_parts),
    )


def text_length(
    post: Post, delivery: Delivery, account: Account | None, platforms: Platforms, links: LinkRules
) -> Length:
    """Return what counts a text of a delivery as its network does, with the media, options and tagged links of its
    post."""
    case, rules = _case(post, delivery, account, platforms), platforms.rules(delivery.platform)
    return lambda text: rules.part_use(case, tag_parts(post, account, (text,), links)[0])


def _case(
    post: Post,
    delivery: Delivery,
    account: Account | None,
    platforms: Platforms,
    *,
    no_host: MediaHostProblem | None = None,
    config: Config | None = None,
    fits: ImageFits = NO_FITS,
    rehearsed: Collection[str] = (),
) -> PlatformPost:
    """Return what the rules of a platform look at of one delivery."""
    form = form_for(post, delivery.platform, account, platforms) if fits else None
    facts = platforms.facts(delivery.platform)
    text, *thread = post.parts_for(delivery, facts)
    by_part = post.media_for(delivery, facts)[: 1 + len(thread)]
    media = [[_sent(item, delivery.platform, form, fits, rehearsed) for item in items] for items in by_part]
    first, *others = (tuple(item for item, _ in items) for items in media)
    return PlatformPost(
        account=delivery.account,
        text=text,
        media=first,
        options=delivery.sent_options(post.options, account.options if account else {}, facts.language_option),
        no_host=no_host,
        own=frozenset(post.options),
        post_id=post.id,
        thread=tuple(thread),
        thread_media=tuple(others),
        part_starts=delivery.part_starts,
        published_parts=len(delivery.parts),
        most_parts=facts.max_parts,
        table=platforms.options(delivery.platform),
        config=config or Config(),
        server=account.server_info if account else {},
        fits={item.sha256: fit for items in media for item, fit in items},
    )


def form_for(post: Post, platform: str, account: Account | None, platforms: Platforms) -> ImageForm | None:
    """Return what the images of a post must be like for an account of a platform."""
    options = options_of(platform, {**(account.options if account else {}), **post.options})
    return platforms.rules(platform).image_form_for(account.server_info if account else {}, options)


def forms_for(post: Post, accounts: Iterable[Account], platforms: Platforms) -> set[ImageForm]:
    """Return the forms of the images of a post for those of the accounts that it goes to."""
    account_ids = {d.account_id for d in post.active}
    forms = (form_for(post, one.platform, one, platforms) for one in accounts if one.id in account_ids)
    return {form for form in forms if form is not None}


def _sent(
    item: MediaItem, platform: str, form: ImageForm | None, fits: ImageFits, rehearsed: Collection[str]
) -> tuple[MediaItem, ImageFit]:
    """Return an item as a platform gets it. A local URL does not count for a remote platform."""
    fit = (form and fits.get((form, item))) or ImageFit()
    sent = fit.sent_item(item)
    local = sent.url is not None and not sent.url.startswith("https://") and platform not in rehearsed
    return (replace(sent, url=None) if local else sent), fit


def _post_problems(post: Post) -> Iterator[Problem]:
    """Yield problems that do not depend on the platform."""
    texts = (post.content, *post.variants.values())
    halves = any(map(_HALVES.search, (*texts, *post.thread)))
    edit = None if post.id is None else action("edit", post.id, "-")
    if not post.media and not any(text.strip() for text in texts):
        yield Problem("content", "empty", "the post has neither text nor media", hint=edit)
    for item in post.media:
        for name in ("captions", "thumbnail"):
            if item.is_image and getattr(item, name):
                hint = other_options(**{name: None}) if post.id is None else action("show", post.id)
                yield Problem("media", "media_kind", f"{item.name} is an image, which has no {name}", hint=hint)
    if halves:
        yield Problem(
            "content", "text_characters", "the text is not valid Unicode: it holds halves of characters", hint=edit
        )


def _alt_problems(post: Post, names: Collection[str], config: Config) -> Iterator[Problem]:
    """Yield one problem for the media of these names that have no alt text, unless `guard.alt` is off."""
    missing = [item for item in post.media if item.lacks_alt and item.name in names]
    if not missing or config["guard.alt"] == "off":
        return
    named = [item for item in missing if item.alt and item.alt != ALT_EXAMPLE]
    if len(post.media) == 1:
        (item,) = post.media
        message = (
            f"the {'video' if item.is_video else 'picture'} has no alt text{' but its file name' if named else ''}"
        )
    else:
        kind = "pictures" if all(item.is_image for item in post.media) else "media"
        but = " but their file names" if len(named) == len(missing) else ""
        message = f"{len(missing)} of {len(post.media)} {kind} have no alt text{but}"
    yield Problem("media", "alt_missing", message, hint=add_alt(post), warning=config["guard.alt"] != "refuse")


def add_alt(post: Post) -> WayOut:
    """Return what to type to describe the media of a post, and keep the alt texts that it has."""
    alts = tuple(ALT_EXAMPLE if item.lacks_alt else item.typed_alt or "" for item in post.media)
    if post.id is None:
        return other_options(alt=alts)
    is_long = any(len(alt) > LONGEST_TEXT for alt in alts)
    return action("show", post.id) if is_long else action("edit", post.id, alt=alts)


def _later_media_problems(case: PlatformPost, facts: Facts, most_parts: int) -> Iterator[Problem]:
    """Yield a breach for media of later parts where a thread may have them on the first alone. A warning where the
    account takes no threads."""
    names = ", ".join(item.name for items in case.thread_media for item in items)
    if names and not facts.media_on_parts:
        problem = case.breach if most_parts > 1 else case.warning
        yield problem("media", "media_part", f" takes media on the first part of a thread only, without {names}")


def _left_out_media(post: Post, to_come: Sequence[Delivery], platforms: PlatformFacts) -> Iterator[Problem]:
    """Yield warnings for media that an account, or every one, does not get."""
    for d in to_come:
        if names := ", ".join(item.name for item in post.media_for(d, platforms.facts(d.platform))[-1]):
            message = f"{d.account} has no threads, so it does not get {names}, which is on a later part"
            yield Problem("media", "media_elsewhere", message, d.account, warning=True)
    goals = {name for d in post.active for name in (d.account, d.platform)}
    for item in post.media:
        if goals and item.only and item.only not in goals:
            message = f"{item.name} is for {item.only} only, and the post does not go there"
            yield Problem("media", "media_nowhere", message, warning=True)


def _thread_problems(post: Post, to_come: Sequence[Delivery], platforms: PlatformFacts) -> Iterator[Problem]:
    """Yield warnings for platforms without threads, which drop further parts."""
    if not post.thread:
        return
    others = ", ".join(d.account for d in to_come if len(post.parts_for(d, platforms.facts(d.platform))) == 1)
    if not others:
        return
    if any(platforms.facts(d.platform).max_parts > 1 for d in post.active):
        message = f"only the first part of the thread goes to {others}, which has no threads"
        yield Problem("thread", "thread_elsewhere", message, warning=True)
    else:
        message = f"the post goes to {others} only, which has no threads"
        hint = None if post.id is None else action("edit", post.id, thread="")
        yield Problem("thread", "thread_nowhere", message, hint=hint)
