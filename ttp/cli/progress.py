"""How far a long command is: a bar on stderr, where a person can see it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ttp.cli.output import Output


@contextmanager
def progress(out: Output, name: str, most: int | None, *, counted: bool = True) -> Iterator[Callable[[float], object]]:
    """A bar while the block runs, moved by calling what it gives with how much is done of `most` (None: nobody knows).

    `counted`: it tells numbers, else per cent, and is drawn when it is first moved: short work shows none.
    """
    if most == 0 or out.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

    from ttp.platforms import watch

    told = MofNCompleteColumn() if counted else TaskProgressColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), told)
    # Without colours a bar is what it says on every terminal; --color is about the answer.
    bar = Progress(*columns, console=Console(stderr=True, color_system=None), transient=True)
    task = bar.add_task(name, total=most)

    def move(done: float) -> None:
        bar.start()
        bar.update(task, completed=done)

    if counted:
        bar.start()
    try:
        with watch.unwatched():
            yield move
    finally:
        if bar.live.is_started:
            bar.stop()
