"""The tools for the weekly slots of accounts, and for pausing accounts."""

from __future__ import annotations

from pydantic import Field

from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.slot_parser import parse_slot_times
from ttp.mcp.arguments import Arguments, Write
from ttp.mcp.tool import tool
from ttp.mcp.tools.posts import split
from ttp.services.application import Application as Services
from ttp.views.accounts import account_json
from ttp.views.answers import AccountAnswer, SlotAnswer
from ttp.views.slots import slot_json


class ListSlots(Arguments):
    accounts: list[str] | None = None


@tool("own slots")
def list_slots(services: Services, args: ListSlots) -> list[SlotAnswer]:
    """List the weekly slots of accounts, which 'next-slot' fills."""
    return [slot_json(one) for one in services.slots.all(services.queries.select_accounts(split(args.accounts), None))]


class ChangeSlots(Write):
    accounts: list[str] | None = Field(None, description="With `add`: whose.")
    add: list[str] | None = Field(None, description="Days and times: mon,wed,fri 09:00.")
    remove: list[str] | None = Field(None, description="Ids or names of slots.")
    name: str | None = Field(None, description="A name for the new slots.")
    tz: str | None = None


@tool("slots add", repeatable=True)
def change_slots(services: Services, args: ChangeSlots) -> list[SlotAnswer]:
    """Add and remove weekly slots; scheduled posts keep their times."""
    if not args.add and not args.remove:
        raise UsageError("give the slots to add or to remove", Hint("see", action("slots list")))
    accounts = services.queries.find_accounts(split(args.accounts) or ())
    if args.add and not accounts:
        raise UsageError("name the accounts that get the slots", Hint("see", action("account list")))
    crons = [cron for words in args.add or () for cron in parse_slot_times(words)]
    pairs = [(one, services.times.weekly_zone([one], args.tz).key) for one in accounts]
    return [slot_json(one) for one in services.slots.change(pairs, crons, args.name, args.remove or ())]


class PauseAccounts(Write):
    accounts: list[str] | None = Field(None, description="Else all.")
    resume: bool = Field(False, description="Publish again instead, what waited a minute apart.")


@tool("pause", repeatable=True)
def pause_accounts(services: Services, args: PauseAccounts) -> list[AccountAnswer]:
    """Publish nothing to accounts until they are resumed; due posts wait."""
    accounts = services.queries.select_accounts(split(args.accounts), None)
    change = services.pauses.resume if args.resume else services.pauses.pause
    changed = {one.name: one for one in change(accounts)}
    return [account_json(changed.get(one.name, one)) for one in accounts]


TOOLS = (list_slots, change_slots, pause_accounts)
