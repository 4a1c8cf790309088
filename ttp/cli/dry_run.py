"""`ttp create --dry-run`: what each account would get, and whether it would be taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import shapes
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.posts import warn
from ttp.cli.shapes import Json
from ttp.cli.times import Times
from ttp.cli.views import View
from ttp.services.rehearsal import Rehearsed, Version, rehearse

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.services.drafting import Typed

FIELDS = (*shapes.POST, "versions", "replayed")


def try_out(out: Output, wish: Typed, times: Times) -> None:
    """Show what would be stored, and store nothing. Whatever `ttp create` would be refused for."""
    out.expect(_view(()))
    here = context()
    found = rehearse(here.book, here.media, wish, times.read)
    if found.refused is not None:
        if out.for_people:
            _tell(out, found, times, ())
        raise found.refused  # no platform is asked what it offers: that would be recorded
    times.notes(out)
    _tell(out, found, times, warn(out, found.warnings))


def _tell(out: Output, found: Rehearsed, times: Times, warnings: Sequence[str]) -> None:
    out.record(_view(warnings), found, foot=_ending(found, times))


def _ending(found: Rehearsed, times: Times) -> list[str]:
    post = found.post
    if found.replayed:
        return [f"Post {post.id} was made before with this key."]
    if found.refused is not None:
        return ["It would be refused."]
    at = post.scheduled_at
    if at is None:
        return ["It would be a draft. Nothing is stored."]
    return [f"It would be scheduled for {times.echo(at)}.", "Nothing is stored."]


def _view(warnings: Sequence[str]) -> View[Rehearsed]:
    def shape(found: Rehearsed) -> Json:
        post = shapes.post(found.post, warnings, replayed=found.replayed)
        return {**post, "versions": [_version(one) for one in found.versions]}

    return View(FIELDS, ("account", "part", "length", "limit", "costUsd", "text"), shape, _picture, _rows)


def _version(one: Version) -> Json:
    return {
        "account": one.account,
        "parts": [{"text": part.text, "length": part.length, "limit": part.limit} for part in one.parts],
        "media": [{**shapes.media(item.sent), "converted": item.converted} for item in one.media],
        "costUsd": None if one.price is None else one.price / 1000,
    }


def _rows(found: Rehearsed) -> Iterable[Json]:
    """A row for each text of each account; what a thread costs stands beside its first part."""
    for one in found.versions:
        for number, part in enumerate(one.parts, 1):
            cost = one.price / 1000 if one.price is not None and number == 1 else None
            counted: Json = {"part": number, "length": part.length, "limit": part.limit}
            yield {"account": one.account, **counted, "costUsd": cost, "text": part.text}


def _picture(found: Sequence[Rehearsed], page: Page) -> Iterable[str]:
    from ttp.cli.pictures.versions import versions_picture

    for one in found:
        yield from versions_picture(one.versions, page)
