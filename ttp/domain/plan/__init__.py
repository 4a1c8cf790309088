"""Plans: drafts spread over the coming days, on the best free hours of their accounts.

`spread` is the whole of it. `board` makes integers of recommendations and diaries, `even` those of an even spread,
`turn` gives slots one after the other, `choose` finds the best hours of posts that go to the same accounts, exactly;
`together` those of families that share accounts, with `prices` for a bound and `search` for what is left below it.
"""

from ttp.domain.plan.board import Basis, Diary, Draft, Limits, Way
from ttp.domain.plan.spread import Assignment, Exploring, Plan, spread

__all__ = ["Assignment", "Basis", "Diary", "Draft", "Exploring", "Limits", "Plan", "Way", "spread"]
