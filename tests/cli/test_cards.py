"""Link cards: chosen and fetched when a post is stored, shown to who decides, and published as stored."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.pictures import huge_png, picture
from tests.platforms.sandboxed import control
from tests.server.conftest import server_of
from tests.server.pages.conftest import Person
from tests.websites import WebSite, web_site
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import RunningSandbox

ACCOUNT = "bluesky/demo"
TO = ("--to", "bluesky")
QUOTED = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kabcdefghij2"
REFUSAL = {"error": "InvalidRequest", "message": "no"}


class BootingClock(FakeClock):
    """Stands still, but for waits."""

    def boot(self) -> float:
        return super().boot() + time.monotonic()


@pytest.fixture
def clock() -> FakeClock:
    return BootingClock()


@pytest.fixture
def site() -> Iterator[WebSite]:
    with web_site() as site:
        site.pages["/a.webp"] = ("image/webp", picture("WEBP"))
        yield site


@pytest.fixture
def sandbox(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    ttp.rehearse(monkeypatch, shared_sandbox, ACCOUNT)
    return shared_sandbox


def embeds(ttp: Program, sandbox: RunningSandbox) -> list[Any]:
    """Publish what is due; what the records on Bluesky embed, first ones first."""
    ttp.ok("run", "--until-idle")
    did = sandbox.state.accounts[ACCOUNT].user_id
    address = f"{sandbox.url}/xrpc/com.atproto.repo.listRecords?repo={did}&collection=app.bsky.feed.post"
    with urllib.request.urlopen(address, timeout=60) as answer:
        records = json.load(answer)["records"]
    return [one["value"].get("embed") for one in sorted(records, key=lambda one: str(one["uri"]))]


def test_the_first_link_of_each_part_is_a_card_that_is_published_as_it_was_shown(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    menu, wine = site.add("/menu", "Menu", "/a.webp"), site.add("/wine", "Wine")
    text, thread = f"Lunch: {menu}", f"and {wine}, not {menu}"
    (version,) = ttp.ok("create", text, "--thread", thread, *TO, "--dry-run", "--json").json["versions"]
    assert [part["card"]["title"] for part in version["parts"]] == ["Menu", "Wine"]
    assert ttp.count("post") == 0
    cards = ttp.ok("create", text, "--thread", thread, *TO, "--at", "now", "--json").json["cards"]
    assert [(one["url"], one["state"]) for one in cards] == [(menu, "fetched"), (wine, "fetched")]
    assert "Menu" in ttp.ok("show", "1", "--format", "table").out
    site.add("/menu", "Another")
    first, second = (one["external"] for one in embeds(ttp, sandbox))
    assert (first["uri"], first["title"], first["description"]) == (menu, "Menu", "Tea")
    assert (first["thumb"]["mimeType"], second["title"], "thumb" in second) == ("image/jpeg", "Wine", False)
    assert site.asked == {"/menu": 2, "/wine": 2, "/a.webp": 2}


def test_a_card_leads_to_the_tagged_link_and_its_page_is_asked_without_the_tags(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    link = f"{site.add('/menu', 'Menu')}?utm_source=bluesky"
    ttp.ok("create", f"Lunch: {link}", *TO, "--at", "now")
    assert [one["external"]["uri"] for one in embeds(ttp, sandbox)] == [link]
    assert site.asked == {"/menu": 1}


def test_the_page_of_a_shortened_link_is_asked_itself(
    ttp: Program, sandbox: RunningSandbox, site: WebSite, tmp_path: Path
) -> None:
    program = tmp_path / "shorten.py"
    program.write_text(f"print({site.url!r} + '/s')")
    ttp.ok("config", "set", "links.own", "127.0.0.1")
    ttp.ok("config", "set", "--", "links.shorten", sys.executable, str(program))
    text = f"Lunch: {site.add('/menu', 'Menu')}"
    ttp.ok("create", text, *TO, "--utm", "--at", "now")
    row = {"content": text, "accounts": [ACCOUNT], "utm": True, "scheduledAt": "2026-11-24T12:00:10Z"}
    ttp.ok("import", "-", "--format", "jsonl", stdin=json.dumps(row))
    ttp.clock.advance(10)
    shown = [(one["external"]["uri"], one["external"]["title"]) for one in embeds(ttp, sandbox)]
    assert shown == 2 * [(f"{site.url}/s", "Menu")]
    assert site.asked == {"/menu": 2}


def test_a_page_that_is_not_live_yet_is_fetched_before_its_time(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    late = f"{site.url}/late"
    created = ttp.ok("create", f"Soon: {late}", *TO, "--at", "in 30 min", "--json").json
    assert ([one["state"] for one in created["cards"]], len(created["warnings"])) == (["waiting"], 2)
    ttp.ok("run", "--once")
    assert site.asked["/late"] == 1
    site.add("/late", "Live")
    ttp.clock.advance(21 * 60)
    ttp.ok("run", "--once")
    assert ttp.shown()["cards"][0]["title"] == "Live"
    ttp.ok("undo", "1")  # what the publisher fetched is no change by a person
    ttp.ok("redo", "1")
    site.add("/late", "Another")
    ttp.clock.advance(10 * 60)
    assert [one["external"]["title"] for one in embeds(ttp, sandbox)] == ["Live"]


def test_an_import_asks_no_page_and_a_page_that_never_answers_leaves_a_bare_link(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    good, gone = site.add("/good", "Good"), f"{site.url}/gone"
    row = {"accounts": [ACCOUNT], "scheduledAt": "2026-11-24T12:00:10Z"}
    rows = "".join(json.dumps({"content": url, **row}) + "\n" for url in (good, gone))
    ttp.ok("import", "-", "--format", "jsonl", stdin=rows)
    assert not site.asked
    ttp.clock.advance(10)
    assert {one and one["external"]["title"] for one in embeds(ttp, sandbox)} == {"Good", None}
    assert ttp.shown(2)["cards"][0]["state"] == "none"
    (delivery,) = ttp.shown(2)["deliveries"]
    assert (delivery["state"], delivery["note"] is not None) == ("published", True)


@pytest.mark.parametrize(
    ("options", "settings", "titles"),
    [
        ((), {}, ["One"]),
        (("--no-card",), {}, []),
        (("--set", "bluesky.card=none"), {}, []),
        ((), {"write.cards": "off"}, []),
        (("--set", "bluesky.card=auto"), {"write.cards": "off"}, ["One"]),
        (("--set", "bluesky.card={url}/two"), {}, ["Two"]),
        (("--thread", "And {url}/two"), {}, ["One", "Two"]),
        (("--thread", "And {url}/two", "--media", f"2={PHOTO}"), {}, ["One"]),
        (("--thread", "And {url}/two", "--set", f"bluesky.quote=2={QUOTED}"), {}, ["One"]),
        (("--thread", "And {url}/one", "--set", "bluesky.card=2={url}/two"), {}, ["Two"]),
        (("--set", f"bluesky.quote={QUOTED}"), {}, []),
    ],
)
def test_what_is_shown_as_a_card(
    ttp: Program,
    sandbox: RunningSandbox,
    site: WebSite,
    options: tuple[str, ...],
    settings: dict[str, str],
    titles: list[str],
) -> None:
    one = site.add("/one", "One")
    site.add("/two", "Two")
    for name, value in settings.items():
        ttp.ok("config", "set", name, value)
    created = ttp.ok("create", f"See {one}", *TO, *(each.format(url=site.url) for each in options), "--json").json
    assert [card["title"] for card in created["cards"]] == titles
    assert sum(site.asked.values()) == len(titles)


def test_a_stored_post_stays_without_a_card_until_it_is_edited(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    url = site.add("/one", "One")
    ttp.ok("create", f"See {url}", *TO, "--at", "in 1 h")
    ttp.sql("UPDATE post SET cards = '{}'")  # as an earlier version stored it
    ttp.ok("schedule", "1", "--at", "now")
    assert embeds(ttp, sandbox) == [None]
    ttp.ok("create", f"See {url}", *TO, "--at", "in 1 h")
    ttp.sql("UPDATE post SET cards = '{}'")
    assert [one["title"] for one in ttp.ok("edit", "2", "--tag", "a", "--json").json["cards"]] == ["One"]


def test_an_edit_keeps_a_card_that_is_stored_and_undo_brings_one_back(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    url = site.add("/one", "One")
    ttp.ok("create", f"See {url}", *TO)
    site.add("/one", "Another")
    assert ttp.ok("edit", "1", f"Look: {url}", "--json").json["cards"][0]["title"] == "One"
    assert ttp.ok("edit", "1", "Nothing", "--json").json["cards"] == []
    ttp.ok("undo", "1")
    assert ttp.shown()["cards"][0]["title"] == "One"
    ttp.ok("copy", "1")
    assert ttp.shown(2)["cards"][0]["state"] == "waiting"


def test_what_cannot_be_a_card_is_said_in_one_line_with_the_fix(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    site.pages |= {
        "/loop": ("redirect", b"/loop"),
        "/away": ("redirect", b"https://10.0.0.1/"),
        "/huge": ("huge", b"<title>2 GB"),
    }
    bomb = site.add("/bomb", "Bomb", "/bomb.png")
    site.pages["/bomb.png"] = ("image/png", huge_png())
    for path in ("/loop", "/away", "/huge"):
        ran = ttp.ok("create", f"See {site.url}{path}", *TO, "--json")
        (card,) = ran.json["cards"]
        assert (card["state"], [card["note"]]) == ("none", ran.json["warnings"]), path
        assert ran.err.splitlines()[-1].endswith(f"ttp edit {ran.json['id']} --set bluesky.card=none")
    (card,) = ttp.ok("create", f"See {bomb}", *TO, "--json").json["cards"]
    assert (card["title"], card["picture"], card["note"] is None) == ("Bomb", None, False)


def test_a_card_goes_to_an_account_elsewhere_from_public_addresses_alone(ttp: Program, site: WebSite) -> None:
    ttp.ok("config", "set", "platforms.bluesky.base_url", "https://pds.example")
    ttp.account("bluesky/me.example")
    (card,) = ttp.ok("create", site.add("/a", "A"), "--to", "bluesky", "--json").json["cards"]
    assert (card["state"], site.asked) == ("none", {})


def test_a_slow_page_takes_no_more_than_its_time(
    ttp: Program, sandbox: RunningSandbox, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_at_most(seconds: float) -> None:
        for name in ("ttp.services.attachments.cards.MOST_S", "ttp.platforms.link_page.EACH_S"):
            monkeypatch.setattr(name, seconds)

    quick, site.pages["/slow"] = site.add("/quick", "Quick"), None
    wait_at_most(60)
    ttp.ok("create", quick, *TO, "--at", "now")
    wait_at_most(0.3)
    ttp.ok("create", f"{site.url}/slow", *TO, "--at", "now")
    assert {one and one["external"]["title"] for one in embeds(ttp, sandbox)} == {None, "Quick"}


def test_after_its_first_intent_a_post_keeps_the_card_that_it_had(
    ttp: Program, sandbox: RunningSandbox, site: WebSite
) -> None:
    ttp.ok("config", "set", "publish.retry_max", "1")
    control(
        sandbox.url,
        "POST",
        "faults",
        {"path": "applyWrites", "do": "status", "status": 400, "body": json.dumps(REFUSAL)},
    )
    ttp.ok("create", f"See {site.url}/late", *TO, "--at", "now")
    ttp("run", "--until-idle")
    assert ttp.shown()["status"] == "failed"
    site.add("/late", "Live")
    ttp.ok("retry", "1", "--no-wait")
    assert embeds(ttp, sandbox) == [None]


def test_a_token_fetches_so_many_pages_an_hour(ttp: Program, sandbox: RunningSandbox, site: WebSite) -> None:
    api = server_of(ttp).having("publish", name="ann")
    for number in range(6):
        links = [site.add(f"/{number}-{part}", "A") for part in range(12)]
        path = "/v1/posts?dryRun=true" if number % 2 else "/v1/posts"
        answer = api("POST", path, json={"content": links[0], "thread": links[1:], "accounts": [ACCOUNT]})
        states = {one["state"] for one in answer.json()["cards"]}
        assert states == ({"fetched"} if number < 5 else {"waiting"})
    assert len(site.asked) == 60


def test_who_approves_sees_the_card_on_the_pages(ttp: Program, sandbox: RunningSandbox, site: WebSite) -> None:
    url = site.add("/menu", "Menu of today", "/a.webp")
    created = ttp.ok("create", f"{url} then {site.url}/late", *TO, "--at", "in 1 h", "--json").json
    person = Person(server_of(ttp)).log_in()
    picture = created["cards"][0]["picture"]["sha256"]
    page = person.sees("/posts/1")
    assert ("Menu of today" in page, f"/media/{picture}" in page) == (True, True)
    assert person.get(f"/media/{picture}").headers["Content-Type"] == "image/jpeg"


def test_an_approval_is_of_the_cards_that_were_shown(ttp: Program, sandbox: RunningSandbox, site: WebSite) -> None:
    def edited() -> bool:
        return ttp.ok("edit", "1", "--tag", f"t{ttp.count('change')}", "--json").json["approvedAt"] is not None

    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("create", f"See {site.url}/late", *TO, "--at", "in 1 h")
    assert f"{site.url}/late: " in ttp.ok("approve", "1", "--format", "table").out
    site.add("/late", "Live")
    assert edited()  # whoever approved saw that it was still to be fetched
    ttp.sql("UPDATE post SET cards = '{}'")  # as an earlier version stored it
    assert not edited()
