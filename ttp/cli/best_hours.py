"""`ttp optimal` and `ttp optimal next`: an account's best hours and days, and the next one that is free.

They are answered before Typer is imported (see `at_once`).
"""

from __future__ import annotations

from typing import Annotated

from ttp.cli import optimal_views, views
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.output import Output
from ttp.cli.params import Accounts, Platforms, Tz, printing
from ttp.cli.recommending import wanted_accounts, zone_for, zone_is_known
from ttp.domain.errors import Hint, UsageError

Explore = Annotated[
    float | None,
    Option("--explore", metavar="P", help="With this probability try an hour to learn about it.", min=0, max=1),
]
Seed = Annotated[int | None, Option("--seed", metavar="N", help="What --explore draws by: again, the same.")]
All = Annotated[bool, Option("--all", help="All 24 hours, 7 days and 168 slots, in JSON.")]


@printing
def best(out: Output, account: Accounts = None, platform: Platforms = None, tz: Tz = None, all_: All = False) -> None:
    """Which hours and days bring an account more engagement.

    From its own published posts: read them with ttp metrics pull, or import them. Hours are in the account's zone, or
    in --tz.

    Example: ttp optimal --account ig/shop --json
    """
    accounts = wanted_accounts(account, platform)
    view = optimal_views.recommendations(everything=all_, tz=tz, several=len(accounts) > 1)
    out.expect(view)
    advise = context().optimal.advise
    told = [optimal_views.Told(advise(one, zone_for(one, tz)), zone_is_known(one, tz)) for one in accounts]
    nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
    out.records(view, told, say=None if told else nothing)


@printing
def next_(
    out: Output,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    count: Annotated[int | None, Option("--count", metavar="N", help="So many, not one.", min=1, max=50)] = None,
    explore: Explore = None,
    seed: Seed = None,
) -> None:
    """The next free hour that is about the best, and why.

    The earliest free hour whose expected engagement is within 3 % of the best free one in the next 7 days
    (plan.horizon_s), and which the account has tried; if there is none, the best free one of the five best hours. For
    several accounts: of all of them together. With --explore P it is, with that probability, one of the best of
    another curve that fits the data as well, so that hours of which little is known are tried now and then.

    Example: ttp optimal next --account x/me --json
    """
    accounts = wanted_accounts(account, platform)
    zones = [zone_for(one, tz) for one in accounts]
    view = views.next_slots(counted=count is not None, zone=zones[0] if zones else None)
    out.expect(view)
    slots = context().optimal.next(accounts, zones, count or 1, explore=explore or 0.0, seed=seed)
    if not slots and not out.in_json:
        names = ", ".join(one.name for one in accounts) or "any account"
        ways = context().optimal.ways_to_data(accounts) or (Hint("import some", "ttp metrics import FILE"),)
        raise UsageError(f"no metrics of {names} to tell from", *ways)
    out.records(view, [slot.as_json() for slot in slots])
