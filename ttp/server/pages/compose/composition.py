"""What the form of a post holds: read from a request, a stored post or a kept edit, and made into the input of one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import tzinfo
from itertools import zip_longest
from typing import Any

from ttp.domain.errors import Problem, TimeRefused, UsageError
from ttp.domain.media.details import check_captions
from ttp.domain.media.item import DECORATIVE, MediaItem
from ttp.domain.media.place import part_word
from ttp.domain.options import parse_option
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import PostInput, as_typed, said_texts
from ttp.domain.post_fields import MEDIA
from ttp.domain.time.durations import parse_duration
from ttp.platforms.registry import Registry
from ttp.server.inputs import split
from ttp.server.pages.compose.template_form import NO_TEMPLATE, ChosenTemplate
from ttp.server.pages.rendering import typed_time
from ttp.server.pages.visit import Visit, parse_number
from ttp.services.files.fields import parse_media_item
from ttp.services.queries import PostView

_KEPT = re.compile(r"([0-9a-f]{64})/(.{0,300})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AttachedMedia:
    """A stored image or video of the form."""

    sha256: str
    name: str
    mime: str
    alt: str = ""
    focus: str = ""
    captions: str = ""
    thumbnail: str = ""
    part: str = ""
    """Its number, or `last`; empty for the first."""
    only: str = ""
    size: str = field(default="", compare=False)
    """Its pixels, `4000x3000`, for the picture of its crop; empty if unknown."""

    @property
    def kind(self) -> str:
        """What people call it."""
        return {"video": "video", "audio": "sound"}.get(self.mime.partition("/")[0], "picture")


@dataclass(frozen=True, slots=True)
class Composition:
    """What the form holds. `at_before`: the time that the post has, as text; `zone`: the one that the form named, empty
    for the person's present one; `post_id` 0: it is not stored yet."""

    post_id: int = 0
    revision: int = 0
    content: str = ""
    accounts: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    variants: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    media: tuple[AttachedMedia, ...] = ()
    at: str = ""
    at_before: str = ""
    is_draft: bool = True
    split: str = ""
    """`yes`, `numbered` or `no`; empty: as each account is set."""
    utm: str = ""
    tags: str | None = None
    """With commas between them; None from a form without them."""
    form: str = ""
    """The id of the form, which stays while the same words are typed on."""
    seen: str = ""
    """The stamp of the kept edit that the form was filled with."""
    zone: str = ""
    template: ChosenTemplate = NO_TEMPLATE
    other_at: str = ""
    """Another time that was chosen beside `at` in the same form."""
    repeat: str = ""
    """The times of a repeat that begins when it is sent, such as `mon 09:00`."""
    repeat_until: str = ""
    """The last day of the repeat, as a date."""
    comment: str = ""
    comment_after: str = ""
    """How long after the post, as typed: `10m`."""
    gaps: tuple[str | None, ...] = ()
    """The white space between the parts that a split made, in order; None between parts that a person wrote."""

    def variant(self, name: str) -> str:
        return dict(self.variants).get(name, "")

    def option(self, name: str) -> str:
        return dict(self.options).get(name, "")

    @property
    def is_empty(self) -> bool:
        return not self.content.strip() and not self.media

    @property
    def has_words(self) -> bool:
        """Whether anything was written, also below an empty first part."""
        return any(text.strip() for text in (*self.parts, *dict(self.variants).values(), self.comment))

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.content, *self.thread)

    @property
    def full_parts(self) -> list[int]:
        """The numbers of the parts that are sent: the first, and those with a text or media."""
        used = {item.part.strip() for item in self.media}
        return [1, *(number for number, part in enumerate(self.thread, 2) if part.strip() or str(number) in used)]

    def with_parts(self, order: Sequence[int], gaps: tuple[str | None, ...] = ()) -> Composition:
        """Return it with these of its parts, by number. Media follow their part; those of one that is left out go to
        the part before it."""
        places = {str(number): place for place, number in enumerate(order, 1)}
        media = []
        for item in self.media:
            part = item.part.strip() or "1"
            if part.isdecimal() and len(part) < 4 and 1 <= int(part) <= len(self.parts):
                before = (str(number) for number in range(int(part), 0, -1))
                place = next((places[number] for number in before if number in places), 1)
                item = replace(item, part="" if place == 1 else str(place))
            media.append(item)
        content, *thread = (self.parts[number - 1] for number in order)
        return replace(self, content=content, thread=tuple(thread), media=tuple(media), gaps=gaps)

    @property
    def without_empty_parts(self) -> Composition:
        full = self.full_parts
        return self if len(full) == len(self.parts) else self.with_parts(full)

    def as_input(self, platforms: Registry) -> PostInput:
        """Return the input of a post, without its blank parts. Raise UsageError for an option that cannot have its
        value, or a part that does not exist."""
        typed = self.without_empty_parts
        return PostInput(
            text=typed.content,
            to=self.accounts,
            thread=typed.thread,
            variants=dict(self.variants),
            options=dict(parse_option(f"{name}={value}", platforms) for name, value in self.options if value),
            tags=None if self.tags is None else split(self.tags),
            media=tuple(parse_media_item({**asdict(item), "part": item.part.strip()}) for item in typed.media),
            alts=tuple(item.alt for item in self.media),
            focus=tuple(item.focus for item in self.media),
            captions=tuple(item.captions and check_captions(item.captions, "the text") for item in self.media),
            thumbnails=tuple(item.thumbnail if _THUMBNAIL.fullmatch(item.thumbnail) else "" for item in self.media),
            origin=self.template.parse_origin(),
            split=self.split != "no" if self.split else None,
            number_parts=True if self.split == "numbered" else None,
            utm=self.utm == "yes" if self.utm else None,
            comment=self.comment.strip() or None,
            comment_after_s=_seconds(self.comment_after),
            dropped=(
                *(() if self.split == "numbered" else ("number_parts",) if self.split else ("split", "number_parts")),
                *(() if self.utm else ("utm",)),
                *(() if self.comment.strip() else ("comment",)),
                *(() if self.comment_after else ("comment_after_s",)),
            ),
        )


def _seconds(text: str) -> float | None:
    """Return the seconds of a duration. Raise UsageError, about its field."""
    try:
        return parse_duration(text).total_seconds() if text else None
    except TimeRefused as error:
        raise UsageError(error.message, problems=[Problem("comment", "", error.message)]) from None


_THUMBNAIL = re.compile(r"sha256:[0-9a-f]{64}")
"""A file of the store: a path would be one of this machine."""


def composition_from_json(fields: Mapping[str, Any]) -> Composition:
    pairs = {name: tuple((key, value) for key, value in fields[name]) for name in ("variants", "options")}
    lists = {name: tuple(fields[name]) for name in ("accounts", "thread")}
    media, template = fields["media"], fields.get("template") or {}
    own = {
        "media": tuple(AttachedMedia(**item) for item in media),
        "template": ChosenTemplate(**template),
        "gaps": tuple(fields.get("gaps") or ()),
    }
    return Composition(**{**fields, **lists, **pairs, **own})


def composition_of(post: PostView | Post, zone: tzinfo) -> Composition:
    at = typed_time(post.scheduled_at, zone) if post.scheduled_at else ""
    about = {one.word: said_texts(post.media, one) for one in MEDIA}
    return Composition(
        post.id or 0,
        post.revision,
        post.content,
        post.accounts,
        post.thread,
        tuple(post.variants.items()),
        tuple(post.options.items()),
        tuple(
            AttachedMedia(
                item.sha256,
                item.name,
                item.mime or "",
                part=part_word(item.part),
                only=item.only or "",
                size=size_of(item),
                **{word: texts[place] for word, texts in about.items()},
            )
            for place, item in enumerate(post.media)
        ),
        at,
        at,
        post.status is PostStatus.DRAFT,
        "no" if post.split is False else "numbered" if post.number_parts else "yes" if post.split else "",
        {None: "", True: "yes", False: "no"}[post.utm],
        ", ".join(post.tags),
        template=ChosenTemplate(origin=json.dumps(dict(post.origin)) if post.origin else ""),
        comment=post.comment or "",
        comment_after=str(as_typed(post.comment_after_s) or ""),
    )


def typed_in(visit: Visit) -> Composition:
    """Return the content of the form."""
    at, other_at = _typed_times(visit)
    return Composition(
        post_id=parse_number(visit.field("post_id")) or 0,
        revision=parse_number(visit.field("revision")) or 0,
        content=visit.field("content"),
        accounts=_chosen_accounts(visit),
        thread=tuple(visit.fields("thread")),
        variants=_named(visit, "variant:"),
        options=tuple((name, value.strip()) for name, value in _named(visit, "option:")),
        media=_typed_media(visit),
        tags=visit.field("tags") if "tags" in visit.form else None,
        at=at,
        at_before=visit.field("at_before") if "at" in visit.form else "",  # who may not schedule has no such field
        is_draft=visit.field("is_draft") != "no",
        split=visit.field("split") if visit.field("split") in ("yes", "numbered", "no") else "",
        utm=visit.field("utm") if visit.field("utm") in ("yes", "no") else "",
        form=visit.field("form")[:40],
        seen=visit.field("seen")[:40],
        zone=visit.field("zone")[:60],
        template=ChosenTemplate(visit.field("template")[:100], visit.field("values"), visit.field("origin")),
        other_at=other_at,
        repeat=visit.field("repeat").strip()[:200],
        repeat_until=visit.field("repeat_until").strip()[:20],
        comment=visit.field("comment"),
        comment_after=visit.field("comment_after").strip()[:40],
        gaps=_gaps(visit.field("gaps")),
    )


def _typed_media(visit: Visit) -> tuple[AttachedMedia, ...]:
    """Return the rows of media that stay, in their order: a button of a row removes it, or moves it up or down."""
    dropped, decorative = visit.fields("drop"), visit.fields("decorative")  # by row: a file may be there twice
    words = [one.word for one in MEDIA]
    names = ("media", "mime", "size", "row", "part", "only", *words)
    columns = zip_longest(*(visit.fields(name) for name in names), fillvalue="")
    rows, media = list[str](), list[AttachedMedia]()
    for name, mime, size, row, part, only, *texts in columns:
        if (match := _KEPT.fullmatch(name)) is None or row in dropped:
            continue
        about = {**dict(zip(words, texts, strict=True)), "alt": texts[0] or (DECORATIVE if row in decorative else "")}
        rows.append(row)
        media.append(AttachedMedia(match[1], match[2], mime, part=part.strip()[:9], only=only, size=size, **about))
    for button, step in (("up", -1), ("down", 1)):
        row = visit.field(button)
        if row and row in rows and 0 <= (place := rows.index(row)) + step < len(rows):
            media[place], media[place + step] = media[place + step], media[place]
    return tuple(media)


def size_of(item: MediaItem) -> str:
    return f"{item.width}x{item.height}" if item.width and item.height else ""


def _typed_times(visit: Visit) -> tuple[str, str]:
    """Return the time of the form, and a second one if it has two. A person may type it, choose a chip or pick it in a
    calendar, and without scripts the other fields still have what the page filled in."""
    at, page_at = visit.field("at").strip(), visit.field("at_shown").strip()
    chip, pick = visit.field("chip"), visit.field("pick").replace("T", " ")
    changed = [chip] if chip and chip != page_at else []
    changed += [pick] if pick and pick != visit.field("pick_shown").replace("T", " ") else []
    changed += [at] if at != page_at else []
    first, *others = dict.fromkeys(changed or [at])
    return first, others[0] if others else ""


def _chosen_accounts(visit: Visit) -> tuple[str, ...]:
    """Return the names of the chosen accounts, with those of the platforms of which all were chosen."""
    names, every = visit.fields("accounts"), visit.fields("all")
    if every:
        accounts = visit.accounts
        names += [one.name for one in accounts if one.enabled and one.platform in every]
    return tuple(dict.fromkeys(names))


def _gaps(text: str) -> tuple[str | None, ...]:
    try:
        gaps = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ()
    fits = isinstance(gaps, list) and all(gap is None or (isinstance(gap, str) and not gap.strip()) for gap in gaps)
    return tuple(gaps) if fits else ()


def _named(visit: Visit, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return the fields whose name has a prefix, without it."""
    return tuple((name.removeprefix(prefix), visit.field(name)) for name in visit.form if name.startswith(prefix))
