"""What people say of one of a post's media besides its alt text: its focus, and the captions of a video."""

from __future__ import annotations

import re

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError

_SHARE = re.compile(r"[01]?(?:\.\d{1,6})?|[01]\.?")
_CAPTIONS = re.compile(r"\ufeff?WEBVTT(?:[ \t][^\n]*)?(?:\r\n|\n|\r|$)")
_LANGUAGE = re.compile(r"^Language:[ \t]*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)[ \t]*$", re.MULTILINE)
MOST_CAPTION_BYTES = 20_000
"""What Bluesky takes; no other platform has captions yet."""


def parse_focus(text: str) -> str:
    """Return a focus in its one form, `0.5,0.3`; empty for an empty one. Raises UsageError."""
    if not text.strip():
        return ""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part and _SHARE.fullmatch(part) and float(part) <= 1 for part in parts):
        message = f"{text} is not a focus: use two numbers from 0 to 1, from the left and from the top"
        raise UsageError(message, Hint("try", other_options(focus="X,Y")), flaw="focus")
    return ",".join(f"{float(part):g}" for part in parts)


def is_captions(text: str) -> bool:
    """Whether a text is captions rather than the name of their file."""
    return _CAPTIONS.match(text) is not None


def check_captions(text: str, name: str) -> str:
    """Return captions without a byte order mark. `name`: of their file. Raises UsageError unless they are WebVTT that
    has a cue, and not too long."""
    way = Hint("try", other_options(captions="FILE.vtt"))
    if not is_captions(text):
        raise UsageError(f"{name} is not WebVTT: its first line is not WEBVTT", way, flaw="captions")
    if "-->" not in text:
        raise UsageError(f"{name} has no captions in it", way, flaw="captions")
    if "\0" in text:
        raise UsageError(f"{name} is not text: it has a zero byte", way, flaw="captions")
    if len(text.encode("utf-8", "replace")) > MOST_CAPTION_BYTES:
        message = f"{name} is larger than {MOST_CAPTION_BYTES:,} bytes, the most for captions"
        raise UsageError(message, way, flaw="captions")
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def caption_language(text: str) -> str | None:
    """Return the language that the header of captions names: `Language: de`."""
    header = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    match = _LANGUAGE.search(header.replace("\r", ""))
    return match[1] if match else None
