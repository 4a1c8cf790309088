"""Check the whole store against its own records. Reads one snapshot, changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ttp.domain.platform import PlatformFacts
from ttp.domain.post import derive_status, published_at
from ttp.domain.publishing.protocol_audit import audit_records
from ttp.store.copies import inspection
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.machine.ownership import refusal_of_copy

MOST_LISTED = 1000
"""Violations that are listed in full."""


@dataclass(frozen=True, slots=True)
class PromiseCheck:
    """One rule checked for the whole store. `wrong` counts all violations, `breaches` lists the first MOST."""

    name: str
    what: str
    checked: int
    wrong: int
    breaches: tuple[str, ...]


def audit(database: Database, platforms: PlatformFacts) -> list[PromiseCheck]:
    """Check everything that the records can prove. Empty without a store. Raise Damaged."""
    with database.snapshot() as db:
        if db is None:
            return []
        database.check(db)
        place = "files are" if database.has_files else "server and database are"
        accepted = [name for name in platforms.names() if platforms.facts(name).done_is_accepted]
        copy = refusal_of_copy(database.home, db, database.server_identity)
        is_copy = [[] if copy is None else [copy.message]]
        return [
            _check(
                "deliveries", "deliveries: an intent before each outcome, none done twice", _deliveries(db, accepted)
            ),
            _check("posts", "posts: the status follows from the deliveries", _posts(db)),
            _check("remote-ids", "remote ids: each belongs to one delivery", _remote_ids(db)),
            _check("store", f"store: its {place} the recorded ones, so it is not a copy", is_copy),
        ]


def _check(name: str, what: str, breach_lists: Iterable[list[str]]) -> PromiseCheck:
    checked, wrong, listed = 0, 0, list[str]()
    for breaches in breach_lists:
        checked += 1
        wrong += bool(breaches)
        listed += breaches[: MOST_LISTED - len(listed)]
    return PromiseCheck(name, what, checked, wrong, tuple(listed))


def _deliveries(db: Connection, accepted: Collection[str]) -> Iterator[list[str]]:
    for one in inspection.read_deliveries(db, accepted):
        name = f"delivery {one.delivery_id} (post {one.post_id}, {one.account})"
        yield [f"{name}: {breach}" for breach in audit_records(one.state, one.records, in_thread=one.in_thread)]


def _posts(db: Connection) -> Iterator[list[str]]:
    for post in inspection.read_posts(db):
        has_time = any(d.due_at is not None for d in post.active)
        status = derive_status((d.state for d in post.deliveries), has_time=has_time)
        breaches = []
        if status is not post.status:
            breaches.append(f"post {post.id}: its status is {post.status}, but its deliveries say {status}")
        if post.published_at != published_at(post.deliveries):
            breaches.append(f"post {post.id}: its publishing time differs from that of its last delivery")
        yield breaches


def _remote_ids(db: Connection) -> Iterator[list[str]]:
    for account, remote_id, ids in inspection.read_remote_ids(db):
        deliveries = " and ".join(f"delivery {one}" for one in ids)
        yield [f"{deliveries}: both have the id {remote_id} of {account}"] if len(ids) > 1 else []
