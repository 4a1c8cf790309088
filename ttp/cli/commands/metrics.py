"""`ttp metrics …`: likes, comments, shares and views of what was published."""

from __future__ import annotations

import gc
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ttp.cli.context import Context
from ttp.cli.escape import escape_text
from ttp.cli.exit_codes import DONE, PARTIAL, RECONNECT
from ttp.cli.hints import quote_command
from ttp.cli.options import MOST, Accounts, NoInput, Tz, Yes, split_list, with_output
from ttp.cli.output import Output
from ttp.cli.progress import progress
from ttp.cli.prompt import confirm
from ttp.cli.render import metrics as render_metrics
from ttp.cli.render import spec
from ttp.domain.account import Account, parse_account_name
from ttp.domain.errors import Hint, NotFound, PartlyFailed, TtpError, UsageError
from ttp.domain.ingest.columns import find_source
from ttp.domain.ingest.dates import ORDERS
from ttp.services.files.metrics_rows import as_text
from ttp.services.metrics import How, Imported
from ttp.services.metrics_sync import Pulled, Stopped, read_price
from ttp.views import Json
from ttp.views.metrics import sample_json

if TYPE_CHECKING:
    from ttp.store.metric_schedule import FollowedPost


metrics = typer.Typer()


LONGEST = 10_000
"""Posts; no platform lists more."""


@metrics.command("import")
@with_output()
def import_(
    context: Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="CSV, JSON or JSON lines; - reads stdin.")],
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ACCOUNT", help="Whose posts they are, where the file does not say."),
    ] = None,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="What a column is: --map Clicks=likes.")
    ] = None,
    tz: Tz = None,
    dates: Annotated[
        str | None, typer.Option("--dates", metavar="ORDER", help="mdy or dmy: which comes first in 03/04/2026.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be read, store nothing.")] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Of the file (own, or a platform) where its columns do not tell; or of the output: table, tsv,"
            " json or jsonl.",
        ),
    ] = None,
) -> int:
    """Store samples from a file.

    ttp's own format, or an export of Instagram's content (Meta Business Suite), TikTok Studio or X Analytics; which
    one it is is told by its columns. The same file twice adds nothing; a bad row rejects only itself.

    Example: ttp metrics import history.csv
    """
    how = how_to_read(context, source=source, account=account, mapped=mapped, tz=tz, dates=dates)
    return import_metrics(context, file, how, dry_run=dry_run)


@metrics.command("pull")
@with_output(verbose=True)
def pull(
    context: Context,
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
    context.out.check_fields(render_metrics.PULL_SPEC)
    named = context.look.named(split_list(account) or ())
    return pull_metrics(context, named, history, yes=yes, no_input=no_input)


@metrics.command("list")
@with_output()
def list_(
    context: Context,
    account: Accounts = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="At most so many.", min=0, max=MOST)] = None,
) -> None:
    """Samples, newest post first.

    Example: ttp metrics list --account x/me --limit 20
    """
    here = context
    shown = 50 if context.out.for_people and limit is None else limit
    context.out.write_list(
        render_metrics.SAMPLES_SPEC, here.metrics.samples(here.look.named(split_list(account) or ()), shown)
    )


@metrics.command("summary")
@with_output()
def summary(context: Context, account: Accounts = None) -> None:
    """Totals of each account: posts, samples, and what the newest samples say.

    Example: ttp metrics summary --account x/me
    """
    from ttp.cli.render.metrics import TOTALS

    here = context
    context.out.check_fields(TOTALS)
    context.out.write_list(TOTALS, here.metrics.totals(here.look.named(split_list(account) or ())))


COUNTS = ("read", "inserted", "updated", "unchanged")


FIELDS = (*COUNTS, "rejected", "source", "columns", "rows")


SHOWN = 10
"""Rejected rows and unknown columns that are named."""


def how_to_read(
    context: Context,
    *,
    source: str | None,
    account: str | None,
    mapped: Sequence[str] | None,
    tz: str | None,
    dates: str | None,
) -> How:
    """What the options say of the file. UsageError."""
    from ttp.domain.time.zones import parse_zone

    if dates is not None and dates not in ORDERS:
        ways = (Hint("the month first", "--dates mdy"), Hint("the day first", "--dates dmy"))
        raise UsageError(f'--dates is mdy or dmy, not "{dates}"', *ways)
    return How(
        source=None if source is None else find_source(source, context.platforms),
        mapped=_pairs(mapped or ()),
        account=None if account is None else "/".join(parse_account_name(account, context.platforms)),
        zone=None if tz is None else parse_zone(tz),
        order=dates,
    )


def import_metrics(context: Context, file: str, how: How, *, dry_run: bool) -> int:
    """Read the file, and tell what became of it; the exit code that this deserves."""
    context.out.check_fields(spec.name_value_spec(FIELDS))
    done = Imported()
    with _opened(file) as binary, _no_garbage():
        text = as_text(binary)
        with progress(context.out, escape_text(Path(file).name), _size(binary), counted=False) as tell:
            try:
                context.metrics.import_file(
                    text, how, dry_run=dry_run, done=done, tell=lambda rows: tell(_place(binary))
                )
            except KeyboardInterrupt:
                context.out.note(_stopped(done, dry_run))
                raise
    return _tell(context.out, done, dry_run)


def _tell(out: Output, done: Imported, dry_run: bool) -> int:
    for note in _notes(done, dry_run):
        out.note(note)
    counts: Json = {name: getattr(done, name) for name in COUNTS}
    shape: Json = {**counts, "rejected": [{"row": row, "reason": reason} for row, reason in done.rejected]}
    if dry_run:
        columns = [{"column": column, "field": taken} for column, taken in done.columns]
        shape |= {"source": done.source, "columns": columns, "rows": [sample_json(one) for one in done.first]}
    said = f"{done.read} rows: {done.inserted} new, {done.updated} updated, {done.unchanged} unchanged"
    said += f", {len(done.rejected)} rejected." + (" Nothing was stored." if dry_run else "")
    shown = shape if out.in_json else {**counts, "rejected": len(done.rejected)}
    out.write_one(spec.name_value_spec(FIELDS), shown, say=[*(_preview(done) if dry_run else ()), said])
    return PARTIAL if done.rejected else DONE


def _notes(done: Imported, dry_run: bool) -> Iterable[str]:
    if done.ignored and not dry_run and done.source in ("own", "mapped"):
        yield f"columns that are not known, and not read: {_listed(done.ignored)}"
    for number, reason in done.rejected[:SHOWN]:
        yield f"row {number} {reason}"
    if len(done.rejected) > SHOWN:
        yield f"{len(done.rejected) - SHOWN} more rows were rejected; see them all with --json"


def _preview(done: Imported) -> Iterable[str]:
    """What the file is, its columns, and its first rows as they were read."""
    yield f"{done.title}: {done.written}"
    width = max((len(column[:40]) for column, taken in done.columns if taken), default=0)
    for column, taken in done.columns:
        if taken:
            yield f"  {column[:40]:<{width}}  ->  {taken}"
    if done.ignored:
        yield f"  not read: {_listed(done.ignored)}"
    for one in done.first:
        counts = {name: getattr(one, name) for name in ("likes", "comments", "shares", "views", "saves", "reach")}
        told = "  ".join(f"{name} {count}" for name, count in counts.items() if count is not None)
        yield f"  {one.account}  {one.remote_id}  {one.published_at:%Y-%m-%d %H:%M:%S} UTC  {told}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[:40] for name in names[:SHOWN]) + more


def _stopped(done: Imported, dry_run: bool) -> str:
    if dry_run or not done.stored:
        return "stopped: nothing was stored"
    return (
        f"stopped: what the first {done.stored} rows say is stored, and nothing of the rest\nthe same command goes on"
    )


def _pairs(texts: Sequence[str]) -> Mapping[str, str] | None:
    """`--map COLUMN=FIELD`; a column's name may have a "=" itself, a field's has none."""
    found = {}
    for text in texts:
        column, equals, name = text.rpartition("=")
        if not equals or not column.strip() or not name.strip():
            raise UsageError(f'--map "{text}" has no "="', Hint("write it as", "--map COLUMN=FIELD"))
        found[column.strip()] = name.strip()
    return found or None


def _opened(file: str) -> BinaryIO:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("there is no stdin to read from", Hint("usage", "ttp metrics import --help"))
        return sys.stdin.buffer
    from ttp.store.home.regular_file import open_input

    try:
        return open_input(Path(file))
    except FileNotFoundError:
        raise NotFound(f"no file {file}", Hint("usage", "ttp metrics import --help")) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Rows hold no cycles, and looking through millions of them for some takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _size(binary: BinaryIO) -> int | None:
    """The bytes of a regular file; None for anything else."""
    with suppress(OSError):
        status = os.fstat(binary.fileno())
        if stat.S_ISREG(status.st_mode):
            return status.st_size
    return None


def _place(binary: BinaryIO) -> int:
    with suppress(OSError):
        return binary.tell()
    return 0


ASK_ABOVE = 0.05
"""Dollars up to which nobody is asked."""


def pull_metrics(context: Context, named: Sequence[Account], history: int | None, *, yes: bool, no_input: bool) -> int:
    """Read the numbers of the named accounts' posts (of every account that costs nothing, where none is named)."""
    here = context
    accounts = named or _all(context, history)
    wanted = [(one, here.pull.posts(one) if history is None else []) for one in accounts]
    if not _paid(context, wanted, history, yes=yes, no_input=no_input):
        return DONE
    done = []
    try:
        for account, posts in wanted:
            with progress(context.out, account.name, len(posts) if history is None else history) as tell:
                done.append(here.pull.pull(account, posts, history, tell))
    finally:
        here.pull.close()
    return _pulling_tell(context, done, history, alone=len(named) == 1)


def _all(context: Context, history: int | None) -> list[Account]:
    accounts, left_out = context.pull.chosen(list(context.look.accounts()))
    for one in left_out:
        title = context.platforms.facts(one.platform).title
        context.out.note(
            f"{one.name} is left out: {title} charges for reading\nread it:  {_command(one.name, history)}"
        )
    return accounts


def _paid(
    context: Context,
    wanted: Sequence[tuple[Account, Sequence[FollowedPost]]],
    history: int | None,
    *,
    yes: bool,
    no_input: bool,
) -> bool:
    """Say what X charges, if anything; on a terminal ask where it is more than a few cents. Whether to go on."""
    known, total = context.platforms, 0.0
    for name in dict.fromkeys(account.platform for account, _ in wanted):
        pricing, title = known.pricing(name), known.facts(name).title
        prices = {
            account.name: price / 1000
            for account, posts in wanted
            if account.platform == name and (price := read_price(pricing, posts, history)) > 0
        }
        if pricing is not None and prices:
            total += sum(prices.values())
            said = f"{title} charges up to {_money(sum(prices.values()))} to read the posts of {', '.join(prices)}"
            context.out.note(f"{said} ({_money(pricing.per_read / 1000)} for each; again on the same UTC day nothing)")
    if not total:
        return True
    ask = total > ASK_ABOVE and not yes
    return confirm(context.out, "Read them?", yes=True, ask_anyway=ask, no_input=no_input, refusal="", again="")


def _money(dollars: float) -> str:
    """`$0.05`, with tenths of a cent where there are any."""
    text = f"{dollars:.3f}"
    return f"${text.removesuffix('0')}"


def _pulling_tell(context: Context, done: Sequence[Pulled], history: int | None, *, alone: bool) -> int:
    """Write what became of each account; the exit code that this deserves."""
    for one in done:
        for note in (*one.notes, *_waiting(one)):
            context.out.note(note)
    errors = [_with_way_out(context, one, history) for one in done if one.error is not None]
    if alone and errors and not done[0].read and not done[0].rejected:
        raise errors[0]
    for error in errors:
        context.out.error(error)
    nothing = ["No account to read.  Connect one:  ttp account connect PLATFORM"]
    context.out.write_list(render_metrics.PULL_SPEC, done, say=[_sentence(one) for one in done] or nothing)
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


def _with_way_out(context: Context, one: Pulled, history: int | None) -> TtpError:
    """The account's error; where it passes, with the time and the command to go on."""
    error = one.error
    assert error is not None
    if not isinstance(error, Stopped):
        return error
    say = "try again"
    if error.again_at is not None:
        here = context
        at, now = error.again_at.astimezone(here.zone), here.now().astimezone(here.zone)
        say = f"go on after {at:%H:%M}" if at.date() == now.date() else f"go on after {at:%a %H:%M}"
    return PartlyFailed(error.message, Hint(say, _command(one.account, history)))


def _command(account: str, history: int | None) -> str:
    return quote_command(
        "ttp", "metrics", "pull", "--account", account, *(["--history", str(history)] if history else [])
    )
