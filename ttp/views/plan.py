"""A plan as a JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ttp.domain.time.clock import utc_text

if TYPE_CHECKING:
    from ttp.domain.plan.planner import Assignment
    from ttp.services.files.importer import RowPlan
    from ttp.services.planning import Proposal
    from ttp.views.answers import AssignmentAnswer, PlanAnswer, PlannedRow, PlanTotals, RowPlanAnswer


def plan_json(found: Proposal) -> PlanTotals:
    """Return the plan's totals. `bound`: no plan has a higher score."""
    plan = found.plan
    return {
        "score": round(plan.score, 4),
        "evenScore": round(plan.even_score, 4),
        "bound": round(plan.bound, 4),
        "from": utc_text(found.limits.start),
        "to": utc_text(found.limits.end),
        "perDay": plan.per_day,
        "minGapS": found.limits.gap_s,
        "timezones": {name: zone.key for name, zone in found.zones.items()},
        "withoutData": found.without_data,
        "placedBy": [{"accounts": list(accounts), "by": basis.value} for accounts, basis in plan.basis.items()],
    }


def assignment_json(one: Assignment, found: Proposal | None) -> AssignmentAnswer:
    """Return a draft with its time. `found`: the plan of it."""
    return {
        "id": one.id,
        "at": utc_text(one.at),
        "score": round(one.score, 4),
        "accounts": list(found.posts[one.id].accounts) if found else [],
        "explored": one.explored,
    }


def proposal_json(
    found: Proposal | None, rows: list[AssignmentAnswer] | None = None, *, scheduled: bool, warnings: Iterable[str] = ()
) -> PlanAnswer:
    """Return a plan. `found` None: no drafts; `rows`: some of its drafts, else all; `scheduled`: it was carried out."""
    if rows is None:
        rows = [assignment_json(one, found) for one in found.plan.assignments] if found else []
    if found is None:
        return {"assignments": rows, "score": 0.0, "evenScore": 0.0, "scheduled": scheduled, "warnings": [*warnings]}
    return {
        "assignments": rows,
        **plan_json(found),
        "leftOut": list(found.plan.left_out),
        "scheduled": scheduled,
        "warnings": [*warnings],
    }


def spread_assignments(found: RowPlan | None) -> list[PlannedRow]:
    """Return the rows that a plan gave a time, by time."""
    return [] if found is None else [planned_row_json(found, one) for one in found.assignments]


def planned_row_json(found: RowPlan, one: Assignment) -> PlannedRow:
    return {
        "row": found.rows[one.id],
        "id": found.ids.get(one.id),
        "at": utc_text(one.at),
        "score": round(one.score, 4),
        "accounts": list(found.proposal.posts[one.id].accounts),
    }


def spread_json(found: RowPlan | None) -> RowPlanAnswer | None:
    """Return the plan's totals and the rows without a time."""
    if found is None:
        return None
    return {"way": found.proposal.way.value, **plan_json(found.proposal), "leftOut": list(found.left_out)}
