"""Times in words, of slots and repeats, and the cron expressions and rules that they are: `mon,wed,fri 09:00`, `every 2
weeks on tue at 18:00`, `monthly on the last fri at 17:00`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from itertools import groupby

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.cron import cron_of_rule, parse_cron, rule_of_cron
from ttp.domain.time.formatting import DAYS
from ttp.domain.time.repair import correct_clock
from ttp.domain.time.rules import CODES, Rule, format_parts, parse_rrule, parts_of, refuse_long
from ttp.domain.time.words import NUMBERS, WEEKDAYS, parse_clock, split_words
from ttp.domain.time.zones import parse_typed_zone

EXAMPLE = "mon,wed,fri 09:00"
_GROUPS = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_WORDS_OF = {tuple(days): word for word, days in _GROUPS.items()}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_REPEAT_EXAMPLES = {
    "day": "every 3 days at 09:00",
    "week": "every 2 weeks on tue at 18:00",
    "month": "monthly on the 1st at 09:00",
}
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"\b(?:every|each) other (?=(?:mon|tue|wed|thu|fri|sat|sun)[a-z]* (?:at )?[\d:apm]+$)", "2 week "),
    *((rf"\b{word}\b(?= (?:day|week|month)s?\b)", f"{number}") for word, number in {**NUMBERS, "other": 2}.items()),
    *((rf"\b{word}\b", f"{place}th") for place, word in enumerate(_ORDINALS, 1)),
    (r"\b(\d+)(?:st|nd|rd)\b", r"\1th"),
    (r"\b(\d+)th (?=(?:day|week|month)s?\b)", r"\1 "),
    (r"\blast day\b", "lastth"),
    (r"\b12 (?=noon|midnight)", ""),
    (r"\b(?:every|each) (\d+) (?!(?:day|week|month|weekday)s?\b)", r"\1 week "),
    (r" ?(?:,|\+|&|\band\b) ?", ","),
    (r"\b(?:every|each|on|at|the|of)\b", " "),
    (r"\b(?:everyday|daily)\b", "day"),
    (r"\bfortnight(?:ly)?\b", "2 week"),
    (r"\bbi-?(?=week|month)", "bi "),
    (r"\b(week|month)ly\b", r"\1"),
    (r"\b(day|week|month|(?:mon|tues|wednes|thurs|fri|satur|sun)day)s\b", r"\1"),
    (r"\b(?:weekday|workdays?)\b", "weekdays"),
    (r"\bweekend\b", "weekends"),
)
"""Other ways to say the same, in this order, until the words are of `_SHAPE`; `5th` also stands for `5th day`."""
_SHAPE = re.compile(
    r"(?:(?P<number>[1-9]\d{0,2}|bi) )?(?:(?P<unit>day|week|month)\b ?)?(?P<items>.*?)(?: (?P<month>month))?"
)
_OPTIONS = {
    "until": ("last day", re.compile(r"(.+?),? until (20\d\d-\d\d-\d\d)", re.IGNORECASE)),
    "tz": ("timezone", re.compile(r"(.+) ([A-Z]\w+(?:/\w+)+)")),
}
_WORDS = (*_GROUPS, *(word for word in WEEKDAYS if len(word) > 4), "every", "month", "monthly", "fortnightly")
_DATE = re.compile(r"(.+?),? (?:from|starting) (?:on )?(20\d\d-\d\d-\d\d)", re.IGNORECASE)


def parse_slot_times(text: str) -> list[str]:
    """Return the cron expressions of times in words, one for each minute of the hour among them: `mon,fri 9am,17:30`.
    Raise UsageError for other texts, with what they can mean."""
    try:
        crons = [rule.cron for rule in _parse_words(text, {})]
    except UsageError as error:
        error.hints = tuple(one for one in error.hints if one.label != "try" or is_slot_times(str(one.way)))
        raise
    if not all(crons):
        raise UsageError(f'"{text}" works only for repeats: slots are cron expressions, and none can say this')
    return crons


def parse_rule(text: str) -> Rule:
    """Return when a repeat comes: times in words, a cron expression or an RRULE, each also with ` from 2026-12-01`.
    Raise UsageError for other texts, with what they can mean."""
    body, anchor = _split_date(text)
    day = "" if anchor is None else f" from {anchor}"
    _refuse_options(body, day)
    if "=" in body:
        return _rule(parse_rrule(body, day), anchor)
    if re.match(r"[\d*/,-]+ +[\d*/,-]+ ", body):
        try:
            return as_rule(parse_cron(body), anchor)
        except UsageError as error:
            if day:
                longer = (replace(one, way=f"{one.way}{day}") if one.label == "try" else one for one in error.hints)
                error.hints = tuple(one for one in longer if one.label != "try" or is_repeat_times(str(one.way)))
            raise
    rules = _parse_words(text, _REPEAT_EXAMPLES)
    if len(rules) > 1:
        hints = [Hint("try", format_slot_times(one.cron, one.rule, one.anchor)) for one in rules]
        raise UsageError(f"a repeat has one minute of the hour: create {len(rules)} repeats", *hints)
    return rules[0]


def parse_rule_of(times: str | None, cron: str | None, rule: str | None) -> Rule:
    """Return the rule of one of these texts: as `parse_rule`, or only an expression, or only an RRULE. UsageError."""
    if cron is not None:
        return as_rule(parse_cron(cron))
    if rule is not None and "=" not in rule:
        parse_rrule(rule)  # refuses it
    return parse_rule(times or "" if rule is None else rule)


def as_rule(cron: str, anchor: str | None = None) -> Rule:
    """Return a parsed cron expression as a rule."""
    rule = rule_of_cron(cron)
    if anchor is not None and "\n" in rule:
        raise UsageError("an expression with days of the month and weekdays cannot have a first day")
    return Rule(cron) if anchor is None else _rule(rule, anchor)


def format_slot_times(cron: str, rule: str | None = None, anchor: str | None = None) -> str:
    """Return times in words where words say them, else the expression or rule: what `parse_rule` reads as the same."""
    is_plain = not cron or all(re.fullmatch(r"\d+(,\d+)*", field) for field in cron.split()[:2])
    text = (_words(rule or rule_of_cron(cron)) if is_plain else "") or cron or rule or ""
    return text if anchor is None else f"{text} from {anchor}"


def is_slot_times(text: str) -> bool:
    with suppress(UsageError):
        return bool(parse_slot_times(text))
    return False


def is_repeat_times(text: str) -> bool:
    with suppress(UsageError):
        return bool(parse_rule(text))
    return False


def _refuse_options(text: str, day: str) -> None:
    """Raise UsageError for times with a last day or a timezone behind them. `day`: the first day, for the hint."""
    for option, (what, pattern) in _OPTIONS.items():
        match = pattern.fullmatch(text)
        if match and is_repeat_times(match[1]) and (_is_date(match[2]) or parse_typed_zone(match[2])):
            times = {"rule" if "=" in text else "times": f"{match[1]}{day}"}
            hint = Hint("try", other_options(**times, **{option: match[2]}))
            raise UsageError(f'"{text}" has a {what}, which is an option of its own', hint)


def _is_date(text: str) -> bool:
    with suppress(ValueError):
        return bool(date.fromisoformat(text))
    return False


def _split_date(text: str) -> tuple[str, str | None]:
    """Return the text without its first day, and that day or None."""
    refuse_long(text)
    text = " ".join(text.split())
    match = _DATE.fullmatch(text)
    with suppress(ValueError):
        return (match[1], date.fromisoformat(match[2]).isoformat()) if match else (text, None)
    raise UsageError(f'"{text}" has a day that does not exist')


def _parse_words(text: str, examples: Mapping[str, str]) -> list[Rule]:
    """Return the rules of times in words, one for each minute of the hour among them. UsageError, with the example for
    the unit in the text."""
    body, anchor = _split_date(text)
    phrase = " ".join(split_words(body))
    for pattern, words in _PHRASES:
        phrase = re.sub(pattern, words, phrase)
    day, is_valid = "" if anchor is None else f" from {anchor}", is_repeat_times if examples else is_slot_times
    if each := _day_times(phrase):
        is_plain = not re.search(r"\b(bi|day|week|month)\b", phrase)  # which might be meant for all of them
        hints = [Hint("try", f"{one}{day}") for one in each if is_plain and is_valid(one)]
        raise UsageError(f'"{text}" has different times for different days: add each separately', *hints)
    by_word = [(word, [_clock(one) for one in word.split(",")]) for word in phrase.split()]
    clocks = [one for _, times in by_word for one in times if one is not None and None not in times]
    match = _SHAPE.fullmatch(" ".join(word for word, times in by_word if None in times))
    assert match is not None
    number, unit, items, month = match.groups()
    if all(map(_days, items.split())):
        items = ",".join(items.split())
    unit = unit or month
    if unit is None and number not in (None, "bi"):
        number, items = None, f"{number}th {items}"
    days = _day_parts(unit, items) if unit == month or not month else None
    if clocks and days and number != "bi":
        return _rules(days, number, clocks, anchor)
    if clocks:
        meanings = list(_meanings(number, unit, items, clocks, anchor))
    else:
        meanings = [f"{one}{day}" for one in _with_clocks(body) if is_valid(one)]
    if not meanings and (fixed := _with_known_words(body.lower())) != body.lower() and is_valid(fixed):
        meanings = [f"{fixed}{day}"]
    if len(meanings) > 1:
        raise UsageError(f'"{text}" can mean several things', *(Hint("try", one) for one in meanings))
    what = "has no time of day" if days and not clocks else "is not a posting time"
    example = "" if meanings else f", such as {examples.get(unit or '', EXAMPLE)}"
    raise UsageError(f'"{text}" {what}{example}', *(Hint("try", one) for one in meanings))


def _day_times(phrase: str) -> list[str]:
    """Return `mon 9:00` and `tue 10:00` where days and times of day take turns; else nothing."""
    words = re.findall("[^ ,]+[ ,]*", phrase)
    runs = ["".join(run) for _, run in groupby(words, lambda word: _clock(word.strip(" ,")) is not None)]
    pairs = ["".join(runs[at : at + 2]).strip(" ,") for at in range(0, len(runs), 2)]
    return [" ".join(pair.split()) for pair in pairs] if len(runs) > 3 else []


def _rules(days: dict[str, str], number: str | None, clocks: list[time], anchor: str | None) -> list[Rule]:
    interval = {} if number in (None, "1") else {"INTERVAL": f"{int(number or 1)}"}
    minutes = dict.fromkeys(clock.minute for clock in clocks)
    hours = {minute: sorted({clock.hour for clock in clocks if clock.minute == minute}) for minute in minutes}
    texts = [{"BYHOUR": ",".join(map(str, hours[minute])), "BYMINUTE": f"{minute}"} for minute in minutes]
    return [_rule(format_parts({**days, **interval, **clock}), anchor) for clock in texts]


def _rule(rule: str, anchor: str | None) -> Rule:
    rule = rule.replace(f"FREQ=WEEKLY;BYDAY={','.join(CODES)};BYHOUR", "FREQ=DAILY;BYHOUR")
    cron = "" if anchor else cron_of_rule(rule)
    return Rule(cron) if cron else Rule(rule=rule, anchor=anchor)


def _day_parts(unit: str | None, items: str, last: int = 28) -> dict[str, str] | None:
    """Return the parts of a rule that say on which days, up to day `last` of a month; None if the words do not."""
    if unit == "day":
        return None if items else {"FREQ": "DAILY"}
    if unit != "month":
        numbers = _days(items)
        return {"FREQ": "WEEKLY", "BYDAY": ",".join(CODES[day] for day in numbers)} if numbers else None
    words = [re.fullmatch(r"(-1|\d{1,2})(?:th)?(?: (\w+))?", one.replace("last", "-1")) for one in items.split(",")]
    pairs = sorted({(int(word[1]), WEEKDAYS.get(word[2], 7) if word[2] else -1) for word in words if word})
    if None in words or not all(number for number, _ in pairs):
        return None
    if all(day == -1 and number <= last for number, day in pairs):
        return {"FREQ": "MONTHLY", "BYMONTHDAY": ",".join(f"{number}" for number, _ in pairs)}
    if all(0 <= day < 7 and number <= 5 for number, day in pairs):
        return {"FREQ": "MONTHLY", "BYDAY": ",".join(f"{number}{CODES[day]}" for number, day in pairs)}
    return None


def _meanings(
    number: str | None, unit: str | None, items: str, clocks: list[time], anchor: str | None
) -> Iterator[str]:
    """Yield in clear words what others can mean: the second tuesday, twice a week, on the 31st."""
    tries = [(number, unit, items)]
    shared = re.search(r"(?:th|last) (\w+)$", items)
    if number == "bi":
        tries = [("2", unit, items), *([("1", unit, items)] if "," in items else [])]
    elif unit == "month":
        tries = [(number, unit, re.sub(r"\b(?:29|3[01])th", "lastth", items)), *tries]
    elif unit is None and number is None:
        place = re.fullmatch(r"([2-5])th (?!weekdays)(\w+)", items)
        tries = [*([(place[1], "week", place[2])] if place else []), (None, "month", items)]
    if shared:
        tries = [(number, unit, re.sub(r"(th|last)(?=,)", rf"\1 {shared[1]}", items)) for number, unit, items in tries]
    for number, unit, items in dict.fromkeys(tries):
        days = _day_parts(unit, items, last=31)
        for rule in _rules(days, number, clocks, anchor) if days else ():
            yield format_slot_times(rule.cron, rule.rule, rule.anchor)


def _with_clocks(text: str) -> list[str]:
    """Return `sat 10am` and `sat 10pm` for `sat 10`, `sat 18:30` for `sat 18.30` and `sat, 18:30`."""
    words, _, clock = text.rpartition(" ")
    days = re.sub(r"(?: ?[,+&]| and)+$", "", words, flags=re.IGNORECASE)
    if clock.isdecimal() and days != words:
        return []  # `1st and 3`: perhaps another day
    if re.fullmatch(r"[1-9]|1[0-2]", clock):
        return [f"{text}am", f"{text}pm"]
    fixed = correct_clock(f"{clock}:00" if clock.isdecimal() else clock)
    return [better] if fixed and _clock(fixed) and (better := f"{days} {fixed}".strip()) != text else []


def _with_known_words(text: str) -> str:
    """Return `weekdays 9:00` for `wekdays 9:00`."""
    from difflib import get_close_matches

    return re.sub("[a-z]{5,}", lambda word: (get_close_matches(word[0], _WORDS, 1, 0.8) or [word[0]])[0], text)


def _days(text: str) -> list[int]:
    """Return the weekdays of a word, Monday is 0; none if it is no such word."""
    if text in _GROUPS:
        return list(_GROUPS[text])
    weekdays: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            return []
        start = WEEKDAYS[first]
        length = (WEEKDAYS[last] - start) % 7 if dash else 0
        weekdays.update((start + day) % 7 for day in range(length + 1))
    return sorted(weekdays)


def _clock(word: str) -> time | None:
    clock = parse_clock(word)
    return None if clock is None or clock.second else clock


def _words(rule: str) -> str:
    """Return a rule in words; empty for one that says more."""
    parts = {} if "\n" in rule else parts_of(rule)
    interval, days, dates = (parts.pop(name, "") for name in ("INTERVAL", "BYDAY", "BYMONTHDAY"))
    minute = parts.get("BYMINUTE", "")
    if parts.keys() != {"FREQ", "BYHOUR", "BYMINUTE"} or not minute.isdigit() or (days and dates):
        return ""
    clock = ",".join(f"{int(hour):02}:{int(minute):02}" for hour in parts["BYHOUR"].split(","))
    if parts["FREQ"] == "DAILY" and not days and not dates:
        return f"every {interval} days at {clock}" if interval else f"daily {clock}"
    if parts["FREQ"] == "WEEKLY":
        numbers = tuple(CODES.index(code) for code in days.split(","))
        names = ",".join(DAYS[number].lower() for number in numbers)
        return (
            f"every {interval} weeks on {names} at {clock}" if interval else f"{_WORDS_OF.get(numbers, names)} {clock}"
        )
    items = [_date_words(item) for item in (dates or days).split(",")]
    items.sort(key=lambda item: item == "last day")
    if parts["FREQ"] != "MONTHLY" or not all(items):
        return ""
    return f"{f'every {interval} months' if interval else 'monthly'} on the {','.join(items)} at {clock}"


def _date_words(item: str) -> str:
    """Return `15th`, `last day`, `first mon` for `15`, `-1`, `1MO`; nothing for what words do not say, and `31`."""
    number, code = item.rstrip("".join(CODES)), item.lstrip("-0123456789")
    if code:
        place = {"-1": "last", **{f"{place}": word for place, word in enumerate(_ORDINALS, 1)}}.get(number)
        return f"{place} {DAYS[CODES.index(code)].lower()}" if place else ""
    day = int(number)
    ending = "th" if 4 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return "last day" if day == -1 else f"{day}{ending}" if 0 < day <= 28 else ""
