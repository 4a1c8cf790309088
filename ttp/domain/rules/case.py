"""One post as it would go to one account, and how its problems are worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ttp.domain.errors import Problem
from ttp.domain.media import MediaItem


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules of a platform look at. `options` are the account's with the post's over them, by full name."""

    account: str
    text: str
    media: tuple[MediaItem, ...]
    options: Mapping[str, str]
    media_host: bool
    post_id: int | None = None

    @property
    def media_hint(self) -> str:
        """What to type to give the post other media."""
        return "--media FILE" if self.post_id is None else f"ttp edit {self.post_id} --media FILE"

    @property
    def text_hint(self) -> str | None:
        """What to type to give a saved post another text, from standard input."""
        return None if self.post_id is None else f"ttp edit {self.post_id} -"

    def breach(self, field: str, code: str, message: str, hint: str | None = None) -> Problem:
        """A problem for which the platform would refuse the post. `message` goes on from the account's name."""
        return Problem(field, code, f"{self.account}{message}", self.account, hint)

    def warning(self, field: str, code: str, message: str, hint: str | None = None) -> Problem:
        """A problem that the platform may or may not refuse the post for."""
        return Problem(field, code, f"{self.account}{message}", self.account, hint, warning=True)

    def too_long(self, length: int, limit: int) -> Problem:
        return self.breach("content", "text_too_long", f": text is {length} of {limit}", self.text_hint)
