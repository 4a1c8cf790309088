"""LinkedIn's little text, which shows whole what ttp sends, and what is refused before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.media.item import MediaItem
from ttp.domain.platform_post import PlatformPost
from ttp.platforms.linkedin.little_text import MENTION, RESERVED, little_text, odd_mentions, text_length
from ttp.platforms.linkedin.options import OPTIONS
from ttp.platforms.linkedin.rules import LinkedInRules
from ttp.sandbox.linkedin.posts import shown_text

PIECES = st.one_of(
    st.text(max_size=8),
    st.text(st.sampled_from(RESERVED + "ab1 \n:/é👩"), max_size=12),
    st.sampled_from(
        ["@[Dev \\{x}](urn:li:organization:1)", "@[", "](urn:li:person:a_1)", "#tea", "#", "\\", "https://a.b/_(c)"]
    ),
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_every_text_is_shown_whole(text: str) -> None:
    assert shown_text(little_text(text)) == MENTION.sub(lambda one: one["name"], text)


def test_what_is_not_escaped_cuts_the_post_off() -> None:
    assert shown_text("Plans (2027) are here") == "Plans "


@each(
    ("text", "sent"),
    [
        ("a_b*c~d", r"a\_b\*c\~d"),
        ("#tea and C# and #1 and a#b", r"#tea and C\# and \#1 and a\#b"),
        ("#tea_time", r"#tea\_time"),
        ("See https://example.com/a_(b)#c", r"See https://example.com/a\_\(b\)\#c"),
        ("Hi @[Dev {x} Corp](urn:li:organization:2414183)!", r"Hi @[Dev \{x\} Corp](urn:li:organization:2414183)!"),
        ("@[Name](https://example.com)", r"\@\[Name\]\(https://example.com\)"),
    ],
)
def test_only_hashtags_and_mentions_are_left_as_they_are(text: str, sent: str) -> None:
    assert little_text(text) == sent


def test_escapes_count_and_odd_mentions_are_named() -> None:
    assert text_length("(é👩)") == 7
    assert list(odd_mentions("@[A](urn:li:company:1) @[B](urn:li:person:x_1)")) == ["@[A](urn:li:company:1)"]


def test_the_first_link_is_without_the_punctuation_of_the_sentence() -> None:
    assert LinkedInRules().first_link("(see https://example.com/menu).") == "https://example.com/menu"


def item(kind: str = "image/jpeg", **facts: int) -> MediaItem:
    return MediaItem("a", kind, facts.pop("size", 100_000), "0", **facts)  # type: ignore[arg-type]  # by name


FILM = {"width": 720, "height": 900, "duration_ms": 4000}


@each(
    ("text", "media", "options", "codes"),
    [
        ("Hello", (), {}, []),
        ("", (item(),), {}, []),
        ("", (), {"linkedin.card": "https://example.com"}, ["text_missing"]),  # a page may have no title
        ("Hello", (item(),) * 20, {}, []),
        ("Hello", (item("video/mp4", **FILM),), {}, []),
        ("", (), {}, ["text_missing"]),
        ("(" * 1501, (), {}, ["text_too_long"]),
        ("@[A](1)", (), {}, ["text_mention"]),
        ("Hello", (item(), item("video/mp4", **FILM)), {}, ["media_mixed"]),
        ("Hello", (item(),) * 21, {}, ["media_count"]),
        ("Hello", (item("video/mp4", **FILM),) * 2, {}, ["media_count"]),
        ("Hello", (item("image/webp"),), {}, ["media_kind"]),
        ("Hello", (item(width=6013, height=6013),), {}, ["media_dimensions"]),
        ("Hello", (item("video/mp4", size=9000, **FILM),), {}, ["media_size"]),
        ("Hello", (item("video/mp4", **{**FILM, "duration_ms": 2900}),), {}, ["media_duration"]),
        ("Hello", (item(),), {"linkedin.card": "https://example.com"}, ["option_conflict"]),
    ],
)
def test_what_linkedin_refuses_is_said_before(
    text: str, media: tuple[MediaItem, ...], options: dict[str, str], codes: list[str]
) -> None:
    post = PlatformPost("linkedin/me", text, media, options, table=OPTIONS)
    assert [problem.code for problem in LinkedInRules().problems(post)] == codes
