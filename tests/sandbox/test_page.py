"""The page at `/` with the feeds."""

from __future__ import annotations

import re

from tests.sandbox.conftest import Host, Web
from tests.sandbox.instagram.test_containers import image, published
from tests.sandbox.x.uploads import uploaded
from ttp.sandbox.files import PHOTO
from ttp.sandbox.media import MOST_BYTES, Pictures


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
