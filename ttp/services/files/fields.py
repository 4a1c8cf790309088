"""The fields of a post in a file: their names, and how values are parsed and formatted. Every format maps its rows to
these fields. Accounts, times and media are kept as typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ttp.domain import post_fields
from ttp.domain.errors import UsageError
from ttp.domain.media.details import is_captions
from ttp.domain.media.item import KEPT, MediaItem
from ttp.domain.media.place import PlacedName, name_in_place, parse_part
from ttp.domain.metrics.sample import MAIN_COUNTS
from ttp.domain.options import OptionTables, parse_option
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import PostInput, media_texts_of
from ttp.domain.row_reader import FieldError, RowReader, Value, field_errors
from ttp.domain.time.clock import utc_text

_NAMES = {
    "key": (),
    "status": (),
    **{one.file: one.others for one in post_fields.FIELDS},
    **{one.duration: () for one in post_fields.FIELDS if one.duration},
}
FIELDS = tuple(_NAMES)

EXPORT_ONLY = (
    *(
        "id",
        "platforms",
        "origin",
        "chosenBy",
        "approvedAt",
        "rejection",
        "repeat",
        "publishedAt",
        "createdAt",
        "updatedAt",
        "needs",
        "asksFor",
        "warnings",
        "cards",
        "deliveries",
        "replayed",
    ),
    *("results", "url", *MAIN_COUNTS, "metrics"),
)
"""Fields that only exports have; ignored when read."""
NameOf = Callable[[MediaItem], str]
_LONGEST_KEY = 200
_NOTHING: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a file. `where`: its row, line or path. Times, accounts and media are as typed. `ended`: the file
    says publishing has begun, so the post is never created again. `faults`: why it is refused."""

    where: str
    typed: PostInput
    ended: bool = False
    faults: tuple[FieldError, ...] = ()


def find_field(name: str) -> str | None:
    """Return the field with this name, ignoring case, spaces and dashes; None if unknown."""
    return _BY_NAME.get(normalize_name(name))


def normalize_name(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


def parse_entry(where: str, row: Mapping[str, Value], tables: OptionTables, *, may_empty: bool = False) -> Entry:
    """Parse one post from its FIELDS and collect all errors. `may_empty`: an empty option removes the post's."""
    reader = RowReader(row)
    none: tuple[tuple[str, ...], dict[str, tuple[str, ...]]] = (_NOTHING, {})
    media, about = reader.read("media", parse_media, none)
    texts: dict[str, Any] = {
        one.name: _both(reader.read(one.file, _texts, _NOTHING), about.get(one.word, ())) for one in post_fields.MEDIA
    }
    try:
        typed = PostInput(
            text=reader.read("content", _text, ""),
            to=reader.read("accounts", _words, _NOTHING),
            at=reader.read("scheduledAt", _text, None),
            tz=reader.read("timezone", _text, None),
            media=media,
            **texts,
            variants=reader.read("variants", _pairs, {}),
            options=reader.read("options", lambda value: _options(value, tables, may_empty=may_empty), {}),
            key=reader.read("key", _key, None),
            template=reader.read("template", _text, None),
            vars=reader.read("vars", _values, {}),
            **{one.name: _read(reader, one) for one in post_fields.FIELDS if one.kind in _READERS},
        )
    except UsageError as error:
        return invalid_entry(where, *reader.faults, *field_errors(error.problems))
    status = reader.read("status", _status, None)
    return Entry(where, typed, status is not None and status.has_begun, tuple(reader.faults))


def parse_changes(row: Mapping[str, Value], tables: OptionTables) -> tuple[PostInput, tuple[FieldError, ...]]:
    """Parse changes of a post and collect all errors. A missing field does not change; an empty one is emptied."""
    entry = parse_entry("", row, tables, may_empty=True)
    plain = post_fields.PLAIN
    lists = (one for one in post_fields.FIELDS if one.kind != "texts" and one not in plain)
    missing: dict[str, Any] = {one.name: None for one in lists if one.file not in row}
    removable = {"at": "scheduledAt", **{one.name: one.file for one in plain}}
    emptied = tuple(name for name, field in removable.items() if field in row and row[field] in (None, ""))
    return replace(entry.typed, **missing, dropped=emptied), entry.faults


def invalid_entry(where: str, *faults: FieldError) -> Entry:
    return Entry(where, PostInput(), faults=faults)


def fields_of(post: Post, name: NameOf) -> dict[str, Value]:
    """Return the fields of a post as `entry` reads them, without empty ones; `name`: of media in the file."""
    every: dict[str, Value] = {
        "key": post.key,
        "status": post.status.value,
        "scheduledAt": utc_text(post.scheduled_at) if post.scheduled_at else None,
        "accounts": list(post.accounts),
        "content": post.content,
        "media": [name_in_place(name(item), item) for item in post.media],
        **media_texts_of(post.media),
        **{one.file: as_value(getattr(post, name)) for name, one in post_fields.CONTENT.items() if one.kind != "own"},
    }
    if "thumbnail" in every:
        every["thumbnail"] = [name(one) if (one := item.thumbnail_item) else "" for item in post.media]
    return {name: value for name, value in every.items() if value or value == 0}


def as_value(value: object) -> Value:
    """Return a value of a post or of its input as files have it."""
    match value:
        case tuple():
            return list(value)
        case Mapping():
            return {key: text for key, text in value.items() if text}
    return value


# Values. Multiple values are a list, or a text with one per line; accounts and tags may also use commas.


def parse_list(value: Value) -> tuple[str, ...]:
    """Parse a list of texts, a text with one per line, or a JSON list of texts. Raise UsageError."""
    if isinstance(value, str):
        listed = _json(value) if value.lstrip().startswith("[") else None
        if not isinstance(listed, list):
            return tuple(line.strip() for line in value.splitlines() if line.strip())
        value = listed
    if not isinstance(value, list | tuple):
        raise UsageError("not a text or a list of texts")
    return tuple(_text(one) for one in value)


def join_list(texts: Sequence[str]) -> str:
    """Join texts so that `several` splits them again."""
    joined = "\n".join(texts)
    return joined if parse_list(joined) == tuple(texts) else json.dumps(list(texts), ensure_ascii=False)


def _texts(value: Value) -> tuple[str, ...]:
    """Parse what is said of media. Captions may be a text of many lines. Raise UsageError."""
    return (value,) if isinstance(value, str) and is_captions(value) else parse_list(value)


def _both(own: tuple[str, ...], texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts of a list of their own, which come first, and of media that have theirs."""
    return (*own, *texts[len(own) :])


def parse_media(value: Value) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return media names, and what is said of each by its word, from texts or JSON objects (`file`, `url` or `sha256`,
    and where it goes: `part`, `only`). Raise UsageError."""
    if not isinstance(value, list | tuple) or not any(isinstance(one, Mapping) for one in value):
        return parse_list(value), {}
    ones = [one if isinstance(one, Mapping) else {"file": one} for one in value]
    about = {field.word: tuple(_text(one.get(field.word)) for one in ones) for field in post_fields.MEDIA}
    return tuple(parse_media_item(one) for one in ones), {word: texts for word, texts in about.items() if any(texts)}


def parse_media_item(one: Mapping[str, Value]) -> str:
    name = _text(one.get("file") or one.get("url"))
    if not name and not one.get("sha256"):
        raise UsageError("no file given")
    name = name or f"{KEPT}{_text(one['sha256'])}/{_text(one.get('name'))}"
    word = _text(one.get("part"))
    part = parse_part(word) if word else None
    if word and not part:
        raise UsageError(f'"{word}" is not a part: it is a number from 1 on, or last')
    only = _text(one.get("only")) or None
    return str(PlacedName(name, part, only)) if part or only else name


def media_name(item: MediaItem) -> str:
    """Return the name of a media item outside an export: its URL, else its digest and name."""
    return item.url or f"{KEPT}{item.sha256}/{item.name}"


def _words(value: Value) -> tuple[str, ...]:
    parts = [part for one in parse_list(value) for part in one.split(",")]
    return tuple(part.strip() for part in parts if part.strip())


def _pairs(value: Value) -> dict[str, str]:
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping):
        raise UsageError('not an object like {"x": "a text"}')
    return {str(name): _text(one) for name, one in value.items()}


def _values(value: Value) -> dict[str, Value]:
    """Return values by name: texts, numbers, switches, and lists of these."""
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping):
        raise UsageError('not an object like {"version": "2.1"}')
    return {str(name): _parse_value(one) for name, one in value.items()}


def _parse_value(value: Value) -> Value:
    if isinstance(value, list | tuple):
        return [_parse_value(one) for one in value]
    return value if value is None or isinstance(value, int | float) else _text(value)


def _options(value: Value, tables: OptionTables, *, may_empty: bool) -> dict[str, str]:
    return dict(parse_option(f"{name}={one}", tables, may_empty=may_empty) for name, one in _pairs(value).items())


def _flag(value: Value) -> bool:
    flag = _FLAGS.get(_text(value).strip().lower())
    if flag is None:
        raise UsageError("not true or false")
    return flag


def _json(text: str) -> Value:
    """Parse JSON; None if it is invalid."""
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
            raise UsageError("not a text")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise UsageError("contains characters that are not valid text")
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
        raise UsageError("not a number of seconds")
    return number


def _duration(value: Value, example: str) -> float:
    from ttp.domain.time.durations import parse_duration

    return parse_duration(_text(value), example).total_seconds()


def _status(value: Value) -> PostStatus:
    try:
        return PostStatus(_text(value).strip().lower())
    except ValueError:
        raise UsageError(f"not one of {', '.join(PostStatus)}") from None


_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_READERS: Mapping[post_fields.Kind, Callable[[Value], Any]] = {
    "text": _text,
    "flag": _flag,
    "seconds": _number,
    "list": parse_list,
    "words": _words,
}


def _read(reader: RowReader, one: post_fields.PostField) -> Any:
    """Read a field whose kind says how. A list that is missing is empty."""
    otherwise: Any = _NOTHING if one.kind in ("list", "words") else None
    value = reader.read(one.file, _READERS[one.kind], otherwise)
    return reader.read(one.duration, partial(_duration, example=one.example), value) if one.duration else value


def _by_name(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {normalize_name(name): field for field, others in names.items() for name in (field, *others)}


_BY_NAME = _by_name(_NAMES)
KNOWN_NAMES = tuple(_BY_NAME)
"""All names of fields, normalized."""
STORE_ID_DIGITS = 8
"""Digits of the store's id in the keys of its posts."""


def own_key(post_id: int, store: str) -> str:
    return f"{post_id}@{store[:STORE_ID_DIGITS]}"


def key_name(key: str) -> str:
    """Return a key without the folders in front of it."""
    return key.rpartition("/")[2]


def is_own_key(key: str) -> bool:
    """Return whether a key has the form of `own_key`, for whichever store."""
    return re.fullmatch(rf"[1-9][0-9]{{0,17}}@[0-9a-f]{{{STORE_ID_DIGITS}}}", key) is not None


def parse_own_key(key: str, store: str) -> int | None:
    """Return the post id in a key made by `own_key` for this store, else None."""
    match = re.fullmatch(r"([1-9][0-9]{0,17})@([0-9a-f]+)", key)
    return int(match[1]) if match and match[2] == store[:STORE_ID_DIGITS] else None
