"""What holds of every TIME: never a past, never a time that does not exist, never a misread."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import tz as oracle
from hypothesis import example, given
from hypothesis import strategies as st

from ttp.domain.errors import PastTime, SkippedTime, TimeRefused
from ttp.domain.time.durations import compact_duration, parse_duration
from ttp.domain.time.formatting import format_iso
from ttp.domain.time.resolve import ResolvedTime, When, resolve_time
from ttp.domain.time.words import WEEKDAYS
from ttp.domain.time.zones import instants, jump_over

ZONES = tuple(
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "Europe/Dublin",
        "Europe/London",
        "America/New_York",
        "America/St_Johns",
        "America/Santiago",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Antarctica/Troll",
    )
)
zones = st.sampled_from(ZONES)
FROM, TO = datetime.fromisoformat("2009-01-01"), datetime.fromisoformat("2060-01-01")
nows = st.datetimes(FROM, TO, timezones=st.just(UTC))
walls = st.datetimes(FROM, TO).map(lambda wall: wall.replace(microsecond=0))
clocks = st.times().map(lambda clock: clock.replace(microsecond=0))
GAP = datetime.fromisoformat("2027-03-28T02:30")
TWICE = datetime.fromisoformat("2027-10-31T02:30")
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str, now: datetime, zone: ZoneInfo) -> When:
    return resolve_time(text, now=now, zone=zone)


def clock_in_words(clock: time, *, twelve: bool) -> str:
    seconds = f":{clock.second:02}" if clock.second else ""
    if not twelve:
        return f"{clock.hour}:{clock.minute:02}{seconds}"
    return f"{(clock.hour + 11) % 12 + 1}:{clock.minute:02}{seconds}{'pm' if clock.hour >= 12 else 'am'}"


def check(text: str, wall: datetime, now: datetime, zone: ZoneInfo) -> None:
    """Reading `text` gives the first instant from `now` on with that wall clock, or the refusal that is due."""
    exists = oracle.datetime_exists(wall, zone)
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    ahead = sorted(at for at in both if at >= now)
    try:
        found = read(text, now, zone)
    except SkippedTime:
        assert not exists
    except PastTime:
        assert not ahead or not exists
    else:
        assert isinstance(found, ResolvedTime)
        assert exists
        assert found.at == ahead[0]
        assert found.at.astimezone(zone).replace(tzinfo=None) == wall
        assert (found.note is not None) == (both[0] != both[1])


@st.composite
def odd_walls(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """Wall clocks around a change of offset, where everything that goes wrong goes wrong."""
    zone = draw(zones)
    year = draw(st.integers(2009, 2059))
    days = [date(year, 1, 1) + timedelta(days) for days in range(365)]
    offsets = [datetime.combine(day, time(12), zone).utcoffset() for day in days]
    changes = [day for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False) if before != after]
    day = draw(st.sampled_from(changes or days))
    return datetime.combine(day, time()) + draw(st.integers(-180, 420)) * timedelta(minutes=1), zone


@given(where=st.one_of(odd_walls(), st.tuples(walls, zones)), now=nows, join=st.sampled_from("T t"))
@example(where=(GAP, BERLIN), now=datetime(2026, 11, 24, tzinfo=UTC), join=" ")
@example(where=(TWICE, BERLIN), now=datetime(2026, 11, 24, tzinfo=UTC), join=" ")
@example(where=(TWICE, BERLIN), now=datetime(2027, 10, 31, 1, 0, tzinfo=UTC), join=" ")
def test_a_date_and_a_clock_are_read_as_written_or_not_at_all(
    where: tuple[datetime, ZoneInfo], now: datetime, join: str
) -> None:
    wall, zone = where
    check(wall.isoformat(join), wall, now, zone)


@given(where=st.one_of(odd_walls(), st.tuples(walls, zones)), back=st.integers(0, 40_000), twelve=st.booleans())
def test_a_clock_with_a_day_word_is_that_clock_on_that_day(
    where: tuple[datetime, ZoneInfo], back: int, twelve: bool
) -> None:
    wall, zone = where
    now = wall.replace(tzinfo=zone).astimezone(UTC) - back * timedelta(minutes=1)
    days = (wall.date() - now.astimezone(zone).date()).days
    words = clock_in_words(wall.time(), twelve=twelve)
    check(f"in {days} days {words}", wall, now, zone)
    if days == 0:
        check(words, wall, now, zone)
        check(f"Today  {words}", wall, now, zone)
    if days == 1:
        check(f"tomorrow {words}", wall, now, zone)


@given(now=nows, zone=zones, word=st.sampled_from(sorted(WEEKDAYS)), clock=clocks)
def test_a_weekday_is_the_first_such_instant_after_now(now: datetime, zone: ZoneInfo, word: str, clock: time) -> None:
    text = f"{word} {clock_in_words(clock, twelve=False)}"
    try:
        found = read(text, now, zone)
    except SkippedTime:
        return
    assert isinstance(found, ResolvedTime)
    local = found.at.astimezone(zone)
    assert local.weekday() == WEEKDAYS[word]
    assert local.time() == clock
    assert found.at > now
    earlier = [at for days in range(9) for at in _on_day(now.astimezone(zone).date() + timedelta(days), clock, zone)]
    assert found.at == min(at for at in earlier if at > now and at.astimezone(zone).weekday() == WEEKDAYS[word])


def _on_day(day: date, clock: time, zone: ZoneInfo) -> list[datetime]:
    wall = datetime.combine(day, clock)
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return both if oracle.datetime_exists(wall, zone) else []


@given(now=nows, zone=zones, word=st.sampled_from(sorted(WEEKDAYS)), clock=clocks)
def test_next_weekday_lies_in_the_next_iso_week(now: datetime, zone: ZoneInfo, word: str, clock: time) -> None:
    try:
        found = read(f"next {word} {clock_in_words(clock, twelve=True)}", now, zone)
    except SkippedTime:
        return
    assert isinstance(found, ResolvedTime)
    local = found.at.astimezone(zone)
    week_after = now.astimezone(zone).date() + timedelta(weeks=1)
    assert local.isocalendar()[:2] == week_after.isocalendar()[:2]
    assert (local.weekday(), local.time()) == (WEEKDAYS[word], clock)


@given(now=nows, zone=zones, seconds=st.integers(0, 10**9))
def test_elapsed_time_is_exact_whatever_the_clocks_do(now: datetime, zone: ZoneInfo, seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(compact_duration(length)) == length
    found = read(f"in {compact_duration(length)}", now, zone)
    assert isinstance(found, ResolvedTime)
    assert found.at - now == length


@given(now=nows, zone=zones, there=zones, ahead=st.one_of(st.integers(-100, 100), st.integers(0, 10**9)))
def test_an_instant_written_with_its_offset_is_read_the_same_everywhere_while_it_is_to_come(
    now: datetime, zone: ZoneInfo, there: ZoneInfo, ahead: int
) -> None:
    at = now + timedelta(seconds=ahead)
    try:
        found = read(format_iso(at, there), now, zone)
    except PastTime:
        assert ahead < 0
    else:
        assert isinstance(found, ResolvedTime)
        assert found.at == at >= now


PIECES = """
    now in next today tomorrow yesterday fri monday mon optimal at on ago 9am 12pm 13pm 18:00 25:00 2:30 02:30 9 18 0 3
    days weeks 2h30m 2h 90 minutes months year 2026-12-01 2027-03-28 2027-10-31T02:30 2027-02-30 Z +01:00 +99:00 - , .
    12/11/2026 01.12.2026 12/11 dec 1 2027 1796115600 noon tomorow UTC Europe/Berlin EST a.m. pm : T 2027-03-28T02:30
    20270101T0900Z 0000-00-00 9999-12-31T23:59-14:00 0001-01-01T00:00+14:00 999999999w
"""
pieces = st.one_of(st.sampled_from(PIECES.split()), st.text(max_size=6))
texts = st.one_of(st.lists(pieces, max_size=5).map(" ".join), st.lists(pieces, max_size=3).map("".join), st.text())


@given(text=texts, now=nows, zone=zones)
@example(text="2027-03-28 02:30", now=datetime(2027, 3, 28, 0, 59, tzinfo=UTC), zone=BERLIN)
@example(text="2024-02-29 09:00", now=datetime(2026, 11, 24, tzinfo=UTC), zone=BERLIN)
def test_any_text_is_a_time_to_come_or_a_refusal_whose_suggestions_are_times_to_come(
    text: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        found = read(text, now, zone)
    except TimeRefused as error:
        refusal = error
    else:
        assert not isinstance(found, ResolvedTime) or (found.at >= now and found.at.tzinfo is UTC)
        return
    times = [str(hint.way) for hint in refusal.hints if hint.label == "try"]
    assert len(times) == len(set(times))
    assert "\n" not in refusal.message
    for again in times:
        meant = read(again, now, zone)
        assert not isinstance(meant, ResolvedTime) or meant.at >= now


@given(where=odd_walls())
def test_the_two_odd_hours_are_told_as_an_independent_library_tells_them(where: tuple[datetime, ZoneInfo]) -> None:
    wall, zone = where
    found = instants(wall, zone)
    assert bool(found) == oracle.datetime_exists(wall, zone)
    if not found:
        jump = jump_over(wall, zone)
        assert jump.before <= wall < jump.after
        assert wall + jump.length == oracle.resolve_imaginary(wall.replace(tzinfo=zone)).replace(tzinfo=None)
        assert instants(jump.after, zone) == (
            instants(jump.before - timedelta(seconds=1), zone)[-1] + timedelta(seconds=1),
        )
