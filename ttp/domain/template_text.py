"""The texts of templates: values are cleaned before, filters change them, and what comes out is tidied. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import TypeAlias
from zoneinfo import ZoneInfo

import regex

from ttp.domain.parts.text_cuts import Rank, find_cuts

Value: TypeAlias = object
"""A text, a number, a switch, or a list or an object of these, as JSON has it."""
_NO_TEXT = regex.compile(r"[\p{Cs}\ufdd0\ufdd1]|[\p{Cc}--[\n\t]]", regex.VERSION1)


def clean_value(value: Value) -> Value:
    """Return a value in NFC, with \\n line ends and no control characters; of an object without the values None."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", _NO_TEXT.sub("", value.replace("\r\n", "\n")))
    if isinstance(value, Mapping):
        return {name: clean_value(one) for name, one in value.items() if one is not None}
    return [clean_value(one) for one in value] if isinstance(value, list | tuple) else value


def tidy(text: str) -> str:
    """Return a rendered text without white space at the ends of lines, and with at most two blank lines in a row."""
    lines = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    return unicodedata.normalize("NFC", re.sub("\n{4,}", "\n\n\n", lines))


# Filters. What they cannot use raises ValueError.

_ABBREVIATED = regex.compile(r"\b(?:e\.g|i\.e|Dr|Mr|Mrs|Ms|St|vs|etc|No|v\d+)\.$")


def first_sentence(text: str) -> str:
    """Return the text up to the end of its first sentence, or of its first line."""
    ends = (cut.end for cut in find_cuts(text) if cut.rank <= Rank.SENTENCE)
    return text[: next((end for end in ends if not _ABBREVIATED.search(text, max(0, end - 9), end)), None)].strip()


def paragraphs(text: str, count: int = 1) -> str:
    return "\n\n".join(re.split(r"\n\s*\n", text.strip())[:count])


def first_lines(text: str, count: int = 1) -> str:
    return "\n".join(text.strip().split("\n")[:count])


def words(text: str, count: int) -> str:
    return " ".join(text.split()[:count])


def oneline(text: str) -> str:
    return " ".join(text.split())


def hashtags(tags: str | Sequence[str], most: int | None = None, *, text: str = "") -> str:
    """Return tags as `#One #TwoWords`, each once, without those that are numbers or that `text` has. A text of tags has
    commas between them."""
    there = {name.casefold() for name in regex.findall(r"#([\w\p{M}]+)", text)}
    found: dict[str, str] = {}
    for tag in tags.split(",") if isinstance(tags, str) else tags:
        parts = regex.findall(r"[\w\p{M}]+", str(tag))
        name = "".join(part[:1].upper() + part[1:] for part in parts) if len(parts) > 1 else "".join(parts)
        if name and not name.isdecimal() and name.casefold() not in there:
            found.setdefault(name.casefold(), f"#{name}")
    return " ".join([*found.values()][:most])


_DATES = re.compile(r"(?:%-?[aAbBdeHIjmMpyY%]|[^%])*")


def format_date(text: str, form: str = "%-d %B %Y") -> str:
    """Return an ISO date or time in a form of strftime."""
    if not _DATES.fullmatch(form):
        raise ValueError(f'"{form}" is not a form of dates')
    return _parse_iso(text).strftime(form)


def _parse_iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f'"{text}" is not a date or time such as 2026-12-01T09:00+01:00') from None


_UNITS = {"year": 31_556_952, "month": 2_629_746, "day": 86_400, "hour": 3_600, "minute": 60}


def ago(text: str, *, now: str) -> str:
    """Return how long an ISO date or time is from `now`, in one unit: `3 days ago`, `in 2 hours`."""
    at, instant = _parse_iso(text), _parse_iso(now)
    elapsed_s = (instant - (at if at.tzinfo else at.replace(tzinfo=instant.tzinfo))).total_seconds()
    counts = ((int(abs(elapsed_s) // size), unit) for unit, size in _UNITS.items())
    count, unit = next(((count, unit) for count, unit in counts if count), (0, ""))
    span = f"{count} {unit}{'s' if count > 1 else ''}"
    return "just now" if not count else f"in {span}" if elapsed_s < 0 else f"{span} ago"


def in_zone(text: str, zone: str) -> str:
    """Return an ISO time with an offset in a zone."""
    at = _parse_iso(text)
    if at.tzinfo is None:
        raise ValueError(f'"{text}" has no offset')
    try:
        return at.astimezone(ZoneInfo(zone)).isoformat()
    except (KeyError, OSError):  # also for a folder of zones
        raise ValueError(f'"{zone}" is not a zone') from None


_VERSION = re.compile(r"v?\d+(?:\.(\d+))?(?:\.(\d+))?(.*)", re.DOTALL)


def version_bump(text: str) -> str:
    """Return what a version raises: `major`, `minor` or `patch`, or `pre` of one before a release."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is not a version')
    minor, patch, rest = match.groups()
    if re.match(r"[-._]?(?:a|b|c|rc|alpha|beta|pre|dev)", rest, re.IGNORECASE):
        return "pre"
    return "patch" if int(patch or 0) or rest.startswith(".") else "minor" if int(minor or 0) else "major"


def link(text: str, url: str) -> str:
    """Return a label and its link: no platform publishes links behind words."""
    if not isinstance(url, str):
        raise ValueError("it takes a link")
    return f"{text} {url}".strip()


def no_mentions(text: str) -> str:
    return re.sub(r"(?<![\w@])@(?=\w)", "", text)


def emoji_strip(text: str) -> str:
    signs = r"(?:[\p{RI}\u20e3\ufe0f\u200d\U000e0020-\U000e007f]|\p{Emoji_Modifier}|\p{Extended_Pictographic})+ ?"
    return str(regex.sub(signs, "", text))


class _HtmlText(HTMLParser):
    """Gathers the text of HTML: blocks begin a line, and what is not shown is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")
        self.parts.append({"br": "\n", "p": "\n\n", "li": "\n- ", "div": "\n", "tr": "\n"}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style") and self.hidden > 0
        self.parts.append("\n\n" if tag in ("p", "h1", "h2", "h3", "h4", "ul", "ol") else "")

    def handle_data(self, data: str) -> None:
        self.parts.append("" if self.hidden else re.sub(r"\s+", " ", data))


def plain(text: str) -> str:
    """Return the text of HTML."""
    parser = _HtmlText()
    parser.feed(text)
    parser.close()
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", "".join(parser.parts))).strip()


_MARKDOWN = (
    (r"!\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)", ""),
    (r"\[([^\]\n]{0,300})\]\(([^)\s]{0,500})[^)\n]{0,300}\)", r"\1 \2"),
    (r"(?m)^ {0,3}(?:#{1,6} +|> ?)", ""),
    (r"(?m)^```.*\n?", ""),
    (r"(\*\*|__|~~|`)(?=\S)(.+?)\1", r"\2"),
    (r"(?<![\w*])\*(?=\S)([^*\n]+)\*(?!\w)", r"\1"),
)


def markdown_plain(text: str) -> str:
    """Return the text of Markdown, each link behind its words."""
    for pattern, by in _MARKDOWN:
        text = re.sub(pattern, by, text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


FILTERS: Mapping[str, Callable[..., str]] = {
    "ago": ago,
    "date": format_date,
    "emoji_strip": emoji_strip,
    "first_sentence": first_sentence,
    "hashtags": hashtags,
    "in_zone": in_zone,
    "lines": first_lines,
    "link": link,
    "markdown_plain": markdown_plain,
    "no_mentions": no_mentions,
    "oneline": oneline,
    "paragraphs": paragraphs,
    "plain": plain,
    "version_bump": version_bump,
    "words": words,
}
