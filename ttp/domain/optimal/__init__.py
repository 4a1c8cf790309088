"""Which hours, days and weekly slots bring one account more engagement.

`features` makes comparable rows of samples, `model` estimates the effects, `recommendation` turns estimates into what a
person is told. Below the model: `design_matrix` has the columns (of the week, and of what is taken out),
`posterior` the fits, `linear_algebra` the matrices. Of a model only `estimate(posts) -> Estimate` is asked.
`explanation` shows what one rating rests on, `backtest` tries the whole of it on posts that it was not made from.
"""

from ttp.domain.optimal.estimate import Effects, Estimate, Parts
from ttp.domain.optimal.recommendation import DAYS, Evidence, Rating, Recommendation, Signal, best, recommend, week

__all__ = [
    "DAYS",
    "Effects",
    "Estimate",
    "Evidence",
    "Parts",
    "Rating",
    "Recommendation",
    "Signal",
    "best",
    "recommend",
    "week",
]
