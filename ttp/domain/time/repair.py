"""Why a TIME cannot be read, and what was probably meant.

Owns the explanations; never decides what a text means: each suggestion is read again by the strict grammar before it
is shown, and nothing here is ever scheduled.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from ttp.domain.errors import PastTime
from ttp.domain.time.durations import UNITS, duration_guesses, duration_parts
from ttp.domain.time.foreign import correct_clock, explain_date
from ttp.domain.time.grammar import DAY_WORDS, WORDS, parse_clock, split_words
from ttp.domain.time.refusal import InZone, Suggestion, TimeProblem, quote, suggest
from ttp.domain.time.zones import load_zone

_KNOWN = (*WORDS, *UNITS)
_SLANG = {"tmrw": "tomorrow", "tmr": "tomorrow", "noon": "12:00", "midday": "12:00"}
_PAST = ("yesterday", "ago", "last")
_CLOCKLIKE = re.compile(r"[0-9]+([:.h].*|[ap]\.?m\.?|uhr)")
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):?[0-5][0-9]|14:?00)")
_OF_DAY = "(00:00 to 23:59, 1am to 12pm)"


def explain_problem(text: str, now: datetime) -> TimeProblem:
    """What is wrong with a text that the grammar does not read. `now` is aware, in the zone of answers."""
    words = split_words(re.sub(r"(?<=[0-9])\s+(?=[ap]\.m\b)", "", text, flags=re.IGNORECASE))
    if not words:
        return TimeProblem("the time is empty", forms=True)
    for judge in (_stamp, explain_date, _past, _duration, _zone, _hour, _clock, _day, _unknown):
        refusal = judge(text, words, now)
        if refusal is not None:
            return refusal
    return _unreadable(text, "its words do not go together", suggest(*_corrected_texts(words)))


def _unreadable(text: str, why: str, *ways: Suggestion) -> TimeProblem:
    return TimeProblem(f'cannot read the time "{quote(text)}": {why}', *ways, forms=True)


def _stamp(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`1796115600`, seconds or milliseconds since 1970."""
    if len(words) > 1 or not re.fullmatch(r"[0-9]{9,13}", words[0]):
        return None
    number = int(words[0])
    at = datetime.fromtimestamp(number // 1000 if number >= 10**11 else number, UTC)
    return TimeProblem(f'"{words[0]}" is a bare number, not a time', suggest(f"{at:%Y-%m-%dT%H:%M:%S}Z"), forms=True)


def _past(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`yesterday 9am`, `2h ago`."""
    if not any(word in _PAST for word in words):
        return None
    clocks = [word for word in words if parse_clock(word)]
    return TimeProblem(
        f'"{quote(text)}" has passed', suggest(*(f"tomorrow {clock}" for clock in clocks)), kind=PastTime
    )


def _duration(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`2h30m` without its `in`, and what follows an `in`."""
    rest = words[1:] if words[0] == "in" else [words[0].lstrip("+"), *words[1:]]
    plain = " ".join(rest)
    if words[0] != "in":
        if duration_parts(plain) is None:
            return None
        return _unreadable(text, 'a length of time needs "in" before it', suggest(f"in {plain}"))
    numbered = ["1" if word in ("a", "an", "one") else word for word in rest]
    if numbered != rest and duration_parts(" ".join(numbered)):
        return _unreadable(text, "a number is written in digits", suggest(f"in {' '.join(numbered)}"))
    if duration_parts(" ".join(rest[:-1])) and parse_clock(rest[-1]):
        why = "only days and weeks go with a time of day"
        return _unreadable(text, why, suggest(f"in {' '.join(rest[:-1])}"), Suggestion("or", (f"tomorrow {rest[-1]}",)))
    if any(parse_clock(word) for word in rest) or (rest[:-1] and re.fullmatch(r"[0-9]+", rest[-1])):
        return None
    guesses = [Suggestion(say, (f"in {typed}",)) for say, typed in duration_guesses(plain)]
    why = f'"{quote(plain)}" is not a length such as 2h30m' if rest else '"in" needs a length such as 2h30m'
    return _unreadable(text, why, suggest(*_corrected_texts(words)), *guesses)


def _zone(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`tomorrow 9am Europe/Berlin`, `9am UTC`, `fri 18:00 +01:00`."""
    *rest, name = text.split()
    zone = None if not rest or words[-1] in _KNOWN else _zone_called(name)
    if zone is None:
        return None
    inner = " ".join(rest)
    why = f'the zone "{quote(name)}" goes to --tz, or as an offset to a full date'
    return _unreadable(
        text, why, suggest(InZone(inner, zone), *(InZone(again, zone) for again in _corrected_texts(words[:-1])))
    )


def _zone_called(name: str) -> tzinfo | None:
    if _OFFSET.fullmatch(name):
        return datetime.strptime(name, "%z").tzinfo
    if not re.fullmatch(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*", name):
        return None
    return load_zone("UTC" if name.upper() == "Z" else name) or load_zone(name.upper())


def _hour(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`9`, `tomorrow 9`: morning or evening?"""
    *lead, number = words
    if not re.fullmatch(r"[0-9]+", number):
        return None
    hour = int(number[:3])
    if 1 <= hour <= 12:
        ways = (Suggestion(say, _placed(lead, f"{hour}{half}")) for say, half in (("did you mean", "am"), ("or", "pm")))
        return TimeProblem(f'"{number}" can be {hour}am or {hour}pm', *ways)
    texts = _placed(lead, f"{hour:02}:00") if hour < 24 and len(number) < 3 else _corrected_texts(lead)
    return _unreadable(text, f'"{number}" is a bare number, not a time of day', suggest(*texts))


def _clock(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`25:00`, `13pm`, `18.30`."""
    for word in words:
        if _CLOCKLIKE.fullmatch(word) and not parse_clock(word) and not (words[0] == "in" and duration_parts(word)):
            return _unreadable(
                text, f'"{quote(word)}" is not a time of day {_OF_DAY}', suggest(*_corrected_texts(words))
            )
    return None


def _day(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`tomorrow`, `next fri`: at what time?"""
    if words[-1] not in DAY_WORDS or any(word not in (*DAY_WORDS, "next") for word in words):
        return None
    evening = ("today 18:00",) if words == ["today"] else ()
    return TimeProblem(f'"{quote(text)}" needs a time of day', suggest(*evening, *_corrected_texts(words)))


def _unknown(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`tomorow 9am`: the first word that means nothing here."""
    elapsed = words[0] == "in"
    strange = [word for word in words if _corrected_word(word, elapsed) != word]
    if not strange:
        return None
    # A suggestion that leaves a word out says so: it may have been a zone.
    say = "did you mean" if all(_corrected_word(word, elapsed) for word in strange) else "without it"
    return _unreadable(text, f'"{quote(strange[0])}" is not a word I know', Suggestion(say, _corrected_texts(words)))


def _corrected_texts(words: list[str]) -> tuple[str, ...]:
    """Texts close to `words`, nearest first: slips mended, strange words left out, the day before the clock.

    A day without a clock gets one; nothing is made out of nothing.
    """
    elapsed = words[:1] == ["in"]
    mended = [better for word in words if (better := _corrected_word(word, elapsed))]
    clocks = [word for word in mended if parse_clock(word)]
    rest = [word for word in mended if not parse_clock(word)]
    if elapsed and not clocks:
        return (" ".join(rest),)
    if not clocks:
        return (" ".join(mended), " ".join([*rest, "9am"])) if rest else ()
    return " ".join(mended), *_placed(rest, clocks[0])


def _placed(lead: list[str], clock: str) -> tuple[str, ...]:
    """The clock after its day, and tomorrow, as today may be too late for it."""
    return " ".join([*lead, clock]), f"tomorrow {clock}"


def _corrected_word(word: str, elapsed: bool) -> str:
    import difflib

    word = word.strip(",;")
    if word in _KNOWN or word.isdecimal() or (elapsed and duration_parts(word)):
        return word
    near = difflib.get_close_matches(word, _KNOWN, 1, 0.8)
    return _SLANG.get(word) or correct_clock(word) or (near[0] if near else "")
