"""`ttp optimal week`: the hours of every day, best first."""

from __future__ import annotations

from ttp.cli import optimal_views
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import Accounts, Platforms, Tz, printing
from ttp.cli.recommending import nothing_measured, wanted_accounts, zone_for


@printing
def week(out: Output, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Every day's hours, best first.

    For several accounts: of all of them together.

    Example: ttp optimal week --account x/me --json
    """
    out.expect(optimal_views.week())
    accounts = wanted_accounts(account, platform)
    found = context().optimal.week(accounts, [zone_for(one, tz) for one in accounts])
    if not found.accounts:
        nothing_measured(out, accounts)
    out.records(optimal_views.week(found), found.days)
