"""`ttp account …`: the accounts that posts can go to."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.connect import connect
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import NoInput, Options, Yes, printing, read_file, read_options
from ttp.cli.times import quoted
from ttp.cli.tree import new_app
from ttp.domain.errors import Hint, UsageError

account = new_app(help="The accounts that posts can go to.", no_args_is_help=False)
Name = Annotated[str, typer.Argument(metavar="PLATFORM/HANDLE", help="For example x/me or ig/shop.")]


@account.command("add")
@printing
def add(
    out: Output,
    name: Name,
    credentials: Annotated[
        str | None, typer.Option("--credentials", metavar="FILE", help="JSON with accessToken …; - reads stdin.")
    ] = None,
) -> None:
    """Add an account, or give one new credentials. Makes no network call.

    Without credentials it is not connected: it can be analysed, not published to.

    Example: ttp account add x/me --credentials token.json
    """
    out.expect(views.ACCOUNTS)
    added = context().accounts.add(name, None if credentials is None else read_file(credentials, "credentials"))
    said = f"{added.name} is {'connected' if added.connected else 'added, not connected'}."
    out.record(views.ACCOUNTS, added, say=[said])
    held = None if credentials is None else context().credentials.get(added.name)
    if held is not None and held.refresh_token is not None:
        out.note("its refresh token works once, and ttp keeps the next one: keep TTP_HOME between runs")


account.command("connect")(connect)


@account.command("list")
@printing
def list_(out: Output) -> None:
    """Every account, and whether its token works.

    Example: ttp account list --json
    """
    out.records(views.ACCOUNTS, context().look.accounts())


@account.command("set")
@printing
def set_(
    out: Output,
    name: Name,
    tz: Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="Its IANA zone; '' for none.")] = None,
    options: Options = None,
) -> None:
    """Set an account's time zone and its platform options.

    Example: ttp account set tiktok/me --set tiktok.privacy_level=SELF_ONLY
    """
    out.expect(views.ACCOUNTS)
    if tz is None and not options:
        raise UsageError("nothing to set", Hint("usage", "ttp account set --help"))
    if tz:
        from ttp.cli.zones import zone_named

        zone_named(tz, retype=lambda zone: quoted("ttp", "account", "set", name, "--tz", zone))
    changed = context().accounts.set(name, timezone=tz, options=read_options(options))
    out.record(views.ACCOUNTS, changed, say=[f"Changed {changed.name}."])


@account.command("remove")
@printing
def remove(out: Output, name: Name, yes: Yes = False, no_input: NoInput = False) -> None:
    """Forget an account and its credentials; published posts and metrics stay.

    Refused while posts go to it; --yes cancels those for this account.

    Example: ttp account remove x/old
    """
    out.expect(views.ACCOUNTS)
    found = context().look.account(name)
    if not confirmed(
        out, f"Remove {found.name}?", yes=True, ask_anyway=not yes, no_input=no_input, refusal="", again=""
    ):
        return
    gone, cancelled = context().accounts.remove(name, cancel=yes)
    more = f" Cancelled for it: {' '.join(map(str, cancelled))}." if cancelled else ""
    out.record(views.ACCOUNTS, gone, say=[f"Removed {gone.name}.{more}"])
