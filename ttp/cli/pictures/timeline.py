"""The next posts on a line from now on: when each is due, its number and its accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ttp.cli.pictures.cells import cut, pad
from ttp.cli.pictures.marks import short_name, sign
from ttp.cli.pictures.page import Page
from ttp.domain.post import Post

_LEAST = 15
"""Columns of a post, so that `Wed 25 12:00` stands apart from the next."""


def timeline(posts: Sequence[Post], page: Page) -> Iterator[str]:
    """Three lines for posts with a time, the next one first; as many as there is room for. None for fewer than two."""
    now = f"now {page.time(page.now)}"
    start = len(now) + 4
    room = (page.width - start) // _LEAST
    shown = list(posts[: max(room, 0)])
    if len(shown) < 2:
        return
    step = (page.width - start) // len(shown)
    times, line, names = now.ljust(start), " ├".ljust(start, "─"), " " * start
    day = page.local(page.now).date()
    for post in shown:
        at = post.scheduled_at or page.now
        times += _cell(_when(at, day, page), step)
        day = page.local(at).date()
        line += sign(post).ljust(step, "─")
        accounts = " ".join(short_name(row, handle=False) for row in post.active)
        names += _cell(f"{post.id} {accounts}", step)
    yield from (times.rstrip(), f"{line[: page.width - 1]}▸", names.rstrip())


def _when(at: datetime, day: object, page: Page) -> str:
    """The time, with its day where that is another than that of the one before."""
    return page.time(at) if page.local(at).date() == day else page.when(at)


def _cell(text: str, step: int) -> str:
    return pad(cut(text, step - 2), step)
