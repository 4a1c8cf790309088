"""Rows of ttp's own metrics format: what is read, and the reason of what is not. Followers online."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.sample import (
    COLUMNS,
    LARGEST_COUNT,
    OnlineDay,
    OnlineFollowers,
    Sample,
    average_online,
    parse_row,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ROW = {
    "account": "ig/shop",
    "remoteId": "17912345678901234",
    "publishedAt": "2026-11-01T09:00:00Z",
    "observedAt": "2026-11-05T10:00:00+01:00",
    "likes": "12",
    "comments": "3",
    "shares": "0",
    "views": "450",
    "saves": "2",
    "reach": "400",
    "kind": "image",
    "text": "Hello, you",
}


def refused(**cells: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_row({**ROW, **cells}, PLATFORMS, now=NOW)
    return caught.value


def read(zone: ZoneInfo | None = None, **cells: str) -> Sample:
    return parse_row({**ROW, **cells}, PLATFORMS, now=NOW, zone=zone)


def test_a_full_row_becomes_a_sample_of_the_canonical_account() -> None:
    assert read() == Sample(
        account="instagram/shop",
        remote_id="17912345678901234",
        published_at=datetime(2026, 11, 1, 9, 0, tzinfo=UTC),
        observed_at=datetime(2026, 11, 5, 9, 0, tzinfo=UTC),
        likes=12,
        comments=3,
        shares=0,
        views=450,
        saves=2,
        reach=400,
        kind="image",
        text="Hello, you",
    )


def test_columns_that_may_be_left_out_are_unknown_and_not_zero() -> None:
    needed = {name: ROW[name] for name in COLUMNS if name not in ("observedAt", "saves", "reach", "kind", "text")}
    sample = parse_row(needed, PLATFORMS, now=NOW)
    assert (sample.saves, sample.reach, sample.kind, sample.text) == (None, None, None, None)


def test_a_row_without_a_time_of_reading_is_read_now_and_says_so() -> None:
    sample = read(observedAt="")
    assert sample.observed_at == NOW
    assert not sample.dated
    assert read().dated


def test_a_row_of_views_alone_is_taken_and_its_other_counts_are_unknown() -> None:
    sample = read(likes="", comments=" ", shares="")
    assert (sample.likes, sample.comments, sample.shares, sample.views) == (None, None, None, 450)


def test_a_row_without_any_count_is_refused() -> None:
    assert refused(likes="", comments="", shares="", views="").flaw == "no_count"


@each(
    ("account", "named"),
    [("", "account"), ("shop", '"shop"'), ("myspace/shop", '"myspace"'), ("x/a b", '"a b"')],
)
def test_a_bad_account_is_refused(account: str, named: str) -> None:
    error = refused(account=account)
    assert named in error.message
    assert (error.flaw == "empty") == (not account)


@each(
    ("remote_id", "flaw"),
    [
        (" ", "empty"),
        ("1.79E+16", "rounded"),
        ("1,79123E+16", "rounded"),
        ("1" * 256, "long_id"),
        ("12 34", "characters"),
        ("12\x1b[2J", "characters"),
    ],
)
def test_a_bad_remote_id_is_refused(remote_id: str, flaw: str) -> None:
    error = refused(remoteId=remote_id)
    assert error.flaw == flaw
    assert error.message.startswith("remoteId ")
    assert (f'"{remote_id}"' in error.message) == (flaw in ("rounded", "characters"))


@each(
    ("time", "flaw"),
    [
        ("", "empty"),
        ("yesterday", "not_a_time"),
        ("2026-11-01", "not_a_time"),
        ("01.11.2026 09:00", "not_a_time"),
        ("1793523600", "not_a_time"),
        ("2026-02-30T09:00:00Z", "no_such_time"),
        ("1970-01-01T00:00:00Z", "too_early"),
        ("2026-11-24T12:00:01Z", "future"),
        ("9999-12-31T23:59:59-14:00", "future"),
        ("2026-11-01T09:00:00", "no_offset"),
        ("x" * 99, "not_a_time"),
    ],
)
def test_a_bad_time_is_refused(time: str, flaw: str) -> None:
    error = refused(publishedAt=time)
    shown = f'"{time if len(time) <= 40 else time[:40] + "…"}"' if time else ""
    assert error.flaw == flaw
    assert error.message.startswith(f"publishedAt {shown}")


def test_a_reading_in_the_future_or_before_the_post_is_refused() -> None:
    assert refused(observedAt="2026-11-25T00:00:00Z").flaw == "future"
    assert refused(observedAt="2026-10-31T09:00:00Z").flaw == "observed_first"


@each("text", ["2026-11-01 09:00Z", "2026-11-01T10:00:00+0100", "2026-11-01T09:00:00.0009Z"])
def test_the_ways_platforms_write_an_instant_mean_the_same(text: str) -> None:
    assert read(publishedAt=text).published_at == datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def test_a_time_without_offset_is_read_in_the_zone_that_was_named() -> None:
    assert read(BERLIN, publishedAt="2026-11-01 09:00").published_at == datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    assert read(BERLIN, publishedAt="2026-11-01T09:00Z").published_at == datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def test_a_doubled_hour_means_its_first_pass() -> None:
    assert read(BERLIN, publishedAt="2026-10-25 02:30").published_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        read(BERLIN, publishedAt="2026-03-29 02:30")
    assert caught.value.flaw == "skipped"


@each("column", ["likes", "comments", "shares", "views", "saves", "reach"])
@each(
    ("text", "flaw"),
    [
        ("-1", "negative"),
        ("nan", "not_a_number"),
        ("inf", "not_a_number"),
        ("1.5", "not_a_number"),
        ("1,234", "not_a_number"),
        ("1e3", "not_a_number"),
        ("٣", "not_a_number"),
        (str(LARGEST_COUNT + 1), "too_large"),
        ("9" * 5000, "too_large"),
    ],
)
def test_a_bad_count_is_refused_by_name(column: str, text: str, flaw: str) -> None:
    shown = text if len(text) <= 40 else text[:40] + "…"
    error = refused(**{column: text})
    assert error.flaw == flaw
    assert error.message.startswith(f'{column} "{shown}" ')


@given(st.integers(0, LARGEST_COUNT))
def test_every_whole_count_is_read_exactly_however_a_table_writes_it(count: int) -> None:
    sample = read(likes=str(count), comments=f"{count}.0", shares=f" 00{count} ", views=f"+{count}.")
    assert {sample.likes, sample.comments, sample.shares, sample.views} == {count}


def test_minus_zero_is_zero() -> None:
    assert read(likes="-0").likes == 0


def test_a_kind_that_is_none_of_the_four_is_refused_and_case_does_not_matter() -> None:
    assert refused(kind="reel").flaw == "kind"
    assert read(kind="Video").kind == "video"


@given(st.integers(0, 600_000_000), st.integers(-720, 720))
def test_the_offset_of_an_instant_never_changes_the_sample(seconds: int, minutes: int) -> None:
    at = datetime(2006, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    written = at.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert read(publishedAt=written).published_at == at


def test_hours_are_averaged_over_the_days_that_have_them() -> None:
    days = [OnlineDay("mon", {"10": 4, "9": 1}), OnlineDay("tue", {}), OnlineDay("wed", {"10": 5, "late": 3})]
    found = average_online(days)
    assert found == OnlineFollowers(2, "mon", "wed", (("9", 1.0), ("10", 4.5), ("late", 3.0)))
    assert found.best == [("10", 4.5), ("late", 3.0), ("9", 1.0)]


def test_without_numbers_there_is_no_average() -> None:
    assert average_online([]) is None
    assert average_online([OnlineDay("mon", {})]) is None
