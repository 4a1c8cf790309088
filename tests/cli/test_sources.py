"""Sources: what becomes a post of a feed, once, whatever the feed and its server do."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.clock import START, FakeClock
from tests.conftest import Program
from tests.examples import examples
from tests.feed_site import Answer, FeedSite, Item, feed_site
from tests.mcp.conftest import Agent
from tests.server.conftest import server_of
from ttp.domain.errors import Conflict, StateRefused
from ttp.domain.permissions import Caller, Capability
from ttp.domain.source import MOST_ITEMS, ItemState, Source
from ttp.services.application import Application
from ttp.services.sources.polling import Answer as Answered
from ttp.services.sources.polling import Polling, read_feed
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.sqlite import SqliteConnection

HOUR = 3600 * 1.2
"""Seconds after which a source that is read each hour is due."""
PAGE = Answer(
    200, b"<!doctype html><html><head><title>Buy this domain</title></head></html>", {"Content-Type": "text/html"}
)


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as site:
        site.has("a", "b")
        yield site


def add(ttp: Program, site: FeedSite, *options: str, to: str = "x/me") -> Any:
    """Add the feed as the source 1, with its account."""
    ttp.account(to)
    return ttp.ok("source", "add", site.feed, "--to", to, "--allow-private", "--json", *options).json


def poll(ttp: Program, site: FeedSite, *items: Item | str) -> Any:
    """Let the feed have these items, and poll it when it is due."""
    site.has(*items)
    ttp.clock.advance(HOUR)
    return ttp.ok("source", "poll", "1", "--json").json


def titles(ttp: Program) -> list[str]:
    """The titles of all posts, in the order of their creation."""
    posts = ttp.ok("list", "--json").json
    return [one["content"].split("\n")[0] for one in sorted(posts, key=lambda one: one["id"])]


def shown(ttp: Program) -> Any:
    return ttp.ok("source", "show", "1", "--json").json


REBUILT: list[list[Item | str]] = [[Item(name, guid=f"{build}-{name}") for name in "ab"] for build in range(4)]
NOW = START + timedelta(hours=1)
CASES: dict[str, tuple[tuple[str, ...], list[list[Item | str]], list[str]]] = {
    "the first items stay": ((), [["a", "b"]], []),
    "new items come oldest first": ((), [["d", "c", "a", "b"]], ["Title c", "Title d"]),
    "by date": ((), [[Item("c", at=START), Item("d", at=NOW), Item("a", at=START)]], ["Title c", "Title d"]),
    "an empty feed and back": ((), [[], ["a", "b"], ["c"]], ["Title c"]),
    "old and new versions in turn": ((), [["c", "a"], ["a", "b"], ["c", "a"]], ["Title c"]),
    "ids become https": ((), [[Item(n, guid=f"http://www.blog.example.org/{n}") for n in "ab"]], []),
    "new ids with each build": ((), [*REBUILT, [Item("c", guid="9-c")]], ["Title c"]),
    "one id for all": ((), [[Item(n, guid="x") for n in "ab"], [Item(n, guid="x") for n in "ca"]], ["Title c"]),
    "another link and id, the same text": ((), [[Item("z", title="Title a", text=""), "b"]], []),
    "an old date": ((), [[Item("c", at=START - timedelta(days=9)), "a"]], []),
    "a filter": (("--exclude", "title:rc|beta"), [[Item("c", "2.1 rc 1"), Item("d", "2.1"), "a"]], ["2.1"]),
    "a category": (("--include-category", "release"), [["c", Item("d", category="Release"), "a"]], ["Title d"]),
    "too many at once": ((), [["c", "d", "e", "f", "g", "h", "a"]], []),
    "more are allowed": (("--max-new", "6"), [["c", "d", "e", "f", "g", "h", "a"]], [f"Title {n}" for n in "hgfedc"]),
    "text of others": ((), [[Item("c", "Hi @all \u202e{{ 7*7 }} $(ls)"), "a"]], ["Hi all {{ 7*7 }} $(ls)"]),
    "no title": ((), [[Item("c", "", "Only a <b>text</b>"), "a"]], ["Only a text"]),
}  # fmt: skip


@pytest.mark.parametrize(("options", "polls", "expected"), CASES.values(), ids=CASES)
def test_an_item_becomes_one_post(
    ttp: Program, site: FeedSite, options: tuple[str, ...], polls: list[list[Item | str]], expected: list[str]
) -> None:
    added = add(ttp, site, *options)
    assert (added["items"]["seen"], added["state"], added["new"]) == (2, "ok", []) or options
    for items in polls:
        poll(ttp, site, *items)
    assert titles(ttp) == expected
    poll(ttp, site, *polls[-1])
    assert titles(ttp) == expected
    assert all(one["status"] == "draft" for one in ttp.ok("list", "--json").json)


def test_held_items_wait_for_a_person(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    assert poll(ttp, site, *"cdefgh")["state"] == "held"
    assert ttp.ok("status", "--json").json["sources"][0]["held"] == 6
    poll(ttp, site, *"cdefgh")
    held = [one["id"] for one in shown(ttp)["newest"] if one["state"] == "held"]
    assert len(held) == 6
    posted = ttp.ok("source", "post", "1", str(held[0]), "--json").json
    assert [one["action"] for one in posted] == ["created"]
    ttp.ok("source", "skip", "1", str(held[1]))
    assert len(ttp.ok("source", "post", "1", "--json").json) == 4
    assert ttp("source", "post", "1").code != 0
    assert ttp("source", "post", "1", str(held[0])).code == 3
    assert len(titles(ttp)) == len(set(titles(ttp))) == 5


def test_what_another_process_posts_is_not_skipped(
    ttp: Program, site: FeedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ttp, site)
    poll(ttp, site, *"cdefgh")
    skipper, poster, writing = application(ttp).sources, application(ttp).sources, Database.writing

    def post_before(self: Database, within: Connection | None = None) -> AbstractContextManager[Connection]:
        if self is skipper._posts.database and poster.details(1).view.counts.get(ItemState.HELD):
            poster.post(1)
        return writing(self, within)

    monkeypatch.setattr(Database, "writing", post_before)
    with pytest.raises(StateRefused):
        skipper.skip(1)
    assert shown(ttp)["items"]["created"] == 6


def test_a_person_hears_once_of_what_waits(ttp: Program, site: FeedSite, tmp_path: Path) -> None:
    program, heard = tmp_path / "hear", tmp_path / "heard"
    program.write_text(f"#!/bin/sh\ncat >> {heard}\n")
    program.chmod(0o700)
    ttp.ok("config", "set", "notify.to", "program")
    ttp.ok("config", "set", "notify.program", str(program))
    add(ttp, site)
    poll(ttp, site, *"cdefgh")
    for _ in range(2):
        ttp.ok("status", "--notify")
    assert json.loads(heard.read_text())["event"] == "source.held"
    ttp.ok("source", "skip", "1")
    ttp.ok("status", "--notify")
    assert ttp.sql("SELECT count(*) FROM notification WHERE ended_at IS NULL")[0][0] == 0


def test_what_cannot_be_done_as_wished_becomes_a_draft_with_the_reason(ttp: Program, site: FeedSite) -> None:
    add(ttp, site, "--media", "--at", "in 10m")
    (new,) = poll(ttp, site, Item("c", picture=f"{site.url}/a.png"), "a")["new"]  # in a private network
    post = ttp.shown(new["post"])
    assert (post["status"], post["media"], new["problem"] is None) == ("draft", [], False)
    ttp.ok("account", "remove", "x/me", "--yes")
    (new,) = poll(ttp, site, "d", "c")["new"]
    assert ttp.shown(new["post"])["accounts"] == []


def test_old_items_are_forgotten(ttp: Program, site: FeedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.store.sources.MOST_ITEMS", 3)
    add(ttp, site)
    for name in "cdefg":
        poll(ttp, site, name)
    assert ttp.sql("SELECT count(*) FROM source_item")[0][0] == 3
    assert len(titles(ttp)) == 5


def test_an_item_that_stays_in_its_feed_is_known_whatever_came_after_it(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    columns = "source_id, k1, title, first_seen_at, seen_at, state, content"
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_ITEMS})"
    one = "SELECT 1, 'later ' || i, '', seen_at, seen_at, 'seen', '{}' FROM n, source_item WHERE title = 'Title a'"
    ttp.sql(f"INSERT INTO source_item ({columns}) {numbers} {one}")
    assert [new["title"] for new in poll(ttp, site, "c", "a")["new"]] == ["Title c"]


def test_twenty_posts_a_day(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    for number in range(5):
        poll(ttp, site, *(f"{number}-{one}" for one in range(5)))
    assert (len(titles(ttp)), shown(ttp)["items"]["held"]) == (20, 5)
    ttp.clock.advance(days=1)
    poll(ttp, site, "later")
    assert titles(ttp)[-1] == "Title later"


def test_the_newest_of_the_first_items_is_posted_on_request(ttp: Program, site: FeedSite) -> None:
    site.has(Item("a", at=START - timedelta(days=1)), Item("b", at=START - timedelta(days=400)))
    add(ttp, site)
    ttp.ok("source", "post", "1", "--latest")
    ttp.ok("source", "post", "1", "--latest")
    assert titles(ttp) == ["Title a", "Title b"]
    poll(ttp, site, Item("a", at=START - timedelta(days=1)), "b")
    assert len(titles(ttp)) == 2


FAILURES = {
    "500": (Answer(500), "failing", 6),
    "404": (Answer(404), "failing", 6),
    "a page": (PAGE, "failing", 6),
    "nothing": (Answer(200), "failing", 6),
    "cut": (Answer(200, b"<?xml version='1.0'?><rss version='2.0'><channel><item><guid>h"), "failing", 6),
    "gone": (Answer(410), "gone", 6),
}


@pytest.mark.parametrize(("answer", "state", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failed_poll_is_no_empty_feed(ttp: Program, site: FeedSite, answer: Answer, state: str, code: int) -> None:
    add(ttp, site)
    site.answers.append(answer)
    ttp.clock.advance(HOUR)
    ran = ttp("source", "poll", "1", "--json")
    assert (ran.code, ran.json["state"], ran.json["problem"] is None) == (code, state, False)
    assert ran.json["items"]["seen"] == 2
    if state == "gone":
        assert ran.json["nextCheckAt"] is None
        assert ttp.ok("doctor", "--json").json
        site.answers.append(Answer(500))
        assert ttp("source", "poll", "1", "--json").json["state"] == "failing"  # and is read again later
        ttp.ok("source", "resume", "1")
    assert poll(ttp, site, "c", "a")["state"] == "ok"
    assert titles(ttp) == ["Title c"]


def test_the_first_poll_may_fail(ttp: Program, site: FeedSite) -> None:
    site.answers.append(Answer(503, headers={"Retry-After": "7200"}))
    ttp.account("x/me")
    added = ttp("source", "add", site.feed, "--to", "x/me", "--allow-private", "--json")
    assert (added.code, added.json["state"]) == (6, "failing")
    assert added.json["nextCheckAt"] == "2026-11-24T14:00:00Z"
    poll(ttp, site, "a", "b")
    assert titles(ttp) == []
    assert [one["id"] for one in ttp.ok("source", "list", "--json").json] == [1]


def test_waits_grow_with_failures_and_a_person_hears_of_it(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    waits = []
    for _ in range(9):
        site.answers.append(Answer(500))
        ttp.clock.advance(HOUR)
        ttp("source", "poll", "1")
        (one,) = ttp.sql("SELECT next_poll_at FROM source")
        waits.append(one[0] / 1000 - ttp.clock.now().timestamp())
    assert all(0.9 * 2**n <= wait / 3600 <= 1.1 * 2**n for n, wait in enumerate(waits[:4], 1))
    assert max(waits) <= 24 * 3600 * 1.1
    assert ttp.ok("status", "--json").json["sources"][0]["problem"] is None
    ttp.clock.advance(days=3)
    assert ttp.ok("status", "--json").json["sources"][0]["problem"] is not None


def test_nothing_is_sent_twice_that_the_server_has_sent(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    etag = site.asked[-1].get("If-None-Match")
    ttp.clock.advance(HOUR)
    ttp.ok("source", "poll", "1")
    assert (etag, site.asked[-1]["If-None-Match"][:3]) == (None, 'W/"')
    assert not {"Cookie", "Referer"} & site.asked[-1].keys()


def test_a_lasting_redirect_is_stored(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    for number in range(3):
        site.answers.append(Answer(301, headers={"Location": f"{site.url}/moved.xml"}))
        ttp.clock.advance(hours=13)
        site.has(str(number))
        ttp.ok("source", "poll", "1")
        assert ttp.sql("SELECT address FROM source")[0][0] == (site.feed if number < 2 else f"{site.url}/moved.xml")
    assert titles(ttp) == ["Title 0", "Title 1", "Title 2"]


def test_an_edited_item_changes_only_an_untouched_draft(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    poll(ttp, site, "c", "d", "e", "f")
    first, second, third, _ = (one["post"] for one in reversed(shown(ttp)["newest"][:4]))
    ttp.ok("edit", str(second), "--tag", "mine")
    ttp.ok("schedule", str(third), "--at", "in 5d")
    again = poll(ttp, site, *(Item(name, f"Edited {name}") for name in "cdef"))
    assert again["new"] == []
    assert sorted(titles(ttp)) == sorted(["Edited f", "Title e", "Title d", "Edited c"])
    assert again["updated"] == [first, 4]
    poll(ttp, site, *(Item(name, f"Again {name}") for name in "cdef"))
    assert sorted(titles(ttp)) == sorted(["Again f", "Title e", "Title d", "Again c"])


def test_a_draft_follows_an_item_to_its_new_address(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    poll(ttp, site, Item("c", text="A text"), "a")
    moved = poll(ttp, site, Item("new", "Title c", "A text"), "a")
    assert (moved["new"], moved["updated"], titles(ttp)) == ([], [1], ["Title c"])
    assert "blog.example.org/new" in ttp.shown()["content"]
    assert moved["items"] == {"seen": 2, "created": 1, "filtered": 0, "held": 0}


def test_items_under_new_names_can_still_be_posted(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    poll(ttp, site, *(Item(name, guid=f"http://old.example.org/{name}") for name in "cdefgh"))
    renamed = poll(ttp, site, *(Item(name, guid=f"https://new.example.org/{name}") for name in "cdefgh"))
    assert (renamed["items"]["held"], renamed["new"]) == (6, [])
    poll(ttp, site, "i")
    assert len(ttp.ok("source", "post", "1", "--json").json) == 6
    assert len(titles(ttp)) == len({*titles(ttp)}) == 7


def test_an_item_that_was_removed_leaves_its_post(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    three = [Item(name, at=START + timedelta(minutes=n)) for n, name in enumerate("cde")]
    poll(ttp, site, *reversed(three))
    poll(ttp, site, three[2], three[0])
    assert titles(ttp) == ["Title c", "Title d", "Title e"]
    assert [one["title"] for one in shown(ttp)["newest"] if one["problem"]] == ["Title d"]


def test_a_removed_source_knows_its_items_for_400_days(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    poll(ttp, site, "c", "a")
    ttp.ok("source", "remove", "1")
    assert ttp.ok("source", "list", "--json").json == []
    assert ttp("source", "poll", "1").code == 3
    site.has("d", "c", "a")
    again = ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private", "--json").json
    assert (again["id"], again["new"], again["items"]["created"]) == (1, [], 1)
    assert titles(ttp) == ["Title c"]
    ttp.ok("source", "remove", "1")
    ttp.clock.advance(days=401)
    ttp.ok("source", "add", f"{site.feed}?x", "--to", "x/me", "--allow-private")
    ttp.ok("source", "pause", "2")
    assert (ttp.count("source"), ttp.sql("SELECT count(*) FROM source_item WHERE source_id = 1")[0][0]) == (1, 0)


@pytest.mark.sqlite("a store that was restored from a backup")
@pytest.mark.parametrize("first", ["a", ""], ids=["items", "an empty feed"])
def test_a_restored_store_holds_what_came_since(ttp: Program, site: FeedSite, tmp_path: Path, first: str) -> None:
    site.has(*first)
    add(ttp, site, "--at", "in 10m")
    ttp.ok("backup", str(tmp_path / "backup"))
    assert len(poll(ttp, site, "c", *first)["new"]) == 1
    ttp.ok("restore", str(tmp_path / "backup"))
    ttp.ok("run", "--once", "--take-over")
    assert (titles(ttp), shown(ttp)["items"]["held"]) == ([], 1)
    assert len(poll(ttp, site, "d", "c")["new"]) == 1


def test_a_page_is_no_second_source_of_its_feed(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    page = Answer(200, b"<html><link rel=alternate type=application/rss+xml href=/feed.xml></html>", PAGE.headers)
    new = ("source", "add", f"{site.url}/blog", "--to", "x/me", "--allow-private", "--json")
    site.answers.append(page)
    assert ttp(*new).code == 2
    for same in (site.feed.upper().replace("FEED.XML", "feed.xml"), f"{site.feed}#top", f"{site.feed}/"):
        assert ttp("source", "add", same, *new[3:]).code == 2, same
    poll(ttp, site, "c", "a")
    ttp.ok("source", "remove", "1")
    site.answers.append(page)
    assert ttp.ok(*new).json["items"]["created"] == 1
    poll(ttp, site, "d", "c")
    assert titles(ttp) == ["Title c", "Title d"]


def test_times_are_those_of_the_source(ttp: Program, site: FeedSite) -> None:
    add(ttp, site, "--at", "in 10m")
    (new,) = poll(ttp, site, "c", "a")["new"]
    post = ttp.shown(new["post"])
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2026-11-24T13:22:00Z")
    ttp.ok("slots", "add", "daily 18:00", "--account", "x/me")
    ttp.ok("source", "edit", "1", "--at", "next-slot")
    times = [ttp.shown(one["post"])["scheduledAt"] for one in poll(ttp, site, "e", "d", "c")["new"]]
    assert times == ["2026-11-24T18:00:00Z", "2026-11-25T18:00:00Z"]
    ttp.ok("slots", "remove", "1")
    (new,) = poll(ttp, site, "f", "e")["new"]
    assert (ttp.shown(new["post"])["status"], new["problem"] is None) == ("draft", False)
    ttp.ok("source", "edit", "1", "--at", "draft")
    assert poll(ttp, site, "g", "f")["as"] == "draft"


TEMPLATE = "{{ title | fit }} by {{ author | default('us') }} ({{ source.name }})\n{{ tags | hashtags }} {{ link }}"


def test_templates_have_the_variables_of_an_item(ttp: Program, site: FeedSite) -> None:
    folder = ttp.home / "templates"
    add(ttp, site)
    folder.mkdir()
    (folder / "feed.md").write_text(TEMPLATE)
    assert ttp("source", "edit", "1", "--template", "fedd").code == 3
    ttp.ok("source", "edit", "1", "--template", "feed")
    (new,) = poll(ttp, site, Item("c", "A & {{ title }}", category="Big news"), "a")["new"]
    text = "A & {{ title }} by us (127.0.0.1)\n#BigNews https://blog.example.org/c"
    assert ttp.shown(new["post"])["content"] == text
    ttp.ok("template", "preview", "feed")
    ttp.ok("edit", str(new["post"]), "--template", "feed")
    assert ttp.shown(new["post"])["content"] == text
    (new,) = poll(ttp, site, Item("d", "", "No title"), "c")["new"]
    assert new["problem"] is not None
    assert ttp.shown(new["post"])["content"] == "No title\n\nhttps://blog.example.org/d"


def test_bad_input_is_refused(ttp: Program, site: FeedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    here = ("source", "add", site.feed, "--to", "x/me")
    private = (*here, "--allow-private")
    site.answers.append(PAGE)
    assert ttp(*private).code == 2
    assert ttp(*here).code == 2
    for options in (
        ("--at", "tomorrow 9am"),
        ("--at", "next-slot"),
        ("--every", "1m"),
        ("--key", "title"),
        ("--exclude", "colour:red"),
    ):
        assert ttp(*private, *options).code == 2, options
    assert ttp("source", "add", site.feed, "--allow-private").code == 2
    assert ttp("source", "add", site.feed, "--to", "x/you", "--allow-private").code == 3
    assert ttp("source", "add", "https://x.com/me/feed", "--to", "x/me").code == 2
    site.answers.append(
        Answer(200, b"<link rel=alternate type=application/rss+xml href=https://x.com/a>", PAGE.headers)
    )
    assert ttp(*private).code == 2
    assert ttp("source", "show", "7").code == 3
    secret = ttp("source", "add", "https://me:secret@blog.example.org/feed", "--to", "x/me")
    assert (secret.code, "secret" in secret.err) == (2, False)
    assert "https://blog.example.org/feed" in ttp("source", "add", "blog.example.org/feed", "--to", "x/me").err
    assert ttp.count("source") == 0
    ttp.ok(*private)
    assert ttp(*private).code == 5 or ttp.count("source") == 1
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    ttp.ok("source", "edit", "1", "--max-new", "6")
    assert ttp("source", "edit", "1", "--at", "in 10m").code == 7
    ttp.sql("UPDATE source SET schedule = 'next-slot'")
    refused = ttp("source", "poll", "1", "--json")
    assert (refused.code, json.loads(refused.err)["error"]["hints"]) == (7, ["ttp source show 1"])
    monkeypatch.setenv("TTP_CAPABILITY", "read")
    assert ttp("source", "poll", "1").code == 7


def test_a_preview_stores_nothing(ttp: Program, site: FeedSite) -> None:
    ttp.account("x/me")
    previews = ttp.ok("source", "preview", site.feed, "--to", "x/me", "--allow-private", "--json").json
    assert [one["title"] for one in previews] == ["Title a", "Title b"]
    assert previews[0]["versions"][0]["account"] == "x/me"
    assert ttp("source", "preview", site.feed, "--template", "none", "--allow-private").code == 3
    assert (ttp.count("source"), ttp.count("post")) == (0, 0)


def test_a_run_polls_what_is_due_and_no_more_than_four(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    for number in range(4):
        ttp.ok("source", "add", f"{site.feed}?{number}", "--to", "x/me", "--allow-private")
    asked = len(site.asked)
    ttp.ok("run", "--once")
    assert len(site.asked) == asked
    ttp.ok("source", "pause", "2")
    ttp.ok("source", "add", f"{site.feed}?9", "--to", "x/me", "--allow-private")
    ttp.clock.advance(HOUR)
    site.has("c", "a")
    for polled in (4, 5, 5):
        ttp.ok("run", "--once")
        assert len(site.asked) == asked + 1 + polled
        assert titles(ttp) == ["Title c"] * polled
    (event,) = {one[0] for one in ttp.sql("SELECT event FROM event")}
    assert event == "source.created"


def test_programs_and_agents_know_sources(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    poll(ttp, site, *"cdefgh")
    reader, api = server_of(ttp).having("read"), server_of(ttp).having("draft")
    assert reader.ok("GET", "/v1/sources") == ttp.ok("source", "list", "--json").json
    assert reader.ok("GET", "/v1/sources/1") == shown(ttp)
    item = shown(ttp)["newest"][0]["id"]
    assert [one["action"] for one in api.ok("POST", "/v1/sources/1/post", {"items": [item]})] == ["created"]
    assert api.ok("POST", "/v1/sources/1/skip")["items"]["held"] == 0
    assert api.ok("POST", "/v1/sources/1/pause")["state"] == "paused"
    assert api.ok("POST", "/v1/sources/1/resume")["state"] == "ok"
    site.has("i", "c")
    assert [one["title"] for one in api.ok("POST", "/v1/sources/1/poll")["new"]] == ["Title i"]
    agent = Agent(ttp)
    assert [one["id"] for one in agent.ok("list_sources")["sources"]] == [1]
    assert [one["title"] for one in agent.ok("preview_source", id=1)["items"]] == ["Title i", "Title c"]
    assert reader("POST", "/v1/sources/1/poll").status_code == 403
    new = {"url": site.feed, "accounts": ["x/me"], "as": "in 10m"}
    assert api("POST", "/v1/sources", json=new).status_code == 403
    assert api("POST", "/v1/sources", json={**new, "url": site.feed + "?x", "as": "draft"}).status_code == 400
    assert api.ok("DELETE", "/v1/sources/1")["removed"] is True
    assert reader("GET", "/v1/sources/1").status_code == 404


def application(ttp: Program) -> Application:
    from ttp.cli.context import Context

    return Application(Context(ttp.clock).installation, Caller("source", Capability.PUBLISH))


def test_of_two_polls_at_once_one_stores(ttp: Program, site: FeedSite) -> None:
    add(ttp, site)
    site.has("c", "a")
    both, ends = threading.Barrier(2), list[str]()

    def read(source: Source, now: datetime) -> Answered:
        answer = read_feed(source, now)
        both.wait(60)
        return answer

    def poll_once(here: Application, before: Source) -> None:
        try:
            Polling(here.source_posts, here.times, read).poll(before)
            ends.append("stored")
        except Conflict:
            ends.append("refused")

    threads = [
        threading.Thread(target=poll_once, args=(here, here.sources.source(1)))
        for here in (application(ttp), application(ttp))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == ["refused", "stored"]
    assert titles(ttp) == ["Title c"]


@pytest.mark.sqlite("a process that is killed inside a transaction")
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_poll_that_dies_anywhere_loses_and_repeats_nothing(ttp: Program, site: FeedSite, step: int) -> None:
    """Killed at each `step`-th statement in turn: the next poll does all of it, once."""
    add(ttp, site, "--at", "in 10m")
    here, at, is_over = application(ttp), 0, False
    while not is_over:
        site.has(f"n{at}", Item("edited", f"Edited {at}"), "a")
        is_over = _die_at(here, at * step)
        here.polling.poll(here.sources.source(1))
        at += 1
        ttp.clock.advance(days=1)
    assert at * step > 20
    names = titles(ttp)
    assert sorted(names) == sorted(["Edited 0", *(f"Title n{number}" for number in range(at))])


def _die_at(here: Application, at: int) -> bool:
    """Poll in a process that is killed at the statement with this number. Return whether it came to its end."""
    pid = os.fork()
    if pid == 0:
        left = at

        def execute(self: SqliteConnection, sql: str, values: Any = ()) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return sqlite3.Connection.execute(self, sql, values)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SqliteConnection, "execute", execute, raising=False)
            here.polling.poll(here.sources.source(1))
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.permutations("abcdefgh").map(lambda names: names[:4]), min_size=1, max_size=6))
def test_any_order_and_repetition_creates_each_item_once(
    tmp_path_factory: pytest.TempPathFactory, site: FeedSite, polls: list[list[str]]
) -> None:
    from tests.conftest import program

    with program(tmp_path_factory.mktemp("source"), FakeClock()) as ttp:
        site.has("a")
        add(ttp, site)
        for items in polls:
            poll(ttp, site, *(replace(Item(one), text=f"Text {one}") for one in items))
        there = {one for items in polls for one in items} - {"a"}
        assert sorted(titles(ttp)) == sorted(f"Title {one}" for one in there)
