"""Map rows to domain objects and back, for all readers and writers.

A column named like its field and with a plain value needs no code here: `columns` says how it is stored.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar, cast

from ttp.domain.account import Account
from ttp.domain.action import action, way_out_from_text, way_out_to_text
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Damaged, Hint
from ttp.domain.media.item import MediaItem
from ttp.domain.post import ChosenBy, Post, PostStatus, Rejection
from ttp.domain.publishing.attempt import Attempt, Kind, Phase
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import columns
from ttp.store.dialect import List, Row

Column = str | int | float | None
OwnKey = Callable[[int], str]
Decoder = Callable[[Any], Any]
Encoder = Callable[[Any], Column]
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Made once: `json.dumps` would make one for each delivery that is stored."""


def marks(values: Sequence[object]) -> str:
    """Return placeholders for a list of values. Without values NULL: PostgreSQL accepts no empty list."""
    return ",".join("?" * len(values)) or "NULL"


def assign(columns: Iterable[str]) -> str:
    """Return assignments for UPDATE, with a value by the name of each column."""
    return ", ".join(f"{name} = :{name}" for name in columns)


def split_batches(values: Iterable[T], size: int = 200) -> Iterator[list[T]]:
    """Yield the values in lists that fit one statement."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)


# Rows repeat few values: the instants of a post are those of its deliveries, and there are few platforms and states.
@lru_cache(maxsize=2048)  # more than the instants of one batch of posts
def instant(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)


def plain_fields(row: Row, kind: Any, *but: str) -> dict[str, Any]:
    """Return the fields of a data class or a named tuple, except `but`, that a row has under the same names: `at` and
    names that end in `_at` are instants."""
    return {
        name: instant(row[name]) if name == "at" or name.endswith("_at") else row[name]
        for name in kind.__match_args__
        if name not in but
    }


def ids_to_text(ids: frozenset[int] | None) -> str | None:
    return None if ids is None else text_of(sorted(ids))


def ids_from_text(text: str | None) -> frozenset[int] | None:
    return None if text is None else frozenset(json.loads(text))


def text_of(value: object) -> str:
    """Return JSON in stored form: sorted keys, no escapes, no spaces."""
    if isinstance(value, Mapping):
        return _ENCODER.encode(dict(value)) if value else "{}"
    return "[]" if value in ((), []) else _ENCODER.encode(value)


def _or_none(decode: Decoder) -> Decoder:
    return lru_cache(maxsize=64)(lambda value: None if value is None else decode(value))


def parse_list(text: str | None) -> tuple[str, ...]:
    """Return a JSON list of texts; none for the NULL of a snapshot. Raises ValueError for anything else."""
    return _parse_items(text, str, "texts")


def _parse_items(text: str | None, kind: type[T], kinds: str) -> tuple[T, ...]:
    if text == "[]" or text is None:  # as most are
        return ()
    value = json.loads(text)
    if not isinstance(value, list) or not all(type(one) is kind for one in value):
        raise ValueError(f"no JSON list of {kinds}")
    return tuple(value)


def parse_texts(text: str) -> dict[str, str]:
    """Return a JSON object whose values are texts. Raises ValueError for anything else."""
    if text == "{}":
        return {}
    value = parse_object(text)
    if not all(isinstance(one, str) for one in value.values()):
        raise ValueError("no JSON object of texts")
    return {name: str(one) for name, one in value.items()}


def parse_object(text: str | None) -> dict[str, object]:
    """Return a JSON object; an empty one for the NULL of a snapshot. Raises ValueError for anything else."""
    if text == "{}" or text is None:  # as most are
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def parse_number(value: object) -> float | None:
    """Return a number or None. Raises ValueError for anything else."""
    if value is not None and not isinstance(value, int | float):
        raise ValueError("no number")
    return value


_DECODERS: Mapping[columns.Kind, Decoder] = {
    "boolean": _or_none(bool),
    "instant": instant,
    "list": parse_list,
    "numbers": partial(_parse_items, kind=int, kinds="whole numbers"),
    "object": parse_object,
    "real": parse_number,
    "texts": parse_texts,
}
_ENCODERS: Mapping[columns.Kind, Encoder] = {
    "instant": ms,
    "list": text_of,
    "numbers": text_of,
    "object": text_of,
    "real": lambda value: None if value is None else float(value),  # what both stores make of a whole number
    "texts": text_of,
}


def _value_of(member: str | None) -> str | None:
    return None if member is None else str(member)


class RowMapping:
    """Maps the columns of one table to the fields of a domain object, and back."""

    def __init__(
        self,
        table: Mapping[str, columns.Kind],
        *,
        without: Collection[str] = (),
        joined: Collection[str] = (),
        enums: Mapping[str, type[str]] | None = None,
    ) -> None:
        """`without`: columns that are not fields; `joined`: columns that a statement adds from another table."""
        kinds = {name: kind for name, kind in table.items() if name not in without}
        decoders = {name: _DECODERS[kind] for name, kind in kinds.items() if kind in _DECODERS}
        decoders |= {name: _or_none(enum) for name, enum in (enums or {}).items()}
        self.names = (*kinds, *joined)
        self._decoders = tuple(decoders.items())
        self._encoders = {
            name: (attrgetter(name), _value_of if name in (enums or {}) else _ENCODERS.get(kind))
            for name, kind in kinds.items()
        }

    def fields(self, rows: Sequence[Iterable[Any]]) -> dict[str, Sequence[Any]]:
        """Return the values of each field, one per row. The values of a row come in the order of `names`.

        By column: decoding row by row takes twice as long, which counts in an export.
        """
        if not rows:
            return dict.fromkeys(self.names, ())
        fields: dict[str, Sequence[Any]] = dict(zip(self.names, zip(*rows, strict=True), strict=True))
        for name, decode in self._decoders:
            fields[name] = tuple(map(decode, fields[name]))
        return fields

    def in_order(self, row: Row) -> list[Any]:
        """Return the values of a row that has more columns, or another order, in the order of `names`."""
        return [row[name] for name in self.names]

    def fields_of_one(self, row: Row) -> dict[str, Any]:
        return {name: values[0] for name, values in self.fields([self.in_order(row)]).items()}

    def columns(self, source: object, names: Iterable[str], before: object | None = None) -> dict[str, Column]:
        """Return these columns of an object; only those that differ from `before` where it is given."""
        columns: dict[str, Column] = {}
        for name in names:
            field, encode = self._encoders[name]
            value = field(source)
            if before is None or value != field(before):
                columns[name] = value if encode is None else encode(value)
        return columns


_ERROR = ("error_kind", "error_code", "error_message", "error_hint")
_REJECTION = ("rejected_at", "rejected_why")
_MEDIA = RowMapping(columns.POST_MEDIA, without=("post_id", "position"))
_POST = RowMapping(columns.POST, enums={"status": PostStatus, "chosen_by": ChosenBy})
_DELIVERY = RowMapping(
    columns.DELIVERY,
    joined=("platform", "account_handle"),
    enums={"state": DeliveryState, "error_kind": Kind},
)
_ACCOUNT = RowMapping(columns.ACCOUNT, without=("created_at", "removed_at", "late_claim_at"))
_ATTEMPT = RowMapping(
    columns.ATTEMPT,
    joined=("platform", "account_handle", "parent_id"),
    enums={"phase": Phase, "kind": Kind},
)


# What a change of the object can change of the row.
_POST_COLUMNS = tuple(name for name in columns.POST if name not in ("id", "revision", *_REJECTION))
_DELIVERY_COLUMNS = tuple(
    name for name in columns.DELIVERY if name not in ("id", "post_id", "account_id", "fence", *_ERROR)
)
_ACCOUNT_COLUMNS = tuple(name for name in _ACCOUNT.names if name not in ("id", "platform", "handle"))
ATTEMPT_COLUMNS = tuple(name for name in columns.ATTEMPT if name != "id")
POSTS = f"SELECT {', '.join(_POST.names)} FROM post"
"""Selects the rows that `posts` reads."""
DELIVERIES = (
    f"SELECT {', '.join(f'd.{name}' for name in columns.DELIVERY)}, a.platform, a.handle AS account_handle"
    " FROM delivery d JOIN account a ON a.id = d.account_id"
)
"""Selects the rows that `deliveries` and `delivery` read."""
ATTEMPTS = (
    "SELECT t.*, d.post_id, d.parent_id, a.platform, a.handle AS account_handle FROM attempt t"
    " JOIN delivery d ON d.id = t.delivery_id JOIN account a ON a.id = d.account_id"
)
"""Selects the rows that `attempt` reads."""


def _build(kind: type[T], fields: Mapping[str, Sequence[Any]]) -> list[T]:
    """Return objects of a frozen dataclass from the values of each field.

    Its constructor sets one field after another in Python, which takes more than twice as long.
    """
    built: list[T] = [object.__new__(kind) for _ in fields["id"]]
    for name, set_field in _SETTERS[kind]:
        deque(map(set_field, built, fields[name]), maxlen=0)
    return built


_SETTERS: Mapping[type, Sequence[tuple[str, Callable[[object, Any], None]]]] = {
    kind: [(field.name, getattr(kind, field.name).__set__) for field in dataclasses.fields(kind)]
    for kind in (Account, Post, Delivery)
}


def as_corrupt_row(table: str) -> Callable[[F], F]:
    """Decorate a function whose first argument is a row of `table`: a row that cannot be read raises CorruptRow."""

    def wrap(read: F) -> F:
        @functools.wraps(read)
        def reading_it(row: Row, *more: object) -> object:
            try:
                return read(row, *more)
            except FAULTS as why:
                raise _corrupt_row(table, row, why) from why

        return cast("F", reading_it)

    return wrap


def _as_corrupt_rows(table: str) -> Callable[[F], F]:
    """Decorate a function whose first argument is a list of rows of `table`, like `as_corrupt_row`."""

    def wrap(read: F) -> F:
        @functools.wraps(read)
        def reading_them(rows: Sequence[Row], *more: object) -> object:
            try:
                return read(rows, *more)
            except FAULTS as why:
                if len(rows) == 1:
                    raise _corrupt_row(table, rows[0], why) from why
                return [one for row in rows for one in reading_them([row], *more)]  # type: ignore[attr-defined]

        return cast("F", reading_them)

    return wrap


def _corrupt_row(table: str, row: Row, why: Exception) -> CorruptRow:
    columns = set(row.keys())
    post_id = row["id"] if table == "post" else row["post_id"] if "post_id" in columns else None
    account_id = row["id"] if table == "account" else None
    row_id = row["id"] if "id" in columns else post_id
    return CorruptRow(table, row_id, post_id=post_id, account_id=account_id, why=_brief(why))


def account(row: Row) -> Account:
    return accounts([row])[0]


@_as_corrupt_rows("account")
def accounts(rows: Sequence[Row]) -> list[Account]:
    return _build(Account, _ACCOUNT.fields([_ACCOUNT.in_order(row) for row in rows]))


def account_columns(account: Account) -> dict[str, Column]:
    """Return the columns that can change; the name cannot."""
    return _ACCOUNT.columns(account, _ACCOUNT_COLUMNS)


@as_corrupt_row("delivery")
def delivery(row: Row) -> Delivery:
    """Map a delivery joined with its account's `platform` and `account_handle`."""
    return _deliveries([_DELIVERY.in_order(row)])[0]


@_as_corrupt_rows("delivery")
def deliveries(rows: Sequence[Row]) -> list[Delivery]:
    return _deliveries(rows)


def _deliveries(rows: Sequence[Iterable[Any]]) -> list[Delivery]:
    fields = _DELIVERY.fields(rows)
    fields["error"] = [
        None if kind is None else DeliveryError(kind, message, code, way_out_from_text(hint))
        for kind, code, message, hint in zip(*(fields[name] for name in _ERROR), strict=True)
    ]
    names = zip(fields["platform"], fields["account_handle"], strict=True)
    fields["account"] = [f"{platform}/{handle}" for platform, handle in names]
    fields["comment"] = (None,) * len(rows)
    return _build(Delivery, fields)


def with_comments(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries of posts, each with its comment, which is among the given ones."""
    comments: dict[int | None, Delivery] = {one.parent_id: one for one in deliveries if one.parent_id is not None}
    if not comments:
        return list(deliveries)
    return [dataclasses.replace(d, comment=comments.get(d.id)) for d in deliveries if d.parent_id is None]


def delivery_columns(delivery: Delivery, before: Delivery | None = None) -> dict[str, Column]:
    """Return the columns that a transition can change; with `before`, only those that differ."""
    changed = _DELIVERY.columns(delivery, _DELIVERY_COLUMNS, before)
    if before is None or delivery.error != before.error:
        error = delivery.error
        values = (
            (str(error.kind), error.code, error.message, way_out_to_text(error.hint))
            if error
            else (None,) * len(_ERROR)
        )
        changed.update(zip(_ERROR, values, strict=True))
    return changed


@as_corrupt_row("post_media")
def media(row: Row) -> MediaItem:
    return MediaItem(**_MEDIA.fields_of_one(row))


def media_columns(item: MediaItem) -> dict[str, Column]:
    return _MEDIA.columns(item, _MEDIA.names)


@as_corrupt_row("post")
def post(row: Row, deliveries: Sequence[Delivery], items: Sequence[MediaItem], tags: Sequence[str]) -> Post:
    key = row["id"]
    return _posts([_POST.in_order(row)], {key: deliveries}, {key: items}, {key: tags})[0]


@_as_corrupt_rows("post")
def posts(
    rows: Sequence[Row],
    deliveries: Mapping[int, Sequence[Delivery]],
    items: Mapping[int, Sequence[MediaItem]],
    tags: Mapping[int, Sequence[str]],
    own_key: OwnKey | None = None,
) -> list[Post]:
    """Map rows of POSTS, with their parts by post id. `own_key`: makes a key from the id for a post without one."""
    return _posts(rows, deliveries, items, tags, own_key)


def _posts(
    rows: Sequence[Iterable[Any]],
    deliveries: Mapping[int, Sequence[Delivery]],
    items: Mapping[int, Sequence[MediaItem]],
    tags: Mapping[int, Sequence[str]],
    own_key: OwnKey | None = None,
) -> list[Post]:
    fields = _POST.fields(rows)
    ids = fields["id"]
    for name, parts in (("deliveries", deliveries), ("media", items), ("tags", tags)):
        fields[name] = [tuple(parts.get(i, ())) for i in ids]
    fields["rejection"] = [
        None if at is None else Rejection(at, why)
        for at, why in zip(*(fields[name] for name in _REJECTION), strict=True)
    ]
    if own_key is not None:
        fields["key"] = [key or own_key(i) for i, key in zip(ids, fields["key"], strict=True)]
    return _build(Post, fields)


def post_columns(post: Post) -> dict[str, Column]:
    """Return the columns of a post but its id."""
    rejection = post.rejection
    values = (ms(rejection.at), rejection.why) if rejection else (None, None)
    return {**_POST.columns(post, _POST_COLUMNS), **dict(zip(_REJECTION, values, strict=True))}


@as_corrupt_row("attempt")
def attempt(row: Row) -> Attempt:
    """Map an attempt joined with its account's `platform` and `account_handle`, and its delivery's `parent_id`."""
    fields = _ATTEMPT.fields_of_one(row)
    is_comment = fields.pop("parent_id") is not None
    return Attempt(f"{fields.pop('platform')}/{fields.pop('account_handle')}", is_comment=is_comment, **fields)


def attempt_columns(attempt: Attempt) -> dict[str, Column]:
    """Return the columns of an attempt but its id."""
    return _ATTEMPT.columns(attempt, ATTEMPT_COLUMNS)


T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
FAULTS = (ValueError, TypeError, OverflowError, AttributeError, RecursionError)
"""Exceptions that mapping a row with invalid values may raise."""


def _brief(why: Exception) -> str:
    return " ".join(str(why).split())[:100] or type(why).__name__


class CorruptRow(Damaged):
    """One row that cannot be read, with the post or account that it belongs to, if known."""

    def __init__(
        self, table: str, row_id: object, *, post_id: int | None = None, account_id: int | None = None, why: str = ""
    ) -> None:
        self.post_id, self.account_id = post_id, account_id
        whose = f" (post {post_id})" if post_id is not None and table != "post" else ""
        super().__init__(
            f"row {row_id} of {table}{whose} in the store cannot be read: {why}",
            Hint("see", action("doctor")),
        )


@dataclass(slots=True)
class Quarantine:
    """Ids of the posts and accounts that a publisher skips because one of their rows is corrupt."""

    posts: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    """One line for each."""
    waiting: frozenset[int] = frozenset()
    """Posts that are sound and not claimed here now, because of `waiting_for`."""
    waiting_for: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Return why posts and accounts are skipped, for people."""
        return (*self.reasons, *([self.waiting_for] if self.waiting_for else []))

    def add(self, row: CorruptRow, post_id: int | None = None) -> bool:
        """Skip what a corrupt row belongs to, else `post_id`. Return False if it is skipped already or unknown."""
        before = len(self.posts) + len(self.accounts)
        if row.account_id is not None:
            self.accounts.add(row.account_id)
        elif (number := row.post_id if row.post_id is not None else post_id) is not None:
            self.posts.add(number)
        if len(self.posts) + len(self.accounts) == before:
            return False
        self.reasons.append(row.message)
        return True

    @property
    def values(self) -> dict[str, List]:
        return {
            "quarantined_posts": List(sorted(self.posts)),
            "quarantined_accounts": List(sorted(self.accounts)),
            "skipped_posts": List(sorted(self.posts | self.waiting)),
        }
