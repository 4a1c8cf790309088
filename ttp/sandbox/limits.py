"""Counts calls per account and endpoint in windows of a fixed length. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


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
