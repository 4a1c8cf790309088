"""A plan as a JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.plan.planner import Assignment
    from ttp.services.files.importer import RowPlan
    from ttp.services.planning import Proposal


ASSIGNMENT_FIELDS = ("id", "at", "score", "accounts", "explored")
ROW_FIELDS = ("row", "id", "at", "score", "accounts")


def plan_json(found: Proposal) -> Json:
    """Return the plan's totals. `bound`: no plan has a higher score."""
    plan = found.plan
    return {
        "score": round(plan.score, 4),
        "evenScore": round(plan.even_score, 4),
        "bound": round(plan.bound, 4),
        "from": format_json_instant(found.limits.start),
        "to": format_json_instant(found.limits.end),
        "perDay": plan.per_day,
        "minGapS": found.limits.gap_s,
        "timezones": {name: zone.key for name, zone in found.zones.items()},
        "withoutData": found.without_data,
        "placedBy": [{"accounts": list(accounts), "by": basis.value} for accounts, basis in plan.basis.items()],
    }


def assignment_json(one: Assignment, found: Proposal | None) -> Json:
    """Return a draft with its time. `found`: the plan of it."""
    accounts = found.posts[one.id].accounts if found else []
    return attributes_json(one, ASSIGNMENT_FIELDS, score=round(one.score, 4), accounts=accounts)


def proposal_json(
    found: Proposal | None, rows: list[Json] | None = None, *, scheduled: bool, warnings: Iterable[str] = ()
) -> Json:
    """Return a plan. `found` None: no drafts; `rows`: some of its drafts, else all; `scheduled`: it was carried out."""
    if rows is None:
        rows = [assignment_json(one, found) for one in found.plan.assignments] if found else []
    totals: Json = {"score": 0.0, "evenScore": 0.0}
    if found is not None:
        totals = {**plan_json(found), "leftOut": list(found.plan.left_out)}
    return {"assignments": rows, **totals, "scheduled": scheduled, "warnings": list(warnings)}


def spread_assignments(found: RowPlan | None) -> list[Json]:
    """Return the rows that a plan gave a time, by time."""
    return [] if found is None else [_assignment_json(found, one) for one in found.assignments]


def _assignment_json(found: RowPlan, one: Assignment) -> Json:
    row = {"row": found.rows[one.id], "id": found.ids.get(one.id), "accounts": found.proposal.posts[one.id].accounts}
    return attributes_json(one, ROW_FIELDS, score=round(one.score, 4), **row)


def spread_json(found: RowPlan | None) -> Json | None:
    """Return the plan's totals and the rows without a time."""
    if found is None:
        return None
    return {"way": found.proposal.way.value, **plan_json(found.proposal), "leftOut": found.left_out}
