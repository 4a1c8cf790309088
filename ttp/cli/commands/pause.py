"""`ttp pause` and `ttp resume`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttp.cli.context import Context
from ttp.cli.options import Accounts, named_accounts, with_output
from ttp.cli.render.accounts import ACCOUNTS_SPEC
from ttp.domain.account import Account

_VIEW = replace(ACCOUNTS_SPEC, columns=("account",))


@with_output(_VIEW)
def pause(context: Context, account: Accounts = None) -> None:
    """Pause publishing for all accounts, or for some; due posts wait.

    Posts that are being published are finished. Accounts added later are not paused.

    Examples:
      ttp pause
      ttp pause --account x/me
    """
    paused = context.pauses.pause(_wanted(context, account))
    more = f" --account {paused[0].name}" if account and len(paused) == 1 else ""
    message = (
        f"Paused {_names(paused)}.  Resume:  ttp resume{more}"
        if paused
        else "No accounts yet.  Connect one:  ttp account connect x"
    )
    context.out.write_list(_VIEW, paused, say=[message])


@with_output(_VIEW)
def resume(context: Context, account: Accounts = None) -> None:
    """Resume publishing; posts that waited are published a minute apart.

    Examples:
      ttp resume
      ttp resume --account x/me
    """
    resumed = context.pauses.resume(_wanted(context, account))
    context.out.write_list(_VIEW, resumed, say=[f"Resumed {_names(resumed)}." if resumed else "Nothing was paused."])


def _wanted(context: Context, names: Sequence[str] | None) -> Sequence[Account]:
    return named_accounts(context, names) if names else context.queries.accounts()


def _names(accounts: Sequence[Account]) -> str:
    return ", ".join(account.name for account in accounts)
