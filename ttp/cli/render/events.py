"""A line of `ttp run` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.escape import escape_text
from ttp.cli.render.page import Page, Style
from ttp.cli.render.width import columns, pad, wrap_sentence

if TYPE_CHECKING:
    from ttp.publisher.events import Event

_ID = 3
"""Columns of an id; longer ones move their own line only."""
_STYLES: dict[str, Style] = {
    "delivery.published": "green",
    "delivery.failed": "red",
    "delivery.needs_review": "red",
    "delivery.retrying": "magenta",
    "delivery.reconciling": "magenta",
    "published": "green",
    "partial": "red",
    "failed": "red",
}


def render_event(event: Event, at: str, words: Sequence[str], names: int, page: Page) -> Iterator[str]:
    """Draw an event with its time. `names`: the columns of the longest account name."""
    head = f"{at}  {event.post:>{_ID}}  "
    style = _STYLES.get(event.event) or _STYLES.get(event.kind or "", "")
    *account, rest = [escape_text(word) for word in words]
    if not account or event.event == "post.due":
        yield head + page.paint("  ".join([*account, rest]).rstrip(), style)
        return
    word, detail = rest[:12].rstrip(), rest[12:].strip().replace("https://", "").replace("www.", "")
    line = f"{head}{pad(account[0].strip(), names)}  {page.paint(word, style)}{' ' * max(13 - columns(word), 1)}"
    room = page.width - columns(f"{head}{'':{names}}") - 15
    short = detail.rpartition("  ")[0] if detail.endswith(" s") else detail  # without the seconds it took
    fits = next((text for text in (detail, short) if columns(text) <= room), None)
    yield (line + (fits or "")).rstrip()
    if fits is None:
        yield from wrap_sentence(" " * columns(head) + detail, page.width)
