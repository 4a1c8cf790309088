"""Which zone a time is read in, and how instants and lengths are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.action import action, other_options
from ttp.domain.errors import Hint, TimeRefused
from ttp.domain.time.durations import parse_duration
from ttp.domain.time.formatting import first_valid_zone, format_duration, format_instant, other_clocks, relative
from ttp.domain.time.zones import (
    home_zone,
    load_zone,
    parse_account_zone,
    parse_zone,
    shared_zone,
    wall_text,
)

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)


def test_the_strongest_zone_that_is_set_wins() -> None:
    assert home_zone(own="Asia/Tokyo", config="Europe/Paris", system=BERLIN) == TOKYO
    assert home_zone(config="Europe/Paris", system=BERLIN) == ZoneInfo("Europe/Paris")
    assert home_zone(own="", config="", system=BERLIN) == BERLIN


def test_accounts_share_a_zone_or_each_of_theirs_is_offered() -> None:
    assert shared_zone({}) is None
    assert shared_zone({"x/me": TOKYO, "x/shop": TOKYO}) == TOKYO
    with pytest.raises(TimeRefused) as caught:
        shared_zone({"x/me": TOKYO, "x/shop": BERLIN, "tiktok/shop": BERLIN})
    assert caught.value.flaw == "zones"
    assert all(f"{name} in {zone}" in caught.value.message for name, zone in (("x/me", TOKYO), ("x/shop", BERLIN)))
    assert [hint.way for hint in caught.value.hints] == [other_options(tz=zone.key) for zone in (TOKYO, BERLIN)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(TimeRefused) as caught:
        parse_zone(typed)
    assert caught.value.hints == (Hint("try", other_options(tz=meant)),)


@pytest.mark.parametrize("typed", ["PST", "", "+01:00", "Nowhere/At_All", "x" * 5000, "\0", "🕰"])
def test_a_zone_that_resembles_none_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(TimeRefused) as caught:
        parse_zone(typed)
    assert caught.value.hints == (Hint("try", other_options(tz="Europe/Berlin"), sure=False),)


@each(
    "name",
    ["right/Europe/Berlin", "posix/UTC", "localtime", "posixrules", "Factory", "Europe", "zone.tab", "../etc", "/etc"],
)
def test_what_the_zone_folder_holds_besides_zones_is_no_zone(name: str) -> None:
    assert load_zone(name) is None


def test_a_bad_zone_of_an_account_or_of_the_config_is_set_where_it_stands() -> None:
    with pytest.raises(TimeRefused) as caught:
        parse_account_zone("x/me", "Europe/Berln")
    assert caught.value.hints == (Hint("try", action("account set", "x/me", tz="Europe/Berlin")),)
    with pytest.raises(TimeRefused) as caught:
        home_zone(config="Europe/Berln", system=BERLIN)
    assert caught.value.hints == (Hint("try", action("config set", "timezone", "Europe/Berlin")),)


@given(st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})))
def test_every_iana_name_is_a_zone(name: str) -> None:
    assert parse_zone(name).key == name


def test_an_answer_has_date_zone_and_utc_and_how_far_it_is() -> None:
    at = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert format_instant(at, BERLIN) == "Mon 23 Nov 2026 18:00 Europe/Berlin (17:00 UTC)"
    assert format_instant(at, TOKYO) == "Tue 24 Nov 2026 02:00 Asia/Tokyo (Mon 23 Nov 17:00 UTC)"
    assert format_instant(at + timedelta(seconds=3), ZoneInfo("UTC")) == "Mon 23 Nov 2026 17:00:03 UTC"
    assert (
        format_instant(at, timezone(timedelta(hours=-3, minutes=-30))) == "Mon 23 Nov 2026 13:30 UTC-03:30 (17:00 UTC)"
    )


def test_an_answer_has_the_clocks_of_accounts_that_differ() -> None:
    at = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    new_york, seoul = ZoneInfo("America/New_York"), ZoneInfo("Asia/Seoul")
    assert format_instant(at, TOKYO, [("x/demo", new_york), ("x/seoul", seoul)]) == (
        "Tue 1 Dec 2026 09:00 Asia/Tokyo (Mon 30 Nov 19:00 New York for x/demo), 00:00 UTC"
    )
    assert format_instant(at, TOKYO, [("x/seoul", seoul)]) == format_instant(at, TOKYO)
    many = [(f"x/{number}", BERLIN) for number in range(4)]
    assert other_clocks(at, ZoneInfo("UTC"), [*many, ("x/a", TOKYO)]) == (
        "01:00 Berlin for 4 accounts; 09:00 Tokyo for x/a"
    )


@each(
    ("at", "text"),
    [
        ("2026-12-01T08:00Z", "2026-12-01 09:00"),
        ("2026-10-25T00:30Z", "2026-10-25 02:30"),
        ("2026-10-25T01:30Z", None),
        ("2026-12-01T08:00:30Z", None),
    ],
)
def test_a_wall_clock_stands_for_an_instant_only_where_it_is_read_as_that(at: str, text: str | None) -> None:
    assert wall_text(datetime.fromisoformat(at), BERLIN) == text


@each(
    ("seconds", "long", "short"),
    [
        (0, "now", "now"),
        (0.4, "now", "now"),
        (0.995, "in 1 s", "in 1 s"),
        (45, "in 45 s", "in 45 s"),
        (59.9, "in 1 min", "in 1 min"),
        (150, "in 2 min 30 s", "in 2 min"),
        (4 * 3600 + 14 * 60 + 59, "in 4 h 14 min", "in 4 h"),
        (2 * 3600 + 30, "in 2 h", "in 2 h"),
        (22 * 3600 + 14 * 60, "in 22 h 14 min", "in 22 h"),
        (3 * 86_400 + 4 * 3600 + 14 * 60, "in 3 d 4 h", "in 3 d"),
        (-(19 * 3600 + 46 * 60), "19 h 46 min ago", "19 h ago"),
        (-180, "3 min ago", "3 min ago"),
    ],
)
def test_how_far_it_is_has_a_long_and_a_short_form(seconds: float, long: str, short: str) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert relative(at, NOW) == long
    assert relative(at, NOW, short=True) == short


def test_the_first_name_that_is_a_zone_counts() -> None:
    assert first_valid_zone(None, "", "Nowhere/At_All", "Europe/Berlin", "Asia/Tokyo") == BERLIN
    assert first_valid_zone("Nowhere/At_All") is None


def test_no_time_at_all_is_a_span_of_zero_seconds() -> None:
    assert format_duration(timedelta()) == "0 s"


@each(
    ("text", "seconds"),
    [
        ("2h30m", 9_000),
        ("90s", 90),
        (" 45 Min ", 2_700),
        ("3 days", 259_200),
        ("1w2d", 777_600),
        ("1 week 2 hours 3 secs", 612_003),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_sum_of_whole_units(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@each(
    ("text", "hints"),
    [
        ("90", (Hint("try", "90m"), Hint("try", "90h"))),
        ("1,5h", (Hint("try", "1h30m"),)),
        ("2months", (Hint("try", "2h30m", sure=False),)),
        ("30m2h", (Hint("try", "2h30m", sure=False),)),
        ("1h1h", (Hint("try", "2h30m", sure=False),)),
        ("999999999w", (Hint("try", "2h30m", sure=False),)),
        ("99999.9w", (Hint("try", "2h30m", sure=False),)),
        ("1.333h", (Hint("try", "2h30m", sure=False),)),
        ("-2h", (Hint("try", "2h30m", sure=False),)),
        ("", (Hint("try", "2h30m", sure=False),)),
    ],
)
def test_an_unreadable_duration_is_refused_with_one_that_is_read(text: str, hints: tuple[Hint, ...]) -> None:
    with pytest.raises(TimeRefused) as caught:
        parse_duration(text)
    assert tuple(replace(hint, replaces=None) for hint in caught.value.hints) == hints
    for hint in hints:
        parse_duration(str(hint.way))
