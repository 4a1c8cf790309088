"""Print the chart of docs/explanation/optimal.md: `python -m benchmarks.optimal_chart`.

For each hour of one simulated account: the average of its posts, the estimate of the model, and the truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean

from benchmarks.simulated_accounts import ACCOUNT, simulated
from ttp.domain.optimal.features import features
from ttp.domain.optimal.model import estimate

SEED, POSTS = 3, 300
_HALF, _REACH = 24, 0.7
"""Columns on each side of the average, and the log effect at the edge."""


def chart() -> Iterator[str]:
    account = simulated(SEED, POSTS, "realistic")
    posts = features(account.samples, account=ACCOUNT, zone=account.zone)
    found = estimate(posts)
    own: dict[int, list[float]] = defaultdict(list)
    for post, parts in zip(posts, found.posts, strict=True):
        own[post.hour].append(parts.adjusted)
    yield f"       posts {'less':^{_HALF}}|{'more than the average':^{_HALF}}"
    for hour in range(24):
        line = [" "] * _HALF + ["|"] + [" "] * _HALF
        if own[hour]:
            line[_column(fmean(own[hour]))] = "."
        line[_column(fmean(account.slots[hour::24]))] = "o"
        line[_column(found.mean.hours[hour])] = "#"
        yield f"{hour:02}:00  {len(own[hour]):>4}  {''.join(line)}".rstrip()


def _column(effect: float) -> int:
    return _HALF + round(_HALF * max(-1.0, min(1.0, effect / _REACH)))


if __name__ == "__main__":
    for line in chart():
        print(line)
