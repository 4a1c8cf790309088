"""Many posts at once: what is stored is what one at a time would have stored."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import START
from tests.store.random_posts import ACCOUNTS, POSTS
from tests.store.stores import add_account, new_store
from ttp.domain.post import Post
from ttp.store import bulk, posts, reads
from ttp.store.database import Database


def two_stores(folder: Path) -> list[Database]:
    found = [new_store(folder / name) for name in ("one", "many")]
    for database in found:
        for name in ACCOUNTS.values():
            add_account(database, name)
    return found


def stored(database: Database, ids: list[int]) -> list[Post]:
    with database.reading() as db:
        assert db is not None
        return list(reads.posts_even_deleted(db, ids).values())


@given(st.lists(POSTS, min_size=1, max_size=4), st.lists(POSTS, min_size=4, max_size=4))
@settings(max_examples=25, deadline=None)
def test_many_at_once_are_stored_as_one_at_a_time_would_be(new: list[Post], changed: list[Post]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, many = two_stores(Path(folder))
        with one.writing() as session:
            ids = [posts.insert(session, post).id or 0 for post in new]
        with many.writing() as session:
            assert bulk.save(posts.raw(session), new) == ids
        assert stored(many, ids) == stored(one, ids)

        over = [
            replace(now, content=post.content, tags=post.tags, media=post.media, thread=post.thread)
            for now, post in zip(stored(one, ids), changed, strict=False)
        ]
        with one.writing() as session:
            for post in over:
                posts.update(session, post)
            posts.insert(session, new[0])
        with many.writing() as session:
            assert bulk.save(posts.raw(session), [*over, new[0]]) == [*ids, ids[-1] + 1]
        every = [*ids, ids[-1] + 1]
        assert stored(many, every) == stored(one, every)


def test_an_id_of_a_post_is_never_used_again(tmp_path: Path) -> None:
    (database, _) = two_stores(tmp_path)
    with database.writing() as session:
        assert bulk.save(posts.raw(session), []) == []
        stamped = Post("Hello", created_at=START, updated_at=START)
        assert bulk.save(posts.raw(session), [stamped]) == [1]
        posts.raw(session).execute("DELETE FROM post")
        assert bulk.save(posts.raw(session), [stamped]) == [2]
