"""What `ttp calendar` takes for a month or a week, and what it says to everything else."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.action import OtherOptions, WayOut
from ttp.domain.errors import UsageError
from ttp.domain.time.calendar_range import CalendarRange, parse_calendar_range

TODAY = date(2026, 11, 24)
BERLIN = ZoneInfo("Europe/Berlin")


def span(text: str | None, *flags: str) -> CalendarRange:
    return parse_calendar_range(text, month="--month" in flags, week="--week" in flags, today=TODAY, zone=BERLIN)


def refused(text: str, *flags: str) -> list[str]:
    """The text that the error offers to type instead."""
    with pytest.raises(UsageError) as caught:
        span(text, *flags)
    return [typed_range(hint.way) for hint in caught.value.hints]


def typed_range(way: WayOut) -> str:
    assert isinstance(way, OtherOptions)
    options = dict(way.options)
    assert "month" not in options or options["month"] is False
    return " ".join([*(["--week"] if options["week"] else []), *([str(options["when"])] if options["when"] else [])])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(([None], "2026-11"), ([None, "--month"], "2026-11"), ([None, "--week"], "2026-W48")),
        *((["next"], "2026-12"), (["prev"], "2026-10"), (["NEXT", "--week"], "2026-W49")),
        *((["prev", "--week"], "2026-W47"), (["prev", "--month"], "2026-10")),
        *((["2026-12"], "2026-12"), (["2024-02", "--month"], "2024-02"), ([" 2026-12 "], "2026-12")),
        *((["2026-W49"], "2026-W49"), (["2026-w01", "--week"], "2026-W01"), (["2020-W53"], "2020-W53")),
        *((["2026-12-31"], "2026-12"), (["2026-12-31", "--week"], "2026-W53"), (["2027-01-01", "--week"], "2026-W53")),
        *((["1970-01"], "1970-01"), (["2100-12"], "2100-12")),
    ],
)
def test_what_is_taken(typed: list[str], name: str) -> None:
    assert span(*typed).name == name


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        *((["2026-13"], ["2026-12"]), (["2026-00"], ["2026-01"]), (["2026-02-30"], ["2026-02-01"])),
        *(
            (["2025-W53"], ["2025-W52"]),
            (["2026-W00"], ["2026-W01"]),
            (["2026-02-30", "--week"], ["--week 2026-02-01"]),
        ),
        *((["1969-12"], [""]), (["2101-W01"], [""]), (["next", "--month", "--week"], ["", "--week"])),
        (["2026-12", "--week"], ["2026-12", "--week 2026-12-01"]),
        (["2026-W49", "--month"], ["2026-W49", "2026-11"]),
    ],
)
def test_a_range_that_cannot_be_is_refused_with_others(typed: list[str], ways: list[str]) -> None:
    assert refused(*typed) == ways


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *((["last"], "prev"), (["previous", "--week"], "--week prev"), (["+1"], "next"), (["today"], "")),
        *((["2026-1"], "2026-01"), (["2026/12"], "2026-12"), (["12/2026"], "2026-12"), (["1.2027"], "2027-01")),
        *((["202612"], "2026-12"), (["Dec"], "2026-12"), (["december 2027"], "2027-12"), (["Sept."], "2026-09")),
        *((["w49"], "2026-W49"), (["week 5"], "2026-W05"), (["2026W49"], "2026-W49"), (["2027-W5"], "2027-W05")),
        *((["december", "--week"], "--week 2026-12-01"), (["KW 48"], "2026-W48")),
        *((["last week"], "--week prev"), (["this-month"], ""), (["nextmonth"], "next")),
    ],
)
def test_what_was_probably_meant_is_offered(typed: list[str], meant: str) -> None:
    assert refused(*typed) == [meant]


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026", "w99", "9999-1", "12/24/2026", "2026-W49-1", "٢٠٢٦-١٢", "dec 9"]
)
def test_else_the_forms_are_shown(text: str) -> None:
    assert refused(text) == ["2026-11", "2026-W48", "next"]
    assert refused(text, "--week") == ["2026-11", "2026-W48", "--week next"]


def offered(text: str, *flags: str) -> list[str]:
    """The text that the error offers instead; the text itself if it is accepted."""
    try:
        span(text, *flags)
    except UsageError as error:
        return [typed_range(hint.way) for hint in error.hints] or ["nothing"]
    return [" ".join([*flags, text])]


@given(
    st.text(max_size=12) | st.from_regex(r"[0-9w]{1,4}[-/. w]?[0-9]{1,4}([-/. ][0-9]{1,2})?", fullmatch=True),
    st.sets(st.sampled_from(["--week", "--month"]), max_size=1),
)
def test_whatever_is_offered_is_taken(text: str, flags: set[str]) -> None:
    for way in offered(text, *flags):
        words = way.split()
        typed = next((word for word in words if not word.startswith("--")), None)
        assert 1970 <= span(typed, *(word for word in words if word.startswith("--"))).last.year <= 2101
