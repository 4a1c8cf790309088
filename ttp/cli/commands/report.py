"""`ttp report`."""

from __future__ import annotations

from typing import Annotated

from ttp.cli.context import Context
from ttp.cli.options import Accounts, Platforms, Tz, select_accounts, split_list, with_output
from ttp.cli.output import FORMATS
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import report as render
from ttp.cli.time_options import parse_range
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.zones import parse_zone


@with_output(render.REPORT_SPEC)
def report(
    context: Context,
    when: Annotated[str | None, argument("[WHEN]", "2026-12, 2026-W49 or prev; else the last 30 days.")] = None,
    month: Annotated[bool, flag("--month", "This month.")] = False,
    week: Annotated[bool, flag("--week", "This week.")] = False,
    since: Annotated[str | None, option("--since", "TIME", "Posts from this time on: 7d (days ago), a date.")] = None,
    until: Annotated[str | None, option("--until", "TIME", "Posts before this time.")] = None,
    by: Annotated[list[str] | None, option("--by", "A,B", "Also by account, platform, kind, hour, day or tag.")] = None,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    own_format: Annotated[
        str | None, option("--format", "FORMAT", "table, tsv, json, jsonl, csv, md or html (one web page).")
    ] = None,
) -> None:
    """Show how posts did, compared with the previous period.

    It adds up the newest numbers of each measured post, names the best and the worst posts, and compares each with what
    posts of its kind, hour and weekday usually bring. Fetch numbers first: ttp metrics pull.

    Examples:
      ttp report
      ttp report prev --by account,hour
      ttp report 2026-11 --account ig/shop --format html > november.html
    """
    out = context.out
    if own_format is not None and own_format not in render.FILES:
        raise UsageError(f'no format "{own_format}"', Hint("see", ", ".join((*FORMATS, *render.FILES))))
    span = None
    if when is not None or month or week:
        span = parse_range(context, when, month=month, week=week, tz=tz, begun=True)
    bounds = context.bound("since", since), context.bound("until", until)
    accounts = select_accounts(context, account, platform)
    result = context.reports.report(accounts, span, *bounds, by=split_list(by) or (), tz=tz)
    if not result.posts and not out.for_people:
        out.note(render.NO_POSTS)
    if own_format is None:
        out.write_one(render.REPORT_SPEC, result)
    else:
        out.document([render.FILES[own_format](result, context.zone if tz is None else parse_zone(tz))])
