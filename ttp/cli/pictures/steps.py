"""What would become of many posts, on a terminal: `ttp sync` and `ttp edit --where`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ttp.cli.clean import one_line
from ttp.cli.pictures.marks import several, short_name
from ttp.cli.pictures.page import Page, Style
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.account import Platform
from ttp.services.steps import Step, What, changes

_COLOURS: Mapping[What, Style] = {What.ADD: "green", What.CANCEL: "red"}


def steps_picture(steps: Sequence[Step], page: Page, *, files: bool) -> Iterator[str]:
    """A line for each post: what is done, when it is to go out and when it was to, which fields change. `files`: with
    the file of each."""
    if not steps:
        return
    columns = [
        Column("", most=8),
        Column("ID", right=True),
        *([Column("FILE", most=page.width // 3)] if files else []),
        Column("WHEN"),
        Column("ACCOUNTS", drop=2, most=page.width // 4),
        Column("CHANGES", drop=1, most=page.width // 4),
        Column("TEXT"),
    ]
    handles = several([one.post for one in steps if one.post is not None])
    yield from table(columns, [_row(step, handles, page, files=files) for step in steps], page, least=12)
    yield ""
    yield page.footer()


def _row(step: Step, handles: Collection[Platform], page: Page, *, files: bool) -> list[Cell]:
    post = step.post
    assert post is not None
    return [
        Cell(step.what.value, _COLOURS.get(step.what, "")),
        Cell("-" if post.id is None else str(post.id), "bold"),
        *([Cell(one_line(step.where))] if files else []),
        Cell(_when(step, page)),
        Cell(" ".join(short_name(row, handle=row.platform in handles) for row in post.active)),
        Cell(" ".join(changes(step)) or "-", "dim"),
        Cell(one_line(post.content)),
    ]


def _when(step: Step, page: Page) -> str:
    before, after = (None if post is None else post.scheduled_at for post in (step.before, step.post))
    now = page.when(after) if after else "-"
    if step.what not in (What.CHANGE, What.MOVE) or before == after:
        return now
    return f"{page.when(before) if before else '-'} -> {now}"
