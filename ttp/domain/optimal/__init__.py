"""Which hours, days and weekly slots bring one account more engagement.

`features` makes comparable rows of samples, `kernel` estimates the effects, `recommendation` turns estimates into what
a person is told. Another estimator can take the kernel's place: only `estimate(posts) -> Estimate` is asked of it, and
that is what others import from here. `explanation` shows what one rating rests on, `backtest` tries the whole of it on
posts that it was not made from.
"""

from ttp.domain.optimal.effects import Effects, Estimate, Parts
from ttp.domain.optimal.kernel import estimate
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
