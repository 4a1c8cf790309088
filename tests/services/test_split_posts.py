"""Posts whose texts are split: parts are planned when the post is created or changed, and shown to whoever looks."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from ttp.domain.account import Account
from ttp.domain.delivery import Delivery
from ttp.domain.errors import ContentRefused
from ttp.domain.post import Post, PostFields
from ttp.domain.post_edit import PostInput
from ttp.domain.pricing import price_of
from ttp.domain.recurrence import Recurrence
from ttp.services.new_posts import copy_post
from ttp.services.posts import Posts
from ttp.services.preview import preview_post
from ttp.services.repeats import Occurrences, Repeats
from ttp.services.undo import Undo, UndoRequest
from ttp.store import accounts, queries
from ttp.store.database import Database

IN_1H = START + timedelta(hours=1)
TEXT = ("word " * 96).strip()  # 479 characters
X, BLUESKY, MASTODON = "x/me", "bluesky/me.example", "mastodon/me@example.org"


@pytest.fixture
def posts(tmp_path: Path) -> Posts:
    database = Database(tmp_path / "home")
    with database.writing() as db:
        for name in (X, BLUESKY, MASTODON, "instagram/me"):
            platform, _, handle = name.partition("/")
            accounts.save(db, Account(platform, handle), now=START)
    return people.posts_of(database, FakeClock())


def create(posts: Posts, **fields: object) -> PostFields:
    wanted = {"text": TEXT, "to": (X, BLUESKY, MASTODON), "split": True, **fields}
    return people.create(posts, PostInput(**wanted), IN_1H).post  # type: ignore[arg-type]  # fields by name


def planned(post: PostFields) -> dict[str, int]:
    """How many planned parts each account has."""
    return {d.account: len(d.planned_parts) for d in post.deliveries}


def delivery(posts: Posts, account: str, post_id: int = 1) -> Delivery:
    return next(d for d in posts.post(post_id).deliveries if d.account == account)


def test_a_text_is_split_only_where_it_is_too_long(posts: Posts) -> None:
    post = create(posts)
    assert planned(post) == {X: 2, BLUESKY: 2, MASTODON: 0}
    for one in posts.post(post.id or 0).deliveries:
        parts = one.planned_parts
        assert not parts or " ".join(parts) == TEXT
    assert post.content == TEXT
    once = price_of(Post("Hi"), Delivery(X, "x"), PLATFORMS)
    assert once
    assert price_of(post, delivery(posts, X), PLATFORMS) == 2 * once


def test_without_split_it_is_refused_and_an_account_may_always_split(posts: Posts) -> None:
    with pytest.raises(ContentRefused) as refused:
        create(posts, split=None)
    assert [problem.code for problem in refused.value.problems if not problem.warning] == ["text_too_long"] * 2
    with posts.database.writing() as db:
        for account in accounts.accounts(db):
            accounts.save(db, replace(account, split=True), now=START)
    assert planned(create(posts, split=None)) == {X: 2, BLUESKY: 2, MASTODON: 0}
    with pytest.raises(ContentRefused):
        create(posts, split=False)


def test_an_own_text_comes_first_and_a_thread_stays_a_thread(posts: Posts) -> None:
    post = create(posts, variants={"x": "Short"}, thread=("Two",))
    assert planned(post) == {X: 0, BLUESKY: 3, MASTODON: 0}
    assert delivery(posts, BLUESKY).planned_parts[2] == "Two"


@pytest.mark.parametrize(
    ("text", "code"), [("a" * 5000, "text_unsplittable"), ("word " * 1400, "thread_count"), (" ", "text_missing")]
)
def test_a_text_that_cannot_be_split_is_refused_with_the_reason(posts: Posts, text: str, code: str) -> None:
    with pytest.raises(ContentRefused) as refused:
        create(posts, text=f"{text}.", to=(X,)) if text.strip() else create(posts, thread=(" ",), to=(X,))
    assert [problem.code for problem in refused.value.problems if not problem.warning] == [code]
    assert posts.database.connect().execute("SELECT count(*) FROM post").fetchone()[0] == 0


def test_a_platform_without_threads_refuses_as_before(posts: Posts) -> None:
    with pytest.raises(ContentRefused) as refused:
        create(posts, text="word " * 600, to=("instagram/me",))
    assert "text_too_long" in [problem.code for problem in refused.value.problems]


def test_a_preview_shows_the_parts_that_are_stored(posts: Posts) -> None:
    wanted = PostInput(text=TEXT, to=(X, BLUESKY, MASTODON), number_parts=True)
    versions = preview_post(posts, wanted, None).versions
    post = people.create(posts, wanted).post
    stored = {one.account: one.planned_parts or (TEXT,) for one in post.deliveries}
    assert {version.account: tuple(part.text for part in version.parts) for version in versions} == stored
    for version in versions:
        assert all(part.length <= part.limit for part in version.parts)
    assert stored[X][-1].endswith(" 2/2")


def test_the_count_is_that_of_the_network_with_the_options_of_the_post(posts: Posts) -> None:
    """A content warning counts on each part on Mastodon; Bluesky counts bytes, too; a shortened link is short there."""
    text = ("word " * 90).strip()
    post = create(posts, text=text, to=(MASTODON,), options={"mastodon.spoiler_text": "a" * 100})
    assert planned(post) == {MASTODON: 2}
    assert planned(create(posts, text="👨\u200d👩\u200d👧\u200d👦" * 200, to=(BLUESKY,))) == {BLUESKY: 2}
    link = f"See https://example.org/{'a' * 400}"
    assert planned(create(posts, text=link, to=(BLUESKY,), options={"bluesky.shorten_links": "true"})) == {BLUESKY: 0}


def test_an_edit_plans_anew_and_withdraws_the_approval(posts: Posts) -> None:
    create(posts)
    people.approvals_of(posts).approve([1])
    assert posts.post(1).approved_at is not None
    people.edit(posts, 1, PostInput(tags=("a",)))
    assert posts.post(1).approved_at is not None
    people.edit(posts, 1, PostInput(number_parts=True))
    assert posts.post(1).approved_at is None
    assert delivery(posts, X).planned_parts[0].endswith(" 1/2")
    people.edit(posts, 1, PostInput(text="Short"))
    assert planned(posts.post(1)) == {X: 0, BLUESKY: 0, MASTODON: 0}
    people.edit(posts, 1, PostInput(text=TEXT))
    assert planned(posts.post(1)) == {X: 2, BLUESKY: 2, MASTODON: 0}


def test_undo_plans_anew_and_keeps_what_is_frozen(posts: Posts) -> None:
    create(posts)
    before = delivery(posts, X)
    people.edit(posts, 1, PostInput(text="Short"))
    Undo(posts).revert(UndoRequest())
    assert delivery(posts, X).planned_parts == before.planned_parts
    with closing(posts.database.connect()) as db, db.transaction():
        db.execute("UPDATE delivery SET parts_frozen = ?, planned_parts = ?", (True, '["One","Two"]'))
    people.edit(posts, 1, PostInput(tags=("a",)))
    Undo(posts).revert(UndoRequest())
    assert (delivery(posts, X).planned_parts, delivery(posts, X).parts_frozen) == (("One", "Two"), True)


def test_a_copy_and_a_repeat_carry_the_wish_and_plan_their_own_parts(posts: Posts) -> None:
    create(posts, to=(X,))
    copy = copy_post(posts, 1).post
    assert (copy.split, planned(copy)) == (True, {X: 2})
    occurrences = Occurrences(posts.database, posts.clock, posts.config, PLATFORMS)
    Repeats(posts, occurrences).begin(Recurrence("0 9 * * *", "UTC", post_id=1, count=2))
    with closing(posts.database.connect()) as db:
        made = [post for post in (queries.post(db, number) for number in (3, 4)) if post is not None]
    assert made
    assert all((post.split, planned(post)) == (True, {X: 2}) for post in made)
