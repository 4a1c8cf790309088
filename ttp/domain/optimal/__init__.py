"""Which hours, days and weekly slots bring one account more engagement.

`features` makes comparable rows of samples, `model` estimates the effects, `recommendation` turns estimates into what a
person is told. Below the model: `rest` takes level, trend and kinds out, `periodic` has the columns of the week and
their priors, `posterior` the fits, `algebra` the matrices. Only `estimate(posts) -> Estimate` is asked of a model, and
that is what others import from here. `explanation` shows what one rating rests on, `backtest` tries the whole of it on
posts that it was not made from.
"""

from ttp.domain.optimal.effects import Effects, Estimate, Parts
from ttp.domain.optimal.model import estimate
from ttp.domain.optimal.recommendation import DAYS, Rating, Recommendation, Signal, best, recommend, week

__all__ = [
    "DAYS",
    "Effects",
    "Estimate",
    "Parts",
    "Rating",
    "Recommendation",
    "Signal",
    "best",
    "estimate",
    "recommend",
    "week",
]
