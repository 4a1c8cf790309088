"""`ttp pause` and `ttp resume`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.options import Accounts, split_list, with_output
from ttp.cli.render import accounts as accounts_module
from ttp.domain.account import Account

if TYPE_CHECKING:
    from ttp.services.accounts import AccountPause


_VIEW = replace(accounts_module.ACCOUNTS_SPEC, columns=("account",))


@with_output()
def pause(context: Context, account: Accounts = None) -> None:
    """Pause publishing for all accounts, or for some; due posts wait.

    Posts that are being published are finished. Accounts added later are not paused.

    Examples:
      ttp pause
      ttp pause --account x/me
    """
    context.out.check_fields(_VIEW)
    paused = _pausing(context).pause(_wanted(context, account))
    more = f" --account {paused[0].name}" if account and len(paused) == 1 else ""
    said = (
        f"Paused {_names(paused)}.  Resume:  ttp resume{more}"
        if paused
        else "No accounts yet.  Connect one:  ttp account connect x"
    )
    context.out.write_list(_VIEW, paused, say=[said])


@with_output()
def resume(context: Context, account: Accounts = None) -> None:
    """Resume publishing; posts that waited are published a minute apart.

    Examples:
      ttp resume
      ttp resume --account x/me
    """
    context.out.check_fields(_VIEW)
    resumed = _pausing(context).resume(_wanted(context, account))
    context.out.write_list(_VIEW, resumed, say=[f"Resumed {_names(resumed)}." if resumed else "Nothing was paused."])


def _pausing(context: Context) -> AccountPause:
    from ttp.services.accounts import AccountPause

    return AccountPause(context.database, context.clock)


def _wanted(context: Context, names: Sequence[str] | None) -> Sequence[Account]:
    look = context.queries
    return look.find_accounts(split_list(names) or ()) if names else look.accounts()


def _names(accounts: Sequence[Account]) -> str:
    return ", ".join(account.name for account in accounts)
