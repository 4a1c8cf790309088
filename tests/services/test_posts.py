"""What the services of posts hold where no command line can reach: two processes at once, and a store that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from ttp.domain.account import Account, Platform
from ttp.domain.config import Config
from ttp.domain.errors import Busy, Conflict, UsageError
from ttp.domain.post_input import Typed
from ttp.services.post_changes import Book
from ttp.services.posts import Posts
from ttp.store import accounts
from ttp.store.database import Database
from ttp.store.home.media import MediaStore

Meanwhile = Callable[[], object]


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    database = Database(tmp_path / "home", busy_timeout_s=0.05)
    with database.writing() as db:
        accounts.save(db, Account(Platform.X, "me"), now=START)
    return Posts(Book(database, FakeClock(), Config()), MediaStore(tmp_path / "home" / "media"))


def later(meanwhile: Meanwhile = lambda: None) -> Callable[..., datetime]:
    """A `When` that is an hour ahead; `meanwhile` happens while it is first read: another process is quicker."""
    todo = [meanwhile]

    def when(text: str, accounts: Sequence[Account], draft: int | None = None, post: int | None = None) -> datetime:
        while todo:
            todo.pop()()
        return START + timedelta(hours=1)

    return when


def everything(posts: Posts) -> Iterator[tuple[int, str, bool]]:
    """Every post of the store: id, text, whether it is deleted."""
    with closing(posts._book.database.connect()) as db:
        for row in db.execute("SELECT id, content, deleted_at FROM post ORDER BY id"):
            yield row["id"], row["content"], row["deleted_at"] is not None


def test_of_two_processes_with_one_key_the_first_makes_the_post(posts: Posts) -> None:
    wish = Typed(text="Hello", to=("x",), at="in 1h", key="k")
    saved = posts.create(wish, later(lambda: posts.create(wish, later())))
    assert (saved.post.id, saved.replayed) == (1, True)
    assert list(everything(posts)) == [(1, "Hello", False)]


def test_the_slower_one_of_them_leaves_no_draft_of_its_stdin(posts: Posts) -> None:
    wish = Typed(text="Hello", kept=True, to=("x",), at="in 1h", key="k")
    saved = posts.create(wish, later(lambda: posts.create(wish, later())))
    assert saved.replayed
    assert [text for _, text, deleted in everything(posts) if not deleted] == ["Hello"]


def test_a_slower_one_with_another_text_is_a_conflict_and_keeps_its_stdin(posts: Posts) -> None:
    first = Typed(text="Hello", to=("x",), at="in 1h", key="k")
    second = Typed(text="Other", kept=True, to=("x",), at="in 1h", key="k")
    with pytest.raises(Conflict) as refused:
        posts.create(second, later(lambda: posts.create(first, later())))
    assert refused.value.hints[-1].say == "the text is kept as draft 1"
    assert list(everything(posts)) == [(1, "Other", False), (2, "Hello", False)]


def test_a_text_that_cannot_be_kept_says_why_and_not_that_it_was(posts: Posts) -> None:
    with closing(posts._book.database.connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy), posts.writing.rescuing("Hello"):
            raise UsageError("something else")
    assert list(everything(posts)) == []


def test_a_refused_change_of_many_leaves_every_one_as_it_was(posts: Posts) -> None:
    ids = [posts.create(Typed(text=text, to=("x",)), later()).post.id or 0 for text in "abc"]
    count = 0

    def third_is_refused(
        text: str, accounts: Sequence[Account], draft: int | None = None, post: int | None = None
    ) -> datetime:
        nonlocal count
        count += 1
        if count == 3:
            raise UsageError("no")
        return START + timedelta(hours=1)

    with pytest.raises(UsageError):
        posts.schedule(ids, "in 1h", third_is_refused)
    assert {posts._book.post(post).scheduled_at for post in ids} == {None}
