"""Views, likes and the rest as a plain function of a post and its age. Nothing is random.

A post nears its end value as 1 - exp(-age / 6 h). The end value depends on the post's id and on the
hour and weekday of its publication, in UTC: evenings and the middle of the week do best. So the same question gets the
same answer, later answers are never smaller, and the best hours can be found.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from ttp.sandbox.records import HOUR_MS, SandboxAccount, SandboxPost

SETTLES_H = 6.0
_BY_WEEKDAY = (0.95, 1.1, 1.15, 1.1, 0.95, 0.85, 0.9)


@dataclass(frozen=True, slots=True)
class Engagement:
    """The numbers of one post at one moment."""

    views: int
    reach: int
    likes: int
    comments: int
    shares: int
    saves: int
    clicks: int
    profile_visits: int
    follows: int


def count_engagement(account: SandboxAccount, post: SandboxPost, at_ms: int) -> Engagement:
    """Return the numbers of `post` at `at_ms`. All are 0 before it was published, and if only its author sees it."""
    age_h = 0.0 if post.private else max(0.0, (at_ms - post.at_ms) / HOUR_MS)
    done = 1 - math.exp(-age_h / SETTLES_H)
    worth = hashlib.sha256(post.id.encode()).digest()

    def share(index: int, least: float, most: float) -> float:
        return least + (most - least) * worth[index] / 255

    views = account.followers * share(0, 0.4, 2.5) * rhythm(post.at_ms) * done
    likes = views * share(1, 0.03, 0.09)
    return Engagement(
        views=int(views),
        reach=int(views * share(2, 0.7, 0.9)),
        likes=int(likes),
        comments=int(likes * share(3, 0.02, 0.12)),
        shares=int(likes * share(4, 0.02, 0.2)),
        saves=int(likes * share(5, 0.05, 0.25)),
        clicks=int(views * share(6, 0.002, 0.02)),
        profile_visits=int(views * share(7, 0.005, 0.03)),
        follows=int(views * share(8, 0.0005, 0.003)),
    )


def rhythm(at_ms: int) -> float:
    """Return how good an instant is to publish at: around 1, best at 18:00 UTC, worst at 6:00."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    hour = at.hour + at.minute / 60
    return (1 + 0.4 * math.cos((hour - 18) / 24 * 2 * math.pi)) * _BY_WEEKDAY[at.weekday()]
