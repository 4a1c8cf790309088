"""Reads by plain statements: the values that were written, in the promised order, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.store.random_posts import ACCOUNTS, FEW_INSTANTS, NAMES, POSTS, listed_posts
from tests.store.stores import add_account, add_post, new_store, raw, to, transaction
from ttp.domain.account import Account
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.permissions import waits_for_approval
from ttp.domain.post import Post, PostStatus
from ttp.domain.publishing.outcome import Attempt, Kind, Phase
from ttp.domain.time.clock import EPOCH, to_ms
from ttp.store import accounts, attempts, posts, queries, repeats, slots
from ttp.store import accounts as stored_accounts
from ttp.store.change_log import Change, restore_posts
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection
from ttp.store.metrics import schedule
from ttp.store.queries import PostFilter
from ttp.store.row_mapper import CorruptRow

HOUR = timedelta(hours=1)
EVERY = PostFilter()


def three_accounts(folder: Path) -> Database:
    database = new_store(folder / "home")
    for name in ACCOUNTS.values():
        add_account(database, name)
    return database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return three_accounts(tmp_path)


def ask(database: Database, question: Callable[[Connection], object]) -> object:
    with closing(database.connect()) as db:
        return question(db)


# As it was written.


def bare(post: Post) -> Post:
    """A post without the ids that the store gave."""
    deliveries = [replace(d, id=None, post_id=None) for d in post.deliveries]
    return replace(post, id=None, deliveries=tuple(sorted(deliveries, key=lambda d: d.account)))


@pytest.mark.parametrize("damage", ["post SET variants = '[]'", "delivery SET handle = '{'"])
def test_of_many_posts_the_one_that_cannot_be_read_is_named(database: Database, damage: str) -> None:
    account = Account("x", "me", id=1)
    ids = [add_post(database, to(account, START + n * HOUR)).id for n in range(5)]
    with transaction(database) as db:
        db.execute(f"UPDATE {damage} WHERE id = ?", (ids[3],))
    with closing(database.connect()) as db, pytest.raises(CorruptRow) as caught:
        list(queries.posts(db, EVERY))
    assert caught.value.post_id == ids[3]


def test_a_repeat_that_cannot_be_read_is_named(db: Connection) -> None:
    db.execute(
        "INSERT INTO recurrence (pool, cron, timezone, texts, created_at) VALUES ('tips', '0 9 * * *', 'UTC', '7', 0)"
    )
    with pytest.raises(CorruptRow, match="row 1 of recurrence"):
        repeats.recurrences(db)


@examples(20)
@given(st.lists(POSTS, min_size=1, max_size=2), st.data())
def test_every_field_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, made: list[Post], data: st.DataObject
) -> None:
    database = three_accounts(tmp_path_factory.mktemp("store"))
    with database.writing() as db:
        stored = [posts.insert(db, post, None) for post in made]
    changed = replace(data.draw(POSTS), id=1, deliveries=stored[0].deliveries, key="k")
    with database.writing() as db:
        after = posts.update(db, changed, None)
    assert [bare(post) for post in stored] == [bare(post) for post in made]
    assert bare(after) == bare(changed)
    with database.writing() as db:  # so many that PostgreSQL gets them as one JSON text
        ids = posts.save(db, made[:1] * 30, None)
        assert [bare(post) for post in queries.posts_even_deleted(db, ids).values()] == [bare(made[0])] * 30
    with closing(database.connect()) as db:
        for post in [after, *stored[1:]]:
            assert queries.post_even_deleted(db, post.id or 0) == post
            assert queries.post(db, post.id or 0) == (None if post.deleted_at else post)
            for delivery in post.deliveries:
                assert queries.delivery(db, delivery.id or 0) == delivery


def test_new_and_changed_posts_are_stored_together_each_as_if_alone(database: Database) -> None:
    first = add_post(database, tags=("a", "b"))
    changed, new = replace(first, content="changed", tags=("c",)), replace(first, id=None, key="new")
    with database.writing() as db:
        assert posts.save(db, [], None) == []
        assert posts.save(db, [new, changed, replace(new, key="other")], None) == [2, 1, 3]
        stored = list(queries.posts_by_id(db, [1, 2, 3]))

    assert stored == [changed, replace(new, id=2), replace(new, id=3, key="other")]


def test_what_was_written_in_another_zone_is_the_same_instant(database: Database) -> None:
    berlin = timezone(HOUR)
    made = add_post(database, to(Account("x", "me", id=1), START.astimezone(berlin)))
    assert made.scheduled_at == START
    assert made.deliveries[0].due_at == START


# The list.

COMING, DRAFTS, ENDED = ("scheduled", "publishing"), ("draft",), ("published", "failed", "partial")


def in_list_order(found: Sequence[Post]) -> list[Post]:
    """What is coming, soonest first; drafts, oldest first; what has ended, latest first. Without a time: before all."""

    def of(statuses: Sequence[str], backwards: bool = False) -> list[Post]:
        run = [post for post in found if post.status in statuses]
        return sorted(run, key=lambda p: (p.scheduled_at or EPOCH, p.id or 0), reverse=backwards)

    return of(COMING) + of(DRAFTS) + of(ENDED, backwards=True)


def passes(post: Post, wanted: PostFilter) -> bool:
    needing = (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW)
    return (
        (not wanted.statuses or post.status in wanted.statuses)
        and (not wanted.platforms or bool(set(post.platforms) & set(wanted.platforms)))
        and (not wanted.accounts or any(d.account_id in wanted.accounts for d in post.active))
        and set(wanted.tags) <= set(post.tags)
        and (wanted.since is None or (post.scheduled_at is not None and post.scheduled_at >= wanted.since))
        and (wanted.until is None or (post.scheduled_at is not None and post.scheduled_at < wanted.until))
        and (wanted.search is None or wanted.search.lower() in post.content.lower())
        and (wanted.key is None or wanted.key == post.key)
        and (
            not wanted.needs_you
            or any(d.state in needing or (wanted.approval and waits_for_approval(d)) for d in post.deliveries)
        )
    )


FILTERS = st.builds(
    EVERY._replace,  # `builds` would fill each field of a named tuple
    statuses=st.lists(st.sampled_from(PostStatus), max_size=4, unique=True).map(tuple),
    platforms=st.lists(st.sampled_from(PLATFORMS.names()), max_size=2, unique=True).map(tuple),
    accounts=st.lists(st.sampled_from(sorted(ACCOUNTS)), max_size=2, unique=True).map(tuple),
    tags=st.lists(NAMES, max_size=1).map(tuple),
    since=st.none() | FEW_INSTANTS,
    until=st.none() | FEW_INSTANTS,
    search=st.none() | st.sampled_from(["launch", "DAY", "%", ""]),
    needs_you=st.booleans(),
    approval=st.booleans(),
)
SOME_FILTERS = st.just(EVERY) | FILTERS | st.just(PostFilter(statuses=(PostStatus.DRAFT,)))


@examples(40)
@given(
    made=st.lists(listed_posts(), max_size=20),
    filters=st.lists(SOME_FILTERS, min_size=1, max_size=5),
    size=st.integers(1, 7),
    batch=st.integers(1, 5),
    few=st.sampled_from([-1, 3, 500]),
    data=st.data(),
)
def test_any_page_of_any_list_is_what_sorting_all_posts_would_give(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[Post],
    filters: list[PostFilter],
    size: int,
    batch: int,
    few: int,
    data: st.DataObject,
) -> None:
    database = three_accounts(tmp_path_factory.mktemp("store"))
    with database.writing() as db:
        stored = [posts.insert(db, post, None) for post in made]
    whole = in_list_order([post for post in stored if post.deleted_at is None])
    with closing(database.connect()) as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "_BATCH", batch)
        patch.setattr(queries, "_FEW", few)
        for wanted in filters:
            expected = [post for post in whole if passes(post, wanted)]
            assert list(queries.posts(db, wanted)) == expected
            pages: list[Post] = []
            while page := list(queries.posts(db, wanted._replace(limit=size, after=pages[-1].id if pages else None))):
                assert len(page) <= size
                pages += page
            assert pages == expected
            if whole:
                position = data.draw(st.integers(0, len(whole) - 1))
                after = [post for post in whole[position + 1 :] if passes(post, wanted)]
                assert list(queries.posts(db, wanted._replace(after=whole[position].id))) == after


def test_a_key_finds_its_post_alone(database: Database, db: Connection) -> None:
    add_post(database, key="a")
    kept = add_post(database, key="b")
    gone = add_post(database, key="c", deleted_at=START)
    assert list(queries.posts(db, PostFilter(key="b"))) == [kept]
    assert list(queries.posts(db, PostFilter(key="c"))) == []
    assert queries.post_by_key(db, "c") == gone, "a key is used once for ever"
    assert queries.post_by_key(db, "d") is None
    with pytest.raises(Conflicting):
        add_post(database, key="c")


def test_a_limit_reads_no_more_than_it_shows(database: Database, db: Connection) -> None:
    for _ in range(5):
        add_post(database)
    assert list(queries.posts(db, PostFilter(limit=0))) == []
    found = queries.posts(db, PostFilter(limit=2))
    seen: list[str] = []
    raw(db).set_trace_callback(seen.append)
    assert [post.id for post in found] == [1, 2]
    assert [sql for sql in seen if "FROM post WHERE status" in sql and not sql.endswith("LIMIT 2")] == []


# By id.


def test_posts_come_in_the_order_asked_for_in_batches(
    database: Database, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_BATCH", 2)
    for number in range(5):
        add_post(database, deleted_at=START if number == 2 else None)
    assert [post.id for post in queries.posts_by_id(db, iter([5, 3, 1, 99, 2]))] == [5, 1, 2]
    assert list(queries.posts_by_id(db, [])) == []
    assert queries.existing_ids(db, 2, 4) == [2, 4]
    assert queries.existing_ids(db, 4, 2) == []
    assert queries.post(db, 99) is None
    assert queries.delivery(db, 99) is None
    with pytest.raises(StopIteration):
        queries.post_even_deleted(db, 99)


def test_ids_are_never_given_again(database: Database) -> None:
    last = add_post(database)
    with transaction(database) as db:
        db.execute("DELETE FROM post")
    assert add_post(database).id == (last.id or 0) + 1


# Accounts.


def test_accounts_come_by_name_without_the_removed(database: Database) -> None:
    gone = add_account(database, "x/gone")
    with database.writing() as db:
        accounts.save(db, gone, now=START, removed=True)
    add_account(database, "x/Alpha")
    with closing(database.connect()) as db:
        names = ["instagram/shop", "x/Alpha", "x/me", "x/other"]
        assert [account.name for account in stored_accounts.accounts(db)] == names
        assert stored_accounts.account(db, "x", "gone") is None
        assert stored_accounts.account(db, "x", "GONE", removed=True) == gone
        alpha = stored_accounts.account(db, "x", "alpha")
        assert alpha is not None
        assert stored_accounts.account_by_id(db, alpha.id or 0) == alpha
        assert stored_accounts.account_by_id(db, 99) is None


def test_every_field_of_an_account_comes_back_and_its_id_stays(database: Database) -> None:
    full = Account(
        "tiktok",
        "Demo.1",
        user_id="17",
        connected=True,
        needs_reconnect=True,
        enabled=False,
        timezone="Europe/Berlin",
        expires_at=START,
        scopes=("video.upload", "user.info"),
        hold_until=START + HOUR,
        hold_reason="quota",
        options={"tiktok.privacy_level": "SELF_ONLY"},
    )
    with database.writing() as db:
        first = accounts.save(db, full, now=START)
    bare = Account("tiktok", "demo.1")
    with closing(database.connect()) as db:
        assert stored_accounts.account(db, "tiktok", "demo.1") == replace(full, id=first)
    with database.writing() as db:
        assert accounts.save(db, bare, now=START + HOUR) == first
    with closing(database.connect()) as db:
        row = db.execute("SELECT handle, created_at FROM account WHERE id = ?", (first,)).fetchone()
        assert tuple(row) == ("Demo.1", to_ms(START)), "it keeps its spelling and its age"
    with closing(database.connect()) as db:
        assert stored_accounts.account_by_id(db, first) == replace(bare, handle="Demo.1", id=first)


def test_posts_that_name_an_account_are_those_not_settled_with_it(database: Database) -> None:
    account, other = Account("x", "me", id=1), Account("x", "other", id=3)
    for state in DeliveryState:
        add_post(database, to(account, START, state=state))
    add_post(database, to(account, START), deleted_at=START)
    add_post(database, to(other, START))
    settled = [n for n, state in enumerate(DeliveryState, 1) if state.value in ("published", "cancelled")]
    wanted = [n for n in range(1, len(DeliveryState) + 1) if n not in settled]
    assert ask(database, lambda db: queries.posts_naming(db, 1)) == wanted


def test_an_accounts_hours_are_those_of_posts_that_go_or_went_out(database: Database) -> None:
    account, other = Account("x", "me", id=1), Account("x", "other", id=3)
    for hours, state in enumerate(DeliveryState):
        add_post(database, to(account, START - hours * HOUR, state=state))
    add_post(database, to(account, START), deleted_at=START)
    add_post(database, to(other, START), to(account))
    wanted = [
        START - hours * HOUR
        for hours, state in enumerate(DeliveryState)
        if hours <= 7 and state.value not in ("failed", "cancelled")
    ]
    assert ask(database, lambda db: queries.busy_instants(db, 1, START - 7 * HOUR)) == sorted(wanted)


# Health.


def test_the_next_due_is_the_first_to_come(database: Database) -> None:
    account = Account("x", "me", id=1)
    assert ask(database, lambda db: queries.next_due(db, START)) is None
    add_post(database, to(account, START))
    add_post(database, to(account, START + 2 * HOUR))
    add_post(database, to(account, START - HOUR, state=DeliveryState.RETRYING, next_at=START + HOUR))
    found = ask(database, lambda db: queries.next_due(db, START))
    assert isinstance(found, Delivery)
    assert found.post_id == 3


def test_overdue_and_waiting_posts_are_counted_once_each(database: Database) -> None:
    one, two = Account("x", "me", id=1), Account("x", "other", id=3)
    add_post(database, to(one, START), to(two, START))
    add_post(database, to(one, START + HOUR), to(two, START + HOUR))
    add_post(database, to(one, START + HOUR), deleted_at=START)
    add_post(database, to(one))
    assert ask(database, lambda db: queries.count_waiting(db, START)) == (1, 1)
    with transaction(database) as db:
        db.execute("UPDATE account SET hold_until = ? WHERE id = 1", (to_ms(START + HOUR),))
    assert ask(database, lambda db: queries.count_waiting(db, START)) == (1, 1), "x/other's is overdue still"
    with transaction(database) as db:
        db.execute("UPDATE account SET hold_until = ? WHERE id = 3", (to_ms(START + HOUR),))
    assert ask(database, lambda db: queries.count_waiting(db, START)) == (0, 1)


def test_what_needs_a_person_comes_newest_first_and_once(database: Database, db: Connection) -> None:
    one, two = Account("x", "me", id=1), Account("x", "other", id=3)

    def failed(account: Account, kind: Kind) -> Delivery:
        return to(account, START, state=DeliveryState.FAILED, error=DeliveryError(kind, "why"))

    add_post(database, failed(one, Kind.CONTENT), failed(two, Kind.MISSED))
    add_post(database, failed(one, Kind.AUTH), failed(two, Kind.QUOTA))
    add_post(database, failed(one, Kind.AUTH))
    add_post(database, failed(one, Kind.CONTENT), deleted_at=START)
    add_post(database, to(one, START, state=DeliveryState.NEEDS_REVIEW))
    assert queries.posts_needing_action(db, "failed") == [3, 2, 1]
    assert queries.posts_needing_action(db, "failed", most=2) == [3, 2]
    assert queries.posts_needing_action(db, "failed", auth=True) == [3, 2]
    assert queries.posts_needing_action(db, "failed", auth=False) == [2, 1]
    assert queries.posts_needing_action(db, "needs_review") == [5]


def test_attempts_of_a_post_come_in_the_order_in_which_they_began(database: Database) -> None:
    made = add_post(database, *(to(Account("x", n, id=i), START) for n, i in (("me", 1), ("other", 3))))
    ids = [d.id for d in made.deliveries]
    with transaction(database) as db:
        for number in (1, 0, 1):
            attempts.start_attempt(db, Attempt("", 1, "post", Phase.PUBLISH, START, delivery_id=ids[number]))
        assert [a.account for a in queries.attempts(db, 1)] == ["x/other", "x/me", "x/other"]
        assert list(queries.attempts(db, 2)) == []


def test_questions_about_nothing_find_nothing(database: Database) -> None:
    """`IN ()` is an error on PostgreSQL."""
    nothing: list[int] = []
    asked: list[Callable[[Connection], object]] = [
        lambda db: queries.posts_even_deleted(db, nothing),
        lambda db: list(queries.posts_by_id(db, nothing)),
        lambda db: queries.posts_by_key(db, []),
        lambda db: queries.repeats_of_posts(db, nothing),
        lambda db: accounts.accounts_by_id(db, nothing),
        lambda db: slots.slots(db, nothing),
        lambda db: slots.posts_at(db, nothing, START, without=None),
        lambda db: slots.posts_by_instant(db, nothing, START, START + HOUR),
        lambda db: schedule.accounts_due(db, [], since=START - HOUR, until=START, now=START),
        lambda db: restore_posts(db, Change(1, "edit", START), []),
    ]
    with transaction(database) as db:
        assert not any(question(db) for question in asked)
