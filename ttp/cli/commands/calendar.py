"""`ttp calendar`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import option_words, quote_command, retype
from ttp.cli.notices import login_note, paused_account_notes
from ttp.cli.output import Output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render.labels import SIGNS, plural, sign
from ttp.cli.render.names import Names, joined_names, names_in
from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.render.posts import approvals
from ttp.cli.render.spec import OutputSpec
from ttp.cli.render.width import columns, cut, pad, turns
from ttp.cli.terminal import escape_line, escape_text
from ttp.cli.time_options import parse_range
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.login_end import ends_before
from ttp.domain.post import calendar_time
from ttp.domain.time.calendar_range import CalendarRange, week_of
from ttp.domain.time.formatting import DAYS, MONTHS, format_iso
from ttp.views.calendar import CalendarPage, calendar_json, calendar_row, gaps_of
from ttp.views.posts import MOST_NAMED

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.services.queries import PostView


CALENDAR_SPEC: OutputSpec[PostView] = OutputSpec(
    calendar_row, ("date", "time", "id", "accounts", "content"), partial(calendar_row, zone=UTC)
)
"""`ttp calendar`: a row for each post."""


@options.with_output(CALENDAR_SPEC)
def calendar(
    context: Context,
    when: Annotated[str | None, argument("[WHEN]", "2026-12, 2026-W49, a date, next or prev; else now.")] = None,
    month: Annotated[bool, flag("--month", "Show a month (the default).")] = False,
    week: Annotated[bool, flag("--week", "Show a week.")] = False,
    ics: Annotated[bool, flag("--ics", "Print an iCalendar file, for a phone.")] = False,
    status: options.Statuses = None,
    platform: options.Platforms = None,
    account: options.Accounts = None,
    tag: options.WithTags = None,
    tz: Annotated[str | None, option("--tz", "ZONE", "Show days and times of this timezone.")] = None,
) -> None:
    """Show what is published when, in a month or a week.

    A gap is an empty day between days with posts. The week also shows the best free hours of accounts with metrics.
    Drafts have no time and are not shown.

    Examples:
      ttp calendar
      ttp calendar --week next --account x/me
      ttp calendar 2026-12 --ics > posts.ics
    """
    span = parse_range(context, when, month=month, week=week, tz=tz)
    _refuse(context.out, status, ics=ics)
    post_filter = options.PostOptions(status, platform, account, tag).parse(context)
    posts = context.calendar.posts(span, post_filter)
    if ics:
        context.out.document(context.export.calendar(posts))
        return
    notes = paused_account_notes(context.queries.accounts())
    notes += map(login_note, ends_before(context.installation.status.login_ends(), posts))
    if not context.out.for_people:
        context.out.note(*notes)
    sheet = CalendarPage(
        span,
        gaps=() if status else gaps_of(span, posts, context.now()),
        week_begins=context.week_begins,
        all_=retype(context.line, other_options(format="tsv")),
    )
    is_over = when is None and all(calendar_time(post) < context.now() for post in posts)
    if context.out.for_people and is_over and context.calendar.posts(span.shift(1), post_filter):
        sheet = replace(sheet, later=quote_command("ttp", *context.line.words, "next"))
    if span.is_week and (context.out.for_people or context.out.format == "json"):
        sheet = _with_free_slots(context, sheet, posts, account, platform, tz)
    context.out.write_list(calendar_spec(sheet), posts, foot=notes)


def _with_free_slots(
    context: Context,
    sheet: CalendarPage,
    posts: Sequence[PostView],
    names: list[str] | None,
    platforms: list[str] | None,
    tz: str | None,
) -> CalendarPage:
    """Return the page with the best hours of its week that are free for all chosen accounts with metrics."""
    optimal = context.optimal
    accounts = optimal.with_data([one for one in options.select_accounts(context, names, platforms) if one.enabled])
    free = optimal.free_between(accounts, context.times.account_zones(accounts, tz), sheet.span, posts)
    return replace(sheet, free=free, take=_take(context, sheet.span, free, accounts, tz) if free else "")


def _take(
    context: Context, span: CalendarRange, free: Sequence[FreeHour], accounts: Sequence[Account], tz: str | None
) -> str:
    """Return the command that plans drafts of these accounts, or a new post at the first free hour."""
    ids = map(str, context.calendar.drafts(accounts, min(len(free), MOST_NAMED)))
    start = max(span.start, context.now())
    days = 1 + (free[-1].at - start) // timedelta(days=1)
    plan = [*ids, *(["--from", f"{span.first}"] if start == span.start else []), "--days", f"{days}"]
    if plan[0].isdecimal():
        return quote_command("ttp", "plan", *plan, *option_words({"--tz": tz}), "--dry-run")
    to = ",".join(one.name for one in accounts)
    return quote_command("ttp", "create", "TEXT", "--to", to, "--at", format_iso(free[0].at, span.zone))


def _refuse(out: Output, status: list[str] | None, *, ics: bool) -> None:
    """Raise UsageError for drafts, and for formats that a calendar file does not have."""
    if "draft" in [name.lower() for name in options.split_list(status) or ()]:
        raise UsageError("drafts have no time and are in no calendar", Hint("see", "ttp list --status draft"))
    if ics and (out.in_json or out.fields):
        way = other_options(json=False, format=None, fields=None)
        raise UsageError("--ics writes a calendar file, without --json and --fields", Hint("try", way))


def calendar_spec(sheet: CalendarPage) -> OutputSpec[PostView]:
    """Return the spec of a month or a week."""
    draw = render_week if sheet.span.is_week else render_month
    return replace(
        CALENDAR_SPEC,
        to_json=partial(calendar_row, zone=sheet.span.zone),
        render=lambda posts, page: draw(posts, sheet, page),
        to_document=partial(calendar_json, sheet),
    )


STAR, NOW, GAP = "★", "▸", "-"


def month_name(day: date) -> str:
    """Return `November 2026`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def days_name(span: CalendarRange) -> str:
    """Return `23 to 29 November 2026`, with the month and the year of the first day if they differ."""
    first, last = span.first, span.last
    before = f"{first.day}" if first.month == last.month else f"{first.day} {MONTHS[first.month - 1]}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{before}{year} to {last.day} {month_name(last)}"


def heading(parts: Sequence[str], right: str, width: int, page: Page) -> Iterator[str]:
    """Draw a heading: the first of `parts` in bold, the rest after it, and `right` at the end if there is room."""
    plain = "   ".join(parts)
    line = "   ".join([page.paint(parts[0], "bold"), *parts[1:]])
    if right and columns(plain) + columns(right) + 3 <= width:
        yield line + " " * (width - columns(plain) - columns(right)) + right
    else:
        yield from page._replace(width=width).flow(
            [page.paint(parts[0], "bold"), *parts[1:], *([right] if right else [])]
        )


def accounts_of(post: PostView, names: Names, room: int) -> str:
    """Return the accounts of a post in short, `ig x/me +2`; for a pool whose post is not chosen yet, its tag."""
    accounts = joined_names([names[row.account] for row in post.active], room)
    return accounts or (escape_line(post.tags[0]) if post.id is None and post.tags else "")


def label(post: PostView) -> str:
    """Return the id of a post; nothing for one that a repeat will create."""
    return "" if post.id is None else str(post.id)


def foot(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw the legend, the first post that needs a person, and the command that uses the free slots."""
    if not posts and not sheet.later:
        yield "No posts in this time.  Create one:  ttp create 'Hello'"
    if sheet.later:
        yield f"Posts of the next {'week' if sheet.span.is_week else 'month'}:  {escape_text(sheet.later)}"
    there = {sign(post) for post in posts}
    pieces = [f"{page.paint(one, style)} {words}" for one, (words, style) in SIGNS.items() if one in there]
    if sheet.gaps and not sheet.span.is_week:
        pieces.append(f"{page.paint(GAP, 'magenta')} gap")
    needy = next((post for post in posts if post.needs() not in ((), ("approve",))), None)
    if needy is not None:
        pieces.append(f"Post {needy.id} needs you:  ttp show {needy.id}")
    pieces += approvals(posts)
    sentence = f"{plural(len(sheet.free), 'free best slot')} this week:" if sheet.free else ""
    fits = columns(f"{sentence}  {sheet.take}") <= page.width
    yield from page.flow([*pieces, *([f"{sentence}  {escape_text(sheet.take)}"] if sentence and fits else [])])
    if not fits:
        yield from (sentence, f"  {escape_text(sheet.take)}")


LISTED = 8
"""Posts that are listed below the month."""
_DAY, _WIDEST = 4, 16
_NARROW, _WITH_HANDLES = 70, 80


def render_month(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw a month in weeks, with their ISO numbers."""
    span = sheet.span
    page = page._replace(zone=span.zone)
    margin = 5 if page.width >= _NARROW else 4
    wide = min(_WIDEST, (page.width - margin) // 7)
    weeks = list(dict.fromkeys(week_of(day, span.zone, sheet.week_begins) for day in span.days))
    numbers = f"weeks {_week_number(weeks[0])} to {_week_number(weeks[-1])}"
    yield from heading([month_name(span.first)], f"{escape_text(page.zone_name())}, {numbers}", margin + 7 * wide, page)
    yield ""
    head = "".join(pad(f" {DAYS[day.weekday()]}", wide) for day in weeks[0].days)
    yield page.paint(f"{' ' * margin}{head}".rstrip(), "dim")
    by_day: dict[date, list[PostView]] = {}
    for post in posts:
        by_day.setdefault(span.day(calendar_time(post)), []).append(post)
    for week in weeks:
        number = page.paint(f"{_week_number(week):>{margin - 2}}", "dim")
        cells = (
            _cell(day, by_day.get(day, ()), sheet, wide, page) if day in span.days else " " * wide for day in week.days
        )
        yield f"{number}  {''.join(cells)}".rstrip()
    yield from _listed(posts, sheet, page)
    yield ""
    yield from foot(posts, sheet, page)


def _week_number(week: CalendarRange) -> int:
    return week.middle.isocalendar().week


def _cell(day: date, posts: Sequence[PostView], sheet: CalendarPage, wide: int, page: Page) -> str:
    """Draw a day (today in brackets) and its signs, the most urgent first."""
    today = sheet.span.day(page.now)
    if day == today:
        number = page.paint(f"[{day.day:>2}]", "bold")
    else:
        number = f" {page.paint(f'{day.day:>2}', 'dim' if day < today else '')} "
    if day in sheet.gaps:
        return number + page.paint(GAP, "magenta") + " " * (wide - _DAY - 1)
    room = max(1, wide - _DAY - 1)
    signs, more = _some(sorted((sign(post) for post in posts), key=list(SIGNS).index), room)
    drawn = "".join(page.paint(one, SIGNS[one][1]) for one in signs)
    return number + drawn + more + " " * (wide - _DAY - len(signs) - len(more))


def _some(signs: list[str], room: int) -> tuple[list[str], str]:
    """Return the signs that fit, and `+3` for the rest; only `+` if that does not fit."""
    if len(signs) <= room:
        return signs, ""
    for shown in range(room - 2, 0, -1):
        more = f"+{len(signs) - shown}"
        if shown + len(more) <= room:
            return signs[:shown], more
    return signs[:1], "+" if room > 1 else ""


def _listed(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw the next posts of the month, or the first ones of a past month, and the command for the rest."""
    after = [post for post in posts if calendar_time(post) >= page.now]
    shown = after if sheet.span.holds(page.now) else posts
    if not shown:
        return
    room = page.width // 3
    names = names_in(shown[:LISTED], room, with_handle=page.width >= _WITH_HANDLES)
    yield from table_of(
        shown[:LISTED],
        page,
        (Column(""), lambda post: f"{page.time(calendar_time(post))} {page.day(calendar_time(post))}"),
        (Column(""), lambda post: Cell(sign(post), SIGNS[sign(post)][1])),
        (Column("", right=True), lambda post: Cell(label(post), "bold")),
        (Column("", drop=1, most=room), lambda post: accounts_of(post, names, room)),
        (Column(""), lambda post: escape_line(post.content)),
        least=12,
    )
    if len(shown) > LISTED:
        yield f"  +{len(shown) - LISTED}, see all:  {escape_text(sheet.all_)}"


_AXIS = (9, 12, 15, 18, 21)
"""Hours that always have a line."""
_GRID = 70
"""With fewer columns the days are drawn below one another."""
_LEFT, _CALENDAR_WEEK_WIDEST, _ROOMY = 7, 26, 13
_MOST, _MOST_A_DAY = 3, 6
"""Most posts shown of one hour in the grid, and of one day in the list."""
_NAME, _TEXT = 2, 8
"""Least columns for the beginning of an account name, and of a text."""


def render_week(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw a week with its posts, the best free hours and the present."""
    page = page._replace(zone=sheet.span.zone)
    if page.width < _GRID:
        yield from _days(posts, sheet, page)
    else:
        yield from _grid(posts, sheet, page)
    yield ""
    yield from foot(posts, sheet, page)


def _grid(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw a column per day, and one or more lines per hour that has something."""
    wide = min(_CALENDAR_WEEK_WIDEST, (page.width - _LEFT) // 7)
    days, width = sheet.span.days, _LEFT + 7 * wide
    yield from _heading(sheet, page, width)
    yield ""
    today = sheet.span.day(page.now)
    heads = [_drawn(_day_name(day), "bold" if day == today else "", page) for day in days]
    yield _calendar_week_line("", heads, wide, page)
    cells = _cells(posts, sheet, wide - (2 if wide >= _ROOMY else 1), page)
    present = page.local(page.now).hour if sheet.span.holds(page.now) else _AXIS[0]
    named = {*_AXIS, *(hour for hour, _ in cells)}
    for hour in sorted(named | {present}):
        here = [[*cells.get((hour, day), ())] for day in days]
        if hour == present and today in days:
            cell = here[days.index(today)]
            cell.append(_drawn(f"{NOW}{page.time(page.now)}", "bold", page, page.now))
            cell.sort(key=_instant)
        for place in range(max(1, *map(len, here))):
            row = [one[place] if place < len(one) else _NOTHING for one in here]
            yield _calendar_week_line(f" {hour:02}:00" if place == 0 and hour in named else "", row, wide, page)
    yield page.paint(" " * _LEFT + "─" * (width - _LEFT - 1), "dim")
    yield _calendar_week_line(" posts", [_count(day, posts, sheet, page) for day in days], wide, page)


class _Drawn(NamedTuple):
    """A painted piece of a line, its columns, and its instant."""

    painted: str
    columns: int
    at: datetime | None = None


_NOTHING = _Drawn("", 0)


def _drawn(text: str, style: Style, page: Page, at: datetime | None = None) -> _Drawn:
    return _Drawn(page.paint(text, style), columns(text), at)


def _calendar_week_line(label: str, row: Sequence[_Drawn], wide: int, page: Page) -> str:
    cells = "".join(one.painted + " " * (wide - one.columns) for one in row)
    return f"{page.paint(label, 'dim')}{' ' * (_LEFT - len(label))}{cells}".rstrip()


def _cells(
    posts: Sequence[PostView], sheet: CalendarPage, room: int, page: Page
) -> dict[tuple[int, date], list[_Drawn]]:
    """Return the posts and stars of each hour of each day, in order; of many posts the first ones."""
    names = names_in(posts, room - 5)
    cells: dict[tuple[int, date], list[_Drawn]] = {}
    for (hour, day), some in _by_hour(posts, page).items():
        shown = some if len(some) <= _MOST else some[: _MOST - 1]
        cell = cells[hour, day] = [_post(post, room, names, page) for post in shown]
        if hidden := some[len(shown) :]:
            cell.append(_drawn(*_others(hidden), page, calendar_time(hidden[0])))
    for slot in sheet.free or ():
        local = page.local(slot.at)
        cell = cells.setdefault((local.hour, local.date()), [])
        cell.append(_drawn(STAR if not local.minute else f":{local.minute:02} {STAR}", "green", page, slot.at))
        cell.sort(key=_instant)
    return cells


def _others(hidden: Sequence[PostView]) -> tuple[str, Style]:
    """Return `+7` for posts without room, with the sign of one that needs a person."""
    wrong = [one for one in ("!", "?") if one in map(sign, hidden)]
    return f"+{len(hidden)} {''.join(wrong[:1])}".rstrip(), "red" if wrong else "dim"


def _by_hour(posts: Sequence[PostView], page: Page) -> dict[tuple[int, date], list[PostView]]:
    by_hour: dict[tuple[int, date], list[PostView]] = {}
    for post in posts:
        local = page.local(calendar_time(post))
        by_hour.setdefault((local.hour, local.date()), []).append(post)
    return by_hour


def _post(post: PostView, room: int, names: Names, page: Page) -> _Drawn:
    """Draw a post: its minute if it is not the full hour, its id, accounts and text if they fit, and its sign."""
    at = calendar_time(post)
    minute = page.local(at).minute
    text = " ".join(part for part in (f":{minute:02}" if minute else "", label(post)) if part)
    accounts = accounts_of(post, names, room - 3 - columns(text))
    for more, least in ((accounts, _NAME), (escape_line(post.content), _TEXT)):
        rest = room - 2 - columns(text) - (1 if text else 0)
        if more and rest >= least and not turns(more):
            text = f"{text} {cut(more, rest)}".lstrip()
    end = sign(post)
    return _Drawn(pad(cut(text, room - 2), room - 1) + page.paint(end, SIGNS[end][1]), room, at)


def _instant(one: _Drawn) -> datetime:
    assert one.at is not None
    return one.at


def _count(day: date, posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> _Drawn:
    """Draw the number of posts of a day, how many failed, and whether an empty day is a gap."""
    here = [post for post in posts if sheet.span.day(calendar_time(post)) == day]
    wrong = sum(sign(post) in ("!", "?") for post in here)
    if wrong:
        return _drawn(f"{len(here)} ({wrong} !)", "red", page)
    return _drawn("0  gap", "magenta", page) if day in sheet.gaps else _drawn(f"{len(here)}", "", page)


def _days(posts: Sequence[PostView], sheet: CalendarPage, page: Page) -> Iterator[str]:
    """Draw a line for each post and each free hour, day by day."""
    yield from _heading(sheet, page, page.width)
    yield ""
    names, today = names_in(posts, page.width // 3), sheet.span.day(page.now)
    for day in sheet.span.days:
        here = [post for post in posts if sheet.span.day(calendar_time(post)) == day]
        shown = here if len(here) <= _MOST_A_DAY else here[: _MOST_A_DAY - 1]
        lines = [(calendar_time(post), _post_line(post, names, page)) for post in shown]
        lines += [(s.at, f"{page.time(s.at)}  {page.paint(STAR, 'green')}") for s in _free(sheet, day)]
        if day == today:
            lines.append((page.now, page.paint(f"{page.time(page.now)}  {NOW}", "bold")))
        lines.sort(key=lambda line: line[0])
        texts = [line for _, line in lines]
        texts += [page.paint(*_others(here[len(shown) :]))] if len(here) > len(shown) else []
        texts = [page.paint("gap", "magenta"), *texts] if day in sheet.gaps else texts
        for place, line in enumerate(texts or [""]):
            name = page.paint(_day_name(day), "bold" if day == today else "") if place == 0 else " " * 6
            yield f" {name}  {line}".rstrip()


def _post_line(post: PostView, names: Names, page: Page) -> str:
    one = sign(post)
    summary = " ".join(part for part in (label(post), accounts_of(post, names, page.width // 3)) if part)
    text = cut(f"{summary}  {escape_line(post.content)}", page.width - 19)
    return f"{page.time(calendar_time(post))}  {page.paint(one, SIGNS[one][1])}  {text}"


def _free(sheet: CalendarPage, day: date) -> list[FreeHour]:
    return [slot for slot in sheet.free or () if sheet.span.day(slot.at) == day]


def _heading(sheet: CalendarPage, page: Page, width: int) -> Iterator[str]:
    span = sheet.span
    signs = [f"best slots {STAR}"] if sheet.free else []
    signs += [f"now {NOW}"] if span.holds(page.now) else []
    parts = [f"Week {_week_number(span)}", days_name(span), escape_text(page.zone_name())]
    return heading(parts, "   ".join(signs), width, page)


def _day_name(day: date) -> str:
    return f"{DAYS[day.weekday()]} {day.day:>2}"
