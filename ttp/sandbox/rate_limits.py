"""How often each thing may be done, and the counting of it. Decides nothing.

Sources: docs/reference/platforms/, section 6 for X, section 5 for Instagram and TikTok.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_PUBLISH = "POST /v2/post/publish"
MOST = {
    # X: per account and 15 minutes
    "GET /2/users/me": 75,
    "GET /2/users/{id}/tweets": 900,
    "GET /2/tweets": 5000,
    "GET /2/tweets/{id}": 900,
    "GET /2/tweets/analytics": 300,
    "POST /2/tweets": 100,
    "DELETE /2/tweets/{id}": 50,
    "GET /2/media/upload": 1000,
    "POST /2/media/upload": 500,
    "POST /2/media/upload/initialize": 1875,
    "POST /2/media/upload/{id}/append": 1875,
    "POST /2/media/upload/{id}/finalize": 1875,
    "POST /2/media/metadata": 500,
    # X: posts of one app in 24 hours
    "x posts a day": 10_000,
    # TikTok: per account and minute
    f"{_PUBLISH}/creator_info/query/": 20,
    f"{_PUBLISH}/video/init/": 6,
    f"{_PUBLISH}/content/init/": 6,
    f"{_PUBLISH}/inbox/video/init/": 6,
    f"{_PUBLISH}/status/fetch/": 30,
    f"{_PUBLISH}/cancel/": 30,
    "POST /v2/video/list/": 600,
    "POST /v2/video/query/": 600,
    "GET /v2/user/info/": 600,
    # TikTok: per account and 24 hours
    "tiktok posts a day": 15,
    "tiktok drafts a day": 5,
    # Instagram: per account and 24 hours
    "instagram calls a day": 4800,
    "instagram posts a day": 50,
    "instagram containers a day": 400,
}
"""Instagram's documents name 50 and 100 posts a day: the stricter holds."""
UNLIMITED = 1_000_000_000
"""What an account without limits may do of everything: its answers tell of a limit too, but nothing reaches it."""


@dataclass(slots=True)
class Limits:
    """The running window of each account and endpoint; `window_s` long, opened by its first call."""

    window_s: int
    opened: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def spend(self, account: str, endpoint: str, now_s: float) -> tuple[int, int]:
        """Count one call. Returns the calls made in this window, this one included, and its end in epoch seconds."""
        start, used = self.opened.get((account, endpoint), (now_s, 0))
        if not start <= now_s < start + self.window_s:
            start, used = now_s, 0
        self.opened[account, endpoint] = (start, used + 1)
        return used + 1, int(start) + self.window_s
