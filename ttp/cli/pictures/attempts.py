"""`ttp log` on a terminal: every step of every try, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.page import Page, Style
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.record import Attempt, Phase


def attempts_picture(attempts: Sequence[Attempt], page: Page) -> Iterator[str]:
    """The table of attempts."""
    if not attempts:
        yield "Nothing was tried yet."
        return
    columns = [
        Column("WHEN"),
        Column("ACCOUNT", most=page.width // 3),
        Column("TRY", right=True, drop=3),
        Column("STEP", drop=1, most=page.width // 4),
        Column("OUTCOME"),
        Column("HTTP", right=True, drop=2),
        Column("MESSAGE"),
    ]
    yield from table(columns, [_row(attempt, page) for attempt in attempts], page, least=12, wrapped=True)
    yield ""
    yield page.footer()


def _row(attempt: Attempt, page: Page) -> list[Cell]:
    kind = f"{attempt.kind}: " if attempt.kind else ""
    return [
        Cell(f"{page.day(attempt.at)} {page.second(attempt.at)}"),
        Cell(safe(attempt.account)),
        Cell(str(attempt.number)),
        Cell(_step(safe(attempt.step))),
        Cell(*_outcome(attempt)),
        Cell("" if attempt.http_status is None else str(attempt.http_status)),
        Cell(one_line(kind + (attempt.message or "")).removesuffix(":")),
    ]


def _step(step: str) -> str:
    """`part 3 of 5: POST /2/tweets`: what is longer than its column is cut at its end, and the part tells more."""
    call, _, part = step.partition(" (part ")
    return f"part {part.removesuffix(')')}: {call}" if part else step


def _outcome(attempt: Attempt) -> tuple[str, Style]:
    """The outcome in words. A publishing call without one is an open intent: nobody knows yet what became of it."""
    if attempt.outcome is None:
        return ("open", "magenta") if attempt.phase is Phase.PUBLISH else ("-", "dim")
    return safe(attempt.outcome.replace("_", " ")), "red" if attempt.kind else ""
