"""Which insights Instagram tells of each kind of post, as it shows while they are asked for. Sends nothing itself.

One metric that a kind of post does not have fails the whole call, without saying for certain which it was. So after
such a refusal each is asked alone, once for each kind, and what was learnt holds for as long as the reader lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ttp.platforms.reply import Answer, dig

LASTING = ("views", "reach", "shares", "saved")
KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"FEED": LASTING, "REELS": LASTING, "STORY": ("views", "reach", "shares")}
)
"""By `media_product_type`. Likes and comments are fields of the post itself: told at once, and without insights."""


@dataclass(slots=True)
class Asked:
    """What is asked of one kind of post. `sure`: it has answered to this, so a refusal is about one post alone."""

    metrics: tuple[str, ...]
    sure: bool = False


class Metrics:
    """The metrics to ask for, by `media_product_type` and `media_type`."""

    def __init__(self) -> None:
        self._by_type: dict[tuple[str, str], Asked] = {}

    def of(self, product: str, media_type: str) -> Asked:
        """What to ask of such a post; no metrics where nothing is known of its kind."""
        return self._by_type.setdefault((product, media_type), Asked(KNOWN.get(product, ())))


def values(answer: Answer) -> dict[str, object]:
    """The numbers by metric. Empty where Instagram has none yet: it may be two days behind."""
    listed = answer.at("data")
    found = {}
    for entry in listed if isinstance(listed, list) else ():
        told = dig(entry, "values")
        first = told[0] if isinstance(told, list) and told else None
        value = dig(first, "value")
        found[str(dig(entry, "name"))] = dig(entry, "total_value", "value") if value is None else value
    return found
