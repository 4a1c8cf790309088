"""The pages of sources: what a person sees and does there, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.feed_site import Answer, FeedSite, Item, feed_site
from tests.server.conftest import Api
from tests.server.pages.conftest import DRAFT, PUBLISH, READ, Person, form_with, has_button, inner
from tests.server.pages.test_calendar import account_named
from tests.server.pages.test_login import address
from ttp.domain.operations import OPERATIONS, OWN
from ttp.server.pages.routes import PAGES

EVIL = "<script>{{ 7*7 }}</script>"
PAGE = "/sources/1"
CHANGES = ("poll", "pause", "resume", "post", "skip")


@pytest.fixture
def site(server: Api) -> Iterator[FeedSite]:
    """A feed that is the source 1 of the store."""
    with feed_site() as site:
        site.has("a", Item("b", EVIL, link="javascript:alert(1)"))
        server.ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private")
        yield site


def shown(server: Api) -> Any:
    return server.ttp.ok("source", "show", "1", "--json").json


def in_state(server: Api, state: str) -> list[int]:
    return [one["id"] for one in shown(server)["newest"] if one["state"] == state]


def test_items_are_polled_posted_and_skipped(ann: Person, server: Api, site: FeedSite) -> None:
    assert site.feed in ann.sees("/sources")
    site.has(*"cdefgh", "a")
    assert ann.does(form_with(ann.sees(PAGE), "Poll now").action).startswith(PAGE)
    assert len(in_state(server, "held")) == 6
    assert "6 held" in inner(ann.sees("/sources"))
    first, second, *rest = in_state(server, "held")
    form = form_with(ann.sees(PAGE), f"Post item {first}")
    ann.does(form.action, form.fields)
    assert ann.send(form.action, form.fields).status_code == 404
    form = form_with(ann.sees(PAGE), f"Skip item {second}")
    ann.does(form.action, form.fields)
    assert (server.ttp.count("post"), in_state(server, "held")) == (1, rest)
    assert 'href="/posts/1"' in ann.sees(PAGE)
    ann.does(form_with(ann.sees(PAGE), "Skip all held").action)
    assert (server.ttp.count("post"), in_state(server, "held")) == (1, [])


def test_a_preview_shows_the_posts_and_stores_nothing(ann: Person, server: Api, site: FeedSite) -> None:
    before = server.ttp.sql("SELECT * FROM source_item"), server.ttp.sql("SELECT * FROM source")
    site.has(Item("z", EVIL), *"cdefgh")
    page = ann.sees(f"{PAGE}/preview")
    assert "x/me" in page.partition('id="previews"')[2].partition('id="items"')[0]
    assert "<script>{{" not in page
    assert (server.ttp.sql("SELECT * FROM source_item"), server.ttp.sql("SELECT * FROM source")) == before
    assert server.ttp.count("post") == 0
    site.answers.extend([Answer(404)] * 3)
    assert ann.get(f"{PAGE}/preview").status_code >= 400


def test_a_source_is_paused_and_resumed(ann: Person, server: Api, site: FeedSite) -> None:
    ann.does(form_with(ann.sees(PAGE), "Pause").action)
    assert shown(server)["state"] == "paused"
    assert not has_button(ann.sees(PAGE), "Poll now")
    assert ann.send(f"{PAGE}/poll").status_code == 409
    ann.does(form_with(ann.sees(PAGE), "Resume").action)
    assert shown(server)["state"] == "ok"


def test_what_a_feed_says_is_text(ann: Person, site: FeedSite) -> None:
    page = ann.sees(PAGE)
    assert "https://blog.example.org/a" in page
    assert "javascript:" not in page
    assert "<script>{{" not in page
    site.answers.extend([Answer(404)] * 3)
    assert "done" not in ann.does(f"{PAGE}/poll")
    assert shown(ann.server)["problem"] in inner(ann.sees(PAGE))


@pytest.mark.parametrize("item", ["", "x", "9" * 25])
def test_a_form_without_an_item_posts_nothing(ann: Person, server: Api, site: FeedSite, item: str) -> None:
    site.has(*"cdefgh")
    ann.does(f"{PAGE}/poll")
    for name in ("post", "skip"):
        assert ann.send(f"{PAGE}/{name}", {"item": item}).status_code == 400
    assert ann.send(f"{PAGE}/post").status_code == 400
    assert (server.ttp.count("post"), len(in_state(server, "held"))) == (0, 6)


def test_a_source_that_gives_times_needs_publish(server: Api, site: FeedSite) -> None:
    server.ttp.ok("source", "edit", "1", "--at", "in 10m")
    item = {"item": str(in_state(server, "seen")[0])}
    for has in ((READ,), (DRAFT,)):
        person = Person(server).log_in(has[0], *has)
        assert not has_button(person.sees(PAGE), "Poll now")
        assert [person.send(f"{PAGE}/{name}", item).status_code for name in CHANGES[:4]] == [403] * 4
    assert server.ttp.count("post") == 0
    ben = Person(server).log_in("ben", DRAFT, PUBLISH)
    ben.does(f"{PAGE}/post", item)
    assert server.ttp.shown(1)["status"] == "scheduled"


def test_a_person_limited_to_accounts_opens_no_page_about_all(server: Api, site: FeedSite) -> None:
    dee = Person(server).log_in("dee", PUBLISH, accounts=[account_named(server, "x/me")])
    assert 'href="/sources"' not in dee.sees("/queue")
    pages = [page for page in PAGES if OPERATIONS[page.operation].scope != OWN]
    assert len([page for page in pages if page.path.startswith("/sources")]) == 3 + len(CHANGES)
    for page in pages:
        answer = dee.get(address(page)) if page.method == "GET" else dee.send(address(page))
        assert answer.status_code == 403, page
        assert site.feed not in answer.text
    assert shown(server)["state"] == "ok"
