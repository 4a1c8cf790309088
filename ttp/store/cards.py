"""Link cards of stored posts: which wait, what was fetched, and the pictures that must be kept for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ttp.domain.parts.cards import Card, card_pictures
from ttp.domain.post import Post
from ttp.domain.time.clock import to_ms
from ttp.store import queries
from ttp.store.dialect import Connection
from ttp.store.row_mapper import text_of


def posts_waiting_for_cards(db: Connection, until: datetime) -> list[Post]:
    """Return the posts that are due up to `until` and have a link card that is not fetched."""
    sql = (
        "SELECT DISTINCT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= ?"
        " AND d.parent_id IS NULL"
        " AND p.deleted_at IS NULL AND p.cards <> ? AND p.cards LIKE ? ORDER BY d.post_id"
    )
    ids = [row["post_id"] for row in db.execute(sql, (to_ms(until), "{}", "%{}%"))]
    return [post for post in queries.posts_by_id(db, ids) if not all(post.cards.values())]


def save_cards(db: Connection, post_id: int, fetched: Iterable[Card], *, may_add: bool = False) -> Mapping[str, Any]:
    """Store what was fetched of the link cards of a post that still wait for it. A stored card never changes.
    `may_add`: the post shows them all. Return all that are stored now."""
    db.lock_posts([post_id])
    row = db.execute("SELECT cards FROM post WHERE id = ?", (post_id,)).fetchone()
    before = {} if row is None else json.loads(row[0])
    new = {card.url: card.as_entry() for card in fetched if not before.get(card.url)}
    new = {url: entry for url, entry in new.items() if entry and (may_add or url in before)}
    if new and row is not None:
        db.execute("UPDATE post SET cards = ? WHERE id = ?", (text_of({**before, **new}), post_id))
        keep_pictures(db, {post_id: new})
    return {**before, **new}


def keep_pictures(db: Connection, cards: Mapping[int, Mapping[str, Any]]) -> None:
    """Record which posts need the pictures of their cards. `cards`: by the id of the post."""
    rows = [{"post_id": i, "sha256": sha256} for i, of_post in cards.items() for sha256 in card_pictures(of_post)]
    if rows:
        db.insert("card_picture", rows, " ON CONFLICT (post_id, sha256) DO NOTHING")
