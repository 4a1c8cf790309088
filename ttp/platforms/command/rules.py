"""Rules of a user's program, from a TOML file next to it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import NAMES, MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.options import Option, OptionType, option_table
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.domain.text import utf16_length
from ttp.platforms.graphemes import count_graphemes

VERBS = ("publish", "lookup", "delete", "metrics")
UNITS: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "graphemes": count_graphemes,
    "utf16": utf16_length,
    "bytes": lambda text: len(text.encode("utf-8", "replace")),
}
DEFAULTS: Mapping[str, object] = {
    "verbs": ["publish"],
    "text_length": 5000,
    "text_unit": "characters",
    "text_required": False,
    "media_count": 0,
    "media_types": list(NAMES),
    "media_bytes": 100_000_000,
    "thread_parts": 1,
    "timeout_s": 60,
    "settle_s": 30,
}
"""The rules that a file may set, and what holds where it does not. They are the account's `server_info`."""
_LARGEST: Mapping[str, int] = {
    "text_length": 1_000_000,
    "media_count": 100,
    "media_bytes": 10_000_000_000,
    "thread_parts": 24,
    "timeout_s": 300,
    "settle_s": 86_400,
}


class BadRules(Exception):
    """The rules file cannot be used; the message says where and why."""


def rules_path(program: Path) -> Path:
    """Return the path of a program's rules: `discord.toml` next to `discord.py`."""
    return program.with_suffix(".toml")


def read_rules(program: Path) -> dict[str, object]:
    """Return the rules of a program, complete. Raises BadRules."""
    path = rules_path(program)
    if path == program:
        raise BadRules(f"{path}: a program cannot have the name of its rules")
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        rules = {}
    except (OSError, ValueError) as error:
        raise BadRules(f"{path}: {error}") from None
    for name, value in rules.items():
        if (why := _problem(name, value)) is not None:
            raise BadRules(f"{path}: {name}: {why}")
    return {**DEFAULTS, **rules}


def _problem(name: str, value: object) -> str | None:
    """Return why a rule cannot have a value; None if it can."""
    words = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None
    match name:
        case "verbs":
            good = words is not None and set(words) <= set(VERBS) and "publish" in words
            return None if good else f'must be a list of "publish" and any of {", ".join(VERBS[1:])}'
        case "media_types":
            return None if words and set(words) <= set(NAMES) else f"must be a list of {', '.join(NAMES)}"
        case "text_unit":
            return None if value in UNITS else f"must be one of {', '.join(UNITS)}"
        case "text_required":
            return None if isinstance(value, bool) else "must be true or false"
        case _ if name in _LARGEST:
            least = 0 if name in ("media_count", "settle_s") else 1
            whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST[name]
            return None if whole else f"must be a whole number from {least} to {_LARGEST[name]}"
        case _:
            return f"is not a rule; rules are {', '.join(DEFAULTS)}"


def number(rules: Mapping[str, object], name: str) -> int:
    """Return a number of an account's rules, or its default."""
    value = rules.get(name, DEFAULTS[name])
    assert isinstance(value, int)
    return value


def verbs_of(rules: Mapping[str, object]) -> tuple[str, ...]:
    verbs = rules.get("verbs", DEFAULTS["verbs"])
    assert isinstance(verbs, list)
    return tuple(verbs)


class CommandRules(Rules):
    """What the program of an account accepts, by its rules as they were last read."""

    image_form: ImageForm | None = None
    takes_audio = True

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        rules, most = post.server, number(post.server, "text_length")
        count = UNITS[str(rules.get("text_unit", "characters"))]
        if rules.get("text_required") and not post.text.strip():
            yield post.breach("content", "text_missing", " cannot take a post without text", post.text_hint)
        parts = (post.text, *post.thread)
        if len(post.thread) and number(rules, "thread_parts") == 1:  # of a version that planned no parts for it
            yield post.warning("thread", "thread_elsewhere", " gets the first part alone: thread_parts is 1 there")
            parts = parts[:1]
        elif len(parts) > number(rules, "thread_parts"):
            message = f" cannot take a thread of {len(parts)} parts: {number(rules, 'thread_parts')} at most"
            yield post.breach("thread", "thread_count", message, post.thread_hint)
        for text in parts:
            if (length := count(text)) > most:
                yield post.too_long(length, most)
        if len(post.media) > (file_limit := number(rules, "media_count")):
            message = f" cannot take {len(post.media)} files: {file_limit} at most (media_count)"
            yield post.breach("media", "media_count", message, post.media_hint)
        types = rules.get("media_types", DEFAULTS["media_types"])
        limits = MediaLimits(
            mimes=tuple(types) if isinstance(types, list) else None, most_bytes=number(rules, "media_bytes")
        )
        for item in post.media:
            yield from item_problems(post, item, limits, MediaLimits())

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return True

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return UNITS[str(server.get("text_unit", "characters"))](text), number(server, "text_length")

    def arrange(self, post: PlatformPost) -> tuple[str, ...]:
        return (post.text, *post.thread) if self.most_parts(post) > 1 else (post.text,)

    def most_parts(self, post: PlatformPost) -> int:
        return number(post.server, "thread_parts")


OPTIONS = option_table(
    (
        Option("title", OptionType.TEXT, "a title, such as a blog post's", most=500),
        Option("target", OptionType.TEXT, "where to, such as a channel", most=500),
        Option("data", OptionType.TEXT, "anything else for the program, such as JSON", most=5000),
    )
)
