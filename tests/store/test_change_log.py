"""The log of changes: found by index, kept media, and images that outlive a new column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from tests.clock import START
from tests.examples import examples
from tests.store.random_posts import POSTS
from tests.store.stores import add_account, add_post, to
from tests.store.test_queries import three_accounts
from ttp.domain.post import Post
from ttp.store import authors, change_log, posts, queries
from ttp.store import posts as stored_posts
from ttp.store.change_log import KEPT_FOR, ChangeRecorder
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.posts import PostSnapshot


@examples(50)
@given(made=POSTS)
def test_an_image_is_the_whole_post(tmp_path_factory: pytest.TempPathFactory, made: Post) -> None:
    database = three_accounts(tmp_path_factory.mktemp("store"))
    images: dict[int, PostSnapshot] = {}

    class Kept:
        def write(
            self, db: Connection, after: Iterable[tuple[int, PostSnapshot]], before: Mapping[int, PostSnapshot]
        ) -> None:
            images.update(after)

    with database.writing() as db:
        stored = posts.insert(db, made, Kept())
        posts.save(db, [made, stored, made], Kept())
        assert images == dict(stored_posts.snapshots(db, (1, 2, 3)))
        ((post_id, image),) = stored_posts.snapshots(db, [stored.id or 0, 99])
        again = stored_posts.post_of(post_id, image.text)
    assert again == replace(stored, updated_at=again.updated_at)


def test_a_column_that_comes_later_makes_no_other_digest_and_is_empty_in_an_old_image(database: Database) -> None:
    made = add_post(database, to(add_account(database), START))
    with database.writing() as db:
        ((_, before),) = stored_posts.snapshots(db, [made.id or 0])
        db.execute("ALTER TABLE post ADD COLUMN later TEXT")
        db.execute("ALTER TABLE delivery ADD COLUMN later INTEGER")
        ((_, after),) = stored_posts.snapshots(db, [made.id or 0])
    assert after.digest == before.digest
    assert "chosen_by" not in json.loads(before.text)["post"]
    assert stored_posts.post_of(1, before.text).chosen_by is None


def test_what_comes_to_nothing_leaves_nothing(database: Database) -> None:
    recorder = ChangeRecorder("create", START)
    with database.writing() as db:
        posts.insert(db, Post("Hello", created_at=START, updated_at=START), recorder)
        recorder.forget(db)
        assert change_log.next_changes(db, START, 9, post=None, undone=False) == []
        posts.insert(db, Post("Hello", created_at=START, updated_at=START), recorder)
        assert [one.command for one in change_log.next_changes(db, START, 9, post=None, undone=False)] == ["create"]


def test_media_that_a_change_would_bring_back_are_kept_as_long(database: Database) -> None:
    with database.writing() as db:
        post = posts.insert(db, Post("Hello", created_at=START, updated_at=START), ChangeRecorder("create", START))
        db.execute("UPDATE change_post SET media = ? WHERE post_id = ?", (json.dumps(["ab" * 32]), post.id))
        assert change_log.media_needed_for_undo(db, START + KEPT_FOR - timedelta(milliseconds=1)) == {"ab" * 32}
        assert change_log.media_needed_for_undo(db, START + KEPT_FOR) == set()


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        *(
            (
                sql.format(of_post=of_post, by=by),
                {"since": 0, "change": 1, "undone": None, "post": 1, "most": 1, "actor": ""},
            )
            for sql in (*change_log._NEXT.values(), change_log._ROWS)
            for of_post in ("", change_log._OF_POST)
            for by in ("", change_log._BY)
        ),
        (change_log._TURN, {"change": 1, "post": 1, "image": None, "digest": "", "media": None, "undone": 1}),
        (change_log._FOLLOWS[False], {"change": 1, "post": 1, "digest": "", "meant": ""}),
        (change_log._FOLLOWS[True], {"change": 1, "post": 1, "digest": "", "meant": ""}),
        ("SELECT max(undone) FROM change_post WHERE undone IS NOT NULL", {}),
    ],
)
def test_no_question_looks_through_all_that_was_changed(
    database: Database, sql: str, values: dict[str, object]
) -> None:
    with database.writing() as db:
        plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step and step != "SCAN c"], plan


def test_a_write_that_names_nobody_is_not_written_down(database: Database) -> None:
    made = add_post(database, to(add_account(database), START))
    with database.writing() as db:
        posts.update(db, made, None)
        assert db.execute("SELECT count(*) FROM change").fetchone()[0] == 0
        assert queries.post(db, made.id or 0) == made


@pytest.mark.parametrize("actor", ["ann", "ann via mcp", "ann via mcp (claude-code)"])
def test_an_author_is_known_whatever_they_used(database: Database, actor: str) -> None:
    with database.writing() as db:
        made = posts.insert(
            db, Post("Hello", created_at=START, updated_at=START), ChangeRecorder("create", START, actor)
        )
        names = ("ann", "an", "annb", "bob", "a_n", "ann%", "ANN")
        assert [name for name in names if authors.has_changed(db, made.id or 0, name)] == ["ann"]
        for command in ("undo approve", "redo reject", "undo edit"):
            ChangeRecorder(command, START, "eve").note_undo(db, [made.id or 0])
            assert authors.has_changed(db, made.id or 0, "eve") == (command == "undo edit")


@pytest.mark.parametrize("count", [0, 1, 30])
def test_few_and_many_rows_are_inserted_alike(database: Database, count: int) -> None:
    rows = [{"name": f"n{number}", "value": f'"é\n{number}:?\u2028'} for number in range(count)]
    with database.writing() as db:
        for value in ("first", "second"):
            more = f" ON CONFLICT (name) DO UPDATE SET value = excluded.value || '{value}'"
            db.insert("setting", rows, more)
        stored = {row["name"]: row["value"] for row in db.execute("SELECT name, value FROM setting")}
    assert stored == {row["name"]: f"{row['value']}second" for row in rows}
