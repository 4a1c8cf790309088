"""`ttp create --dry-run` on a terminal: what each account would get, and how much of its limits that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.clean import lines, one_line, safe
from ttp.cli.pictures.cells import wrap
from ttp.cli.pictures.marks import size
from ttp.cli.pictures.page import Page
from ttp.domain.media import NAMES, MediaItem
from ttp.domain.price import dollars

if TYPE_CHECKING:
    from ttp.services.rehearsal import Sent, Version


def versions_picture(versions: Sequence[Version], page: Page) -> Iterator[str]:
    """A block for each account, with an empty line after it."""
    for one in versions:
        for number, part in enumerate(one.parts, 1):
            head = page.paint(safe(one.account), "bold") if number == 1 else f"part {number}"
            use = page.paint(f"{part.length}/{part.limit}", "red" if part.length > part.limit else "")
            cost = f"   X charges {dollars(one.price)}" if number == 1 and one.price is not None else ""
            yield f"{head}   {use}{cost}"
            yield from (f"  {row}".rstrip() for line in lines(part.text) for row in wrap(line, page.width - 2))
        yield from (f"  {row}" for item in one.media for row in wrap(_media(item), page.width - 2))
        yield ""


def _media(one: Sent) -> str:
    facts = [one_line(one.item.name), *_look(one.item)]
    if one.converted:
        facts.append(f"sent as {NAMES[one.sent.mime]}  {'  '.join(_look(one.sent))}")
    return "  ".join([*facts, f"alt text: {one_line(one.item.alt)}" if one.item.alt else "no alt text"])


def _look(item: MediaItem) -> Iterator[str]:
    if item.width and item.height:
        yield f"{item.width}x{item.height}"
    if item.duration_ms is not None:
        yield f"{item.duration_ms / 1000:.1f} s"
    yield size(item.bytes)
