"""`ttp metrics …`."""

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
from ttp.cli.errors import DONE, FAILED, PARTIAL, RECONNECT, command_text, quote_command, retype
from ttp.cli.options import MOST, Accounts, DateOrder, Tz, named_accounts, subcommand
from ttp.cli.output import Output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.progress import progress
from ttp.cli.render import metrics as render_metrics
from ttp.cli.render import spec
from ttp.cli.render.labels import plural
from ttp.cli.terminal import ask, escape_text
from ttp.domain.account import Account, parse_account_name
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotFound, PartlyFailed, TtpError, UsageError
from ttp.domain.metrics.ingest.columns import find_source
from ttp.domain.metrics.sample import COUNTS
from ttp.domain.time.zones import parse_zone
from ttp.services.metrics.imports import ImportOptions, MetricsImport
from ttp.services.metrics.sync import PullResult, ReadingStopped
from ttp.views.metrics import IMPORT_COUNTS, metrics_import_json

if TYPE_CHECKING:
    from ttp.services.connecting.connect import ConnectResult
    from ttp.store.metrics.schedule import FollowedPost


metrics = typer.Typer()
IMPORT_SPEC = spec.name_value_spec(metrics_import_json)
LONGEST = 10_000
"""Posts. No platform lists more."""


@subcommand(metrics, "import", IMPORT_SPEC)
def import_(
    context: Context,
    file: Annotated[str, argument("FILE|-", "CSV, JSON, JSON lines or X's archive (.zip); - reads stdin.")],
    account: Annotated[
        str | None, option("--account", "ACCOUNT", "The account of the posts, if the file does not name it.")
    ] = None,
    mapped: Annotated[
        list[str] | None, option("--map", "COLUMN=FIELD", "Which field a column is: Clicks=likes.")
    ] = None,
    tz: Tz = None,
    dates: DateOrder = None,
    dry_run: Annotated[bool, flag("--dry-run", "Show what would be imported, and store nothing.")] = False,
    own_format: Annotated[
        str | None,
        option(
            "--format",
            "FORMAT",
            "The format of the file (own, or a platform), if its columns do not tell; or of the output.",
        ),
    ] = None,
) -> int:
    """Import metrics of posts from a file.

    It reads ttp's own format and the exports of the platforms, and tells them apart by their columns. The zip that X
    sends as the archive of your data has all your posts. Importing a file twice adds nothing; a row with errors is
    skipped.

    Examples:
      ttp metrics import history.csv
      ttp metrics import export.csv --account ig/shop --tz Europe/Berlin --dry-run
      ttp metrics import clicks.csv --map Clicks=likes --account x/me
    """
    how = ImportOptions(
        source=None if own_format is None else find_source(own_format, context.platforms),
        mapped=_pairs(mapped or ()),
        account=None if account is None else "/".join(parse_account_name(account, context.platforms)),
        zone=None if tz is None else parse_zone(tz),
        order=dates,
    )
    done = _import_file(context, file, how, dry_run=dry_run)
    context.out.note(*_notes(done, dry_run))
    if how.account and any(reason.endswith(f", not of {how.account}") for _, reason in done.rejected):
        again = retype(context.line, other_options(account=None))
        context.out.note(f"The file is of another account. Import it for that account:\nfix: {again}")
    return _print_import(context.out, done, dry_run)


@subcommand(metrics, "pull", render_metrics.PULL_SPEC, verbose=True, asks=True)
def pull(
    context: Context,
    account: Accounts = None,
    history: Annotated[
        int | None, option("--history", "N", "The newest N posts, also those not published by ttp.", min=1, max=LONGEST)
    ] = None,
) -> int:
    """Pull the metrics of published posts from the platforms.

    By default of posts that ttp published lately (metrics.after); with --history of older posts too, so that ttp
    optimal works from the first day. A platform that charges for reading is skipped without --account, unless
    metrics.pull names it.

    Examples:
      ttp metrics pull
      ttp metrics pull --account ig/shop --history 200
    """
    named = named_accounts(context, account)
    accounts = named or _all(context, history)
    pairs = [(one, context.metrics_sync.posts(one) if history is None else []) for one in accounts]
    if not _paid(context, pairs, history):
        return FAILED
    return _print_pull(context, pull_accounts(context, pairs, history), history, alone=len(named) == 1)


def pull_accounts(
    context: Context, pairs: Iterable[tuple[Account, Sequence[FollowedPost]]], history: int | None
) -> list[PullResult]:
    """Read the posts of accounts, or their newest `history` ones, and store a sample of each."""
    done = []
    try:
        for one, posts in pairs:
            with progress(context.out, one.name, len(posts) if history is None else history) as tell:
                done.append(context.metrics_sync.pull(one, posts, history, tell))
    finally:
        context.metrics_sync.close()
    return done


def offer_history(context: Context, connected: ConnectResult, *, ask_person: bool) -> None:
    """Read a new account's newest posts if a person wants it, where that is free; else print the command and its price.
    Only reads: a failure does not undo the connection."""
    from ttp.services.optimal import FIRST_PULL, data_action

    account = connected.account
    if connected.again or not context.out.for_people or not context.platforms.facts(account.platform).has_metrics:
        return
    way = command_text(data_action(account, context.config))
    price = context.metrics_sync.price(account, [], FIRST_PULL)
    if price:
        from ttp.domain.pricing import dollars

        title = context.platforms.title(account.platform)
        context.out.note(f"best times from the first day, for up to {dollars(price)} that {title} charges:  {way}")
    elif ask_person and ask(f"Read its last {FIRST_PULL} posts now, for best times from the first day? It is free."):
        (result,) = pull_accounts(context, [(account, [])], FIRST_PULL)
        context.out.note(pulled_words(result))
        if result.error is not None:
            context.out.error(result.error)
            context.out.note(f"the account is connected; read them later:  {way}")
    else:
        context.out.note(f"best times from the first day:  {way}")


@subcommand(metrics, "list", render_metrics.SAMPLES_SPEC)
def list_(
    context: Context,
    account: Accounts = None,
    limit: Annotated[int | None, option("--limit", "N", "Print at most N samples.", min=0, max=MOST)] = None,
) -> None:
    """List samples, newest post first.

    Examples:
      ttp metrics list
      ttp metrics list --account x/me --limit 20
    """
    shown = 50 if context.out.for_people and limit is None else limit
    context.out.write_list(
        render_metrics.SAMPLES_SPEC, context.metrics.samples(named_accounts(context, account), shown)
    )


@subcommand(metrics, "summary", render_metrics.TOTALS)
def summary(context: Context, account: Accounts = None) -> None:
    """Show totals of each account: posts, samples, and sums of the newest ones.

    Examples:
      ttp metrics summary
      ttp metrics summary --account x/me
    """
    context.out.write_list(render_metrics.TOTALS, context.metrics.totals(named_accounts(context, account)))


SHOWN = 10
"""Rejected rows and unknown columns that are listed."""


def _import_file(context: Context, file: str, how: ImportOptions, *, dry_run: bool) -> MetricsImport:
    done = MetricsImport()
    with (
        _opened(file) as binary,
        _no_garbage(),
        context.metrics.open_rows(binary, how) as (text, how),
        progress(context.out, escape_text(Path(file).name), _size(binary), counted=False) as tell,
    ):
        try:
            context.metrics.import_file(text, how, dry_run=dry_run, done=done, report=lambda rows: tell(_place(binary)))
        except KeyboardInterrupt:
            context.out.note(_stopped(done, dry_run))
            raise
    return done


def _print_import(out: Output, done: MetricsImport, dry_run: bool) -> int:
    shape = metrics_import_json(done, dry_run=dry_run)
    rejected = len(done.rejected)
    counted = f"{done.inserted} new, {done.updated} updated, {done.unchanged} unchanged, {rejected} rejected."
    message = f"{plural(done.read, 'row')}: {counted}{' --dry-run: nothing was stored.' if dry_run else ''}"
    counts = {name: getattr(done, name) for name in IMPORT_COUNTS}
    shown = shape if out.in_json else {**counts, "rejected": rejected}
    out.write_one(IMPORT_SPEC, shown, say=[*(_preview(done) if dry_run else ()), message])
    return PARTIAL if done.rejected else DONE


def _notes(done: MetricsImport, dry_run: bool) -> Iterable[str]:
    if done.added and not dry_run:
        names = ", ".join(done.added)
        yield f"added {plural(len(done.added), 'account')}, for analytics only: {names}"
    if done.ignored_columns and not dry_run and done.source in ("own", "mapped"):
        yield f"ignored columns: {_listed(done.ignored_columns)}"
    for number, reason in done.rejected[:SHOWN]:
        yield f"row {number} {reason}"
    if len(done.rejected) > SHOWN:
        yield f"{len(done.rejected) - SHOWN} more rows were rejected; see them all with --json"


def _preview(done: MetricsImport) -> Iterable[str]:
    """Yield the format of the file, its columns and its first rows."""
    yield f"{done.title}: {done.written}"
    width = max((len(column[:40]) for column, field in done.columns if field), default=0)
    for column, field in done.columns:
        if field:
            yield f"  {column[:40]:<{width}}  ->  {field}"
    if done.ignored_columns:
        yield f"  ignored: {_listed(done.ignored_columns)}"
    for one in done.first:
        counts = {name: getattr(one, name) for name in COUNTS}
        numbers = "  ".join(f"{name} {count}" for name, count in counts.items() if count is not None)
        yield f"  {one.account}  {one.remote_id}  {one.published_at:%Y-%m-%d %H:%M:%S} UTC  {numbers}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[:40] for name in names[:SHOWN]) + more


def _stopped(done: MetricsImport, dry_run: bool) -> str:
    if dry_run or not done.stored:
        return "stopped: nothing was stored"
    return f"stopped: the first {done.stored} rows are stored\nthe same command continues"


def _pairs(texts: Sequence[str]) -> Mapping[str, str] | None:
    """Parse `--map COLUMN=FIELD`. The name of a column may contain `=`."""
    fields = {}
    for text in texts:
        column, equals, name = text.rpartition("=")
        if not equals or not column.strip() or not name.strip():
            raise UsageError(f'--map "{text}" has no "="', Hint("try", "--map Clicks=likes"))
        fields[column.strip()] = name.strip()
    return fields or None


def _opened(file: str) -> BinaryIO:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("cannot read stdin: it is closed", Hint("see", "ttp metrics import --help"))
        return sys.stdin.buffer
    from ttp.store.home.files import open_input

    try:
        return open_input(Path(file))
    except FileNotFoundError:
        raise NotFound(f"no file {file}", Hint("see", "ttp metrics import --help")) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Switch the garbage collector off: rows have no cycles, and scanning millions takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _size(binary: BinaryIO) -> int | None:
    """Return the size of a regular file; None for anything else."""
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
"""Dollars. More needs confirmation."""


def _all(context: Context, history: int | None) -> list[Account]:
    accounts, left_out = context.metrics_sync.choose_accounts(list(context.queries.accounts()))
    for one in left_out:
        title = context.platforms.facts(one.platform).title
        context.out.note(f"{one.name} is skipped: {title} charges for reading\npull it:  {_command(one.name, history)}")
    return accounts


def _paid(context: Context, pairs: Sequence[tuple[Account, Sequence[FollowedPost]]], history: int | None) -> bool:
    """Print what platforms charge, and ask on a terminal if it is more than a few cents. Return whether to go on."""
    platforms, total = context.platforms, 0.0
    for name in dict.fromkeys(account.platform for account, _ in pairs):
        pricing, title = platforms.pricing(name), platforms.facts(name).title
        prices = {
            account.name: price / 1000
            for account, posts in pairs
            if account.platform == name and (price := context.metrics_sync.price(account, posts, history)) > 0
        }
        if pricing is not None and prices:
            total += sum(prices.values())
            message = f"{title} charges up to {_money(sum(prices.values()))} to read the posts of {', '.join(prices)}"
            context.out.note(
                f"{message} (at most {_money(pricing.per_read / 1000)} each; free when repeated on the same UTC day)"
            )
    return total <= ASK_ABOVE or context.confirm("Pull them?")


def _money(dollars: float) -> str:
    """Return `$0.05`, with tenths of a cent if there are any."""
    text = f"{dollars:.3f}"
    return f"${text.removesuffix('0')}"


def _print_pull(context: Context, done: Sequence[PullResult], history: int | None, *, alone: bool) -> int:
    """Print the result of each account; return the exit code."""
    for one in done:
        context.out.note(*one.notes, *_waiting(one))
    errors = [_with_way_out(context, one, history) for one in done if one.error is not None]
    if alone and errors and not done[0].read and not done[0].rejected:
        raise errors[0]
    for error in errors:
        context.out.error(error)
    nothing = ["No account to pull from.  Connect one:  ttp account connect PLATFORM"]
    context.out.write_list(render_metrics.PULL_SPEC, done, say=[pulled_words(one) for one in done] or nothing)
    rejected = any(one.rejected for one in done)
    if errors and not rejected and all(error.code == "reconnect" for error in errors):
        return RECONNECT
    return PARTIAL if errors or rejected else DONE


def pulled_words(one: PullResult) -> str:
    """Return what a pull read, in a sentence."""
    sentence = f"{one.account}: {plural(one.read, 'post')} read: {one.inserted} new"
    return f"{sentence}, {one.updated} updated, {one.unchanged} unchanged, {len(one.rejected)} rejected."


def _waiting(one: PullResult) -> Iterable[str]:
    if one.waiting:
        posts = plural(one.waiting, "post")
        yield f"{one.account} does not list {posts} yet; {'it is' if one.waiting == 1 else 'they are'} read next time"


def _with_way_out(context: Context, one: PullResult, history: int | None) -> TtpError:
    """Return the error of an account; if it is temporary, with the time and the command to continue."""
    error = one.error
    assert error is not None
    if not isinstance(error, ReadingStopped):
        return error
    when = ""
    if error.again_at is not None:
        at, now = error.again_at.astimezone(context.zone), context.now().astimezone(context.zone)
        when = f"; try again after {at:%H:%M}" if at.date() == now.date() else f"; try again after {at:%a %H:%M}"
    return PartlyFailed(error.message + when, Hint("try", _command(one.account, history)))


def _command(account: str, history: int | None) -> str:
    return quote_command(
        "ttp", "metrics", "pull", "--account", account, *(["--history", str(history)] if history else [])
    )
