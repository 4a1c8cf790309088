"""The page of the sandbox at `/`, with the feeds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.conftest import PATIENCE_S
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import find_stand_ins
from ttp.sandbox.state import State

ATTACK = "<img src=x onerror=alert(1)><script>document.title='gone'</script>"


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    opened = chromium.new_page()
    opened.set_default_timeout(PATIENCE_S * 1000)
    yield opened
    opened.close()


def posted(sandbox: RunningSandbox, *texts: str, thread: bool = False) -> None:
    """X posts of @shop; in a thread each answers the one before."""
    order = {"account": "x/shop", "keepTokens": True}
    given = httpx.post(f"{sandbox.url}/_sandbox/accounts", json=order).json()["credentials"]
    signed, last = {"Authorization": f"Bearer {given['accessToken']}"}, None
    for text in texts:
        body = {"text": text} if last is None or not thread else {"text": text, "reply": {"in_reply_to_tweet_id": last}}
        answer = httpx.post(f"{sandbox.url}/2/tweets", json=body, headers=signed)
        assert answer.status_code == 201
        last = answer.json()["data"]["id"]


def test_it_shows_the_feeds_and_runs_no_script_of_a_post(sandbox: RunningSandbox, page: Any) -> None:
    posted(sandbox, "Good morning", ATTACK)
    posted(sandbox, "First", "Second", "Third", thread=True)
    page.goto(f"{sandbox.url}/")
    page.get_by_text("X (5)").wait_for()
    dom = page.content()
    assert "<title>ttp sandbox</title>" in dom
    assert dom.count('<span class="who">@shop</span>') == 5
    assert html.escape(ATTACK, quote=False) in dom
    assert "<img" not in dom
    # Newest first, but a thread from its beginning.
    assert re.findall("First|Second|Third|onerror|Good morning", dom) == [
        "First",
        "Second",
        "Third",
        "onerror",
        "Good morning",
    ]
    assert re.findall(r"\d of 3", dom) == ["1 of 3", "2 of 3", "3 of 3"]
    assert dom.count('<li class="reply">') == 2
    assert dom.count('<p class="none">Nothing has been posted yet.</p>') == len(find_stand_ins()) - 1


def test_it_refreshes_itself(sandbox: RunningSandbox, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def seen_later(state: State, account: str | None = None) -> Iterator[SandboxPost]:
        asked.append(account)
        return there(state, account) if len(asked) > 1 else iter(())

    posted(sandbox, "Posted after the page was opened")
    there = State.visible_posts
    monkeypatch.setattr(State, "visible_posts", seen_later)
    page.goto(f"{sandbox.url}/")
    page.get_by_text("Posted after the page was opened").wait_for()
    assert len(asked) > 1
