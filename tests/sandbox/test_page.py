"""The page at `/` with the feeds."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import Host, Web
from tests.sandbox.instagram.test_containers import image, published
from tests.sandbox.x.uploads import uploaded
from ttp.sandbox.files import PHOTO
from ttp.sandbox.media import MOST_BYTES, Pictures
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import find_stand_ins
from ttp.sandbox.state import State

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ATTACK = "<img src=x onerror=alert(1)><script>document.title='gone'</script>"


def test_the_page_loads_nothing_from_outside(web: Web) -> None:
    answer = web.get("/", signed=False)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"https?://|//[a-z]", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_entry_has_everything_the_page_shows(x: Web) -> None:
    media = uploaded(x)
    x.post("/2/media/metadata", json={"id": media, "metadata": {"alt_text": {"text": "Grey"}}})
    made = x.post("/2/tweets", json={"text": "Hi", "media": {"media_ids": [media]}}).json()["data"]["id"]
    x.post("/2/tweets", json={"text": "More", "reply": {"in_reply_to_tweet_id": made}, "reply_settings": "verified"})
    first, second = x.get("/_sandbox/posts?view=page").json()
    (shown,) = first["media"]
    assert (first["handle"], shown["shape"], shown["alt"]) == ("demo", "image", "Grey")
    picture = x.get(shown["picture"])
    assert (picture.content, picture.headers["content-type"]) == (PHOTO.read_bytes(), "image/jpeg")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert (second["parent"], second["facts"][0]) == (made, "replies: verified")
    assert x.get("/_sandbox/pictures/0").status_code == 404


def test_pictures_of_instagram_are_kept_too(instagram: Web, host: Host) -> None:
    published(instagram, image(instagram, host))
    (post,) = instagram.get("/_sandbox/posts?view=page").json()
    assert instagram.get(post["media"][0]["picture"]).content == PHOTO.read_bytes()


def test_the_oldest_pictures_are_dropped_first() -> None:
    pictures = Pictures()
    image = PHOTO.read_bytes() + bytes(MOST_BYTES // 3)
    for name in "abcd":
        pictures.keep(name, image)
    pictures.keep("text", b"<html>")
    pictures.keep("huge", PHOTO.read_bytes() + bytes(MOST_BYTES))
    assert pictures.size == sum(map(len, pictures.kept.values())) <= MOST_BYTES
    assert pictures.get("a") is None
    assert list(pictures.kept) == ["c", "d"]


def dom_of(url: str, profile: Path) -> str:
    """What is on the page after three seconds of the browser's own time."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


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


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_the_feeds_and_runs_no_script_of_a_post(sandbox: RunningSandbox, tmp_path: Path) -> None:
    posted(sandbox, "Good morning", ATTACK)
    posted(sandbox, "First", "Second", "Third", thread=True)
    dom = dom_of(f"{sandbox.url}/", tmp_path)
    assert "<title>ttp sandbox</title>" in dom
    assert dom.count('<span class="who">@shop</span>') == 5
    assert "X (5)" in dom
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


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_page_refreshes_itself(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def seen_later(state: State, account: str | None = None) -> Iterator[SandboxPost]:
        asked.append(account)
        return there(state, account) if len(asked) > 1 else iter(())

    posted(sandbox, "Posted after the page was opened")
    there = State.visible_posts
    monkeypatch.setattr(State, "visible_posts", seen_later)
    dom = dom_of(f"{sandbox.url}/", tmp_path)
    assert len(asked) > 1
    assert "Posted after the page was opened" in dom
