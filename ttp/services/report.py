"""Report how published posts did: from stored samples, with the posts that ttp published."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.optimal.features import NEWEST, VIEWS, features
from ttp.domain.report import MeasuredPost, Period, Report, make_report
from ttp.store import queries
from ttp.store import samples as stored_samples
from ttp.store.database import Database
from ttp.store.dialect import Connection

HOURS = 24


class Reports:
    def __init__(self, database: Database) -> None:
        self._database = database

    def report(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        period: Period,
        before: Period,
        by: Sequence[str] = (),
    ) -> Report:
        """Report the posts of accounts that were published in a period, compared with the one before. `zones`: of the
        accounts' hours and weekdays. `by`: names of `GROUPINGS`."""
        posts: list[MeasuredPost] = []
        with self._database.reading() as db:
            if db is not None:
                for account, zone in zip(accounts, zones, strict=True):
                    posts += _measured_posts(db, account, zone, Period(before.start, period.end))
        return make_report(posts, period, before, by)


def _measured_posts(db: Connection, account: Account, zone: ZoneInfo, period: Period) -> Iterator[MeasuredPost]:
    found = stored_samples.newest_between(db, account.id or 0, period.start, period.end)
    usual = _usual_engagement(db, account, zone) if found else {}
    own = queries.published_posts(db, account.id or 0, (sample.remote_id for sample in found))
    for sample in found:
        post = own.get(sample.remote_id)
        expected, difference, measure = usual.get(sample.remote_id, (None, None, None))
        yield MeasuredPost(
            sample,
            sample.published_at.astimezone(zone),
            None if post is None else post.post_id,
            None if post is None else post.url,
            sample.text if post is None else post.text,
            () if post is None else post.tags,
            expected,
            difference,
            measure,
        )


def _usual_engagement(db: Connection, account: Account, zone: ZoneInfo) -> dict[str, tuple[float, float, str]]:
    """Return by remote id what posts of its kind, hour and weekday usually collect, how far the post was from that, and
    whether both are of engagement or views. Of the newest posts that are old enough to be compared."""
    from ttp.domain.optimal.model import estimate

    posts = features(stored_samples.newest_samples(db, account.id or 0, NEWEST), account=account.name, zone=zone)
    found = estimate(posts)
    usual = {}
    for post, parts in zip(posts, found.posts, strict=True):
        expected = parts.trend + parts.kind + found.mean.slots[HOURS * post.weekday + post.hour]
        measure = VIEWS if post.known == VIEWS else "engagement"
        usual[post.remote_id] = (max(math.expm1(expected), 0.0), math.expm1(post.engagement - expected), measure)
    return usual
