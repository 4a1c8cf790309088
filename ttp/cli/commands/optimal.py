"""`ttp optimal`: which hours and days bring an account more engagement."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.hints import command_text
from ttp.cli.options import MOST, Accounts, Platforms, Tz, select_accounts, with_output
from ttp.cli.render import heatmap as render_heatmap
from ttp.cli.render import optimal as render_optimal
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError
from ttp.views import optimal as views_optimal
from ttp.views.optimal import AccountAdvice

optimal = typer.Typer()


@optimal.callback()
@with_output()
def best(
    context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None, all_: All = False
) -> None:
    """Which hours and days bring an account more engagement.

    From its own published posts: read them with ttp metrics pull, or import them. Hours are in the account's zone, or
    in --tz.

    Example: ttp optimal --account ig/shop --json
    """
    accounts = select_accounts(context, account, platform)
    view = render_optimal.recommendations_spec(everything=all_, tz=tz, several=len(accounts) > 1)
    context.out.check_fields(view)
    advise = context.optimal.advise
    zone = context.times.account_zone
    told = [
        views_optimal.AccountAdvice(advise(one, zone(one, tz)), zone_is_known(context, one, tz)) for one in accounts
    ]
    nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
    context.out.write_list(view, told, say=None if told else nothing)


@optimal.command("next")
@with_output()
def next_(
    context: Context,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    count: Annotated[int | None, typer.Option("--count", metavar="N", help="So many, not one.", min=1, max=50)] = None,
    explore: Explore = None,
    seed: Seed = None,
) -> None:
    """The next free hour that is about the best, and why.

    The earliest free hour whose expected engagement is within 3 % of the best free one in the next 7 days
    (plan.horizon_s), and which the account has tried; if there is none, the best free one of the five best hours. For
    several accounts: of all of them together. With --explore P it is, with that probability, one of the best of
    another curve that fits the data as well, so that hours of which little is known are tried now and then.

    Example: ttp optimal next --account x/me --json
    """
    accounts = select_accounts(context, account, platform)
    zone = context.times.account_zone
    zones = [zone(one, tz) for one in accounts]
    view = render_optimal.next_slots(counted=count is not None, zone=zones[0] if zones else None)
    context.out.check_fields(view)
    slots = context.optimal.next(accounts, zones, count or 1, explore=explore or 0.0, seed=seed)
    if not slots and not context.out.in_json:
        names = ", ".join(one.name for one in accounts) or "any account"
        ways = context.optimal.ways_to_data(accounts) or (Hint("import some", "ttp metrics import FILE"),)
        raise UsageError(f"no metrics of {names} to tell from", *ways)
    context.out.write_list(view, [slot.as_json() for slot in slots])


@optimal.command("week")
@with_output()
def week(context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Every day's hours, best first.

    For several accounts: of all of them together.

    Example: ttp optimal week --account x/me --json
    """
    context.out.check_fields(render_optimal.week_spec())
    accounts = select_accounts(context, account, platform)
    zone = context.times.account_zone
    found = context.optimal.week(accounts, [zone(one, tz) for one in accounts])
    if not found.accounts:
        note_no_data(context, accounts)
    context.out.write_list(render_optimal.week_spec(found), found.days)


@optimal.command("heatmap")
@with_output()
def heatmap(
    context: Context,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    svg: Svg = None,
    html: Html = None,
) -> None:
    """The week of an account as a heat map: estimates of every hour of every day.

    In colour or in shades on the terminal, with --svg and --html in files that need nothing else. A file that is such
    a picture already is replaced, any other is not.

    Example: ttp optimal heatmap --account ig/shop --html week.html
    """
    context.out.check_fields(render_heatmap.heatmaps_spec())
    if svg == html == "-":
        raise UsageError("stdout takes one picture", Hint("name a file", "--svg FILE --html -"))
    accounts = select_accounts(context, account, platform)
    zone = context.times.account_zone
    told = [
        AccountAdvice(context.optimal.advise(one, zone(one, tz)), zone_is_known(context, one, tz)) for one in accounts
    ]
    if not any(one.advice.recommendation.slots for one in told):
        note_no_data(context, accounts)
    written = [_write(context, kind, file, told) for kind, file in (("svg", svg), ("html", html)) if file is not None]
    if "-" in written:
        return
    if context.out.in_json or not written:
        nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
        context.out.write_list(render_heatmap.heatmaps_spec(), told, say=None if told else nothing)
    else:
        context.out.write_message(f"Wrote {' and '.join(written)}.")


@optimal.command("explain")
@with_output()
def explain(
    context: Context,
    place: Place,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="At most N posts.", min=0, max=MOST)] = None,
) -> None:
    """Why an hour or a slot is rated so: the posts behind it.

    What each had collected, what trend, kind and outliers did to that, and the way from there to the score. The posts
    that tell most come first.

    Example: ttp optimal explain 'Tue 18' --account x/me
    """
    view = render_optimal.explanations_spec(limit)
    context.out.check_fields(view)
    day, hour = parse_hour_of_week(" ".join(place))
    accounts = select_accounts(context, account, platform)
    zone = context.times.account_zone
    asked = [(one, context.optimal.explain(one, zone(one, tz), day, hour)) for one in accounts]
    found = [explained for _, explained in asked if explained is not None]
    if not found:
        note_no_data(context, accounts)
    context.out.write_list(
        view, found, say=None if found else ["Nothing is measured yet.  Import some:  ttp metrics import FILE"]
    )


@optimal.command("backtest")
@with_output()
def backtest(context: Context, account: Accounts = None, platform: Platforms = None, tz: Tz = None) -> None:
    """Would the recommendation have helped? Tried on posts it was not made from.

    The later half of an account's posts, each with what was known before it: posts at recommended hours against the
    rest, and the same for the hours with the highest mean, which is what most tools recommend.

    Example: ttp optimal backtest --account x/me --json
    """
    from ttp.services.optimal import way_to_data

    accounts = select_accounts(context, account, platform)
    view = render_optimal.backtests_spec({one.name: way_to_data(one) for one in accounts})
    context.out.check_fields(view)
    zone = context.times.account_zone
    tests = [context.optimal.backtest(one, zone(one, tz)) for one in accounts]
    if not any(test.data_points for test in tests):
        note_no_data(context, accounts)
    nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
    context.out.write_list(view, tests, say=None if tests else nothing)


Explore = Annotated[
    float | None,
    typer.Option("--explore", metavar="P", help="With this probability try an hour to learn about it.", min=0, max=1),
]


Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="What --explore draws by: again, the same.")]


All = Annotated[bool, typer.Option("--all", help="All 24 hours, 7 days and 168 slots, in JSON.")]


Svg = Annotated[str | None, typer.Option("--svg", metavar="FILE|-", help="Write it as an SVG picture; - is stdout.")]


Html = Annotated[str | None, typer.Option("--html", metavar="FILE|-", help="Write it as a web page; - is stdout.")]


_BEGINNINGS = {"svg": b"<svg ", "html": b"<!DOCTYPE html>"}


def _write(context: Context, kind: str, file: str, told: Sequence[AccountAdvice]) -> str:
    """Draw it and put it in its place; answers that place. NotFound, UsageError."""
    from ttp.cli.render.heatmap_files import heatmap_html, heatmap_svg

    recommendations = [one.advice.recommendation for one in told]
    text = heatmap_svg(recommendations) if kind == "svg" else heatmap_html(recommendations)
    if file == "-":
        context.out.document([text])
        return file
    from ttp.store.home.output_file import write
    from ttp.store.home.paths import expand_user

    path = expand_user(file)
    context.own_files.refuse(path, file)
    _refuse_to_overwrite(path, kind)
    write(path, [text], context.own_files, over=True, typed=file)
    return file


def _refuse_to_overwrite(path: Path, kind: str) -> None:
    """UsageError for a file that is something else: an earlier picture may be replaced, and an empty file filled."""
    from ttp.store.home.output_file import output_error
    from ttp.store.home.regular_file import NotRegular, open_regular

    try:
        with os.fdopen(open_regular(path), "rb") as there:
            beginning = there.read(len(_BEGINNINGS[kind]))
    except (FileNotFoundError, NotRegular):
        return
    except OSError as error:
        raise output_error(path, error) from error
    if beginning not in (b"", _BEGINNINGS[kind]):
        raise UsageError(
            f"{path} is there already and is no {kind.upper()}", Hint("take another name", f"--{kind} FILE")
        )


Place = Annotated[list[str], typer.Argument(metavar="HOUR_OR_SLOT", help="18, 6pm, 'Tue 18', or a day: Tue.")]


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = re.compile(r"(\d{1,2})(?::00|h)?(?: ?(am|pm))?", re.ASCII)


def zone_is_known(context: Context, account: Account, tz: str | None) -> bool:
    """Somebody said which zone the account's hours are in; else it is this machine's."""
    return bool(tz or account.timezone or context.config.text("timezone"))


def note_no_data(context: Context, accounts: Sequence[Account]) -> None:
    """Say on stderr what a pipe would not know from an empty answer: nothing is measured, and what would help."""
    if not context.out.for_people:
        ways = context.optimal.ways_to_data(accounts) or (Hint("import some", "ttp metrics import FILE"),)
        names = ", ".join(one.name for one in accounts) or "any account"
        context.out.note(
            "\n".join(
                [f"no measured posts of {names} yet", *(f"{way.label}:  {command_text(way.way)}" for way in ways)]
            )
        )


def parse_hour_of_week(text: str) -> tuple[int | None, int | None]:
    """Weekday (Monday is 0) and hour of `18`, `6pm`, `Tue`, `Tue 18:00`; None for what was not said. UsageError."""
    day, hour = None, None
    first, _, rest = text.strip().lower().partition(" ")
    days = [place for place, name in enumerate(_DAYS) if len(first) >= 2 and name.startswith(first)]
    if len(days) == 1:
        day, first = days[0], rest.strip()
    else:
        first = text.strip().lower()
    if first:
        hour = _hour(first)
    if (first and hour is None) or (day is None and hour is None):
        raise UsageError(
            f'"{text}" is no hour, day or slot of the week',
            Hint("an hour", "ttp optimal explain 18"),
            Hint("a slot", "ttp optimal explain 'Tue 18'"),
        )
    return day, hour


def _hour(text: str) -> int | None:
    found = _HOUR.fullmatch(text)
    if found is None:
        return None
    hour = int(found[1])
    if found[2]:
        return hour % 12 + (12 if found[2] == "pm" else 0) if 1 <= hour <= 12 else None
    return hour if hour < 24 else None
