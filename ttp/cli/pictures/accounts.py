"""`ttp account list` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.page import Page, Style
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.account import Account


def accounts_picture(accounts: Sequence[Account], page: Page) -> Iterator[str]:
    """The table of accounts, and under it what is to be said or done about some of them."""
    if not accounts:
        yield "No accounts yet.  Add one:  ttp account add x/me --credentials FILE"
        return
    columns = [
        Column("ACCOUNT", most=page.width // 2),
        Column("STATE"),
        Column("ZONE", drop=1),
        Column("TOKEN UNTIL", drop=2),
        Column("OPTIONS"),
    ]
    shown = columns if any(account.options for account in accounts) else columns[:-1]
    rows = [_row(account, page)[: len(shown)] for account in accounts]
    yield from table(shown, rows, page)
    notes = [note for account in accounts for note in _notes(account, page)]
    yield from ["", *notes] if notes else []


def _notes(account: Account, page: Page) -> Iterator[str]:
    """What the word of the state leaves open: until when it is held, and how it is reconnected."""
    state, _ = _state(account, page)
    if state == "held" and account.hold_until:
        reason = f" ({one_line(account.hold_reason)})" if account.hold_reason else ""
        until = f"{page.day(account.hold_until)} {page.time(account.hold_until)}"
        yield f"{safe(account.name)} is held until {until}{reason}"
    if state == "RECONNECT":
        yield f"Reconnect:  ttp account add {safe(account.name)} --credentials FILE"


def _row(account: Account, page: Page) -> list[Cell]:
    options = " ".join(f"{key}={value}" for key, value in account.options.items())
    return [
        Cell(safe(account.name)),
        Cell(*_state(account, page)),
        Cell(safe(account.timezone or "-")),
        Cell(f"{page.date(account.expires_at)} ({page.ago(account.expires_at)})" if account.expires_at else "-"),
        Cell(one_line(options)),
    ]


def _state(account: Account, page: Page) -> tuple[str, Style]:
    """The one thing about the account that matters most."""
    if not account.enabled:
        return "disabled", "dim"
    if account.needs_reconnect:
        return "RECONNECT", "red"
    if not account.connected:
        return "not connected", "dim"
    if account.hold_until and account.hold_until > page.now:
        return "held", "yellow"
    return "connected", "green"
