"""`ttp repeat …`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import option_words
from ttp.cli.notices import name_posts, print_warnings, warn_of_scheduled
from ttp.cli.output import Output
from ttp.cli.parameters import argument, option
from ttp.cli.render import slots
from ttp.cli.time_options import parse_times
from ttp.domain.errors import Hint, UsageError
from ttp.domain.post_edit import PostInput
from ttp.domain.recurrence import Recurrence, RecurrenceCounts, end_of_day
from ttp.domain.time.formatting import clock_text, day_text, format_instant, zone_city
from ttp.views.posts import id_ranges

if TYPE_CHECKING:
    from ttp.services.repeats import ChangedRepeat, NewRepeat

repeat = typer.Typer()
COOL_DOWN = "30d"
RepeatId = Annotated[int, argument("ID", "The id of a repeat: ttp repeat list.", min=1, max=options.MOST)]


@options.subcommand(repeat, "add", slots.begun_spec((), ()))
def add(
    context: Context,
    what: Annotated[
        str | None, argument("[ID]", "The post to repeat; or --pool.", parser=options.parse_id_or_times)
    ] = None,
    times: Annotated[list[str] | None, argument("[TIMES...]", "Days and times, such as mon,thu 9:00.")] = None,
    cron: options.Cron = None,
    rule: Annotated[
        str | None, option("--rule", "RRULE", "An iCalendar rule: 'FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0'.")
    ] = None,
    tz: options.CronZone = None,
    until: Annotated[str | None, option("--until", "DATE", "The last day: 2027-06-30.")] = None,
    count: Annotated[int | None, option("--count", "N", "How many times in all.", min=1, max=options.MOST)] = None,
    vary: Annotated[
        str | None, option("--vary", "FILE", "A file of texts to use in turn, separated by lines of ---.")
    ] = None,
    pool: Annotated[
        str | None, option("--pool", "TAG", "Each time repeat the least recently used post with this tag.")
    ] = None,
    template: options.TemplateName = None,
    var: options.Variables = None,
    to: options.To = None,
    cool_down: Annotated[
        str | None, option("--cool-down", "DURATION", "With --pool: how long a post rests (30d).")
    ] = None,
    strict: options.Strict = False,
) -> None:
    """Repeat a post on a schedule.

    Each time a new post is created in advance; the repeated post does not change. With --pool the posts of a
    tag take turns. With --template the repeated post is a new draft. The word add can be left out.

    Examples:
      ttp repeat add 3 'weekdays 9:00' --tz Europe/Zurich --count 10
      ttp repeat add 3 'every 2 weeks on tue at 18:00'
      ttp repeat add --pool evergreen 'last friday of the month 17:00'
      ttp repeat add --template weekly --to x/me 'monthly on the 1st,15th at 9:00'
    """
    from ttp.cli.time_readings import own_time
    from ttp.domain.time.slot_parser import parse_rule, parse_rule_of

    if (pool or template) and what and not what.isdecimal():
        times = [what, *(times or ())]
        what = None
    post_id = None if what is None else options.parse_id(what)
    rest = {"--until": until, "--count": None if count is None else str(count), "--vary": vary, "--pool": pool}
    more = {**rest, "--template": template, "--var": var, "--to": to, "--cool-down": cool_down, "--tz": tz}
    command = ["ttp", "repeat", *([str(post_id)] if post_id else []), *option_words(more)]
    _refuse_mixture(post_id, pool, vary, cool_down, template, var or to)
    when = parse_times(
        {"": " ".join(times or ()), "--cron": cron, "--rule": rule},
        {
            "": parse_rule,
            "--cron": lambda text: parse_rule_of(None, text, None),
            "--rule": lambda text: parse_rule_of(None, None, text),
        },
        command,
        own_time(f"{post_id}", context),
    )
    wanted, accounts = None, tuple(context.queries.accounts_of(post_id)) if post_id is not None else ()
    if template is not None:
        wanted = PostInput(template=template, vars=options.parse_pairs(var, "--var"), to=options.split_list(to))
        wanted = context.templates.fill_in(wanted, spare=())
        accounts = context.posts.accounts_of_new(wanted)
    zone = context.times.weekly_zone(accounts, tz)
    recurrence = Recurrence(
        when.cron,
        zone.key,
        rule=when.rule,
        anchor=when.anchor,
        post_id=post_id,
        pool=pool,
        cool_down_s=None if pool is None else _seconds(cool_down or COOL_DOWN),
        until=None if until is None else end_of_day(until, zone),
        count=count,
        texts=() if vary is None else _texts(context, vary),
    )
    options.enable_strict_checks(context, strict=strict)
    with context.naming_choices():
        done = context.repeats.begin(recurrence, wanted)
    _answer_begun(context, done, is_new=wanted is not None)


def _answer_begun(context: Context, done: NewRepeat, *, is_new: bool) -> None:
    context.out.note(*done.told)
    made = [post.id or 0 for post in done.made]
    warnings = [*done.told, *print_warnings(context.out, done.warnings), *warn_of_scheduled(context, made)]
    message = f"Repeat {done.tally.recurrence.id} starts: {_next(context, done.tally)}"
    saved = [f"Saved draft {done.tally.recurrence.post_id}, which is repeated."] if is_new else []
    message += f"; created in advance: {id_ranges(made) or 'none'}."
    context.out.write_one(slots.begun_spec(made, warnings), done.tally, say=[*saved, message])


@options.subcommand(repeat, "list", slots.REPEATS_SPEC)
def list_(context: Context) -> None:
    """List repeats and when each comes next.

    Examples:
      ttp repeat list --json
    """
    context.out.write_list(slots.REPEATS_SPEC, context.repeats.all())


@options.subcommand(repeat, "skip", slots.CHANGED_REPEATS_SPEC)
def skip(context: Context, repeat_id: RepeatId) -> None:
    """Skip the next time, and delete the post that was created for it.

    If the repeated post itself has that time, it becomes a draft and is not deleted.

    Examples:
      ttp repeat skip 2
    """
    done = context.repeats.skip(repeat_id)
    assert done.at is not None
    time = _when(context, done.at, done.tally)
    deleted = f" Deleted {name_posts(done.gone)}." if done.gone else ""
    freed = f" Post {done.freed}, the repeated one, is a draft again." if done.freed else ""
    context.out.write_one(
        slots.CHANGED_REPEATS_SPEC, done.tally, say=[f"Skipped {time}; {_next(context, done.tally)}.{deleted}{freed}"]
    )


@options.subcommand(repeat, "pause", slots.CHANGED_REPEATS_SPEC)
def pause(context: Context, repeat_id: RepeatId) -> None:
    """Pause a repeat, and delete its posts that are not published yet.

    Posts that were changed by hand stay.

    Examples:
      ttp repeat pause 2
    """
    _answer(context.out, context.repeats.pause(repeat_id), f"Paused.  Resume:  ttp repeat resume {repeat_id}")


@options.subcommand(repeat, "resume", slots.CHANGED_REPEATS_SPEC)
def resume(context: Context, repeat_id: RepeatId) -> None:
    """Resume a repeat from now on; times that have passed are not made up for.

    Examples:
      ttp repeat resume 2
    """
    done = context.repeats.resume(repeat_id)
    _answer(context.out, done, f"Resumed: {_next(context, done.tally)}.")


@options.subcommand(repeat, "stop", slots.CHANGED_REPEATS_SPEC)
def stop(context: Context, repeat_id: RepeatId) -> None:
    """Stop a repeat for good, and delete its posts that are not published yet.

    Posts that were changed by hand stay.

    Examples:
      ttp repeat stop 2
    """
    _answer(context.out, context.repeats.stop(repeat_id), "Stopped.")


def _refuse_mixture(
    post_id: int | None,
    pool: str | None,
    vary: str | None,
    cool_down: str | None,
    template: str | None,
    of_template: list[str] | None,
) -> None:
    """Raise UsageError for options that do not go together."""
    if sum(source is not None for source in (post_id, pool, template)) != 1:
        raise UsageError("name a post, or use --pool TAG or --template NAME", Hint("try", "ttp repeat ID 'mon 9:00'"))
    if of_template and template is None:
        raise UsageError("--var and --to need --template", Hint("see", "ttp repeat add --help"))
    if (vary is not None and post_id is None) or (pool is None and cool_down is not None):
        raise UsageError("--vary needs a post, and --cool-down needs --pool", Hint("see", "ttp repeat add --help"))


def _seconds(text: str) -> float:
    length = options.parse_optional_duration(text)
    return 0.0 if length is None else length.total_seconds()


def _answer(out: Output, done: ChangedRepeat, message: str) -> None:
    notes = [f"Deleted {name_posts(done.gone)}."] if done.gone else []
    out.write_one(slots.CHANGED_REPEATS_SPEC, done.tally, say=[message, *notes])
    if done.kept:
        out.note(f"kept {name_posts(done.kept)}, changed by hand")


def _next(context: Context, tally: RecurrenceCounts) -> str:
    """Return the next three times, the last two only on the clock of the repeat, named where the first has another."""
    if tally.next_at is None:
        return "no more times"
    own = ZoneInfo(tally.recurrence.timezone)
    city = "" if _is_clock_of(own, tally.next_at, context) else f" {zone_city(own, tally.next_at)}"
    more = [f"{day_text(at)} {clock_text(at)}{city}" for at in (one.astimezone(own) for one in tally.coming[1:])]
    return f"next {_when(context, tally.next_at, tally)}{', then ' if more else ''}{' and '.join(more)}"


def _when(context: Context, at: datetime, tally: RecurrenceCounts) -> str:
    """Return a time of a repeat: in its own zone where the person's clock shows the same, else in both."""
    repeat, own = tally.recurrence, ZoneInfo(tally.recurrence.timezone)
    zone = own if _is_clock_of(own, at, context) else context.zone
    return format_instant(at, zone, [(f"repeat {repeat.id}", own)])


def _is_clock_of(own: ZoneInfo, at: datetime, context: Context) -> bool:
    """Return whether the person's clock shows the same as one in the zone of a repeat."""
    return at.astimezone(own).utcoffset() == at.astimezone(context.zone).utcoffset()


def _texts(context: Context, path: str) -> tuple[str, ...]:
    """Read the texts of a file, separated by lines of `---`. UsageError for fewer than two."""
    whole = options.read_file(context, path, "texts").replace("\r\n", "\n")
    texts = tuple(text.strip("\n") for text in re.split(r"^---[ \t]*$", whole, flags=re.MULTILINE) if text.strip())
    if len(texts) < 2:
        raise UsageError(
            f"{path} has {'one text' if texts else 'no text'}, and --vary needs several", Hint("try", "a line of ---")
        )
    return texts
