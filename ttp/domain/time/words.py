"""The words of a TIME, and `plain_text`: other ways to say a time, rewritten in the words that the grammar reads.

Nothing is guessed: each rule of `_PHRASES` keeps the meaning. An hour whose half of the day is not named stays a bare
`9` or becomes `5:30?`, which no form accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time
from functools import cache

from ttp.domain.time.durations import UNITS
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.domain.time.formatting import MONTHS as MONTH_NAMES


def _numbered(names: Iterable[str], first: int) -> dict[str, int]:
    return {form: number for number, name in enumerate(names, first) for form in (name.lower(), name[:3].lower())}


WEEKDAYS = {**_numbered(DAYS_IN_FULL, 0), "tues": 1, "weds": 2, "thur": 3, "thurs": 3}
"""Every way to type a weekday; Monday is 0."""
MONTHS = {**_numbered(MONTH_NAMES, 1), "sept": 9}
"""Every way to type a month; January is 1."""
DAY_WORDS = ("today", "tonight", "tomorrow", *WEEKDAYS)
CLOCK_WORDS = {"noon": time(12), "midnight": time(0)}
END_OF_DAY = "eod"
HALVES = {
    "morning": ("am", range(1, 12)),
    "afternoon": ("pm", range(12, 19)),
    "evening": ("pm", range(17, 24)),
    "night": ("pm", range(18, 24)),
    "tonight": ("pm", range(17, 24)),
}
"""Parts of the day: the half of a 12-hour clock that they are in, and the hours that they can have."""
ONE = ("a", "an", "one")
_OTHER_WORDS = ("next", "this", "in", "at", "on", "the", "day", "after", "now", "optimal", "next-slot", "month-end")
WORDS = (*DAY_WORDS, *MONTHS, *CLOCK_WORDS, *_OTHER_WORDS)

_CLOCK_12 = re.compile(r"(0?[1-9]|1[0-2])(?::([0-5][0-9])(?::([0-5][0-9]))?)?(am|pm)")
_CLOCK_24 = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_HOUR = re.compile(r"(0?[1-9]|1[0-2])((?::[0-5][0-9]){0,2})\??")

_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TENS = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "ninety": 90}
_COMPOUNDS = {f"{tens}{sign}five": _TENS[tens] + 5 for tens in ("twenty", "thirty", "forty", "fifty") for sign in "- "}
NUMBERS = {**{word: number for number, word in enumerate(_HOURS, 1)}, **_TENS, **_COMPOUNDS}
_MINUTES = {**NUMBERS, "half": 30, "quarter": 15, "a quarter": 15}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NAMED = _any_of(NUMBERS)
_DAY = _any_of(DAY_WORDS)
_WEEKDAY = _any_of(WEEKDAYS)


def _from_epoch(match: re.Match[str]) -> str:
    number = int(match[1])
    return f"{datetime.fromtimestamp(number // 1000 if number >= 10**11 else number, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _near_hour(match: re.Match[str]) -> str:
    """`quarter to 6pm` -> `5:45pm`, `half past five` -> `5:30?`."""
    word, sign, hour, half = match.groups()
    minutes = _MINUTES.get(word) or int(word)
    at = (NUMBERS.get(hour) or int(hour)) % 12 * 60 + (minutes if sign in ("past", "after") else -minutes)
    if not half:
        return f"{at // 60 % 12 or 12}:{at % 60:02}?"
    at += 720 if half == "p" else 0
    return match[0] if at < 0 else f"{at // 60}:{at % 60:02}"  # before the midnight that begins a day


_PHRASES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"asap|as soon as possible|immediately|right now|right away|straight away", "now"),
    (r"(?:in |at )?(?:the |my )?next (?:free |open |available )?slot", "next-slot"),
    (r"(?:at )?(?:the )?(?:next )?best(?: time| hour)?", "optimal"),
    (r"tmrw|tmr|tmw|tom|2morrow", "tomorrow"),
    (r"overmorrow", "day after tomorrow"),
    (r"tonite|2night", "tonight"),
    (r"nxt", "next"),
    (r"midday|noontime|12 ?noon", "noon"),
    (r"12 ?midnight", "midnight"),
    (r"(?:local|my) time", ""),
    (r"@([0-9]{9,10}|[0-9]{12,13})", _from_epoch),
    (r"@ ?(?=\S)(.+)", r"at \1"),
    # Days.
    (rf"(?:this )?(?:up)?coming ({_WEEKDAY})", r"\1"),
    (rf"(?:on )?({_WEEKDAY}),? (?:of )?next week|next week,? (?:on )?({_WEEKDAY})", r"next \1\2"),
    (rf"(?:of )?({_any_of(MONTHS)})\.?", r"\1"),
    (rf"([0-9]{{1,2}})-({_any_of(MONTHS)})-([0-9]{{4}})", r"\1 \2 \3"),
    (r"(?:at |by )?(?:the )?(?:end of (?:the |my )?day|eod)", END_OF_DAY),
    (rf"(?:at )?(?:the )?end of ({_DAY})", rf"\1 {END_OF_DAY}"),
    (r"(?:in the|at) (morning|afternoon|evening|night)", r"\1"),
    (r"this (morning|afternoon|evening)", r"today \1"),
    (rf"(?:in )?(?:a|one|1) week (?:from|after|on) ({_WEEKDAY})|({_WEEKDAY}) in (?:a|one|1) week", r"\1\2 week"),
    (r"(?:on |at |by )?(?:the )?(?:end|last day) of (?:the |this )?month|eom", "month-end"),
    # Lengths.
    (r"^(?:in )?(.+?) from (?:now|today)(.*)", r"in \1\2"),
    (r"^\+ ?([0-9]+ ?[a-z].*)", r"in \1"),
    (rf"(an?|[0-9]+|{_NAMED}) ([a-z]+?)s? and a half", r"\1.5 \2"),
    (rf"({_NAMED}|[0-9]+) and a half ([a-z]+)", r"\1.5 \2"),
    (r"(?:a |one )?half (?:an |a )?hour", "30m"),
    (r"(?:an? )?quarter (?:of )?(?:an )?hour", "15m"),
    (r"(?:a|one|1) fortnight", "2 weeks"),
    (r"in ([0-9]+)h([0-5][0-9])", r"in \1h\2m"),
    (r"([0-9]+ [a-z]+) and ([0-9]+ [a-z]+)", r"\1 \2"),
    # Clocks.
    (
        rf"({_any_of(_MINUTES)}|[0-9]{{1,2}}(?= past| minutes? ))(?: minutes?)? (past|after|to|before) "
        rf"({_any_of(_HOURS)}|1[0-2]|[1-9])(?: ?([ap])\.?m\.?)?",
        _near_hour,
    ),
    (
        rf"({_any_of(_HOURS)}) ({_any_of({**_TENS, **_COMPOUNDS})}|[1-5][0-9])",
        lambda match: f"{NUMBERS[match[1]]}:{NUMBERS.get(match[2]) or int(match[2])}?",
    ),
    (rf"(an?|{_NAMED})(\.5)", lambda match: f"{NUMBERS.get(match[1], 1)}{match[2]}"),
    (_NAMED, lambda match: str(NUMBERS[match[0]])),
    (r"([0-9]{1,2}) ?o'? ?clock", r"\1"),
    (r"([0-9:.]+)\?? ?([ap])(?:m|\. ?m\.?)", r"\1\2m"),
    (r"([0-9]{1,2})\.([0-9]{2}[ap]m|00|[2-5][0-9]|1[3-9])", r"\1:\2"),
    (r"([0-9:]+[0-9])z", r"\1 utc"),
    (r"([0-9]{1,2}:[0-9]{2})h", r"\1"),
    (rf"(at|{_DAY}) ([01][0-9]|2[0-3])([0-5][0-9])(?: ?h(?:rs|ours)?)?", r"\1 \2:\3"),
    (rf"^(?:at )?([01][0-9]|2[0-3])([0-5][0-9])(?: ?h(?:rs|ours)?)? (on|{_DAY})", r"\1:\2 \3"),
    (r"^(?:at )?(0[0-9]|1[0-8]|2[1-3])([0-5][0-9])(?: ?h(?:rs|ours)?)?$", r"\1:\2"),
)


@cache
def _rules() -> list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]]:
    # Compiled at the first time in other words: it takes some milliseconds.
    return [(re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), words) for pattern, words in _PHRASES]


def split_words(text: str) -> list[str]:
    """Return the words in lower case; `9 am` is one word."""
    return re.sub(r"(?<=[0-9]) (?=[ap]m\b)", "", " ".join(text.lower().split())).split()


def parse_clock(word: str) -> time | None:
    """Return the time of day of `9am`, `9:30pm`, `18:00`, `18:00:30`, `noon`. None for anything else, also `9`."""
    if match := _CLOCK_12.fullmatch(word):
        hour = int(match[1]) % 12 + (12 if match[4] == "pm" else 0)
        return time(hour, int(match[2] or 0), int(match[3] or 0))
    if match := _CLOCK_24.fullmatch(word):
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    return CLOCK_WORDS.get(word)


def plain_text(text: str) -> str:
    """Return the text in the words of the grammar, in lower case but for the zone, which is put last."""
    text = " ".join(word.strip(",;") for word in split_words(text))
    for pattern, words in _rules():
        text = pattern.sub(words, text)
    return " ".join(_with_zone_last(_in_half(text.split())))


def _in_half(words: list[str]) -> list[str]:
    """`tomorrow morning 9` -> `tomorrow 9am`. Unchanged unless one clock is there, in that part of the day."""
    halves = [word for word in words if word in HALVES]
    places = [place for place in range(len(words)) if _is_clock(words, place)]
    if len(halves) != 1 or len(places) != 1:
        return words
    suffix, hours = HALVES[halves[0]]
    word = words[places[0]]
    hour = _HOUR.fullmatch(word)
    better = f"{hour[1]}{hour[2]}{suffix}" if hour else word
    at = parse_clock(better)
    if at is None or at.hour not in hours:
        return words
    left = [better if place == places[0] else one for place, one in enumerate(words)]
    return [word for word in left if word not in HALVES or word == "tonight"]


def _is_clock(words: list[str], place: int) -> bool:
    """Whether a word can be the clock, and not the number of a date or of a length."""
    word, after = words[place], words[place + 1 : place + 2]
    if not _HOUR.fullmatch(word):
        return parse_clock(word) is not None and word not in CLOCK_WORDS
    near = {*words[max(place - 1, 0) : place], *after}
    return not near & MONTHS.keys() and not {*after} & UNITS.keys() and words[place - 1 : place] != ["in"]


def _with_zone_last(words: list[str]) -> list[str]:
    """Return the words with the zone that follows the clock or ends the text behind them, as IANA spells it."""
    from ttp.domain.time.zones import spoken_zone

    for start, end in _zone_places(words):
        zone = spoken_zone(words[start:end])
        if zone is not None:
            lead = words[: start - 1] if words[start - 1] == "in" else words[:start]
            return [*lead, *words[end:], zone]
    return words


def _zone_places(words: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where a zone of up to four words may stand, `new york` before `york`."""
    ends = [(place, len(words)) for place in range(max(1, len(words) - 4), len(words))]
    clocks = [place for place, word in enumerate(words) if parse_clock(word)]
    behind = [(place + 1, place + 1 + length) for place in clocks for length in (5, 4, 3, 2, 1)]
    for start, end in (*ends, *behind):
        known = [word in WORDS or word in UNITS or parse_clock(word) for word in words[start:end]]
        if known and end <= len(words) and not known[0] and not known[-1]:
            yield start, end
