"""Plans: drafts spread over the coming days, on the best free hours of their accounts.

`spread` in `planner` is the whole of it. `scoring` makes integers of recommendations and schedules, `grid` holds them
(and those of an even spread), `exact_choice` finds the best hours of posts that go to the same accounts, exactly;
`assignment` those of families that share accounts, with `bound` for what no plan exceeds and what is left below it.
"""

from ttp.domain.plan.planner import Assignment, Exploring, Plan, spread
from ttp.domain.plan.scoring import AccountSchedule, Basis, Draft, Limits, PlanMethod

__all__ = ["AccountSchedule", "Assignment", "Basis", "Draft", "Exploring", "Limits", "Plan", "PlanMethod", "spread"]
