"""The audit: the whole store, replayed from its own records. Reads only, and sees one moment of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ttp.domain.platform import PlatformFacts
from ttp.domain.post import derive_status, published_at
from ttp.domain.protocol_audit import audit_records
from ttp.store import inspection
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.ownership import refusal_of_copy
from ttp.store.sqlite import quick_check

MOST = 1000
"""Breaches that are told one by one."""


@dataclass(frozen=True, slots=True)
class PromiseCheck:
    """One thing that holds for the whole store: `what` was checked, how many of them, and what was found wrong.

    `wrong` counts them all, `breaches` tells the first MOST.
    """

    name: str
    what: str
    checked: int
    wrong: int
    breaches: tuple[str, ...]


class Audit:
    def __init__(self, database: Database, platforms: PlatformFacts) -> None:
        self._platforms = platforms
        self._database = database

    def run(self) -> list[PromiseCheck]:
        """Everything that can be proven from the records. Nothing is there to check without a store. Damaged."""
        with self._database.snapshot() as db:
            if db is None:
                return []
            quick_check(db, self._database.path)
            accepted = [name for name in self._platforms.names() if self._platforms.facts(name).done_is_accepted]
            return [
                _checked(
                    "deliveries",
                    "deliveries: an intent before each outcome, none done twice",
                    _deliveries(db, accepted),
                ),
                _checked("posts", "posts: the status follows from the deliveries", _posts(db)),
                _checked("remote-ids", "remote ids: each belongs to one delivery", _remote_ids(db)),
                _checked("store", "store: its files are those that it remembers, so it is no copy", self._copies(db)),
            ]

    def _copies(self, db: Connection) -> Iterator[list[str]]:
        refused = refusal_of_copy(self._database.home, db)
        yield [] if refused is None else [refused.message]


def _checked(name: str, what: str, found: Iterator[list[str]]) -> PromiseCheck:
    checked, wrong, told = 0, 0, list[str]()
    for breaches in found:
        checked += 1
        wrong += bool(breaches)
        told += breaches[: MOST - len(told)]
    return PromiseCheck(name, what, checked, wrong, tuple(told))


def _deliveries(db: Connection, accepted: Collection[str]) -> Iterator[list[str]]:
    for one in inspection.read_deliveries(db, accepted):
        name = f"delivery {one.delivery_id} (post {one.post_id}, {one.account})"
        yield [f"{name}: {said}" for said in audit_records(one.state, one.records, in_thread=one.in_thread)]


def _posts(db: Connection) -> Iterator[list[str]]:
    for post in inspection.read_posts(db):
        has_time = any(d.due_at is not None for d in post.active)
        status = derive_status((d.state for d in post.deliveries), has_time=has_time)
        told = []
        if status is not post.status:
            told.append(f"post {post.id}: it is {post.status}, and its deliveries make it {status}")
        if post.published_at != published_at(post.deliveries):
            told.append(f"post {post.id}: when it was published is not when its last delivery was")
        yield told


def _remote_ids(db: Connection) -> Iterator[list[str]]:
    for account, remote_id, ids in inspection.read_remote_ids(db):
        deliveries = " and ".join(f"delivery {one}" for one in ids)
        yield [f"{deliveries}: both are {remote_id} of {account}"] if len(ids) > 1 else []
