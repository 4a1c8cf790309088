"""Threads that are published one part per call: the next part, and the handle after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ttp.domain.outcome import Handle, parts_of
from ttp.platforms.client import PublishRequest


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a thread. `request` has its text, and media only for the first. `published_ids`: earlier parts."""

    request: PublishRequest
    number: int
    of: int
    published_ids: tuple[str, ...] = ()

    @property
    def parent(self) -> str | None:
        """The id of the part that it replies to."""
        return self.published_ids[-1] if self.published_ids else None

    @property
    def is_last(self) -> bool:
        return self.number == self.of

    def step(self, call: str) -> str:
        """The call's name in the log."""
        return call if self.of == 1 else f"{call} (part {self.number} of {self.of})"

    def handle_with(self, handle: Handle, post_id: str) -> Handle | None:
        """Return the handle once this part is published, without media and unclear look-ups. None for a single post."""
        if self.of == 1:
            return None
        return {"user_id": handle.get("user_id"), "parts": [*self.published_ids, post_id], "of": self.of}


def next_part(request: PublishRequest, handle: Handle) -> Part | None:
    """Return the first part that is not published; None if all are."""
    texts, out = (request.text, *request.thread), parts_of(handle)
    if len(out) >= len(texts):
        return None
    if len(texts) == 1:
        return Part(request, 1, 1)
    media = () if out else request.media
    alone = replace(request, text=texts[len(out)], thread=(), media=media)
    return Part(alone, len(out) + 1, len(texts), out)
