"""The rules of Threads."""

from __future__ import annotations

from dataclasses import replace

from tests.rows import each
from ttp.domain.media.item import MediaItem
from ttp.domain.platform_post import PlatformPost
from ttp.platforms.threads.facts import PLATFORM
from ttp.platforms.threads.rules import text_length

PHOTO = MediaItem(
    "a.jpg", "image/jpeg", 1000, "a" * 64, alt="A cup", width=1000, height=1000, url="https://a.example/a"
)
FILM = MediaItem("a.mp4", "video/mp4", 1000, "b" * 64, alt="A cup", duration_ms=4000, url="https://a.example/b")
TABLE = {one.name: one for one in PLATFORM.options()}
LINKS = " ".join(f"https://example.com/{n}" for n in range(5))


@each(
    ("text", "length"),
    [
        ("abc", 3),
        ("äöü", 3),
        ("日本", 2),
        ("☕", 3),
        ("☕\ufe0f", 6),
        ("👩\u200d💻", 11),
        ("👍🏽", 8),
        ("🇩🇪", 8),
        ("1\ufe0f\u20e3", 7),
        ("1 2", 3),
        ("𝒂", 1),
        ("®", 2),
    ],
)
def test_an_emoji_counts_as_its_bytes(text: str, length: int) -> None:
    assert text_length(text) == length


@each(
    ("text", "media", "options", "codes"),
    [
        ("a" * 500, (), {}, []),
        ("a" * 501, (), {}, ["text_too_long"]),
        ("a" * 498 + "☕", (), {}, ["text_too_long"]),
        ("", (PHOTO,), {}, []),
        (LINKS, (), {"link": "https://example.com/0"}, []),
        (LINKS, (), {"link": "https://example.com/9"}, ["links"]),
        (LINKS, (PHOTO,), {"link": "https://example.com/9"}, ["option_idle"]),
        ("Hi", (), {"topic_tag": "a.b"}, ["option_value"]),
        ("Hi", (), {"topic_tag": "a&b"}, ["option_value"]),
        ("Hi", (), {"topic_tag": "Tea and more"}, []),
        ("Hi", (), {"poll": "Yes|No"}, []),
        ("Hi", (), {"poll": "Yes"}, ["option_value"]),
        ("Hi", (), {"poll": "Yes||No"}, ["option_value"]),
        ("Hi", (), {"poll": "Yes|" + "o" * 26}, ["option_value"]),
        ("Hi", (), {"poll": "1|2|3|4|5"}, ["option_value"]),
        ("Hi", (PHOTO,), {"poll": "Yes|No"}, ["option_idle"]),
        ("Hi", (replace(FILM, bytes=13_000_000),), {}, ["media_bit_rate"]),
        ("Hi", (PHOTO, FILM) * 10, {}, []),
        ("Hi", (PHOTO, FILM) * 10 + (PHOTO,), {}, ["media_count"]),
    ],
)
def test_a_post_is_checked(text: str, media: tuple[MediaItem, ...], options: dict[str, str], codes: list[str]) -> None:
    chosen = {f"threads.{name}": value for name, value in options.items()}
    post = PlatformPost(
        "threads/me", text, media, chosen, own=frozenset(chosen), table=TABLE, most_parts=PLATFORM.max_parts
    )
    assert [one.code for one in PLATFORM.rules().problems(post)] == codes


def test_parts_are_checked_each_and_links_and_tags_are_not_cut() -> None:
    post = PlatformPost("threads/me", "One", (), {}, thread=("a" * 501, LINKS), table=TABLE, most_parts=24)
    assert [one.code for one in PLATFORM.rules().problems(post)] == ["text_too_long"]
    text = "See https://example.com/a.b #tea @ann."
    spans = [text[start:end] for start, end in PLATFORM.rules().unbroken_spans(text)]
    assert spans == ["https://example.com/a.b", "#tea", "@ann."]
