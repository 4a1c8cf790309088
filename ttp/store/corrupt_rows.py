"""Rows that cannot be read, because they were edited by hand or damaged. Each blocks only its own post or account."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from ttp.domain.action import action
from ttp.domain.errors import Damaged, Hint
from ttp.store.dialect import List, Row

F = TypeVar("F", bound=Callable[..., Any])


FAULTS = (ValueError, TypeError, OverflowError, AttributeError, RecursionError)
"""Exceptions that mapping a row with invalid values may raise."""


class CorruptRow(Damaged):
    """One row that cannot be read, with the post or account that it belongs to, if known."""

    def __init__(
        self, table: str, row_id: object, *, post_id: int | None = None, account_id: int | None = None, why: str = ""
    ) -> None:
        self.post_id, self.account_id = post_id, account_id
        whose = f" (post {post_id})" if post_id is not None and table != "post" else ""
        super().__init__(
            f"row {row_id} of {table}{whose} in the store cannot be read: {why}",
            Hint("everything that cannot be read", action("doctor")),
        )


def as_corrupt_row(table: str) -> Callable[[F], F]:
    """Decorate a function whose first argument is a row of `table`: a row that cannot be read raises CorruptRow."""

    def wrap(read: F) -> F:
        @functools.wraps(read)
        def reading_it(row: Row, *more: object) -> object:
            try:
                return read(row, *more)
            except FAULTS as why:
                known = set(row.keys())
                post_id = row["id"] if table == "post" else row["post_id"] if "post_id" in known else None
                account_id = row["id"] if table == "account" else None
                row_id = row["id"] if "id" in known else post_id
                raise CorruptRow(table, row_id, post_id=post_id, account_id=account_id, why=_brief(why)) from why

        return cast("F", reading_it)

    return wrap


@dataclass(slots=True)
class Quarantine:
    """Ids of the posts and accounts that a publisher skips because one of their rows is corrupt."""

    posts: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    """One line for each."""

    def add(self, row: CorruptRow, post_id: int | None = None) -> bool:
        """Skip what a corrupt row belongs to, else `post_id`. Return False if it is skipped already or unknown."""
        before = len(self.posts) + len(self.accounts)
        if row.account_id is not None:
            self.accounts.add(row.account_id)
        elif (found := row.post_id if row.post_id is not None else post_id) is not None:
            self.posts.add(found)
        if len(self.posts) + len(self.accounts) == before:
            return False
        self.reasons.append(row.message)
        return True

    @property
    def values(self) -> dict[str, List]:
        return {"quarantined_posts": List(sorted(self.posts)), "quarantined_accounts": List(sorted(self.accounts))}


def parse_object(text: str) -> dict[str, object]:
    """Return a JSON object. Raises ValueError for anything else."""
    if text == "{}":  # as most are
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def parse_texts(text: str) -> dict[str, str]:
    """Return a JSON object whose values are texts. Raises ValueError for anything else."""
    if text == "{}":
        return {}
    value = parse_object(text)
    if not all(isinstance(one, str) for one in value.values()):
        raise ValueError("no JSON object of texts")
    return {name: str(one) for name, one in value.items()}


def parse_list(text: str) -> tuple[str, ...]:
    """Return a JSON list of texts. Raises ValueError for anything else."""
    if text == "[]":  # as most are
        return ()
    value = json.loads(text)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("no JSON list of texts")
    return tuple(value)


def parse_number(value: object) -> float | None:
    """Return a number or None. Raises ValueError for anything else."""
    if value is not None and not isinstance(value, int | float):
        raise ValueError("no number")
    return value


def _brief(why: Exception) -> str:
    return " ".join(str(why).split())[:100] or type(why).__name__
