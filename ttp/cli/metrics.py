"""`ttp metrics …`: likes, comments, shares and views of what was published."""

from __future__ import annotations

from typing import Annotated

from ttp.cli import views
from ttp.cli.context import context
from ttp.cli.declared import Argument, Group, Option
from ttp.cli.output import Output
from ttp.cli.params import MOST, Accounts, NoInput, Tz, Yes, calling, printing, split_list

metrics = Group()
LONGEST = 10_000
"""Posts; no platform lists more."""


@metrics.command("import")
@printing
def import_(
    out: Output,
    file: Annotated[str, Argument(metavar="FILE|-", help="CSV, JSON or JSON lines; - reads stdin.")],
    source: str | None = None,
    account: Annotated[
        str | None,
        Option("--account", metavar="ACCOUNT", help="Whose posts they are, where the file does not say."),
    ] = None,
    mapped: Annotated[
        list[str] | None, Option("--map", metavar="COLUMN=FIELD", help="What a column is: --map Clicks=likes.")
    ] = None,
    tz: Tz = None,
    dates: Annotated[
        str | None, Option("--dates", metavar="ORDER", help="mdy or dmy: which comes first in 03/04/2026.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would be read, store nothing.")] = False,
) -> int:
    """Store samples from a file.

    ttp's own format, or an export of Instagram's content (Meta Business Suite), TikTok Studio or X Analytics; which
    one it is is told by its columns. The same file twice adds nothing; a bad row rejects only itself.

    Example: ttp metrics import history.csv
    """
    from ttp.cli.importing import how_to_read, import_metrics

    how = how_to_read(source=source, account=account, mapped=mapped, tz=tz, dates=dates)
    return import_metrics(out, file, how, dry_run=dry_run)


@metrics.command("pull")
@calling
def pull(
    out: Output,
    account: Accounts = None,
    history: Annotated[
        int | None,
        Option("--history", metavar="N", help="The newest N posts, whoever published them.", min=1, max=LONGEST),
    ] = None,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Read the numbers of published posts from the platforms.

    Of what ttp published lately (metrics.after), or with --history of older posts too, so that ttp optimal has
    something to go by on the first day. X charges for it: without --account it is left out unless metrics.pull has x.

    Example: ttp metrics pull --account ig/shop --history 200
    """
    from ttp.cli.pulling import pull as pull_numbers

    out.expect(views.PULLED)
    named = context().look.named(split_list(account) or ())
    return pull_numbers(out, named, history, yes=yes, no_input=no_input)


@metrics.command("list")
@printing
def list_(
    out: Output,
    account: Accounts = None,
    limit: Annotated[int | None, Option("--limit", metavar="N", help="At most so many.", min=0, max=MOST)] = None,
) -> None:
    """Samples, newest post first.

    Example: ttp metrics list --account x/me --limit 20
    """
    here = context()
    shown = 50 if out.for_people and limit is None else limit
    out.records(views.SAMPLES, here.metrics.samples(here.look.named(split_list(account) or ()), shown))


@metrics.command("summary")
@printing
def summary(out: Output, account: Accounts = None) -> None:
    """Totals of each account: posts, samples, and what the newest samples say.

    Example: ttp metrics summary --account x/me
    """
    from ttp.cli.totals import TOTALS

    here = context()
    out.expect(TOTALS)
    out.records(TOTALS, here.metrics.totals(here.look.named(split_list(account) or ())))
