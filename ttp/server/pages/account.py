"""The page of an account: its timezone, slots, options and pause, and the limits with the commands that set them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.errors import NotFound, TtpError
from ttp.domain.options import parse_option
from ttp.domain.pricing import budget_of, dollars
from ttp.domain.time.formatting import format_duration
from ttp.domain.time.slot_parser import format_slot_times, parse_slot_times
from ttp.domain.time.zones import load_zone, parse_zone, suggest_zone, zone_names
from ttp.server.pages.accounts import limits_of, state_of
from ttp.server.pages.visit import Visit

PAGE = "/accounts/{platform}/{handle}"


def show_account(visit: Visit, error: TtpError | None = None) -> Response:
    """Show one account. `error`: why a change was refused; the form keeps what was typed."""
    account = _account(visit)
    platform = visit.installation.platforms.facts(account.platform)
    zone = load_zone(account.timezone or "") or visit.zone
    zone_name = visit.field("timezone") if "timezone" in visit.form else account.timezone or ""
    options = visit.installation.platforms.options(account.platform)
    return visit.page(
        "account.html",
        error=error,
        account=account,
        address=_address(account),
        platform=platform,
        state=state_of(visit, account),
        account_zone=zone,
        zone_name=zone_name,
        zones=zone_names(),
        meant=suggest_zone(zone_name).way if error is not None and visit.field("do") == "zone" else "",
        slots=[(place.slot, format_slot_times(place.slot.cron)) for place in visit.reading.slots.all([account])],
        options=[(one, _option_value(visit, account, name)) for name, one in options.items()],
        may_set=visit.may("account set"),
        may_connect=visit.may("sign-in at a platform"),
        limits=limits_of(visit, account),
        own_limits=_own_limits(visit, account),
        remove=visit.installation.render_way_out(action("account remove", account.name)),
    )


def _set_zone(visit: Visit, account: Account) -> str:
    typed = visit.field("timezone").strip()
    visit.services("account set").accounts.set(
        account.name, timezone=parse_zone(typed).key if typed else "", options={}
    )
    return "saved"


def _set_options(visit: Visit, account: Account) -> str:
    """Set all options of the form; an empty one is removed."""
    names = visit.installation.platforms.options(account.platform)
    typed = {f"{account.platform}.{name}": visit.field(f"option:{name}").strip() for name in names}
    parsed = dict(
        parse_option(f"{name}={value}", visit.installation.platforms) for name, value in typed.items() if value
    )
    split = {"always": True, "never": False}.get(visit.field("split"))
    changed = visit.services("account set").accounts.set(
        account.name, timezone=None, options={**dict.fromkeys(typed, ""), **parsed}, split=split
    )
    return "account-unapproved" if changed.withdrawn else "saved"


def _add_slots(visit: Visit, account: Account) -> str:
    services = visit.services("slots add")
    crons = parse_slot_times(visit.field("times"))
    services.slots.add([(account, services.times.weekly_zone([account], None).key)], crons, None)
    return "saved"


def _remove_slot(visit: Visit, account: Account) -> str:
    services, slot = visit.services("slots remove"), visit.field("slot")
    if slot not in {str(place.slot.id) for place in services.slots.all([account])}:
        raise NotFound(f"{account.name} has no slot {slot}")
    services.slots.remove([slot])
    return "saved"


def _pause(visit: Visit, account: Account) -> str:
    visit.services("pause").pauses.pause([account])
    return "paused"


def _resume(visit: Visit, account: Account) -> str:
    visit.services("resume").pauses.resume([account])
    return "resumed"


ACTIONS: Mapping[str, Callable[[Visit, Account], str]] = {
    "zone": _set_zone,
    "options": _set_options,
    "add": _add_slots,
    "remove": _remove_slot,
    "pause": _pause,
    "resume": _resume,
}
"""What a button of the page of an account does; the word of its message."""


def change_account(visit: Visit) -> Response:
    account = _account(visit)
    change = ACTIONS.get(visit.field("do"))
    if change is None:
        return show_account(visit)
    try:
        done = change(visit, account)
    except TtpError as error:
        return show_account(visit, error)
    return visit.go(_address(account), done=done)


def _account(visit: Visit) -> Account:
    """Return the account of the address. Raise NotFound, also for one of others."""
    params = visit.request.path_params
    name = f"{params['platform']}/{params['handle']}".lower()
    account = next((one for one in visit.reading.queries.accounts() if one.name.lower() == name), None)
    if account is None:
        raise NotFound("there is no such account")
    return account


def _address(account: Account) -> str:
    return PAGE.format(platform=account.platform, handle=account.handle)


def _option_value(visit: Visit, account: Account, name: str) -> str:
    field = f"option:{name}"
    return visit.field(field) if field in visit.form else account.options.get(f"{account.platform}.{name}", "")


def _own_limits(visit: Visit, account: Account) -> list[tuple[str, str, str]]:
    """Return the limits that the settings give: what, how much, and the command that sets it."""
    config = visit.installation.config
    platform = visit.installation.platforms.facts(account.platform)
    per_day, gap = config.count("publish.per_day"), config.seconds("publish.min_gap_s")
    pause = format_duration(timedelta(seconds=gap))
    lines = [
        ("Posts in 24 hours", f"at most {per_day}" if per_day else "no limit", "publish.per_day", "10"),
        ("Between two posts", f"at least {pause}" if gap else "no limit", "publish.min_gap_s", "3600"),
    ]
    if any(key.name == "budget_usd" for key in platform.keys):
        budget = budget_of(platform, config)
        name = f"platforms.{platform.name}.budget_usd"
        lines.append(("Costs in a month", f"at most {dollars(budget)}" if budget else "no limit", name, "20"))
    render = visit.installation.render_way_out
    return [(what, much, render(action("config set", name, example))) for what, much, name, example in lines]
