"""Slots in turn: each post, in the order in which they were named, on the next slot that the limits leave it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence

from ttp.domain.plan.board import Board, Draft
from ttp.domain.plan.grid import Grid, crowded


def in_turn(board: Board, grid: Grid, drafts: Sequence[Draft]) -> dict[int, int]:
    """The places in the board's hours that posts on slots get, by their ids; none for one that finds no room.

    What is too near for one post of some accounts is so for all that follow: each set of accounts looks at every slot
    once.
    """
    ahead = {accounts: iter(board.open_hours(accounts)) for accounts in board.drafts}
    taken = {account: list(calendar.taken) for account, calendar in grid.calendars.items()}
    room = {account: dict(calendar.room) for account, calendar in grid.calendars.items()}
    found: dict[int, int] = {}

    def fits(accounts: Sequence[str], hour: int) -> bool:
        days: Mapping[str, int] = {account: grid.calendars[account].day[hour] for account in accounts}
        return all(
            room[account][days[account]] > 0 and not crowded(taken[account], grid.at[hour], grid.gap)
            for account in accounts
        )

    for draft in drafts:
        hour = next((hour for hour in ahead[draft.accounts] if fits(draft.accounts, hour)), None)
        if hour is not None:
            found[draft.id] = hour
            for account in draft.accounts:
                insort(taken[account], grid.at[hour])
                room[account][grid.calendars[account].day[hour]] -= 1
    return found
