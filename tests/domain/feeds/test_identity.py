"""Which items of a feed are new. `poll` does what a source does with the answer: it stores the keys of each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.feeds.identity import (
    ItemChange,
    KnownItem,
    PollRules,
    canonical_link,
    choose_mode,
    compare,
    find_removed,
    has_new_names,
    keys_of,
    parse_filter,
)
from ttp.domain.feeds.item import Feed, FeedItem

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
RULES = PollRules(created_at=NOW - timedelta(days=1), max_new=100)


def item(number: int, **fields: Any) -> FeedItem:
    usual = FeedItem(f"https://h.example/?p={number}", f"https://h.example/{number}", f"T{number}", f"Text {number}")
    return replace(usual, **fields)


@dataclass
class Store:
    """What is stored of a source, and how often each item became a post (by title)."""

    rules: PollRules = RULES
    known: dict[str, KnownItem] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)

    def poll(self, *items: FeedItem, now: datetime = NOW, **rules: Any) -> list[ItemChange]:
        self.rules = replace(self.rules, mode=choose_mode(items, self.rules.mode))
        changes = compare(Feed("atom", items=items), [*self.known.values()], replace(self.rules, **rules), now)
        for change in changes:
            self.posts[change.item.title] += change.kind == "new"
            each, keys = change.item, change.keys
            is_alias = change.kind == "alias" or (change.known is not None and change.known.is_alias)
            row = KnownItem(keys, each.title, now, each.published_at, each.updated_at, is_alias)
            assert change.kind == "alias" or (keys.k1 in self.known) == (change.kind in ("same", "edited"))
            assert (change.alias_of in self.known) == (change.kind == "alias")
            self.known[keys.k1] = row
        return changes


def kinds(changes: Sequence[ItemChange]) -> str:
    return " ".join(change.kind for change in changes)


def days(count: float) -> datetime:
    return NOW - timedelta(days=count)


X = "https://h.example/x"
OTHER = {"id": "https://o.example/?p=1", "link": "https://o.example/1"}
# Each case: the polls of a source, and what its items are in the last one, oldest first.
CASES: dict[str, tuple[list[list[FeedItem]], str]] = {
    "the same": ([[item(1)], [item(1)]], "same"),
    "a new one": ([[item(1)], [item(2), item(1)]], "same new"),
    "1 all ids to https": ([[item(1, id="http://www.h.example/?p=1", link=None)], [item(1, link=None)]], "alias"),
    "1 another host": ([[item(1)], [item(1, text="", **OTHER)]], "alias"),
    "2 a new id each time": ([[item(1)], [item(1, id="a")], [item(1, id="b", title="U")]], "alias"),
    "2 known by its text": ([[item(1)], [item(1, id="a", link=X)]], "alias"),
    "3 one id for all": ([[item(1, id="x")], [item(1, id="x"), item(2, id="x")]], "new alias"),
    "3 one id, later one item": ([[item(1, id="x"), item(2, id="x")], [item(2, id="x")]], "same"),
    "3 one id and no links": ([[item(1, id="x", link=None), item(2, id="x", link=None)]], "new new"),
    "5 without an id": ([[item(1, id=None)], [item(1, id=None, title="U", text="new")]], "edited"),
    "5 without id and link": ([[item(1, id=None, link=None)], [item(1, id=None, link=None)]], "same"),
    "7 an id of Gitea": ([[item(1, id=f"12: {X}")], [item(2, id=f"13: {X}")]], "new"),
    "8 one link without ids": ([[item(1, id=None, link=X), item(2, id=None, link=X)]], "new new"),
    "8 later one": ([[item(n, id=None, link=X) for n in (1, 2)], [item(2, id=None, link=X, text="b")]], "alias"),
    "one link with ids": ([[item(1, link=X)], [item(1, link=X), item(2, link=X)]], "new same"),
    "one link, one title": ([[item(1, link=X), item(2, title="T1", link=X)]], "new alias"),
    "the first page as link": ([[item(1, link="https://h/")], [item(2, link="https://h/")]], "new"),
    "the same path on another host": ([[item(1)], [item(1), item(2, **OTHER)]], "new same"),
    "9 edited": ([[item(1)], [item(1, text="other")]], "edited"),
    "9 edited by its date": ([[item(1, updated_at=days(2))], [item(1, updated_at=days(1))]], "edited"),
    "13 old and new in turn": ([[item(1)], [item(1, text="b")], [item(1)], [item(1, text="b")]], "edited"),
    "twice in one document": ([[item(1), item(1, text="b", updated_at=days(1)), item(1)]], "new"),
    "a link with tracking": ([[item(1)], [item(3, id="n", link="http://H.example/1/?utm_source=x&gclid=y#")]], "alias"),
    "14 oldest first": ([[item(n, published_at=days(age)) for n, age in ((1, 0), (2, 9), (3, 0.5))]], "old new new"),
    "17 1970": ([[item(1, published_at=datetime(1970, 1, 1, tzinfo=UTC))]], "old"),
    "17 2038": ([[item(1, published_at=datetime(2038, 1, 1, tzinfo=UTC))]], "new"),
    "before the source": ([[item(1, published_at=days(1.1))]], "old"),
    "a date without a time": ([[item(1, published_at=datetime(2026, 11, 29, tzinfo=UTC))]], "new"),
    "18 no date": ([[item(1)]], "new"),
}  # fmt: skip


@each(("polls", "last"), CASES.values())
def test_what_the_items_of_the_last_poll_are(polls: list[list[FeedItem]], last: str) -> None:
    store = Store()
    answers = [store.poll(*items, now=NOW + timedelta(hours=count)) for count, items in enumerate(polls)]
    assert kinds(answers[-1]) == last
    assert all(count <= 1 for count in store.posts.values())


def test_the_order_of_creation_is_by_date_or_the_document_backwards() -> None:
    dated = [item(1, published_at=days(0.1)), item(2, updated_at=days(0.3)), item(3, published_at=days(0.2))]
    assert [change.item.title for change in Store().poll(*dated)] == ["T2", "T3", "T1"]
    assert [change.item.title for change in Store().poll(*dated, item(4))] == ["T4", "T3", "T2", "T1"]


def test_the_first_poll_makes_no_posts() -> None:
    items = [item(number, published_at=days(number)) for number in range(4)]
    filters = (parse_filter("title:T0|T1"),)
    assert kinds(Store().poll(*items, is_first=True, exclude=filters)) == "old old filtered filtered"


def test_too_many_new_items_are_all_held_and_old_and_filtered_ones_do_not_count() -> None:
    items = [item(number) for number in range(4)]
    assert kinds(Store().poll(*items, max_new=3)) == "held held held held"
    assert kinds(Store().poll(*items, max_new=3, exclude=(parse_filter("title:t1"),))).count("new") == 3
    assert kinds(Store().poll(*items, made_today=17)) == "held held held held"
    assert kinds(Store().poll(*items, made_today=16)) == "new new new new"
    store = Store()
    store.poll(*items, max_new=3)
    assert kinds(store.poll(*items)) == "same same same same"


@each(
    ("include", "exclude", "is_kept"),
    [
        ((), ("title:rc|beta",), False),
        ((), ("title: RELEASE  candidate | beta",), True),
        ((), ("title:r",), True),
        ((), ("text:src",), False),
        ((), ("text:rc",), True),
        (("category:news", "category:Release"), (), True),
        (("category:rel",), (), False),
        (("author:ann",), ("link:example/2",), True),
        (("author:bo",), (), False),
    ],
)
def test_filters(include: Sequence[str], exclude: Sequence[str], is_kept: bool) -> None:
    each = item(1, title="v2.0rc1", text="see src", tags=("release",), author="Ann Smith")
    rules = replace(RULES, include=tuple(map(parse_filter, include)), exclude=tuple(map(parse_filter, exclude)))
    assert kinds(Store(rules).poll(each)) == ("new" if is_kept else "filtered")


def test_words_that_are_no_filter() -> None:
    for wrong in ("title", "title:", "title:|", "colour:red", ":x"):
        with pytest.raises(UsageError):
            parse_filter(wrong)


def test_the_modes_of_keys() -> None:
    each = item(1, link="https://www.H.example/a/?b=1&utm_medium=x#c")
    auto, guid, link, titled = (keys_of(each, mode) for mode in ("auto", "guid", "link", "link+title"))
    assert (auto.k1, auto.k2, auto.k3) == (each.id, "/?p=1", "www.h.example/a?b=1")
    assert (guid.k1, guid.k2, guid.k3, guid.k4) == (each.id, None, None, auto.k4)
    assert (link.k1, link.k2, link.k4) == ("www.h.example/a?b=1", None, auto.k4)
    assert titled.k1.startswith("www.h.example/a?b=1#")
    assert keys_of(FeedItem("at://x", None), "auto") == replace(auto, k1="at://x", k2=None, k3=None, k4=None)
    assert keys_of(item(1, id="https://www.h.example/"), "auto").k2 is None
    assert canonical_link("https://h.example/?utm_source=x") is None


def test_a_mode_that_trusts_ids_makes_posts_of_the_same_text() -> None:
    polls = [item(number, title="All systems normal", text="", link="https://h/status") for number in (1, 2)]
    store = Store(replace(RULES, mode="guid"))
    assert [kinds(store.poll(each)) for each in polls] == ["new", "new"]
    store = Store()
    assert [kinds(store.poll(each)) for each in polls] == ["new", "alias"]
    store = Store()
    store.poll(item(1))
    later = item(2, title="T1", text="Text 1")
    assert kinds(store.poll(later, now=NOW + timedelta(days=31))) == "new"


def test_one_page_with_many_titles() -> None:
    store = Store(replace(RULES, mode="link+title"))
    first, second = item(1, link="https://h/changes"), item(2, link="https://h/changes")
    assert [kinds(store.poll(each)) for each in (first, second, first)] == ["new", "new", "same"]


def test_the_mode_changes_where_ids_say_nothing() -> None:
    same, other, edited = item(1), item(2), item(1, title="U")
    assert choose_mode([same, edited, other], "auto") == "auto"
    assert choose_mode([same, replace(other, id=same.id)], "auto") == "link"
    assert choose_mode([replace(same, link=None), replace(other, id=same.id, link=None)], "auto") == "link+title"
    assert choose_mode([same, replace(other, id=same.id)], "guid") == "guid"
    store = Store()
    assert not has_new_names(store.poll(same, other))
    assert has_new_names(store.poll(replace(same, id="a"), replace(other, id="b"), item(3)))
    assert not has_new_names(store.poll(replace(same, id="c"), replace(other, id="b")))
    assert kinds(store.poll(same, other, item(3), mode="link")) == "alias alias alias"
    assert kinds(store.poll(same, other, item(3), mode="link")) == "same same same"


def test_an_item_between_others_was_removed() -> None:
    store = Store()
    items = [item(number, published_at=days(number / 10)) for number in range(5)]
    store.poll(*items)
    rows = [*store.known.values()]
    changes = store.poll(items[0], replace(items[1], id="renamed", link="https://h.example/renamed"), items[3])
    assert [row.title for row in find_removed(rows, changes)] == ["T2"]
    assert find_removed(rows, store.poll(item(9))) == []


def test_a_clock_that_jumps_by_years_makes_nothing_again() -> None:
    store = Store()
    for years in (0, 5, -5, 0):
        store.poll(item(1), item(2, published_at=NOW), now=NOW + timedelta(days=365 * years))
    assert store.posts == {"T1": 1, "T2": 1}


# However a feed is shown, each of its items becomes a post once.

NUMBERS = st.integers(0, 7)
FORMS = st.sampled_from(["as it is", "http", "another name", "another link", "edited"])


def shown(number: int, form: str, salt: int) -> FeedItem:
    each = item(number)
    return {
        "as it is": each,
        "http": replace(each, id=f"http://www.h.example/?p={number}", link=f"http://h.example/{number}/#x"),
        "another name": replace(each, id=f"urn:{number}:{salt}"),
        "another link": replace(each, link=f"https://h.example/moved/{number}/{salt}"),
        "edited": replace(each, text=f"Edited {salt}", updated_at=NOW - timedelta(minutes=salt)),
    }[form]


@given(
    polls=st.lists(
        st.tuples(st.lists(st.tuples(NUMBERS, FORMS), max_size=10), st.integers(-20_000, 20_000)), max_size=8
    )
)
def test_any_order_and_repetition_over_any_polls_and_clocks_makes_each_post_once(
    polls: list[tuple[list[tuple[int, str]], int]],
) -> None:
    year = timedelta(days=365)
    store, every = Store(replace(RULES, created_at=NOW - year, max_age=year)), set()
    for salt, (seen, minutes) in enumerate(polls):
        store.poll(*(shown(number, form, salt) for number, form in seen), now=NOW + timedelta(minutes=minutes))
        every |= {f"T{number}" for number, _ in seen}
    assert store.posts == Counter(every)


@given(order=st.permutations(range(6)), mode=st.sampled_from(["auto", "guid", "link", "link+title"]))
def test_one_document_in_any_order_is_the_same_posts(order: list[int], mode: Any) -> None:
    items = [item(0), item(1, id=None), item(2, id=None, link=None), item(3, link=None), item(4, text=""), item(5)]
    store = Store(replace(RULES, mode=mode))
    store.poll(*(items[number] for number in order))
    store.poll(*items)
    assert store.posts == Counter({f"T{number}" for number in range(6)})
