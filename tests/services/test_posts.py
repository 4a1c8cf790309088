"""What the services of posts hold where no command line can reach: two processes at once, and a store that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests import people
from tests.clock import START, FakeClock
from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.errors import Busy, Conflict, ContentRefused, UsageError
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.services.drafts import Drafts
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.queries import PostView, view_of
from ttp.services.slots import Slots
from ttp.store import accounts
from ttp.store.database import Database

Meanwhile = Callable[[], object]


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    database = Database(tmp_path / "home", busy_timeout_s=0.05)
    with database.writing() as db:
        accounts.save(db, Account("x", "me"), now=START)
    return people.posts_of(database, FakeClock())


IN_1H = START + timedelta(hours=1)


def create(posts: Posts, wanted: PostInput, meanwhile: Meanwhile = lambda: None) -> SavedPost:
    """Create a post in an hour; `meanwhile` happens while its time is read: another process is quicker."""
    with Drafts(posts).save_first(wanted.text if wanted.kept else None, wanted) as draft:
        time = people.given(IN_1H, posts.accounts_of_new(wanted))
        meanwhile()
        return posts.create(wanted, time, draft)


def everything(posts: Posts) -> Iterator[tuple[int, str, bool]]:
    """Every post of the store: id, text, whether it is deleted."""
    with closing(posts.database.connect()) as db:
        for row in db.execute("SELECT id, content, deleted_at FROM post ORDER BY id"):
            yield row["id"], row["content"], row["deleted_at"] is not None


def test_of_two_processes_with_one_key_the_first_makes_the_post(posts: Posts) -> None:
    wish = PostInput(text="Hello", to=("x",), at="in 1h", key="k")
    saved = create(posts, wish, lambda: create(posts, wish))
    assert (saved.post.id, saved.replayed) == (1, True)
    assert list(everything(posts)) == [(1, "Hello", False)]


def test_the_slower_one_of_them_leaves_no_draft_of_its_stdin(posts: Posts) -> None:
    wish = PostInput(text="Hello", kept=True, to=("x",), at="in 1h", key="k")
    saved = create(posts, wish, lambda: create(posts, wish))
    assert saved.replayed
    assert [text for _, text, deleted in everything(posts) if not deleted] == ["Hello"]


def test_a_slower_one_with_another_text_is_a_conflict_and_keeps_its_stdin(posts: Posts) -> None:
    first = PostInput(text="Hello", to=("x",), at="in 1h", key="k")
    second = PostInput(text="Other", kept=True, to=("x",), at="in 1h", key="k")
    with pytest.raises(Conflict) as refused:
        create(posts, second, lambda: create(posts, first))
    assert refused.value.hints[-1].way == action("show", 1)
    assert list(everything(posts)) == [(1, "Other", False), (2, "Hello", False)]


def test_a_text_that_cannot_be_kept_says_why_and_not_that_it_was(posts: Posts) -> None:
    with closing(posts.database.connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy), Drafts(posts).keep_text_on_error("Hello"):
            raise UsageError("something else")
    assert list(everything(posts)) == []


def test_a_refused_change_of_many_leaves_every_one_as_it_was(posts: Posts) -> None:
    ids = [posts.create(PostInput(text=text, to=("x",)), None).post.id or 0 for text in ("a", "b", "c" * 300)]
    with pytest.raises(ContentRefused):
        people.schedule(posts, ids, IN_1H)
    assert {posts.post(post).scheduled_at for post in ids} == {None}


# Times that are chosen before the transaction.


@pytest.fixture
def slotted(posts: Posts) -> Posts:
    """An account with a slot every day at 9 UTC."""
    Slots(posts.database, posts.clock, posts.config).add([(posts.accounts()[0], "UTC")], ["0 9 * * *"], None)
    return posts


def test_of_two_posts_that_chose_one_slot_the_slower_takes_the_next(slotted: Posts) -> None:
    wanted, times = PostInput(text="Hello", to=("x",), at="next-slot"), people.times_of(slotted)
    chosen = [times.resolve("next-slot", slotted.accounts()) for _ in range(2)]
    assert chosen[0].at == chosen[1].at
    saved = [slotted.create(wanted, time) for time in chosen]
    at = [one.post.scheduled_at for one in saved]
    assert at == [chosen[0].at, chosen[0].at + timedelta(days=1)]
    assert [one.time and one.time.at for one in saved] == at


def test_a_draft_that_chose_a_slot_takes_the_next_where_that_is_taken(slotted: Posts) -> None:
    draft = slotted.create(PostInput(text="Draft", to=("x",)), None).post.id or 0
    times = people.times_of(slotted).resolve_posts("next-slot", slotted.accounts_by_post([draft]))
    quicker = people.times_of(slotted).resolve("next-slot", slotted.accounts())
    slotted.create(PostInput(text="Hello", to=("x",), at="next-slot"), quicker)
    (saved,) = slotted.schedule(times)
    assert saved.post.scheduled_at == quicker.at + timedelta(days=1)


def test_a_slot_in_front_of_a_post_that_is_out_meanwhile_is_not_taken(slotted: Posts) -> None:
    wanted = PostInput(text="Hello", to=("x",), at="next-slot", first=True)
    first = slotted.create(wanted, people.times_of(slotted).resolve("next-slot", slotted.accounts())).post
    time = people.times_of(slotted).resolve("next-slot", slotted.accounts(), first=True)
    assert time.at == first.scheduled_at
    with slotted.database.writing() as db:
        db.execute("UPDATE post SET status = 'publishing' WHERE id = ?", (first.id,))
    saved = slotted.create(wanted, time)
    assert (saved.post.scheduled_at, saved.moved) == (time.at + timedelta(days=1), ())


def test_a_time_for_other_accounts_than_the_post_has_now_is_a_conflict(posts: Posts) -> None:
    with posts.database.writing() as db:
        accounts.save(db, Account("x", "other"), now=START)
    draft = posts.create(PostInput(text="Draft", to=("x/me",)), None).post.id or 0
    times = people.times_of(posts).resolve_posts("in 1h", posts.accounts_by_post([draft]))
    posts.edit(draft, PostInput(to=("x/other",)), None)
    with pytest.raises(Conflict):
        posts.schedule(times)
    assert posts.post(draft).scheduled_at is None


def test_several_posts_take_one_slot_after_the_other(slotted: Posts) -> None:
    ids = [slotted.create(PostInput(text=text, to=("x",)), None).post.id or 0 for text in "abc"]
    saved = slotted.schedule(people.times_of(slotted).resolve_posts("next-slot", slotted.accounts_by_post(ids)))
    times = [one.post.scheduled_at for one in saved]
    assert times == sorted(times, key=str)
    assert len(set(times)) == 3


def test_a_post_as_it_is_shown_is_no_post_that_can_be_stored(posts: Posts) -> None:
    shown = posts.create(PostInput(text="Hello", to=("x",)), None).post
    assert isinstance(shown, PostView)
    assert not isinstance(shown, Post)
    assert view_of(posts.post(shown.id or 0)) == shown
