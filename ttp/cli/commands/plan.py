"""`ttp plan`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ttp.cli import options
from ttp.cli.commands.optimal import Explore, Seed
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, quote_command, retype
from ttp.cli.notices import name_posts, print_warnings, warn_of_scheduled
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import plan as plan_module
from ttp.cli.render.labels import plural
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.services.planning import Proposal

DAYS = 14
WEEK = 7
_DO_IT = other_options(dry_run=False, yes=True)


@options.with_output(plan_module.plan_spec(), asks=True)
def plan(
    context: Context,
    post_ids: Annotated[list[str] | None, argument("[ID...]", "Ids and ranges of drafts: 41 42 50-55.")] = None,
    drafts: Annotated[bool, flag("--drafts", "All drafts.")] = False,
    tag: Annotated[list[str] | None, option("--tag", "A,B", "All drafts with one of these tags.")] = None,
    from_: options.From = None,
    days: options.Days = None,
    week: Annotated[bool, flag("--week", "Same as --days 7.")] = False,
    per_day: options.PerDay = None,
    min_gap: Annotated[
        str | None, option("--min-gap", "DURATION", "Least time between two posts of an account.")
    ] = None,
    quiet_hours: Annotated[
        str | None, option("--quiet-hours", "SPAN", "Hours without posts: 22:00-07:00; '' for none.")
    ] = None,
    blackout: Annotated[
        list[str] | None, option("--blackout", "DATES", "Days without posts: 2026-12-24..2026-12-26; '' for none.")
    ] = None,
    explore: Explore = None,
    seed: Seed = None,
    tz: options.Tz = None,
    partly: Annotated[bool, flag("--partly", "If not all fit, plan those that do.")] = False,
    dry_run: Annotated[bool, flag("--dry-run", "Only show the plan.")] = False,
) -> int:
    """Spread drafts over the coming days, at the best free hours.

    It shows the plan and how it compares with an even spread, asks, and schedules all or nothing. Scheduled posts keep
    their times. Posts of accounts without metrics are spread evenly over waking hours.

    Examples:
      ttp plan --drafts --week --dry-run
      ttp plan 41 42 50-55
      ttp plan --tag launch --days 10 --per-day 1 --yes
    """
    ids = _ids(context, post_ids, drafts=drafts, tags=tag)
    if not ids:
        context.out.write_list(
            plan_module.plan_spec(), [], say=["No drafts.  Write one:  ttp create 'Hello' --to x/me"]
        )
        return DONE
    from ttp.services.planning import no_room_error

    with context.naming_choices():
        gap = options.parse_optional_duration(min_gap)
        request = context.planning.request(
            _days(days, week=week),
            start=from_,
            per_day=per_day,
            gap_s=None if gap is None else gap.total_seconds(),
            quiet_hours=quiet_hours,
            blackout=blackout,
            explore=explore or 0,
            seed=None if seed is None else str(seed),
            tz=tz,
        )
        proposal = context.planning.propose(ids, request)
    if proposal.plan.left_out and not partly:
        raise no_room_error(
            proposal, request, [*plan_module.placement_notes(proposal), *plan_module.limit_notes(proposal)]
        )
    warnings = print_warnings(context.out, proposal.warnings)
    if not dry_run and not _confirm_plan(context, proposal):
        return FAILED
    _answer(context, proposal, warnings, dry_run=dry_run, shown=not dry_run and context.out.for_people)
    return DONE


def _days(days: int | None, *, week: bool) -> int:
    if week and days not in (None, WEEK):
        raise UsageError(
            f"--week means --days {WEEK}; give only one of --week and --days {days}", Hint("see", "ttp plan --help")
        )
    return WEEK if week else days or DAYS


def _ids(context: Context, typed_ids: Sequence[str] | None, *, drafts: bool, tags: Sequence[str] | None) -> list[int]:
    """Return the ids of the named posts, of all drafts, or of those with a tag."""
    if typed_ids and not drafts and not tags:
        return options.existing_ids(context, typed_ids)
    if typed_ids:
        others = other_options(drafts=False, tag=None, dry_run=True)
        raise UsageError("name posts, or use --drafts or --tag, not both", Hint("try", others))
    if not (drafts or tags):
        others = other_options(drafts=True, dry_run=True, **({} if context.line.words[1:] else {"week": True}))
        raise UsageError("name posts, or use --drafts or --tag", Hint("try", others))
    ids = context.queries.draft_ids(options.split_list(tags) or ())
    homeless = [post.id or 0 for post in context.queries.posts_by_id(ids) if not post.accounts]
    if 0 < len(homeless) < len(ids):
        way = quote_command("ttp", "edit", str(homeless[0]), "--to", "ACCOUNT")
        context.out.note(f"not planned, because they have no accounts: {name_posts(homeless)}\nfix: {way}")
        ids = [one for one in ids if one not in homeless]
    return ids


def _confirm_plan(context: Context, proposal: Proposal) -> bool:
    """Show the plan and ask; without a terminal `--yes` is needed."""
    posts, out = plural(len(proposal.plan.assignments), "post"), context.out
    if out.for_people:
        out.write_list(plan_module.plan_spec(proposal), proposal.plan.assignments)
    return context.confirm(f"Schedule {posts}?", refusal=f"scheduling {posts}")


def _answer(context: Context, proposal: Proposal, warnings: list[str], *, dry_run: bool, shown: bool) -> None:
    """Schedule the plan, except for a dry run, and print it unless it was `shown` before."""
    if not dry_run:
        saved = context.planning.schedule(proposal)
        warnings += warn_of_scheduled(context, [one.post.id or 0 for one in saved])
    if not context.out.for_people and not context.out.in_json:
        context.out.note(plan_module.zones(proposal))
    view = plan_module.plan_spec(proposal, scheduled=not dry_run, warnings=warnings)
    if shown:
        context.out.write_message(f"Scheduled {plural(len(proposal.plan.assignments), 'post')}.")
    else:
        context.out.write_list(
            view,
            proposal.plan.assignments,
            foot=["", f"Nothing was scheduled.  Do it:  {retype(context.line, _DO_IT)}"],
        )
