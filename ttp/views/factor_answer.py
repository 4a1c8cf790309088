"""The shape of one line about what brought more, in answers about posts and about numbers."""

from __future__ import annotations

from typing_extensions import TypedDict


class FactorAnswer(TypedDict):
    """A class of posts that brought more. `start`, `end`: of the length in characters (`factor` is `length`) or of the
    hours since the last post (`pause`); no `end`: no limit."""

    factor: str
    kind: str | None
    start: int | None
    end: int | None
    uplift: float
    low: float
    high: float
    dataPoints: int
    text: str
