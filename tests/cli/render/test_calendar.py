"""The calendar's pictures: the bytes of both at each width, and columns that line up whatever posts say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.render.test_posts import ANSI, BERLIN, DUE, FOREIGN, LAUNCH, PAGE, ROAST, WEEKEND, at, drawn, row
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.cli.commands.calendar import days_name, render_month, render_week
from ttp.cli.render.labels import SIGNS, sign
from ttp.cli.render.page import Page
from ttp.cli.render.width import columns
from ttp.cli.terminal import to_ascii
from ttp.domain.delivery import APPROVAL, Delivery, DeliveryState
from ttp.domain.optimal.free_hours import FreeHour
from ttp.domain.post import PostStatus, calendar_time
from ttp.domain.recurrence import Repeat
from ttp.domain.time.calendar_range import month_of, week_of
from ttp.services.queries import PostView
from ttp.views.calendar import CalendarPage, gaps_of

WIDTHS = (40, 57, 60, 69, 70, 72, 80, 100, 120, 160, 200)
TODAY = date(2026, 11, 24)
WEEK, MONTH = week_of(TODAY, BERLIN), month_of(TODAY, BERLIN)
OUT = [
    PostView("Beans", (row("x/roastery", DeliveryState.PUBLISHED),), PostStatus.PUBLISHED, at(day, 9), id=20 + day)
    for day in (3, 5, 6, 10)
]
MISTAKES = PostView("3 mistakes everyone makes", (row("tiktok/roastery"),), PostStatus.SCHEDULED, at(25, 12, 30), id=42)
TIP = PostView(
    "Weekly tip", (row("x/roastery"),), PostStatus.SCHEDULED, at(30, 9), repeat=Repeat(1, "0 9 * * 1", "UTC")
)
POSTS = sorted([*OUT, LAUNCH, ROAST, DUE, MISTAKES, WEEKEND, TIP], key=calendar_time)
THIS_WEEK = [post for post in POSTS if WEEK.holds(calendar_time(post))]
FREE = tuple(FreeHour(when, 0, 0, 0.5) for when in (at(26, 12), at(26, 18), at(27, 18)))
WEEK_SHEET = CalendarPage(WEEK, gaps_of(WEEK, THIS_WEEK, at(24, 12)), FREE, "ttp plan 44 45 46 --days 4 --dry-run")
MONTH_SHEET = CalendarPage(MONTH, gaps_of(MONTH, POSTS, at(24, 12)), all_="ttp calendar 2026-11 --format tsv")


def week(width: int = 80, posts: Sequence[PostView] = THIS_WEEK, **page: object) -> str:
    return drawn(render_week(posts, WEEK_SHEET, PAGE._replace(width=width, **page)))  # type: ignore[arg-type]


def month(width: int = 80, posts: Sequence[PostView] = POSTS, **page: object) -> str:
    return drawn(render_month(posts, MONTH_SHEET, PAGE._replace(width=width, **page)))  # type: ignore[arg-type]


WEEK_60 = """\
Week 48   23 to 29 November 2026   Europe/Berlin
best slots ★   now ▸

 Mon 23  18:00  !  38 ig x  Launch day! 20% off until Sunda…
 Tue 24  13:46  ▸
         18:00  ●  41 ig x  Behind the scenes: how we roast…
 Wed 25  12:30  ●  42 tiktok  3 mistakes everyone makes
 Thu 26  gap
         12:00  ★
         18:00  ★
 Fri 27  18:00  ●  43 ig  Weekend opening hours
         18:00  ★
 Sat 28
 Sun 29

! failed or partial   ● scheduled
Post 38 needs you:  ttp show 38
3 free best slots this week:
  ttp plan 44 45 46 --days 4 --dry-run
"""
WEEK_80 = """\
Week 48   23 to 29 November 2026   Europe/Berlin         best slots ★   now ▸

       Mon 23    Tue 24    Wed 25    Thu 26    Fri 27    Sat 28    Sun 29
 09:00
 12:00                     :30 42  ● ★
                 ▸13:46
 15:00
 18:00 38 ig x ! 41 ig x ●           ★         43 ig   ●
                                               ★
 21:00
       ─────────────────────────────────────────────────────────────────────
 posts 1 (1 !)   1         1         0  gap    1         0         0

! failed or partial   ● scheduled   Post 38 needs you:  ttp show 38
3 free best slots this week:  ttp plan 44 45 46 --days 4 --dry-run
"""
WEEK_120 = """\
Week 48   23 to 29 November 2026   Europe/Berlin                                                   best slots ★   now ▸

       Mon 23          Tue 24          Wed 25          Thu 26          Fri 27          Sat 28          Sun 29
 09:00
 12:00                                 :30 42 tikt… ●  ★
                       ▸13:46
 15:00
 18:00 38 ig x      !  41 ig x      ●                  ★               43 ig        ●
                                                                       ★
 21:00
       ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
 posts 1 (1 !)         1               1               0  gap          1               0               0

! failed or partial   ● scheduled   Post 38 needs you:  ttp show 38
3 free best slots this week:  ttp plan 44 45 46 --days 4 --dry-run
"""
MONTH_60 = """\
November 2026                  Europe/Berlin, weeks 44 to 49

     Mon     Tue     Wed     Thu     Fri     Sat     Sun
44                                                    1
45    2       3 ✓     4       5 ✓     6 ✓     7       8
46    9      10 ✓    11      12      13      14      15
47   16      17      18      19      20      21      22 ?
48   23 !   [24]●    25 ●    26 -    27 ●    28 -    29 -
49   30 ○

  18:00 today   ●  41  ig x    Behind the scenes: how we ro…
  12:30 Wed 25  ●  42  tiktok  3 mistakes everyone makes
  18:00 Fri 27  ●  43  ig      Weekend opening hours
  09:00 Mon 30  ○      x       Weekly tip

! failed or partial   ? may be live   ● scheduled
○ a repeat will create it   ✓ published   - gap
Post 36 needs you:  ttp show 36
"""
MONTH_80 = """\
November 2026                                 Europe/Berlin, weeks 44 to 49

      Mon       Tue       Wed       Thu       Fri       Sat       Sun
 44                                                                1
 45    2         3 ✓       4         5 ✓       6 ✓       7         8
 46    9        10 ✓      11        12        13        14        15
 47   16        17        18        19        20        21        22 ?
 48   23 !     [24]●      25 ●      26 -      27 ●      28 -      29 -
 49   30 ○

  18:00 today   ●  41  ig/roastery x/roastery  Behind the scenes: how we roast …
  12:30 Wed 25  ●  42  tiktok/roastery         3 mistakes everyone makes
  18:00 Fri 27  ●  43  ig/roastery             Weekend opening hours
  09:00 Mon 30  ○      x/roastery              Weekly tip

! failed or partial   ? may be live   ● scheduled   ○ a repeat will create it
✓ published   - gap   Post 36 needs you:  ttp show 36
"""
MONTH_120 = """\
November 2026                                                                           Europe/Berlin, weeks 44 to 49

      Mon             Tue             Wed             Thu             Fri             Sat             Sun
 44                                                                                                    1
 45    2               3 ✓             4               5 ✓             6 ✓             7               8
 46    9              10 ✓            11              12              13              14              15
 47   16              17              18              19              20              21              22 ?
 48   23 !           [24]●            25 ●            26 -            27 ●            28 -            29 -
 49   30 ○

  18:00 today   ●  41  ig/roastery x/roastery  Behind the scenes: how we roast on Mondays
  12:30 Wed 25  ●  42  tiktok/roastery         3 mistakes everyone makes
  18:00 Fri 27  ●  43  ig/roastery             Weekend opening hours
  09:00 Mon 30  ○      x/roastery              Weekly tip

! failed or partial   ? may be live   ● scheduled   ○ a repeat will create it   ✓ published   - gap
Post 36 needs you:  ttp show 36
"""


@each(("width", "expected"), [(60, WEEK_60), (80, WEEK_80), (120, WEEK_120)])
def test_the_week(width: int, expected: str) -> None:
    assert week(width) == expected


@each(("width", "expected"), [(60, MONTH_60), (80, MONTH_80), (120, MONTH_120)])
def test_the_month(width: int, expected: str) -> None:
    assert month(width) == expected


def test_a_wide_week_has_the_beginning_of_the_texts() -> None:
    lines = week(160).splitlines()
    assert lines[7] == (
        " 18:00 38 ig x Launch d… !  41 ig x Behind t… ●                       ★                    43 ig Weekend op… ●"
    )
    assert columns(lines[0]) == 7 + 7 * 21


def test_a_wide_month_has_the_same_days_and_all_of_the_foot_in_a_line() -> None:
    assert month(160).splitlines()[:9] == MONTH_120.splitlines()[:9]
    assert "✓ published   - gap   Post 36 needs you:  ttp show 36" in month(160)


def test_in_ascii_every_line_keeps_its_columns_and_no_two_signs_are_one() -> None:
    for picture in (week(60), week(80), week(120), month(60), month(120)):
        for line in picture.splitlines():
            assert to_ascii(line).isascii()
            assert len(to_ascii(line)) == len(line)
    assert len({to_ascii(one) for one in [*SIGNS, "★", "▸", "-"]}) == len(SIGNS) + 3


def test_colour_adds_nothing_but_colour() -> None:
    for picture in (week, month):
        for width in WIDTHS:
            colored = picture(width, color=True)
            assert ANSI.sub("", colored) == picture(width)
            assert "\x1b[31m!\x1b[0m" in colored


def test_every_status_has_a_sign_of_its_own() -> None:
    waiting = replace(DUE, deliveries=(replace(row("x/me"), waiting_for=APPROVAL),))
    posts = [LAUNCH, ROAST, replace(DUE, status=PostStatus.PUBLISHING), waiting, DUE, TIP, OUT[0]]
    assert [sign(post) for post in posts] == list(SIGNS)
    assert "1 post waits for approval:  ttp approve 41" in week(120, [waiting])


def many(count: int, *, minute: int = 0) -> list[PostView]:
    return [replace(WEEKEND, id=100 + place, scheduled_at=at(27, 18, minute)) for place in range(count)]


def test_of_many_posts_the_first_ones_are_shown_and_how_many_more() -> None:
    lines = week(120, many(9)).splitlines()
    friday = [line[71:86].strip() for line in lines[2:-2] if line[71:86].strip(" ─")]
    assert friday == ["Fri 27", "100 ig       ●", "101 ig       ●", "+7", "★", "9"]
    assert " Fri 27  18:00  ●  100 ig  Weekend opening hours" in week(60, many(9))
    assert "\n         +4\n" in week(60, many(9))
    assert "104 ig" in week(60, many(9))
    assert "105 ig" not in week(60, many(9))


@each(
    ("width", "count", "cell"),
    [
        *((80, 5, " 27 ●●●●●"), (80, 6, " 27 ●●●+3"), (80, 105, " 27 ●+104")),
        *((60, 3, " 27 ●●●"), (60, 4, " 27 ●+3"), (60, 12, " 27 ●+")),
        *((40, 1, " 27 ●"), (40, 9, " 27 ●")),
    ],
)
def test_a_day_of_the_month_has_as_many_signs_as_there_is_room_for(width: int, count: int, cell: str) -> None:
    assert f"{cell} 28 " in re.sub(" +28", " 28", month(width, many(count)))


def test_a_failure_is_never_among_those_that_are_left_out() -> None:
    failed = replace(LAUNCH, scheduled_at=at(27, 19))
    assert " 27 !●●+3" in month(80, [*many(5), failed])
    assert " 27 !" in month(40, [*many(5), failed])
    failed = replace(LAUNCH, scheduled_at=at(27, 18, 30))
    assert "+4 !\n" in week(80, [*many(5), failed])
    assert "         +4\n" in week(60, [*many(9)])
    assert "         +2 !\n" in week(60, [*many(6), failed])


def test_the_month_names_the_next_posts_and_how_all_are_had() -> None:
    text = month(80, many(11))
    assert text.count("Weekend opening hours") == 8
    assert "\n  +3, see all:  ttp calendar 2026-11 --format tsv\n" in text


def test_of_a_month_that_is_over_the_first_posts_are_named_and_no_day_is_today() -> None:
    later = PAGE._replace(now=datetime(2027, 2, 1, tzinfo=UTC))
    text = drawn(render_month(POSTS, replace(MONTH_SHEET, gaps=()), later))
    assert "[" not in text
    assert "  09:00 3 Nov 2026   ✓  23  x/roastery" in text


def test_a_week_that_is_not_now_has_no_present() -> None:
    later = PAGE._replace(now=datetime(2027, 2, 1, tzinfo=UTC))
    for width in (60, 120):
        text = drawn(render_week(THIS_WEEK, CalendarPage(WEEK), later._replace(width=width)))
        assert "▸" not in text
        assert "★" not in text


@each(
    ("day", "name"),
    [
        (date(2026, 11, 24), "23 to 29 November 2026"),
        (date(2026, 12, 1), "30 November to 6 December 2026"),
        (date(2027, 1, 1), "28 December 2026 to 3 January 2027"),
    ],
)
def test_a_week_is_named_by_its_days(day: date, name: str) -> None:
    assert days_name(week_of(day, BERLIN)) == name


def test_without_posts_the_grid_is_there_and_what_to_type() -> None:
    for picture in (render_week([], CalendarPage(WEEK), PAGE), render_month([], CalendarPage(MONTH), PAGE)):
        assert list(picture)[-1] == "No posts in this time.  Create one:  ttp create 'Hello'"


def test_what_stands_beside_right_to_left_text_stays_in_its_place() -> None:
    """A terminal may turn such a text round, and the digits behind it: in the grid it is left out."""
    hebrew = replace(WEEKEND, content="שלום 12 עולם")
    assert "שלום" not in week(160, [hebrew])
    assert "Weekend" in week(160, [WEEKEND])
    assert week(60, [hebrew]).count("43 ig  שלום 12 עולם\n") == 1


HOURS = st.integers(0, 6 * 24 * 4 + 95).map(lambda quarter: at(23, 0) + timedelta(minutes=15 * quarter))
STATES = st.sampled_from([*DeliveryState])
FOUND = st.builds(
    lambda text, when, states, post_id, tags: PostView(
        text,
        tuple(Delivery(f"{p}/roastery", p, state) for p, state in zip(PLATFORMS.names(), states, strict=False)),
        PostStatus.SCHEDULED,
        when.astimezone(UTC),
        id=post_id,
        tags=tuple(tags),
        repeat=Repeat(1, "", "UTC"),
    ),
    FOREIGN,
    HOURS,
    st.lists(STATES, max_size=3),
    st.none() | st.integers(1, 10**6),
    st.lists(FOREIGN.filter(bool), max_size=1),
)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]")


@examples(60)
@given(posts=st.lists(FOUND, max_size=12), width=st.sampled_from(WIDTHS))
def test_columns_line_up_and_nothing_foreign_acts_whatever_posts_say(posts: list[PostView], width: int) -> None:
    posts.sort(key=calendar_time)
    page = PAGE._replace(width=width)
    grid = list(render_week(posts, WEEK_SHEET, page))
    days = list(render_month(posts, MONTH_SHEET, page))
    lines = [line for line in [*grid, *days] if "ttp " not in line]
    assert [line for line in lines if columns(line) > width] == []
    assert [line for line in [*grid, *days] if CONTROLS.search(line)] == []
    if width >= 70:
        wide = min(26, (width - 7) // 7)
        for line in grid[3 : grid.index(" " * 7 + "─" * (7 * wide - 1))]:
            for day in range(1, 7):
                before = _head(line, 7 + day * wide)
                assert before.endswith(" ") or columns(line) < 7 + day * wide, (line, day)
    weeks = [line for line in days if re.match(r" ?(4[4-9])  ", line)][:6]
    left, cell = (5 if width >= 70 else 4), min(16, (width - (5 if width >= 70 else 4)) // 7)
    numbers = [re.search(r"\d+", line[left + day * cell : left + day * cell + 4]) for line in weeks for day in range(7)]
    assert [int(found[0]) for found in numbers if found] == list(range(1, 31))


def _head(line: str, most: int) -> str:
    """The beginning of a line that takes exactly `most` columns, or as much of it as there is."""
    for end in range(len(line) + 1):
        if columns(line[:end]) >= most and (end == len(line) or columns(line[: end + 1]) > columns(line[:end])):
            assert columns(line[:end]) == most, (line, most)
            return line[:end]
    return line


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), [" 02:00", " 03:00"]),
        ("Europe/Berlin", date(2026, 3, 29), [" 01:00", " 03:00", " 04:00"]),
    ],
)
def test_the_nights_in_which_clocks_change_have_the_hours_of_the_clock(zone: str, day: date, hours: list[str]) -> None:
    here = ZoneInfo(zone)
    span = week_of(day, here)
    night = datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)
    posts = [replace(DUE, id=place + 1, scheduled_at=night + timedelta(hours=place)) for place in range(3)]
    lines = list(render_week(posts, CalendarPage(span), Page(night, here, 120)))
    shown = [line[:6] for line in lines if ":30 " in line]
    assert [one for one in shown if one.strip()] == hours
    assert len([line for line in lines if ":30 " in line]) == 3
    assert lines[-3].split()[-1] == "3"
