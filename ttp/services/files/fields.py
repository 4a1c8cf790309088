"""What a file says of one post: the fields, the names they go by, and how their values are read and written.

Every format gives its rows as a mapping of these fields and gets them back so; it only spells them. Nothing is looked
up here: accounts, times and media stay as they were typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ttp.domain.errors import UsageError
from ttp.domain.media import MediaItem
from ttp.domain.options import OptionTables, parse_option
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_input import KEPT, FieldError, PostInput, RowReader, Value
from ttp.domain.time.clock import utc_text

_NAMES = {
    "key": (),
    "status": (),
    "scheduledAt": ("at", "time", "date"),
    "timezone": ("tz", "zone"),
    "accounts": ("to", "account"),
    "content": ("text", "message", "caption"),
    "media": (),
    "alt": ("alts", "alt text"),
    "thread": (),
    "tags": ("tag",),
    "variants": ("variant",),
    "options": ("set", "option"),
    "maxLatenessS": (),
    "maxLate": ("max-late",),
}


FIELDS = tuple(_NAMES)


TOLD = (
    *(
        "id",
        "platforms",
        "chosenBy",
        "approvedAt",
        "rejection",
        "repeat",
        "publishedAt",
        "createdAt",
        "updatedAt",
        "needs",
        "warnings",
        "deliveries",
        "replayed",
    ),
    *("results", "url", "likes", "comments", "shares", "views", "metrics"),
)
"""What an export tells beside: read over."""


_LONGEST_KEY = 200


_NOTHING: tuple[str, ...] = ()


_ENDED = frozenset({PostStatus.PUBLISHING, PostStatus.PUBLISHED, PostStatus.PARTIAL, PostStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a file. `where`: its row or line, or its file's path. Times, accounts and media are as typed.

    `ended`: the file says that it began to go out; such a post is never made again. `faults`: why it cannot be taken.
    """

    where: str
    typed: PostInput
    ended: bool = False
    faults: tuple[FieldError, ...] = ()


def field_named(name: str) -> str | None:
    """The field that a column or key means, whatever its case, blanks and dashes; None for one that is not known."""
    return _BY_NAME.get(plain(name))


def plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


def entry(where: str, row: Mapping[str, Value], tables: OptionTables) -> Entry:
    """One post from its fields (the keys are FIELDS). Every fault of it is told, not the first alone."""
    said = RowReader(row)
    media, alts = said.read("media", pictures, (_NOTHING, _NOTHING))
    typed = PostInput(
        text=said.read("content", _text, ""),
        to=said.read("accounts", _words, _NOTHING),
        at=said.read("scheduledAt", _text, None),
        tz=said.read("timezone", _text, None),
        media=media,
        alts=said.read("alt", several, alts),
        thread=said.read("thread", several, _NOTHING),
        tags=said.read("tags", _words, _NOTHING),
        variants=said.read("variants", _pairs, {}),
        options=said.read("options", lambda value: _options(value, tables), {}),
        max_lateness_s=said.read("maxLate", _duration, said.read("maxLatenessS", _number, None)),
        key=said.read("key", _key, None),
    )
    ended = said.read("status", _status, None) in _ENDED
    return Entry(where, typed, ended, tuple(said.faults))


def unread(where: str, *faults: FieldError) -> Entry:
    """An entry that cannot be taken, whatever else it says."""
    return Entry(where, PostInput(), faults=faults)


def fields_of(post: Post, media: Sequence[str]) -> dict[str, Value]:
    """What a file says of a post, so that `entry` reads the same back; `media` are the names of its media in the file.
    Empty fields are left out."""
    alts = [item.alt or "" for item in post.media]
    every: dict[str, Value] = {
        "key": post.key,
        "status": post.status.value,
        "scheduledAt": utc_text(post.scheduled_at) if post.scheduled_at else None,
        "accounts": list(post.accounts),
        "content": post.content,
        "media": list(media),
        "alt": alts if any(alts) else [],
        "thread": list(post.thread),
        "tags": list(post.tags),
        "variants": dict(post.variants),
        "options": dict(post.options),
        "maxLatenessS": post.max_lateness_s,
    }
    return {name: value for name, value in every.items() if value or value == 0}


# Values. A field that holds several things is a list, or a text with one a line; accounts and tags also with commas.


def several(value: Value) -> tuple[str, ...]:
    """A list of texts, or a text with one a line, or a text that is the JSON of such a list. UsageError."""
    if isinstance(value, str):
        listed = _json(value) if value.lstrip().startswith("[") else None
        if not isinstance(listed, list):
            return tuple(line.strip() for line in value.splitlines() if line.strip())
        value = listed
    if not isinstance(value, list | tuple):
        raise UsageError("it is neither a text nor a list of texts")
    return tuple(_text(one) for one in value)


def in_one(texts: Sequence[str]) -> str:
    """Several texts as one, so that `several` reads them back."""
    joined = "\n".join(texts)
    return joined if several(joined) == tuple(texts) else json.dumps(list(texts), ensure_ascii=False)


def pictures(value: Value) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of media and their alt texts: from texts, or from objects as JSON has them (`file`, else `url`, else
    `sha256` and `name`; `alt`). UsageError."""
    if not isinstance(value, list | tuple) or not any(isinstance(one, Mapping) for one in value):
        return several(value), ()
    ones = [one if isinstance(one, Mapping) else {"file": one} for one in value]
    alts = tuple(_text(one.get("alt")) for one in ones)
    return tuple(_picture(one) for one in ones), alts if any(alts) else ()


def _picture(one: Mapping[str, Value]) -> str:
    named = one.get("file") or one.get("url")
    if named:
        return _text(named)
    if not one.get("sha256"):
        raise UsageError("it names no file")
    return f"{KEPT}{_text(one['sha256'])}/{_text(one.get('name'))}"


def name_of(item: MediaItem) -> str:
    """What a file calls a media item that is not beside it: its address, else its digest in the store and its name."""
    return item.url or f"{KEPT}{item.sha256}/{item.name}"


def _words(value: Value) -> tuple[str, ...]:
    parts = [part for one in several(value) for part in one.split(",")]
    return tuple(part.strip() for part in parts if part.strip())


def _pairs(value: Value) -> dict[str, str]:
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping):
        raise UsageError('it is no object such as {"x": "a text"}')
    return {str(name): _text(one) for name, one in value.items()}


def _options(value: Value, tables: OptionTables) -> dict[str, str]:
    return dict(parse_option(f"{name}={one}", tables) for name, one in _pairs(value).items())


def _json(text: str) -> Value:
    """What a text is as JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            text = str(value)
        case None:
            return ""
        case _:
            raise UsageError("it is no text")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise UsageError("it has characters that are no text")
    return text


def _key(value: Value) -> str:
    text = _text(value).strip()
    if not text or len(text) > _LONGEST_KEY:
        raise UsageError(f"a key has 1 to {_LONGEST_KEY} characters")
    return text


def _number(value: Value) -> float:
    try:
        number = float(_text(value))
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e10:
        raise UsageError("it is no number of seconds")
    return number


def _duration(value: Value) -> float:
    from ttp.domain.time.durations import parse_duration

    return parse_duration(_text(value)).total_seconds()


def _status(value: Value) -> PostStatus:
    try:
        return PostStatus(_text(value).strip().lower())
    except ValueError:
        raise UsageError(f"it is none of {', '.join(PostStatus)}") from None


def _by_name(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {plain(name): field for field, others in names.items() for name in (field, *others)}


_BY_NAME = _by_name(_NAMES)


SHORT = 8
"""Digits of a store's id in the keys of its posts."""


def own_key(post_id: int, store: str) -> str:
    """What a post without a key is known by in files."""
    return f"{post_id}@{store[:SHORT]}"


def of_own_key(key: str, store: str) -> int | None:
    """The number in such a key, where it is of this store."""
    found = re.fullmatch(r"([1-9][0-9]{0,17})@([0-9a-f]+)", key)
    return int(found[1]) if found and found[2] == store[:SHORT] else None
