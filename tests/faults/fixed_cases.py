"""Runs in every sample, whatever its seed: those that failed once, or that alone find a certain bug.

To add one: a run that goes wrong prints its line, ready to be copied into the list below. Give the reason in that line.
Prefer a place with `call N`: how many requests come before it may differ between machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.sweeps import Run


@dataclass(frozen=True, slots=True)
class FixedCase:
    """A run of a sweep, by its row in the table and its place."""

    sweep: str
    row: str
    place: str

    def names(self, run: Run) -> bool:
        """Whether this is the run."""
        return (self.row, self.place) == (run.row, run.place)

    def __str__(self) -> str:
        return f"FixedCase({self.sweep!r}, {self.row!r}, {self.place!r}),"


FIXED_CASES = (
    # The older sample, every n-th run, never came to these.
    FixedCase("one trouble", "cut after", "tiktok photos, call 1 POST /v2/post/publish/content/init/"),
    FixedCase("one trouble", "request arrives late", "instagram carousel, call 1 POST /v25.0/ID/media_publish"),
    # These failed once, on a crowded machine.
    FixedCase("one trouble", "killed before", "x video, request 1 POST /2/media/upload/ID/append"),
    FixedCase(
        "one trouble", "request arrives late", "mastodon video, request 3 GET /api/v1/accounts/verify_credentials"
    ),
    FixedCase("one trouble", "HTML", "mastodon thread, call 3 POST /api/v1/statuses"),
    # A page was taken for the end of the upload, and each process waited anew for what never arrived.
    FixedCase("one trouble", "HTML", "linkedin video, request 2 POST /rest/videos"),
    # It reads the answer that is too many as the next one, where connections are not checked for it.
    FixedCase("one trouble", "an answer twice", "x text, request 0 GET /2/users/me"),
    # On a fast machine this one spent the look-ups of a minute, and then the time of its runs.
    FixedCase("no look-ups", "look-ups unavailable for ever: cut before", "tiktok video, call 1 killed after"),
    # A second call of a thread is not done, and made again.
    FixedCase("two troubles", "cut after, and one more fault", "x thread, call 1, and 503 2 later"),
    # Each of these alone shows one of the mistakes of mutants.py.
    FixedCase("lagging lists", "a post shows up late", "x text, call 1 answer comes late"),
    FixedCase("lagging lists", "a post shows up late", "instagram photo, call 1 500 though done"),
    FixedCase("missed looks", "look-ups miss it", "instagram photo, call 1, 1 missed"),
    FixedCase("disks", "the store is locked until the publisher is killed", "tiktok photos, call 1"),
    FixedCase("hidden posts", "the platform refuses the second post", "x text, call 1 cut after"),
    FixedCase("hidden posts", "the platform refuses the second post", "mastodon text, call 1 cut after"),
    FixedCase("twins", "a post with the same text", "x text, cut after"),
    FixedCase("tokens", "a token ends, four processes at once", "x text, answered"),
    FixedCase("late lists and jumps", "shows up late, and the clock goes forward an hour", "x text, call 1"),
    FixedCase("changes", "the text is edited", "x split, call 2 refused"),
    FixedCase("suspends", "the machine sleeps at the intent", "instagram photo, call 1 cut after"),
)
