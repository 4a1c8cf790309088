"""The types of columns and the parts of tables that the models are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text, TypeDecorator, text
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as milliseconds."""

    impl = Integer().with_variant(BigInteger, "postgresql")
    cache_ok = True


def instant_field(*, required: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=not required))


# In order and in ranges texts compare by their bytes in both databases.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
HANDLE = TEXT.with_variant(Text(collation="NOCASE"), "sqlite")


def text_field(*, required: bool = True, form: Any = TEXT) -> Any:
    return Field(default=None, sa_column=Column(form, nullable=not required))


def json_field(shape: str, default: str | None = None) -> Any:
    """JSON as text. `shape`: `texts` (object of texts), `list` (of texts) or `object`. `default`: of a later column."""
    column = Column(Text, nullable=False, server_default=default, info={"json": shape})
    return Field(default=default, sa_column=column)


def parent_field(target: str, *, primary: bool = False, required: bool = True) -> Any:
    return Field(default=None, sa_column=Column(ForeignKey(target), nullable=not required, primary_key=primary))


def partial_index(name: str, *columns: Any, where: str = "", unique: bool = False, first: str = "") -> Index:
    """A partial index. `where`: else that its column is not NULL. `first`: a column whose NULLs come first."""
    options: Any = dict.fromkeys(("sqlite_where", "postgresql_where"), text(where or f"{columns[0]} IS NOT NULL"))
    return Index(name, *columns, unique=unique, **options, postgresql_ops={first: "NULLS FIRST"} if first else {})


class NumberedRow(SQLModel):
    """A row of a table that numbers its rows, and never gives a number again."""

    __table_args__: Any = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, primary_key=True)
