"""A link to a set of posts: its reader decides about each until it expires, for the version that was shown."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.server.conftest import BASE, Api
from tests.server.pages.conftest import Person, inner
from tests.server.pages.test_calendar import account_named
from ttp.services.server.approval_links import WORKS_FOR


@pytest.fixture(autouse=True)
def required(server: Api) -> None:
    server.set("publish.require_approval", "true")
    for number in (1, 2, 3):
        server.ttp.post(f"Text {number}", "--to", "x/me", "--at", f"2098-01-0{number}T09:30Z", "--tag", "client")


def revision(person: Person, post: int) -> int:
    return int(person.ttp.sql("SELECT revision FROM post WHERE id = ?", post)[0][0])


def shown(person: Person, *posts: int) -> list[str]:
    """What a form of the page sends about posts as they are now."""
    return [f"{post}:{revision(person, post)}" for post in posts]


def made(person: Person, **fields: Any) -> str:
    """Create a link for the posts that wait; its path."""
    answer = person.send("/approvals/links", {"name": "maria", **fields})
    assert answer.status_code == 200, answer.text
    return link_in(answer.text)


def link_in(page: str) -> str:
    path = re.search(rf'value="{BASE}(/approve/[0-9a-f]+)"', page)
    assert path is not None
    return path[1]


def approved(person: Person) -> list[int]:
    return [post["id"] for post in person.ttp.ok("list", "--json").json if post["approvedAt"]]


def test_each_post_is_decided_and_all_at_once(ann: Person, stranger: Person) -> None:
    path = made(ann)
    page = stranger.sees(path)
    assert all(f"Text {number}" in page for number in (1, 2, 3))
    assert "swipe" not in page
    assert "swipe" in stranger.sees(f"{path}?looks=2").partition('id="post-2"')[2].partition('id="post-3"')[0]
    assert stranger("POST", path, data={"decision": "approve", "post": shown(ann, 2)}).status_code == 303
    assert approved(ann) == [2]
    answer = stranger("POST", path, data={"decision": "reject", "post": shown(ann, 1), "reason": "Which <beans>?"})
    assert answer.status_code == 303
    assert ann.ttp.shown(1)["rejection"]["reason"] == "Which <beans>?"
    assert "Which &lt;beans&gt;?" in stranger.sees(path)
    decided = inner(ann.sees("/approvals")).partition("Decided lately")[2]
    assert decided.count("maria (by a link of ann)") == 2
    ann.ttp.ok("edit", "1", "These beans", "--at", "2098-01-01T09:30Z")
    stranger("POST", path, data={"decision": "approve", "post": shown(ann, 1, 3)})
    assert approved(ann) == [1, 2, 3]
    assert {row[0] for row in ann.ttp.sql("SELECT actor FROM change WHERE command = 'approve'")} == {
        "maria (by a link of ann)"
    }


def test_an_edit_withdraws_the_approval_and_the_page_says_so(ann: Person, stranger: Person) -> None:
    path = made(ann)
    stranger("POST", path, data={"decision": "approve", "post": shown(ann, 1)})
    before = stranger.sees(path)
    old = shown(ann, 1)
    ann.ttp.ok("edit", "1", "Another text")
    after = stranger.sees(path)
    assert approved(ann) == []
    assert "note warn" in after
    assert "note warn" not in before
    assert stranger("POST", path, data={"decision": "approve", "post": old}).status_code == 412
    assert approved(ann) == []
    assert stranger("POST", path, data={"decision": "approve", "post": shown(ann, 1)}).status_code == 303
    assert approved(ann) == [1]


def test_a_set_has_neither_posts_of_its_maker_nor_of_its_reader(ann: Person, stranger: Person) -> None:
    ann.ttp.sql("UPDATE change SET actor = 'ann' WHERE id = 1")
    ann.ttp.sql("UPDATE change SET actor = 'maria via mcp' WHERE id = 2")
    answer = ann.send("/approvals/links", {"name": "maria"})
    assert all(f'href="/posts/{post}"' in answer.text.partition("Left out")[2] for post in (1, 2))
    page = stranger.sees(link_in(answer.text))
    assert [f"Text {number}" in page for number in (1, 2, 3)] == [False, False, True]
    ann.ttp.sql("UPDATE change SET actor = 'ann' WHERE id = 3")
    assert ann.send("/approvals/links", {"name": "otto"}).status_code == 200, "post 2 is of neither"
    assert ann.send("/approvals/links", {"name": "maria"}).status_code == 403


@pytest.mark.parametrize("writer", ["ann", "maria"])
def test_who_changes_a_post_later_does_not_decide_about_it(ann: Person, stranger: Person, writer: str) -> None:
    path = made(ann)
    ann.ttp.ok("edit", "1", "Mine")
    ann.ttp.sql("UPDATE change SET actor = ? WHERE command = 'edit'", writer)
    stranger("POST", path, data={"decision": "approve", "post": shown(ann, 1, 2)})
    assert approved(ann) == [2]


def test_other_posts_cannot_be_decided(ann: Person, stranger: Person) -> None:
    path = made(ann)
    other = ann.ttp.post("Other", "--to", "x/me", "--at", "2098-01-09T09:30Z")
    for post in [*shown(ann, other), "1", "x:y", f"1:{10**20}", ""]:
        stranger("POST", path, data={"decision": "approve", "post": post})
    assert approved(ann) == []
    assert (
        stranger(
            "POST",
            path,
            data={"decision": "approve", "post": shown(ann, 1)},
            headers={"Origin": "https://evil.example"},
        ).status_code
        == 403
    )


def test_filters_choose_the_posts(ann: Person, stranger: Person) -> None:
    ann.ttp.ok("edit", "3", "--tag", "other")
    page = stranger.sees(made(ann, tag="client"))
    assert [f"Text {number}" in page for number in (1, 2, 3)] == [True, True, False]
    assert ann.send("/approvals/links", {"name": "maria", "week": "yes"}).status_code == 404, "none is due this week"
    assert ann.send("/approvals/links", {"name": "<b>"}).status_code == 400


def test_a_link_is_revoked_and_expires(server: Api, ann: Person, stranger: Person) -> None:
    first, second = made(ann), made(ann, name="otto")
    assert "otto" in inner(ann.sees("/approvals"))
    ann.does("/approvals/revoke", {"link": "1"})
    stranger.sees(first, 404)
    assert stranger("POST", first, data={"decision": "approve", "post": shown(ann, 1)}).status_code == 404
    assert ann.send("/approvals/revoke", {"link": "1"}).status_code == 404
    ann.ttp.clock.advance((WORKS_FOR - timedelta(seconds=1)).total_seconds())
    stranger.sees(second)
    ann.ttp.clock.advance(1)
    stranger.sees(second, 404)
    ben = Person(server).log_in("ben", "publish")
    assert ben.send("/approvals/links", {"name": "maria"}).status_code == 403
    assert ben.send("/approvals/revoke", {"link": "2"}).status_code == 403


def test_a_link_reaches_only_the_accounts_of_its_maker(server: Api, stranger: Person) -> None:
    server.ttp.account("x/other")
    ben = Person(server).log_in("ben", "approve", accounts=[account_named(server, "x/me")])
    path = made(ben)
    server.ttp.ok("edit", "1", "--to", "x/me,x/other")
    assert "Text 1" not in stranger.sees(path)
    stranger("POST", path, data={"decision": "approve", "post": shown(ben, 1, 2)})
    assert approved(ben) == [2]


def test_the_owner_makes_a_link_for_their_own_posts(server: Api, ann: Person, stranger: Person) -> None:
    server.set("server.base_url", BASE)
    made = ann.ttp.ok("approve-link", "--tag", "client", "--name", "maria", "--json").json
    assert made["posts"] == [1, 2, 3]
    path = made["url"].removeprefix(BASE)
    assert stranger("POST", path, data={"decision": "approve", "post": shown(ann, 1, 2, 3)}).status_code == 303
    assert approved(ann) == [1, 2, 3]
    owner = ann.ttp.sql("SELECT actor FROM change WHERE id = 1")[0][0]
    assert ann.ttp.sql("SELECT DISTINCT actor FROM change WHERE command = 'approve'") == [
        (f"maria (by a link of {owner})",)
    ]
