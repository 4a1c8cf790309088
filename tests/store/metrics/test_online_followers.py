"""Hours of online followers: stored as the platform names them, read for the newest days."""

from __future__ import annotations

from datetime import timedelta

from tests.clock import START
from tests.store.stores import add_account
from ttp.domain.metrics.sample import OnlineDay
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.metrics.samples import DAYS, newest_days, save_days


def test_days_are_replaced_and_the_newest_are_read_oldest_first(database: Database, db: Connection) -> None:
    for name in ("instagram/a", "instagram/b"):
        add_account(database, name)
    dates = [f"{START + timedelta(days=number):%Y-%m-%d}T08:00:00+0000" for number in range(DAYS + 2)]
    days = [OnlineDay(date, {"9": 1, "13": number}) for number, date in enumerate(dates)]
    with db.transaction():
        save_days(db, 1, days[:-1], read_at=START)
        save_days(db, 1, [OnlineDay(dates[-2], {"0": 7}), days[-1]], read_at=START)
        save_days(db, 2, [], read_at=START)
    assert newest_days(db, 1) == [*days[2:-2], OnlineDay(dates[-2], {"0": 7}), days[-1]]
    assert newest_days(db, 2) == []
