"""Media items: the known facts of one image or video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from ttp.domain.action import WayOut
from ttp.domain.errors import Busy, Damaged

NAMES: Mapping[str, str] = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WebP",
    "image/heic": "HEIC",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
    "video/webm": "WebM",
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "audio/ogg": "Ogg",
    "audio/flac": "FLAC",
    "audio/wav": "WAV",
}
"""Every media type that ttp knows, as people call it."""
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic"})
VIDEOS = frozenset({"video/mp4", "video/quicktime", "video/webm"})
AUDIO = frozenset({"audio/mpeg", "audio/mp4", "audio/ogg", "audio/flac", "audio/wav"})
KEPT = "sha256:"
"""Prefix of the name of an item that is stored already: `sha256:DIGEST/NAME`."""
DECORATIVE = "none"
"""The alt text, as people type it, of media that show nothing which a reader must know."""
ALT_EXAMPLE = "TEXT"
"""Stands for an alt text in commands to copy. It is as good as none, so that a copied command describes nothing."""
LAST = -1
"""The `part` of what goes to the last part, whichever that is on a network."""


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One image, video or audio of a post; its bytes are stored under their SHA-256. `width` and `height` in pixels,
    `duration_ms` of videos, `codec`, `fps` and `moov_first` as in `media_probe.Facts`; None if unknown. `alt`: None if
    missing; empty for decorative media.

    `part`: the part that has it, as the writer counts (the text is 1); None for the first, LAST for the last.
    `only`: the platform or account that alone gets it; None for all.
    """

    name: str
    mime: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    alt: str | None = None
    url: str | None = None
    codec: str | None = None
    fps: float | None = None
    moov_first: bool | None = None
    focus: str | None = None
    """The point that stays visible when it is cropped: `0.5,0.3`, shares of width and height from the top left."""
    captions: str | None = None
    """WebVTT, of a video."""
    thumbnail: str | None = None
    """The SHA-256 of the stored image that stands for a video or audio."""

    part: int | None = None
    only: str | None = None

    @property
    def thumbnail_name(self) -> str | None:
        """The name of its thumbnail, as one of a stored file."""
        return f"sha256:{self.thumbnail}" if self.thumbnail else None

    @property
    def thumbnail_item(self) -> MediaItem | None:
        """Its thumbnail, of which only the digest is known."""
        name = f"{self.name.partition('.')[0]}-thumbnail"
        return MediaItem(name, "image/jpeg", 0, self.thumbnail) if self.thumbnail else None

    def without_said(self) -> MediaItem:
        return replace(self, alt=None, focus=None, captions=None, thumbnail=None, part=None, only=None)

    @property
    def said(self) -> dict[str, Any]:
        """What people say of it, by attribute."""
        return {name: getattr(self, name) for name in ("alt", "focus", "captions", "thumbnail", "part", "only")}

    @property
    def is_image(self) -> bool:
        return self.mime in IMAGES

    @property
    def is_audio(self) -> bool:
        return self.mime in AUDIO

    @property
    def is_video(self) -> bool:
        return self.mime in VIDEOS

    @property
    def typed_alt(self) -> str | None:
        """The alt text as `parse_alt` reads it."""
        return DECORATIVE if self.alt == "" else self.alt

    @property
    def lacks_alt(self) -> bool:
        """Whether it has no text that says what it shows. A text that is the file's name says nothing."""
        if self.alt is None:
            return True
        alt, name = self.alt.strip().lower(), self.name.lower()
        return alt in (name, ALT_EXAMPLE.lower()) or (alt != "" and name.startswith(f"{alt}."))

    @property
    def place(self) -> str:
        """Where it goes, in words; empty for the first part everywhere."""
        part = "" if self.part is None else "last part" if self.part == LAST else f"part {self.part}"
        return ", ".join([*([part] if part else []), *([f"{self.only} only"] if self.only else [])])


def parse_alt(text: str | None) -> str | None:
    """Return the alt text that was typed; None if none was, empty for decorative media."""
    return "" if text is not None and text.strip().lower() == DECORATIVE else text or None


class StoredObject(NamedTuple):
    """An object in the bucket of the store's media. `modified_at`: when it was uploaded last, by the bucket's clock."""

    sha256: str
    bytes: int
    modified_at: datetime


class MediaUnavailable(Busy):
    """The bucket that has the store's media does not answer, or refuses. Later it may."""


class MediaDamaged(Damaged):
    """An object's bytes are not those that its name, their SHA-256, says."""


def is_web_address(text: str) -> bool:
    """Return whether a media argument is a URL."""
    return text.lower().startswith(("http://", "https://"))


class MediaUse(NamedTuple):
    """Number and bytes of media copies, converted ones included."""

    files: int = 0
    bytes: int = 0


NO_MEDIA = MediaUse()


class MediaHostProblem(NamedTuple):
    """Why local files get no public URL, as a clause, and what to type."""

    message: str
    hint: WayOut
