"""`ttp metrics …`: likes, comments, shares and views of what was published."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ttp.cli import views
from ttp.cli.context import context
from ttp.cli.exit_codes import DONE, PARTIAL
from ttp.cli.output import Output
from ttp.cli.params import MOST, Accounts, NoInput, Tz, Yes, printing, split_list
from ttp.cli.shapes import Json
from ttp.cli.tree import new_app
from ttp.domain.errors import Hint, NotFound, UsageError

metrics = new_app(help="Likes, comments, shares and views of what was published.")
IMPORTED = ("read", "inserted", "updated", "unchanged", "rejected")
SHOWN = 10
LONGEST = 10_000
"""Posts; no platform lists more."""


@metrics.command("import")
@printing
def import_(
    out: Output,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A CSV in ttp's own format; - reads stdin.")],
    tz: Tz = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check it, store nothing.")] = False,
) -> int:
    """Store samples from a CSV file.

    Columns: account, remoteId, publishedAt, likes, comments, shares, views; and if you have them observedAt, saves,
    reach, kind, text. The same file twice adds nothing; a bad row rejects only itself.

    Example: ttp metrics import history.csv
    """
    from ttp.cli.zones import zone_named
    from ttp.services.metrics_file import as_text

    out.expect(views.facts_view(IMPORTED))
    zone = None if tz is None else zone_named(tz)
    with _opened(file) as binary:
        done = context().metrics.import_file(as_text(binary), zone=zone, dry_run=dry_run)
    if done.ignored:
        out.note(f"columns that are not known, and not read: {', '.join(done.ignored)}")
    for number, reason in done.rejected[:SHOWN]:
        out.note(f"row {number} {reason}")
    if len(done.rejected) > SHOWN:
        out.note(f"{len(done.rejected) - SHOWN} more rows were rejected; see them all with --json")
    counts: Json = {name: getattr(done, name) for name in IMPORTED[:-1]}
    shape: Json = {**counts, "rejected": [{"row": row, "reason": reason} for row, reason in done.rejected]}
    said = f"{done.read} rows: {done.inserted} new, {done.updated} updated, {done.unchanged} unchanged"
    said += f", {len(done.rejected)} rejected." + (" Nothing was stored." if dry_run else "")
    shown = shape if out.in_json else {**counts, "rejected": len(done.rejected)}
    out.record(views.facts_view(IMPORTED), shown, say=[said])
    return PARTIAL if done.rejected else DONE


@metrics.command("pull")
@printing
def pull(
    out: Output,
    account: Accounts = None,
    history: Annotated[
        int | None,
        typer.Option("--history", metavar="N", help="The newest N posts, whoever published them.", min=1, max=LONGEST),
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
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="At most so many.", min=0, max=MOST)] = None,
) -> None:
    """Samples, newest post first.

    Example: ttp metrics list --account x/me --limit 20
    """
    here = context()
    shown = 50 if out.for_people and limit is None else limit
    out.records(views.SAMPLES, here.metrics.samples(here.look.named(split_list(account) or ()), shown))


def _opened(file: str) -> BinaryIO:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("there is no stdin to read from", Hint("usage", "ttp metrics import --help"))
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except FileNotFoundError:
        raise NotFound(f"no file {file}", Hint("usage", "ttp metrics import --help")) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
