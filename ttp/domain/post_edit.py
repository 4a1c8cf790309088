"""The input for a post, its fingerprint, and how it edits a stored post."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ttp.domain.account import Account, find_account
from ttp.domain.action import LONGEST_TEXT, Action, OtherOptions, action, other_options
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Ambiguous, ContentRefused, Hint, NotFound, Problem, StateRefused, UsageError
from ttp.domain.media.item import MediaItem, parse_alt
from ttp.domain.media.place import in_order, name_in_place
from ttp.domain.parts.split import MOST_PARTS
from ttp.domain.permissions import keep_approval
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import ChosenBy, Post, PostFields, PostStatus, derive_status, published_at
from ttp.domain.post_fields import CONTENT, FIELDS, MEDIA, PLAIN, PostField, content_of

if TYPE_CHECKING:
    from ttp.domain.template import Filling

_RESTS = frozenset({DeliveryState.PENDING, DeliveryState.FAILED})


def new_delivery(account: Account, at: datetime | None) -> Delivery:
    return Delivery(account.name, account.platform, due_at=at, next_at=at, account_id=account.id)


def with_time(post: Post, at: datetime, chosen_by: ChosenBy | None = None) -> Post:
    """Return the post with a time: its pending and failed deliveries are due then."""
    deliveries = tuple(d.schedule(at) if d.state in _RESTS else d for d in post.deliveries)
    return replace(post, deliveries=deliveries, scheduled_at=at, chosen_by=chosen_by)


def apply_input(
    before: Post, post_input: PostInput, variants: Mapping[str, str], media: tuple[MediaItem, ...] | None
) -> Post:
    """Return the post with the given fields, but its accounts and its time. `media`: those of the names in the input,
    with their alt texts; None: no names."""
    after: dict[str, Any] = {}
    for name, one in CONTENT.items():
        old, value = getattr(before, name), getattr(post_input, one.name)
        if one.kind == "texts":
            after[name] = merge_options(old, variants if name == "variants" else value)
        elif one.name in post_input.dropped or (one.kind == "text" and value is not None and not value.strip()):
            after[name] = None
        else:
            after[name] = old if value is None else value
    if post_input.number_parts and post_input.split is None and before.split is False:
        after["split"] = None  # numbers need parts: the edit ends what an earlier one refused
    if after["comment"] is None and before.comment is not None:
        after["comment_after_s"] = post_input.comment_after_s
    if after["comment_after_s"] != before.comment_after_s:
        before = replace(before, deliveries=tuple(map(_with_untimed_comment, before.deliveries)))
    if media is None or post_input.add_media:
        media = changed_media(before, post_input, media or ())
    after["media"] = in_order(media)
    refuse_missing_parts(after["media"], after["thread"])
    after["tags"] = with_tags(after["tags"], post_input.add_tags, post_input.remove_tags)
    return replace(before, **after)


def _with_untimed_comment(delivery: Delivery) -> Delivery:
    """Return the delivery with a comment that gets its time again, if it waits for it."""
    comment = delivery.comment
    if comment is None or comment.state is not DeliveryState.PENDING:
        return delivery
    return replace(delivery, comment=comment.schedule(None))


def refuse_missing_parts(media: Iterable[MediaItem], thread: Sequence[str]) -> None:
    """Raise UsageError for a medium of a part that the writer has not made."""
    count = 1 + len(thread)
    for item in media:
        if (part := item.part or 1) > count:
            may_repeat = part <= MOST_PARTS and all(len(text) <= LONGEST_TEXT for text in thread)
            more = (*thread, *["TEXT"] * (part - count)) if may_repeat else ()
            hints = [Hint("try", other_options(thread=more))] if more else []
            parts = "1 part" if count == 1 else f"{count} parts"
            raise UsageError(f"{item.name} is for part {part}, and the post has {parts}", *hints, flaw="part")


def with_accounts(post: Post, accounts: Sequence[Account], now: datetime) -> Post:
    """Return the post with exactly these accounts. Raises StateRefused while it is being published. New deliveries get
    the post's time. If that has passed and publishing has begun, they get none: publishing now was not requested."""
    account_ids = {account.id for account in accounts}
    begun = post.status not in (PostStatus.DRAFT, PostStatus.SCHEDULED)
    at = None if begun and post.scheduled_at is not None and post.scheduled_at <= now else post.scheduled_at
    kept = [d.cancel() if d.state in _RESTS and d.account_id not in account_ids else d for d in post.deliveries]
    there = {d.account_id: d for d in kept}
    added = []
    for account in accounts:
        delivery = there.get(account.id)
        if delivery is None:
            added.append(new_delivery(account, at))
        elif delivery.state is DeliveryState.CANCELLED:
            # The store has one row for each account of a post: a new delivery takes the cancelled one's place. Of a
            # thread that is half out, what is published stays known, and is not published again.
            row = {
                "id": delivery.id,
                "post_id": delivery.post_id,
                "attempts": delivery.attempts,
                "langs": delivery.langs,
                "comment": delivery.comment,
            }
            half: dict[str, object] = {
                "handle": delivery.kept_handle,
                "remote_id": delivery.remote_id,
                "url": delivery.url,
            }
            if delivery.parts:
                half |= {name: getattr(delivery, name) for name in ("planned_parts", "part_starts", "parts_frozen")}
            again = replace(new_delivery(account, at), **row, **half)  # type: ignore[arg-type]  # fields by name
            kept[kept.index(delivery)] = again
    return replace(post, deliveries=(*kept, *added))


def as_draft(post: Post, what: str) -> Post:
    """Return the post without its time. Raises StateRefused, naming `what`, once publishing has begun."""
    refuse_in_flight(post, what, reviewing=False)
    if post.status not in (PostStatus.SCHEDULED, PostStatus.DRAFT):
        raise StateRefused(f"post {post.id} is {post.status}", Hint("see", action("show", post.id)))
    deliveries = tuple(d.schedule(None) if d.state is DeliveryState.PENDING else d for d in post.deliveries)
    return replace(post, deliveries=deliveries, scheduled_at=None, chosen_by=None)


def warn_missing_times(post: Post) -> tuple[Problem, ...]:
    """Return a warning for each delivery without a time in a post that is being published."""
    if post.status is not PostStatus.PUBLISHING:
        return ()
    return tuple(
        Problem(
            "accounts", "no_time", f"{d.account} has no time yet", d.account, action("publish", post.id), warning=True
        )
        for d in post.deliveries
        if d.state is DeliveryState.PENDING and d.due_at is None
    )


def with_derived_status(post: Post, now: datetime, before: Post | None = None) -> Post:
    """Return the post with status and time of publication derived from its deliveries. Compared to `before`, it stays
    approved only if it means the same."""
    counted = post.active
    has_time = any(d.due_at is not None for d in counted)
    status = derive_status((d.state for d in counted), has_time=has_time)
    after = replace(
        post,
        status=status,
        scheduled_at=None if status is PostStatus.DRAFT else post.scheduled_at,
        published_at=published_at(counted),
        updated_at=now,
    )
    return after if before is None else keep_approval(before, after)


def with_delivery(post: Post, before: Delivery, after: Delivery) -> Post:
    """Return the post with a delivery of it, or a comment, changed."""
    if before.is_comment:
        changed = (replace(d, comment=after) if d.comment is before else d for d in post.deliveries)
        return replace(post, deliveries=tuple(changed))
    return replace(post, deliveries=tuple(after if d is before else d for d in post.deliveries))


def merge_options(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """`new` over `old`; an empty value takes its key out."""
    both = {**old, **new}
    return {key: value for key, value in both.items() if value}


def with_media_texts(items: Sequence[MediaItem], post_input: PostInput) -> tuple[MediaItem, ...]:
    """Media with what was given for each in order, such as alt texts; those of what was not given stay. Raises
    UsageError if there are more texts than media."""
    for one in MEDIA:
        if texts := getattr(post_input, one.name):
            if len(texts) > len(items):
                what = f"{one.word} {'text' if one.word == 'alt' else 'value'}{'' if len(texts) == 1 else 's'}"
                ways = [] if items else [Hint("try", other_options(media=("FILE",) * len(texts)))]
                raise UsageError(f"{len(texts)} {what} for {len(items)} media", *ways)
            padded = (*texts, *[""] * (len(items) - len(texts)))
            changes: list[dict[str, Any]] = [
                {one.word: parse_alt(text) if one.word == "alt" else text or None} for text in padded
            ]
            items = [replace(item, **change) for item, change in zip(items, changes, strict=True)]
    return tuple(items)


def media_texts_of(media: Sequence[MediaItem]) -> dict[str, list[str]]:
    """Return what is said of each of the media, by the name of its field in files; only what is said of one."""
    return {one.file: texts for one in MEDIA if any(texts := said_texts(media, one))}


def said_texts(media: Iterable[MediaItem], one: PostField) -> list[str]:
    """Return one of the things that are said of media, for each; of a thumbnail its name."""
    attribute = {"alt": "typed_alt", "thumbnail": "thumbnail_name"}.get(one.word, one.word)
    return [getattr(item, attribute) or "" for item in media]


def changed_media(before: Post, post_input: PostInput, added: tuple[MediaItem, ...]) -> tuple[MediaItem, ...]:
    """Return the media of a post without those to remove, and with `added` at the end. Alt texts are those of the added
    ones, else of all that are left. Raises UsageError, NotFound, Ambiguous."""
    removed = {_place_of_media(before, name) for name in post_input.remove_media}
    kept = [item for place, item in enumerate(before.media) if place not in removed]
    return (*kept, *added) if added else with_media_texts(kept, post_input)


def _place_of_media(post: Post, name: str) -> int:
    """Return where the media item is that a number from 1 on, a file, or an address names."""
    last = name.rstrip("/").rpartition("/")[2]
    places = [place for place, item in enumerate(post.media) if name == item.url or last == item.name]
    if name.isdecimal():
        places = [int(name) - 1] if 0 < int(name) <= len(post.media) else []
    if not places:
        media = ", ".join(f"{number} {item.name}" for number, item in enumerate(post.media, 1))
        message = f"post {post.id} has no media {name}"
        raise NotFound(f"{message}; its media: {media}" if media else message, Hint("see", action("show", post.id)))
    if len(places) > 1:
        ways = (Hint("try", f"--remove-media {place + 1}", (name, str(place + 1))) for place in places)
        raise Ambiguous(f"post {post.id} has {len(places)} media {name}: use a number", *ways)
    return places[0]


def replace_media(post: PostFields, names: Collection[str]) -> Action:
    """Return the action that puts other files in the place of these media, and keeps the others."""
    others = tuple(name_in_place("FILE", item) for item in post.media if item.name in names)
    if all(item.name in names for item in post.media):
        return action("edit", post.id, media=others)
    return action("edit", post.id, remove_media=tuple(names), add_media=others)


def as_deleted(post: Post, now: datetime) -> Post:
    """Return a deleted post; the publisher ignores its deliveries."""
    still = (replace(d, next_at=None, comment=d.comment and replace(d.comment, next_at=None)) for d in post.deliveries)
    return replace(post, deliveries=tuple(still), deleted_at=now)


def refuse_empty_key(wanted: PostInput) -> None:
    if wanted.key is not None and not wanted.key.strip():
        raise UsageError("the key is empty", Hint("try", other_options(key="KEY")))


OF_COMMENT = frozenset({"comment", "comment_after_s"})
"""Fields that may change as long as a comment is not sent, also of a published post."""


def refuse_to_edit(post: Post, post_input: PostInput | None = None) -> None:
    """Raise StateRefused if the post, or what the input has of it, cannot change any more."""
    refuse_in_flight(post, "be edited")
    if post.status is not PostStatus.PUBLISHED:
        return
    given = set() if post_input is None else {*post_input.given_fields(), *post_input.dropped} - {"dropped", "kept"}
    if given and given <= OF_COMMENT:
        if post.comments and all(one.state is DeliveryState.PUBLISHED for one in post.comments):
            raise StateRefused(f"the comment on post {post.id} is published", Hint("see", action("show", post.id)))
        return
    raise StateRefused(f"post {post.id} is published", Hint("try", action("copy", post.id)))


def refuse_in_flight(post: Post, what: str, *, reviewing: bool = True) -> None:
    """Refuse once the publisher has a delivery in hand, or (`reviewing`) a person must look at one first."""
    if post.in_flight:
        raise StateRefused(
            f"post {post.id} is being published and cannot {what} now", Hint("see", action("show", post.id))
        )
    rows = (*post.deliveries, *post.comments)
    review = next((d for d in rows if d.state is DeliveryState.NEEDS_REVIEW), None)
    if reviewing and review is not None:
        raise needs_review_error(post, review)


def needs_review_error(post: Post, delivery: Delivery) -> StateRefused:
    account, is_comment = delivery.account, delivery.is_comment
    what = f"the comment on post {post.id}" if is_comment else f"post {post.id}"
    return StateRefused(
        f"{what} may already be live on {account}, so it is not touched before you have looked",
        Hint("fix", action("resolve", post.id, account=account, comment=is_comment, published="URL")),
        Hint("fix", action("resolve", post.id, account=account, comment=is_comment, not_published=True)),
    )


def nothing_to_publish(post: Post) -> StateRefused:
    """Return why nothing of a post can be published or get a time."""
    rows = (*post.active, *post.comments)
    review = next((d for d in rows if d.state is DeliveryState.NEEDS_REVIEW), None)
    if review is not None:
        return needs_review_error(post, review)
    failed = next((d for d in rows if d.state is DeliveryState.FAILED), None)
    if failed is not None:
        what = "the comment on " if failed.is_comment else ""
        return StateRefused(
            f"{what}post {post.id} has failed; nothing of it is pending", Hint("fix", action("retry", post.id))
        )
    return StateRefused(f"post {post.id} is {PostStatus.PUBLISHED}", Hint("see", action("show", post.id)))


def no_accounts_error(post: PostFields, accounts: Sequence[Account], platforms: PlatformFacts) -> StateRefused:
    name = example_account(accounts, platforms, text_alone=not post.media)
    return StateRefused(f"post {post.id} has no account yet", Hint("try", action("edit", post.id, to=name)))


def example_account(accounts: Sequence[Account], platforms: PlatformFacts, *, text_alone: bool) -> str:
    """Return an account for an example: if possible of a platform that accepts a text without media."""
    fit = [one.name for one in accounts if not text_alone or platforms.facts(one.platform).takes_text_alone]
    return next(iter([*fit, *(one.name for one in accounts)]), "PLATFORM/HANDLE")


def with_tags(tags: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> tuple[str, ...]:
    """Return tags with some added and some removed, each once."""
    return tuple(dict.fromkeys(tag for tag in (*tags, *add) if tag not in remove))


def copy_of(post: Post, deliveries: Sequence[Delivery]) -> Post:
    """Return a new post with the content and options of a post, and without its time, key and approval."""
    return Post(deliveries=tuple(deliveries), **content_of(post), origin=post.origin)


MOST_CHARACTERS = 100_000
"""Of one text of a post: more than any platform accepts, and few enough for lists of posts."""


@dataclass(frozen=True, slots=True)
class PostInput:
    """What was given for a post. None: not given; an empty tuple or text: given, to be emptied."""

    text: str | None = None
    kept: bool = False
    """The text came from stdin or an editor, and must survive any mistake in the rest."""
    to: tuple[str, ...] | None = None
    at: str | None = None
    first: bool = False
    """Put it in front of the posts in its slot, which move back."""
    tz: str | None = None
    media: tuple[str, ...] | None = None
    add_media: tuple[str, ...] = ()
    remove_media: tuple[str, ...] = ()
    """File names, addresses, or numbers from 1 on."""
    alts: tuple[str, ...] | None = None
    focus: tuple[str, ...] | None = None
    captions: tuple[str, ...] | None = None
    """WebVTT, or names of its files."""
    thumbnails: tuple[str, ...] | None = None
    """Names as `media` has them."""
    thread: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    variants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    max_lateness_s: float | None = None
    split: bool | None = None
    number_parts: bool | None = None
    utm: bool | None = None
    comment: str | None = None
    comment_after_s: float | None = None
    key: str | None = None
    edited: bool = False
    """From an editor, which showed the post: media that it has are not fetched again."""
    dropped: tuple[str, ...] = ()
    """Fields to remove from the post: `at`, and plain ones."""
    template: str | None = None
    """A template that makes the texts; `text` is a value for it then."""
    vars: Mapping[str, object] = field(default_factory=dict)
    snippets: tuple[str, ...] = ()
    """Texts to append, by name."""
    item: Mapping[str, object] = field(default_factory=dict)
    """The item of a source, for the variables of the template."""
    filling: Filling | None = None
    """What makes the texts, once the template was read."""
    asked: PostInput | None = None
    """The input as it was before a template was read."""
    origin: Mapping[str, object] = field(default_factory=dict)
    """Of texts that a template has made before, in a form."""

    def __post_init__(self) -> None:
        if self.media is not None and (self.add_media or self.remove_media):
            raise UsageError("all media are replaced, so none can be added or removed")
        if not all((*self.add_media, *self.remove_media)):
            raise UsageError("the name of a file to add or to remove is empty")
        refuse_long_texts(self.text, self.thread, self.variants, self.alts, self)

    def given_fields(self) -> dict[str, Any]:
        values = ((one, getattr(self, one.name)) for one in fields(self))
        return {one.name: value for one, value in values if value != one.default and value != {}}


def refuse_long_texts(
    text: str | None,
    thread: Sequence[str] | None = None,
    variants: Mapping[str, str] | None = None,
    alts: Sequence[str] | None = None,
    post_input: PostInput | None = None,
) -> None:
    """Raise UsageError for texts of a post that have more than MOST_CHARACTERS."""
    texts = [("content", "the text", text)]
    texts += [(one.file, f"the {one.word}", getattr(post_input, one.name, None)) for one in PLAIN if one.kind == "text"]
    texts += [("thread", f"part {number} of the thread", part) for number, part in enumerate(thread or (), 2)]
    texts += [("variants", f"the text for {name}", variant) for name, variant in (variants or {}).items()]
    texts += [("alt", f"alt text {number}", alt) for number, alt in enumerate(alts or (), 1)]
    problems = [
        Problem(field, "too_long", f"{name} has {len(one):,} characters, and at most {MOST_CHARACTERS:,} are stored")
        for field, name, one in texts
        if one and len(one) > MOST_CHARACTERS
    ]
    if problems:
        raise UsageError(problems[0].message, problems=problems)


def without_crowded(warnings: tuple[Problem, ...], *, first: bool) -> tuple[Problem, ...]:
    """Drop "crowded" warnings for a post that makes room."""
    return tuple(one for one in warnings if not (first and one.code == "crowded"))


def content_refusal(problems: Sequence[Problem]) -> ContentRefused | None:
    """Return the error of a post with these problems; None if all of them are warnings. Its first hint is to split the
    text where that is one of them, and the details say what it makes."""
    offers = [problem for problem in problems if problem.code == "text_splittable"]
    others = [problem for problem in problems if problem.code != "text_splittable"]
    refusing = [problem for problem in others if not problem.warning]
    if not refusing:
        return None
    hints = [Hint("try", one.hint, sure=False) for one in offers if one.hint]  # it makes more posts: a person decides
    hints += dict.fromkeys(Hint("fix", problem.hint) for problem in refusing if problem.hint)
    return ContentRefused(refusing[0].message, *hints, problems=others, details=[one.message for one in offers])


def with_post_id(refused: ContentRefused, post_id: int | None) -> ContentRefused:
    return ContentRefused(
        f"post {post_id}: {refused.message}", *refused.hints, problems=refused.problems, details=refused.details
    )


def hints_of_new(hints: Sequence[Hint]) -> tuple[Hint, ...]:
    """Return the hints of a new post that is refused: after a fix elsewhere the same request once more, and at the end
    the same post as a draft."""
    has_other = not hints or any(isinstance(hint.way, OtherOptions) for hint in hints)
    again = () if has_other else (Hint("try", other_options(), sure=False),)
    return (*hints, *again, Hint("draft", other_options(at=None), sure=False))


def edits_of_draft(hints: Iterable[Hint], post_id: int | None, post_input: PostInput | None = None) -> tuple[Hint, ...]:
    """Return the hints of a refused request whose text is kept as a draft: a change becomes an edit of that draft, with
    the rest of what was `post_input`, unless that has a long text. A draft has no key, and no time to leave out."""
    new_hints = []
    for hint in hints:
        if not isinstance(hint.way, OtherOptions):
            new_hints.append(hint)
            continue
        other = dict(hint.way.options)
        if not other:
            continue
        if post_input and post_input.first and other.get("at"):
            new_hints.append(replace(hint, way=action("schedule", post_id, **other, first=True)))
        elif "key" not in other and other.get("at", "") is not None:
            options = _fields_of(post_input) if post_input else {}
            edit = action("edit", post_id, **{**options, **other})
            if all(len(value or "") <= LONGEST_TEXT or name == "media" for name, value in edit.options):
                new_hints.append(replace(hint, way=edit))
    return tuple(new_hints)


def _fields_of(post_input: PostInput) -> dict[str, object]:
    """Return what is wanted of a post as options of an action, without its time."""
    return {
        "to": ",".join(post_input.to) if post_input.to else None,
        "media": post_input.media,
        **{one.argument: getattr(post_input, one.name) for one in MEDIA},
        "text": [f"{key}={text}" for key, text in post_input.variants.items()],
        "set": [f"{key}={value}" for key, value in post_input.options.items()],
        "thread": post_input.thread,
        "tag": post_input.tags,
        **{one.argument: as_typed(getattr(post_input, one.name)) for one in PLAIN},
        **{f"no_{one.argument}": getattr(post_input, one.name) is False for one in PLAIN if one.kind == "flag"},
    }


def as_typed(value: object) -> object:
    """Return the value of a plain field as people write it: seconds are a duration."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return value
    from ttp.domain.time.durations import compact_duration

    return compact_duration(timedelta(seconds=value))


def parse_plain(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain fields of a `PostInput`, and what is said of its media, from what people wrote, by argument; an
    empty duration is dropped. Raises TimeRefused."""
    plain: dict[str, Any] = {one.name: typed.get(one.argument) for one in PLAIN}
    for one in MEDIA:
        if one.help and typed.get(one.argument) is not None:
            plain[one.name] = tuple(typed[one.argument])
    seconds = [one for one in PLAIN if one.kind == "seconds" and plain[one.name] is not None]
    plain["dropped"] = tuple(one.name for one in seconds if plain[one.name] == "")
    for one in seconds:
        if plain[one.name] == "":
            plain[one.name] = None
        else:
            from ttp.domain.time.durations import parse_duration

            plain[one.name] = parse_duration(plain[one.name], one.example).total_seconds()
    return plain


def check_variants(
    variants: Mapping[str, str], accounts: Sequence[Account], platforms: PlatformFacts
) -> dict[str, str]:
    """Return variants keyed by full platform or account names. Raises UsageError for other keys."""
    return {check_variant_key(key, accounts, platforms): text for key, text in variants.items()}


def check_variant_key(key: str, accounts: Sequence[Account], platforms: PlatformFacts) -> str:
    """Return the full name of a platform or an account. Raises UsageError for anything else, NotFound."""
    return find_account(key, accounts, platforms).name if "/" in key else platforms.find(key).name


def request_fingerprint(post_input: PostInput, media: Sequence[str], platforms: PlatformFacts) -> str:
    """Return what makes two requests with one key the same. `media`: the digests of their files."""
    import hashlib  # slow to import, and no command that only reads needs it

    parts = {
        "text": post_input.text,
        "to": sorted({_account_text(name, platforms) for name in post_input.to or ()}),
        "at": post_input.at,
        "tz": post_input.tz,
        "media": list(media),
        "alts": list(post_input.alts or ()),
        "tags": list(post_input.tags or ()),
        "variants": dict(post_input.variants),
        "options": dict(post_input.options),
        "max_late": post_input.max_lateness_s,
    }
    for one in FIELDS:
        value = getattr(post_input, one.name)
        if not parts.keys() & {one.name, one.argument} and value not in (None, (), {}):
            parts[one.argument] = value  # only where it is given: keys that are in use stay what they are
    if post_input.snippets:
        parts["snippets"] = list(post_input.snippets)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _account_text(name: str, platforms: PlatformFacts) -> str:
    head, slash, handle = name.strip().partition("/")
    try:
        platform = platforms.find(head).name
    except UsageError:
        platform = head.lower()
    return f"{platform}{slash}{handle.removeprefix('@').lower()}"
