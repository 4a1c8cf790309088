"""The kinds of post that are published under faults, and what is made up in their platforms' names."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from tests.platforms.case import Kind, MadeUp, find_cases
from ttp.platforms.platform import Platform
from ttp.sandbox.files import CLIP, PHOTO

SIZE = 16_000_000
"""Bytes of the video that TikTok gets in three chunks of the least size."""
PAGE = "menu.html"
"""In the folder of media that the sandbox serves: a page that is shown as a card."""
JSON = MappingProxyType({"Content-Type": "application/json"})
KINDS = {kind.name: kind for case in find_cases().values() for kind in case.kinds}
MADE_UP = {name: case.made_up for name, case in find_cases().items()}
ASKS = {kind: requests for case in find_cases().values() for kind, requests in case.requests().items()}
"""The requests of each kind of post, as a sandbox gets them."""
_BY_NETWORK = MadeUp(lambda reset: ({}, {"error": "Too many requests"}))


def made_up(kind: Kind) -> MadeUp:
    """Return the answers in the name of a kind's platform; those of any network for a user's program."""
    return MADE_UP.get(kind.platform, _BY_NETWORK)


def waits_s(facts: Platform) -> float:
    """How long a platform has its client wait: the sum of its own settings in seconds, without the settle window,
    which the sweeps shorten, and the wait for an answer."""
    return sum(
        key.default
        for key in facts.keys
        if key.name.endswith("_s") and key.name not in ("settle_s", "answer_s") and isinstance(key.default, float | int)
    )


def put_media(folder: Path) -> None:
    """The files that the kinds name."""
    clip, photo = CLIP.read_bytes(), PHOTO.read_bytes()
    (folder / PAGE).write_text('<html><head><meta property="og:title" content="Menu"></head></html>')
    (folder / "clip.mp4").write_bytes(clip)
    (folder / "photo.jpg").write_bytes(photo)
    (folder / "other.jpg").write_bytes(photo + b"another one")
    filler = SIZE - len(clip)
    (folder / "long.mp4").write_bytes(clip + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8))
