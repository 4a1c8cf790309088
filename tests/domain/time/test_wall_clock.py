"""Wall clocks: the instants at which they show a time, in the two odd hours of a year too."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.time.zones import instant_of, instants

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"]).map(ZoneInfo)
WALLS = st.datetimes(datetime.fromisoformat("2010-01-01T00:00"), datetime.fromisoformat("2040-01-01T00:00")).map(
    lambda wall: wall.replace(microsecond=0)
)


def test_a_usual_time_is_one_instant_a_doubled_one_two_and_a_skipped_one_none() -> None:
    assert [at.isoformat() for at in instants(datetime.fromisoformat("2027-07-01T09:00"), BERLIN)] == [
        "2027-07-01T07:00:00+00:00"
    ]
    assert len(instants(datetime.fromisoformat("2027-10-31T02:30"), BERLIN)) == 2
    assert instants(datetime.fromisoformat("2027-03-28T02:30"), BERLIN) == ()


def test_a_day_that_was_skipped_is_its_end() -> None:
    apia = ZoneInfo("Pacific/Apia")

    assert instant_of(datetime.fromisoformat("2011-12-30T09:00"), apia) == instant_of(
        datetime.fromisoformat("2011-12-31T00:00"), apia
    )


@given(wall=WALLS, later=st.timedeltas(timedelta(0), timedelta(days=3)), zone=ZONES)
def test_later_on_the_clock_is_never_earlier(wall: datetime, later: timedelta, zone: ZoneInfo) -> None:
    at = instant_of(wall, zone)

    assert at <= instant_of(wall + later, zone)
    assert not instants(wall, zone) or at.astimezone(zone).replace(tzinfo=None) == wall
