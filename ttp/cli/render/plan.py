"""`ttp plan` on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ttp.cli.render.labels import plural
from ttp.cli.render.names import joined_names, names_in
from ttp.cli.render.page import Cell, Column, Page, table_of
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.plan.planner import Assignment
from ttp.domain.plan.scoring import Basis, PlanMethod
from ttp.domain.time.formatting import format_duration
from ttp.views import Json
from ttp.views.plan import assignment_json, planned_row_json, proposal_json

if TYPE_CHECKING:
    from ttp.domain.post import PostFields
    from ttp.services.files.importer import RowPlan
    from ttp.services.planning import Proposal
    from ttp.views.answers import AssignmentAnswer


_WIDE = 110
_SAME = 0.005
"""Smaller differences of scores are not shown."""


def render_plan(
    rows: Sequence[Assignment],
    proposal: Proposal,
    notes: Sequence[str],
    page: Page,
    places: Mapping[int, str] | None = None,
) -> Iterator[str]:
    """Draw a plan by time, in the zone of its accounts if they share one. `places`: the rows of a file, by their
    numbers, for posts without ids."""
    zones = {zone.key: zone for zone in proposal.zones.values()}
    page = page._replace(zone=next(iter(zones.values()))) if len(zones) == 1 else page
    days = f"{page.full_day(proposal.limits.start)} to {page.full_day(proposal.limits.end)}"
    yield from page.flow(
        [page.paint(f"Plan of {plural(len(rows), 'post')}", "bold"), days, f"hours in {page.zone_name()}"]
    )
    if len(zones) > 1:
        yield "  " + ", ".join(f"{escape_text(name)} in {zone.key}" for name, zone in proposal.zones.items())
    yield ""
    posts = proposal.posts
    room = page.width // 3
    names = names_in((posts[one.id] for one in rows), room, with_handle=page.width >= _WIDE)
    number = Column("ID", right=True, most=room) if places is None else Column("ROW", most=room)
    yield from table_of(
        rows,
        page,
        (number, lambda one: Cell(escape_line(places[one.id]) if places else str(one.id), "bold")),
        (Column("WHEN"), lambda one: f"{page.weekday(one.at)} {page.month_day(one.at):>6} {page.time(one.at)}"),
        (Column("SCORE", right=True), lambda one: _score(one, posts[one.id], proposal)),
        (
            Column("ACCOUNTS", drop=1, most=room),
            lambda one: joined_names([names[row.account] for row in posts[one.id].active], room),
        ),
        (Column("TEXT"), lambda one: escape_line(posts[one.id].content)),
        least=12,
    )
    yield ""
    yield from _summary(proposal, notes, places, page)


def _score(one: Assignment, post: PostFields, proposal: Proposal) -> str:
    if proposal.plan.basis.get(tuple(sorted(post.accounts)), Basis.SCORES) is not Basis.SCORES:
        return "-"  # without metrics it would be the night prior alone
    return f"{round(100 * one.score)} %" + (" ?" if one.explored else "")


def _summary(proposal: Proposal, notes: Sequence[str], places: Mapping[int, str] | None, page: Page) -> Iterator[str]:
    from ttp.cli.render.optimal import explore_advice, wrap_indented

    plan = proposal.plan
    if Basis.SCORES in plan.basis.values():
        best = "the best possible" if plan.bound - plan.score < _SAME else f"of at most {plan.bound:.2f}"
        yield f"  Score {plan.score:.2f}, {best}.  An even spread has {plan.even_score:.2f}."
    if any(one.explored for one in plan.assignments):
        yield "  ? an hour to learn about (--explore)."
    else:
        names = [name for name, one in proposal.schedules.items() if one.recommendation.keeps_to_best]
        yield from map(escape_text, explore_advice(names, "ttp plan"))
    if plan.left_out:
        yield f"  Not planned: {' '.join(places[one] if places else str(one) for one in plan.left_out)}"
    for note in notes:
        yield from wrap_indented(f"{escape_text(note[:1].upper())}{escape_text(note[1:])}.", page)


def plan_spec(
    proposal: Proposal | None = None, *, scheduled: bool = False, warnings: Sequence[str] = ()
) -> OutputSpec[Assignment]:
    """Return the spec of `ttp plan`. `proposal` None: nothing to plan; `scheduled`: the plan was carried out."""

    def to_json(one: Assignment) -> AssignmentAnswer:
        return assignment_json(one, proposal)

    def to_document(rows: list[AssignmentAnswer]) -> Json:
        return proposal_json(proposal, rows, scheduled=scheduled, warnings=warnings)

    def render(rows: Sequence[Assignment], page: Page) -> Iterable[str]:
        assert proposal is not None
        return render_plan(rows, proposal, [*placement_notes(proposal), *limit_notes(proposal)], page)

    return OutputSpec(assignment_json, ("id", "at", "score"), to_json, render, to_document=to_document)


def placement_notes(proposal: Proposal) -> list[str]:
    """Return how posts without scores were placed, in words."""
    notes = []
    for basis in Basis:
        sets = [accounts for accounts, one in proposal.plan.basis.items() if one is basis]
        names = list(dict.fromkeys(name for accounts in sets for name in accounts))
        if names and basis is not Basis.SCORES:
            own = [name for name in names if proposal.schedules[name].slots]
            names = own if basis is not Basis.HOURS and proposal.way is not PlanMethod.OPTIMAL else names
            notes.append(_how(proposal.way, basis, " and ".join(names), single=len(names) == 1, apart=bool(own)))
    return notes


def _how(way: PlanMethod, basis: Basis, names: str, *, single: bool, apart: bool) -> str:
    """Return one such note. `apart`: the accounts have slots, but none in common."""
    match way, basis:
        case PlanMethod.OPTIMAL, Basis.SLOTS:
            return f"no metrics of {names}: spread evenly over {'its' if single else 'their'} slots"
        case PlanMethod.OPTIMAL, _:
            return f"no metrics of {names}: spread evenly over waking hours"
        case _, Basis.HOURS:
            return f"no slots {'in common ' if apart else ''}of {names}: spread evenly over waking hours"
        case _, Basis.SLOTS:
            return f"slots of {names}: spread evenly over them"
        case _:
            return f"slots of {names}: each post on the next free one"


def zones(proposal: Proposal) -> str:
    """Return `hours in Europe/Berlin`, with the accounts if their zones differ."""
    keys = {zone.key for zone in proposal.zones.values()}
    if len(keys) == 1:
        return f"hours in {keys.pop()}"
    return "hours of " + ", ".join(f"{name} in {zone.key}" for name, zone in proposal.zones.items())


def limit_notes(proposal: Proposal) -> list[str]:
    limits, notes = proposal.limits, []
    if proposal.plan.per_day is not None:
        notes.append(f"at most {proposal.plan.per_day} a day on an account")
    notes.append(f"at least {format_duration(timedelta(seconds=limits.gap_s))} apart")
    if limits.quiet.hours:
        notes.append("none " + ", ".join(f"{_clock(start)} to {_clock(end)}" for start, end in limits.quiet.hours))
    notes += [
        f"none on {first}" if first == last else f"none from {first} to {last}" for first, last in limits.quiet.dates
    ]
    busy = sum(
        at >= limits.start for schedule in proposal.schedules.values() for at in schedule.busy if at < limits.end
    )
    if busy:
        notes.append(f"around {plural(busy, 'scheduled post')}")
    return ["limits: " + ", ".join(notes)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


SPREAD_SHOWN = 100
"""Most posts of a plan on a terminal."""


def spread_spec(row_plan: RowPlan) -> OutputSpec[Assignment]:
    def render(rows: Sequence[Assignment], page: Page) -> Iterable[str]:
        notes = [*placement_notes(row_plan.proposal), *limit_notes(row_plan.proposal)]
        if len(rows) > SPREAD_SHOWN:
            notes = [f"{len(rows) - SPREAD_SHOWN} more posts; see them all with --json", *notes]
        yield from render_plan(rows[:SPREAD_SHOWN], row_plan.proposal, notes, page, row_plan.rows)
        yield ""

    return OutputSpec((), (), lambda one: planned_row_json(row_plan, one), render)
