"""No accepted or suggested time means something else than the words that were typed.

A second reading, which shares nothing with the grammar, knows what each piece of a random phrase says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from dateutil import tz as oracle
from dateutil.relativedelta import FR, MO, WE, relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from ttp.domain.errors import TimeRefused
from ttp.domain.time.resolve import ResolvedTime, resolve_time

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Piece:
    """Words, the sort of thing that they say, and each value that they can have."""

    text: str
    sort: str
    values: tuple[object, ...] = ()


def _in_days(days: int) -> relativedelta:
    return relativedelta(days=days)


def _dated(text: str) -> date:
    return date.fromisoformat(text)


DAYS = [
    Piece("today", "day", (_in_days(0),)),
    Piece("tonight", "day", (_in_days(0),)),
    Piece("tomorrow", "day", (_in_days(1),)),
    Piece("tomorow", "day", (_in_days(1),)),
    Piece("tmrw", "day", (_in_days(1),)),
    Piece("day after tomorrow", "day", (_in_days(2),)),
    Piece("in 3 days", "day", (_in_days(3),)),
    Piece("in a week", "day", (_in_days(7),)),
    Piece("fri", "day", (relativedelta(weekday=FR), relativedelta(days=1, weekday=FR))),
    Piece("wendesday", "day", (relativedelta(weekday=WE), relativedelta(days=1, weekday=WE))),
    Piece("next mon", "day", (relativedelta(days=1, weekday=MO),)),
    Piece("this fri", "day", (relativedelta(weekday=FR),)),
    Piece("overmorrow", "day", (_in_days(2),)),
    Piece("2027-02-03", "date", (_dated("2027-02-03"),)),
    Piece("2027/2/3", "date", (_dated("2027-02-03"),)),
    Piece("2025-12-01", "date", (_dated("2025-12-01"),)),
    Piece("3 Dec", "date", (_dated("2026-12-03"),)),
    Piece("December 3rd", "date", (_dated("2026-12-03"),)),
    Piece("3 Feb", "date", (_dated("2026-02-03"),)),
    Piece("03/12/2026", "date", (_dated("2026-12-03"), _dated("2026-03-12"))),
    Piece("13.01.2027", "date", (_dated("2027-01-13"),)),
]
CLOCKS = [
    Piece("9am", "clock", (time(9),)),
    Piece("at 9am", "clock", (time(9),)),
    Piece("9:30 pm", "clock", (time(21, 30),)),
    Piece("18:00", "clock", (time(18),)),
    Piece("noon", "clock", (time(12),)),
    Piece("18.30", "clock", (time(18, 30),)),
    Piece("13pm", "clock", (time(13),)),
    Piece("9 a.m.", "clock", (time(9),)),
    Piece("6:30 in the evening", "clock", (time(18, 30),)),
    Piece("midnight", "midnight", (time(0),)),
    Piece("9", "clock", (time(9), time(21))),
    Piece("at 8", "clock", (time(8), time(20))),
    Piece("half past five", "clock", (time(5, 30), time(17, 30))),
    Piece("quarter to 6pm", "clock", (time(17, 45),)),
    Piece("eight in the morning", "clock", (time(8),)),
    Piece("1730", "clock", (time(17, 30),)),
]
ZONES = [
    Piece("Europe/London", "zone", (ZoneInfo("Europe/London"),)),
    Piece("UTC", "zone", (UTC,)),
    Piece("+05:30", "zone", (oracle.tzoffset(None, 19_800),)),
    Piece("CET", "zone", (oracle.tzoffset(None, 3_600), BERLIN)),
    Piece("EDT", "zone", (oracle.tzoffset(None, -14_400), NEW_YORK)),
    Piece("new york time", "zone", (NEW_YORK,)),
    Piece("ET", "zone", (NEW_YORK,)),
    Piece("Berlin", "zone", (BERLIN,)),
    Piece("est", "zone", (oracle.tzoffset(None, -18_000), NEW_YORK)),
]
FILLERS = [Piece(text, "filler") for text in ("at", "on", "the", ",")]
FOREIGN_WORDS = """
    christmas by every except sharp about not moon before after fridays fri,sat weekly noonish lunch until XYZ last
    yesterday ago victoria months
"""
FOREIGN = [Piece(text, "foreign") for text in FOREIGN_WORDS.split()]
PIECES = [*DAYS, *CLOCKS, *ZONES, *FILLERS]

nows = st.datetimes(datetime.fromisoformat("2026-06-01"), datetime.fromisoformat("2026-12-31"), timezones=st.just(UTC))
phrases = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(CLOCKS)).map(list),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(CLOCKS), st.sampled_from(ZONES)).map(list),
    st.tuples(st.sampled_from(CLOCKS), st.sampled_from(DAYS)).map(list),
)
with_foreign = st.tuples(phrases, st.sampled_from(FOREIGN), st.integers(0, 4)).map(
    lambda parts: [*parts[0][: parts[2]], parts[1], *parts[0][parts[2] :]]
)


def readings(pieces: list[Piece], now: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, tzinfo]]:
    """Every wall clock that the pieces can mean, with its zone; nothing where they are not one day and one clock."""
    sorts = [piece.sort for piece in pieces]
    clocks = [piece for piece in pieces if piece.sort in ("clock", "midnight")]
    days = [piece for piece in pieces if piece.sort in ("day", "date")]
    zones = [piece for piece in pieces if piece.sort == "zone"]
    if "foreign" in sorts or len(clocks) > 1 or len(zones) > 1 or not (clocks or days):
        return
    weekday = [piece for piece in days if piece.text in ("fri", "wendesday")]
    dates = [piece for piece in days if piece.sort == "date"]
    if len(days) > 1 and not (len(days) == 2 and weekday and dates):
        return
    for there in zones[0].values if zones else (zone,):
        assert isinstance(there, tzinfo)
        today = now.astimezone(there).date()
        for value in (dates or days)[0].values if days else (_in_days(0),):
            day = value if isinstance(value, date) else today + value  # type: ignore[operator]
            if len(days) > 1 and day.weekday() != {"fri": 4, "wendesday": 2}[weekday[0].text]:
                continue
            for clock in clocks[0].values if clocks else (time(0),):
                assert isinstance(clock, time)
                yield datetime.combine(day, clock), there


def means(at: datetime, say: str, pieces: list[Piece], now: datetime, zone: ZoneInfo) -> bool:
    """Whether the pieces say that instant; `say`: how a suggestion says that it differs from what was typed."""
    has_clock = any(piece.sort in ("clock", "midnight") for piece in pieces)
    tonight = any(piece.text == "tonight" for piece in pieces)
    for wall, there in readings(pieces, now, zone):
        local = at.astimezone(there).replace(tzinfo=None)
        same_clock = local.time() == wall.time() and has_clock
        today = now.astimezone(there).date()
        if any(piece.sort == "midnight" for piece in pieces):
            # Only the next one, or either end of a day.
            ends = [wall.date(), wall.date() + timedelta(days=1)]
            if same_clock and (local.date() in ends):
                return True
            continue
        match say:
            case "" | "try" | "or":
                right = same_clock and local.date() == wall.date() and (not tonight or local.hour >= 17)
            case "tomorrow":
                right = same_clock and wall.date() == today and local.date() == today + timedelta(days=1)
            case "for example":
                right = not has_clock and local.date() == wall.date()
            case "after the change":
                right = local.date() == wall.date() and timedelta() < local - wall <= timedelta(hours=2)
            case _:
                year = int(say.removeprefix("in "))
                later = local.year == year > wall.year and (local.month, local.day) == (wall.month, wall.day)
                right = later and (same_clock or not has_clock)
        if right:
            return True
    return False


LATER = ("try", "tomorrow", "for example", "after the change", "in 2027")
"""How a suggestion can differ from what was typed: each of them can be seen in its text."""


def check(pieces: list[Piece], now: datetime, zone: ZoneInfo) -> None:
    text = " ".join(piece.text for piece in pieces)
    said = " ".join(piece.text for piece in pieces if piece.sort != "filler")
    elapsed = {"in 3 days": 3, "in a week": 7}.get(said)
    later = None if elapsed is None else now + timedelta(days=elapsed)
    try:
        found = resolve_time(text, now=now, zone=zone)
    except TimeRefused as refusal:
        for hint in refusal.hints:
            again = resolve_time(str(hint.way), now=now, zone=zone)
            assert isinstance(again, ResolvedTime)
            right = again.at == later or any(means(again.at, say, pieces, now, zone) for say in LATER)
            assert right, f"{text!r} suggests {hint}"
    else:
        assert isinstance(found, ResolvedTime), text
        right = found.at == later or means(found.at, "", pieces, now, zone)
        assert right, f"{text!r} is read as {found}"


@given(pieces=phrases, now=nows, zone=st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")]))
@example(pieces=[CLOCKS[0], ZONES[3]], now=datetime(2026, 7, 1, 5, tzinfo=UTC), zone=BERLIN)
def test_a_time_is_what_each_of_its_words_says(pieces: list[Piece], now: datetime, zone: ZoneInfo) -> None:
    check(pieces, now, zone)


@given(pieces=with_foreign, now=nows)
def test_with_a_word_that_is_not_understood_nothing_is_accepted_or_suggested(
    pieces: list[Piece], now: datetime
) -> None:
    check(pieces, now, BERLIN)
