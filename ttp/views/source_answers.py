"""The shapes of answers about sources as types, like those of `answers`."""

from __future__ import annotations

from typing_extensions import TypedDict

from ttp.views.answers import Instant, VersionAnswer


class ItemCountsAnswer(TypedDict):
    seen: int
    created: int
    filtered: int
    held: int


# A function, because `as` is a word of Python.
_Scheduled = TypedDict("_Scheduled", {"as": str})


class SourceAnswer(_Scheduled):
    """`as`: `draft`, `next-slot`, `optimal` or a time such as `in 10m`; `items`: how many are in each state."""

    id: int
    name: str
    url: str
    format: str | None
    to: list[str]
    template: str | None
    intervalS: int
    state: str
    items: ItemCountsAnswer
    lastOkAt: Instant | None
    nextCheckAt: Instant | None
    problem: str | None
    warnings: list[str]


class SourceItemAnswer(TypedDict):
    """`problem`: why its post is a draft although its source gives times."""

    id: int
    key: str
    title: str
    link: str | None
    publishedAt: Instant | None
    state: str
    post: int | None
    problem: str | None


class SourceDetailsAnswer(SourceAnswer):
    newest: list[SourceItemAnswer]


class NewItemAnswer(TypedDict):
    key: str
    title: str
    link: str | None
    post: int
    action: str
    problem: str | None


class PolledSourceAnswer(SourceAnswer):
    new: list[NewItemAnswer]
    updated: list[int]


class ItemPreviewAnswer(TypedDict):
    title: str
    link: str | None
    problem: str | None
    content: str
    versions: list[VersionAnswer]
