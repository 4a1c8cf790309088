"""`ttp slots …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ttp.cli.context import Context
from ttp.cli.errors import option_words, quote_command
from ttp.cli.options import Accounts, Cron, CronZone, named_accounts, subcommand
from ttp.cli.parameters import argument, option
from ttp.cli.render import slots as slots_module
from ttp.cli.render.spec import REMOVED_SPEC
from ttp.cli.time_options import parse_times
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError
from ttp.domain.slot import SlotInstant
from ttp.domain.time.cron import parse_cron
from ttp.domain.time.formatting import format_instant
from ttp.domain.time.slot_parser import format_slot_times, parse_slot_times

slots = typer.Typer()


@subcommand(slots, "add", slots_module.SLOTS_SPEC)
def add(
    context: Context,
    words: Annotated[
        str | None, argument("[DAYS TIMES]", "Days and times: 'mon,wed,fri 09:00', 'daily 18:00'.")
    ] = None,
    account: Annotated[
        list[str] | None, option("--account", "ACCOUNT", "The account that posts at these times.")
    ] = None,
    cron: Cron = None,
    tz: CronZone = None,
    name: Annotated[str | None, option("--name", "NAME", "A name for the slots, to remove them by.")] = None,
) -> None:
    """Add weekly posting times to an account.

    They keep their wall-clock time through daylight saving. ttp create --at next-slot takes the next free one.

    Examples:
      ttp slots add 'mon,wed,fri 09:00' --account x/me
      ttp slots add 'daily 18:00' --account x/me,ig/shop --tz Europe/Berlin
      ttp slots add --cron '0 9 * * 1,3,5' --account x/me
    """
    command = ["ttp", "slots", "add", *option_words({"--account": account, "--name": name})]
    if not account:
        when = [words] if words else option_words({"--cron": cron or "0 9 * * 1,3,5"})
        name = next((one.name for one in context.queries.accounts()), "x/me")
        raise UsageError(
            "name the account with --account", Hint("try", quote_command(*command, *when, "--account", name))
        )
    accounts = named_accounts(context, account)
    parse = {"": parse_slot_times, "--cron": lambda text: [parse_cron(text)]}
    crons = parse_times({"": words, "--cron": cron}, parse, command)
    added = context.slots.add([(one, context.times.weekly_zone([one], tz).key) for one in accounts], crons, name)
    places = {place.slot.id: place for place in context.slots.all(accounts)}
    lines = [_said(context, places[one.slot.id], known=one.known) for one in added]
    context.out.write_list(slots_module.SLOTS_SPEC, [places[one.slot.id] for one in added], say=lines)


@subcommand(slots, "list", slots_module.SLOTS_SPEC)
def list_(context: Context, account: Accounts = None) -> None:
    """List slots and when each comes next.

    Examples:
      ttp slots list
      ttp slots list --account x/me
    """
    context.out.write_list(slots_module.SLOTS_SPEC, context.slots.all(_wanted(context, account)))


@subcommand(slots, "preview", slots_module.PREVIEW_SPEC)
def preview(
    context: Context,
    account: Accounts = None,
    count: Annotated[int, option("--count", "N", "How many times (10).", min=1, max=1000)] = 10,
) -> None:
    """Show the next slot times, and which posts fill them.

    Examples:
      ttp slots preview
      ttp slots preview --account x/me --json
    """
    context.out.write_list(slots_module.PREVIEW_SPEC, context.calendar.slots_preview(_wanted(context, account), count))


@subcommand(slots, "remove", REMOVED_SPEC)
def remove(context: Context, slots: Annotated[list[str], argument("ID|NAME...", "Ids or names of slots.")]) -> None:
    """Remove slots. Posts at these times keep them.

    Examples:
      ttp slots remove 3 mornings
    """
    gone = context.slots.remove(slots)
    lines = [f"Removed slot {one.id}: {format_slot_times(one.cron)} {one.timezone} of {one.account}." for one in gone]
    context.out.write_list(REMOVED_SPEC, [one.id or 0 for one in gone], say=lines)


def _said(context: Context, place: SlotInstant, *, known: bool) -> str:
    slot = place.slot
    at = format_instant(place.at, context.zone, [(slot.account, ZoneInfo(slot.timezone))])
    what = f"Slot {slot.id} of {slot.account}{' exists already' if known else ''}"
    return f"{what}: {format_slot_times(slot.cron)}, next {at}"


def _wanted(context: Context, names: Sequence[str] | None) -> tuple[Account, ...] | None:
    """Return the named accounts; None for all."""
    return named_accounts(context, names) if names else None
