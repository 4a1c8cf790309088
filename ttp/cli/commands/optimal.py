"""`ttp optimal …`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import command_text
from ttp.cli.options import MOST, Accounts, Platforms, Tz, select_accounts, subcommand, with_output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import heatmap as render_heatmap
from ttp.cli.render import optimal as render_optimal
from ttp.cli.render.backtest import backtests_spec
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError
from ttp.domain.optimal.free_hours import ANYWHERE
from ttp.domain.time.durations import parse_duration
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views.optimal import AccountAdvice, free_hour_json

optimal = typer.Typer()


@optimal.callback()
@with_output(render_optimal.recommendations_spec(several=True))
def recommend(
    context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None, all_: All = False
) -> None:
    """Show which hours and days bring an account more engagement.

    It learns from the account's own posts: ttp metrics pull fetches them. Hours are in the account's timezone. It also
    names kinds of posts, lengths of texts and pauses that brought more.

    Examples:
      ttp optimal
      ttp optimal next --account ig/shop
      ttp optimal heatmap --html week.html
    """
    accounts = select_accounts(context, account, platform)
    advices = [_advice(context, one, tz) for one in accounts]
    view = render_optimal.recommendations_spec(everything=all_, tz=tz, several=len(accounts) > 1)
    context.out.write_list(view, advices, none=NO_ACCOUNT)


@subcommand(optimal, "next", render_optimal.next_slots())
def next_(
    context: Context,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    count: Annotated[int | None, option("--count", "N", "Show N hours instead of one.", min=1, max=50)] = None,
    within: Annotated[str | None, option("--within", "DURATION", "Take the best hour within this time: 24h.")] = None,
    explore: Explore = None,
    seed: Seed = None,
) -> None:
    """Show the next good free hour, and why it was chosen.

    That is the free hour of the next 3 days (best.within; 24h while the evidence is thin) that brings most, less 2 %
    for each day of waiting, and at which the account has posted before. Several accounts are judged together.
    --explore P tries, with probability P, an hour about which little is known.

    Examples:
      ttp optimal next --account x/me
      ttp optimal next --account x/me --within 24h
      ttp optimal next --account x/me --count 5 --json
    """
    accounts = select_accounts(context, account, platform)
    zones = [context.times.account_zone(one, tz) for one in accounts]
    reach = context.optimal.reach(parse_duration(within)) if within is not None else ANYWHERE
    slots = context.optimal.next(accounts, zones, count or 1, reach=reach, explore=explore or 0.0, seed=seed)
    if not slots and not context.out.in_json:
        raise context.optimal.no_hour_error(accounts, reach=reach)
    foot = []
    if slots and not explore and context.out.for_people:
        foot = render_optimal.explore_advice(context.optimal.keeping_to_best(accounts, zones), "ttp optimal next")
    view = render_optimal.next_slots(counted=count is not None, zone=zones[0] if zones else None)
    context.out.write_list(view, [free_hour_json(slot) for slot in slots], foot=foot)


@subcommand(optimal, "week", render_optimal.week_spec())
def week(context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Show the hours of every day, best first.

    Several accounts are judged together.

    Examples:
      ttp optimal week --account x/me --json
    """
    accounts = select_accounts(context, account, platform)
    schedule = context.optimal.week(accounts, [context.times.account_zone(one, tz) for one in accounts])
    if not schedule.accounts:
        note_no_data(context, accounts)
    context.out.write_list(render_optimal.week_spec(schedule), schedule.days)


@subcommand(optimal, "heatmap", render_heatmap.heatmaps_spec(several=True))
def heatmap(
    context: Context,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    svg: Svg = None,
    html: Html = None,
) -> None:
    """Draw the week of an account as a heat map.

    --svg and --html write files that need nothing else. They replace an earlier heat map, and no other file.

    Examples:
      ttp optimal heatmap
      ttp optimal heatmap --account ig/shop --html week.html
    """
    if svg == html == "-":
        raise UsageError("only one picture can go to stdout", Hint("try", "--svg FILE --html -"))
    accounts = select_accounts(context, account, platform)
    advices = [_advice(context, one, tz) for one in accounts]
    if not any(one.advice.recommendation.slots for one in advices):
        note_no_data(context, accounts)
    written = [
        _write(context, kind, file, advices) for kind, file in (("svg", svg), ("html", html)) if file is not None
    ]
    if "-" in written:
        return
    if context.out.in_json or not written:
        view = render_heatmap.heatmaps_spec(several=len(accounts) > 1)
        context.out.write_list(view, advices, none=NO_ACCOUNT)
    else:
        context.out.write_message(f"Wrote {' and '.join(written)}.")


@subcommand(optimal, "explain", render_optimal.explanations_spec(several=True))
def explain(
    context: Context,
    place: Place,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    limit: Annotated[int | None, option("--limit", "N", "At most N posts.", min=0, max=MOST)] = None,
) -> None:
    """Explain the rating of an hour or a slot by the posts behind it.

    It shows what each post collected, how trend, kind and outliers change that, and how the score follows. The most
    influential posts come first. Last come all kinds of posts, lengths and pauses, with their plain means.

    Examples:
      ttp optimal explain 18
      ttp optimal explain 'Tue 18' --account x/me
    """
    accounts = select_accounts(context, account, platform)
    day, hour = parse_hour_of_week(" ".join(place))
    zone = context.times.account_zone
    explanations = [
        it for one in accounts if (it := context.optimal.explain(one, zone(one, tz), day, hour)) is not None
    ]
    if not explanations:
        note_no_data(context, accounts)
    view = render_optimal.explanations_spec(limit, several=len(accounts) > 1)
    context.out.write_list(view, explanations, none="Nothing is measured yet.  Import some:  ttp metrics import FILE")


@subcommand(optimal, "backtest", backtests_spec({}))
def backtest(context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Test whether the recommendation would have helped.

    It takes the later half of an account's posts and recommends hours from what was known before each. Posts at
    recommended hours are compared with the rest, and the same is done with a simple hourly average. What the earlier
    half says of kinds, lengths and pauses is compared with what the later half brought.

    Examples:
      ttp optimal backtest --account x/me --json
    """
    from ttp.services.optimal import data_action

    accounts = select_accounts(context, account, platform)
    zone = context.times.account_zone
    tests = [context.optimal.backtest(one, zone(one, tz)) for one in accounts]
    if not any(test.data_points for test in tests):
        note_no_data(context, accounts)
    view = backtests_spec({one.name: data_action(one, context.config) for one in accounts})
    context.out.write_list(view, tests, none=NO_ACCOUNT)


Explore = Annotated[float | None, option("--explore", "P", "How often to try an hour to learn about it.", min=0, max=1)]
Seed = Annotated[int | None, option("--seed", "N", "Random seed for --explore.")]
All = Annotated[bool, flag("--all", "With --json: all 24 hours, 7 days and 168 slots.")]
Svg = Annotated[str | None, option("--svg", "FILE|-", "Write an SVG picture; - is stdout.")]
Html = Annotated[str | None, option("--html", "FILE|-", "Write a web page; - is stdout.")]
NO_ACCOUNT = "No account yet.  Connect one, or import metrics:  ttp metrics import FILE"
_BEGINNINGS = {"svg": b"<svg ", "html": b"<!DOCTYPE html>"}


def _write(context: Context, kind: str, file: str, advices: Sequence[AccountAdvice]) -> str:
    """Write the heat map to a file, or to stdout for `-`; return the name. NotFound, UsageError."""
    from ttp.cli.render.heatmap import heatmap_html, heatmap_svg

    recommendations = [one.advice.recommendation for one in advices]
    text = heatmap_svg(recommendations) if kind == "svg" else heatmap_html(recommendations)
    if file == "-":
        context.out.document([text])
        return file
    from ttp.store.home.files import expand_user
    from ttp.store.home.output_file import write

    path = expand_user(file)
    context.own_files.refuse(path, file)
    _refuse_to_overwrite(path, kind)
    write(path, [text], context.own_files, over=True, typed=file)
    return file


def _refuse_to_overwrite(path: Path, kind: str) -> None:
    """Raise UsageError if the file is neither empty nor an earlier heat map."""
    from ttp.store.home.files import NotRegular, open_regular
    from ttp.store.home.output_file import output_error

    try:
        with os.fdopen(open_regular(path), "rb") as there:
            beginning = there.read(len(_BEGINNINGS[kind]))
    except (FileNotFoundError, NotRegular):
        return
    except OSError as error:
        raise output_error(path, error) from error
    if beginning not in (b"", _BEGINNINGS[kind]):
        raise UsageError(f"{path} exists and is not a heat map", Hint("try", f"--{kind} FILE"))


Place = Annotated[list[str], argument("HOUR_OR_SLOT", "18, 6pm, 'Tue 18', or a day: Tue.")]
_HOUR = re.compile(r"(\d{1,2})(?::00|h)?(?: ?(am|pm))?", re.ASCII)


def _advice(context: Context, account: Account, tz: str | None) -> AccountAdvice:
    advice = context.optimal.advise(account, context.times.account_zone(account, tz))
    zone_is_set = bool(tz or account.timezone or context.config.text("timezone"))
    return AccountAdvice(advice, zone_is_set, context.platforms.title(account.platform))


def note_no_data(context: Context, accounts: Sequence[Account]) -> None:
    """Print a note in a pipe, where an empty answer would not say that metrics are missing."""
    if not context.out.for_people:
        ways = context.optimal.data_hints(accounts)
        names = ", ".join(one.name for one in accounts) or "any account"
        context.out.note(
            "\n".join([f"no measured posts of {names} yet", *(f"{way.label}: {command_text(way.way)}" for way in ways)])
        )


def parse_hour_of_week(text: str) -> tuple[int | None, int | None]:
    """Parse `18`, `6pm`, `Tue` or `Tue 18:00` into weekday (Monday is 0) and hour. UsageError."""
    day, hour = None, None
    first, _, rest = text.strip().lower().partition(" ")
    days = [place for place, name in enumerate(DAYS_IN_FULL) if len(first) >= 2 and name.lower().startswith(first)]
    if len(days) == 1:
        day, first = days[0], rest.strip()
    else:
        first = text.strip().lower()
    if first:
        hour = _hour(first)
    if (first and hour is None) or (day is None and hour is None):
        raise UsageError(
            f'"{text}" is not an hour, a day or a weekly slot',
            Hint("try", "ttp optimal explain 18"),
            Hint("try", "ttp optimal explain 'Tue 18'"),
        )
    return day, hour


def _hour(text: str) -> int | None:
    match = _HOUR.fullmatch(text)
    if match is None:
        return None
    hour = int(match[1])
    if match[2]:
        return hour % 12 + (12 if match[2] == "pm" else 0) if 1 <= hour <= 12 else None
    return hour if hour < 24 else None
