"""`ttp optimal`: which hours and days bring an account more engagement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ttp.cli import views
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import Accounts, Platforms, Tz, printing, split_list
from ttp.cli.times import quoted
from ttp.cli.tree import new_app, no_command
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError

optimal = new_app(invoke_without_command=True)
SUBCOMMANDS = ("next",)
All = Annotated[bool, typer.Option("--all", help="All 24 hours, 7 days and 168 slots, in JSON.")]


@optimal.callback(invoke_without_command=True)
@printing
def best(
    out: Output,
    ctx: typer.Context,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    all_: All = False,
) -> None:
    """Which hours and days bring an account more engagement.

    From its own published posts: read them with ttp metrics pull, or import them. Hours are in the account's zone, or
    in --tz.

    Example: ttp optimal --account ig/shop --json
    """
    if ctx.invoked_subcommand is not None:
        _refuse_options_before(ctx)
        return
    from ttp.services.optimal import way_to_data

    out.expect(views.optimal())
    here = context()
    accounts = _wanted(account, platform)
    told, following, ways = [], {}, {}
    for one in accounts:
        zone = zone_for(one, tz)
        recommendation = here.optimal.recommend(one, zone)
        told.append(recommendation.as_json(everything=all_))
        ways[one.name] = way_to_data(one)
        slots = here.optimal.next([one], [zone]) if out.for_people else ()
        if slots:
            following[one.name] = slots[0].at
    nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
    out.records(views.optimal(following, ways), told, say=None if told else nothing)


@optimal.command("next")
@printing
def next_(
    out: Output,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    count: Annotated[int | None, typer.Option("--count", metavar="N", help="So many, not one.", min=1, max=50)] = None,
) -> None:
    """The next free one of an account's best hours.

    For several accounts: of all of them together.

    Example: ttp optimal next --account x/me --json
    """
    view = views.next_slots(counted=count is not None)
    out.expect(view)
    accounts = _wanted(account, platform)
    zones = [zone_for(one, tz) for one in accounts]
    slots = context().optimal.next(accounts, zones, count or 1)
    if not slots and not out.in_json:
        names = ", ".join(one.name for one in accounts) or "any account"
        ways = context().optimal.ways_to_data(accounts) or (Hint("import some", "ttp metrics import FILE"),)
        raise UsageError(f"no metrics of {names} to tell from", *ways)
    out.records(view, [slot.as_json() for slot in slots])


def zone_for(account: Account, tz: str | None) -> ZoneInfo:
    """The zone of an account's hours: --tz, else its own, else the config's or the system's."""
    from ttp.cli.zones import Clash, zone_of

    found = zone_of(tz=tz, accounts={account.name: account.timezone}, config=context().config.text("timezone") or None)
    assert not isinstance(found, Clash)
    return found


def _wanted(names: Sequence[str] | None, platforms: Sequence[str] | None) -> tuple[Account, ...]:
    """The accounts that were named, all of a platform, or all there are."""
    look = context().look
    found = look.named(split_list(names) or ())
    if names:
        return found
    if platforms:
        from ttp.domain.account import platform_named

        wanted = {platform_named(name) for name in split_list(platforms) or ()}
        return tuple(one for one in look.accounts() if one.platform in wanted)
    return tuple(look.accounts())


def _refuse_options_before(ctx: typer.Context) -> None:
    """Options before the subcommand's name would be dropped silently: say the order that works."""
    name = ctx.invoked_subcommand or ""
    if name not in SUBCOMMANDS:
        raise no_command(name, SUBCOMMANDS, "optimal")
    given = []
    for option in ctx.command.params:
        value = ctx.params.get(option.name or "")
        if option.name == "color" and value == "auto":
            continue
        if value and option.opts:
            flag = option.opts[-1] if option.opts[-1].startswith("--") else option.opts[0]
            values = value if isinstance(value, list | tuple) else [value]
            given += [w for v in values for w in ([flag] if v is True else [flag, str(v)])]
    if given:
        raise UsageError(
            "options come after the subcommand's name", Hint("type", quoted("ttp", "optimal", name, *given))
        )
