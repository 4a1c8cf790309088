"""Why a text is not a TIME, and what was probably meant.

Nothing here decides what a text means: the strict grammar reads each suggestion before it is shown. A suggestion keeps
every word with meaning. If a word is not understood, nothing is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from ttp.domain.errors import PastTime, TimeRefused
from ttp.domain.time.durations import UNITS, duration_guesses, duration_parts, parse_length
from ttp.domain.time.formatting import MONTHS as MONTH_NAMES
from ttp.domain.time.formatting import clock_text
from ttp.domain.time.grammar import parse_day
from ttp.domain.time.words import CLOCK_WORDS, DAY_WORDS, END_OF_DAY, MONTHS, ONE, WEEKDAYS, WORDS, parse_clock
from ttp.domain.time.zones import nearest_name, parse_typed_zone

_FILLERS = ("at", "on", "the", "of", "o'clock", "@", "-", "")
"""Words that carry no meaning of their own."""
_PAST = re.compile(r"\b(?:yesterday|ago|last (?!day\b))")
_DAYS = "|".join(WEEKDAYS)
_SEVERAL = re.compile(rf"every|each|daily|weekly|weekdays|weekends|(?:{_DAYS})(?:s|[-,](?:{_DAYS}))")
_EXAMPLES = {"": "18:00", "morning": "9am", "afternoon": "3pm", "evening": "6pm", "night": "9pm"}
"""A clock for a date that has none, by its part of the day."""
_LONG_WORDS = tuple(word for word in (*DAY_WORDS, *MONTHS, *CLOCK_WORDS, *UNITS) if len(word) > 4)
_CLOCKLIKE = re.compile(r"[0-9]+([:.h].*|[ap]\.?m\.?|uhr)")
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]?([0-5][0-9])(?::?([0-5][0-9]))?|h|(?=[ap]|uhr))h?(?:([ap])\.?m?\.?|uhr)?")
_BARE_HOUR = re.compile(r"[0-9]+|[0-9]+:[0-5][0-9]\?")
_OF_DAY = "(00:00 to 23:59, 1am to 12pm)"
_FEW_YEARS = 3
"""Of `26-11-30` and the like, readings that are nearer are preferred."""
_YEAR_FIRST = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?![0-9])[t ,]*(.*)")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})|\.)?(?![0-9:])[t ,]*(.*)")
_MONTH_COUNT = re.compile(r"in ([0-9]{1,3}|an?|one) ?(mo|months?|y|yrs?|years?)(?: (.*))?")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that is suggested if it can be read. `zone`: it is read in that zone, and suggested as ISO text with its
    offset. `follow`: if it is refused as well, its own suggestions take its place."""

    text: str
    zone: tzinfo | None = None
    follow: bool = True


class TimeProblem(Exception):
    """What is wrong with a time, and texts to type instead. `forms`: the list of all forms helps as well."""

    def __init__(
        self,
        message: str,
        *suggestions: Suggestion,
        flaw: str,
        kind: type[TimeRefused] = TimeRefused,
        details: Sequence[str] = (),
        forms: bool = False,
    ) -> None:
        super().__init__(message)
        self.flaw = flaw
        self.message = message
        self.suggestions = suggestions
        self.kind = kind
        self.details = tuple(details)
        self.forms = forms


def suggest(*texts: str) -> list[Suggestion]:
    return [Suggestion(text) for text in texts]


_MOST_WORDS = 40
"""Words of a text that are explained: what is tried grows with their square."""


def quote(text: str) -> str:
    """Return the text as messages quote it: one line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def explain_problem(typed: str, text: str, now: datetime) -> TimeProblem:
    """Return what is wrong with a text that the grammar does not read. `text`: the same in its words (`plain_text`);
    `now` is aware, in the zone of answers."""
    words = text.lower().split()
    if not typed.strip():
        return TimeProblem("the time is empty", flaw="empty", forms=True)
    if _PAST.search(text):
        return TimeProblem(f'"{quote(typed)}" has passed', flaw="past", kind=PastTime)
    if not words:
        return _no_clock(typed)
    if len(words) > _MOST_WORDS:
        return _unreadable(typed, "unknown_word", f"it has {len(words)} words")
    parts = _Parts(words, text.split()[-1])
    for explain in (
        *(_explain_several, _explain_weekend, _explain_stamp, _explain_end_of_day, _explain_months, _explain_length),
        *(_explain_date, _explain_no_day, _explain_hour, _explain_clock),
    ):
        problem = explain(typed, parts, now)
        if problem is not None:
            return problem
    return _explain_words(typed, parts)


class _Parts:
    """The words of a text: what leads, the zone at its end, and corrections of both."""

    def __init__(self, words: list[str], last: str) -> None:
        self.zone = _zone_word(last) if len(words) > 1 and words[-1] not in WORDS and words[-1] not in UNITS else None
        """The zone to type; None if the last word does not name one."""
        self.behind = f" {self.zone}" if self.zone else ""
        self.words = words if self.zone is None else words[:-1]

    def texts(self, clocks: Sequence[str], lead: Sequence[str]) -> list[str]:
        """Return the texts of a day with each of the clocks, and with the zone."""
        return [" ".join([*lead, clock]) + self.behind for clock in clocks]

    def corrected_words(self, without: str | None = None) -> list[str]:
        """Return the corrected words without fillers; none if there is one that is not understood."""
        elapsed = "in" in self.words
        words = [_corrected_word(word, elapsed) for word in self.words if word not in (*_FILLERS, without)]
        return [] if None in words else [word for word in words if word is not None]


def _corrected_texts(parts: _Parts) -> list[str]:
    """Return texts that say the same in other words: errors fixed, the day before the clock. Nothing is left out."""
    words = parts.corrected_words()
    clocks = [word for word in words if parse_clock(word)]
    if len(clocks) == 1:
        return parts.texts(clocks, [word for word in words if not parse_clock(word)])
    return [" ".join(words) + parts.behind] if words[:1] == ["in"] and not clocks else []


def _corrected_word(word: str, elapsed: bool) -> str | None:
    """Return the word as the grammar reads it, a slip fixed; None if it is not understood."""
    import difflib

    if word in WORDS or word in UNITS or word in ONE or parse_day([word]) or (elapsed and duration_parts(word)):
        return word
    if re.fullmatch(r"[0-9]{1,2}(st|nd|rd|th)?|(19|20)[0-9]{2}", word):
        return word
    if correction := correct_clock(word):
        return correction
    # `tuesdays` is every Tuesday, and a short word is near to too many others.
    if len(word) < 4 or not word.isalpha() or word.removesuffix("s") in DAY_WORDS:
        return None
    near = difflib.get_close_matches(word, _LONG_WORDS, 1, 0.8)
    return near[0] if near else None


def correct_clock(text: str) -> str | None:
    """Return `18.30`, `18h`, `9 a.m.`, `13pm` as the grammar reads them; None if it is not a time of day."""
    if parse_clock(text):
        return text
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23:
        return None
    hour, half = int(match[1]), match[4]
    rest = "".join(f":{part}" for part in (match[2], match[3]) if part)
    if half and 1 <= hour <= 12:
        return f"{hour}{rest}{half}m"
    if (half == "a" and hour > 12) or (half == "p" and hour == 0):
        return None
    return f"{hour:02}{rest or ':00'}"


def _zone_word(word: str) -> str | None:
    """Return the zone that a word names or almost names, in valid spelling."""
    if parse_typed_zone(word):
        return word
    return nearest_name(word, 0.9) if "/" in word else None


def _unreadable(text: str, flaw: str, why: str, *suggestions: Suggestion) -> TimeProblem:
    return TimeProblem(f'cannot read the time "{quote(text)}": {why}', *suggestions, flaw=flaw, forms=True)


def _no_clock(text: str, *suggestions: Suggestion) -> TimeProblem:
    message = f'"{quote(text)}" needs a time of day'
    return TimeProblem(message, *suggestions, flaw="no_clock", forms=not suggestions)


def _explain_several(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `every monday 9am`, `mon-fri 9am`, `tuesdays 9am`."""
    for word in parts.words:
        if _SEVERAL.fullmatch(word) and word not in WEEKDAYS:
            return _unreadable(text, "several", f'"{word}" is more than one time: repeat the post instead')
    return None


def _explain_weekend(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `weekend 9am`, which is one of two days; the next weekend can be the coming one or the one after it."""
    if "weekend" not in parts.words:
        return None
    rest = [word for word in parts.words if word not in (*_FILLERS, "this", "weekend")] or ["9am"]
    clocks = rest if len(rest) == 1 and parse_clock(rest[0]) else []
    days = ["sat", "sun"] if now.weekday() < 6 else ["sun"]
    ways = [text for day in days for text in parts.texts(clocks, ["this", day])]
    return _unreadable(text, "weekend", "the weekend is Saturday and Sunday", *suggest(*ways))


def _explain_no_day(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `31 feb`, a day that no year has."""
    for first, second in zip(parts.words, parts.words[1:], strict=False):
        name, number = (first, second) if first in MONTHS else (second, first)
        digits = re.fullmatch(r"([0-9]{1,2})(?:st|nd|rd|th)?", number)
        if name in MONTHS and digits and not _existing(2000, MONTHS[name], int(digits[1])):
            day = f"{int(digits[1])} {MONTH_NAMES[MONTHS[name] - 1]}"
            return _unreadable(text, "no_such_date", f"there is no {day}")
    return None


def _explain_stamp(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `1796115600`: seconds or milliseconds since 1970."""
    if len(parts.words) > 1 or not re.fullmatch(r"[0-9]{9,13}", parts.words[0]):
        return None
    number = int(parts.words[0])
    at = datetime.fromtimestamp(number // 1000 if number >= 10**11 else number, UTC)
    ways = [Suggestion(f"{at:%Y-%m-%dT%H:%M:%S}Z", follow=False)] if parts.zone is None else []
    return TimeProblem(f'"{parts.words[0]}" is a bare number, not a time', *ways, flaw="bare_number", forms=True)


def _explain_end_of_day(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `end of day`, which is the end of work or of the date."""
    if END_OF_DAY not in parts.words:
        return None
    lead = parts.corrected_words(without=END_OF_DAY)
    ways = suggest(*parts.texts(("18:00", "23:59"), lead or ["today"])) if lead or len(parts.words) == 1 else []
    return TimeProblem(
        f'"{quote(text)}" can be the end of work or of the date', *ways, flaw="end_of_day", forms=not ways
    )


def _explain_date(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain a date in numbers: `12/11/2026`, `20261201`, a day that does not exist, `2026-12-31 24:00`."""
    plain = " ".join(parts.words)
    if match := _YEAR_FIRST.fullmatch(plain):
        year, *numbers, rest = match.groups()
        month, day = (int(number) for number in numbers if number is not None)
        return _explain_year_first(text, int(year), month, day, rest, parts)
    if not (match := _YEAR_LAST.fullmatch(plain)) or correct_clock(parts.words[0]):
        return None
    first, sign, second, last, rest = match.groups()
    turns = ((int(second), int(first)), (int(first), int(second)))
    if last is None:
        years = [(now.year if turn >= (now.month, now.day) else now.year + 1, *turn) for turn in turns]
    else:
        years = [(int(last) + (2000 if len(last) == 2 else 0), *turn) for turn in turns]
        if sign == "-" and len(last) == len(first) == 2 and int(first) >= now.year % 100:
            years.insert(0, (2000 + int(first), int(second), int(last)))  # 26-11-30 has the year first
    days = list(dict.fromkeys(day for numbers in years for day in _existing(*numbers)))
    if len(years) > 2:
        days = [day for day in days if day.year - now.year < _FEW_YEARS] or days
    # Of two readings of a full date, one that has passed is not moved to a year that was not typed.
    ways = [replace(way, follow=last is None) for day in days for way in _dated(day, rest, parts)]
    if len(days) > 1:
        apart = len({day.year for day in days}) > 1 and last is not None
        names = " or ".join(f"{day.day} {MONTH_NAMES[day.month - 1]}{f' {day.year}' if apart else ''}" for day in days)
        return TimeProblem(f'"{quote(text)}" can be {names}', *ways, flaw="two_dates")
    if days and not rest:
        return _no_clock(text, *ways)
    if days:
        return _unreadable(text, "year_last", "a date is written like 2026-11-30", *ways)
    return _unreadable(text, "no_such_date", "there is no such date", *ways)


def _explain_year_first(text: str, year: int, month: int, day: int, rest: str, parts: _Parts) -> TimeProblem | None:
    days = _existing(year, month, day)
    if not days:
        name = f"{day} {MONTH_NAMES[month - 1]} {year:04}" if 1 <= month <= 12 else f"month {month}"
        # 2027-13-01 can only be 13 January, and of no other year.
        turned = _existing(year, day, month) if month > 12 else []
        ways = [replace(way, follow=False) for one in turned for way in _dated(one, rest, parts)]
        return _unreadable(text, "no_such_date", f"there is no {name}", *ways)
    if rest in _EXAMPLES:
        return _no_clock(text, *_dated(days[0], rest, parts))
    if re.fullmatch(r"[0-9]{1,2}", rest) and parse_day(parts.words[:1]):
        return None  # the hour alone is what is unclear
    why = "a full date is followed by HH:MM, and then perhaps Z, an offset such as +01:00, or a zone"
    return _unreadable(text, "after_date", why, *_dated(days[0], rest, parts))


def _dated(day: date, rest: str, parts: _Parts) -> list[Suggestion]:
    """Return a date with the clock of `rest`, an hour alone read both ways; none if there is more in it than that.
    Without `rest` there is an example of a clock."""
    words = [word for word in rest.split() if word not in _FILLERS]
    zone, body = parts.zone, " ".join(words)
    if words and zone is None and (match := re.fullmatch(r"(.*?) ?(z|[+-][0-9]{2}:?[0-9]{2})", body)):
        body, zone = match[1], "Z" if match[2] == "z" else match[2]
    if body == "midnight":
        return _both_midnights(f"{day}", f"{day + timedelta(1)}", parts)
    if body == "24:00":
        day, body = day + timedelta(1), "00:00"
    if re.fullmatch(r"[0-9]|1[0-2]", body) and body != "0":
        clocks: list[str | None] = [f"{body}am", f"{body}pm"]
    else:
        clocks = [correct_clock(_EXAMPLES.get(body, body))]
    texts = []
    for clock in clocks:
        at = parse_clock(clock) if clock else None
        if at is not None:
            is_offset = zone is not None and re.fullmatch(r"Z|[+-].*", zone)
            behind = zone if is_offset else f" {zone}" if zone else ""
            texts.append(f"{day}{'T' if is_offset else ' '}{clock_text(at)}{behind}")
    return [Suggestion(text) for text in texts]


def _existing(year: int, month: int, day: int) -> list[date]:
    """Return that day, or nothing if the calendar does not have it."""
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _explain_months(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `in 2 months`, which are not a length of time."""
    match = _MONTH_COUNT.fullmatch(" ".join(parts.words))
    if match is None:
        return None
    count = int(match[1]) if match[1].isdecimal() else 1
    rest = match[3] or ("" if parts.zone else f"{now:%H:%M}")
    year, month = divmod(12 * now.year + now.month - 1 + count * (12 if match[2].startswith("y") else 1), 12)
    ways = [way for day in _existing(year, month + 1, now.day) for way in _dated(day, rest, parts)] if rest else []
    return _unreadable(text, "months", "months and years differ in length", *ways)


def _explain_length(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain `2h30m` without its `in`, and what follows an `in`."""
    words = parts.words
    if words[:1] != ["in"]:
        plain = " ".join(words)
        # `18h` and `9h30` are also how many languages write a time of day.
        length = f"{plain}m" if re.fullmatch(r"[0-9]+h[0-5][0-9]", plain) else plain
        if parse_length(length) is None:
            return None
        clock = correct_clock(plain)
        ways = suggest(f"in {length}{parts.behind}", *([f"{clock}{parts.behind}"] if clock else []))
        return _unreadable(text, "length_without_in", f'a length of time is written "in {length}"', *ways)
    rest = words[1:]
    plain = " ".join(rest)
    if parts.zone and duration_parts(plain):
        return _unreadable(text, "length_with_zone", "a length of time has no zone")
    if len(rest) > 1 and duration_parts(" ".join(rest[:-1])) and parse_clock(rest[-1]):
        return _unreadable(text, "length_with_clock", "only days and weeks go with a time of day")
    if any(parse_clock(word) for word in rest) or (rest[:-1] and rest[-1].rstrip("?:0123456789") == ""):
        return None
    why = f'"{quote(plain)}" is not a length such as 2h30m' if rest else '"in" needs a length such as 2h30m'
    guesses = [Suggestion(f"in {length}{parts.behind}") for length in duration_guesses(plain) if length != "2h30m"]
    return _unreadable(text, "length", why, *(guesses or suggest(*_corrected_texts(parts))))


def _explain_hour(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    """Explain an hour alone, which can be in the morning or in the evening: `9`, `tomorrow 9`, `9 tomorrow`."""
    words = [word for word in parts.words if word not in _FILLERS]
    if not words or parse_day(words):
        return None
    splits = [
        (rest, one) for rest, one in ((words[:-1], words[-1]), (words[1:], words[0])) if _BARE_HOUR.fullmatch(one)
    ]
    splits = [split for split in splits if (len(split[1]) < 3 and int(split[1]) < 24) or "?" in split[1]] or splits
    if len(words) > 1 and len(splits) > 1:
        # `9 on dec 1` and `9 dec at 1` say which number is the hour; `9 dec 1` does not.
        hour_last = parts.words[-2] == "at"
        hour_first = parts.words[0] == "at" or parts.words[1] in ("on", "the")
        if hour_last == hour_first:
            return _unreadable(text, "two_hours", f'"{words[0]}" and "{words[-1]}" can both be the hour')
        splits = splits[:1] if hour_last else splits[1:]
    words, number = splits[0] if splits else ([], "")
    if not number or any(parse_clock(word) or correct_clock(word) for word in words if not word.isdecimal()):
        return None
    corrected = [_corrected_word(word, "in" in words) for word in words]
    lead = [word for word in corrected if word is not None]
    understood = len(lead) == len(words)
    clock = number.rstrip("?")
    hour = int(clock.partition(":")[0][:3])
    if 1 <= hour <= 12 and (len(number) < 3 or "?" in number):
        clocks = [f"{clock.lstrip('0')}{half}" for half in ("am", "pm")]
        ways = suggest(*parts.texts(clocks, lead)) if understood else []
        return TimeProblem(f'"{clock}" can be {" or ".join(clocks)}', *ways, flaw="half_of_day", forms=not ways)
    fits = hour < 24 and len(number) < 3 and understood
    texts = parts.texts([f"{hour:02}:00"], lead) if fits else []
    return _unreadable(text, "bare_number", f'"{quote(number)}" is a bare number, not a time of day', *suggest(*texts))


def _explain_clock(text: str, parts: _Parts, now: datetime) -> TimeProblem | None:
    for word in parts.words:
        if _CLOCKLIKE.fullmatch(word) and not parse_clock(word) and not ("in" in parts.words and duration_parts(word)):
            why = f'"{quote(word)}" is not a time of day {_OF_DAY}'
            texts = _after_midnight(parts, now) if word == "24:00" else _corrected_texts(parts)
            return _unreadable(text, "clock", why, *suggest(*texts))
    return None


def _after_midnight(parts: _Parts, now: datetime) -> list[str]:
    """Return the first minute after a day that ends at 24:00."""
    lead = [word for word in parts.words if word != "24:00" and word not in _FILLERS]
    days = {"": 0, "today": 0, "tonight": 0, "tomorrow": 1}.get(" ".join(lead))
    if days is None:
        return []
    midnight = f"{now.date() + timedelta(days + 1)} 00:00" if days else "midnight"
    return [f"{midnight}{parts.behind}"]


def _explain_words(text: str, parts: _Parts) -> TimeProblem:
    """Explain a day without a clock, a word that is not understood, and what is missing or comes twice."""
    words = parts.words
    half = next((word for word in words if word in _EXAMPLES), None)
    clocks = [word for word in words if parse_clock(word)]
    if half and clocks:
        return _unreadable(text, "half_of_day", f'"{half}" and "{clocks[0]}" do not go together')
    day = " ".join(parts.corrected_words(without=half))
    if day and parse_day(day.split()):
        clock = (
            "8pm" if day == "tonight" else "18:00" if day == "today" and half is None else _EXAMPLES[half or "morning"]
        )
        return _no_clock(text, Suggestion(f"{day} {clock}{parts.behind}", follow=day not in ("today", "tonight")))
    strange = [word for word in words if word not in _FILLERS and _corrected_word(word, "in" in words) != word]
    ways = suggest(*_corrected_texts(parts))
    if strange:
        return _unreadable(text, "unknown_word", f'"{quote(strange[0])}" is not a word ttp understands', *ways)
    if "midnight" in clocks and len(clocks) == 1:
        why = f'"{quote(text)}" can be the start of that day or its end'
        return TimeProblem(why, *_midnights(parts), flaw="midnight", forms=True)
    if not clocks:
        return _no_clock(text)
    if len(clocks) > 1:
        return _unreadable(text, "two_clocks", "it has two times of day", *ways)
    lead = " ".join(word for word in words if word not in clocks)
    return _unreadable(text, "day", f'"{quote(lead)}" is not one day', *ways)


def _midnights(parts: _Parts) -> list[Suggestion]:
    """Return the two midnights of today or tomorrow; nothing for other days."""
    lead = " ".join(word for word in parts.corrected_words() if word != "midnight")
    after = {"today": "tomorrow", "tomorrow": "day after tomorrow"}.get(lead)
    return _both_midnights(lead, after, parts) if after else []


def _both_midnights(day: str, after: str, parts: _Parts) -> list[Suggestion]:
    """Return the midnight at the start of a day and the one at its end."""
    return [Suggestion(f"{start} 00:00{parts.behind}", follow=False) for start in (day, after)]
