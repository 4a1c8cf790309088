"""A plan as a JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ttp.domain.time.clock import utc_text

if TYPE_CHECKING:
    from ttp.domain.plan.planner import Assignment
    from ttp.services.files.importer import RowPlan
    from ttp.services.planning import Proposal
    from ttp.views.answers import AssignmentAnswer, PlanAnswer, PlanTotals
    from ttp.views.file_answers import PlannedRow, RowPlanAnswer


def plan_json(proposal: Proposal) -> PlanTotals:
    """Return the plan's totals. `bound`: no plan has a higher score."""
    plan = proposal.plan
    return {
        "score": round(plan.score, 4),
        "evenScore": round(plan.even_score, 4),
        "bound": round(plan.bound, 4),
        "from": utc_text(proposal.limits.start),
        "to": utc_text(proposal.limits.end),
        "perDay": plan.per_day,
        "minGapS": proposal.limits.gap_s,
        "timezones": {name: zone.key for name, zone in proposal.zones.items()},
        "withoutData": proposal.without_data,
        "placedBy": [{"accounts": list(accounts), "by": basis.value} for accounts, basis in plan.basis.items()],
    }


def assignment_json(one: Assignment, proposal: Proposal | None) -> AssignmentAnswer:
    """Return a draft with its time. `proposal`: the plan of it."""
    return {
        "id": one.id,
        "at": utc_text(one.at),
        "score": round(one.score, 4),
        "accounts": list(proposal.posts[one.id].accounts) if proposal else [],
        "explored": one.explored,
    }


def proposal_json(
    proposal: Proposal | None,
    rows: list[AssignmentAnswer] | None = None,
    *,
    scheduled: bool,
    warnings: Iterable[str] = (),
) -> PlanAnswer:
    """Return a plan. `proposal` None: no drafts; `rows`: some of its drafts, else all; `scheduled`: carried out."""
    if rows is None:
        rows = [assignment_json(one, proposal) for one in proposal.plan.assignments] if proposal else []
    if proposal is None:
        return {"assignments": rows, "score": 0.0, "evenScore": 0.0, "scheduled": scheduled, "warnings": [*warnings]}
    return {
        "assignments": rows,
        **plan_json(proposal),
        "leftOut": list(proposal.plan.left_out),
        "scheduled": scheduled,
        "warnings": [*warnings],
    }


def spread_assignments(row_plan: RowPlan | None) -> list[PlannedRow]:
    """Return the rows that a plan gave a time, by time."""
    return [] if row_plan is None else [planned_row_json(row_plan, one) for one in row_plan.assignments]


def planned_row_json(row_plan: RowPlan, one: Assignment) -> PlannedRow:
    return {
        "row": row_plan.rows[one.id],
        "id": row_plan.ids.get(one.id),
        "at": utc_text(one.at),
        "score": round(one.score, 4),
        "accounts": list(row_plan.proposal.posts[one.id].accounts),
    }


def spread_json(row_plan: RowPlan | None) -> RowPlanAnswer | None:
    """Return the plan's totals and the rows without a time."""
    if row_plan is None:
        return None
    return {"way": row_plan.proposal.way.value, **plan_json(row_plan.proposal), "leftOut": list(row_plan.left_out)}
