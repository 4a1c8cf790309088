"""Which hours, days and weekly slots bring one account more engagement.

`features` makes comparable rows of samples, `model` estimates the effects (with `design_matrix` and
`linear_algebra`), and `recommendation` rates hours, days and slots by them. `free_hours` finds the next free one,
`explanation` shows the posts behind a rating, `backtest` tests recommendations on later posts.
"""

from ttp.domain.optimal.estimate import Effects, Estimate, Parts
from ttp.domain.optimal.recommendation import (
    Evidence,
    Rating,
    Recommendation,
    Signal,
    rank,
    recommend,
    week_schedule,
)

__all__ = [
    "Effects",
    "Estimate",
    "Evidence",
    "Parts",
    "Rating",
    "Recommendation",
    "Signal",
    "rank",
    "recommend",
    "week_schedule",
]
