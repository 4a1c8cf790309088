"""`ttp account list` and `ttp account show` on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from ttp.cli.errors import command_text
from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.render.spec import OutputSpec, view_spec
from ttp.cli.render.width import wrap
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.account import Account, connect_action
from ttp.domain.platform import LOST_ANSWER, Proof
from ttp.views import accounts as views_accounts

_LABEL = 15


ProofFor: TypeAlias = Callable[[Account], Proof | None]
"""Returns what settles a lost answer on an account; None if that is not known."""


def render_accounts(
    accounts: Sequence[Account],
    page: Page,
    renews: Callable[[Account], bool] = lambda account: False,
    proof_for: ProofFor = lambda account: None,
) -> Iterator[str]:
    """Draw the accounts, and below them what some of them need. `renews`: whether ttp renews an account's token."""
    if not accounts:
        yield "No accounts yet.  Connect one:  ttp account connect x"
        return
    proofs = {account.name: proof_for(account) for account in accounts}
    yield from table_of(
        accounts,
        page,
        (Column("ACCOUNT", most=page.width // 2), lambda one: escape_text(one.name)),
        (Column("STATE"), lambda one: Cell(*_state(one, page))),
        (Column("ZONE", drop=1), lambda one: escape_text(one.timezone or "-")),
        (Column("TOKEN UNTIL", drop=2), lambda one: _token_until(one, page, renews)),
        (Column("LOST ANSWER", drop=3, shown=any(proofs.values())), lambda one: _lost_answer(proofs[one.name])),
        (
            Column("SERVER", drop=4, shown=any(one.server for one in accounts)),
            lambda one: escape_text(_short_server(one.server)),
        ),
        (
            Column("OPTIONS", shown=any(one.options for one in accounts)),
            lambda one: escape_line(" ".join(f"{key}={value}" for key, value in one.options.items())),
        ),
    )
    notes = [note for account in accounts for note in _notes(account, page)]
    # The column may have been left out, and these accounts need a person.
    asking = [escape_text(name) for name, proof in proofs.items() if proof == "none"]
    notes += [f"{name}: a lost answer {LOST_ANSWER['none']} (needs_review)" for name in asking]
    yield from ["", *notes] if notes else []


def render_account(account: Account, page: Page, proof: Proof | None = None) -> Iterator[str]:
    """Draw everything about one account, and what it needs. `proof`: what settles a lost answer."""
    yield f"{escape_text(account.name)}   {page.paint(*_state(account, page))}"
    lost = [] if proof is None else [("Lost answer", LOST_ANSWER[proof])]
    for label, value in [*_facts(account, page), *lost]:
        head = page.paint(f"  {label:<{_LABEL - 2}}", "dim")
        for piece in wrap(value, page.width - _LABEL):
            yield head + piece
            head = " " * _LABEL
    notes = list(_notes(account, page))
    if not account.connected:
        name = escape_text(account.name)
        notes.append(f"{name} is for analytics only (not connected):  {command_text(connect_action(name))}")
    yield from ["", *notes] if notes else []


def _facts(account: Account, page: Page) -> Iterator[tuple[str, str]]:
    """Yield labels and values; unknown values are left out, except the zone."""
    if account.server:
        yield "Server", escape_text(account.server)
    if account.user_id:
        yield "User id", escape_text(account.user_id)
    yield "Zone", escape_text(account.timezone or f"not set ({page.zone_name()})")
    if account.expires_at:
        yield "Token until", f"{page.date(account.expires_at)} {page.time(account.expires_at)}"
    if account.scopes:
        yield "Permissions", escape_text(" ".join(account.scopes))
    if account.options:
        yield "Options", escape_line(" ".join(f"{key}={value}" for key, value in account.options.items()))
    if account.split is not None:
        yield "Long texts", "split into parts" if account.split else "refused"
    if account.utm is not None:
        yield "Own links", "get UTM parameters" if account.utm else "as written"


def _notes(account: Account, page: Page) -> Iterator[str]:
    """Yield what needs attention, with the command for it."""
    name = escape_text(account.name)
    if not account.enabled:
        yield f"{name} is disabled; its due posts fail:  ttp account enable {name}"
    if account.needs_reconnect:
        yield f"Reconnect:  {command_text(connect_action(name))}"
    if account.is_paused:
        yield f"{name} is paused; its posts wait:  ttp resume --account {name}"
    elif account.hold_until and account.hold_until > page.now:
        reason = f" ({escape_line(account.hold_reason)})" if account.hold_reason else ""
        yield f"{name} is on hold until {page.when(account.hold_until)}{reason}"


def _token_until(account: Account, page: Page, renews: Callable[[Account], bool]) -> str:
    if not account.expires_at or account.needs_reconnect:
        return "-"
    return "renewed" if renews(account) else page.date(account.expires_at)


def _lost_answer(proof: Proof | None) -> str:
    return "-" if proof is None else LOST_ANSWER[proof]


def _short_server(server: str | None) -> str:
    """Return the host of a server, or the name of a program."""
    return "-" if server is None else server.removeprefix("https://").rpartition("/")[2]


def _state(account: Account, page: Page) -> tuple[str, Style]:
    """Return the most important fact about the account, and its colour."""
    if not account.enabled:
        return "disabled", "dim"
    if account.needs_reconnect:
        return "RECONNECT", "red"
    if not account.connected:
        return "not connected", "dim"
    if account.hold_until and account.hold_until > page.now:
        return "paused" if account.is_paused else "on hold", "magenta"
    return "connected", "green"


ACCOUNTS_SPEC = view_spec(
    views_accounts.account_json,
    ("account", "connected", "zone", "expiresAt"),
    render_accounts,
    rows=lambda account: [{**views_accounts.account_json(account), "zone": account.timezone}],
)
"""What account commands answer."""


def accounts_spec(renews: Callable[[Account], bool], proof_for: ProofFor) -> OutputSpec[Account]:
    """Return the output of `ttp account list`. `renews`: whether ttp renews an account's token."""
    return replace(ACCOUNTS_SPEC, render=lambda accounts, page: render_accounts(accounts, page, renews, proof_for))


def account_spec(proof_for: ProofFor) -> OutputSpec[Account]:
    """Return the output of `ttp account show`."""
    return replace(
        ACCOUNTS_SPEC, render=lambda accounts, page: render_account(accounts[0], page, proof_for(accounts[0]))
    )
