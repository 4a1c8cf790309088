"""What the form of a post holds: read from a request, a stored post or a kept edit, and made into the input of one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from itertools import zip_longest
from typing import Any

from ttp.domain.media.details import check_captions
from ttp.domain.media.item import DECORATIVE, MediaItem
from ttp.domain.media.place import part_word
from ttp.domain.options import parse_option
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import PostInput, said_texts
from ttp.domain.post_fields import MEDIA
from ttp.platforms.registry import Registry
from ttp.server.inputs import split
from ttp.server.pages.rendering import typed_time
from ttp.server.pages.template_form import NO_TEMPLATE, ChosenTemplate
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

    def variant(self, name: str) -> str:
        return dict(self.variants).get(name, "")

    def option(self, name: str) -> str:
        return dict(self.options).get(name, "")

    @property
    def is_empty(self) -> bool:
        return not self.content.strip() and not self.media

    def as_input(self, platforms: Registry) -> PostInput:
        """Return the input of a post, without its blank parts. Raise UsageError for an option that cannot have its
        value, or a part that does not exist."""
        used = {item.part.strip() for item in self.media}
        kept = [number for number, part in enumerate(self.thread, 2) if part.strip() or str(number) in used]
        numbers = {str(old): str(new) for new, old in enumerate(kept, 2)}
        return PostInput(
            text=self.content,
            to=self.accounts,
            thread=tuple(self.thread[number - 2] for number in kept),
            variants=dict(self.variants),
            options=dict(parse_option(f"{name}={value}", platforms) for name, value in self.options if value),
            tags=None if self.tags is None else split(self.tags),
            media=tuple(
                parse_media_item({**asdict(item), "part": numbers.get(item.part.strip(), item.part.strip())})
                for item in self.media
            ),
            alts=tuple(item.alt for item in self.media),
            focus=tuple(item.focus for item in self.media),
            captions=tuple(item.captions and check_captions(item.captions, "the text") for item in self.media),
            thumbnails=tuple(item.thumbnail if _THUMBNAIL.fullmatch(item.thumbnail) else "" for item in self.media),
            origin=self.template.parse_origin(),
            split=self.split != "no" if self.split else None,
            number_parts=True if self.split == "numbered" else None,
            utm=self.utm == "yes" if self.utm else None,
            dropped=(
                *(() if self.split == "numbered" else ("number_parts",) if self.split else ("split", "number_parts")),
                *(() if self.utm else ("utm",)),
            ),
        )


_THUMBNAIL = re.compile(r"sha256:[0-9a-f]{64}")
"""A file of the store: a path would be one of this machine."""


def composition_from_json(fields: Mapping[str, Any]) -> Composition:
    pairs = {name: tuple((key, value) for key, value in fields[name]) for name in ("variants", "options")}
    lists = {name: tuple(fields[name]) for name in ("accounts", "thread")}
    media, template = fields["media"], fields.get("template") or {}
    own = {"media": tuple(AttachedMedia(**item) for item in media), "template": ChosenTemplate(**template)}
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
    )


def typed_in(visit: Visit) -> Composition:
    """Return the content of the form."""
    return Composition(
        post_id=parse_number(visit.field("post_id")) or 0,
        revision=parse_number(visit.field("revision")) or 0,
        content=visit.field("content"),
        accounts=tuple(visit.fields("accounts")),
        thread=tuple(visit.fields("thread")),
        variants=_named(visit, "variant:"),
        options=tuple((name, value.strip()) for name, value in _named(visit, "option:")),
        media=_typed_media(visit),
        tags=visit.field("tags") if "tags" in visit.form else None,
        at=visit.field("at").strip(),
        at_before=visit.field("at_before") if "at" in visit.form else "",  # who may not schedule has no such field
        is_draft=visit.field("is_draft") != "no",
        split=visit.field("split") if visit.field("split") in ("yes", "numbered", "no") else "",
        utm=visit.field("utm") if visit.field("utm") in ("yes", "no") else "",
        form=visit.field("form")[:40],
        seen=visit.field("seen")[:40],
        zone=visit.field("zone")[:60],
        template=ChosenTemplate(visit.field("template")[:100], visit.field("values"), visit.field("origin")),
    )


def _typed_media(visit: Visit) -> tuple[AttachedMedia, ...]:
    """Return the rows of media that stay, in their order: a button of a row removes it, or moves it up or down."""
    dropped, decorative = visit.fields("drop"), visit.fields("decorative")  # by row: a file may be there twice
    words = [one.word for one in MEDIA]
    names = ("media", "mime", "size", "row", "part", "only", *words)
    columns = zip_longest(*(visit.fields(name) for name in names), fillvalue="")
    rows, media = list[str](), list[AttachedMedia]()
    for name, mime, size, row, part, only, *said in columns:
        if (match := _KEPT.fullmatch(name)) is None or row in dropped:
            continue
        about = {**dict(zip(words, said, strict=True)), "alt": said[0] or (DECORATIVE if row in decorative else "")}
        rows.append(row)
        media.append(AttachedMedia(match[1], match[2], mime, part=part.strip()[:9], only=only, size=size, **about))
    for button, step in (("up", -1), ("down", 1)):
        row = visit.field(button)
        if row and row in rows and 0 <= (place := rows.index(row)) + step < len(rows):
            media[place], media[place + step] = media[place + step], media[place]
    return tuple(media)


def size_of(item: MediaItem) -> str:
    return f"{item.width}x{item.height}" if item.width and item.height else ""


def _named(visit: Visit, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return the fields whose name has a prefix, without it."""
    return tuple((name.removeprefix(prefix), visit.field(name)) for name in visit.form if name.startswith(prefix))
