"""`ttp optimal explain`: why an hour, a day or a slot of the week is rated as it is."""

from __future__ import annotations

from typing import Annotated

from ttp.cli import optimal_views
from ttp.cli.context import context
from ttp.cli.declared import Argument, Option
from ttp.cli.output import Output
from ttp.cli.params import MOST, Accounts, Platforms, Tz, printing
from ttp.cli.recommending import nothing_measured, read_place, wanted_accounts, zone_for

Place = Annotated[list[str], Argument(metavar="HOUR_OR_SLOT", help="18, 6pm, 'Tue 18', or a day: Tue.")]


@printing
def explain(
    out: Output,
    place: Place,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    limit: Annotated[int | None, Option("--limit", metavar="N", help="At most N posts.", min=0, max=MOST)] = None,
) -> None:
    """Why an hour or a slot is rated so: the posts behind it.

    What each had collected, what trend, kind and outliers did to that, and the way from there to the score. The posts
    that tell most come first.

    Example: ttp optimal explain 'Tue 18' --account x/me
    """
    view = optimal_views.explanations(limit)
    out.expect(view)
    day, hour = read_place(" ".join(place))
    accounts = wanted_accounts(account, platform)
    asked = [(one, context().optimal.explain(one, zone_for(one, tz), day, hour)) for one in accounts]
    found = [explained for _, explained in asked if explained is not None]
    if not found:
        nothing_measured(out, accounts)
    out.records(view, found, say=None if found else ["Nothing is measured yet.  Import some:  ttp metrics import FILE"])
