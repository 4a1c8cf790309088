"""What one account says when, in a few bytes for each post: by time, and by what it says.

Of a text only its hash is kept, which no two texts of one process share but by a chance of one in 10^19.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator


class Told:
    """Instants are in milliseconds; `who` is a number of the caller's for a post."""

    def __init__(self) -> None:
        self._times, self._by_time = array("q"), array("q")
        self._texts, self._by_text, self._said_at = array("q"), array("q"), array("q")

    def add(self, at: int, who: int, text: str) -> None:
        """Take up a post; an empty text is the same as no other."""
        place = bisect_left(self._times, at)
        self._times.insert(place, at)
        self._by_time.insert(place, who)
        if text:
            place = bisect_left(self._texts, hash(text))
            self._texts.insert(place, hash(text))
            self._by_text.insert(place, who)
            self._said_at.insert(place, at)

    def near(self, at: int, gap: int) -> Iterator[tuple[int, int]]:
        """Instant and post of all that are less than `gap` away."""
        for place in range(bisect_left(self._times, at - gap + 1), bisect_left(self._times, at + gap)):
            yield self._times[place], self._by_time[place]

    def same(self, text: str, at: int, span: int) -> Iterator[tuple[int, int]]:
        """Instant and post of all that say the same less than `span` away."""
        place = bisect_left(self._texts, hash(text))
        while text and place < len(self._texts) and self._texts[place] == hash(text):
            if abs(self._said_at[place] - at) < span:
                yield self._said_at[place], self._by_text[place]
            place += 1
