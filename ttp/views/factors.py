"""What brought an account more, as JSON objects and as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING

from ttp.domain.optimal.factors import FEWEST_EACH, FEWEST_POSTS, ClassEffect, Factor, Place, Silence

if TYPE_CHECKING:
    from ttp.views.answers import FactorAnswer
    from ttp.views.number_answers import ComparedClass

_NAMES = MappingProxyType({"link": ("post with a link", "posts with a link")})
_SILENCE = MappingProxyType(
    {
        Silence.FEW_POSTS: f"What brings more is not known yet: it takes {FEWEST_POSTS} posts.",
        Silence.ONE_CLASS: "What brings more is not known: your posts are too alike. A comparison takes"
        f" {FEWEST_EACH} posts of a kind, and {FEWEST_EACH} others.",
        Silence.NOT_CLEAR: "No kind of post, length of text or pause between posts clearly brought more.",
    }
)


def factor_json(one: ClassEffect) -> FactorAnswer:
    """Return a class of posts that brought more. `text` says it in a sentence."""
    place = one.place
    return {
        "factor": place.factor.value,
        "kind": place.kind or None,
        "start": None if place.factor is Factor.KIND else place.start,
        "end": place.end,
        "uplift": round(one.uplift, 4),
        "low": round(one.low, 4),
        "high": round(one.high, 4),
        "dataPoints": one.data_points,
        "text": factor_words(one),
    }


def class_json(one: ClassEffect) -> ComparedClass:
    """Return any class of posts, with its plain mean. `text` names it."""
    return {**factor_json(one), "raw": round(one.raw, 4), "text": class_words(one.place)}


def factor_words(one: ClassEffect) -> str:
    """Return `Your videos brought 60 % more than your usual post (41 posts, likely 35 to 88 %).`"""
    place, usual = one.place, "post"
    if place.factor is Factor.LENGTH and place.kind:
        usual = _name(place.kind)[0]
    more, low, high = (round(100 * share) for share in (one.uplift, one.low, one.high))
    least = f"{-low} % less" if low < 0 else str(low)
    likely = f"{one.data_points} posts, likely {least} to {high} %{' more' if low < 0 else ''}"
    return f"Your {class_words(place)} brought {more} % more than your usual {usual} ({likely})."


def class_words(place: Place) -> str:
    """Return `videos`, `images with 40 to 79 characters` or `posts 3 to 12 hours after the last one`."""
    match place.factor:
        case Factor.KIND:
            return _name(place.kind)[1]
        case Factor.LENGTH:
            return f"{_name(place.kind)[1]} with {_span(place, 'characters', 1)}"
        case _:
            return f"posts {_span(place, 'hours', 0)} after the last one"


def silence_words(silence: Silence | None) -> Iterable[str]:
    """Return the sentence that says why nothing is named, if so."""
    return () if silence is None else (_SILENCE[silence],)


def _span(place: Place, unit: str, step: int) -> str:
    """Return `40 to 79 characters`. `step`: how far the last of a class is below the next one's first."""
    if place.end is None:
        return f"{place.start} {unit} or more"
    if not place.start:
        return f"under {place.end} {unit}"
    return f"{place.start} to {place.end - step} {unit}"


def _name(kind: str) -> tuple[str, str]:
    """Return the name of a post of a kind, and of several."""
    return _NAMES.get(kind) or ((kind, f"{kind}s") if kind else ("post", "posts"))
