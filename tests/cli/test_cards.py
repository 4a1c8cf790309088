"""Link cards: chosen and fetched when a post is stored, shown to who decides, and published as stored."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Program
from tests.pictures import picture
from tests.websites import WebSite, web_site
from ttp.sandbox.server import RunningSandbox

ACCOUNT = "bluesky/demo"
TO = ("--to", "bluesky")


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
