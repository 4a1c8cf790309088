"""Refusals of Threads: its own codes, and those of all of Meta's platforms."""

from __future__ import annotations

from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.meta import errors as meta
from ttp.platforms.meta.errors import MEDIA, NOT_READY, ErrorTable

_BLOCKED = ErrorRow(Kind.ACCOUNT, hold=True, advice="open Threads and do what it asks there")
SUBCODES = {
    33: ErrorRow(Kind.ACCOUNT),
    2207051: _BLOCKED,
    2207052: ErrorRow(Kind.MEDIA, advice="Threads must be able to fetch the media's URL and find media there"),
    4279009: NOT_READY,
    4279013: _BLOCKED,
}
"""See docs/reference/platforms/threads.md, section 6."""
ERRORS = ErrorTable(SUBCODES, {**meta.CODES, 24: MEDIA}, gone=frozenset({33, 4279009}))
_WORDS = {
    "FAILED_DOWNLOADING_VIDEO": "it could not fetch the video from its URL",
    "FAILED_PROCESSING_AUDIO": "it could not process the audio",
    "FAILED_PROCESSING_VIDEO": "it could not process the video",
    "INVALID_ASPEC_RATIO": "it does not accept the aspect ratio",
    "INVALID_ASPECT_RATIO": "it does not accept the aspect ratio",
    "INVALID_BIT_RATE": "the video has more than 25 Mbit/s",
    "INVALID_DURATION": "the video is not between 0 seconds and 5 minutes long",
    "INVALID_FRAME_RATE": "the video does not have 23 to 60 frames a second",
    "INVALID_AUDIO_CHANNELS": "the audio has more than 2 channels",
    "INVALID_AUDIO_CHANNEL_LAYOUT": "it does not accept the layout of the audio channels",
}


def container_failure(reason: str) -> NotDone:
    """Return why a container ended in ERROR, from its `error_message`."""
    words = _WORDS.get(reason, "it could not process the media")
    code = clean_text(reason)[:60]
    return NotDone(Kind.MEDIA, f"Threads: {words}{f' ({code})' if code else ''}", code=code or "ERROR")
