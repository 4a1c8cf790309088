"""Writing posts: whole posts in, changed posts over. Runs inside `Database.writing`'s transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, delete

from ttp.domain.clock import from_ms
from ttp.domain.delivery import Delivery
from ttp.domain.post import Post
from ttp.store import reads, rows
from ttp.store.database import driver as raw
from ttp.store.tables import DeliveryRow, Instant, MediaRow, PostRow, TagRow

__all__ = ["Session", "insert", "raw", "retime", "update"]


def insert(session: Session, post: Post) -> Post:
    """Store a new post; answers it with its ids."""
    row = PostRow(**_values(PostRow, rows.post_columns(post)))
    session.add(row)
    session.flush()
    assert row.id is not None
    _write_lists(session, row.id, post)
    for delivery in post.deliveries:
        _insert_delivery(session, row.id, delivery)
    return _again(session, row.id)


def update(session: Session, post: Post) -> Post:
    """Store every field of a post that changed; deliveries without an id are new."""
    assert post.id is not None
    row = session.get_one(PostRow, post.id)
    for name, value in _values(PostRow, rows.post_columns(post)).items():
        setattr(row, name, value)
    for table in (MediaRow, TagRow):
        session.exec(delete(table).where(col(table.post_id) == post.id))
    _write_lists(session, post.id, post)
    for delivery in post.deliveries:
        if delivery.id is None:
            _insert_delivery(session, post.id, delivery)
        else:
            held = session.get_one(DeliveryRow, delivery.id)
            for name, value in _values(DeliveryRow, rows.delivery_columns(delivery)).items():
                setattr(held, name, value)
    session.flush()
    return _again(session, post.id)


def retime(session: Session, posts: Sequence[Post]) -> list[Post]:
    """Store the times of drafts that are scheduled now: what `update` does of it, for many at once."""
    db = raw(session)
    db.executemany(
        "UPDATE post SET status = :status, scheduled_at = :scheduled_at, updated_at = :updated_at,"
        " chosen_by = :chosen_by WHERE id = :id",
        [{**rows.post_columns(post), "id": post.id} for post in posts],
    )
    db.executemany(
        "UPDATE delivery SET due_at = :due_at, next_at = :next_at WHERE id = :id",
        [{**rows.delivery_columns(row), "id": row.id} for post in posts for row in post.deliveries],
    )
    return list(reads.posts_by_id(db, [post.id or 0 for post in posts]))


def _again(session: Session, post_id: int) -> Post:
    session.flush()
    return reads.post_even_deleted(raw(session), post_id)


def _insert_delivery(session: Session, post_id: int, delivery: Delivery) -> None:
    assert delivery.account_id is not None
    columns = rows.delivery_columns(delivery)
    session.add(DeliveryRow(post_id=post_id, account_id=delivery.account_id, **_values(DeliveryRow, columns)))


def _write_lists(session: Session, post_id: int, post: Post) -> None:
    for position, item in enumerate(post.media):
        session.add(MediaRow(post_id=post_id, position=position, **_values(MediaRow, rows.media_columns(item))))
    for position, tag in enumerate(post.tags):
        session.add(TagRow(post_id=post_id, position=position, tag=tag))
    session.flush()


def _values(table: type[Any], columns: dict[str, rows.Column]) -> dict[str, Any]:
    """Columns as the models want them: instants as datetimes."""
    kinds = table.__table__.columns
    return {
        name: from_ms(value) if isinstance(value, int) and isinstance(kinds[name].type, Instant) else value
        for name, value in columns.items()
    }
