"""Rows that cannot be read: edited by hand, or damaged. Each keeps its own post or account from being published, and
nothing else."""

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
"""What a value that no program wrote makes the reading of a row raise."""


class Unreadable(Damaged):
    """One row that cannot be read, and what it belongs to as far as that is known."""

    def __init__(
        self, table: str, row_id: object, *, post_id: int | None = None, account_id: int | None = None, why: str = ""
    ) -> None:
        self.post_id, self.account_id = post_id, account_id
        whose = f" (post {post_id})" if post_id is not None and table != "post" else ""
        super().__init__(
            f"row {row_id} of {table}{whose} in the store cannot be read: {why}",
            Hint("see", action("doctor")),
        )


def reading(table: str) -> Callable[[F], F]:
    """Makes a function whose first argument is a row of `table` raise Unreadable for one that cannot be read."""

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
                raise Unreadable(table, row_id, post_id=post_id, account_id=account_id, why=_brief(why)) from why

        return cast("F", reading_it)

    return wrap


@dataclass(slots=True)
class LeftAlone:
    """The posts and accounts that a publisher leaves alone, by their ids."""

    posts: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    """Why, each in a line."""

    def take(self, row: Unreadable, post_id: int | None = None) -> bool:
        """Leave alone what an unreadable row belongs to, else `post_id`. False where it is left alone already, or it is
        not known what that is."""
        before = len(self.posts) + len(self.accounts)
        if row.account_id is not None:
            self.accounts.add(row.account_id)
        elif (found := row.post_id if row.post_id is not None else post_id) is not None:
            self.posts.add(found)
        if len(self.posts) + len(self.accounts) == before:
            return False
        self.told.append(row.message)
        return True

    @property
    def values(self) -> dict[str, List]:
        return {"left_posts": List(sorted(self.posts)), "left_accounts": List(sorted(self.accounts))}


def object_of(text: str) -> dict[str, object]:
    """A JSON object. ValueError for anything else."""
    if text == "{}":  # as most are
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def texts_of(text: str) -> dict[str, str]:
    """A JSON object whose values are texts. ValueError for anything else."""
    if text == "{}":
        return {}
    value = object_of(text)
    if not all(isinstance(one, str) for one in value.values()):
        raise ValueError("no JSON object of texts")
    return {name: str(one) for name, one in value.items()}


def list_of(text: str) -> tuple[str, ...]:
    """A JSON list of texts. ValueError for anything else."""
    if text == "[]":  # as most are
        return ()
    value = json.loads(text)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("no JSON list of texts")
    return tuple(value)


def number_of(value: object) -> float | None:
    """A number, or nothing. ValueError for anything else."""
    if value is not None and not isinstance(value, int | float):
        raise ValueError("no number")
    return value


def _brief(why: Exception) -> str:
    return " ".join(str(why).split())[:100] or type(why).__name__
