"""Bluesky: what it takes in one post."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.media.item import MediaItem
from ttp.domain.platform_post import PlatformPost

RULES = PLATFORMS.rules("bluesky")
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


def image(name: str = "a.jpg", size: int = 1000, mime: str = "image/jpeg") -> MediaItem:
    return MediaItem(name, mime, size, "0" * 64, 100, 80)


def video(size: int = 1000, ms: int = 4000, mime: str = "video/mp4") -> MediaItem:
    return MediaItem("a.mp4", mime, size, "1" * 64, 540, 960, duration_ms=ms)


def problems(text: str = "Hello", *media: MediaItem, **more: Any) -> list[tuple[str, bool]]:
    """The codes of a post's problems, and which are warnings."""
    options = {f"bluesky.{name}": value for name, value in more.pop("options", {}).items()}
    post = PlatformPost(
        "bluesky/a.test", text, media, options, table=PLATFORMS.options("bluesky"), most_parts=24, **more
    )
    return [(one.code, one.warning) for one in RULES.problems(post)]


@each(
    ("text", "found"),
    [
        ("a" * 300, []),
        ("a" * 301, ["text_too_long"]),
        ("  " + "a" * 300 + "\n", []),
        (FAMILY * 120, []),
        (FAMILY * 300, ["text_too_long"]),  # 300 graphemes are 7,500 bytes
        ("한" * 300, []),
        (" ", ["text_missing"]),
    ],
)
def test_a_text_is_counted_as_a_reader_sees_it(text: str, found: list[str]) -> None:
    assert [code for code, _ in problems(text)] == found


def test_shortened_links_leave_room() -> None:
    text = "a" * 270 + " https://example.org/" + "b" * 60
    assert problems(text) == [("text_too_long", False)]
    assert problems(text, options={"shorten_links": "true"}) == []


def test_each_part_of_a_thread_is_checked() -> None:
    found = problems(thread=("b" * 301, " ", "fine"))
    assert found == [("text_too_long", False), ("text_missing", False)]
    assert problems(thread=("b",) * 24) == [("thread_count", False)]


def test_a_thread_fits_into_one_call() -> None:
    assert problems(thread=("👩\u200d💻" * 260,) * 23) == []
    assert problems(thread=("#a " * 90,) * 23) == [("thread_size", False)]


@each(
    ("media", "found"),
    [
        ([image()] * 4, []),
        ([image()] * 5, [("media_gallery", True)]),
        ([image()] * 11, [("media_count", False)]),
        ([image(), video()], [("media_mixed", False)]),
        ([video(), video()], [("media_count", False)]),
        ([image(size=2_000_001)], [("media_size", False)]),
        ([image(mime="image/gif")], [("media_kind", False)]),
        ([replace(image(), alt=FAMILY * 2000)], []),
        ([replace(image(), alt="x" * 2001)], [("alt_too_long", False)]),
        ([video(mime="video/quicktime")], [("media_kind", False)]),
        ([video(ms=601_000)], [("media_duration", False)]),
    ],
)
def test_media_that_go_together(media: list[MediaItem], found: list[tuple[str, bool]]) -> None:
    assert problems("Hello", *media) == found


def test_a_server_may_take_less_than_the_platform() -> None:
    server = {"blobUploadLimit": 5_242_880}
    assert problems("Hello", video(size=6_000_000), server=server) == [("media_server", True)]
    assert problems("Hello", video(size=5_000_000), server=server) == []


@each(
    ("options", "found"),
    [
        ({"langs": "en,pt-BR,zh-Hant"}, []),
        ({"labels": "porn, nudity"}, []),
        ({"labels": "rude"}, ["option_value"]),
        ({"who_replies": "mentioned,followers"}, []),
        ({"who_replies": "nobody,followers"}, ["option_value"]),
        ({"who_replies": "friends"}, ["option_value"]),
        ({"quote": "https://bsky.app/profile/a.test/post/3kabcdefghij2"}, []),
        ({"quote": "at://did:plc:aaaabbbbccccddddeeeeffff/app.bsky.feed.post/3kabcdefghij2"}, []),
        ({"quote": "https://example.org/"}, ["option_value"]),
        ({"quote": "last=https://bsky.app/profile/a.test/post/3kabcdefghij2"}, []),
        ({"quote": "2=https://bsky.app/profile/a.test/post/3kabcdefghij2"}, ["option_value"]),
        ({"reply_to": "3kabcdefghij2"}, ["option_value"]),
        ({"reply_to": "at://a.test/app.bsky.feed.post/3kabcdefghij2", "who_replies": "nobody"}, ["option_conflict"]),
    ],
)
def test_options(options: dict[str, str], found: list[str]) -> None:
    assert [code for code, _ in problems(options=options)] == found


def test_a_card_takes_the_place_of_media_and_a_text() -> None:
    card = {"card": "https://example.org/menu"}
    assert problems("", options=card) == []
    assert problems("Hello", image(), options=card) == [("option_conflict", False)]


def test_kinds_and_how_much_of_a_text_is_used() -> None:
    assert [RULES.kind(media, {}) for media in ((), (image(),), (video(),))] == ["text", "image", "video"]
    assert RULES.text_use(f" {FAMILY} ", (), {}) == (1, 300)


def test_a_photo_that_says_where_it_was_taken_is_converted() -> None:
    assert RULES.image_form is not None
    assert RULES.image_form.without_location
