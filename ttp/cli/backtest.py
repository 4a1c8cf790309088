"""`ttp optimal backtest`: whether the recommendation would have helped, on the account's own history."""

from __future__ import annotations

from ttp.cli import optimal_views
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import Accounts, Platforms, Tz, printing
from ttp.cli.recommending import nothing_measured, wanted_accounts, zone_for


@printing
def backtest(out: Output, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Would the recommendation have helped? Tried on posts it was not made from.

    The later half of an account's posts, each with what was known before it: posts at recommended hours against the
    rest, and the same for the hours with the highest mean, which is what most tools recommend.

    Example: ttp optimal backtest --account x/me --json
    """
    from ttp.services.optimal import way_to_data

    accounts = wanted_accounts(account, platform)
    view = optimal_views.backtests({one.name: way_to_data(one) for one in accounts})
    out.expect(view)
    tests = [context().optimal.backtest(one, zone_for(one, tz)) for one in accounts]
    if not any(test.data_points for test in tests):
        nothing_measured(out, accounts)
    nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
    out.records(view, tests, say=None if tests else nothing)
