"""The time in a file that was written in an editor, and how its ways out are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttp.cli.hints import option_words
from ttp.cli.prompt import can_ask
from ttp.cli.times import Times

if TYPE_CHECKING:
    from ttp.domain.post_input import Typed


class BareTimes(Times):
    """Times whose ways out are for the file: no commands."""

    def retype(self, at: str, tz: str | None, draft: int | None) -> str:
        return f"at: {at}" if tz == self.tz else f"at: {at}, tz: {tz}"


def times_of(words: Sequence[str], wish: Typed) -> Times:
    """The times of a wish. With a person at the editor their ways out are for the file, else whole commands."""
    pairs = {"--text": wish.variants, "--set": wish.options}
    options = {
        "--to": wish.to,
        "--media": wish.media,
        "--alt": wish.alts,
        **{flag: [f"{key}={value}" for key, value in pair.items()] for flag, pair in pairs.items()},
        "--thread": wish.thread,
        "--tag": wish.tags,
    }
    kind = BareTimes if can_ask() else Times
    return kind(
        words, wish.tz, None, option_words({flag: values or None for flag, values in options.items()}), wish.first
    )
