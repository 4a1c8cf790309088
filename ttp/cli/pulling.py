"""`ttp metrics pull`: which accounts, what it costs, how far it is, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.context import context
from ttp.cli.exit_codes import DONE, PARTIAL, RECONNECT
from ttp.cli.output import Output
from ttp.cli.progress import progress
from ttp.cli.times import quoted
from ttp.domain.account import Account
from ttp.domain.errors import Hint, PartlyFailed, TtpError
from ttp.services.gather import Pulled, Stopped
from ttp.services.pull import DOLLARS_A_READ, dollars

if TYPE_CHECKING:
    from ttp.store.readings import Followed

ASK_ABOVE = 0.05
"""Dollars up to which nobody is asked."""


def pull(out: Output, named: Sequence[Account], history: int | None, *, yes: bool, no_input: bool) -> int:
    """Read the numbers of the named accounts' posts (of every account that costs nothing, where none is named)."""
    here = context()
    accounts = named or _all(out, history)
    wanted = [(one, here.pull.posts(one) if history is None else []) for one in accounts]
    if not _paid(out, wanted, history, yes=yes, no_input=no_input):
        return DONE
    done = []
    try:
        for account, posts in wanted:
            with progress(out, account.name, len(posts) if history is None else history) as tell:
                done.append(here.pull.pull(account, posts, history, tell))
    finally:
        here.pull.close()
    return _tell(out, done, history, alone=len(named) == 1)


def _all(out: Output, history: int | None) -> list[Account]:
    accounts, left_out = context().pull.chosen(list(context().look.accounts()))
    for one in left_out:
        out.note(f"{one.name} is left out: X charges for reading\nread it:  {_command(one.name, history)}")
    return accounts


def _paid(
    out: Output, wanted: Sequence[tuple[Account, Sequence[Followed]]], history: int | None, *, yes: bool, no_input: bool
) -> bool:
    """Say what X charges, if anything; on a terminal ask where it is more than a few cents. Whether to go on."""
    prices = {account.name: price for account, posts in wanted if (price := dollars(account, posts, history)) > 0}
    if not prices:
        return True
    total = sum(prices.values())
    said = f"X charges up to {_money(total)} to read the posts of {', '.join(prices)}"
    out.note(f"{said} ({_money(DOLLARS_A_READ)} for each; again on the same UTC day nothing)")
    ask = total > ASK_ABOVE and not yes
    return confirmed(out, "Read them?", yes=True, ask_anyway=ask, no_input=no_input, refusal="", again="")


def _money(dollars: float) -> str:
    """`$0.05`, with tenths of a cent where there are any."""
    text = f"{dollars:.3f}"
    return f"${text.removesuffix('0')}"


def _tell(out: Output, done: Sequence[Pulled], history: int | None, *, alone: bool) -> int:
    """Write what became of each account; the exit code that this deserves."""
    for one in done:
        for note in (*one.notes, *_waiting(one)):
            out.note(note)
    errors = [_with_way_out(one, history) for one in done if one.error is not None]
    if alone and errors and not done[0].read and not done[0].rejected:
        raise errors[0]
    for error in errors:
        out.error(error)
    nothing = ["No account to read.  Connect one:  ttp account connect instagram"]
    out.records(views.PULLED, done, say=[_sentence(one) for one in done] or nothing)
    rejected = any(one.rejected for one in done)
    if errors and not rejected and all(error.code == "reconnect" for error in errors):
        return RECONNECT
    return PARTIAL if errors or rejected else DONE


def _sentence(one: Pulled) -> str:
    said = f"{one.account}: {one.read} {'post' if one.read == 1 else 'posts'} read: {one.inserted} new"
    return f"{said}, {one.updated} updated, {one.unchanged} unchanged, {len(one.rejected)} rejected."


def _waiting(one: Pulled) -> Iterable[str]:
    if one.waiting:
        are = "1 post is" if one.waiting == 1 else f"{one.waiting} posts are"
        yield f"{are} not shown by {one.account.partition('/')[0]} yet, and read later: {one.account}"


def _with_way_out(one: Pulled, history: int | None) -> TtpError:
    """The account's error; where it passes, with the time and the command to go on."""
    error = one.error
    assert error is not None
    if not isinstance(error, Stopped):
        return error
    say = "try again"
    if error.again_at is not None:
        here = context()
        at, now = error.again_at.astimezone(here.zone), here.now().astimezone(here.zone)
        say = f"go on after {at:%H:%M}" if at.date() == now.date() else f"go on after {at:%a %H:%M}"
    return PartlyFailed(error.message, Hint(say, _command(one.account, history)))


def _command(account: str, history: int | None) -> str:
    return quoted("ttp", "metrics", "pull", "--account", account, *(["--history", str(history)] if history else []))
