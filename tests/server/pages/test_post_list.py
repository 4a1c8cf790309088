"""The page of all posts and its filter bar."""

from __future__ import annotations

import re

import pytest

from tests.server.pages.conftest import Person, form_with, inner
from tests.server.pages.test_calendar import account_named


@pytest.fixture
def five(ann: Person) -> Person:
    """Someone with five posts: scheduled, draft, failed, published, and a draft of two pages of markup."""
    ttp = ann.ttp
    ttp.post("One jasmine", "--to", "x/me", "--at", "2098-01-02T09:00Z", "--tag", "tea")
    ttp.post("Two", "--to", "x/other")
    ttp.post("Three JASMINE", "--to", "x/me", "--at", "2098-01-04T09:00Z")
    ttp.bring(3, "failed", next_at=None, error=("content", "no"))
    ttp.post("Four", "--to", "x/other", "--at", "2098-01-03T09:00Z", "--tag", "tea")
    ttp.post(90 * "y" + " <b>5 jasmine & more")
    return ann


def ids(page: str) -> list[int]:
    """The posts of a page, in order."""
    return list(dict.fromkeys(map(int, re.findall(r'class="(?:open|what)"[^>]* href="/posts/(\d+)', page))))


FOUND = {
    "": [1, 4, 2, 5, 3],
    "?q=jasmine": [1, 5, 3],
    "?status=draft": [2, 5],
    "?status=draft,failed": [2, 5, 3],
    "?status=needs-you": [3],
    "?account=x/other": [4, 2],
    "?account=x": [1, 4, 2, 3],
    "?tag=tea&sort=-time": [4, 1],
    "?since=2098-01-03&until=2098-01-04": [4],
    "?since=2098-01-03": [4, 3],
    "?sort=time": [1, 4, 3, 2, 5],
    "?sort=-time": [3, 4, 1, 5, 2],
    "?sort=-id&q=jasmine": [5, 3, 1],
    "?q=nothing": [],
    "?q=9%25": [],
    "?q=JAS%00MINE&tag=te%00a": [1],
    "?page=7": [],
}


def test_posts_are_found(five: Person) -> None:
    assert {query: ids(five.sees(f"/posts{query}")) for query in FOUND} == FOUND


@pytest.mark.parametrize(
    ("query", "posts", "words"),
    [
        ("?status=late&q=jasmine", [1, 5, 3], ["late"]),
        ("?account=x/typo&since=rubbish&sort=likes&page=x", [1, 4, 2, 5, 3], ["x/typo", "rubbish", "likes"]),
    ],
)
def test_what_means_nothing_in_a_search_is_left_out_and_told(
    five: Person, query: str, posts: list[int], words: list[str]
) -> None:
    page = five.sees(f"/posts{query}")
    assert (ids(page), [word for word in words if word not in inner(page)]) == (posts, [])


def test_a_match_is_marked_and_in_sight(five: Person) -> None:
    page = five.sees("/posts?q=jasmine")
    assert "Three <mark>JASMINE</mark>" in page
    assert re.search("…&lt;b&gt;5 <mark>jasmine</mark> &amp; more", page)


def test_every_page_of_many_is_reached(ann: Person) -> None:
    for number in range(52):
        ann.ttp.post(f"Draft {number}")
    seen, address = [], "/posts?status=draft"
    while address:
        page = ann.sees(address)
        seen += ids(page)
        links = re.findall(r'rel="next" href="([^"]+)"', page)
        address = links[0].replace("&amp;", "&") if links else ""
    assert len(seen) == len(set(seen)) == 52


def test_who_is_limited_to_accounts_finds_and_counts_theirs(five: Person) -> None:
    other = Person(five.server).log_in("dee", "publish", accounts=[account_named(five.server, "x/other")])
    page = other.sees("/posts")
    assert ids(page) == [4, 2, 5]
    assert "x/me" not in page


def test_the_form_has_what_was_searched(five: Person) -> None:
    form = form_with(five.sees("/posts?q=jasmine&account=x/me&status=draft,failed&since=2d&sort=-time"), "Search")
    asked = {"q": ["jasmine"], "account": ["x/me"], "status": ["draft,failed"], "tag": [""], "sort": ["-time"]}
    assert {**form.fields, "since": [], "until": []} == {**asked, "since": [], "until": []}
    assert form.method == "get"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", form.fields["since"][0])
