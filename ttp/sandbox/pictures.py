"""The images of the newest posts, in memory, for the page at `/`. Forgets the oldest past its size."""

from __future__ import annotations

from dataclasses import dataclass, field

from ttp.sandbox.media_facts import mime_of

MOST_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Pictures:
    """Images by their SHA-256. Anything that is no image is not kept."""

    kept: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def keep(self, sha256: str, data: bytes) -> None:
        """Keep an image, and let the oldest go until all fit."""
        mime = mime_of(data)
        if sha256 in self.kept or mime is None or not mime.startswith("image/") or len(data) > MOST_BYTES:
            return
        self.kept[sha256] = data
        self.size += len(data)
        while self.size > MOST_BYTES:
            oldest = next(iter(self.kept))
            self.size -= len(self.kept.pop(oldest))

    def get(self, sha256: str) -> tuple[bytes, str] | None:
        """An image and its media type."""
        data = self.kept.get(sha256)
        return None if data is None else (data, mime_of(data) or "")
